"""What a network takes on a microcontroller: operators, arena, flash, and what could give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cnncalc.deployment.arena import Plan, greedy
from cnncalc.deployment.flash import Flash, flash
from cnncalc.deployment.from_file import program_of
from cnncalc.deployment.kernels import missing, scratch_of
from cnncalc.deployment.lowering import lower
from cnncalc.deployment.patches import Patches, best_patches, patch_table
from cnncalc.deployment.program import Operator, Program, lifetimes
from cnncalc.deployment.search import Search, improved, with_fixed
from cnncalc.deployment.tail import Tail, tail
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.tflite.file import TfliteFile, read_bytes
from cnncalc.exchange.tflite.writer import OFFLINE, offline_table, rewritten, stated_offsets
from cnncalc.graph import Graph
from cnncalc.shapes import Shape

TARGETS = ("tflm",)
"""Interpreters whose memory is worked out: TensorFlow Lite Micro."""

WHEEL = 8
"""Bytes of a pointer where PyPI's interpreter runs."""


class Change(NamedTuple):
    """A change of the network, or of how it runs, and what it would take then."""

    name: str
    options: str
    arena: int
    flash: int
    macs: int
    fits: bool


class DeployedLayer(NamedTuple):
    """What becomes of a layer."""

    operators: tuple[tuple[int, Operator], ...]
    """The operators that it is part of, with their numbers; none where it is left out."""


class Deployment(NamedTuple):
    """A network on a microcontroller."""

    program: Program
    source: str | None
    scratch: tuple[tuple[int, ...], ...]
    plan: Plan
    """Where the interpreter places buffers."""
    stated: bool
    """Whether the file states the places of its tensors."""
    tail: Tail
    tail_x86: Tail
    flash: Flash
    file_size: int | None
    """Bytes of the file, where there is one."""
    missing: tuple[str, ...]
    """Operators that the interpreter does not have."""
    same_head: int | None
    """The head with padding `same` in place of a PAD before strided layers, where that differs."""
    search: Search | None = None
    patches: tuple[Patches, ...] | None = None
    patches_chosen: Patches | None = None
    changes: tuple[Change, ...] = ()
    budget: int | None = None
    flash_budget: int | None = None

    @property
    def head(self) -> int:
        """Bytes of activations and scratch."""
        return self.plan.head

    @property
    def arena(self) -> int:
        """Bytes of RAM on a 32-bit microcontroller."""
        return self.head + self.tail.total

    @property
    def planned_arena(self) -> int:
        """Bytes of RAM with the better plan, where one was looked for."""
        head = self.head if self.search is None else min(self.head, self.search.plan.head)
        return head + self.tail.total

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash: those of the file, or of the one that the converter would write."""
        return self.flash.total if self.file_size is None else self.file_size

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a run."""
        return sum([one.macs for one in self.program.operators])

    @property
    def fits(self) -> bool:
        """Whether it fits into the budgets there are."""
        ram = self.budget is None or self.planned_arena <= self.budget
        return ram and (self.flash_budget is None or self.flash_bytes <= self.flash_budget)

    @property
    def peak(self) -> int:
        """The operator while which the most bytes are alive."""
        return max(range(len(self.program.operators)), key=self.alive, default=0)

    def alive(self, operator: int) -> int:
        """Bytes alive while an operator runs."""
        return sum([one.bytes for one in self.plan.buffers if one.first <= operator <= one.last])


def deploy_graph(
    graph: Graph, *, dtype: str = "int8", floats_at_ends: bool = False, same: bool = False
) -> Deployment:
    """Return a graph on a microcontroller.

    Raises:
        UsageError: a layer has no operator.
    """
    program = lower(graph, dtype=dtype, floats_at_ends=floats_at_ends, same=same)
    found = deploy_program(program, graph.source)
    if same:
        return found
    other = lower(graph, dtype=dtype, floats_at_ends=floats_at_ends, same=True)
    head = greedy(lifetimes(other, scratch_of(other))).head
    return found._replace(same_head=head if head != found.head else None)


def deployed_layer(graph: Graph, node: int) -> DeployedLayer | None:
    """Return what becomes of a layer; `None` where the network has a layer without an operator."""
    try:
        program = lower(graph)
    except UsageError:
        return None
    numbered = enumerate(program.operators)
    return DeployedLayer(tuple([(n, one) for n, one in numbered if node in one.nodes]))


def deploy_file(file: TfliteFile) -> Deployment:
    """Return a TensorFlow Lite file on a microcontroller; nothing has to be guessed.

    Raises:
        UsageError: it holds several graphs, or a table of places that is not its own.
    """
    program = program_of(file)
    found = deploy_program(program, f"TensorFlow Lite, {file.label}")
    offsets = stated_offsets(file.metadata.get(OFFLINE), len(file.tensors))
    if offsets is not None:
        buffers = found.plan.buffers
        fixed = {
            number: offsets[one.tensor]
            for number, one in enumerate(buffers)
            if one.tensor is not None and offsets[one.tensor] >= 0
        }
        found = found._replace(plan=with_fixed(buffers, fixed), stated=True)
    return found._replace(file_size=file.size)


def deploy_program(program: Program, source: str | None) -> Deployment:
    """Return a program on a microcontroller."""
    scratch = scratch_of(program)
    return Deployment(
        program, source, tuple(scratch), greedy(lifetimes(program, scratch)), False,
        tail(program), tail(program, WHEEL, recording=True), flash(program), None,
        tuple(missing(program)), None,
    )  # fmt: skip


def with_search(deployment: Deployment) -> Deployment:
    """The same with the best plan that is found."""
    return deployment._replace(search=improved(deployment.program, list(deployment.scratch)))


def with_patches(deployment: Deployment) -> Deployment:
    """The same with what running its first layers patch by patch would take.

    Raises:
        UsageError: no layer can be cut.
    """
    table = patch_table(deployment.program)
    if not table:
        raise UsageError(
            "its first layers cannot run patch by patch: each would need its whole input",
            "patches take one input that is a map, and convolutions or pools behind it",
        )
    budget = deployment.budget
    room = None if budget is None else budget - deployment.tail.total
    return deployment._replace(patches=tuple(table), patches_chosen=best_patches(table, room))


Rebuild = Callable[[dict[str, object], Shape | None], Graph]
"""Builds the graph with other parameters or another input."""

WIDTHS = (0.75, 0.5, 0.35, 0.25)


def with_budget(
    deployment: Deployment,
    budget: int | None,
    flash_budget: int | None,
    graph: Graph | None,
    rebuild: Rebuild | None,
    **options: object,
) -> Deployment:
    """The same with what would make it fit into RAM and flash."""
    found = deployment._replace(budget=budget, flash_budget=flash_budget)
    if found.fits:
        return found
    changes = list(_by_plan(found))
    if graph is not None and rebuild is not None:
        changes += _by_network(found, graph, rebuild, options)
    return found._replace(changes=tuple(changes))


def _change(found: Deployment, name: str, options: str, other: Deployment) -> Change:
    tried = other._replace(budget=found.budget, flash_budget=found.flash_budget)
    return Change(name, options, other.arena, other.flash_bytes, other.macs, tried.fits)


def _by_plan(found: Deployment) -> Iterator[Change]:
    """Changes that leave the network's values as they are."""
    if found.budget is None or found.planned_arena <= found.budget:
        return
    tail_bytes = found.tail.total
    flash_fits = found.flash_budget is None or found.flash_bytes <= found.flash_budget
    search = found.search or improved(found.program, list(found.scratch))
    if found.search is None and search.plan.head < found.head:
        arena = search.plan.head + tail_bytes
        fits = arena <= found.budget and flash_fits
        yield Change("a better plan", "--plan", arena, found.flash_bytes, found.macs, fits)
    chosen = best_patches(patch_table(found.program), found.budget - tail_bytes)
    if chosen is not None and chosen.head < found.head:
        arena = chosen.head + tail_bytes
        fits = arena <= found.budget and flash_fits
        name = f"{chosen.number}×{chosen.number} patches"
        macs = found.macs + chosen.again
        yield Change(name, "--patches", arena, found.flash_bytes, macs, fits)


def _by_network(
    found: Deployment, graph: Graph, rebuild: Rebuild, options: dict[str, object]
) -> list[Change]:
    """Changes of the network: padding, a smaller input, fewer channels."""
    changes = []

    def built(changed: dict[str, object], shape: Shape | None, **more: object) -> Deployment | None:
        try:
            other = rebuild(changed, shape)
            return deploy_graph(other, **{**options, "same": True, **more})  # type: ignore[arg-type]
        except (SpecError, UsageError):
            return None

    def tried(name: str, option: str, changed: dict[str, object], shape: Shape | None) -> bool:
        other = built(changed, shape, same=bool(options.get("same")))
        if other is None:
            return False
        changes.append(_change(found, name, option, other))
        return changes[-1].fits

    if found.same_head is not None and found.same_head < found.head:
        other = built({}, None)
        if other is not None:
            changes.append(_change(found, "padding `same` where the stride is 2", "--same", other))
    shape = graph.input_shape
    if len(graph.inputs) == 1 and len(shape) > 1:
        for share in (7, 6, 5, 4, 3, 2):
            sizes = tuple([max(size * share // 8 // 8 * 8, 8) for size in shape[1:]])
            text = "x".join(map(str, (shape[0], *sizes)))
            if sizes != shape[1:] and tried(
                f"input {text.replace('x', '×')}", f"--input {text}", {}, (shape[0], *sizes)
            ):
                break
    if isinstance(graph.parameters.get("width"), int | float):
        for width in WIDTHS:
            if width < graph.parameters["width"] and tried(
                f"width {width}", f"--set width={width}", {"width": width}, None
            ):
                break
    return changes


def better_file(data: bytes, file: TfliteFile, deployment: Deployment) -> bytes:
    """Return the file with the better plan stated in it, and its operators in the plan's order.

    The result was read again and its plan worked out as the interpreter does.

    Raises:
        UsageError: the file has parts that would be lost.
    """
    search = deployment.search
    assert search is not None
    offsets = [-1] * len(file.tensors)
    for one, at in zip(search.plan.buffers, search.plan.offsets, strict=True):
        if one.tensor is not None:
            offsets[one.tensor] = at
    order = None if search.order == tuple(range(len(search.order))) else search.order
    written = rewritten(data, offline_table(offsets), order)
    again = deploy_file(read_bytes(written, file.label))
    # what is written is held against what was planned before anyone gets it
    assert again.head == search.plan.head, (again.head, search.plan.head)
    assert len(again.program.tensors) == len(deployment.program.tensors)
    return written
