"""Values of command-line options: whole numbers and shapes."""

from __future__ import annotations

import re
from typing import Any

import click

from cnncalc.diagnostics import UsageError
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.language.load import checked_input
from cnncalc.layers.options import INTEGER_LIMIT
from cnncalc.shapes import Shape


class Whole(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A whole number of a range, as an option's value."""

    name = "n"

    def __init__(self, least: int = 1, most: int = INTEGER_LIMIT) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; ends the command where it is none."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        if re.fullmatch(r"[-+]?[0-9]+", text) is None:
            self.fail(f"`{value}` is no whole number{_meant(text)}", param, ctx)
        number = int(text) if len(text) < 25 else self.most + 1
        if not self.least <= number <= self.most:
            most = "2^31 − 1" if self.most == INTEGER_LIMIT else f"{self.most:,}"
            self.fail(f"`{value}` is not from {self.least} to {most}", param, ctx)
        return number


def _meant(text: str) -> str:
    """What a number such as `1e3` would be, written out."""
    try:
        number = float(text)
    except ValueError:
        return ""
    return f"; write {int(number)}" if number.is_integer() and abs(number) < 2**53 else ""


def parse_input(text: str) -> GivenInput:
    """`3x384x384` of `--input`, or `image=3x384x384,depth=1x384x384`.

    Raises:
        UsageError: it is no shape, or an input is given twice.
    """
    if "=" not in text:
        return checked_input(_sizes(text, text), f"`--input {text}`")
    given: dict[str, Shape] = {}
    for part in re.split(r",(?=[^,=]*=)", text):  # a shape may have commas too
        name, _, sizes = part.partition("=")
        name = name.strip()
        if name in given:
            raise UsageError(f"`--input {text}` gives `{name}` twice")
        given[name] = _sizes(sizes, text)
    return checked_input(given, f"`--input {text}`")


def _sizes(text: str, whole: str) -> Shape:
    parts = text.lower().replace("×", "x").replace(",", "x").split("x")
    if not 1 <= len(parts) <= 4 or not all(
        p.isdecimal() and p.isascii() and len(p) < 20 for p in parts
    ):
        raise UsageError(
            f"`--input {whole}` must be channels and sizes",
            "as in `--input 3x224x224`, or `--input image=3x224x224,depth=1x224x224`",
        )
    return tuple(map(int, parts))
