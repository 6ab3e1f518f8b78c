"""Numbers and shapes as text: the only place where they are formatted.

What is unknown is `?`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.shapes import Shape
from cnncalc.unknown import UNKNOWN

COUNT_UNITS = ("", "K", "M", "G", "T", "P", "E", "Z", "Y")
BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")

kept = lru_cache(maxsize=10_000)
"""Remembers texts: the layers of a network have few numbers, shapes and fields of their own."""


def exact(count: int) -> str:
    """With separators: `138,357,544`."""
    return f"{count:,}"


@kept
def human(count: int) -> str:
    """In units of 1000: `138.4M`; below 1000 as it is."""
    return _scaled(count, 1000, COUNT_UNITS, "")


@kept
def human_bytes(count: int) -> str:
    """In units of 1024: `12.2 MiB`."""
    return _scaled(count, 1024, BYTE_UNITS, " ")


def _scaled(count: int, base: int, units: Sequence[str], space: str) -> str:
    if count is UNKNOWN:
        return str(count)
    if count < base:
        return f"{count}{space}{units[0]}" if units[0] else str(count)
    scaled = float(count)
    power = 0
    while scaled >= base - 0.5 and power < len(units) - 1:
        scaled /= base
        power += 1
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    if base == 1000 and digits == 0:
        digits = 1
    return f"{scaled:,.{digits}f}{space}{units[power]}"


@kept
def shape(sizes: Shape, channels_last: bool = False) -> str:
    """`64×224×224`, or `224×224×64` with channels last."""
    if channels_last and len(sizes) > 1:
        sizes = (*sizes[1:], sizes[0])
    return "×".join(map(str, sizes))


def per_axis(values: Sequence[object]) -> str:
    """One value where all axes agree, else all of them with `×` between."""
    texts = [signed(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else "×".join(texts)


def signed(value: object) -> str:
    """A number with a true minus sign; a dash where there is none."""
    return "–" if value is None else str(value).replace("-", "−")


@kept
def field(found: ReceptiveField | None) -> str:
    """Size and stride of a receptive field: `212/32`; `all` where everything is seen, or a dash."""
    if found is None:
        return "all"
    if not any(found.size):
        return signed(None)
    if UNKNOWN in found.size:
        return str(UNKNOWN)
    stride = per_axis(found.stride)
    size = per_axis(found.size)
    return size if stride == "1" else f"{size}/{f'({stride})' if '/' in stride else stride}"


@kept
def fields(found: tuple[ReceptiveField | None, ...]) -> str:
    """Those in all inputs of a network: one where they agree, else `7/2, –` in their order."""
    return _agreed([field(one) for one in found])


def starts(found: Sequence[ReceptiveField | None]) -> str:
    """Where the first unit's windows begin in all inputs of a network; empty for none."""
    return _agreed(
        [per_axis(one.start) if one is not None and any(one.size) else "" for one in found]
    )


def _agreed(texts: list[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else ", ".join([text or signed(None) for text in texts])
