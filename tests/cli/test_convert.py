"""`cnncalc convert`: the network in another form."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Outcome, network, same_network, zoo_graph

Run = Callable[..., Outcome]


def content(text: str) -> list[str]:
    """The lines of a file that are neither empty nor comments."""
    return [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]


LENGTHS = [
    # network, the most lines that its file may have
    ("resnet50", 40), ("vgg16", 30), ("densenet121", 60), ("inception_v3", 110),
    ("efficientnet_b7", 90), ("googlenet", 60), ("unet", 45), ("lenet5", 18),
]  # fmt: skip


@pytest.mark.parametrize(("net", "most"), LENGTHS)
def test_an_architecture_file(net: str, most: int, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    shown = run("convert", net, "-o", path)
    assert (shown.status, shown.out) == (0, "")
    assert f"wrote {path}" in shown.err
    text = path.read_text()
    assert text.startswith(f"# source: {net}\n")
    assert len(content(text)) <= most
    assert max(map(len, text.splitlines())) <= 100
    assert same_network(zoo_graph(net), network(text).graph())


def test_a_flat_file_is_refactored(run: Run, tmp_path: Path) -> None:
    flat = tmp_path / "flat.yaml"
    run("convert", "resnet50", "--flat", "-o", flat)
    text = flat.read_text()
    assert "blocks:" not in text
    assert len(content(text)) > 150
    short = run("convert", flat, "--to", "yaml").out
    assert len(content(short)) <= 40
    assert same_network(zoo_graph("resnet50"), network(short).graph())


def test_a_variant(run: Run) -> None:
    text = run("convert", "vgg16", "--set", "classes=7", "--input", "3x96x96", "--to", "yaml").out
    assert "input: [3, 96, 96]" in text
    assert "parameters: {classes: 7}" in text
    assert "linear: classes" in text


def test_a_transformed_network(run: Run, tmp_path: Path) -> None:
    """Weights come along, and the file is the one that they are for."""
    path, weights = tmp_path / "net.yaml", tmp_path / "net.npz"
    shown = run(
        "convert", "lenet5", "--fully-convolutional", "--input", "1x36x36", "--check",
        "-o", path, "--weights-out", weights,
    )  # fmt: skip
    assert shown.status == 0
    assert "3 fully connected layers as convolutions" in shown.err
    assert "check: equal to the network before" in shown.err
    assert network(path.read_text()).graph().nodes[-1].facts.output == (10, 2, 2)
    assert run("verify", path, "--weights", weights).status == 0


def test_a_transform_with_other_classes(run: Run, tmp_path: Path) -> None:
    shown = run("convert", "lenet5", "--classes", 7, "--weights-out", tmp_path / "net.npz")
    assert (shown.status, shown.out) == (0, "")
    assert "drawn from the seed: scores" in shown.err
    refused = run("convert", "lenet5", "--classes", 7, "--to", "yaml", "--check")
    assert (refused.status, refused.out) == (2, "")
    assert "weights that are drawn anew" in refused.err


REFUSED = [
    (("lenet5",), "convert to what?"),
    (("lenet5", "-o", "net.txt"), "no form goes with the ending of net.txt"),
    (("lenet6", "--to", "yaml"), "lenet6"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_refused(arguments: tuple[str, ...], message: str, run: Run, tmp_path: Path) -> None:
    shown = run("convert", *arguments)
    assert (shown.status, shown.out) == (2, "")
    assert message in shown.err


def test_pytorch(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    shown = run("convert", "vgg16", "-o", path)
    assert (shown.status, shown.out) == (0, "")
    text = path.read_text()
    assert "class VGG16(nn.Sequential):" in text
    assert run("convert", "vgg16", "--to", "pytorch").out == text
    refused = run("convert", "vgg16", "--flat", "-o", path)
    assert refused.status == 2


def test_pytorch_under_pytorch(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    path = tmp_path / "net.py"
    shown = run("convert", "lenet5", "-o", path, "--check")
    assert shown.status == 0
    assert "check: equal to PyTorch on the same weights and input" in shown.err
    shown = run("convert", f"{path}:LeNet5", "--input", "1x32x32", "--to", "yaml")
    assert same_network(zoo_graph("lenet5"), network(shown.out).graph())


def test_pytorch_that_is_missing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    path = tmp_path / "net.py"
    shown = run("convert", "lenet5", "-o", path, "--check")
    assert (shown.status, shown.out) == (2, "")
    assert "needs PyTorch, which is not installed" in shown.err
    assert "pip install torch" in shown.err
    assert not path.exists()


def test_weights_that_code_does_not_hold(run: Run, tmp_path: Path) -> None:
    shown = run("convert", "lenet5", "-o", tmp_path / "net.py", "--weights", "w.npz")
    assert shown.status == 2
    assert "`--weights` does nothing here" in shown.err
