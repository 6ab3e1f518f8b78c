"""`compare`, `diff`, `reconcile`, `explain`, and the two other questions of `check`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Outcome

import cnncalc
from cnncalc.analysis.arithmetic.legend import SYMBOL, legend
from cnncalc.analysis.explaining import Explainer

Run = Callable[..., Outcome]


def data(run: Run, *arguments: object) -> Any:
    outcome = run(*arguments, "--format", "json")
    assert outcome.status == 0, outcome.err
    return json.loads(outcome.out)


# -- compare ---------------------------------------------------------------------------------------


def test_compare_in_the_contract_s_words(run: Run) -> None:
    found = data(run, "compare", "vgg16", "lenet5")
    assert found["schema"] == "cnncalc.compare/1"
    assert found["networks"][0] == {
        "name": "VGG-16", "net": "vgg16", "input_shape": [3, 224, 224], "layers": 40,
        "params": 138_357_544, "macs": 15_470_264_320, "flops": 30_972_232_168,
        "activation_bytes": 114_571_168, "peak_activation_bytes": 25_690_112,
    }  # fmt: skip
    assert [one["net"] for one in found["networks"]] == ["vgg16", "lenet5"]


def test_compare_to_another_and_sorted(run: Run) -> None:
    text = run("compare", "vgg16", "resnet18", "--to", "resnet18", "--sort", "params").out
    lines = text.splitlines()
    assert lines[2].startswith("resnet18")
    assert "×11.8" in lines[3]


def test_compare_formats(run: Run) -> None:
    csv = run("compare", "lenet5", "--format", "csv", "--columns", "params,macs").out
    assert csv.splitlines() == ["net,name,input,params,macs", "lenet5,LeNet-5,1×32×32,61706,416520"]
    markdown = run("compare", "lenet5", "vgg16", "--format", "markdown", "--columns", "params").out
    assert "| vgg16 | 3×224×224 | 138,357,544 | ×2,242 |" in markdown.replace("2242", "2,242")
    outcome = run("compare", "lenet5", "--columns", "parms")
    assert outcome.status == 2
    assert "did you mean `params`?" in outcome.err


# -- diff ------------------------------------------------------------------------------------------


def test_diff_of_two_variants(run: Run) -> None:
    found = data(run, "diff", "mobilenet_v2", "--before", "classes=1000", "--after", "classes=10")
    assert found["changes"] == [
        {
            "change": "changed", "layer": "linear", "kind": "linear",
            "before": {"features": 1000}, "after": {"features": 10},
        }
    ]  # fmt: skip
    assert found["before"]["params"] - found["after"]["params"] == 990 * 1281


def test_diff_exit_code(run: Run) -> None:
    assert run("diff", "lenet5", "lenet5", "--exit-code").status == 0
    assert run("diff", "vgg16", "vgg19", "--exit-code").status == 1
    assert run("diff", "vgg16", "vgg19").status == 0
    assert run("diff", "vgg16").status == 2


def test_diff_as_a_comment(run: Run) -> None:
    text = run("diff", "resnet50", "resnet50_original", "--format", "markdown").out
    assert text.startswith("### ResNet-50 → ResNet-50 (original)\n")
    assert "| changed | stage2.bottleneck1.conv\\_bn1.conv | conv | stride 1 → 2 |" in text.replace(
        "conv_bn1", "conv\\_bn1"
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose file, and the one it extends, have changed since the last commit."""
    folder = tmp_path / "nets"
    folder.mkdir()
    base, net = folder / "base.yaml", folder / "net.yaml"
    base.write_text("input: [3, 8, 8]\nparameters: {k: 4}\nlayers:\n  - conv: [k, 3]\n")
    net.write_text("extends: base.yaml\nname: Mine\n")
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@x"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    base.write_text(base.read_text().replace("k: 4", "k: 6"))
    monkeypatch.chdir(folder)
    return folder


def test_diff_of_a_revision(run: Run, repository: Path) -> None:
    found = data(run, "diff", "HEAD:net.yaml", "net.yaml")
    assert [(c["before"], c["after"]) for c in found["changes"]] == [
        ({"filters": 4}, {"filters": 6})
    ]
    for net, words in (("nowhere:net.yaml", "nowhere"), ("HEAD:other.yaml", "other.yaml")):
        outcome = run("diff", net, "net.yaml")
        assert outcome.status == 2
        assert words in outcome.err
    assert run("diff", "--", "-x:net.yaml", "net.yaml").status == 2


@pytest.mark.parametrize(
    ("folder", "net"),
    [
        ("nets", "HEAD:nets/net.yaml"),  # from the top, as git has it
        ("nets", "HEAD:./net.yaml"),
        ("nets", "HEAD:net.yaml"),  # there is none at the top
        (".", "HEAD:nets/net.yaml"),
        (".", "HEAD:./nets/net.yaml"),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "memory", "compare", "validate", "convert"])
def test_a_revision_wherever_a_network_is_read(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch, command: str, folder: str, net: str
) -> None:
    monkeypatch.chdir(repository.parent / folder)
    options = ["--to", "yaml"] if command == "convert" else []
    outcome = run(command, net, *options)
    assert outcome.status == 0, outcome.err
    totals = data(run, "analyze", net)["totals"]
    assert totals["params"] == 4 * 28  # the file that it extends is the revision's too
    assert run("validate", net, "--fix").status == 2


# -- reconcile -------------------------------------------------------------------------------------


def test_reconcile(run: Run) -> None:
    found = data(run, "reconcile", "resnet50")
    totals = {one["counter"]: one["total"] for one in found["counters"]}
    assert totals == {
        "torchinfo": 4_089_238_376,
        "fvcore": 4_111_512_576,
        "thop": 4_133_742_592,
        "ultralytics_thop": 4_133_742_592,
        "flop_counter": 2 * 4_089_184_256,
        "ptflops_pytorch": 4_132_436_968,
        "ptflops_aten": 4_089_185_256,
        "keras": 25_610_152,
        "paper": 4_089_184_256,
    }
    doubled = data(run, "reconcile", "resnet50", "--batch", "2")
    assert doubled["counters"][1]["total"] == 2 * 4_111_512_576


def test_a_file_of_ones_own_is_not_taken_for_a_shipped_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = run("zoo", "shufflenet_v2_x1_0").out
    (tmp_path / "shufflenet_v2_x1_0.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    own, shipped = (
        data(run, "reconcile", net)["counters"][1]["total"]
        for net in ("shufflenet_v2_x1_0.yaml", "shufflenet_v2_x1_0")
    )
    assert own == shipped + 1024 * 7 * 7


# -- explain ---------------------------------------------------------------------------------------


def test_explain_in_the_contract_s_words(run: Run) -> None:
    found = data(run, "explain", "alexnet_original", "conv1")
    assert found["schema"] == "cnncalc.explain/1"
    assert (found["layer"], found["kind"]) == ("conv1", "conv")
    assert {
        "quantity": "output height",
        "formula": "⌊(W + P₀ + P₁ − D·(F − 1) − 1) / S⌋ + 1",
        "numbers": "⌊(227 + 0 + 0 − 1·(11 − 1) − 1) / 4⌋ + 1",
        "value": 55,
    } in found["steps"]
    assert found["matrix_product"] == {"rows": 96, "inner": 363, "columns": 3025, "groups": 1}
    costs = {one["what"]: one["params"] for one in found["otherwise"]}
    assert costs["without shared weights"] == 105_705_600


SMALL = """
input: [3, 30, 20]
layers:
  - conv: {filters: 8, kernel: 3, groups: 1}
  - conv: {filters: 8, kernel: [3, 5]}
  - adaptive_avg_pool: [7, 6]
  - adaptive_max_pool: [14, 6]
  - adaptive_avg_pool: [14, 6]
  - conv_transpose: {filters: 4, kernel: 3, stride: 2, output_padding: 1}
  - adaptive_avg_pool: 1
  - flatten
  - linear: 5
  - relu
"""

LEGENDS = {
    "conv1": "K D F S C G P₀ P₁ W H′ W′",
    "conv2": "K D F₁ F₂ S C G P₀ P₁ W H′ W′",
    "conv_transpose": "K A S P₀ P₁ D F W C G H H′ W′",
    "linear": "K N",
    "relu": "N",
}


@pytest.mark.parametrize("layer", LEGENDS)
def test_explain_says_what_its_symbols_are(tmp_path: Path, run: Run, layer: str) -> None:
    """Those that are used, and no other."""
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    legend = data(run, "explain", file, layer)["legend"]
    assert set(legend) == set(LEGENDS[layer].split())
    text = " ".join(run("explain", file, layer).out.split())
    for symbol, meaning in legend.items():
        assert f"{symbol} {meaning}" in text
    assert legend.get("F", "kernel size") == "kernel size"


@pytest.mark.parametrize("net", ["googlenet", "convnext_tiny", "unet", "mobilenet_v3_large"])
def test_every_symbol_is_explained(net: str) -> None:
    """Every letter of every formula that stands alone has a meaning."""
    report = cnncalc.analyze(net)
    explainer = Explainer(report)
    for layer in report.layers:
        steps = explainer.steps(layer)
        used = {symbol for step in steps for symbol in SYMBOL.findall(step.formula)}
        assert used == set(legend(layer.node.kind, steps)), layer.name


WORDS = [
    ("adaptive_avg_pool1", "An axis of 26 is divided into 7 shares, 4 to 5 units each: 7 does not"),
    ("adaptive_avg_pool1", "An axis of 14 is divided into 6 shares, 3 units each: 6 does not"),
    ("adaptive_max_pool", "An axis of 7 is divided into 14 shares, 1 unit each: there are more"),
    ("adaptive_max_pool", "An axis of 6 stays as it is."),
    ("adaptive_avg_pool2", "Its input has that size already"),
    ("adaptive_avg_pool3", "The one output of a channel reads the whole map."),
]


@pytest.mark.parametrize(("layer", "words"), WORDS)
def test_explain_says_adaptive_pools_in_words(
    tmp_path: Path, run: Run, layer: str, words: str
) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    text = " ".join(run("explain", file, layer).out.split())
    assert words in text
    assert text.index(words) < text.index("formula, and its numbers")
    assert words in run("explain", file, layer, "--format", "markdown").out
    even = "input: [3, 28, 28]\nlayers:\n  - adaptive_avg_pool: 7\n"
    file.write_text(even)
    text = " ".join(run("explain", file, "adaptive_avg_pool").out.split())
    assert "7 shares, 4 units each, as with kernel 4 and stride 4." in text


def test_explain_which_branch_wins(run: Run) -> None:
    found = data(run, "explain", "googlenet", "inception_3a.concat")["receptive_field"]
    assert [(step["extent"], step["jump"], step["size"]) for step in found] == [
        (7, 1, 7), (3, 2, 11), (3, 4, 19), (3, 4, 27), (3, 8, 43), (1, 8, 43),
    ]  # fmt: skip
    assert {branch["size"] for branch in found[-1]["branches"]} == {27, 43}


def test_explain_a_network_and_what_is_no_layer(run: Run) -> None:
    text = run("explain", "vgg16").out
    assert "linear1 74%" in text
    assert "212 of 224 pixels" in text
    outcome = run("explain", "vgg16", "linaer1")
    assert outcome.status == 2
    assert "did you mean `linear1`?" in outcome.err
    assert "its layers are stage1.conv1" in run("explain", "vgg16", "stage1").err


# -- check -----------------------------------------------------------------------------------------


def test_check_the_other_way_round(run: Run) -> None:
    found = data(run, "check", "--input", "224", "--output", "112")["settings"]
    first = [(one["kernel"], one["stride"], one["padding"][0]) for one in found[:3]]
    assert first == [(2, 2, 0), (3, 2, 1), (7, 2, 3)]
    for one in found:
        extent = one["dilation"] * (one["kernel"] - 1) + 1
        assert (224 + sum(one["padding"]) - extent) // one["stride"] + 1 == 112
    assert run("check", "--input", "4", "--output", "900").status == 1


def test_check_writes_files_still(run: Run, tmp_path: Path) -> None:
    for option in ("-o", "--output"):
        path = tmp_path / f"{option}.json"
        run("check", "--input", "7", "--kernel", "3", "--format", "json", option, path)
        assert json.loads(path.read_text())["output"] == 5


def test_check_a_chain(run: Run) -> None:
    found = data(run, "check", "--input", "224", "--chain", "conv 7/2 p3, max_pool 3/2 p1, 3 d2 p2")
    assert [(link["output"], link["receptive_field"]["size"]) for link in found["chain"]] == [
        (112, 7), (56, 11), (56, 27),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--chain", "conv 3", "--output", "5"], "`--chain` goes neither with"),
        ([], "one of"),
        (["--chain", "conv 3, pool"], "part 2, `pool`"),
        (["--chain", "conv 9"], "does not fit"),
        (["--chain", "conv 3, upsample 2/2"], "`upsample` is no kernel that slides"),
        (["--output", "0"], "from 1"),
    ],
)
def test_check_refuses(run: Run, arguments: list[str], words: str) -> None:
    outcome = run("check", "--input", "7", *arguments)
    assert outcome.status == 2
    assert words in outcome.err


# -- analyze in another convention


def test_the_column_of_macs_in_another_convention(run: Run) -> None:
    csv = run("analyze", "resnet18", "--convention", "fvcore", "--format", "csv").out
    rows = [line.split(",") for line in csv.splitlines()]
    column = rows[0].index("macs")
    assert sum(int(row[column]) for row in rows[1:]) == 1_819_065_856
    table = run("analyze", "resnet18", "--convention", "fvcore", "--depth", "1").out
    assert "MACs, fvcore" in table
    assert "1,819,065,856" in table
    for arguments, words in (
        (["--convention", "fvcor"], "did you mean `fvcore`?"),
        (["--convention", "fvcore", "--format", "json"], "does nothing in JSON"),
    ):
        outcome = run("analyze", "resnet18", *arguments)
        assert outcome.status == 2
        assert words in outcome.err
