"""Layers that state what is known of them: what follows, and what stays unknown."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Outcome, graph, report

from cnncalc.analysis.report import Report
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.layers.base import unknown_windows
from cnncalc.unknown import UNKNOWN, UnknownValueError, is_known, least

Run = Callable[..., Outcome]

FILE = """\
name: Deformed
input: [3, 32, 24]
layers:
  - conv: [16, 3, 1, 1]
  - custom:
      name: deform_conv
      output: [32, height, width]
      weights: {weight: [32, channels, 3, 3], bias: [32]}
      buffers: {}
      macs: 32 * channels * 9 * height * width
      flops: 2 * 32 * channels * 9 * height * width + 32 * height * width
      window: {kernel: 3, stride: 1, padding: 1}
  - relu
  - custom: {name: aten.mystery, output: [8, height // 2, width // 2]}
    name: odd
  - custom: {name: fuse, inputs: [[], odd, [conv: [4, 1]]], output: [64, 16, 12], weights: {},
             buffers: {}, macs: 0, window: all}
  - global_avg_pool
  - flatten
  - linear: 10
"""

STATED = """\
input: [3, 32, 24]
layers:
  - conv: [16, 3, 1, 1]
  - conv: [32, 3, 1, 1]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


# -- the unknown value ------------------------------------------------------------------------


def test_arithmetic_keeps_it_unknown() -> None:
    found = [3 + UNKNOWN, UNKNOWN - 3, 0 * UNKNOWN, UNKNOWN // 2, sum([1, UNKNOWN]), -UNKNOWN]
    assert all(one is UNKNOWN for one in found)
    assert f"{UNKNOWN:,}" == str(UNKNOWN) == "?"
    assert (least(UNKNOWN), least(7)) == (0, 7)
    assert pickle.loads(pickle.dumps((1, UNKNOWN))) == (1, UNKNOWN)
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN
    assert not is_known((1, UNKNOWN))
    assert UNKNOWN != 0
    assert unknown_windows((3,)) is None


@pytest.mark.parametrize(
    "decide",
    [lambda: UNKNOWN > 1, lambda: max(1, UNKNOWN), lambda: float(UNKNOWN)],
)
def test_it_decides_nothing(decide: Callable[[], Any]) -> None:
    with pytest.raises(UnknownValueError):
        decide()


# -- what is stated ---------------------------------------------------------------------------


def test_a_stated_convolution_is_the_convolution() -> None:
    stated, computed = report(FILE).layers[1], report(STATED).layers[1]
    for column in ("output_shape", "params", "macs", "flops", "activation_bytes", "weights",
                   "receptive_field"):  # fmt: skip
        assert getattr(stated, column) == getattr(computed, column)
    assert stated.operator == "deform_conv"
    assert stated.kind == "custom"


def test_what_is_not_stated_is_unknown() -> None:
    odd = report(FILE).layers[3]
    assert odd.output_shape == (8, 16, 12)
    assert [odd.params, odd.macs, odd.flops] == [UNKNOWN] * 3
    assert odd.activation_bytes == 8 * 16 * 12 * 4
    assert odd.receptive_field is not None
    assert odd.receptive_field.size == (UNKNOWN, UNKNOWN)


def test_what_follows_is_known_where_it_hangs_on_nothing_unknown() -> None:
    found = report(FILE).layers
    assert found[4].params == 8 * 4 + 4  # the branch behind `odd`
    assert found[4].receptive_field is not None
    assert found[4].receptive_field.size == (UNKNOWN, UNKNOWN)
    assert found[5].receptive_field is None  # it is stated to see all of its inputs
    assert (found[-1].params, found[-1].macs) == (650, 640)


def test_totals_are_those_of_what_is_known() -> None:
    totals = report(FILE).totals
    assert totals.params == 448 + 4640 + 36 + 650
    assert totals.unknown_layers == 2
    assert set(totals.at_least) == {
        "params", "trainable_params", "biases", "weights", "buffers", "param_bytes",
        "macs", "flops",
    }  # fmt: skip
    assert totals.activation_bytes == sum(layer.activation_bytes for layer in report(FILE).layers)


def test_nothing_known_is_unknown() -> None:
    only = "input: [3, 8, 8]\nlayers: [{custom: {name: a, output: [4]}}]"
    totals = report(only).totals
    assert [totals.params, totals.macs, totals.flops] == [UNKNOWN] * 3


def test_a_network_that_states_all_is_complete() -> None:
    layers = "[{custom: {name: a, output: [4], weights: {}, buffers: {}, macs: 5, flops: 12}}]"
    found = report(f"input: [3, 8, 8]\nlayers: {layers}")
    assert found.complete
    assert (found.totals.macs, found.totals.flops) == (5, 12)
    assert found.totals.at_least == ()


REFUSED = [
    ("{custom: {name: a}}", "missing-option"),
    ("{custom: {name: a, output: [0, 4]}}", "bad-value"),
    ("{custom: {name: a, output: [4, 8, 8], window: {stride: 2}}}", "missing-option"),
    ("{custom: {name: a, output: [4, 8, 8], window: {kernel: 3, span: 2}}}", "unknown-key"),
    ("{custom: {name: a, output: [4, 8, 8], window: some}}", "bad-value"),
    ("{custom: {name: a, output: [4, 8], window: {kernel: 3}}}", "bad-value"),
    ("{custom: {name: a, output: [4, 8, 8], weights: [3, 3]}}", "bad-value"),
    ("{custom: {name: a, output: [4], weights: {w: [0]}}}", "bad-value"),
    ("{custom: {name: a, output: [4], weights: {w: [1]}, buffers: {w: [1]}}}", "duplicate-name"),
    ("{custom: {name: a, output: [4], macs: 5, flops: 3}}", "bad-value"),
    ("{custom: {name: a, output: [4], macs: -1}}", "bad-value"),
    ("{custom: {name: a, output: [4, lenght]}}", "undefined-name"),
    ("{custom: {name: a, output: [4], weights: {w: [8], w: [9]}}}", "duplicate-key"),
]


@pytest.mark.parametrize(("layer", "rule"), REFUSED, ids=[layer for layer, _ in REFUSED])
def test_refusals(layer: str, rule: str) -> None:
    with pytest.raises(SpecError) as caught:
        graph(f"input: [3, 8, 8]\nlayers: [{layer}]")
    (finding,) = caught.value.diagnostics
    assert finding.rule == rule
    assert finding.place is not None


def test_a_parameter_goes_before_a_size() -> None:
    layers = "[{custom: {name: a, output: [height]}}]"
    text = f"parameters: {{height: 5}}\ninput: [3, 8, 8]\nlayers: {layers}"
    assert report(text).layers[0].output_shape == (5,)


# -- commands ---------------------------------------------------------------------------------


def test_json_has_null_for_what_is_unknown(run: Run, file: Path) -> None:
    data = json.loads(run("analyze", file, "--format", "json").out)
    assert data["complete"] is False
    odd = data["layers"][3]
    assert (odd["operator"], odd["kind"], odd["name"]) == ("aten.mystery", "custom", "odd")
    for key in ("params", "macs", "flops", "weights", "buffers", "receptive_field"):
        assert odd[key] is None
    assert odd["output_shape"] == [8, 16, 12]
    assert data["totals"]["unknown_layers"] == 2


def test_the_table_says_what_is_unknown(run: Run, file: Path) -> None:
    found = run("analyze", file)
    assert found.status == 0
    assert "≥ 5,774" in found.out
    assert "custom aten.mystery" in found.out
    for format_ in ("csv", "markdown"):
        assert run("analyze", file, "--format", format_).status == 0


def test_verify_names_what_is_stated(run: Run, file: Path) -> None:
    data = json.loads(run("verify", file, "--format", "json").out)
    assert data["passed"]
    assert data["stated"] == ["custom1", "odd", "custom2"]
    assert {check["name"]: check["layers"] for check in data["checks"]}["macs"] == 6


@pytest.mark.parametrize(
    "command",
    [("memory",), ("memory", "--train"), ("compare", "vgg16")],
    ids=lambda parts: " ".join(parts),
)
def test_what_needs_all_names_the_first_unknown(
    run: Run, file: Path, command: tuple[str, ...]
) -> None:
    found = run(command[0], file, *command[1:])
    assert found.status == 2
    assert "`odd` does not state its weights" in found.err


def test_training_needs_what_is_kept(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    layers = "[{conv: [4, 3]}, {custom: {name: a, output: [4], weights: {}, buffers: {}}}]"
    path.write_text(f"input: [3, 8, 8]\nlayers: {layers}", encoding="utf-8")
    assert run("memory", path).status == 0
    found = run("memory", path, "--train")
    assert found.status == 2
    assert "`custom` does not state what it keeps" in found.err


def test_it_is_explained_as_stated(run: Run, file: Path) -> None:
    steps = json.loads(run("explain", file, "custom1", "--format", "json").out)["steps"]
    values = {step["quantity"]: (step["formula"], step["value"]) for step in steps}
    assert values["weight"] == ("as stated", 4608)
    unknown = json.loads(run("explain", file, "odd", "--format", "json").out)["steps"]
    values = {step["quantity"]: (step["formula"], step["value"]) for step in unknown}
    assert values["multiply-accumulates"] == ("not stated", None)


def test_a_sweep_works_its_expressions_out_anew(run: Run, file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("[64, 16, 12]", "[64, height, width]")
    file.write_text(text, encoding="utf-8")
    lines = run("sweep", file, "--input", "32:64:32", "--format", "jsonl").out.splitlines()
    small, large = map(json.loads, lines)
    assert small["params"] is None
    expected = Report(graph(text, (3, 64, 64))).totals.activation_bytes
    assert large["activation_bytes"] == expected


@pytest.mark.parametrize("flat", [False, True])
def test_it_is_written_and_read_back(run: Run, file: Path, flat: bool) -> None:
    other = file.with_name("again.yaml")
    assert run("convert", file, "-o", other, *(["--flat"] if flat else [])).status == 0
    before, after = (
        json.loads(run("analyze", path, "--format", "json").out) for path in (file, other)
    )
    assert before["totals"] == after["totals"]
    assert "no layer differs" in run("diff", file, other).out


@pytest.mark.parametrize("ending", ["html", "svg", "tex", "dot", "mmd", "csv", "md", "json"])
def test_every_format_shows_it(run: Run, file: Path, ending: str) -> None:
    other = file.with_name(f"net.{ending}")
    assert run("export", file, "-o", other).status == 0
    assert "?" in other.read_text(encoding="utf-8") or ending not in ("html", "tex", "md")


def test_reconcile_does_not_guess(run: Run, file: Path) -> None:
    data = json.loads(run("reconcile", file, "--format", "json").out)
    assert {counter["total"] for counter in data["counters"]} == {None}
    assert all(counter["note"] for counter in data["counters"])


# -- code -------------------------------------------------------------------------------------


def test_pytorch_has_a_class_to_fill_in(run: Run, file: Path) -> None:
    torch = pytest.importorskip("torch")
    path = file.with_name("net.py")
    assert run("convert", file, "-o", path).status == 0
    names: dict[str, Any] = {"__name__": "written"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    model = names["Deformed"]()
    assert sum(p.numel() for p in model.parameters()) == 5774
    with pytest.raises(NotImplementedError, match="deform_conv"):
        model(torch.zeros(1, 3, 32, 24))
    gives = {"DeformConvLayer": (32, 32, 24), "AtenMysteryLayer": (8, 16, 12),
             "FuseLayer": (64, 16, 12)}  # fmt: skip
    for name, shape in gives.items():
        names[name].forward = lambda self, *x, shape=shape: x[0].new_zeros(len(x[0]), *shape)
    assert model(torch.zeros(2, 3, 32, 24)).shape == (2, 10)


def test_keras_has_a_class_to_fill_in(run: Run, file: Path) -> None:
    pytest.importorskip("keras")
    path = file.with_name("net.py")
    assert run("convert", file, "-o", path, "--to", "keras").status == 0
    names: dict[str, Any] = {"__name__": "written"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    model = names["deformed"]()
    assert model.count_params() == 5774
    assert model.output_shape == (None, 10)


def test_onnx_has_an_operator_of_a_domain_of_its_own(run: Run, file: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = file.with_name("net.onnx")
    assert run("convert", file, "-o", path).status == 0
    model = onnx.load(str(path))
    onnx.checker.check_model(model)
    own = [node for node in model.graph.node if node.domain == "cnncalc.custom"]
    assert [node.op_type for node in own] == ["deform_conv", "aten_mystery", "fuse"]
    assert [len(node.input) for node in own] == [3, 1, 3]


@pytest.mark.parametrize("to", ["pytorch", "keras", "onnx"])
def test_what_cannot_be_run_cannot_be_checked(run: Run, file: Path, to: str) -> None:
    found = run("convert", file, "-o", file.with_name("net.out"), "--to", to, "--check")
    assert found.status == 2
    assert "`custom1`" in found.err


def test_memory_refuses_in_python_too() -> None:
    from cnncalc.analysis.footprint import footprint

    with pytest.raises(UsageError, match="`odd` does not state its weights"):
        footprint(report(FILE))


def test_a_note_names_operators_of_which_something_is_unknown(run: Run, file: Path) -> None:
    found = json.loads(run("validate", file, "--format", "json").out)["diagnostics"]
    notes = {one["layer"]: one for one in found if one["rule"] == "unknown-operator"}
    assert set(notes) == {"odd", "custom2"}
    assert "`aten.mystery` ×1 is no layer kind (`odd`)" in notes["odd"]["message"]
    assert notes["odd"]["line"] == 14
    assert run("validate", file).status == 0
    assert run("validate", file, "--strict").status == 1


@pytest.mark.parametrize("command", ["analyze", "convert"])
def test_strict_refuses_what_is_no_layer(run: Run, file: Path, command: str) -> None:
    more = ["--to", "pytorch"] if command == "convert" else []
    found = run(command, file, "--strict", *more)
    assert (found.status, found.out) == (2, "")
    assert "2 operations have no layer in Deformed: `aten.mystery` ×1 at odd" in found.err
