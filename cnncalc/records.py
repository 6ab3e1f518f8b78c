"""Immutable values with named fields, declared like a `NamedTuple`.

`typing.NamedTuple` compiles a constructor for every class when it is imported, a quarter of a
millisecond each; this program's start is counted in those. A `Record` compiles its constructor
when the first value is made, which most classes of a run never see.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Record(tuple[Any, ...]):
    """Base of immutable values; fields are the annotations of the subclass, in order."""

    _fields: ClassVar[tuple[str, ...]] = ()
    _field_defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        own = cls.__dict__
        cls._fields = tuple(own.get("__annotations__", ()))
        cls._field_defaults = {name: own[name] for name in cls._fields if name in own}
        for position, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(position)))

    def __new__(cls, *values: Any, **named: Any) -> Self:
        constructor = _constructor(cls._fields, cls._field_defaults)
        cls.__new__ = staticmethod(constructor)  # type: ignore[method-assign]
        made: Self = constructor(cls, *values, **named)
        return made

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


def _constructor(fields: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., Any]:
    """A class's `__new__`, with its fields as arguments."""
    names = "".join([f"{field}, " for field in fields])
    code = f"lambda _class, {names}: _make(_class, ({names}))"
    made: Any = eval(code, {"_make": tuple.__new__, "__builtins__": {}})
    made.__defaults__ = tuple(defaults.values())
    made.__name__ = "__new__"
    return made  # type: ignore[no-any-return]
