"""Seeded mistakes in the shipped networks: each is one that its own layer cannot be built with."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import NamedTuple

Edit = Callable[[str, random.Random], str | None]


class Broken(NamedTuple):
    """A file with mistakes."""

    net: str
    text: str
    lines: tuple[int, ...]
    """Where they are, counted from 1."""
    kinds: tuple[str, ...]


def _unknown_word(line: str, draw: random.Random) -> str | None:
    match = re.search(r"\b(conv|relu|batch_norm|max_pool|linear|silu)\b", line)
    if match is None:
        return None
    word = match[0]
    wrong = draw.choice([word + word[-1], word[:-1] + "qz", "zz_" + word])
    return line[: match.start()] + wrong + line[match.end() :]


def _wrong_kernel(line: str, draw: random.Random) -> str | None:
    found = re.sub(r"kernel: \d+", "kernel: 5003", line)
    return found if found != line else None


def _missing_option(line: str, draw: random.Random) -> str | None:
    found = re.sub(r"filters: [^,}]+, ", "", line)
    return found if found != line and "conv" in line else None


def _bad_expression(line: str, draw: random.Random) -> str | None:
    found = re.sub(r"(filters|features): [^,}\]]+", r"\1: 3 +* 4", line)
    return found if found != line else None


def _undefined_name(line: str, draw: random.Random) -> str | None:
    found = re.sub(r"(filters|features): [^,}\]]+", r"\1: nowhere", line)
    return found if found != line else None


def _wrong_groups(line: str, draw: random.Random) -> str | None:
    if not re.search(r"\bconv: \{", line):
        return None
    return re.sub(r"\bconv: \{", "conv: {groups: 5003, ", re.sub(r", groups: [^,}]+", "", line))


def _lost_flatten(line: str, draw: random.Random) -> str | None:
    return "" if re.fullmatch(r"\s*- flatten\s*", line) else None


EDITS: dict[str, Edit] = {
    "unknown word": _unknown_word,
    "wrong kernel": _wrong_kernel,
    "missing option": _missing_option,
    "bad expression": _bad_expression,
    "undefined name": _undefined_name,
    "wrong groups": _wrong_groups,
    "lost flatten": _lost_flatten,
}


def broken(net: str, text: str, draw: random.Random) -> Broken | None:
    """A file with one to three mistakes; `None` where the draw finds no place for one."""
    lines = text.split("\n")
    places, kinds = [], []
    for _ in range(draw.choice([1, 1, 2, 3])):
        kind = draw.choice([*EDITS])
        at = draw.randrange(len(lines))
        for offset in range(len(lines)):
            place = (at + offset) % len(lines)
            layer = lines[place].lstrip().startswith("- ") and place + 1 not in places
            changed = EDITS[kind](lines[place], draw) if layer else None
            if changed is not None:
                lines[place] = changed
                places.append(place + 1)
                kinds.append(kind)
                break
    return Broken(net, "\n".join(lines), tuple(places), tuple(kinds)) if places else None
