"""Python as text, laid out as `ruff format` lays it out: 88 columns, calls opened one by one."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Mapping
from math import isinf
from typing import NamedTuple

from cnncalc.analysis.outline.terms import (
    CHANNELS,
    ENTERING,
    FUNCTIONS,
    ITEMWISE,
    STRENGTH,
    Conditional,
    Name,
    Operation,
    Term,
    names,
)
from cnncalc.fresh_names import fresh

WIDTH = 88

ROUND = Name("round")
"""The number of a loop's round, from 0."""

WORDS = {ENTERING: CHANNELS.text, ROUND: "i"}
"""Names with a meaning; what reached a block is what its constructor is given."""


class Code(NamedTuple):
    """An expression: a text, or what stands between a head and a tail."""

    head: str
    parts: tuple[Code, ...] | None = None
    tail: str = ""
    comma: str = ","
    """What stands between its parts, and behind the last where each has its line."""

    def inside(self) -> str:
        """Its parts on one line."""
        return f"{self.comma} ".join(part.flat() for part in self.parts or ())

    def flat(self) -> str:
        """On one line."""
        return self.head + self.inside() + self.tail


def call(function: str, *arguments: Code | str, **named: str | None) -> Code:
    """A call; named arguments that are `None` are left out."""
    parts = [Code(part) if isinstance(part, str) else part for part in arguments]
    parts += [Code(f"{key}={value}") for key, value in named.items() if value is not None]
    return Code(f"{function}(", tuple(parts), ")")


def listed(parts: Iterable[Code]) -> Code:
    """A list."""
    return Code("[", tuple(parts), "]")


def before(prefix: str, code: Code, suffix: str = "") -> Code:
    """An expression with something in front of it and behind it."""
    return code._replace(head=prefix + code.head, tail=code.tail + suffix)


def laid_out(code: Code, indent: int) -> list[str]:
    """The lines of an expression or statement."""
    return _laid_out(code, indent, "")


def _laid_out(code: Code, indent: int, suffix: str) -> list[str]:
    pad = " " * indent
    flat = f"{pad}{code.flat()}{suffix}"
    if len(flat) <= WIDTH or not code.parts:
        return [flat]
    inside = f"{pad}    {code.inside()}"
    if len(inside) <= WIDTH and code.comma:
        return [f"{pad}{code.head}", inside, f"{pad}{code.tail}{suffix}"]
    lines = [f"{pad}{code.head}"]
    for part in code.parts:
        lines += _laid_out(part, indent + 4, code.comma)
    return [*lines, f"{pad}{code.tail}{suffix}"]


# -- terms -------------------------------------------------------------------------------------


def text(term: Term, tuples: Mapping[str, int] | None = None) -> str:
    """A term as Python; `tuples` are the names that hold tuples, with their lengths."""
    return _text(term, tuples or {})


def _text(term: Term, tuples: Mapping[str, int]) -> str:
    if isinstance(term, Name):
        return WORDS.get(term) or variable(term.text)
    if isinstance(term, Conditional):
        return " ".join(
            (_text(term.yes, tuples), "if", _text(term.condition, tuples), "else",
             _text(term.no, tuples))
        )  # fmt: skip
    if isinstance(term, Operation):
        return _operation(term, tuples)
    if type(term) is tuple:
        inside = ", ".join(_text(item, tuples) for item in term)
        return f"({inside},)" if len(term) == 1 else f"({inside})"
    if type(term) is str:
        return quoted(term)
    if type(term) is float and isinf(term):
        return f'float("{term}")'
    return repr(term)


def _operation(term: Operation, tuples: Mapping[str, int]) -> str:
    over = [tuples[name] for name in names(term) if name in tuples]
    if over and term.sign in ITEMWISE:
        items = [_item(term, index, tuples) for index in range(over[0])]
        return f"({', '.join(_text(item, {}) for item in items)})"
    if term.sign == "not":
        return f"not {_inner(term.left, 3, tuples)}"
    if term.sign in FUNCTIONS:
        values = (term.left, term.right)[: FUNCTIONS[term.sign]]
        module = "math." if term.sign in ("ceil", "floor") else ""
        return f"{module}{term.sign}({', '.join([_text(value, tuples) for value in values])})"
    strength = STRENGTH[term.sign]
    tight = strength + (term.sign in ("-", "//", "*", "/", "%"))
    left, right = _inner(term.left, strength, tuples), _inner(term.right, tight, tuples)
    return f"{left} {term.sign} {right}"


def _item(term: Term, index: int, tuples: Mapping[str, int]) -> Term:
    """One item of an operation on tuples."""
    if isinstance(term, Name) and term.text in tuples:
        return Name(f"{variable(term.text)}[{index}]")
    if isinstance(term, Operation):
        left, right = _item(term.left, index, tuples), _item(term.right, index, tuples)
        return Operation(term.sign, left, right)
    return term[index] if type(term) is tuple else term


def _inner(term: Term, strength: int, tuples: Mapping[str, int]) -> str:
    found = _text(term, tuples)
    loose = isinstance(term, Conditional) or (
        isinstance(term, Operation)
        and term.sign not in FUNCTIONS
        and STRENGTH[term.sign] < strength
    )
    return f"({found})" if loose else found


def quoted(found: str) -> str:
    """A text as a string in double quotes, whatever it holds."""
    inside = "".join(
        c if c.isprintable() and c not in '"\\' and c.isascii() else _escaped(c) for c in found
    )
    return f'"{inside}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return ascii(character)[1:-1]


# -- names -------------------------------------------------------------------------------------

RESERVED = {
    "self", "x", "nn", "torch", "math", "Tensor", "super", "range", "make_divisible", "crop", "i",
}  # fmt: skip
"""Names that the written code uses itself."""


def variable(name: str) -> str:
    """A name as a variable or an attribute."""
    if re.fullmatch(r"[a-zA-Z_][\w]*\[\d\]", name, re.ASCII):
        return name
    name = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    if not name or name[0].isdigit():
        name = f"layer_{name}".rstrip("_")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in RESERVED:
        return f"{name}_"
    return name


def class_name(name: str, taken: Collection[str] = ()) -> str:
    """A name as that of a class: its words in one, each with a capital first."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    found = "".join(word[:1].upper() + word[1:] for word in words)
    if not found or found[0].isdigit():
        found = f"Network{found}"
    return fresh(found, {*taken, *keyword.kwlist}, separator="")
