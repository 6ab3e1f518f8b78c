"""From what the caller names to a network: a file, a shipped network, or standard input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from cnncalc.diagnostics import Refusal, UsageError
from cnncalc.language.forms.inputs import GivenInput, check_input_size
from cnncalc.language.network import Network
from cnncalc.language.text.resolve import which
from cnncalc.language.text.revision import at_revision, source_at
from cnncalc.language.text.source import Source, UnreadableError
from cnncalc.layers.base import SIZE_LIMIT
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape, product

STDIN_LIMIT = 16 * 1024 * 1024


def find(net: str, stdin: bytes | None = None) -> Source:
    """The source of a network: a shipped network's name, a file, or `-` for standard input.

    Raises:
        UsageError: there is no such file or network.
        SpecError: it is no text.
    """
    if net == "-":
        return Source.decode("<stdin>", standard_input() if stdin is None else stdin)
    revision = at_revision(net)
    if revision is not None:
        return source_at(*revision)
    try:
        path, label = which(net)
        return Source.read(path, label)
    except Refusal as refusal:
        raise UsageError(refusal.message, refusal.hint) from None
    except UnreadableError as error:
        raise UsageError(str(error)) from None


_READ: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()
"""What was read from a stream: its format is looked at before it is parsed."""


def standard_input() -> bytes:
    """All of standard input, which is read once.

    Raises:
        UsageError: it is closed.
    """
    import sys

    if sys.stdin is None:
        raise UsageError("standard input is closed")
    stream = sys.stdin.buffer
    if stream not in _READ:
        _READ[stream] = stream.read(STDIN_LIMIT)
    return _READ[stream]


def load(net: str) -> Network:
    """A network by file, name or `-`, parsed.

    Raises:
        UsageError: there is no such file or network.
        SpecError: it is no architecture file.
    """
    return Network(find(net))


def checked_input(
    given: Sequence[int] | Mapping[str, Sequence[int]], what: str = "`input`"
) -> GivenInput:
    """Input shapes from outside, their sizes looked at.

    Raises:
        UsageError: one is no shape.
    """
    if not isinstance(given, Mapping):
        return _checked(given, what)
    if not given or not all([isinstance(name, str) for name in given]):
        raise UsageError(
            f"{what} must be a shape, or shapes by the inputs' names",
            'as in {"image": (3, 224, 224)}',
        )
    return {name: _checked(shape, f"{what}, `{name}`,") for name, shape in given.items()}


def _checked(shape: Sequence[int], what: str) -> Shape:
    if isinstance(shape, str) or not isinstance(shape, Sequence) or not 1 <= len(shape) <= 4:
        raise UsageError(f"{what} must be channels and sizes", "as in (3, 224, 224)")
    for size in shape:
        try:
            check_input_size(size)
        except OptionError as refusal:
            raise UsageError(f"{what}: {refusal.message}") from None
    if product(tuple(shape)) > SIZE_LIMIT:
        raise UsageError(f"{what} would hold more than 2^53 values")
    return tuple(shape)
