"""The text of a .cfg as sections of options, each with its place."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnncalc.diagnostics import Edit, Place, Refusal, SpecError
from cnncalc.language.text.source import Source

SECTION_LIMIT = 5_000


class Option(NamedTuple):
    """`key=value`."""

    key: str
    value: str
    place: Place
    """Of the value."""
    whole: Place
    """Of key and value."""


class Section(NamedTuple):
    """`[name]` and its options."""

    name: str
    place: Place
    options: dict[str, Option]
    end: Place
    """Behind its last option: an empty place at the end of that line."""

    def appended(self, text: str) -> Edit:
        """The edit that adds a line to the section."""
        return Edit(self.end, f"\n{text}")


def parsed(source: Source) -> list[Section]:
    """The sections of a text.

    Blanks within a line do not count, `#` and `;` begin a comment, and of an option that is given
    twice the first counts, as darknet has it.

    Raises:
        SpecError: a line is none of these.
    """
    found: list[Section] = []
    for number, line in enumerate(source.lines(), 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        column = len(line) - len(line.lstrip()) + 1
        end = Place(source.label, number, len(line) + 1, number, len(line) + 1)
        whole = Place(source.label, number, column, number, column + len(text))
        if text[0] == "[":
            if len(found) >= SECTION_LIMIT:
                message = f"more than {SECTION_LIMIT:,} sections"
                raise _error(source, "limit-exceeded", message, whole)
            name = re.sub(r"\s", "", text).partition("]")[0].removeprefix("[")
            found.append(Section(name, whole, {}, end))
            continue
        key, equals, value = text.partition("=")
        if not equals:
            message = f"`{text[:60]}` is neither a `[section]` nor `key=value`"
            raise _error(source, "yaml-syntax", message, whole)
        if not found:
            message = "options before the first section"
            raise _error(source, "yaml-syntax", message, whole, "a .cfg begins with `[net]`")
        key = re.sub(r"\s", "", key)
        lead = len(text) - len(value.lstrip())
        start = column + lead
        bare = value.partition("#")[0].strip()
        place = Place(source.label, number, start, number, start + max(len(bare), 1))
        whole = whole._replace(end_column=start + len(bare))
        section = found[-1]
        section.options.setdefault(key, Option(key, re.sub(r"\s", "", bare), place, whole))
        found[-1] = section._replace(end=end)
    return found


def _error(
    source: Source, rule: str, message: str, place: Place, hint: str | None = None
) -> SpecError:
    return SpecError([source.finding(Refusal(rule, message, hint=hint), place)])
