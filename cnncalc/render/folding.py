"""Terms of a paper's table, and what recurs among them folded: `[3×3, 64; 3×3, 64] × 2`.

A term is a layer, a block of terms, or a merge of them side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Label(NamedTuple):
    """A layer."""

    text: str
    """As a paper has it: `3×3, 64`."""
    stride: str = ""
    """What its blocks may differ in and be one all the same: `stride 2`."""


class Several(NamedTuple):
    """Terms one after the other, or (`aside`) branches side by side, so many times."""

    terms: tuple[Term, ...]
    times: int = 1
    aside: bool = False
    entry: int = 0
    """Channels that enter a block which is not folded yet."""


Term = Label | Several


LONGEST = 12
"""The most terms that are looked for as one that recurs, where no block says so."""


def runs(terms: Sequence[Term], outermost: bool = False) -> tuple[Term, ...]:
    """Equal blocks that follow each other as one, and those that stand once as their terms.

    Equal layers are one as well where no block can be folded around them.
    """
    single = list(_run(terms, outermost))
    keys = [_unstrided(term) for term in single]
    found: list[Term] = []
    at = 0
    while at < len(single):
        length, times = _period(keys, at)
        if times == 1:
            found.append(single[at])
        else:
            rounds = [
                single[start : start + length] for start in range(at, at + length * times, length)
            ]
            agreed = all(one == rounds[0] for one in rounds)
            found.append(Several(tuple(rounds[0] if agreed else keys[at : at + length]), times))
        at += length * times
    return tuple(found)


def _period(keys: Sequence[Term], at: int) -> tuple[int, int]:
    """How many terms from a place on recur at once, and how often; those that cover most."""
    best = (1, 1)
    for length in range(2, min(LONGEST, (len(keys) - at) // 2) + 1):
        times = 1
        while keys[at : at + length] == keys[at + times * length : at + (times + 1) * length]:
            times += 1
        recurring = times > 1 and any(key != keys[at] for key in keys[at : at + length])
        if recurring and length * times > best[0] * best[1]:
            best = (length, times)
    return best


def _run(terms: Sequence[Term], outermost: bool) -> Iterator[Term]:
    for same in _alike(terms):
        first, *others = [_unentered(term) for term in same]
        times = sum(term.times if isinstance(term, Several) else 1 for term in same)
        shown = first
        if any(term != first for term in others):
            shown = _common(same) or _unstrided(first)
        if isinstance(shown, Label):
            yield from [Several((shown,), times)] if outermost and times > 1 else same
        elif times == 1 and not shown.aside:
            yield from shown.terms
        else:
            yield shown._replace(times=times)


def _alike(terms: Sequence[Term]) -> Iterator[list[Term]]:
    """Terms that are the same, or blocks that are by the channels that enter them."""
    found: list[Term] = []
    for term in terms:
        if found and _strideless(term) != _strideless(found[0]) and not _common([*found, term]):
            yield found
            found = []
        found.append(term)
    if found:
        yield found


ENTERING = "k"
"""The channels that enter a block, as MobileNetV2's table 1 names them."""


def _common(blocks: Sequence[Term]) -> Several | None:
    """What blocks have in common: layers that are the same, others by the channels that enter.

    `1×1, 6k` is a layer that widens to six times those. `None` where they are not alike.
    """
    length = None
    for block in blocks:
        if isinstance(block, Label) or block.aside or not block.entry:
            return None
        if len(block.terms) != (length or len(block.terms)):
            return None
        length = len(block.terms)
    several = [block for block in blocks if isinstance(block, Several)]
    found: list[Term] = []
    for terms in zip(*[block.terms for block in several], strict=True):
        plain = {_unstrided(term) for term in terms}
        if len(plain) > 1:
            plain = {
                _widened(term, block.entry) if isinstance(term, Label) else term
                for term, block in zip(map(_unstrided, terms), several, strict=True)
            }
        if len(plain) > 1:
            return None
        found += plain
    return Several(tuple(found))


def _widened(told: Label, entry: int) -> Label:
    match = re.search(r"(?<=, )\d+(?=,|$)", told.text)
    if match is None or int(match[0]) % entry or int(match[0]) == entry:
        return told
    times = f"{int(match[0]) // entry}{ENTERING}"
    return told._replace(text=told.text[: match.start()] + times + told.text[match.end() :])


def widens(term: Term) -> bool:
    """Whether a layer of a term is told by the channels that enter its block."""
    if isinstance(term, Label):
        return re.search(rf"(?<=, )\d+{ENTERING}(?=,|$)", term.text) is not None
    return any(map(widens, term.terms))


def _unentered(term: Term) -> Term:
    return term if isinstance(term, Label) else term._replace(entry=0)


def _strideless(term: Term) -> Term:
    """What makes terms the same: all but the strides, and how often they stand."""
    plain = _unstrided(term)
    if isinstance(plain, Several) and len(plain.terms) == 1 and not plain.aside:
        return plain.terms[0]
    return plain._replace(times=1) if isinstance(plain, Several) else plain


def _unstrided(term: Term) -> Term:
    if isinstance(term, Label):
        return term._replace(stride="")
    return term._replace(terms=tuple(map(_unstrided, term.terms)), entry=0)
