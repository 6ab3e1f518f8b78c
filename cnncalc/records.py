"""Immutable values with named fields, declared like a `NamedTuple`.

`typing.NamedTuple` compiles a constructor for every class when it is imported, a quarter of a
millisecond each; this program's start is counted in those. `Record`s share a constructor, which
is three times slower; a class of which many are made gets one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, ClassVar, Self, dataclass_transform

MANY = 100
"""From so many values on, a constructor saves more than it takes to compile."""


@dataclass_transform(frozen_default=True)
class Record(tuple[Any, ...]):
    """Base of immutable values; fields are the annotations of the subclass, in order."""

    _fields: ClassVar[tuple[str, ...]] = ()
    _field_defaults: ClassVar[dict[str, Any]] = {}
    _made: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        own = cls.__dict__
        cls._fields = tuple(own.get("__annotations__", ()))
        cls._field_defaults = {name: own[name] for name in cls._fields if name in own}
        for position, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(position)))

    def __new__(cls, *values: Any, **named: Any) -> Self:
        fields = cls._fields
        cls._made += 1
        if cls._made == MANY:
            cls.__new__ = staticmethod(_constructor(cls))  # type: ignore[method-assign]
        if named or len(values) != len(fields):
            known = {**cls._field_defaults, **dict(zip(fields, values, strict=False)), **named}
            if len(values) > len(fields) or known.keys() != set(fields):
                raise TypeError(f"{cls.__name__} has the fields {', '.join(fields)}")
            values = tuple([known[name] for name in fields])
        return tuple.__new__(cls, values)

    def __repr__(self) -> str:
        pairs = zip(self._fields, self, strict=True)
        return f"{type(self).__name__}({', '.join([f'{name}={value!r}' for name, value in pairs])})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    def _replace(self, **changes: Any) -> Self:
        """The same value with some fields changed."""
        return type(self)(**{**self._asdict(), **changes})

    def _asdict(self) -> dict[str, Any]:
        """The fields by name."""
        return dict(zip(self._fields, self, strict=True))


def _constructor(cls: type[Record]) -> Callable[..., Any]:
    """A class's `__new__` with its fields as arguments."""
    names = "".join([f"{field}, " for field in cls._fields])
    code = f"lambda _class, {names}: _make(_class, ({names}))"
    constructor: Any = eval(code, {"_make": tuple.__new__, "__builtins__": {}})
    constructor.__defaults__ = tuple(cls._field_defaults.values())
    return constructor  # type: ignore[no-any-return]
