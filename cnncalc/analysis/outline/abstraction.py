"""What varies between the instances of a line: parameters, and terms of them.

An option that has one value in all instances is a constant. One that varies is a parameter,
unless it can be told from another one or from the incoming channels (`4 * width`,
`kernel // 2`, `channels`). What some instances leave out has a condition, of the same kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from typing import Any, NamedTuple

from cnncalc.analysis.outline.alignment import ALONE, AlignedSlots, Slot, slots_of
from cnncalc.analysis.outline.keys import (
    NUMBERS,
    USUAL,
    are_alike,
    is_spatial,
    is_width,
    keys_of,
    label_of,
    stem,
)
from cnncalc.analysis.outline.relations import ABSENT, Column, of_one, of_two
from cnncalc.analysis.outline.terms import (
    CHANNELS,
    Name,
    Operation,
    Term,
    evaluate,
    names,
    substitute,
)
from cnncalc.fresh_names import fresh


class Found(NamedTuple):
    """A parameter in the making: its name and its value in each instance."""

    name: str
    column: Column
    default: Any = ABSENT
    """`ABSENT`: none."""
    derived: bool = False
    """Whether no use gives it: its default is a term of the channels that reach the block."""
    flag: bool = False
    """Whether it says which parts take part."""


class Terms:
    """What is written at each place of a line."""

    def __init__(self) -> None:
        self.options: dict[Slot, list[tuple[str, Term]]] = {}
        self.conditions: dict[Slot, Term] = {}
        self.branches: dict[tuple[Slot, int], Term] = {}

    def rename(self, terms: dict[str, Term]) -> None:
        """Put other names in all terms."""
        for slot, options in self.options.items():
            self.options[slot] = [(key, substitute(term, terms)) for key, term in options]
        for slot, term in self.conditions.items():
            self.conditions[slot] = substitute(term, terms)
        for place, term in self.branches.items():
            self.branches[place] = substitute(term, terms)


class Abstraction:
    """The parameters of a line, and the terms in it."""

    def __init__(self, line: AlignedSlots) -> None:
        self.line = line
        self.parameters: list[Found] = []
        self.terms = Terms()
        self._filters: list[Term] = []
        self._before = line.entries(0)
        for slot in slots_of(line):
            self._options(slot)
        self._settle()
        self._conditions(line, [True] * line.size)

    def rename(self) -> None:
        """Call the width that leaves the block `filters`, and one inside `hidden`."""
        widths = [one for one in self.parameters if stem(one.name) in ("filters", "features")]
        exits = [one for one in widths if not one.derived and one.column == self.line.exits]
        if len(widths) < 2 or len(exits) != 1:
            return
        inner = [one for one in widths if one is not exits[0]]
        others = {one.name for one in self.parameters if one not in widths}
        found = {exits[0].name: "filters"}
        numbered = ("hidden" + ("" if n == 1 else str(n)) for n in count(1))
        free = (name for name in numbered if name not in others)
        found |= {one.name: name for one, name in zip(inner, free, strict=False)}
        self.parameters = [
            one._replace(name=found.get(one.name, one.name)) for one in self.parameters
        ]
        self.terms.rename({name: Name(other) for name, other in found.items()})

    # -- options ----------------------------------------------------------------------------

    def _options(self, slot: Slot) -> None:
        found: list[tuple[str, Term]] = []
        for position, key in enumerate(keys_of(slot.head)):
            missing = 0 if slot.head is None else ABSENT  # a run may have no rounds
            column = [
                missing if row is None or row is ALONE else row.values[position]
                for row in slot.rows
            ]
            term = self._term(slot, key, column)
            found.append((key, term))
            if stem(key) in ("filters", "features") and "channels" not in names(term):
                self._filters.append(term)
        self.terms.options[slot] = found

    def _term(self, slot: Slot, key: str, column: Column) -> Term:
        known = [index for index, value in enumerate(column) if value is not ABSENT]
        if not known:
            return None
        first = column[known[0]]
        partly = len(known) < len(column) and slot.entries == self._before and is_width(key)
        if partly and all(type(column[i]) is int and self._before[i] for i in known):
            ratios = {_times(column[i], self._before[i]) for i in known}
            if len(ratios) == 1 and None not in ratios and ratios != {1}:
                name = self._unique("expand")
                (ratio,) = ratios
                self.parameters.append(
                    Found(name, [ABSENT if v is ABSENT else ratio for v in column])
                )
                return Operation("*", Name(name), CHANNELS)
        if all(column[index] == first for index in known):
            return first
        term = self._derived(key, column, known, slot.entries)
        if term is None:
            term = self._filled(key, column, known)
        if term is not None:
            return term
        if is_width(key) and stem(key) != "expand" and slot.entries != self._before:
            term = of_one(key, [(CHANNELS, self._before)], column, known)
            if term is not None:
                name = self._unique(key)
                self.parameters.append(Found(name, column, term, True))
                return Name(name)
        return self._parameter(slot, key, column, known)

    def _outer(self, column: Column, known: list[int], entries: list[int | None]) -> bool:
        """Whether a column is the width that leaves the block, up to a factor.

        A table gives the widths of its rows, rather than telling each from the row above.
        """
        exits = self.line.exits
        if any(type(column[i]) is not int or not column[i] or not exits[i] for i in known):
            return False
        if all(exits[i] == self._before[i] for i in known):
            return False
        if all(column[i] == entries[i] for i in known):
            return False
        return len({Fraction(column[i], exits[i]) for i in known}) == 1

    def _filled(self, key: str, column: Column, known: list[int]) -> Term | None:
        """A parameter that agrees with the column in all instances that have both."""
        for index, found in enumerate(self.parameters):
            if stem(found.name) != stem(key) or found.derived:
                continue
            both = [i for i in known if found.column[i] is not ABSENT]
            if len({found.column[i] for i in both}) < 2 or any(
                found.column[i] != column[i] for i in both
            ):
                continue
            filled = [b if a is ABSENT else a for a, b in zip(found.column, column, strict=True)]
            self.parameters[index] = found._replace(column=filled)
            return Name(found.name)
        return None

    def _derived(
        self, key: str, column: Column, known: list[int], entries: list[int | None]
    ) -> Term | None:
        """A term of the parameters and the incoming channels that gives the column."""
        width, factor = is_width(key), stem(key) == "expand"
        atoms: list[tuple[Term, Column]] = [
            (Name(one.name), one.column)
            for one in self.parameters
            if is_width(one.name) == width
            and (are_alike(key, one.name) if factor or not width else stem(one.name) != "expand")
        ]
        if width and not factor and not self._outer(column, known, entries):
            atoms.append((CHANNELS, entries))
        term = of_one(key, atoms, column, known)
        if term is None and len(known) > 2:
            term = of_two(key, atoms, column, known)
        return term

    def _parameter(self, slot: Slot, key: str, column: Column, known: list[int]) -> Term:
        """A new parameter; the ratio to the incoming channels where that varies less."""
        entries = slot.entries
        name = key
        term: Term = None
        if all(type(column[i]) is int and entries[i] for i in known) and is_width(key):
            distinct = len({column[i] for i in known})
            ratios = [
                _times(value, entry) if value is not ABSENT else ABSENT
                for value, entry in zip(column, entries, strict=True)
            ]
            values = {ratios[i] for i in known}
            inside = any(column[i] != self.line.exits[i] for i in known)
            if inside and None not in values and 2 * len(values) <= distinct:
                name, column = self._unique("expand"), ratios
                term = Operation("*", Name(name), CHANNELS)
        if term is None:
            name = self._unique(name)
            term = Name(name)
        self.parameters.append(Found(name, list(column)))
        return term

    def _unique(self, name: str) -> str:
        taken = {found.name for found in self.parameters}
        return fresh(name, {*taken, CHANNELS.text}, separator="")

    def _settle(self) -> None:
        """Give defaults to the parameters that mostly have one value."""
        for index, found in enumerate(self.parameters):
            if found.derived:
                continue
            values = [value for value in found.column if value is not ABSENT]
            counts = Counter(values)
            value, times = counts.most_common(1)[0]
            usual = USUAL.get(stem(found.name))
            if 3 * counts[usual] >= len(values):
                value, times = usual, len(values)
            many = stem(found.name) in ("filters", "features", "squeeze", "width")
            common = times >= (0.75 if many else 0.5) * len(values)
            fills = self._fills(found)
            lacking = len(values) < len(found.column) and fills is None
            default = value if common or lacking else ABSENT
            fills = fills or [default] * len(found.column)
            column = [b if a is ABSENT else a for a, b in zip(found.column, fills, strict=True)]
            self.parameters[index] = found._replace(column=column, default=default)

    def _fills(self, found: Found) -> Column | None:
        """What stands for the values that a parameter lacks, so that a condition can ask for it.

        The width of a layer that is left out is that of what would reach it.
        """
        if not is_width(found.name) or ABSENT not in found.column or found.flag:
            return None
        fills: Column = [1] * len(found.column)
        if stem(found.name) != "expand":
            fills = list(self._before)
        pairs = zip(found.column, fills, strict=True)
        return None if any(a == b or b is None for a, b in pairs) else fills

    # -- conditions -------------------------------------------------------------------------

    def _conditions(self, line: AlignedSlots, present: list[bool]) -> None:
        """Conditions of the slots and branches that some of the present instances leave out."""
        for slot in line.slots:
            here = [
                there and row is not None for row, there in zip(slot.rows, present, strict=True)
            ]
            column = [flag if there else ABSENT for flag, there in zip(here, present, strict=True)]
            term = None
            if slot.head is not None:
                term = self._condition(column, slot.entries, label_of(slot))
            if term is not None:
                self.terms.conditions[slot] = term
            for number, branch in enumerate(slot.branches):
                column = [
                    flag if there else ABSENT
                    for flag, there in zip(slot.taken[number], here, strict=True)
                ]
                term = self._condition(column, slot.entries, "skip")
                if term is not None:
                    self.terms.branches[slot, number] = term
                if isinstance(branch, AlignedSlots):
                    self._conditions(branch, [flag is True for flag in column])

    def _condition(self, column: Column, entries: list[int | None], label: str) -> Term | None:
        """A term that is true where the column is; `None` where it always is."""
        known = [index for index, value in enumerate(column) if value is not ABSENT]
        wanted = [bool(column[index]) for index in known]
        if all(wanted):
            return None
        atoms = list(self._atoms(known, entries))
        for term, values in atoms:
            if values == wanted:
                return term
        for one, first in atoms:
            for other, second in atoms:
                if one.sign == ">" and other.sign == "!=":
                    if [a or b for a, b in zip(first, second, strict=True)] == wanted:
                        return Operation("or", one, other)
                elif (
                    one.sign == "=="
                    and other.sign == "=="
                    and other.left == CHANNELS != one.left
                    and [a and b for a, b in zip(first, second, strict=True)] == wanted
                ):
                    return Operation("and", one, other)
        for found in self.parameters:
            if not found.derived and set(found.column) <= {0, 1} and not is_spatial(found.name):
                values = [bool(found.column[index]) for index in known]
                if values == wanted:
                    return Name(found.name)
                if [not value for value in values] == wanted:
                    return Operation("not", Name(found.name))
        flags = [ABSENT if value is ABSENT else int(value) for value in column]
        counts = Counter(wanted)
        default = int(counts[True] >= counts[False])
        name = self._unique(label)
        filled = [default if flag is ABSENT else flag for flag in flags]
        self.parameters.append(Found(name, filled, default, flag=True))
        return Name(name)

    def _atoms(
        self, known: list[int], entries: list[int | None]
    ) -> Iterator[tuple[Operation, list[bool]]]:
        """The comparisons that a condition may be."""
        for found in self.parameters:
            values = [found.column[index] for index in known]
            if any(type(value) is not int for value in values) or stem(found.name) not in NUMBERS:
                continue
            yield Operation(">", Name(found.name), 1), [value > 1 for value in values]
            yield Operation("==", Name(found.name), 1), [value == 1 for value in values]
        if any(entries[index] is None for index in known):
            return
        columns = {found.name: found.column for found in self.parameters}
        for term in dict.fromkeys(reversed(self._filters)):
            if any(columns[name][index] is ABSENT for name in names(term) for index in known):
                continue
            values = [
                evaluate(term, {name: column[index] for name, column in columns.items()})
                for index in known
            ]
            pairs = list(zip([entries[index] for index in known], values, strict=True))
            yield Operation("!=", CHANNELS, term), [a != b for a, b in pairs]
            yield Operation("==", CHANNELS, term), [a == b for a, b in pairs]


def _times(value: int, channels: int | None) -> int | None:
    assert channels is not None
    return None if value % channels else value // channels
