"""The lines of the user's own code that called an operator."""

from __future__ import annotations

import inspect
import os
from types import CodeType

import torch

from cnncalc import version
from cnncalc.diagnostics import Place

LIBRARIES = tuple(
    os.path.dirname(os.path.abspath(str(one.__file__))) + os.sep for one in (torch, version)
)
"""Whose frames lie between the user's line and the operator."""


class Lines:
    """Finds the user's lines on the stack; what was found once is kept."""

    def __init__(self) -> None:
        self._own: dict[CodeType, bool] = {}
        self._places: dict[tuple[CodeType, int], Place] = {}

    def here(self) -> tuple[Place, ...]:
        """The lines that led to this call, innermost first, as far as they are the user's."""
        found = []
        frame = inspect.currentframe()
        while frame is not None:
            code = frame.f_code
            own = self._own.get(code)
            if own is None:
                own = self._own[code] = is_own(code.co_filename)
            if own:
                key = code, frame.f_lasti
                place = self._places.get(key)
                if place is None:
                    place = self._places[key] = place_of(code, frame.f_lasti, frame.f_lineno)
                found.append(place)
            elif found and code.co_filename.startswith(LIBRARIES[1]):
                break  # the run itself; what called it is none of the network's code
            frame = frame.f_back
        return tuple(found)


def is_own(file: str) -> bool:
    """Whether a file is the user's code: neither PyTorch's nor ours nor made up."""
    return not file.startswith(LIBRARIES) and not file.startswith("<")


def place_of(code: CodeType, instruction: int, line: int) -> Place:
    """The stretch of the source that an instruction was made from."""
    positions = list(code.co_positions())
    at = positions[instruction // 2] if 0 <= instruction // 2 < len(positions) else None
    if at is None or None in at:
        return Place(code.co_filename, line, 1, line, 1)
    start, end, column, end_column = (number or 0 for number in at)
    return Place(code.co_filename, start, column + 1, end, end_column + 1)
