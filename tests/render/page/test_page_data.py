"""The page's data: the texts of the table, windows, explanations and places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import zoo_report

from cnncalc.api import analyze
from cnncalc.render.columns import COLUMNS, SHOWN
from cnncalc.render.page import PARTS, explanation, page_data
from cnncalc.render.rows import ViewOptions, rows
from cnncalc.shapes import Span, Window

NETS = ["vgg16", "googlenet", "unet", "resnet18", "two_stream", "r3d_18", "shufflenet_v2_x0_5",
        "segnet", "mobilenet_v3_small"]  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_it_is_plain_data(net: str) -> None:
    data = page_data(zoo_report(net))
    assert set(PARTS) < set(data)
    assert len(json.dumps(data, ensure_ascii=False)) < 180_000


def test_only_the_parts_that_are_asked_for() -> None:
    data = page_data(zoo_report("lenet5"), parts=["table"])
    assert "table" in data
    assert not set(PARTS) - {"table"} & set(data)


# -- table -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", NETS)
def test_rows_are_those_of_the_table(net: str) -> None:
    found = zoo_report(net)
    table = page_data(found, parts=["table"])["table"]
    layers = [row for row in table["rows"] if not row[3]]
    expected = rows(found)
    assert [row[2] for row in layers] == [row.name for row in expected]
    for row, want in zip(layers, expected, strict=True):
        assert row[4] == [COLUMNS[key].cell(want, ViewOptions()) for key in SHOWN if key != "name"]


@pytest.mark.parametrize("net", NETS)
def test_a_block_is_the_sum_of_its_layers(net: str) -> None:
    table = page_data(zoo_report(net), parts=["table"])["table"]
    params = [column["key"] for column in table["columns"]].index("params")
    found = table["rows"]
    for place, (level, _, name, count, cells, values) in enumerate(found):
        if not count:
            continue
        inside = []
        for row in found[place + 1 :]:
            if row[0] <= level:
                break
            inside.append(row)
        layers = [row for row in inside if not row[3]]
        assert len(layers) == count
        assert all(row[2].startswith(f"{name}.") for row in layers)
        assert values[params] == sum([row[5][params] for row in layers])
        assert cells[1] == f"{count} layer{'s' if count > 1 else ''}"


def test_columns_and_depth_are_those_of_the_view() -> None:
    found = zoo_report("vgg16")
    table = page_data(found, ViewOptions(1, True, True, ("flops", "name", "output")), ["table"])[
        "table"
    ]
    assert [column["title"] for column in table["columns"]] == ["FLOPs", "output"]
    assert table["open"] == 1
    first = next(row for row in table["rows"] if row[2] == "stage1.conv1")
    assert first[4] == ["176,619,520", "224×224×64"]
    assert first[5] == [176_619_520, 64 * 224 * 224]


def test_what_sees_everything_is_sorted_behind_all_sizes() -> None:
    table = page_data(zoo_report("resnet18"), parts=["table"])["table"]
    field = [column["key"] for column in table["columns"]].index("field")
    sees = {row[4][field]: row[5][field] for row in table["rows"]}
    assert sees["all"] == max(sees.values()) > sees["435/32"] == 435


@pytest.mark.parametrize(("net", "levels"), [("vgg16", 2), ("densenet201", 1), ("resnet50", 2)])
def test_large_networks_are_folded_at_first(net: str, levels: int) -> None:
    table = page_data(zoo_report(net), parts=["table"])["table"]
    assert table["open"] == levels


# -- windows ---------------------------------------------------------------------------------------


def seen(window: list[Any], unit: int) -> Span | None:
    """What the script makes of a window."""
    step, _, *spans = window
    span = spans[unit if step is None else unit % len(spans)]
    if span is None:
        return None
    shift = 0 if step is None else unit // len(spans) * step
    return span[0] + shift, span[1] + shift


@pytest.mark.parametrize("net", [*NETS, "fcn8s_vgg16", "dcgan_generator"])
def test_windows_are_those_of_the_fields(net: str) -> None:
    found = zoo_report(net)
    sights = page_data(found, parts=["sights"])["sights"]
    first = len(found.inputs)
    for layer, (fields, own) in zip(found.layers, sights["layers"], strict=True):
        windows = [*layer.fields, *layer.node.facts.windows]
        written = [*fields, *[numbers for _, numbers in own]]
        assert [taken for taken, _ in own] == list(layer.node.inputs)
        for want, numbers in zip(windows, written, strict=True):
            if want is None:
                assert numbers is None
                continue
            for axis, (window, number) in enumerate(zip(want, numbers, strict=True)):
                same_units(window, sights["windows"][number], layer.output_shape, axis)
    assert sights["sizes"][first:] == [list(one.output_shape[1:]) for one in found.layers]


def same_units(window: Window, written: list[Any], shape: tuple[int, ...], axis: int) -> None:
    size = shape[axis + 1] if axis + 1 < len(shape) else 1
    assert written[1] == window.gap
    for unit in {0, 1, size // 2, size - 1}:
        if unit < size:
            assert seen(written, unit) == window.at(unit)


# -- explanations ----------------------------------------------------------------------------------


def decoded(data: dict[str, Any], number: int) -> dict[str, Any]:
    """An explanation as the script reads it."""
    texts = data["texts"]

    def read(value: Any) -> Any:
        if isinstance(value, int):
            return texts[value]
        if isinstance(value, dict):
            return {key: read(one) for key, one in value.items()}
        return [read(one) for one in value]

    place, memory, notes, last = data["layers"][number - 1]
    field: list[Any] = []
    while last is not None:
        field[:0] = [read(line) for line in last[1:]]
        last = data["layers"][last[0] - 1][3] if last[0] else None
    own = read(data["own"][place])
    return {**own, "memory": read(memory), "notes": read(notes), "field": field}


@pytest.mark.parametrize("net", ["vgg16", "googlenet", "unet", "two_stream", "r3d_18"])
def test_explanations_of_all_are_those_of_each(net: str) -> None:
    found = zoo_report(net)
    data = page_data(found, parts=["explanations"])["explanations"]
    assert len(set(data["texts"])) == len(data["texts"])
    for number in range(1, len(found.layers) + 1, 7):
        assert decoded(data, number) == explanation(found, number)


def test_an_explanation_in_full() -> None:
    found = explanation(zoo_report("alexnet_original"), 1)
    assert found["steps"][1] == [
        "output height",
        "⌊(W + P₀ + P₁ − D·(F − 1) − 1) / S⌋ + 1",
        "⌊(227 + 0 + 0 − 1·(11 − 1) − 1) / 4⌋ + 1",
        "55",
    ]
    assert found["product"] == "[96 × 363] · [363 × 3025]"
    assert found["field"] == [["conv1", "11", "1", "1 + (11 − 1)·1", "11", "0"]]
    assert found["memory"][0][3] == "1,161,600"
    assert found["otherwise"][0] == ["as it is", "", "34,944", "105,415,200"]


# -- charts and findings ---------------------------------------------------------------------------


@pytest.mark.parametrize("net", NETS)
def test_charts(net: str) -> None:
    found = zoo_report(net)
    charts = page_data(found, parts=["charts"])["charts"]
    alive = charts["alive"]
    assert max(alive["values"]) == found.totals.peak_activation_bytes
    assert alive["values"][alive["peak"] - 1] == found.totals.peak_activation_bytes
    assert found.layers[alive["peak"] - 1].name == found.peak_layer
    assert len(alive["values"]) == len(found.layers)
    stages = charts["stages"]
    assert sum([stage["values"][0] for stage in stages]) == found.totals.params
    assert sum([stage["values"][1] for stage in stages]) == found.totals.macs


def test_growth_ends_at_what_the_last_map_sees() -> None:
    growth = page_data(zoo_report("vgg16"), parts=["charts"])["charts"]["growth"]
    assert growth["values"][30] == 212
    assert growth["values"][-1] is None
    assert growth["input"] == 224
    assert growth["texts"][-1] == "all"


def test_findings_have_their_rules_reasons() -> None:
    data = page_data(analyze(yaml="input: [3, 10, 10]\nlayers: [{conv: [4, 3, 2], name: odd}]"))
    told = [one for one in data["findings"] if one["rule"] == "stride-does-not-tile"]
    assert told[0]["severity"] == "warning"
    assert told[0]["layer"] == 1
    assert "(10" in told[0]["message"]
    assert told[0]["why"]


# -- diagram ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [*NETS, "densenet121", "fusenet", "inception_v3"])
def test_every_layer_is_drawn_once(net: str) -> None:
    found = zoo_report(net)
    data = page_data(found, parts=["diagram"])["diagram"]
    numbers = [number for box in data["boxes"] for number in box[7]]
    assert sorted(numbers) == list(range(1, len(found.layers) + 1))
    assert any(box[8] for box in data["boxes"])


@pytest.mark.parametrize("net", [*NETS, "densenet121", "fusenet", "inception_v3"])
def test_everything_lies_within_the_diagram(net: str) -> None:
    data = page_data(zoo_report(net), parts=["diagram"])["diagram"]
    (width, height), (right, down) = data["size"], data["shift"]
    for x, y, wide, high in [one[:4] for one in (*data["boxes"], *data["frames"])]:
        assert x + right >= 0
        assert y + down >= 0
        assert x + wide + right <= width
        assert y + high + down <= height


def test_what_recurs_is_drawn_once() -> None:
    data = page_data(zoo_report("resnet50"), parts=["diagram"])["diagram"]
    runs = [frame[4:] for frame in data["frames"] if frame[5] > 1]
    assert ["bottleneck", 5, 91, 140] in runs


def test_skips_of_a_unet_and_what_is_only_named() -> None:
    wires = page_data(zoo_report("unet"), parts=["diagram"])["diagram"]["wires"]
    assert sum([kind == 1 for _, kind in wires]) == 4
    wires = page_data(zoo_report("segnet"), parts=["diagram"])["diagram"]["wires"]
    assert 2 in {kind for _, kind in wires}


def test_a_box_tells_its_layers_the_one_with_weights_first() -> None:
    boxes = page_data(zoo_report("vgg16"), parts=["diagram"])["diagram"]["boxes"]
    assert [line[2] for line in boxes[0][6]] == ["input", "3×224×224"]
    assert boxes[0][7] == []
    assert [line[2] for line in boxes[1][6]] == ["3×3 conv, 64", "64×224×224"]
    assert boxes[1][7][0] == 1
