"""Which points of a sweep are kept: those that a condition admits, the best, the Pareto front."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from cnncalc.diagnostics import UsageError, suggestion
from cnncalc.language.expressions.expression import parse
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.sweeping.points import COLUMNS, Point

UNITS = {
    "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip
QUANTITY = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(KiB|MiB|GiB|K|M|G|T)\b")
"""A number with its unit: `300M`, `2.5MiB`."""
SHORT = {"memory": "activation_bytes", "peak": "peak_activation_bytes"}

Condition = Callable[[Point], bool]


def metrics_of(text: str) -> set[str]:
    """The totals that a condition or a choice names."""
    words = set(re.findall(r"\w+", text))
    return {metric for metric in COLUMNS if metric in words}


def condition(text: str, names: tuple[str, ...], own: tuple[str, ...] = ()) -> Condition:
    """A condition such as `macs <= 300M and params <= 5M` over metrics and parameters.

    Raises:
        UsageError: it is no expression, or names what no point has.
    """
    plain = QUANTITY.sub(lambda m: repr(_whole(float(m[1]) * UNITS[m[2]])), text)
    try:
        expression = parse(plain)
    except ExpressionError as error:
        raise UsageError(f"`--where {text}`: {error.message}", error.hint) from None
    known = (*COLUMNS, *SHORT, "batch", "size", *names, *own)
    for name in sorted(expression.names):
        if name not in known:
            raise UsageError(
                f"`--where {text}`: there is no `{name}`",
                suggestion(name, known, f"it knows {', '.join(known)}"),
            )

    def admits(point: Point) -> bool:
        environment = _environment(point)
        if any([environment[name] is None for name in expression.names]):
            return False  # a figure that is not known fulfils nothing
        try:
            return bool(expression.evaluate(environment))
        except ExpressionError as error:
            raise UsageError(f"`--where {text}`: {error.message}") from None

    return admits


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _environment(point: Point) -> dict[str, Any]:
    found = dict(point.parameters)
    found.update({name: getattr(point, name) for name in COLUMNS})
    found.update(point.measured or {})
    found.update({short: getattr(point, name) for short, name in SHORT.items()})
    found.update(batch=point.batch, size=max(point.input_shape[1:] or point.input_shape))
    return found


class Aim(NamedTuple):
    """A metric, and whether more of it is better."""

    metric: str
    more: bool

    def of(self, point: Point) -> float | None:
        """What is to be as small as can be; `None` where it is not known."""
        value: float | None = point.value(self.metric)
        return -value if self.more and value is not None else value


def aim(text: str, own: tuple[str, ...] = ()) -> Aim:
    """`macs`: as few as can be; `+params`: as many.

    Raises:
        UsageError: there is no such metric.
    """
    name = text.strip().removeprefix("+")
    full = SHORT.get(name, name)
    known = (*COLUMNS, *own)
    if full not in known:
        raise UsageError(
            f"there is no metric `{name}`",
            suggestion(name, known, f"the metrics are {', '.join(known)}"),
        )
    return Aim(full, text.strip().startswith("+"))


class Front:
    """The points that no other beats: at least as good in every aim and better in one."""

    def __init__(self, aims: tuple[Aim, ...]) -> None:
        self.aims = aims
        self._kept: list[tuple[tuple[float, ...], Point]] = []

    def add(self, point: Point) -> None:
        """Take a point in, and drop those that it beats."""
        values = [aim.of(point) for aim in self.aims]
        place = tuple([value for value in values if value is not None])
        if len(place) < len(values):
            return  # what is not known beats nothing
        for other, _ in self._kept:
            if other != place and _covers(other, place):
                return
        self._kept = [
            entry for entry in self._kept if entry[0] == place or not _covers(place, entry[0])
        ]
        self._kept.append((place, point))

    @property
    def points(self) -> list[Point]:
        """The front, the best in the first aim first."""
        return [point for _, point in sorted(self._kept, key=lambda entry: entry[0])]


def _covers(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all([a <= b for a, b in zip(one, other, strict=True)])
