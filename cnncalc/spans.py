"""Where the layers of a user's own file are written, and how their options are written anew there.

Readers of foreign formats make one `SourceSpan` for each statement that makes layers (a section of
a .cfg, a `layer {}` of a prototxt, a row of a YAML, a call in Python), and give it to the `Origin`
of all of them. Rules and messages ask it for places and edits, and know no format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.diagnostics import Edit, Place


def unchanged(text: str) -> str | None:
    """The value as our language writes it, where a format writes it alike; none to take away."""
    return text or None


class OptionSpan(NamedTuple):
    """Where the value of an option of ours is written."""

    place: Place
    write: Callable[[str], str | None] = unchanged
    """The file's text for a value that our language writes so (`1`, `[1, 2]`, `true`, `same`; an
    empty text asks for the default); `None` where the format cannot say it."""


class SourceSpan(NamedTuple):
    """Where a statement that makes layers is written."""

    place: Place
    options: Mapping[str, OptionSpan] = {}
    """The written options of the layer, by our kind's names. Values that are no literals, or that
    serve other layers as well, are left out."""
    add: Callable[[str, str], Edit | None] | None = None
    """The edit that writes an option that is not there yet."""
    used: tuple[Place, ...] = ()
    """Calls that lead to the statement, innermost first."""

    def place_of(self, option: str | None) -> Place:
        """Where an option is written; else the statement."""
        known = self.options.get(option or "")
        return self.place if known is None else known.place

    def edits(self, options: Mapping[str, str]) -> tuple[Edit, ...]:
        """The edits that write the given options; none at all where one cannot be written."""
        found: list[Edit] = []
        for option, text in options.items():
            known = self.options.get(option)
            edit: Edit | None = None
            if known is not None:
                written = known.write(text)
                edit = None if written is None else Edit(known.place, written)
            elif not text:
                continue
            elif self.add is not None:
                edit = self.add(option, text)
            if edit is None:
                return ()
            if edit not in found:  # one value may say several options
                found.append(edit)
        if len({edit.place for edit in found}) < len(found):
            return ()
        return tuple(found)
