"""How much memory there is, and whether a run fits into it."""

from __future__ import annotations

import os
from typing import NamedTuple

from cnncalc.graph import Graph, Node
from cnncalc.layers.attention import SelfAttention
from cnncalc.numerics.errors import InputError

WORKSPACE_BYTES = 64 * 2**20
"""What the kernels use besides: the limit of their scratch memory."""

CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Limit and use of the group that a container runs in, by version of the interface."""


class Need(NamedTuple):
    """Bytes that a run takes."""

    weights: int
    activations: int
    workspace: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)


def need(graph: Graph, weights: int, peak: int, batch: int, width: int) -> Need:
    """What a run takes: arrays of weights, activations at their peak, and working space.

    Attention makes all its scores at once, which no scratch memory holds.
    """
    scores = max([_operands(graph, node) for node in graph.layers], default=0)
    return Need(weights, peak, WORKSPACE_BYTES + 2 * scores * batch * width)


def _operands(graph: Graph, node: Node) -> int:
    """Values of an attention's products that are alive together."""
    if not isinstance(node.kind, SelfAttention):
        return 0
    shapes = tuple([graph.nodes[index].facts.output for index in node.inputs])
    return sum([array.values for array in node.kind.keeps(shapes, node.facts.output).arrays])


def available_bytes() -> int | None:
    """Memory that can be had without swapping, by the system and by its control group."""
    found = [_meminfo() or _physical()]
    for limit, used in CGROUPS:
        most, now = _number(limit), _number(used)
        if most is not None and now is not None:
            found.append(max(most - now, 0))
    known = [size for size in found if size is not None]
    return min(known) if known else None


def require(needed: Need, describe: str) -> None:
    """Refuse a run that does not fit; ``describe`` is what it takes, in words.

    Raises:
        InputError: there is less memory than it takes.
    """
    there = available_bytes()
    if there is not None and needed.total > there:
        raise InputError(
            f"the run takes {describe}, and {there / 2**30:,.1f} GiB are available",
            "a smaller --batch or --input, or --dtype float32",
        )


def _meminfo() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None
