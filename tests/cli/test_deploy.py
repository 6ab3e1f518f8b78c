"""`cnncalc deploy`: the contract, its formats, budgets, and files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support import Outcome

Run = Callable[..., Outcome]

FILES = Path(__file__).parent.parent / "reference" / "tflite"
SMALL = ("mobilenet_v2", "--set", "width=0.35", "--input", "3x96x96")


def deploy(run: Run, *arguments: str) -> dict[str, Any]:
    outcome = run("deploy", *arguments, "--format", "json")
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def test_contract(run: Run) -> None:
    found = deploy(run, *SMALL)
    assert found["schema"] == "cnncalc.deploy/1"
    assert (found["target"], found["dtype"]) == ("tflm", "int8")
    assert found["arena"] == found["head"] + found["tail"]
    assert found["head"] == 230_592 == found["liveness"]
    assert found["same_padding_head"] == 138_240
    assert sum(found["tail_pieces"].values()) == found["tail"] < found["tail_x86"]
    assert sum(found["flash_pieces"].values()) == found["flash"]
    first = found["operators"][1]
    assert first == {
        "operator": "CONV_2D",
        "layers": ["conv_bn1.conv", "conv_bn1.batch_norm", "relu6_1"],
        "activation": "RELU6",
        "rules": ["fold-factor", "fuse-activation"],
        "output_shape": [16, 48, 48],
        "bytes": 36_864,
        "macs": 995_328,
        "scratch": 0,
    }
    for buffer in found["buffers"]:
        assert buffer["offset"] % 16 == buffer["bytes"] % 16 == 0
        assert buffer["offset"] + buffer["bytes"] <= found["head"]
        assert buffer["first"] <= buffer["last"] < len(found["operators"])
    assert sum(one["macs"] for one in found["operators"]) == found["macs"]


def test_padding_as_keras_has_it(run: Run) -> None:
    found = deploy(run, *SMALL, "--same")
    assert found["head"] == 138_240
    assert "PAD" not in {one["operator"] for one in found["operators"]}


def test_floats_at_the_ends(run: Run) -> None:
    found = deploy(run, "lenet5", "--float-ends")
    names = [one["operator"] for one in found["operators"]]
    assert (names[0], names[-1]) == ("QUANTIZE", "DEQUANTIZE")
    assert len(names) == len(deploy(run, "lenet5")["operators"]) + 2


def test_floats(run: Run) -> None:
    ints, floats = deploy(run, "lenet5"), deploy(run, "lenet5", "--dtype", "float32")
    assert floats["head"] == 4 * ints["head"]
    assert floats["flash"] > 3 * ints["flash"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--budget", "1MiB"), 0),
        (("--budget", "64KiB"), 1),
        (("--flash", "4MiB"), 0),
        (("--flash", "1MiB"), 1),
        (("--budget", "1MiB", "--flash", "1MiB"), 1),
    ],
)
def test_budgets(run: Run, arguments: tuple[str, ...], status: int) -> None:
    outcome = run("deploy", *SMALL, *arguments, "--totals")
    assert outcome.status == status
    assert ("does not fit" in outcome.out) == bool(status)


def test_what_could_give(run: Run) -> None:
    outcome = run("deploy", "mobilenet_v2", "--budget", "512KiB", "--format", "json")
    assert outcome.status == 1
    found = json.loads(outcome.out)
    assert found["budget"] == {"arena": 512 * 1024, "flash": None, "fits": False}
    changes = {one["options"]: one for one in found["changes"]}
    assert changes["--same"]["arena"] < found["arena"]
    assert changes["--patches"]["fits"]
    assert changes["--patches"]["macs"] > found["macs"]
    smaller = next(one for one in found["changes"] if one["fits"] and "--input" in one["options"])
    again = deploy(run, "mobilenet_v2", *smaller["options"].split(), "--budget", "512KiB")
    assert again["arena"] == smaller["arena"]


def test_a_better_plan(run: Run, tmp_path: Path) -> None:
    source = str(FILES / "dense_block.tflite")
    target = tmp_path / "better.tflite"
    outcome = run("deploy", source, "--plan", "-o", str(target), "--format", "json")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert (found["head"], found["plan"]["head"]) == (122_880, 98_304)
    assert found["plan"]["optimal"]
    assert found["plan"]["bound"] == 98_304
    again = deploy(run, str(target))
    assert again["stated_plan"]
    assert again["head"] == 98_304
    assert [one["operator"] for one in again["operators"]] == [
        one["operator"] for one in found["operators"]
    ]
    # planning again changes nothing
    twice = tmp_path / "twice.tflite"
    run("deploy", str(target), "--plan", "-o", str(twice))
    assert deploy(run, str(twice))["head"] == 98_304


def test_patches(run: Run) -> None:
    found = deploy(run, "mobilenet_v2", "--patches", "--same")
    by = {(one["operator"], one["number"]): one for one in found["patches"]}
    # MCUNetV2 (Lin et al. 2021) runs MobileNetV2 in 4×4 patches: some 10% more operations, and
    # the rest of the network in 172 KiB without, 343 KiB with a second buffer for depthwise layers
    cut = by[12, 4]
    assert found["operators"][12]["output_shape"] == [32, 28, 28]
    assert cut["again"] == 27_919_344
    assert cut["rest"] == 351_232
    assert cut["stage"] < 351_232
    assert min(one["head"] for one in found["patches"]) == found["best_patches"]["head"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no.tflite",), "cannot read no.tflite"),
        (("lenet5", "--plan", "-o", "x.tflite"), "only a .tflite file"),
        ((str(FILES / "swish.tflite"), "-o", "x.tflite"), "written with a plan"),
        (("lenet5", "--budget", "many"), "no amount of bytes"),
        (("segnet",), "no operator for this `max_unpool`"),
        ((str(FILES / "swish.tflite"), "--same"), "taken as it is"),
        ((str(FILES / "swish.tflite"), "--input", "3x8x8"), "has its input"),
    ],
)
def test_what_cannot_be_done(run: Run, arguments: tuple[str, ...], message: str) -> None:
    outcome = run("deploy", *arguments)
    assert outcome.status == 2
    assert message in outcome.err


def test_formats(run: Run, tmp_path: Path) -> None:
    rows = list(csv.DictReader(StringIO(run("deploy", "lenet5", "--format", "csv").out)))
    assert [row["name"] for row in rows[:3]] == ["CONV_2D", "TANH", "AVERAGE_POOL_2D"]
    assert "| CONV\\_2D |" in run("deploy", "lenet5", "--format", "markdown").out or (
        "| CONV_2D |" in run("deploy", "lenet5", "--format", "markdown").out
    )
    drawn = tmp_path / "plan.svg"
    assert run("deploy", str(FILES / "dense_block.tflite"), "--plan", "-o", str(drawn)).status == 0
    root = ElementTree.fromstring(drawn.read_text("utf-8"))
    found = deploy(run, str(FILES / "dense_block.tflite"), "--plan")
    boxes = [one for one in root.iter() if one.tag.endswith("rect")]
    # the ground, and a rectangle a buffer of each plan
    assert len(boxes) == 1 + len(found["buffers"]) + len(found["plan"]["buffers"])
    page = tmp_path / "plan.html"
    assert run("deploy", "lenet5", "-o", str(page)).status == 0
    assert "<svg" in page.read_text("utf-8")


def test_the_picture(run: Run) -> None:
    lines = run("deploy", "resnet18", "--totals").out.splitlines()
    assert any("operators 0 to 3" in line for line in lines)
    assert any(line.endswith("." * 20) for line in lines)


def test_analyze_deployed(run: Run) -> None:
    """The lowered table alone."""
    found = json.loads(run("analyze", "lenet5", "--deployed", "--format", "json").out)
    assert found == deploy(run, "lenet5")
    text = run("analyze", "lenet5", "--deployed").out
    assert "12 operators · 416.5K MACs" in text
    assert "multipliers" not in text


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ("conv_bn1.conv", "operator 1, CONV_2D + RELU6 with conv_bn1.batch_norm, relu6_1"),
        ("conv_bn1.batch_norm", "operator 1, CONV_2D + RELU6 with conv_bn1.conv, relu6_1"),
        ("dropout", "left out"),
        ("stage2.residual2.add", "ADD"),
    ],
)
def test_explain_says_into_what_a_layer_went(run: Run, layer: str, told: str) -> None:
    text = run("explain", "mobilenet_v2", layer).out
    assert told in " ".join(text.split())
    found = json.loads(run("explain", "mobilenet_v2", layer, "--format", "json").out)
    assert bool(found["deployed"]) == (told != "left out")


def test_explain_where_nothing_can_be_deployed(run: Run) -> None:
    assert "on a device" not in run("explain", "segnet", "conv1").out


def test_memory_points_here(run: Run) -> None:
    told = "cnncalc deploy"
    assert told in run("memory", "lenet5", "--dtype", "int8").out
    assert told not in run("memory", "lenet5").out


def test_a_plan_is_what_the_budget_is_held_against(run: Run) -> None:
    file = str(FILES / "residual_norms.tflite")
    assert run("deploy", file, "--budget", "48KiB").status == 1
    assert run("deploy", file, "--budget", "48KiB", "--plan").status == 0
