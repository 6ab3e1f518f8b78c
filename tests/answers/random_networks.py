"""Random networks from a seed, as texts of architecture files.

A layer is proposed at random and kept where the file still elaborates, so what comes out is a
network whatever was proposed: blocks with parameters that are numbers or layers, blocks within
blocks, named inner layers, references to them from inside and outside, shared weights of layers
and of blocks, several inputs and outputs, scalars, matrix products, merges of branches that
start elsewhere, repetitions and conditions.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from cnncalc.diagnostics import SpecError
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source

Layers = list[Any]

PLAIN = (
    "relu", "silu", "tanh", "sigmoid", "gelu", "hard_swish", "relu6", "elu", "batch_norm",
    "identity", "dropout", "squeeze_excitation", "instance_norm", "mish", "softmax", "leaky_relu",
    "layer_norm", "prelu", "softplus",
)  # fmt: skip
"""Kinds without options that keep the shape."""

COMMON = ("relu", "silu", "tanh", "sigmoid", "gelu", "batch_norm", "identity", "dropout", "elu")

MERGES = ("add", "add", "add", "multiply", "concat", "concat", "subtract", "maximum", "minimum")


class Drawing:
    """A file in the making."""

    def __init__(self, seed: int, size: int = 9) -> None:
        self.random = random.Random(seed)
        self.common = seed % 3 == 0
        """Whether only kinds are drawn that every framework has."""
        self.blocks: dict[str, Layers] = {}
        self.layers: Layers = []
        self.inputs: Any = self._inputs()
        self.size = size

    def _inputs(self) -> Any:
        channels = self.random.choice([4, 4, 8])
        rank = self.random.choice([1, 2, 2, 2, 2, 3])
        shape = [channels, *[self.random.choice([8, 12])] * rank]
        if self.random.random() < 0.8:
            return shape
        other = [self.random.choice([channels, 8]), *shape[1:]]
        return {"left": shape, "right": other}

    # -- the file --------------------------------------------------------------------------------

    def text(self) -> str:
        """The file as it is."""
        return written(self.inputs, self.blocks, self.layers)

    def graph(self) -> Graph | None:
        """The graph of the file as it is, if it is one."""
        try:
            return Network(Source("net.yaml", self.text(), None)).graph()
        except SpecError:
            return None

    def draw(self) -> str:
        """Propose until the file has its size."""
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            self._propose_block()
        wanted = self.random.randint(3, self.size)
        for _ in range(6 * wanted):
            if len(self.layers) >= wanted:
                break
            known = self._known()
            self.layers.append(self.layer(known, self._outer_names(known), inside=False))
            found = self.graph()
            if found is None or _large(found):
                self.layers.pop()
        if not self.layers:
            self.layers.append("relu")
        return self.text()

    def _known(self) -> Graph:
        found = self.graph() if self.layers else None
        if found is None:
            inputs = self.inputs if isinstance(self.inputs, dict) else {"input": self.inputs}
            text = written(inputs if len(inputs) > 1 else self.inputs, {}, ["identity"])
            found = Network(Source("net.yaml", text, None)).graph()
            return found._replace(nodes=found.nodes[: len(found.inputs)])
        return found

    def _outer_names(self, known: Graph) -> list[str]:
        """What layers of the file itself may refer to: inputs, layers, layers inside blocks."""
        return [node.name for node in known.nodes]

    def _propose_block(self) -> None:
        """A block, kept where one use of it on the input elaborates."""
        for _ in range(8):
            number = len(self.blocks)
            parameters = self.random.choice([[], ["f"], ["f"], ["f", "skip"], ["skip"]])
            stem = self.random.choice(["unit", "repeat", "conv_bn", "head", "s", "b", "name"])
            name = f"{stem}{number}" if stem in ("repeat", "name") else f"{stem}_{number}"
            header = f"{name}({', '.join(parameters)})" if parameters else name
            names = ["skip"] if "skip" in parameters else []
            body: Layers = []
            for _ in range(self.random.randint(1, 5)):
                body.append(self.layer(None, names, inside=True, wide="f" in parameters))
                if isinstance(body[-1], dict) and "name" in body[-1]:
                    names.append(body[-1]["name"])
            self.blocks[header] = body
            self.layers = [self._use(header, ["input"])]
            if isinstance(self.inputs, dict):
                self.layers = [self._use(header, list(self.inputs))]
            good = self.graph() is not None
            self.layers = []
            if good:
                return
            del self.blocks[header]

    # -- a layer ---------------------------------------------------------------------------------

    def layer(
        self, known: Graph | None, names: Sequence[str], *, inside: bool, wide: bool = False
    ) -> Any:
        """A layer, with whatever keys; `inside` a block."""
        draw = self.random
        dice = draw.random()
        if self.blocks and dice < (0.12 if inside else 0.35):
            found = self._use(draw.choice(list(self.blocks)), names)
        elif dice < 0.62:
            found = self.single(wide)
        elif dice < 0.92:
            found = self.merge(names, wide)
        elif names and dice < 0.94:
            found = self._sized(names)
        elif known is not None and not inside and any(n.facts.weights for n in known.nodes):
            found = self._shared(known)
        else:
            found = self.group(wide)
        if isinstance(found, str):
            found = {found: None}
        if draw.random() < 0.4 and "layers" not in found:
            found["name"] = f"{draw.choice('abcxr')}{draw.randint(0, 60)}"
        if names and draw.random() < 0.18 and "from" not in found:
            found["from"] = draw.choice(names)
        if draw.random() < 0.07 and "share" not in found and "from" not in found:
            found["repeat"] = draw.randint(1, 3)
        if draw.random() < 0.04 and "from" not in found:
            found["if"] = draw.choice([True, False, "channels > 4"])
        if not inside and draw.random() < 0.1 and "repeat" not in found and "if" not in found:
            found["output"] = True
        plain = len(found) == 1 and next(iter(found.values())) is None
        return next(iter(found)) if plain else found

    def single(self, wide: bool) -> Any:
        """A layer of one input."""
        draw = self.random
        filters: Any = draw.choice([4, 4, 8, "channels", "2 * channels"])
        if wide and draw.random() < 0.6:
            filters = "f"
        padded = {"filters": filters, "kernel": 3, "padding": 1}
        return draw.choice(
            [
                lambda: {"conv": padded},
                lambda: {"conv": {**padded, "bias": False}},
                lambda: {"conv": {"filters": filters, "kernel": 1}},
                lambda: {"conv_transpose": {"filters": filters, "kernel": 2, "stride": 2}},
                lambda: {"max_pool": 2},
                lambda: {"avg_pool": {"kernel": 3, "stride": 1, "padding": 1}},
                lambda: {"upsample": 2},
                lambda: "global_avg_pool",
                lambda: {"rescale": {"factor": 0.5, "offset": draw.choice([0, 0.25])}},
                lambda: {"slice": [0, 4]},
                lambda: "flatten",
                lambda: {"linear": draw.choice([4, 8])},
                lambda: draw.choice(COMMON),
                lambda: draw.choice(COMMON),
                lambda: draw.choice(COMMON),
            ]
            + [
                lambda: {"conv": {**padded, "groups": 4, "dilation": 1}},
                lambda: {"depthwise_conv": {"kernel": 3, "padding": 1}},
                lambda: {"scale": {"axes": draw.choice([[], [0]])}},
                lambda: {"offset": {"axes": draw.choice([[], [0]])}},
                lambda: {"channel_shuffle": 2},
                lambda: {"group_norm": 2},
                lambda: {"reduce": {"axes": [0]}},
                lambda: {"clip": [-0.5, 0.5]},
                lambda: draw.choice(PLAIN),
                lambda: draw.choice(PLAIN),
            ]
            * (not self.common)
        )()

    def merge(self, names: Sequence[str], wide: bool) -> Any:
        """A merge of branches: lists, references, the incoming tensor."""
        draw = self.random
        kind = draw.choice(MERGES)
        if draw.random() < 0.1 and not self.common:
            turned = draw.choice([{}, {"transpose": True}, {"transpose_other": True}])
            return {"matmul": {"inputs": self._branches(2, names, wide), **turned}}
        many = 2 if kind == "subtract" else draw.choice([2, 2, 2, 3])
        return {kind: self._branches(many, names, wide)}

    def _branches(self, many: int, names: Sequence[str], wide: bool) -> Layers:
        draw = self.random
        branches: Layers = []
        for _ in range(many):
            dice = draw.random()
            if dice < 0.3:
                branches.append([])
            elif names and dice < 0.6:
                branches.append(draw.choice(names))
            else:
                inner: Layers = []
                for number in range(draw.randint(1, 3)):
                    one = self.single(wide)
                    if draw.random() < 0.12:
                        one = self.merge(names, wide)
                    if isinstance(one, str):
                        one = {one: None}
                    if number == 0 and names and draw.random() < 0.2:
                        one["from"] = draw.choice(names)
                    if draw.random() < 0.15:
                        one["name"] = f"i{draw.randint(0, 60)}"
                    inner.append(one)
                branches.append(inner)
        return branches

    def _use(self, header: str, names: Sequence[str]) -> dict[str, Any]:
        name, _, rest = header.partition("(")
        given: list[Any] = []
        for parameter in rest.rstrip(")").split(", ") if rest else []:
            wants_layer = parameter == "skip" and names
            given.append(self.random.choice(names) if wants_layer else self.random.choice([4, 8]))
        return {name: given or None}

    def _sized(self, names: Sequence[str]) -> Any:
        name = self.random.choice(names)
        return self.random.choice(
            [{"upsample": {"like": name}}, {"crop": name}, {"max_unpool": name}]
        )

    def _shared(self, known: Graph) -> Any:
        """A use of weights that an earlier layer, or an earlier use of a block, has."""
        uses = [one for one in self.layers if isinstance(one, dict) and "name" in one]
        again = [one for one in uses if next(iter(one)) not in ("layers",) and "share" not in one]
        again = [one for one in again if not {"repeat", "if"} & one.keys()]
        blocks = {header.partition("(")[0] for header in self.blocks}
        again = [one for one in again if next(iter(one)) in blocks] or again
        if not again:
            return self.single(False)
        first = self.random.choice(again)
        head = next(iter(first))
        return {head: first[head], "share": first["name"]}

    def group(self, wide: bool) -> Any:
        """Layers that repeat."""
        inner = [self.single(wide) for _ in range(self.random.randint(1, 3))]
        return {"repeat": self.random.randint(1, 3), "layers": inner}


def _large(found: Graph) -> bool:
    """Whether a network is larger than a test wants to run."""
    return (
        len(found.nodes) > 60
        or sum(max(node.facts.output) > 64 for node in found.nodes) > 0
        or any(_size(node.facts.output) > 40_000 for node in found.nodes)
        or any(_size(shape) > 200_000 for n in found.nodes for shape in n.facts.weights.values())
    )


def _size(shape: Sequence[int]) -> int:
    total = 1
    for one in shape:
        total *= one
    return total


def written(inputs: Any, blocks: dict[str, Layers], layers: Layers) -> str:
    """The text of a file, a layer a line (JSON is YAML)."""
    lines = [f"input: {json.dumps(inputs)}"]
    if blocks:
        lines.append("blocks:")
        for header, body in blocks.items():
            lines += [f"  {header}:", *[f"    - {json.dumps(one)}" for one in body]]
    lines += ["layers:", *[f"  - {json.dumps(one)}" for one in layers]]
    return "\n".join(lines) + "\n"


def drawn(seed: int, size: int = 9) -> str:
    """The text of the network of a seed."""
    return Drawing(seed, size).draw()
