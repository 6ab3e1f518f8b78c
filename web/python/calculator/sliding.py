"""A kernel that slides over a map: which values each output reads, for the page to draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.analysis.axis import given_padding
from cnncalc.diagnostics import UsageError
from cnncalc.shapes import Slide, transposed_size

LARGEST = 64
"""A side of a map that is drawn."""

SETTINGS = {"input": 1, "kernel": 1, "stride": 1, "dilation": 1}
"""The settings that are whole numbers, and the least of each."""


def sliding(body: Mapping[str, Any]) -> dict[str, Any]:
    """What each output of a kernel reads, on one axis; both axes of a map are alike.

    `taps` lists for each output the input of each tap of the kernel: an index of the input,
    negative or beyond its end where the tap lies on padding; of a transposed kernel `null` where
    the tap falls between two inputs. `reads` counts how often each input is read.

    Raises:
        UsageError: a number is none, or the kernel does not fit.
    """
    size, kernel, stride, dilation = (_whole(body, key) for key in SETTINGS)
    if body.get("transposed"):
        before, after = given_padding(str(body["padding"]).strip(), size, kernel, 1, dilation)
        taps = _transposed(size, kernel, stride, before, after, dilation)
    else:
        before, after = given_padding(str(body["padding"]).strip(), size, kernel, stride, dilation)
        slide = Slide(size, kernel, stride, before, after, dilation)
        if slide.travel < 0:
            raise UsageError(
                f"a kernel that covers {slide.extent} does not fit on {size + before + after}"
            )
        first = [unit * stride - before for unit in range(slide.output)]
        taps = [[start + tap * dilation for tap in range(kernel)] for start in first]
    reads = [0] * size
    for row in taps:
        for place in row:
            if place is not None and 0 <= place < size:
                reads[place] += 1
    return {"size": size, "before": before, "after": after, "taps": taps, "reads": reads}


def _transposed(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int
) -> list[list[int | None]]:
    """For each output of a transposed kernel the input behind each tap: `o = i·S − P + k·D`."""
    output = transposed_size(size, kernel, stride, before, after, 0, dilation)
    if output < 1:
        raise UsageError("the padding takes away all of the output")
    taps: list[list[int | None]] = []
    for unit in range(output):
        row: list[int | None] = []
        for tap in range(kernel):
            place, rest = divmod(unit + before - tap * dilation, stride)
            row.append(place if rest == 0 and 0 <= place < size else None)
        taps.append(row)
    return taps


def _whole(body: Mapping[str, Any], key: str) -> int:
    text = str(body[key]).strip()
    if not (text.isascii() and text.isdecimal() and SETTINGS[key] <= int(text) <= LARGEST):
        raise UsageError(f"`{key}` must be a whole number from {SETTINGS[key]} to {LARGEST}")
    return int(text)
