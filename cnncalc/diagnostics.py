"""Findings as data: what is wrong, where, how bad, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning", "note"]


class Place(NamedTuple):
    """A stretch of a source file; lines and columns count from 1, the end is excluded."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Edit(NamedTuple):
    """Replace the text of a place."""

    place: Place
    text: str


class Fix(NamedTuple):
    """One way to mend a finding; `safe` where the network computes the same as before."""

    description: str
    safe: bool = False
    edits: tuple[Edit, ...] = ()


class Diagnostic(NamedTuple):
    """One finding."""

    rule: str
    severity: Severity
    message: str
    place: Place | None = None
    layer: str | None = None
    hint: str | None = None
    excerpt: str | None = None
    """The source line of the place."""
    fixes: tuple[Fix, ...] = ()
    used: tuple[Place, ...] = ()
    """Where the blocks around the place were used, innermost first."""
    times: int = 1
    """How many uses of a block lead to this same finding."""
    shapes: tuple[tuple[int, ...], ...] = ()
    """The shapes that meet and do not go together, where that is the finding."""

    def to_dict(self) -> dict[str, Any]:
        """The form of the contract (`cnncalc.diagnostics/1`)."""
        place = self.place
        return {
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "end_line": place.end_line if place else None,
            "end_column": place.end_column if place else None,
            "layer": self.layer,
            "hint": self.hint,
            "times": self.times,
            "used": [
                {"file": use.file, "line": use.line, "column": use.column} for use in self.used
            ],
            "fixes": [
                {
                    "description": fix.description,
                    "safe": fix.safe,
                    "edits": [
                        {
                            "line": edit.place.line,
                            "column": edit.place.column,
                            "end_line": edit.place.end_line,
                            "end_column": edit.place.end_column,
                            "text": edit.text,
                        }
                        for edit in fix.edits
                    ],
                }
                for fix in self.fixes
            ],
        }


class Refusal(Exception):
    """An input that cannot be used, as data: the rule it breaks, why, and what would do instead.

    The raiser gives a position in its own coordinates (a character of an expression, an option
    of a layer); the caller that knows the file maps it to a node, and to a line and column.
    """

    def __init__(
        self,
        rule: str,
        message: str,
        *,
        hint: str | None = None,
        instead: str | None = None,
        before: str | None = None,
        safe: bool = False,
        word: str | None = None,
        offset: int | None = None,
        option: str | None = None,
        shapes: tuple[tuple[int, ...], ...] = (),
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        if hint is None and instead is not None:
            hint = f"did you mean `{instead}`?"
        self.hint = hint
        self.instead = instead
        """What to write in place of the word, or of the number, that is refused."""
        self.before = before
        """A layer that would have to stand before the one refused."""
        self.safe = safe
        """Whether that is certainly what was meant."""
        self.word = word
        """The word that is refused."""
        self.offset = offset
        """At which character of its text an expression goes wrong."""
        self.option = option
        """Which option of a layer to look at."""
        self.shapes = shapes
        """Shapes that meet and do not go together."""
        self.node: Any = None
        """The node of the file that is meant, once it is known."""

    def at(self, node: object) -> Refusal:
        """The same, about a node of the file; what is nearer to the mistake stands."""
        if self.node is None:
            self.node = node
        return self

    def about(self, subject: str) -> Refusal:
        """The same, the message continuing what it is about."""
        self.message = f"{subject} {self.message}"
        return self


class UsageError(Exception):
    """What the caller asked for cannot be had: no such file, network, parameter or value."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class SpecError(Exception):
    """The network cannot be used; carries every finding that says why."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(d.message for d in self.diagnostics))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is closest to a mistyped one, or `None`."""
    from difflib import get_close_matches
    from itertools import islice

    candidates = list(islice(known, 500))  # comparing is slow, and a hint is only a hint
    close = get_close_matches(word.lower(), candidates, n=3, cutoff=0.55)
    slips = [match for match in close if _is_slip(word.lower(), match.lower())]
    return min(slips, key=lambda match: _distance(word.lower(), match.lower()), default=None)


def _is_slip(word: str, known: str) -> bool:
    """Whether a word can be meant for a known one: a part of it, or a few letters off.

    `transformer` shares most of its letters with `conv_transpose`, and means something else.
    """
    if min(len(word), len(known)) > 2 and (word in known or known in word):
        return True
    return _distance(word, known) <= 1 + max(len(word), len(known)) // 4


def _distance(word: str, known: str) -> int:
    """Letters put in, left out, exchanged with another or with their neighbour (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, letter in enumerate(word, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(known, 1):
            cost = min(row[-1] + 1, before[j] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == known[j - 2] and word[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    """A hint naming the nearest known word, where one is near, in front of a general one."""
    close = nearest(word, known)
    return otherwise if close is None else f"did you mean `{close}`?\n{otherwise}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint naming the nearest known word, else all of them when they are few."""
    names = sorted(known)
    close = nearest(word, names)
    if close is not None:
        return f"did you mean `{close}`?"
    return listing(names)


def listing(names: list[str]) -> str | None:
    """A hint with all names when they are few."""
    return f"known: {', '.join(names)}" if names and len(names) <= 12 else None


def misspelt(rule: str, message: str, word: str, known: Iterable[str]) -> Refusal:
    """The refusal of a word that nothing knows: the nearest known one would do instead."""
    names = sorted(known)
    close = nearest(word, names)  # looked for once: comparing is slow
    hint = None if close is not None else listing(names)
    return Refusal(rule, message, hint=hint, instead=close, word=word)


def summarize(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    """How many findings of each severity."""
    counts = {"errors": 0, "warnings": 0, "notes": 0}
    for diagnostic in diagnostics:
        counts[diagnostic.severity + "s"] += 1
    return counts
