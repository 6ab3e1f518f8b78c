"""`cnncalc.sweep` from Python."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.sweeping import run
from cnncalc.sweeping.grid import Grid
from cnncalc.sweeping.run import SweepSource

GRID: dict[str, Any] = {
    "input": (96, (3, 128, 160)),
    "batch": (1, 2),
    "parameters": {"width": (0.5, 1)},
}


def test_points_are_those_of_analyze() -> None:
    points = list(cnncalc.sweep("mobilenet_v2", **GRID))
    assert len(points) == 8
    for point in points:
        totals = cnncalc.analyze(
            "mobilenet_v2",
            input=point.input_shape,
            batch=point.batch,
            parameters=point.parameters,
        ).totals
        assert (point.params, point.macs) == (totals.params, totals.macs)


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same(pool: Any) -> None:
    with pool(2) as executor:
        found = list(cnncalc.sweep("mobilenet_v2", **GRID, executor=executor, workers=2))
    assert found == list(cnncalc.sweep("mobilenet_v2", **GRID))


@pytest.mark.parametrize("widths", [2, 7, 8, 19, 5000], ids=lambda number: f"{number} parameters")
@pytest.mark.parametrize("first", [0, 1, 11])
def test_tasks_give_the_points_in_the_order_of_the_grid(widths: int, first: int) -> None:
    """Also where a task has all sizes of some parameters, and where it begins in the middle."""
    text = "input: [1, 8]\nparameters: {k: 3}\nlayers:\n  - conv: [k, 1]\n"
    subject = SweepSource("<yaml>", text, "float32", False)
    ks = {"k": tuple(range(1, widths + 1))}
    grid = Grid(tuple([(1, size) for size in (8, 9, 12)]), (1,), ks)
    with ThreadPoolExecutor(2) as executor:
        found = list(run.sweep(subject, grid, executor, 2, first))
    expected = [grid.point(number) for number in range(first, grid.count_of_points)]
    assert [(one.input_shape, one.parameters["k"]) for one in found] == [
        (at.input, at.parameters["k"]) for at in expected
    ]
    assert [one.macs for one in found] == [at.input[1] * at.parameters["k"] for at in expected]


def test_a_dask_cluster_gives_the_same() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options, processes=False) as cluster,
        distributed.Client(cluster) as client,
        client.get_executor() as executor,
    ):
        found = list(cnncalc.sweep("mobilenet_v2", **GRID, executor=executor, workers=2))
    assert found == list(cnncalc.sweep("mobilenet_v2", **GRID))


def test_the_text_of_a_file() -> None:
    text = "input: [1, 8]\nparameters: {k: 3}\nlayers:\n  - conv: [4, k]\n"
    points = list(cnncalc.sweep(yaml=text, parameters={"k": (3, np.int64(5), 9)}))
    assert [point.params for point in points[:2]] == [16, 24]
    assert points[2].error is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"net": "lenet5", "yaml": "x"}, "a network or the text"),
        ({"net": "lenet6"}, "did you mean"),
        ({"net": "lenet5", "dtype": "int4"}, "unknown type"),
        ({"net": "lenet5", "batch": ()}, "without values"),
        ({"net": "lenet5", "batch": (0,)}, "from 1 on"),
        ({"net": "lenet5", "parameters": {"width": (1,)}}, "no parameter"),
    ],
)
def test_refusals(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(cnncalc.UsageError) as caught:
        list(cnncalc.sweep(**arguments))
    assert words in f"{caught.value} {caught.value.hint}"


SIAMESE = """
input: {left: [1, 16, 16], right: [2, 16, 16], code: [4]}
parameters: {width: 4}
layers:
  - {conv: [width, 3, 1, 1], name: one}
  - {conv: [width, 3, 1, 1], name: two, from: right}
  - add: [one, two]
  - global_avg_pool
  - {flatten: , name: seen}
  - {linear: width, from: code}
  - add: [seen, []]
"""


def test_inputs_of_one_size_go_together() -> None:
    points = list(
        cnncalc.sweep(yaml=SIAMESE, input=(16, 24), batch=(1, 2), parameters={"width": (4, 6)})
    )
    assert len(points) == 8
    assert not any(point.error for point in points)
    for point in points:
        _, *sizes = point.input_shape
        totals = cnncalc.analyze(
            yaml=SIAMESE,
            input={"left": (1, *sizes), "right": (2, *sizes)},
            batch=point.batch,
            parameters=point.parameters,
        ).totals
        assert (point.params, point.macs) == (totals.params, totals.macs)
        assert point.peak_activation_bytes == totals.peak_activation_bytes


# -- columns on demand, and figures of one's own ---------------------------------------------------


@pytest.mark.parametrize("net", ["lenet5", "mobilenet_v2", "unet", "resnet18"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_sizes_are_those_of_compare(net: str, dtype: str) -> None:
    """Also where another size of the input is worked out without the file."""
    columns = ("params", "model_bytes", "training_bytes")
    sizes = ("160", "192") if net != "lenet5" else ("32", "36")
    points = list(
        cnncalc.sweep(net, input=map(int, sizes), batch=(1, 3), columns=columns, dtype=dtype)
    )
    assert len(points) == 4
    for point in points:
        options: dict[str, Any] = {"input": point.input_shape, "batch": point.batch}
        if point.error is not None:
            with pytest.raises(cnncalc.SpecError):
                cnncalc.analyze(net, **options)
            continue
        (row,) = cnncalc.compare(net, columns=columns, dtype=dtype, **options).to_dict()["networks"]
        assert {key: getattr(point, key) for key in columns} == {key: row[key] for key in columns}


def test_columns_in_every_format(tmp_path: Path) -> None:
    found = cnncalc.sweep(
        "mobilenet_v2", set={"width": (0.5, 1)}, columns="training_bytes,model_bytes"
    )
    header = found.to_csv().splitlines()[0]
    assert header == "input_shape,batch,width,training_bytes,model_bytes,error"
    assert list(found.to_dict()["points"][0])[3:] == ["training_bytes", "model_bytes", "error"]
    assert "training" in str(found)
    assert "training" in found.to_html()


def test_sizes_in_conditions_and_choices() -> None:
    sweep: dict[str, Any] = {"net": "mobilenet_v2", "set": {"width": (0.5, 0.75, 1)}}
    everything = list(cnncalc.sweep(**sweep, columns="params,training_bytes"))
    limit = everything[1].training_bytes
    assert limit is not None
    found = list(cnncalc.sweep(**sweep, where=f"training_bytes <= {limit}"))
    assert [point.parameters["width"] for point in found] == [0.5, 0.75]
    best = list(cnncalc.sweep(**sweep, best="model_bytes"))
    assert [point.parameters["width"] for point in best] == [0.5]
    assert best[0].model_bytes


def measured(tmp_path: Path, text: str) -> str:
    file = tmp_path / "runs.csv"
    file.write_text(text)
    return str(file)


MEASURED: dict[str, Any] = {
    "net": "mobilenet_v2", "set": {"width": (0.5, 0.75, 1, 1.4)}, "input": (96, 128),
}  # fmt: skip

FILES = [
    # file, choice, the widths and sizes chosen
    ("width,accuracy\n0.50,63\n0.75,62\n1,72\n", "+accuracy,params", {(1, 96), (1, 128),
        (0.5, 96), (0.5, 128)}),
    ("input,width,accuracy\n128,1,72\n96,1,69\n96,0.5,70\n", "+accuracy,macs",
        {(1, 128), (0.5, 96)}),
    ("input_shape,width,macs,accuracy,error\n3x96x96,1,5,69,\n", "+accuracy", {(1, 96)}),
    ("width,accuracy\n1,72\n1.4,\n", "+accuracy,macs", {(1, 96)}),
    ("\ufeffbatch,accuracy,width\n\n1,72,1\n", "+accuracy,macs", {(1, 96)}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "pareto", "chosen"), FILES)
def test_figures_of_one_s_own(
    tmp_path: Path, text: str, pareto: str, chosen: set[tuple[float, int]]
) -> None:
    file = measured(tmp_path, text)
    found = list(cnncalc.sweep(**MEASURED, measured=file, pareto=pareto))
    assert {(one.parameters["width"], one.input_shape[1]) for one in found} == chosen


def test_a_figure_that_is_not_known_is_shown_as_unknown(tmp_path: Path) -> None:
    file = measured(tmp_path, "width,accuracy\n0.5,63.25\n")
    found = cnncalc.sweep("mobilenet_v2", set={"width": (0.5, 1)}, measured=file)
    assert [row["accuracy"] for row in found.to_dict()["points"]] == [63.25, None]
    assert [line.split(",")[-2] for line in found.to_csv().splitlines()[1:]] == ["63.25", ""]
    assert "–" in str(found)
    kept = cnncalc.sweep(
        "mobilenet_v2", set={"width": (0.5, 1)}, measured=file, where="accuracy < 70"
    )
    assert [point.parameters["width"] for point in kept] == [0.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column says of which point"),
        ("accuracy\n1\n", "no column says of which point"),
        ("width\n1\n", "no column of your own"),
        ("width,accuracy\n1,good\n", "runs.csv:2: `accuracy` must be a number, not `good`"),
        ("width,accuracy\n1,nan\n", "must be a number"),
        ("width,accuracy\n1,2\n1,3\n", "runs.csv:3: it is of the same point as line 2"),
        ("width,accuracy\n1\n", "runs.csv:2: 1 cells for 2 columns"),
        ("width,accuracy\n7,1\n", "no row has a `width` of the sweep"),
        ("width,a,a\n1,1,1\n", "names each column once"),
        ("width,peak\n1,1\n", "`peak` is a total of the sweep"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(cnncalc.UsageError) as caught:
        cnncalc.sweep(**MEASURED, measured=measured(tmp_path, text))
    assert words in str(caught.value)


def test_unknown_columns_and_files(tmp_path: Path) -> None:
    for options in ({"columns": "mack"}, {"measured": tmp_path / "none.csv"}, {"best": "accuracy"}):
        with pytest.raises(cnncalc.UsageError):
            cnncalc.sweep(**MEASURED, **options)


def test_sizes_that_are_not_known() -> None:
    text = "input: [3, 9, 9]\nlayers:\n  - custom: {name: Magic, output: [8, 5, 5]}\n"
    found = cnncalc.sweep(yaml=text, columns="params,model_bytes,training_bytes", batch=(1, 2))
    for row in found.to_dict()["points"]:
        assert [row[key] for key in ("params", "model_bytes", "training_bytes")] == [None] * 3
    assert "?" in str(found)
