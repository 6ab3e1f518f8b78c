"""Ultralytics' model files: published sizes, scales, heads, mistakes with places, repairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import same_network

from cnncalc.api import validate
from cnncalc.cli import run as command
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.converting import architecture_of
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.load import load
from cnncalc.exchange.ultralytics.reader import open_model
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source

SMALL = """\
nc: 4
depth_multiple: 0.5
width_multiple: 0.5
backbone:
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [32, 3, 2]]
head:
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [[-1, 0], 1, Concat, [1]]
  - [-1, 1, Conv, [32, 1, 1]]
"""

VERSION8 = """\
nc: 80
scales:
  n: [0.33, 0.25, 1024]
  x: [1.00, 1.25, 512]
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, Conv, [128, 3, 2]]
  - [-1, 3, C2f, [128, True]]
  - [-1, 1, Conv, [256, 3, 2]]
  - [-1, 6, C2f, [256, True]]
  - [-1, 1, Conv, [512, 3, 2]]
  - [-1, 6, C2f, [512, True]]
  - [-1, 1, Conv, [1024, 3, 2]]
  - [-1, 3, C2f, [1024, True]]
  - [-1, 1, SPPF, [1024, 5]]
head:
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [[-1, 6], 1, Concat, [1]]
  - [-1, 3, C2f, [512]]
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [[-1, 4], 1, Concat, [1]]
  - [-1, 3, C2f, [256]]
  - [-1, 1, Conv, [256, 3, 2]]
  - [[-1, 12], 1, Concat, [1]]
  - [-1, 3, C2f, [512]]
  - [-1, 1, Conv, [512, 3, 2]]
  - [[-1, 9], 1, Concat, [1]]
  - [-1, 3, C2f, [1024]]
  - [[15, 18, 21], 1, Detect, [nc]]
"""


def network(text: str, label: str = "net.yaml") -> Imported:
    return open_model(Source(label, text), label)


def totals(graph: Any) -> tuple[int, int]:
    nodes = graph.nodes
    return sum(n.params for n in nodes), sum(n.facts.operations.macs for n in nodes)


def test_the_case() -> None:
    assert totals(network(SMALL).graph())[0] == 1_832


PUBLISHED = [("n", 3_157_184, 8.7), ("x", 68_229_632, 257.8)]


@pytest.mark.parametrize(("scale", "params", "gflops"), PUBLISHED)
def test_published_sizes(scale: str, params: int, gflops: float) -> None:
    """Those of the table of version 8, less the 16 fixed weights of its mean over bins."""
    found, macs = totals(network(VERSION8).graph({"scale": scale}))
    assert found == params
    assert round(2 * macs / 1e9, 1) == pytest.approx(gflops, abs=0.2)


def test_the_letter_of_a_scale(tmp_path: Path) -> None:
    """`yolov8x.yaml` is the file `yolov8.yaml` at the scale x, whether or not it is there."""
    (tmp_path / "yolov8.yaml").write_text(VERSION8)
    for name, params in (("yolov8x", 68_229_632), ("yolov8n", 3_157_184), ("yolov8", 3_157_184)):
        found = load(str(tmp_path / f"{name}.yaml"))
        assert totals(found.graph(input=(3, 64, 64)))[0] == params
    (tmp_path / "yolov8x.yaml").write_text(VERSION8)
    assert totals(load(str(tmp_path / "yolov8x.yaml")).graph(input=(3, 64, 64)))[0] == 68_229_632
    with pytest.raises(UsageError, match="no such file"):
        load(str(tmp_path / "yolov9x.yaml"))


def test_a_scale_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="has no scale `q`"):
        network(VERSION8).graph({"scale": "q"})
    with pytest.raises(UsageError, match="has no scales"):
        network(SMALL).graph({"scale": "n"})
    with pytest.raises(UsageError, match="has no parameter `scales`"):
        network(SMALL).graph({"scales": "n"})


def test_heads() -> None:
    net = network(VERSION8)
    shape = (3, 64, 64)
    inference = net.graph({}, shape)
    assert [inference.nodes[n].facts.output for n in inference.outputs] == [(84, 84)]
    training = net.graph({"head": "training"}, shape)
    assert [training.nodes[n].facts.output[0] for n in training.outputs] == [64] * 3 + [80] * 3
    assert totals(training)[0] == totals(inference)[0]
    classes = net.graph({"nc": 4, "head": "training"}, shape)
    assert classes.nodes[-1].facts.output == (4, 2, 2)


def test_one_head_of_two() -> None:
    text = SMALL + "  - [[4], 1, v10Detect, [nc]]\n"
    both = network(text).graph({}, (3, 64, 64))
    one = network(text).graph({"head": "deployed"}, (3, 64, 64))
    assert len(both.outputs) == 3  # the maps of the one, and the other at inference
    assert len(one.outputs) == 1
    assert totals(both)[0] > totals(one)[0]


ROWS = [
    ("Conv, [16, 3, 2]", (16, 16, 16)), ("DWConv, [16, 3]", (16, 32, 32)),
    ("Focus, [16, 3]", (16, 16, 16)), ("ConvTranspose, [16, 2, 2]", (16, 64, 64)),
    ("nn.ConvTranspose2d, [16, 2, 2]", (16, 64, 64)), ("GhostConv, [16, 3, 2]", (16, 16, 16)),
    ("Bottleneck, [16]", (16, 32, 32)), ("BottleneckCSP, [16]", (16, 32, 32)),
    ("C1, [16]", (16, 32, 32)), ("C2, [16]", (16, 32, 32)), ("C2f, [16, True]", (16, 32, 32)),
    ("C3, [16, False]", (16, 32, 32)), ("C3x, [16]", (16, 32, 32)), ("C3Ghost, [16]", (16, 32, 32)),
    ("C3TR, [16]", (16, 32, 32)), ("RepC3, [16]", (16, 32, 32)), ("RepConv, [16]", (16, 32, 32)),
    ("C3k2, [16, False, 0.5]", (16, 32, 32)), ("C3k2, [16, True]", (16, 32, 32)),
    ("C2fCIB, [16, True, True]", (16, 32, 32)), ("SPP, [16, [3, 5]]", (16, 32, 32)),
    ("SPPF, [16, 5]", (16, 32, 32)), ("SPPELAN, [16, 8]", (16, 32, 32)),
    ("ELAN1, [16, 8, 4]", (16, 32, 32)), ("RepNCSPELAN4, [16, 8, 4, 1]", (16, 32, 32)),
    ("AConv, [16]", (16, 16, 16)), ("SCDown, [16, 3, 2]", (16, 16, 16)),
    ("A2C2f, [64, True, 4]", (64, 32, 32)), ("A2C2f, [64, False]", (64, 32, 32)),
    ("HGStem, [8, 16]", (16, 8, 8)), ("HGBlock, [8, 16, 3, True]", (16, 32, 32)),
    ("ResNetLayer, [3, 8, 1, False, 2]", (32, 32, 32)), ("nn.MaxPool2d, [2, 2, 0]", (3, 16, 16)),
    ("nn.ZeroPad2d, [[0, 1, 0, 1]]", (3, 33, 33)), ("nn.ReLU, []", (3, 32, 32)),
    ("MP, []", (3, 16, 16)), ("SP, [5, 1]", (3, 32, 32)), ("ReOrg, []", (12, 16, 16)),
    ("DownC, [16]", (16, 16, 16)), ("SPPCSPC, [16]", (16, 32, 32)),
    ("Conv, [16, 3, 2, None, 1, nn.LeakyReLU(0.1)]", (16, 16, 16)),
    ("nn.Upsample, [None, 2, nearest]", (3, 64, 64)), ("Classify, [10]", (10,)),
]  # fmt: skip


@pytest.mark.parametrize(("row", "output"), ROWS)
def test_modules(row: str, output: tuple[int, ...]) -> None:
    text = f"nc: 10\nbackbone:\n  - [-1, 1, {row}]\nhead: []\n"
    graph = network(text).graph({}, (3, 32, 32))
    assert graph.nodes[-1].facts.output == output


def test_attention_of_positions() -> None:
    text = "nc: 3\nbackbone:\n  - [-1, 1, Conv, [128, 3, 2]]\n  - [-1, 1, {}]\nhead: []\n"
    for row in ("C2PSA, [128]", "PSA, [128]", "C2fPSA, [128]", "AIFI, [64, 8]", "ADown, [128]"):
        graph = network(text.format(row)).graph({}, (3, 16, 16))
        size = 4 if row.startswith("ADown") else 8
        assert graph.nodes[-1].facts.output == (128, size, size), row


def test_parts_for_several_rows() -> None:
    text = (
        "nc: 3\nbackbone:\n  - [-1, 1, Conv, [16, 3, 2]]\n  - [0, 1, CBLinear, [[8, 4]]]\n"
        "  - [0, 1, Conv, [4, 3, 2]]\n  - [[1, -1], 1, CBFuse, [[1]]]\nhead: []\n"
    )
    net = network(text.replace("[4, 3, 2]", "[8, 3, 2]").replace("[8, 4]", "[4, 8]"))
    assert net.graph({}, (3, 32, 32)).nodes[-1].facts.output == (8, 8, 8)


ANCHORS = """\
nc: 2
anchors:
  - [10, 13, 16, 30, 33, 23]
backbone:
  - [-1, 1, Conv, [16, 3, 2]]
head:
  - [[0], 1, Detect, [nc, anchors]]
"""


def test_the_head_with_anchors() -> None:
    graph = network(ANCHORS).graph({"head": "training"}, (3, 32, 32))
    assert graph.nodes[-1].facts.output == (21, 16, 16)


@pytest.mark.parametrize(("head", "channels"), [("IDetect", 21), ("Segment", 117)])
def test_other_heads_with_anchors(head: str, channels: int) -> None:
    more = ", 32, 256" if head == "Segment" else ""
    text = ANCHORS.replace("Detect, [nc, anchors]", f"{head}, [nc, anchors{more}]")
    graph = network(text).graph({"head": "training"}, (3, 32, 32))
    found = [graph.nodes[index].facts.output for index in graph.outputs]
    assert (channels, 16, 16) in found
    if head == "Segment":
        assert (256, 32, 32) not in found
        assert (32, 32, 32) in found


def test_the_activation_of_all() -> None:
    graph = network("activation: nn.LeakyReLU(0.2)\n" + SMALL).graph({}, (3, 32, 32))
    kinds = [node.kind for node in graph.layers if node.kind.name == "leaky_relu"]
    assert [kind.__dict__["slope"] for kind in kinds] == [0.2] * 3


MESSAGES = [
    ("[-1, 1, Conv, [32, 3, 2]]", "[-1, 1, Convv, [32, 3, 2]]", "no module `Convv`", "Convv"),
    ("[[-1, 0], 1, Concat", "[[-1, 7], 1, Concat", "row 3 takes row 7", "7"),
    ("[[-1, 0], 1, Concat", "[[-1, -9], 1, Concat", "row 3 takes row -9", "-9"),
    ("[[-1, 0], 1, Concat", "[[-1, 1], 1, Concat", "maps of 16×16×16 and 16×8×8", "- [[-1, 1]"),
    ("[32, 3, 2]", "[32, 3, 2, 1, 1, 1, True, 9]", "`Conv` takes 7 arguments, not 8", "9"),
    ("Conv, [32, 3, 2]", "C2f, []", "`C2f` needs its output channels first", "- [-1"),
    ("Conv, [32, 3, 2]", "ELAN1, [32]", "`ELAN1` needs c3, c4", "[32]"),
    ("[32, 3, 2]", "[32, big, 2]", "`k` of `Conv` must be a whole number or two, not", "big"),
    ("[32, 3, 2]", "[32, 40, 2, 0]", "kernel 40 does not fit", "40"),
    ("[-1, 1, Conv, [32, 1, 1]]", "[-1, 1, Conv, 3]", "the arguments must be a list", "3"),
    ("[-1, 1, Conv, [32, 1, 1]]", "[-1, 1, Conv]", "a row is `[from, number", "[-1, 1, Conv]"),
    ("[-1, 1, Conv, [32, 1, 1]]", "[x, 1, Conv, [3]]", "must be a row's number, not `x`", "x"),
    ("[-1, 1, Conv, [32, 1, 1]]", "[-1, 0, Conv, [3]]", "the number must be from 1", "0"),
    ("[-1, 1, Conv, [32, 1, 1]]", "[[-1, 0], 1, Conv, [3]]", "takes one map, not 2", "-1"),
    ("[-1, 1, Conv, [32, 1, 1]]", "[-1, 1, TorchVision, [3]]", "of torchvision", "TorchVision"),
    ("nc: 4", "nc: many", "`nc` must be a whole number", "many"),
    ("nc: 4", "activation: nn.What()", "`nn.What()` is no activation", "nn.What()"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "message", "marked"), MESSAGES)
def test_mistakes_have_places(before: str, after: str, message: str, marked: str) -> None:
    assert before in SMALL
    with pytest.raises(SpecError) as caught:
        network(SMALL.replace(before, after)).graph({}, (3, 32, 32))
    finding = caught.value.diagnostics[0]
    assert message in finding.message
    assert finding.place is not None
    assert finding.excerpt is not None
    line = "- " + finding.excerpt[finding.place.column - 1 :]
    assert line.removeprefix("- ").startswith(marked.removeprefix("- "))


def test_no_rows_at_all() -> None:
    for text, message in (
        ("backbone: 1\nhead: 2\n", "`backbone` must be a list"),
        ("backbone: []\nhead: []\n", "it has no rows"),
        ("- 1\n", "a model file has"),
    ):
        with pytest.raises(SpecError, match=message):
            network(text).graph()


def test_a_repair_edits_the_file(tmp_path: Path) -> None:
    path = tmp_path / "yolo.yaml"
    path.write_text(SMALL.replace("Upsample", "Upsampel"))
    assert command(["validate", str(path)]) == 1
    assert command(["validate", "--fix", "--unsafe", str(path)]) == 0
    assert path.read_text() == SMALL


def test_rules_point_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "yolo.yaml"
    path.write_text(SMALL.replace("[32, 1, 1]", "[8, 1, 2]"))
    (finding,) = [one for one in validate(path) if one.rule == "stride-skips-input"]
    assert finding.place is not None
    assert finding.excerpt is not None
    assert (finding.place.line, finding.excerpt[finding.place.column - 1]) == (10, "2")
    assert command(["validate", "--fix", "--unsafe", "--select", "warning", str(path)]) == 0
    assert path.read_text() == SMALL.replace("[32, 1, 1]", "[8, 2, 2]")


def test_written_as_an_architecture_file() -> None:
    opened = network(VERSION8)
    graph = opened.graph({}, (3, 64, 64))
    written = architecture_of(opened, graph, (3, 64, 64))
    assert len(written.splitlines()) < 130
    assert same_network(graph, Network(Source("net.yaml", written)).graph())


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "bomb": BOMB + SMALL.replace("nc: 4", "nc: *i"),
    "rows": SMALL + "  - [-1, 1, Conv, [8]]\n" * 3_000,
    "wide": SMALL.replace("[32, 3, 2]", "[2000000000, 3, 2]"),
    "numbers": SMALL.replace("-1, 1, Conv, [32", "-1, 99999999, Conv, [32"),
    "deep": "backbone: " + "[" * 5_000,
    "circle": "backbone: &a [*a]\nhead: []\n",
    "mistakes": SMALL + "  - [-1, 1, What, [8]]\n" * 1_000,
    "anchors": ANCHORS.replace("[10, 13, 16, 30, 33, 23]", "1000000000"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        network(HOSTILE[name]).graph({}, (3, 32, 32))
    assert len(str(caught.value)) < 60_000


def test_aliases_that_multiply_are_not_followed() -> None:
    assert totals(network(BOMB + SMALL).graph({}, (3, 32, 32)))[0] == 1_832


def test_a_decoder_without_a_layer() -> None:
    """RT-DETR's decoder stores what it does, and what it computes is unknown."""
    rows = "  - [-1, 1, Conv, [16, 3, 2]]\n" * 2
    text = f"nc: 3\nbackbone:\n{rows}head:\n  - [[0, 1], 1, RTDETRDecoder, [nc]]\n"
    graph = network(text).graph({}, (3, 32, 32))
    assert graph.nodes[-1].kind.name == "custom"
    assert graph.nodes[-1].facts.output == (7, 300)


JUDGED = ["v8/yolov8-seg", "v10/yolov10n", "11/yolo11-pose", "12/yolo12", "26/yolo26-obb",
          "rt-detr/rtdetr-l", "v9/yolov9t", "v5/yolov5"]  # fmt: skip


def test_as_the_package_builds_them() -> None:
    """The parameters of Ultralytics' own parser, at the first scale of its own files."""
    torch = pytest.importorskip("torch")
    try:
        from ultralytics.nn.tasks import parse_model
        from ultralytics.utils import YAML
    except Exception as error:  # its imports reach far
        pytest.skip(f"ultralytics cannot be imported: {error}")
    import ultralytics

    folder = Path(ultralytics.__file__).parent / "cfg" / "models"
    for name in JUDGED:
        path = folder / f"{name}.yaml"
        data = YAML.load(str(path))
        data["scale"] = next(iter(data.get("scales") or [""]))
        with torch.device("meta"):
            modules, _ = parse_model(data, 3, verbose=False)
        theirs = sum(p.numel() for key, p in modules.named_parameters() if "dfl" not in key)
        opened = load(str(path))
        changes = {"scale": data["scale"]} if data["scale"] else {}
        graph = opened.graph(changes, (3, 64, 64))
        own = totals(graph)[0] + sum(n for _, n in opened.reading((3, 64, 64)).unused)
        assert own == theirs, name
