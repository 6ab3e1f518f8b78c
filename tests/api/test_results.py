"""What functions give: what the command prints, the command's JSON, and files by their ending."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Outcome

import cnncalc
from cnncalc.api.result import ENDINGS, PEOPLE, Result

Run = Callable[..., Outcome]

SMALL = """\
name: Small
input: [3, 16, 16]
parameters: {classes: 4}
layers:
  - conv: {filters: 8, kernel: 3, stride: 2}
  - relu
  - global_avg_pool
  - flatten
  - linear: classes
"""

CALLS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "analyze": (lambda: cnncalc.analyze("small.yaml"), ["analyze", "small.yaml"]),
    "analyze depth": (
        lambda: cnncalc.analyze("resnet18", depth=1, batch=2, columns=("name", "macs")),
        ["analyze", "resnet18", "--depth", "1", "--batch", "2", "--columns", "name,macs"],
    ),
    "validate": (lambda: cnncalc.validate("small.yaml"), ["validate", "small.yaml"]),
    "validate budget": (
        lambda: cnncalc.validate("small.yaml", max_params="1", max_flops="4e3"),
        ["validate", "small.yaml", "--max-params", "1", "--max-flops", "4e3"],
    ),
    "memory": (
        lambda: cnncalc.memory("small.yaml", train=True, budget="1MiB"),
        ["memory", "small.yaml", "--train", "--budget", "1MiB"],
    ),
    "memory batches": (
        lambda: cnncalc.memory("small.yaml", train=True, batch=(1, 8), budget="50KiB"),
        ["memory", "small.yaml", "--train", "--batch", "1,8", "--budget", "50KiB"],
    ),
    "explain": (lambda: cnncalc.explain("small.yaml", "conv"), ["explain", "small.yaml", "conv"]),
    "explain all": (lambda: cnncalc.explain("small.yaml"), ["explain", "small.yaml"]),
    "compare": (
        lambda: cnncalc.compare("small.yaml", "lenet5", sort="macs"),
        ["compare", "small.yaml", "lenet5", "--sort", "macs"],
    ),
    "diff": (
        lambda: cnncalc.diff("small.yaml", after={"classes": 5}),
        ["diff", "small.yaml", "--after", "classes=5"],
    ),
    "sweep": (
        lambda: cnncalc.sweep("small.yaml", input=(16, 24), set={"classes": (4, 8)}),
        ["sweep", "small.yaml", "--input", "16,24", "--set", "classes=4,8"],
    ),
    "reconcile": (lambda: cnncalc.reconcile("small.yaml"), ["reconcile", "small.yaml"]),
    "check": (
        lambda: cnncalc.check(16, 3, 2),
        ["check", "--input", "16", "--kernel", "3", "--stride", "2"],
    ),
    "check size": (
        lambda: cnncalc.check(16, output=8), ["check", "--input", "16", "--output", "8"]
    ),
    "check chain": (
        lambda: cnncalc.check(16, chain="conv 3/2 p1, max_pool 2"),
        ["check", "--input", "16", "--chain", "conv 3/2 p1, max_pool 2"],
    ),
    "zoo": (lambda: cnncalc.zoo(filter="lenet"), ["zoo", "--filter", "lenet"]),
    "rules": (lambda: cnncalc.rules("bad-value"), ["rules", "bad-value"]),
    "layers": (lambda: cnncalc.layers("conv"), ["layers", "conv"]),
    "schema": (lambda: cnncalc.schema(), ["schema"]),
}  # fmt: skip
"""A function's call, and the command that says the same."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALL)


@pytest.mark.parametrize("name", CALLS)
def test_prints_what_the_command_prints(name: str, run: Run) -> None:
    call, command = CALLS[name]
    assert str(call()) == run(*command).out.rstrip("\n")


@pytest.mark.parametrize("name", [name for name in CALLS if name != "analyze depth"])
def test_has_the_data_of_the_command(name: str, run: Run) -> None:
    call, command = CALLS[name]
    options = [] if name == "schema" else ["--format", "json"]
    outcome = run(*command, *options)
    assert call().to_dict() == json.loads(outcome.out)
    assert json.loads(call().to_json()) == call().to_dict()


@pytest.mark.parametrize("name", CALLS)
def test_the_exit_status_of_the_command(name: str, run: Run) -> None:
    call, command = CALLS[name]
    assert call().exit_status == run(*command).status


@pytest.mark.parametrize("name", CALLS)
def test_shows_itself(name: str) -> None:
    found = CALLS[name][0]()
    assert len(repr(found).splitlines()) == 1
    assert "object at 0x" not in repr(found)
    assert "<" in found._repr_html_()


ENDING_OF = {format: ending for ending, format in reversed(ENDINGS.items())}


FILES = [
    ("analyze", "json"), ("analyze", "markdown"), ("analyze", "csv"), ("analyze", "html"),
    ("analyze", "latex"), ("analyze", "svg"), ("analyze", "dot"), ("analyze", "mermaid"),
    ("validate", "json"), ("validate", "sarif"),
    ("memory", "json"), ("memory", "markdown"), ("memory", "csv"),
    ("memory batches", "json"), ("memory batches", "markdown"), ("memory batches", "csv"),
    ("explain", "json"), ("explain", "markdown"),
    ("explain all", "json"), ("explain all", "markdown"),
    ("compare", "json"), ("compare", "markdown"), ("compare", "csv"), ("compare", "latex"),
    ("compare", "svg"), ("compare", "html"),
    ("diff", "json"), ("diff", "markdown"),
    ("sweep", "json"), ("sweep", "csv"), ("sweep", "jsonl"), ("sweep", "svg"), ("sweep", "html"),
    ("reconcile", "json"), ("reconcile", "markdown"), ("reconcile", "csv"),
    ("check", "json"), ("check size", "json"), ("check chain", "json"),
    ("zoo", "json"), ("zoo", "markdown"), ("zoo", "csv"),
    ("rules", "json"), ("rules", "markdown"), ("layers", "json"), ("layers", "markdown"),
    ("schema", "json"),
]  # fmt: skip
"""Every call with every format that an ending names."""


@pytest.mark.parametrize(("name", "format"), FILES)
def test_the_ending_picks_the_format(name: str, format: str, run: Run) -> None:
    """`-o FILE` writes what `save(FILE)` writes, which is what `--format` prints."""
    call, command = CALLS[name]
    path = Path(f"result{ENDING_OF[format]}")
    assert run(*command, "-o", path).status == call().exit_status
    written = path.read_text()
    found: Result = call()
    found.save(path)
    assert path.read_text() == written
    assert getattr(found, f"to_{format}")() == written
    if name != "schema":
        assert run(*command, "--format", format).out == written


def test_every_format_is_in_the_table() -> None:
    known = {(name, format) for name, format in FILES}
    for name, (call, _) in CALLS.items():
        if name not in ("analyze depth", "validate budget"):
            for format in call().FORMATS:
                listed = (name, format) in known
                assert listed or format in (*PEOPLE, "png", "pdf", "github"), (name, format)


@pytest.mark.parametrize("name", [name for name in CALLS if name != "schema"])
def test_an_ending_of_another_format_is_refused(name: str, run: Run) -> None:
    call, command = CALLS[name]
    lacking = [end for end, format in ENDINGS.items() if format not in call().FORMATS]
    outcome = run(*command, "-o", f"result{lacking[0]}")
    assert outcome.status == 2
    assert "endings: " in outcome.err
    assert not Path(f"result{lacking[0]}").exists()


def test_any_other_ending_is_what_people_read(run: Run) -> None:
    run("analyze", "small.yaml", "-o", "result.txt")
    assert Path("result.txt").read_text() == run("analyze", "small.yaml").out


def test_layers_by_name_and_by_number() -> None:
    layers = cnncalc.analyze("small.yaml").layers
    assert layers["linear"] is layers[-1]
    assert "linear" in layers
    assert layers[0] in layers
    assert layers[1:3] == (layers[1], layers[2])
    with pytest.raises(KeyError, match="no layer `linaer`") as caught:
        layers["linaer"]
    assert caught.value.hint == "did you mean `linear`?"  # type: ignore[attr-defined]
    with pytest.raises(cnncalc.UsageError):
        cnncalc.explain("small.yaml", "linaer")


def test_a_report_is_a_network() -> None:
    report = cnncalc.analyze("small.yaml", set={"classes": 7}, batch=3)
    assert cnncalc.analyze(report).to_dict() == report.to_dict()
    assert cnncalc.memory(report).to_dict()["batch"] == 3
    assert cnncalc.analyze(report, set={"classes": 9}).layers[-1].output_shape == (9,)
    assert cnncalc.convert(report, to="yaml").text


def test_options_of_load_hold_until_a_question_has_its_own() -> None:
    net = cnncalc.load("small.yaml", input=(3, 32, 32), set={"classes": 7}, batch=2)
    assert net.inputs == {"input": (3, 32, 32)}
    assert net.analyze().batch == net.memory().footprint.settings.batch == 2
    assert net.analyze(input=(3, 8, 8), batch=1).inputs == {"input": (3, 8, 8)}
    assert net.layers["linear"].output_shape == (7,)
    assert [p.parameters for p in net.sweep(set={"classes": (1, 2)})] == [
        {"classes": 1}, {"classes": 2},
    ]  # fmt: skip
    assert net.diff(set={"classes": 8}, after={"classes": 9}).changes
    assert net.explain("conv").layer == "conv"
    assert net.convert(to="pytorch").text
    assert repr(net).startswith("<Network Small: 5 layers")
    net.export("net.svg")
    assert Path("net.svg").read_text().startswith("<svg")
    assert net.verify().passed
    assert net.validate().passed


def test_a_network_that_is_none_says_so() -> None:
    net = cnncalc.load(yaml="input: [3, 5, 5]\nlayers: [{conv: [8, 7]}]")
    assert "cannot be built" in repr(net)
    assert [finding.rule for finding in net.validate()] == ["kernel-larger-than-input"]
    with pytest.raises(cnncalc.SpecError):
        net.analyze()


def test_variants_of_one_network(run: Run) -> None:
    columns = ("model_bytes", "training_bytes")
    found = cnncalc.compare("small.yaml?classes=9", "small.yaml", columns=columns)
    assert [side.net for side in found] == ["small.yaml?classes=9", "small.yaml"]
    (first, second) = found.to_dict()["networks"]
    assert first["params"] - second["params"] == 5 * 9
    report = cnncalc.analyze("small.yaml", set={"classes": 9})
    assert first["model_bytes"] == report.totals.params * 4
    training = cnncalc.memory(report, train=True).training
    assert training is not None
    assert first["training_bytes"] == training.peak.bytes
    assert "model" in run("compare", "small.yaml?classes=9", "--columns", "model_bytes").out
    points = cnncalc.sweep("small.yaml?classes=9", input=(16, 24))
    assert {point.params for point in points} == {report.totals.params}
    for wrong in ("small.yaml?clases=9", "small.yaml?classes", "small.yaml?classes=x"):
        assert run("analyze", wrong).status == 2


def test_names_complete_in_the_shell() -> None:
    import click

    from cnncalc.cli.analyze import command
    from cnncalc.cli.common import shipped

    context = click.Context(command)
    names = [one.value for one in shipped(context, command.params[0], "mobilenet_v")]
    assert names == ["mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"]
    (path,) = shipped(context, command.params[0], "./sm")
    assert path.type == "file"
    nets = [one for one in command.params if one.name == "net"]
    assert nets[0].shell_complete(context, "lenet5_")[0].value == "lenet5_1998"


def test_formats_of_a_report() -> None:
    report = cnncalc.analyze("small.yaml")
    assert report.to_svg(style="blocks") != report.to_svg()
    assert report.to_dot().startswith("digraph")
    assert "tabular" in report.to_latex()
    assert "flowchart TB" in report.to_mermaid()
    with pytest.raises(cnncalc.UsageError, match="no style"):
        report.to_svg(style="pretty")
    with pytest.raises(cnncalc.UsageError, match="no format"):
        cnncalc.analyze("small.yaml", format="yaml")
    assert str(cnncalc.analyze("small.yaml", format="csv")).splitlines()[1].startswith("1,conv")
