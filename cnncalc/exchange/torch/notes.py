"""What a recording run shows beside the network: what serves nothing, and what values decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cnncalc.diagnostics import Diagnostic, Place, SpecError
from cnncalc.exchange.reading.program import Op, Program
from cnncalc.exchange.reading.to_graph import lower

Unused = Iterable[tuple[str, int]]
NAMED = 8
"""As many modules are named."""


def notes_of(
    recording: Any, everything: Sequence[Op], idle: Sequence[Op]
) -> Callable[[Unused], tuple[Diagnostic, ...]]:
    """Return what makes the notes, once it is known which parameters no layer has.

    Args:
        recording: the run.
        everything: all operations of it.
        idle: those with arrays whose results lead to no output.
    """
    macs = _multiply_accumulates(recording.program, everything, idle) if idle else {}
    lines = {".".join(op.origin.path): op.origin.calls[:1] for op in idle}

    def notes(unused: Unused) -> tuple[Diagnostic, ...]:
        held: dict[str, int] = {}
        for name, count in unused:
            module = name.rpartition(".")[0]
            held[module] = held.get(module, 0) + count
        found = [_in_vain(name, macs[name], held.pop(name, 0), lines[name]) for name in macs]
        if held:
            found.append(_unread(held))
        return (*found, *_decided(recording.decided), *_constants(recording.constant_outputs))

    return notes


def _in_vain(name: str, macs: int, params: int, line: Sequence[Place]) -> Diagnostic:
    text = (
        f"`{name}` runs and nothing reads its result: {params:,} parameters, "
        f"{macs:,} multiply-accumulates that no total counts"
    )
    return Diagnostic("idle-module", "note", text, place=line[0] if line else None, layer=name)


def _unread(held: dict[str, int]) -> Diagnostic:
    names = sorted(held, key=lambda name: -held[name])
    listed = ", ".join(f"`{name or 'the network'}` {held[name]:,}" for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more modules" if len(names) > NAMED else ""
    text = (
        f"{sum(held.values()):,} parameters are held and read by no operation, and no total "
        f"counts them: {listed}{more}"
    )
    return Diagnostic("idle-parameters", "note", text)


def _decided(lines: Iterable[tuple[Place, ...]]) -> list[Diagnostic]:
    places = {calls[0] for calls in lines if calls}
    text = "what the forward pass does here was decided by the values of a run on the input given"
    return [Diagnostic("decided-by-values", "note", text, place=place) for place in sorted(places)]


def _constants(places: Sequence[int]) -> list[Diagnostic]:
    if not places:
        return []
    which = ", ".join(str(place + 1) for place in places)
    text = f"output {which} depends on no input and is no layer"
    return [Diagnostic("constant-output", "note", text)]


def _multiply_accumulates(
    program: Program, everything: Sequence[Op], idle: Sequence[Op]
) -> dict[str, int]:
    """Those of each module that runs in vain."""
    whole = Program(program.name)
    whole.ops, whole.inputs = list(everything), program.inputs
    whole.outputs, whole.constants = list(idle), program.constants
    whole.prune()
    found = {".".join(op.origin.path): 0 for op in idle}
    own = {id(op.origin): ".".join(op.origin.path) for op in idle}
    try:
        reading = lower(whole, "", "")
    except SpecError:
        return found
    for node, origin in zip(reading.graph.nodes, reading.origins, strict=True):
        if id(origin) in own and isinstance(node.facts.operations.macs, int):
            found[own[id(origin)]] += node.facts.operations.macs
    return found
