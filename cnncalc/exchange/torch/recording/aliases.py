"""Views: the way from a tensor to a view of it, and what a write through the view makes of it.

Nothing here knows PyTorch's operators. That two tensors share memory was seen from their storage;
the way between them are four operations on axes, which can be replayed on another value and undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.exchange.reading.calls import Unsupported
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.result import Origin
from cnncalc.exchange.torch.recording.carriers import Value, ViewStep

WAYS = frozenset({"reshape", "permute", "slice", "expand"})
"""Operations on axes that make views."""


def steps_between(value: Any, base: Value) -> tuple[ViewStep, ...] | None:
    """The operations that lead from one value to another; `None` where others lie between."""
    found: list[ViewStep] = []
    while value is not base:
        if not isinstance(value, Op) or value.name not in WAYS or len(value.inputs) != 1:
            return None
        found.append(ViewStep(value.name, value.options, value.shape))
        value = value.inputs[0]
    return tuple(reversed(found))


class Emitter:
    """Adds operations on axes to a program, on computed values and on constants alike."""

    def __init__(self, ops: list[Op], origin: Origin) -> None:
        self.ops = ops
        self.origin = origin

    def _emit(self, name: str, inputs: Sequence[Value], shape: Sequence[int], options: Any) -> Op:
        op = Op(name, inputs, shape, options, origin=self.origin)
        self.ops.append(op)
        return op

    def step(self, step: ViewStep, value: Value) -> Value:
        """One step taken from a value."""
        if isinstance(value, Constant):
            return value.mapped(step.shape, lambda array: _stepped(step, array))
        return self._emit(step.name, [value], step.shape, step.options)

    def replayed(self, steps: Sequence[ViewStep], value: Value) -> Value:
        """All steps taken from a value."""
        for step in steps:
            value = self.step(step, value)
        return value

    def written(self, steps: Sequence[ViewStep], base: Value, new: Value) -> Value:
        """What a base becomes when its view, which the steps lead to, is replaced.

        Raises:
            Unsupported: the view repeats values, so that a write has no one place.
        """
        if not steps:
            return new  # the view is the base itself, as what dropout gives is in evaluation mode
        before = [base]
        for step in steps[:-1]:
            before.append(self.step(step, before[-1]))
        for step, old in zip(reversed(steps), reversed(before), strict=True):
            new = self._undone(step, old, new)
        return new

    def _undone(self, step: ViewStep, old: Value, new: Value) -> Value:
        if step.name == "reshape":
            return self.step(ViewStep("reshape", {}, old.shape), new)
        if step.name == "permute":
            order: Sequence[int] = step.options["order"]
            back = [order.index(axis) for axis in range(len(order))]
            return self.step(ViewStep("permute", {"order": back}, old.shape), new)
        if step.name == "slice":
            return self._put(step, old, new)
        raise Unsupported("into repeated values")

    def _put(self, step: ViewStep, old: Value, new: Value) -> Value:
        """A range of an axis replaced: what is before it, the new part, what is behind it."""
        axis, start, stop = (step.options[key] for key in ("axis", "start", "stop"))
        every = step.options["step"]
        axis %= len(old.shape)
        length = old.shape[axis]
        if every > 1:
            return self._put_every(step, old, new)
        parts: list[Value] = []
        if start > 0:
            parts.append(self._cut(old, axis, 0, start))
        parts.append(new)
        if stop < length:
            parts.append(self._cut(old, axis, stop, length))
        if len(parts) == 1:
            return new
        if all(isinstance(part, Constant) for part in parts):
            return _joined([part for part in parts if isinstance(part, Constant)], axis, old.shape)
        return self._emit("concat", parts, old.shape, {"axis": axis})

    def _put_every(self, step: ViewStep, old: Value, new: Value) -> Value:
        """Every n-th value of an axis replaced, the axis written as two."""
        axis, every = step.options["axis"] % len(old.shape), step.options["step"]
        length, start = old.shape[axis], step.options["start"]
        count = new.shape[axis]
        if length % every or count * every != length or start >= every:
            raise Unsupported("into every few values of an axis that they do not divide")
        front, rest = old.shape[:axis], old.shape[axis + 1 :]
        split = self.step(ViewStep("reshape", {}, (*front, count, every, *rest)), old)
        lone = self.step(ViewStep("reshape", {}, (*front, count, 1, *rest)), new)
        options = {"axis": axis + 1, "start": start, "stop": start + 1, "step": 1}
        put = self._put(ViewStep("slice", options, lone.shape), split, lone)
        return self.step(ViewStep("reshape", {}, old.shape), put)

    def _cut(self, value: Value, axis: int, start: int, stop: int) -> Value:
        shape = [*value.shape]
        shape[axis] = stop - start
        options = {"axis": axis, "start": start, "stop": stop, "step": 1}
        return self.step(ViewStep("slice", options, tuple(shape)), value)


def _joined(parts: Sequence[Constant], axis: int, shape: Sequence[int]) -> Constant:
    """Constants one after the other."""

    def read() -> Any:
        import numpy as np  # only when a value is read

        return np.concatenate([part.read() for part in parts], axis)

    sources = {name: count for part in parts for name, count in part.sources.items()}
    roles = {part.role for part in parts}
    role = next((r for r in ("parameter", "buffer") if r in roles), "literal")
    return Constant("", shape, role, read, sources)


def _stepped(step: ViewStep, array: Any) -> Any:
    """A step taken on the array of a constant."""
    if step.name == "reshape":
        return array.reshape(step.shape)
    if step.name == "permute":
        return array.transpose(step.options["order"])
    if step.name == "slice":
        cut = [slice(None)] * array.ndim
        keys = ("start", "stop", "step")
        cut[step.options["axis"]] = slice(*[step.options[key] for key in keys])
        return array[tuple(cut)]
    import numpy as np  # only when a value is read

    return np.broadcast_to(array, step.shape)
