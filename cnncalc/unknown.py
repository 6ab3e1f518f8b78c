"""A value that is not known: stated by a layer, folded by every analysis, shown as `?`.

It is a whole number to the type checker and to arithmetic, which it turns into itself: a sum or
product of it is unknown too. It takes part in no decision: comparing its size is an error of the
program, because no answer would be right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Never


class UnknownValueError(ValueError):
    """An unknown value was compared or turned into a number."""


class Unknown(int):
    """The type of `UNKNOWN`."""

    __slots__ = ()

    def _absorb(self, *others: Any) -> Any:
        return UNKNOWN

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _absorb
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __neg__ = __pos__ = __abs__ = _absorb
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __round__ = _absorb

    def _refuse(self, *others: Any) -> Never:
        raise UnknownValueError("an unknown value has no size")

    __lt__ = __le__ = __gt__ = __ge__ = __float__ = __int__ = _refuse

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __bool__(self) -> bool:
        return True  # it is not known to be nothing

    def __repr__(self) -> str:
        return "?"

    def __str__(self) -> str:
        return "?"

    def __format__(self, spec: str) -> str:
        return "?"

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Unknown = Unknown()
"""The one unknown value; compare with `is`."""


def is_known(values: Iterable[object]) -> bool:
    """Whether none of some values is unknown."""
    return all([value is not UNKNOWN for value in values])


def least(value: int) -> int:
    """A count that is certain: the value, or 0 where it is unknown."""
    return 0 if value is UNKNOWN else value


def or_none(value: Any) -> Any:
    """A value for data that other programs read: `None` where it is unknown."""
    return None if value is UNKNOWN else value
