"""darknet's .cfg: sections, sizes as darknet prints them, mistakes with their places, repairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import same_network

from cnncalc.api import validate
from cnncalc.cli import run as command
from cnncalc.diagnostics import SpecError
from cnncalc.exchange.converting import architecture_of
from cnncalc.exchange.darknet.reader import open_model
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source

NET = "[net]\nwidth=32\nheight=32\nchannels=3\n"
CONV = "[convolutional]\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
OUTPUT = "[convolutional]\nfilters=4\nsize=1\nactivation=linear\n"


def network(text: str) -> Any:
    return open_model(Source("net.cfg", text), "net.cfg")


def last(text: str) -> tuple[int, ...]:
    return network(text).graph().nodes[-1].facts.output


SIZES = [
    ("[convolutional]\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=mish", (8, 16, 16)),
    ("[convolutional]\nfilters=8\nsize=3\nstride=2\nactivation=linear", (8, 15, 15)),
    ("[convolutional]\nfilters=8\nsize=3\npadding=2\nactivation=linear", (8, 34, 34)),
    ("[convolutional]\nfilters=6\nsize=3\npad=1\ngroups=3\nactivation=linear", (6, 32, 32)),
    ("[convolutional]\nfilters=6\nsize=3\npad=1\ndilation=2\nactivation=linear", (6, 32, 32)),
    ("[convolutional]\nfilters=6\nsize=3\npad=1\nstride_x=2\nactivation=linear", (6, 32, 16)),
    ("[convolutional]\nactivation=linear", (1, 32, 32)),
    ("[deconvolutional]\nfilters=5\nsize=4\nstride=2\npadding=1\nactivation=relu", (5, 64, 64)),
    ("[maxpool]\nsize=2\nstride=2", (3, 16, 16)),
    ("[maxpool]\nsize=2\nstride=1", (3, 32, 32)),  # one row behind, as in tiny YOLO
    ("[maxpool]\nsize=3\nstride=2", (3, 16, 16)),
    ("[maxpool]\nsize=3\nstride=2\npadding=0", (3, 15, 15)),
    ("[maxpool]\nsize=13\nstride=1", (3, 32, 32)),  # a pyramid's
    ("[avgpool]", (3, 1, 1)),
    ("[upsample]\nstride=2", (3, 64, 64)),
    ("[reorg]\nstride=2", (12, 16, 16)),
    ("[reorg]\nextra=2\nstride=1", (3074,)),
    ("[crop]\ncrop_width=28\ncrop_height=24\nflip=0", (3, 24, 28)),
    ("[connected]\noutput=10\nactivation=relu", (10,)),
    ("[local]\nfilters=5\nsize=3\nstride=1\npad=1\nactivation=leaky", (5, 32, 32)),
    ("[dropout]\nprobability=.2", (3, 32, 32)),
    ("[softmax]", (3072,)),
    ("[softmax]\nspatial=1", (3, 32, 32)),
    ("[batchnorm]", (3, 32, 32)),
    ("[activation]\nactivation=ramp", (3, 32, 32)),
    ("[logistic]", (3, 32, 32)),
    (f"{CONV}[route]\nlayers=-1", (8, 32, 32)),
    (f"{CONV}{CONV}[route]\nlayers=-1, 0", (16, 32, 32)),
    (f"{CONV}[route]\nlayers=-1\ngroups=4\ngroup_id=1", (2, 32, 32)),
    (f"{CONV}{CONV}[shortcut]\nfrom=-2\nactivation=linear", (8, 32, 32)),
    (f"{CONV}{CONV}{CONV}[shortcut]\nfrom=-2,-3\nactivation=linear", (8, 32, 32)),
    (f"{CONV}{OUTPUT}[shortcut]\nfrom=-2\nactivation=linear", (4, 32, 32)),
    (f"{OUTPUT}{CONV}[shortcut]\nfrom=-2\nactivation=linear", (8, 32, 32)),
    (f"{CONV}[maxpool]\nsize=2\nstride=2\n[shortcut]\nfrom=0\nactivation=linear", (8, 16, 16)),
    (f"{CONV}[avgpool]\n[scale_channels]\nfrom=0", (8, 32, 32)),
    (f"{CONV}{CONV}[sam]\nfrom=0", (8, 32, 32)),
    (f"{CONV}[yolo]\nmask=0,1", (8, 32, 32)),
]


@pytest.mark.parametrize(("section", "output"), SIZES)
def test_output_sizes(section: str, output: tuple[int, ...]) -> None:
    assert last(NET + section) == output


def test_the_case() -> None:
    """258,048 multiply-accumulates: 0.001 BFLOPS."""
    text = (
        f"{NET}[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\n"
        "activation=leaky\n[maxpool]\nsize=2\nstride=2\n"
        "[convolutional]\nfilters=18\nsize=1\nstride=1\npad=1\nactivation=linear\n"
    )
    graph = network(text).graph()
    assert sum(node.params for node in graph.nodes) == 394
    assert sum(node.facts.buffer_values for node in graph.nodes) == 16
    assert sum(node.facts.operations.macs for node in graph.nodes) == 258_048
    assert graph.nodes[-1].facts.output == (18, 16, 16)


def test_a_yolo_layer_marks_an_output() -> None:
    text = f"{NET}{OUTPUT}[yolo]\n[route]\nlayers=-2\n{OUTPUT}[yolo]\n"
    graph = network(text).graph()
    assert [graph.nodes[index].name for index in graph.outputs] == ["layer0", "layer3"]


def test_shared_weights() -> None:
    text = f"{NET}{CONV}{CONV}[convolutional]\nshare_index=1\nfilters=8\nsize=3\npad=1\n"
    graph = network(text + "activation=leaky\n").graph()
    assert [node.shares for node in graph.nodes if node.kind.name == "conv"] == [None, None, 3]


def test_another_input() -> None:
    assert network(NET + CONV).graph(input=(3, 48, 64)).nodes[-1].facts.output == (8, 48, 64)


MESSAGES = [
    ("", "a .cfg begins with the section `[net]`", 1, 1),
    ("[convolutional]\n", "a .cfg begins with the section `[net]`", 1, 1),
    ("width=3\n", "options before the first section", 1, 1),
    (NET, "it has no layers", 1, 1),
    ("[net]\nwidth=32\n[avgpool]\n", "`[net]` needs `height`", 1, 1),
    (f"{NET}what\n", "`what` is neither a `[section]` nor `key=value`", 5, 1),
    (f"{NET}[lstm]\noutput=3\n", "`[lstm]` is a recurrent layer, and not read", 5, 1),
    (f"{NET}[poool]\n", "darknet has no section `[poool]`", 5, 1),
    (f"{NET}{CONV}[route]\nlayers=-2\n", "`layers` names layer -2", 12, 8),
    (f"{NET}[route]\nlayers=-1\n", "before layer 0 there are none", 6, 8),
    (f"{NET}[route]\nlayers=a\n", "`layers` must list whole numbers, not `a`", 6, 8),
    (f"{NET}[route]\n", "`[route]` needs `layers`", 5, 1),
    (f"{NET}[maxpool]\nsize = 2x\n", "`size` must be a whole number from 1 on, not `2x`", 6, 8),
    (f"{NET}[connected]\nactivation=what\n", "the activation `what` is not known", 6, 12),
    (f"{NET}[convolutional]\nsize=40\nactivation=relu\n", "kernel 40 does not fit", 6, 6),
    (f"{NET}[convolutional]\nfilters=4\ngroups=2\nactivation=relu\n", "2 groups do not", 7, 8),
    (f"{NET}[maxpool]\nsise=3\n", "`[maxpool]` has no option `sise`", 6, 1),
    (f"{NET}{CONV}[shortcut]\nfrom=-1\nweights_type=per_channel\n", "with weights is", 13, 14),
    (f"{NET}{CONV}[maxpool]\nsize=2\nstride=2\n[route]\nlayers=0,1\n", "cannot be joined", 14, 1),
]


@pytest.mark.parametrize(("text", "message", "line", "column"), MESSAGES)
def test_mistakes_have_places(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(SpecError) as caught:
        network(text).graph()
    finding = caught.value.diagnostics[0]
    assert message in finding.message
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (line, column)
    assert finding.excerpt is not None


def test_every_mistake_is_told_once() -> None:
    with pytest.raises(SpecError) as caught:
        network(f"{NET}[poool]\n{CONV}[lstm]\n{CONV}").graph()
    assert [one.place.line for one in caught.value.diagnostics if one.place] == [5, 12]


REPAIRS = [
    ("[maxpool]\nsise=3\nstride=2\n", "[maxpool]\nsize=3\nstride=2\n"),
    ("[convolutionl]\nfilters=3\nactivation=relu\n",
     "[convolutional]\nfilters=3\nactivation=relu\n"),
    ("[convolutional]\nfilters=4\ngroups=2\nactivation=relu\n",
     "[convolutional]\nfilters=4\ngroups=1\nactivation=relu\n"),
    ("[convolutional]\nsize = 40 # wide\nactivation=lineer\n",
     "[convolutional]\nsize = 32 # wide\nactivation=linear\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), REPAIRS)
def test_repairs_edit_the_file(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "net.cfg"
    path.write_text(NET + before)
    assert command(["validate", str(path)]) == 1
    assert command(["validate", "--fix", "--unsafe", str(path)]) == 0
    assert path.read_text() == NET + after
    assert not [one for one in validate(path) if one.severity == "error"]


def test_rules_point_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.cfg"
    path.write_text(f"{NET}[maxpool]\nsize=2\nstride=3\n{OUTPUT}")
    (finding,) = [one for one in validate(path) if one.rule == "stride-skips-input"]
    assert finding.place is not None
    assert (finding.place.file, finding.place.line, finding.place.column) == (str(path), 7, 8)
    assert finding.excerpt == "stride=3"


def test_written_as_an_architecture_file() -> None:
    unit = CONV.replace("size=3", "batch_normalize=1\nsize=3")
    text = NET + unit + f"{unit}{unit}[shortcut]\nfrom=-3\nactivation=linear\n" * 4 + OUTPUT
    opened = network(text)
    written = architecture_of(opened, opened.graph())
    assert "repeat" in written
    assert len(written.splitlines()) < 25
    assert same_network(opened.graph(), Network(Source("net.yaml", written)).graph())


HOSTILE = {
    "blank": "\n" * 1_000_000,
    "sections": NET + "[dropout]\n" * 200_000,
    "one line": NET + "[route]\nlayers=" + "-1," * 1_000_000,
    "wide": f"{NET}[convolutional]\nfilters=2000000000\nsize=2000000000\nactivation=relu\n",
    "huge": NET.replace("32", "2000000000") + CONV,
    "binary": "[net]\n\0\1\2",
    "mistakes": NET + "[what]\n" * 4_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        network(HOSTILE[name]).graph()
    assert len(str(caught.value)) < 20_000
