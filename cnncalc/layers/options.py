"""Options of layer kinds: one declaration serves parser, defaults, messages, reference, schema.

An option's type checks a value as it comes from the file (`check`), turns it into the form
the kind works with once the number of spatial axes is known (`build`), and describes itself
for people (`expects`) and for editors (`schema`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.diagnostics import Refusal

INTEGER_LIMIT = 2**31 - 1
"""The largest whole number an option takes."""


class OptionError(Refusal):
    """A value that an option does not take; the message continues "`kernel` …"."""

    def __init__(self, message: str, rule: str = "bad-value", **more: Any) -> None:
        super().__init__(rule, message, **more)


class LimitError(OptionError):
    """A number beyond the limits of the language."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "limit-exceeded")


class Type:
    """The values an option takes."""

    expects = "a value"
    text = False
    """Whether a string is taken as it stands (otherwise it is an expression)."""
    verbatim = False
    """Whether a string is taken as it stands in quotes too."""
    reference = False
    """Whether the value names an earlier layer."""
    keyed = False
    """Whether the value is a mapping, which a `Table` holds."""
    infinite = False
    """Whether `inf` and `-inf` are values."""

    def check(self, value: Any) -> None:
        """Raise `OptionError` for a value that is never right, whatever the input."""

    def build(self, value: Any, rank: int) -> Any:
        """The value in the form that the kind works with; `rank` spatial axes."""
        return value

    def written(self, value: Any) -> Any:
        """The shortest value that `build` turns into a built one."""
        return value

    def brief(self, value: Any) -> str:
        """A built value, as short as possible."""
        return str(value)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value in a file."""
        return {}

    def refuse(self, value: Any) -> OptionError:
        """The error for a value of another type."""
        return OptionError(f"must be {self.expects}, not {show(value)}")


def show(value: Any) -> str:
    """A value as the file would write it."""
    if value is True or value is False:
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, Table):
        return f"{{{', '.join([f'{key}: {show(one)}' for key, one in value.items()])}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(show, value))}]"
    return f"`{value}`" if isinstance(value, str) else str(value)


EXPRESSION_SCHEMA = {"type": "string", "description": "an expression"}


class Int(Type):
    """A whole number from `least` on."""

    def __init__(self, least: int | None = 1, most: int = INTEGER_LIMIT) -> None:
        self.least, self.most = least, most
        self.expects = "a whole number" if least is None else f"a whole number from {least} on"

    def check(self, value: Any) -> None:
        if type(value) is not int:
            if type(value) is float and value == value // 1:
                whole = str(int(value))
                message = self.refuse(value).message
                raise OptionError(message, hint=f"write {whole}", instead=whole)
            raise self.refuse(value)
        if abs(value) > self.most:
            limit = f"2^{(self.most + 1).bit_length() - 1} − 1"
            raise LimitError(f"is {value:.3g}, beyond the limit of {limit}")
        if self.least is not None and value < self.least:
            raise self.refuse(value)

    def schema(self) -> dict[str, Any]:
        number: dict[str, Any] = {"type": "integer"}
        if self.least is not None:
            number["minimum"] = self.least
        return {"anyOf": [number, EXPRESSION_SCHEMA]}


class Number(Type):
    """A number, finite unless `infinite`."""

    expects = "a number"

    def __init__(
        self, above: float | None = None, most: float | None = None, *, infinite: bool = False
    ) -> None:
        self.above, self.most = above, most
        self.infinite = infinite
        if above is not None:
            self.expects += f" above {above:g}"
        if most is not None:
            self.expects += f" of at most {most:g}"

    def check(self, value: Any) -> None:
        if type(value) not in (int, float):
            raise self.refuse(value)
        if self.above is not None and not value > self.above:
            raise self.refuse(value)
        if self.most is not None and not value <= self.most:
            raise self.refuse(value)

    def schema(self) -> dict[str, Any]:
        number: dict[str, Any] = {"type": "number"}
        if self.above is not None:
            number["exclusiveMinimum"] = self.above
        if self.most is not None:
            number["maximum"] = self.most
        return {"anyOf": [number, EXPRESSION_SCHEMA]}  # `-inf` is a text, as expressions are


class Rate(Number):
    """A probability below one."""

    def __init__(self) -> None:
        self.above, self.most = None, 1
        self.expects = "a probability from 0 to 1"

    def check(self, value: Any) -> None:
        super().check(value)
        if value < 0:
            raise self.refuse(value)


class Bool(Type):
    """`true` or `false`."""

    expects = "true or false"

    def check(self, value: Any) -> None:
        if type(value) is not bool:
            raise self.refuse(value)

    def brief(self, value: Any) -> str:
        return ""

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, EXPRESSION_SCHEMA]}


class Choice(Type):
    """One of some words."""

    text = True

    def __init__(self, *words: str) -> None:
        self.words = words
        self.expects = "one of " + ", ".join(words)

    def check(self, value: Any) -> None:
        if value not in self.words or type(value) is not str:
            raise self.refuse(value)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


class Axes(Type):
    """A whole number for every spatial axis, or a list of one for each."""

    def __init__(self, least: int | None = 1) -> None:
        self.item = Int(least)
        self.expects = f"{self.item.expects}, or a list with one for each spatial axis"

    def check(self, value: Any) -> None:
        if type(value) is tuple:
            if not 1 <= len(value) <= 3:
                raise self.refuse(value)
            for item in value:
                self.item.check(item)
        elif type(value) is int:
            self.item.check(value)
        else:
            try:
                self.item.check(value)
            except OptionError as error:
                message = self.refuse(value).message
                raise OptionError(message, hint=error.hint, instead=error.instead) from None

    def build(self, value: Any, rank: int) -> tuple[int, ...]:
        if type(value) is int:
            return (value,) * rank
        if len(value) != rank:
            raise OptionError(
                f"lists {len(value)} sizes, and the input has {rank} spatial "
                f"ax{'i' if rank == 1 else 'e'}s"
            )
        return tuple(value)

    def written(self, value: Any) -> Any:
        return value[0] if len(set(value)) == 1 else value

    def brief(self, value: Any) -> str:
        return axes_brief(value)

    def schema(self) -> dict[str, Any]:
        item = self.item.schema()
        return {
            "anyOf": [
                *item["anyOf"],
                {"type": "array", "items": item, "minItems": 1, "maxItems": 3},
            ]
        }


class KernelSize(Axes):
    """The kernel of a window, always written out: `3×3`."""

    def brief(self, value: Any) -> str:
        return "×".join(map(str, value))


def axes_brief(value: tuple[int, ...]) -> str:
    """One number where all axes agree, else all of them."""
    return str(value[0]) if len(set(value)) == 1 else "×".join(map(str, value))


class Padding(Type):
    """Padding of every axis: a number, one an axis, `[before, after]` pairs, or a word."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.expects = "a whole number from 0 on, one an axis, [before, after] pairs" + "".join(
            f", `{word}`" for word in words
        )
        self.item = Int(0)

    def check(self, value: Any) -> None:
        if type(value) is int:
            self.item.check(value)
        elif type(value) is tuple and 1 <= len(value) <= 3:
            pairs = [item for item in value if type(item) is tuple]
            if pairs and (len(pairs) < len(value) or any(len(pair) != 2 for pair in pairs)):
                raise self.refuse(value)
            for item in value:
                for number in item if type(item) is tuple else (item,):
                    self.item.check(number)
        elif value not in self.words or type(value) is not str:
            raise self.refuse(value)

    def build(self, value: Any, rank: int) -> tuple[tuple[int, int], ...] | str:
        if type(value) is str:
            return value
        if type(value) is int:
            return ((value, value),) * rank
        if len(value) != rank:
            hint = f"; write [[{value[0]}, {value[1]}]]" if rank == 1 and len(value) == 2 else ""
            raise OptionError(
                f"lists {len(value)} axes, and the input has {rank} spatial "
                f"ax{'i' if rank == 1 else 'e'}s{hint}"
            )
        return tuple(item if type(item) is tuple else (item, item) for item in value)

    def written(self, value: Any) -> Any:
        if type(value) is str or any(before != after for before, after in value):
            return value
        sizes = tuple(before for before, _ in value)
        return sizes[0] if len(set(sizes)) == 1 else sizes

    def brief(self, value: Any) -> str:
        if type(value) is str:
            return " " + value
        texts = [str(a) if a == b else f"{a}+{b}" for a, b in value]
        return texts[0] if len(set(texts)) == 1 else "×".join(texts)

    def schema(self) -> dict[str, Any]:
        number = self.item.schema()
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        choices: list[dict[str, Any]] = [
            number["anyOf"][0],
            {"type": "array", "items": {"anyOf": [*number["anyOf"], pair]}, "maxItems": 3},
            EXPRESSION_SCHEMA,
        ]
        if self.words:
            choices.insert(0, {"enum": list(self.words)})
        return {"anyOf": choices}


class SizeList(Type):
    """A list of whole numbers."""

    def __init__(self, least: int = 0, length: int | None = None, *, empty: bool = False) -> None:
        self.item = Int(least)
        self.length = length
        self.empty = empty
        """Whether the list may be empty."""
        self.expects = "a list of whole numbers" if length is None else f"{length} whole numbers"

    def check(self, value: Any) -> None:
        if type(value) is int and self.length is None:
            value = (value,)
        if type(value) is not tuple or not (value or self.empty):
            raise self.refuse(value)
        if self.length is not None and len(value) != self.length:
            raise self.refuse(value)
        for item in value:
            self.item.check(item)

    def build(self, value: Any, rank: int) -> tuple[int, ...]:
        return (value,) if type(value) is int else tuple(value)

    def schema(self) -> dict[str, Any]:
        item = self.item.schema()
        return {
            "anyOf": [
                *item["anyOf"],
                {"type": "array", "items": item, "minItems": int(not self.empty)},
            ]
        }


class LayerName(Type):
    """The name of an earlier layer."""

    expects = "the name of an earlier layer"
    text = True
    reference = True

    def check(self, value: Any) -> None:
        if type(value) is not str:
            raise self.refuse(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "the name of an earlier layer"}


TEXT_LIMIT = 200


class Text(Type):
    """A word or several, on one line."""

    expects = "a text"
    text = True
    verbatim = True

    def check(self, value: Any) -> None:
        if type(value) is not str or not value.strip() or not value.isprintable():
            raise self.refuse(value)
        if len(value) > TEXT_LIMIT:
            raise OptionError(f"has over {TEXT_LIMIT} characters", "limit-exceeded")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": TEXT_LIMIT}


class Table(tuple[tuple[str, Any], ...]):
    """A mapping that does not change, as pairs."""

    __slots__ = ()

    def items(self) -> Iterator[tuple[str, Any]]:
        """Its pairs."""
        return iter(self)


class Arrays(Type):
    """Shapes of arrays by name."""

    expects = "shapes by name, as in `{weight: [64, channels, 3, 3]}`"
    keyed = True
    item = SizeList(1)

    def check(self, value: Any) -> None:
        if not isinstance(value, Table):
            raise self.refuse(value)
        for name, shape in value.items():
            try:
                self.item.check(shape)
            except OptionError as error:
                raise OptionError(f"`{name}` {error.message}", error.rule) from None

    def build(self, value: Any, rank: int) -> Table:
        return Table([(name, self.item.build(shape, rank)) for name, shape in value.items()])

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.item.schema()}


class Mapped(Type):
    """A mapping of some words to values of their own types."""

    keyed = True

    def __init__(self, types: Mapping[str, Type], required: tuple[str, ...] = ()) -> None:
        self.types, self.required = types, required
        self.expects = f"a mapping of {', '.join(types)}"

    def check(self, value: Any) -> None:
        if not isinstance(value, Table):
            raise self.refuse(value)
        for key, one in value.items():
            if key not in self.types:
                raise OptionError(
                    f"has no `{key}`", "unknown-key", hint=f"it has {', '.join(self.types)}"
                )
            try:
                self.types[key].check(one)
            except OptionError as error:
                raise OptionError(
                    f"has a `{key}` that {error.message}", error.rule, hint=error.hint
                ) from None
        missing = [key for key in self.required if key not in dict(value.items())]
        if missing:
            raise OptionError(f"needs `{missing[0]}`", "missing-option")

    def brief(self, value: Any) -> str:
        return " ".join([self.types[key].brief(one) for key, one in value.items()])

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {key: one.schema() for key, one in self.types.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }


class Either(Type):
    """A mapping of words, or a single word."""

    keyed = True
    text = True

    def __init__(self, mapping: Mapped, word: Choice) -> None:
        self.mapping, self.word = mapping, word
        self.words = word.words
        self.expects = f"{mapping.expects}, or {word.expects.removeprefix('one of ')}"

    def check(self, value: Any) -> None:
        if isinstance(value, Table):
            self.mapping.check(value)
        elif value not in self.words or type(value) is not str:
            raise self.refuse(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.mapping.schema(), self.word.schema()]}


class Branches(Type):
    """Lists of layers applied to the incoming tensor, or names of earlier layers."""

    expects = "a list of branches: lists of layers, or names of earlier layers"

    def schema(self) -> dict[str, Any]:
        branch = {
            "anyOf": [
                {"type": "string", "description": "the name of an earlier layer"},
                {"$ref": "#/$defs/layers"},
                {
                    "type": "object",
                    "properties": {
                        "layers": {"$ref": "#/$defs/layers"},
                        "if": {"$ref": "#/$defs/condition"},
                    },
                    "required": ["layers"],
                    "additionalProperties": False,
                },
            ]
        }
        return {"type": "array", "items": branch, "minItems": 1}


class Option:
    """One option of a kind."""

    def __init__(
        self,
        type: Type,
        help: str,
        *,
        default: Any = None,
        required: bool = False,
        main: bool = False,
        variadic: bool = False,
        like: str | None = None,
        mark: str | None = None,
        key: str = "",
    ) -> None:
        self.key = key
        """Its name in a file: that of the class attribute where none is given."""
        self.attribute = key
        """The class attribute."""
        self.type = type
        self.help = help
        self.default = default
        self.required = required
        self.main = main
        """The option that a single value gives."""
        self.variadic = variadic
        """Whether a list given to the kind is this option's value."""
        self.like = like
        """The option whose value this one takes when it is left out."""
        self.mark = mark
        """How the short form announces it: `/` a stride, `p` a padding."""


def option(type: Type, help: str, **settings: Any) -> Any:
    """Declare an option as a class attribute (typed `Any`, so that the annotation is free).

    The settings are those of `Option`.
    """
    return Option(type, help, **settings)
