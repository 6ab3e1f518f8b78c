"""A network on a microcontroller, for people: operators, arena, flash, the plan as a picture."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from cnncalc.deployment.arena import Plan
from cnncalc.deployment.deploy import Deployment
from cnncalc.deployment.program import Program
from cnncalc.render.console import prose
from cnncalc.render.listing import Listing, ListingColumn
from cnncalc.render.numbers import exact, human, human_bytes, shape
from cnncalc.shapes import Shape

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
PICTURE_WIDTH = 64
PICTURE_HEIGHT = 16
NOTE_WIDTH = 54


def channels_first(sizes: Shape) -> Shape:
    """A shape as reports have it."""
    return (sizes[-1], *sizes[:-1]) if len(sizes) > 1 else sizes


def document(found: Deployment, *, exactly: bool = False, totals: bool = False) -> RenderableType:
    """What a terminal shows."""
    size = exact if exactly else human_bytes
    parts: list[RenderableType] = [_title(found)]
    if not totals:
        parts += [Text(), operator_listing(found, exactly)]
    parts += [Text(), _memory(found, exactly), Text(), picture(found.program, found.plan)]
    parts += [Text(), _notes(found, size)]
    if found.search is not None:
        parts += [Text(), _search(found, size)]
    if found.patches is not None:
        parts += [Text(), *_patches(found, exactly)]
    better = found.planned_arena < found.arena
    arena = "the arena in RAM, with the better plan," if better else "the arena in RAM"
    for budget, taken, what in (
        (found.budget, found.planned_arena, arena),
        (found.flash_budget, found.flash_bytes, "the file in flash"),
    ):
        if budget is not None:
            parts += [Text(), _verdict(what, taken, budget)]
    if found.changes:
        parts += [Text(), _changes(found, size)]
    return Group(*parts)


def operators_document(found: Deployment, exactly: bool = False) -> RenderableType:
    """The operators alone, and their sums."""
    size = exact if exactly else human_bytes
    count = exact if exactly else human
    sums = (
        f"{len(found.program.operators)} operators · {count(found.macs)} MACs · {size(found.head)}"
    )
    return Group(
        _title(found), Text(), operator_listing(found, exactly), Text(f"{sums} of RAM for them")
    )


def _title(found: Deployment) -> RenderableType:
    program = found.program
    inputs = " + ".join([shape(channels_first(program.tensors[n].shape)) for n in program.inputs])
    lines = [Text(program.name, "title")]
    if found.source:
        lines.append(Text(found.source, "source"))
    lines.append(Text(f"input {inputs} · {program.dtype} · TensorFlow Lite Micro", "quiet"))
    return Group(*lines)


def operator_listing(found: Deployment, exactly: bool = False) -> Listing:
    """The table of operators."""
    size = exact if exactly else human_bytes
    count = exact if exactly else human
    rows, bars, roles = [], [], []
    peak = found.peak
    for number, one in enumerate(found.program.operators):
        tensor = found.program.tensors[one.outputs[0]]
        name = one.operator + (f" + {one.activation}" if one.activation else "")
        scratch = sum(found.scratch[number])
        alive = found.alive(number)
        rows.append(
            (
                str(number), name, _layers(one.layers), shape(channels_first(tensor.shape)),
                size(tensor.bytes), size(scratch) if scratch else "",
                count(one.macs) if one.macs else "", size(alive),
            )
        )  # fmt: skip
        bars.append(alive)
        roles.append("strong" if number == peak else "")
    columns = {
        "index": ListingColumn("#", "index", True),
        "operator": ListingColumn("operator", "kind"),
        "layers": ListingColumn("from", "", least=12),
        "output": ListingColumn("output", "", True),
        "bytes": ListingColumn("bytes", "memory", True),
        "scratch": ListingColumn("scratch", "memory", True),
        "macs": ListingColumn("MACs", "macs", True),
        "alive": ListingColumn("alive", "memory", True),
    }
    return Listing(
        columns, rows, roles=roles, bars={"alive": bars}, yielding=("scratch", "macs", "layers")
    )


def _layers(names: tuple[str, ...]) -> str:
    """The layers of an operator: the common part of their names once."""
    if len(names) < 2:
        return "".join(names)
    parts = [name.split(".") for name in names]
    common = 0
    while all([len(one) > common + 1 and one[common] == parts[0][common] for one in parts]):
        common += 1
    head = ".".join(parts[0][:common])
    tails = ", ".join([".".join(one[common:]) for one in parts])
    return f"{head}.({tails})" if head else tails


def _memory(found: Deployment, exactly: bool) -> RenderableType:
    size = exact if exactly else human_bytes
    tail = found.tail
    rows = [
        ("head", size(found.head), "activations and scratch, in the interpreter's plan"),
        ("tail", size(tail.total), _tail_text(found, size)),
        ("arena", size(found.arena), "RAM on a 32-bit microcontroller"),
        ("alive at once", size(found.plan.liveness), "no plan of this order is smaller"),
        ("flash", size(found.flash_bytes), _flash_text(found, size)),
    ]
    rows.append(("tail (x86)", size(found.tail_x86.total), "as PyPI's tflite-micro has it"))
    # a note of several pieces goes on in rows of its own, however wide the terminal is
    lines = []
    for what, amount, note in rows:
        first, *others = wrap(note, NOTE_WIDTH)
        lines += [(what, amount, first), *[("", "", other) for other in others]]
    columns = {
        "what": ListingColumn("on the device"),
        "bytes": ListingColumn("bytes", "memory", True),
        "note": ListingColumn("", "quiet", least=20, wrap=True),
    }
    return Listing(columns, lines)


def _tail_text(found: Deployment, size: Any) -> str:
    tail = found.tail
    pieces = (
        ("tensors", tail.tensors), ("operators", tail.operators), ("options", tail.options),
        ("kernels", tail.kernels), ("multipliers", tail.channels), ("allocator", tail.allocator),
        ("scratch handles", tail.scratch_handles), ("variables", tail.variables),
        ("inputs and outputs", tail.ends),
    )  # fmt: skip
    return ", ".join([f"{name} {size(amount)}" for name, amount in pieces if amount])


def _flash_text(found: Deployment, size: Any) -> str:
    if found.file_size is not None:
        return "the file"
    flash = found.flash
    pieces = (
        ("weights", flash.weights), ("biases", flash.biases),
        ("quantization", flash.quantization), ("graph", flash.graph + flash.other),
    )  # fmt: skip
    return ", ".join([f"{name} {size(amount)}" for name, amount in pieces if amount])


def _notes(found: Deployment, size: Any) -> RenderableType:
    program, peak = found.program, found.peak
    operator = program.operators[peak]
    buffers = sorted(
        [one for one in found.plan.buffers if one.first <= peak <= one.last],
        key=lambda one: -one.bytes,
    )
    told = ", ".join([f"{_buffer(program, one)} {size(one.bytes)}" for one in buffers[:4]])
    lines = [Text.assemble("peak in ", (f"{peak} {operator.operator}", "kind"), f": {told}")]
    holes = found.head - found.plan.liveness
    if holes:
        lines.append(Text(f"greedy placement leaves {size(holes)} of holes; --plan looks further"))
    if found.stated:
        lines.append(Text("the file states where its tensors stand (OfflineMemoryAllocation)"))
    if found.same_head is not None:
        lines.append(
            Text(
                "padding on both sides of a strided layer is a PAD with a buffer of its own; with "
                f"Keras' `same` (--same) the head is {size(found.same_head)}"
            )
        )
    if found.missing:
        lines.append(
            Text(f"the interpreter has no {', '.join(found.missing)}: it refuses this network",
                 "warning")
        )  # fmt: skip
    return prose(Group(*lines))


def _buffer(program: Program, buffer: Any) -> str:
    if buffer.tensor is None:
        return f"scratch of {program.operators[buffer.operator].operator}"
    if buffer.operator < 0:
        return "input"
    return f"output of {buffer.operator} {program.operators[buffer.operator].operator}"


def _search(found: Deployment, size: Any) -> RenderableType:
    search = found.search
    assert search is not None
    moved = sum([a != b for a, b in enumerate(search.order)])
    parts: list[RenderableType] = []
    if search.plan.head < found.head:
        saved = found.head - search.plan.head
        parts.append(
            Text.assemble(
                ("better plan", "better"),
                f"  head {size(search.plan.head)}, {size(saved)} less than the interpreter's",
            )
        )
    else:
        parts.append(Text("the interpreter's plan cannot be bettered" if search.optimal else
                          "no better plan was found"))  # fmt: skip
    bound = f"bound: {size(search.bound)} alive at once in the best order"
    if not search.orders_proven:
        bound = f"bound: {size(search.bound)} alive at once; there are too many orders to try all"
    gap = search.plan.head - search.bound
    if search.optimal:
        bound += "; no plan is smaller"
    elif gap:
        bound += f"; {size(gap)} above it"
    parts.append(Text(bound, "quiet"))
    if moved:
        parts.append(Text(f"{moved} operators change places", "quiet"))
    if search.plan.head < found.head or moved:
        operators = tuple([found.program.operators[one] for one in search.order])
        parts += [Text(), picture(found.program._replace(operators=operators), search.plan)]
    return Group(*parts)


def _patches(found: Deployment, exactly: bool) -> list[RenderableType]:
    size = exact if exactly else human_bytes
    count = exact if exactly else human
    assert found.patches is not None
    chosen = found.patches_chosen
    best: dict[int, Any] = {}
    for one in found.patches:
        if one.number not in best or (one.head, one.again) < (
            best[one.number].head, best[one.number].again
        ):  # fmt: skip
            best[one.number] = one
    wanted = list(best.values())
    if chosen is not None and chosen not in wanted:
        wanted.append(chosen)
    rows, roles = [], []
    whole = found.macs
    for one in sorted(wanted, key=lambda one: one.number):
        operator = found.program.operators[one.operator]
        tensor = found.program.tensors[operator.outputs[0]]
        share = f"+{100 * one.again / whole:.1f}%" if whole else "?"
        rows.append(
            (
                f"{one.number}×{one.number}",
                f"{one.operator} {operator.operator}",
                shape(channels_first(tensor.shape)),
                size(one.head), size(one.stage), size(one.rest),
                f"{count(one.again)} ({share})" if whole else "?",
            )
        )  # fmt: skip
        roles.append("strong" if one == chosen else "")
    columns = {
        "patches": ListingColumn("patches"),
        "cut": ListingColumn("cut behind", "kind"),
        "output": ListingColumn("of size", "", True),
        "head": ListingColumn("head", "memory", True),
        "stage": ListingColumn("patches take", "memory", True),
        "rest": ListingColumn("the rest", "memory", True),
        "again": ListingColumn("MACs again", "macs", True),
    }
    lines: list[RenderableType] = [
        Text("patch by patch", "head"),
        Listing(columns, rows, roles=roles, yielding=("rest", "stage")),
    ]
    note = (
        f"with the whole input in RAM ({size(found.patches[0].input)}), which MCUNetV2's figures "
        "leave out: a camera may give it in parts"
    )
    lines.append(prose(Text(note, "quiet")))
    return lines


def _verdict(what: str, taken: int, budget: int) -> Text:
    if taken <= budget:
        return Text.assemble(
            ("fits", "passed"), f"  {what} takes {human_bytes(taken)} of {human_bytes(budget)}"
        )
    return Text.assemble(
        ("does not fit", "failed"),
        f"  {what} takes {human_bytes(taken)}, {human_bytes(taken - budget)} more than "
        f"{human_bytes(budget)}",
    )


def _changes(found: Deployment, size: Any) -> RenderableType:
    rows = [
        ("✓" if one.fits else "✗", one.name, size(one.arena), size(one.flash), human(one.macs),
         one.options)
        for one in found.changes
    ]  # fmt: skip
    columns = {
        "fits": ListingColumn("", tight=True),
        "what": ListingColumn("what could give"),
        "arena": ListingColumn("arena", "memory", True),
        "flash": ListingColumn("flash", "memory", True),
        "macs": ListingColumn("MACs", "macs", True),
        "options": ListingColumn("options", "quiet", least=20),
    }
    return Listing(columns, rows, yielding=("macs", "flash"))


# -- the plan as a picture ---------------------------------------------------------------------


def picture(program: Program, plan: Plan) -> RenderableType:
    """Time across, address up, a letter a buffer; `*` scratch, `.` nothing."""
    steps = len(program.operators)
    if not plan.buffers or not plan.head:
        return Text("no buffers", "quiet")
    columns = min(steps, PICTURE_WIDTH)
    lines = []
    for row in range(PICTURE_HEIGHT - 1, -1, -1):
        address = (2 * row + 1) * plan.head // (2 * PICTURE_HEIGHT)
        cells = []
        for column in range(columns):
            step = column * steps // columns
            cells.append(_cell(plan, step, address))
        label = human_bytes(plan.head * (row + 1) // PICTURE_HEIGHT)
        lines.append(Text.assemble((f"{label:>9} ", "quiet"), "".join(cells)))
    lines.append(Text.assemble((f"{'0 B':>9} ", "quiet"), ("─" * columns, "rule")))
    legend = (
        f"{'':>10}operators 0 to {steps - 1}; a letter for the output of each, ░ input, * scratch"
    )
    lines.append(Text(" " * 10 + legend, "quiet"))
    return Group(*lines)


def _cell(plan: Plan, step: int, address: int) -> str:
    for one, at in zip(plan.buffers, plan.offsets, strict=True):
        inside = one.first <= step <= one.last and at <= address < at + one.bytes
        if inside:
            if one.tensor is None:
                return "*"
            return "░" if one.operator < 0 else LETTERS[one.operator % len(LETTERS)]
    return "."
