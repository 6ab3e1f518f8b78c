"""A program of channels-first maps in the making, for formats that state layers and no shapes.

Shapes and arrays follow from our kinds. A layer that cannot be is noted with its place, and what
stands behind it is unknown (`None`), so that all mistakes of a file are told at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.diagnostics import Diagnostic, Fix, Place, Refusal, SpecError, UsageError
from cnncalc.exchange.reading.calls import Unsupported
from cnncalc.exchange.reading.program import Constant, Op, Program
from cnncalc.exchange.reading.result import Origin
from cnncalc.exchange.reading.shaping import broadcast, reduced
from cnncalc.layers import KINDS
from cnncalc.layers.base import Facts, Kind, LayerError, check_size
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape, WindowLimitError, product

FINDING_LIMIT = 100

Map = Op | None
"""A tensor [1, channels, *sizes]; `None` where an error keeps it from being known."""


class TooManyFindings(Exception):
    """No more mistakes are looked for."""


class Maps:
    """Adds layers to a program, one after the other."""

    def __init__(self, name: str, what: str) -> None:
        self.program = Program(name)
        self.what = what
        """The file, in messages about its arrays."""
        self.findings: list[Diagnostic] = []
        self._facts: dict[Any, Facts] = {}
        self._taken: dict[tuple[str, ...], int] = {}

    # -- mistakes ---------------------------------------------------------------------------

    def note(
        self, refusal: Refusal, origin: Origin, place: Place | None = None, fix: Fix | None = None
    ) -> None:
        """Note what is wrong with a layer, at the option that is meant.

        Raises:
            TooManyFindings: no more is looked at.
        """
        span, fixes = origin.span, (fix,) if fix is not None else ()
        if place is None and span is not None:
            place = span.place_of(refusal.option)
            if refusal.option is not None and refusal.instead is not None:
                edits = span.edits({refusal.option: refusal.instead})
                fixes = (Fix(f"write {refusal.instead}", refusal.safe, edits),) if edits else fixes
        self.findings.append(
            Diagnostic(
                refusal.rule,
                "error",
                refusal.message[:600],
                place,
                str(origin) or None,
                refusal.hint,
                None,
                fixes,
                shapes=refusal.shapes,
            )
        )
        if len(self.findings) >= FINDING_LIMIT:
            raise TooManyFindings

    def finished(self, outputs: Sequence[Map]) -> Program:
        """The program with its outputs.

        Raises:
            SpecError: there are findings.
        """
        if self.findings:
            raise SpecError(self.findings)
        self.program.outputs += dict.fromkeys([one for one in outputs if one is not None])
        self.program.prune()
        return self.program

    # -- layers -----------------------------------------------------------------------------

    def input(self, name: str, shape: Shape, origin: Origin) -> Op:
        """An input of the network, of a shape without the batch."""
        op = Op("input", [], (1, *shape), {"name": name}, origin=origin)
        self.program.ops.append(op)
        self.program.inputs.append(op)
        return op

    def layer(
        self,
        kind: str,
        x: Map,
        options: Mapping[str, Any] | None = None,
        origin: Origin = Origin(),
        owner: Origin | None = None,
    ) -> Map:
        """One of our kinds on a map; its arrays are its own, or those of the layer at `owner`."""
        if x is None:
            return None
        options = options or {}
        try:
            facts = self.facts(kind, options, x.shape[1:])
        except (LayerError, OptionError) as error:
            self.note(error, origin)
            output = getattr(error, "output", None)  # certain all the same
            return None if output is None else self.emit(kind, [x], (1, *output), {}, origin)
        except WindowLimitError as error:
            self.note(Refusal("limit-exceeded", str(error)), origin)
            return None
        arrays = None
        if facts.weights or facts.buffers:
            arrays = self._arrays(kind, facts, origin, owner)
        return self.emit(kind, [x], (1, *facts.output), options, origin, arrays)

    def facts(self, kind: str, options: Mapping[str, Any], shape: Shape) -> Facts:
        """What a kind states on a map.

        Raises:
            LayerError, OptionError, WindowLimitError: there is no such layer.
        """
        key = (kind, tuple(options.items()), shape)
        found = self._facts.get(key)
        if found is None:
            cls: type[Kind] = KINDS[kind]
            for name, value in options.items():
                try:
                    if value is not None:
                        cls.options[name].type.check(value)
                except OptionError as error:
                    error.option = name
                    raise error.about(f"`{name}`") from None
            values = tuple([options.get(name, one.default) for name, one in cls.options.items()])
            found = cls(values, len(shape) - 1).facts((shape,))
            check_size(found.output, "its output")
            self._facts[key] = found
        return found

    def _arrays(
        self, kind: str, facts: Facts, origin: Origin, owner: Origin | None
    ) -> dict[str, Constant]:
        """The arrays of a layer, which a text does not hold."""
        path = (*(owner or origin).path, kind)
        base = ".".join(path)
        if owner is None:
            count = self._taken[path] = self._taken.get(path, 0) + 1
            base += f"#{count}" if count > 1 else ""
        found = {}
        for role, shapes in (("parameter", facts.weights), ("buffer", facts.buffers)):
            for name, shape in shapes.items():
                found[name] = Constant(f"{base}.{name}", shape, role, self.no_arrays)
        return found

    def no_arrays(self) -> Any:
        """Say that a text holds no arrays.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.what} is a network without its weights")

    def emit(
        self,
        name: str,
        inputs: Sequence[Op | Constant],
        shape: Shape,
        options: Mapping[str, Any],
        origin: Origin,
        arrays: Mapping[str, Constant] | None = None,
    ) -> Op:
        """Add an operation whose shape is known."""
        op = Op(name, inputs, shape, options, arrays=arrays, origin=origin)
        self.program.ops.append(op)
        return op

    # -- tensors ----------------------------------------------------------------------------

    def concat(self, maps: Sequence[Map], origin: Origin, axis: int = 1) -> Map:
        """Maps one after the other on an axis."""
        known = [one for one in maps if one is not None]
        if len(known) < len(maps) or not known:
            return None
        first = known[0].shape
        for one in known[1:]:
            same = len(one.shape) == len(first) and all(
                a == b or place == axis
                for place, (a, b) in enumerate(zip(one.shape, first, strict=True))
            )
            if not same:
                self._differ("cannot be joined", known, origin)
                return None
        if len(known) == 1:
            return known[0]
        total = sum(one.shape[axis] for one in known)
        shape = (*first[:axis], total, *first[axis + 1 :])
        return self.emit("concat", known, shape, {"axis": axis}, origin)

    def merge(self, name: str, maps: Sequence[Map], origin: Origin, *, spread: bool = False) -> Map:
        """Maps added, multiplied, ..., value by value; with `spread` sizes of 1 are repeated."""
        known = [one for one in maps if one is not None]
        if len(known) < len(maps) or not known:
            return None
        if not spread and any(one.shape != known[0].shape for one in known):
            self._differ(f"cannot be put together by `{name}`", known, origin)
            return None
        try:
            shape = broadcast(*[one.shape for one in known])
        except Unsupported:
            self._differ(f"cannot be put together by `{name}`", known, origin)
            return None
        return self.emit(name, known, shape, {}, origin) if len(known) > 1 else known[0]

    def _differ(self, what: str, maps: Sequence[Op], origin: Origin) -> None:
        shapes = list(dict.fromkeys([one.shape[1:] for one in maps]))
        text = " and ".join(["×".join(map(str, shape)) for shape in shapes[:4]])
        self.note(Refusal("shape-mismatch", f"maps of {text} {what}", shapes=tuple(shapes)), origin)

    def number(self, name: str, x: Map, value: float, origin: Origin) -> Map:
        """An operation with a number."""
        if x is None:
            return None
        kind, key = ("rescale", "factor") if name == "mul" else ("rescale", "offset")
        return self.layer(kind, x, {key: value}, origin)

    def flatten(self, x: Map, origin: Origin) -> Map:
        """All values of a sample in a row."""
        if x is None or len(x.shape) == 2:
            return x
        return self.emit("reshape", [x], (1, product(x.shape[1:])), {}, origin)

    def reshape(self, x: Map, shape: Shape, origin: Origin) -> Map:
        """The same values under another shape, without the batch."""
        if x is None or x.shape == (1, *shape):
            return x
        if product(shape) != product(x.shape):
            old, new = ("×".join(map(str, one)) for one in (x.shape[1:], shape))
            self.note(Refusal("shape-mismatch", f"{old} is no {new}"), origin)
            return None
        return self.emit("reshape", [x], (1, *shape), {}, origin)

    def permute(self, x: Map, order: Sequence[int], origin: Origin) -> Map:
        """The axes in another order, the batch (0) among them."""
        if x is None:
            return None
        shape = tuple([x.shape[axis] for axis in order])
        return self.emit("permute", [x], shape, {"order": list(order)}, origin)

    def slice(
        self, x: Map, start: int, stop: int, origin: Origin, axis: int = 1, step: int = 1
    ) -> Map:
        """A range of an axis."""
        if x is None:
            return None
        if not 0 <= start < stop <= x.shape[axis]:
            text = f"{start} to {stop} is no range of {x.shape[axis]} channels"
            self.note(Refusal("shape-mismatch", text), origin)
            return None
        if (start, stop, step) == (0, x.shape[axis], 1):
            return x
        shape = (*x.shape[:axis], len(range(start, stop, step)), *x.shape[axis + 1 :])
        options = {"axis": axis, "start": start, "stop": stop, "step": step}
        return self.emit("slice", [x], shape, options, origin)

    def reduce(self, x: Map, by: str, axes: Sequence[int], origin: Origin) -> Map:
        """One value for all along some axes, which stay with size 1."""
        if x is None:
            return None
        options = {"by": by, "axes": list(axes), "keepdims": True}
        return self.emit("reduce", [x], reduced(x.shape, axes, True), options, origin)

    def matmul(self, a: Map, b: Map, origin: Origin) -> Map:
        """The product of two computed matrices."""
        if a is None or b is None:
            return None
        shape = (*a.shape[:-1], b.shape[-1])
        return self.emit("matmul", [a, b], shape, {}, origin)

    def softmax(self, x: Map, axis: int, origin: Origin) -> Map:
        """Softmax over an axis."""
        if x is None:
            return None
        return self.emit("softmax", [x], x.shape, {"axis": axis}, origin)
