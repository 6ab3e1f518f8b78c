"""Immutable values with named fields, declared like a `NamedTuple`.

`typing.NamedTuple` compiles a constructor for every class when it is imported, a third of a
millisecond each; this program's start is counted in those. A `Record` shares one constructor:
cheap to declare, and three times slower to make. What is made by the thousand stays a
`NamedTuple`.
"""

from __future__ import annotations

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
        fields = cls._fields
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
