"""From what the caller names to a network: a file, a shipped network, or standard input."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from cnncalc.diagnostics import nearest
from cnncalc.language import zoo
from cnncalc.language.errors import UsageError
from cnncalc.language.expressions.expression import parse
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.network import KEYS, Network, check_input_size
from cnncalc.language.text.source import (
    Source,
    UnreadableError,
)
from cnncalc.layers.base import SIZE_LIMIT
from cnncalc.shapes import Shape, product

__all__ = [
    "KEYS",
    "Network",
    "UsageError",
    "checked_input",
    "find",
    "load",
    "parse_change",
    "parse_input",
]


def find(net: str, stdin: bytes | None = None) -> Source:
    """The source of a network: a file, a shipped network's name, or `-` for standard input.

    Raises:
        UsageError: there is no such file or network.
        SpecError: it is no text.
    """
    if net == "-":
        if stdin is None:
            import sys

            if sys.stdin is None:
                raise UsageError("standard input is closed")
            stdin = sys.stdin.buffer.read(16 * 1024 * 1024)
        return Source.decode("<stdin>", stdin)
    if not net or "\0" in net or len(net) > 4096:
        raise UsageError(f"`{net[:40]}` is no file and no shipped network")
    shipped = zoo.path(net)
    exists = os.path.exists(net)
    stem, ending = os.path.splitext(net)
    try:
        if shipped is not None and not os.path.isfile(net):
            return Source.read(shipped, net)
        if not exists and not ending and "/" not in net:
            close = nearest(net, zoo.names())
            raise UsageError(
                f"there is no file and no shipped network `{net}`",
                f"did you mean `{close}`?" if close else "`cnncalc zoo` lists the shipped networks",
            )
        if not exists and ending == ".yaml" and zoo.path(stem) is not None:
            return Source.read(f"{zoo.folder()}/{net}", net)
        return Source.read(net, net)
    except UnreadableError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"cannot read {net}: {error.strerror or error}") from None


def load(net: str) -> Network:
    """A network by file, name or `-`, parsed.

    Raises:
        UsageError: there is no such file or network.
        SpecError: it is no architecture file.
    """
    return Network(find(net))


def parse_change(text: str) -> tuple[str, Any]:
    """`NAME=VALUE` of `--set`.

    Raises:
        UsageError: it is none, or the value is no constant.
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise UsageError(f"`--set {text}` must be NAME=VALUE", "as in `--set classes=10`")
    try:
        expression = parse(value.strip())
        return name.strip(), expression.evaluate({})
    except ExpressionError as error:
        raise UsageError(f"`--set {text}`: {error.message}") from None


def parse_input(text: str) -> Shape:
    """`3x384x384` of `--input`.

    Raises:
        UsageError: it is no shape.
    """
    parts = text.lower().replace("×", "x").replace(",", "x").split("x")
    if not 1 <= len(parts) <= 4 or not all(
        p.isdecimal() and p.isascii() and len(p) < 20 for p in parts
    ):
        raise UsageError(
            f"`--input {text}` must be channels and sizes", "as in `--input 3x224x224`"
        )
    return checked_input(tuple(map(int, parts)), f"`--input {text}`")


def checked_input(shape: Sequence[int], what: str = "`input`") -> Shape:
    """An input shape from outside, its sizes looked at.

    Raises:
        UsageError: it is no shape.
    """
    if isinstance(shape, str) or not isinstance(shape, Sequence) or not 1 <= len(shape) <= 4:
        raise UsageError(f"{what} must be channels and sizes", "as in (3, 224, 224)")
    for size in shape:
        problem = check_input_size(size)
        if problem:
            raise UsageError(f"{what}: {problem[1]}")
    if product(tuple(shape)) > SIZE_LIMIT:
        raise UsageError(f"{what} would hold more than 2^53 values")
    return tuple(shape)
