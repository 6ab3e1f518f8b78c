"""`cnncalc verify`: the table, the JSON of the contract, files, refusals, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Outcome

from cnncalc.language import zoo
from cnncalc.language.load import load
from cnncalc.layers import conv
from cnncalc.numerics.machine import capacity

Run = Callable[..., Outcome]

CHECKS = [
    "output_shape", "params", "buffers", "macs", "activation_bytes", "peak_activation_bytes",
    "receptive_field",
]  # fmt: skip

NET = """
name: Small
input: [3, 12, 10]
layers:
  - {conv: [4, 3, 1, 1], name: first}
  - relu
  - {conv: [2, 3], name: second, output: true}
  - flatten
  - {linear: 6, name: scores}
"""


def test_json_is_the_contract(run: Run) -> None:
    outcome = run("verify", "lenet5", "--format", "json")
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert found["schema"] == "cnncalc.verify/1"
    assert (found["name"], found["passed"]) == ("LeNet-5", True)
    assert [check["name"] for check in found["checks"]] == CHECKS
    assert all(check["layers"] == 12 and not check["mismatches"] for check in found["checks"])
    assert found["peak_activation_bytes"] == {"predicted": 37632, "measured": 37632}
    assert 0 < found["seconds"] < 60


def test_table(run: Run) -> None:
    outcome = run("verify", "lenet5")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "LeNet-5"
    assert sum(line.startswith("✓") for line in lines) == 7
    assert "61,706" in outcome.out
    assert "416,520" in outcome.out
    assert lines[-1].startswith("passed · 7 of 7 columns hold")
    assert "\x1b" not in outcome.out


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_table_fits_the_terminal(
    columns: int, run: Run, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    outcome = run("verify", write(NET), "--profile", "--output-scores", "2")
    assert outcome.status == 0
    if columns >= 60:
        assert max(map(len, outcome.out.splitlines())) <= columns


def test_a_mismatch_fails(
    run: Run, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = conv.extents
    monkeypatch.setattr(
        conv,
        "extents",
        lambda slides: original(tuple(slide._replace(before=slide.before + 1) for slide in slides)),
    )
    path = write(NET)
    outcome = run("verify", path)
    assert outcome.status == 1
    assert "✗ output shapes" in outcome.out
    told = [line.split() for line in outcome.out.splitlines()]
    assert ["layer", "predicted", "measured"] in told
    assert ["first", "4×13×11", "4×12×10"] in told
    assert outcome.out.splitlines()[-1].startswith("failed")
    found = json.loads(run("verify", path, "--format", "json").out)
    assert found["passed"] is False
    (shape, *_) = found["checks"]
    assert shape["mismatches"][0] == {
        "layer": "first", "predicted": [4, 13, 11], "measured": [4, 12, 10],
    }  # fmt: skip
    field = found["checks"][-1]["mismatches"][0]
    assert field["predicted"] == {"axis": 0, "unit": 0, "pixels": [-2, 0]}
    assert field["measured"] == {"axis": 0, "unit": 0, "pixels": [-1, 1]}


def test_a_kernel_that_refuses(
    run: Run, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnncalc.numerics.kernels import table
    from cnncalc.numerics.kernels.call import KernelEntry

    def refuse(call: Any) -> Any:
        raise ValueError("this does not fit")

    monkeypatch.setitem(table.KERNELS, "flatten", KernelEntry(refuse))
    outcome = run("verify", write(NET))
    assert outcome.status == 1
    assert "flatten could not be computed" in outcome.out
    assert "this does not fit" in outcome.out
    found = json.loads(run("verify", write(NET), "--format", "json").out)
    assert found["failure"] == {"layer": "flatten", "reason": "refused: this does not fit"}
    assert found["passed"] is False


@pytest.mark.parametrize("options", [
    ("--batch", "3"), ("--dtype", "float64"), ("--threads", "2"), ("--seed", "7"),
    ("--input", "3x9x31"), ("--batch", "2", "--dtype", "float64", "--input", "3x64x7"),
])  # fmt: skip
def test_options(options: tuple[str, ...], run: Run, write: Callable[..., Path]) -> None:
    assert run("verify", write(NET), *options).status == 0


def scores(run: Run, *arguments: Any) -> list[Any]:
    outcome = run("verify", *arguments, "--format", "json")
    assert outcome.status == 0, outcome.err
    found: list[Any] = json.loads(outcome.out)["scores"]
    return found


def test_scores_of_weights_and_image(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    """Computed by hand: a linear layer on a known image."""
    path = write("{input: [1, 2, 2], layers: [flatten, {linear: 3, name: scores}]}")
    weight = np.array([[1, 0, 0, 0], [0, 0, 0, 2], [1, 1, 1, 1]])
    np.savez(tmp_path / "w.npz", **{"scores.weight": weight, "scores.bias": [0.5, 0, 0]})
    np.save(tmp_path / "x.npy", np.array([[[1, 2], [3, 4]]], np.uint8))
    files = ("--weights", tmp_path / "w.npz", "--image", tmp_path / "x.npy")
    (output,) = scores(run, path, *files, "--output-scores", "2")
    assert output["output"] == "scores"
    assert output["samples"] == [[{"index": [2], "value": 10.0}, {"index": [1], "value": 8.0}]]
    text = run("verify", path, *files, "--output-scores").out
    assert "largest values of scores" in text
    assert "1.5" in text


def test_every_output_is_scored(run: Run, write: Callable[..., Path]) -> None:
    found = scores(run, write(NET), "--output-scores", "--batch", "2")
    assert [output["output"] for output in found] == ["second", "scores"]
    assert all(len(output["samples"]) == 2 for output in found)
    assert [len(score["index"]) for score in found[0]["samples"][0]] == [3] * 5


def test_the_same_seed_gives_the_same_scores(run: Run, write: Callable[..., Path]) -> None:
    path = write(NET)
    first, again, other = (
        scores(run, path, "--seed", seed, "--output-scores", "1") for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_values_that_are_no_numbers(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    path = write("{input: [1, 2, 2], layers: [relu]}")
    np.save(tmp_path / "x.npy", np.full((1, 2, 2), np.inf))
    (output,) = scores(run, path, "--image", tmp_path / "x.npy", "--output-scores", "1")
    assert output["samples"][0][0]["value"] is None


TWO = "{input: {a: [1, 2, 2], b: [1, 2, 2]}, layers: [add: [a, b], flatten]}"


def test_images_of_several_inputs(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(TWO)
    np.save(tmp_path / "a.npy", np.array([[[1, 2], [3, 4]]]))
    np.save(tmp_path / "b.npy", np.array([[[50, 30], [20, 10]]]))
    files = ("--image", f"b={tmp_path / 'b.npy'}", "--image", f"a={tmp_path / 'a.npy'}")
    (output,) = scores(run, path, *files, "--output-scores", "1")
    assert output["samples"] == [[{"index": [0], "value": 51.0}]]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (["x.npy"], "the network has the inputs a, b"),
        (["c=x.npy"], "the network has no input `c`"),
        (["a=x.npy", "a=x.npy"], "`--image` gives `a` twice"),
        (["a=none.npy"], "cannot read none.npy"),
    ],
)
def test_images_that_belong_to_no_input(
    images: list[str], message: str, run: Run, write: Callable[..., Path]
) -> None:
    options = [part for image in images for part in ("--image", image)]
    outcome = run("verify", write(TWO), *options)
    assert outcome.status == 2
    assert message in outcome.err


def test_an_image_whose_name_has_an_equals_sign(
    run: Run, write: Callable[..., Path], tmp_path: Path
) -> None:
    np.save(tmp_path / "a=1.npy", np.ones((1, 2, 2)))
    path = write("{input: [1, 2, 2], layers: [relu]}")
    for value in (tmp_path / "a=1.npy", f"input={tmp_path / 'a=1.npy'}"):
        assert run("verify", path, "--image", value).status == 0


def test_profile(run: Run, write: Callable[..., Path]) -> None:
    path = write(NET)
    found = json.loads(run("verify", path, "--profile", "--format", "json").out)["profile"]
    assert [row["layer"] for row in found] == ["first", "relu", "second", "flatten", "scores"]
    assert found[0]["gflops"] > 0
    assert found[1]["gflops"] is None
    assert found[3]["activation_bytes"] == 0
    slowest = json.loads(
        run("verify", path, "--profile", "--sort", "time", "--format", "json").out
    )["profile"]
    times = [row["seconds"] for row in slowest]
    assert times == sorted(times, reverse=True)
    assert "GFLOP/s" in run("verify", path, "--profile").out


def test_output_file(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    outcome = run("verify", write(NET), "--format", "json", "-o", target)
    assert (outcome.status, outcome.out) == (0, "")
    assert json.loads(target.read_text())["passed"] is True


REFUSED = [
    (("--image", "none.npy"), "cannot read none.npy: no such file"),
    (("--weights", "none.npz"), "cannot read none.npz: no such file"),
    (("--weights", "net.yaml"), "neither .npz nor .safetensors"),
    (("--image", "net.yaml"), "no .npy file of numbers"),
    (("--image", "wrong.npy"), "wrong.npy is [2, 2], and the network takes [3, 12, 10]"),
    (("--image", "words.npy"), "no .npy file of numbers"),
    (("--image", "several.npz"), "no .npy file of numbers"),
    (("--dtype", "int8"), "int8"),
    (("--batch", "0"), "0"),
    (("--threads", "0"), "0"),
    (("--output-scores", "0"), "0"),
    (("--set", "width=3"), "width"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refusals(
    options: tuple[str, ...], message: str, run: Run, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, write: Callable[..., Path],
) -> None:  # fmt: skip
    write(NET)
    monkeypatch.chdir(tmp_path)
    np.save("wrong.npy", np.zeros((2, 2)))
    np.save("words.npy", np.array(["a"]))
    np.savez("several.npz", a=np.zeros(3))
    outcome = run("verify", "net.yaml", *options)
    assert outcome.status == 2
    assert outcome.out == ""
    assert message in outcome.err


def test_a_network_that_does_not_fit_is_refused_before_it_starts(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "available_bytes", lambda: 2**29)
    outcome = run("verify", "vgg16")
    assert outcome.status == 2
    assert outcome.out == ""
    # weights, peak and working space, in this order
    assert "528 MiB weights + 24.5 MiB activations + 64.0 MiB working space" in outcome.err
    assert "512 MiB are available" in outcome.err
    assert "--batch" in outcome.err


def test_a_huge_batch_is_refused(run: Run) -> None:
    outcome = run("verify", "lenet5", "--batch", "2000000000")
    assert outcome.status == 2
    assert "TiB" in outcome.err


def test_available_memory_is_known() -> None:
    found = capacity.available_bytes()
    assert found is not None
    assert 2**20 < found < 2**60


def test_control_groups_limit_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, used = tmp_path / "max", tmp_path / "current"
    monkeypatch.setattr(capacity, "CGROUPS", ((str(limit), str(used)),))
    used.write_text("1000\n")
    limit.write_text("5000\n")
    assert capacity.available_bytes() == 4000
    limit.write_text("max\n")
    assert capacity.available_bytes() != 4000


SLOW = """
input: [64, 160, 160]
parameters: {depth: 2000}
layers:
  - repeat: depth
    layers: [{conv: [64, 7, 1, 3]}]
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interruption_leaves_nothing_behind(
    write: Callable[..., Path], tmp_path: Path, plain_environment: dict[str, str]
) -> None:
    path = write(SLOW)
    before = set(tmp_path.iterdir())
    command = [sys.executable, "-m", "cnncalc", "verify", str(path), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=plain_environment
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err.strip()) == (b"", b"")
    assert set(tmp_path.iterdir()) == before


def test_progress_is_shown_on_a_terminal_only(
    write: Callable[..., Path], plain_environment: dict[str, str]
) -> None:
    pty = pytest.importorskip("pty")
    path = write(SLOW.replace("2000", "8"))
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncalc", "verify", str(path), "--format", "json"],
        stdout=subprocess.PIPE, stderr=follower, env=plain_environment | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    out, _ = process.communicate(timeout=120)
    os.close(leader)
    assert json.loads(out)["passed"] is True
    assert b"conv" in shown
    assert b"elapsed" in shown
    assert b"remaining" in shown


# -- the zoo ----------------------------------------------------------------------------------

SIZES = {
    # smaller inputs than the files', where the network takes them
    "unet": (1, 188, 188), "vgg16_fcn": (3, 224, 224), "lenet5": None, "lenet5_1998": None,
    "cifar10_convnet": None, "dcgan_generator": None, "dcgan_discriminator": None,
}  # fmt: skip

SOME = [
    "lenet5", "lenet5_1998", "dcgan_generator", "dcgan_discriminator", "cifar10_convnet",
    "squeezenet1_1", "mobilenet_v2", "googlenet", "resnet18", "shufflenet_v2_x0_5", "segnet",
    "nonlocal_resnet50", "mnasnet0_5", "efficientnet_b0", "regnet_y_400mf", "densenet121",
]  # fmt: skip


@pytest.mark.parametrize("name", SOME)
def test_shipped_networks_pass(name: str, run: Run) -> None:
    assert name in zoo.names()
    rank = len(load(name).graph().input_shape)
    size = SIZES.get(name, (3, 64, 64) if rank == 3 else None)
    variant = () if size is None else ("--input", "x".join(map(str, size)))
    outcome = run("verify", name, *variant)
    assert outcome.status == 0, outcome.out + outcome.err
