"""Other counters' totals, itemised from ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.counting.totals import MACS, Count
from cnncalc.render.csv import written
from cnncalc.render.escape import cell, markdown, plain
from cnncalc.render.markdown import table

if TYPE_CHECKING:
    from rich.console import RenderableType


def reconcile_dict(name: str, counts: Sequence[Count]) -> dict[str, Any]:
    """The data of `cnncalc.reconcile/1`."""
    return {
        "schema": "cnncalc.reconcile/1",
        "name": name,
        "counters": [
            {
                "counter": count.counter,
                "version": count.version,
                "counts": count.counts,
                "source": count.source,
                "total": count.total,
                "terms": [term._asdict() for term in count.terms],
                "note": count.note,
            }
            for count in counts
        ],
    }


def reconcile_csv(counts: Sequence[Count]) -> str:
    """A row a term."""
    rows = []
    for count in counts:
        for term in count.terms:
            rows.append([count.counter, count.version, cell(term.what), term.amount])
        if count.total is None:
            rows.append([count.counter, count.version, cell(count.note or ""), ""])
    return written(["counter", "version", "term", "amount"], rows)


def reconcile_markdown(name: str, counts: Sequence[Count]) -> str:
    """A table with a row a term, totals bold."""
    rows: list[list[str]] = []
    for count in counts:
        total = "–" if count.total is None else f"{count.total:,}"
        rows.append([f"{count.counter} {count.version}".strip(), count.counts, total])
        rows += [["", what, amount] for what, amount in _terms(count)]
        if count.note:
            rows.append(["", count.note, ""])
    head = ["counter", "what it counts", "amount"]
    return "\n".join([f"# {markdown(name)}", "", *table(head, rows, [False, False, True])]) + "\n"


def _terms(count: Count) -> Iterator[tuple[str, str]]:
    """Terms that are not the whole total, signed."""
    if len(count.terms) < 2:
        return
    for term in count.terms:
        sign = "−" if term.amount < 0 else "+" if term is not count.terms[0] else ""
        yield term.what, f"{sign}{' ' if sign else ''}{abs(term.amount):,}"


def reconcile_text(name: str, counts: Sequence[Count]) -> RenderableType:
    """The same for people."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    rows: list[list[str]] = []
    roles: list[str] = []
    for count in counts:
        total = "–" if count.total is None else f"{count.total:,}"
        rows.append([count.counter, count.counts, total])
        roles.append("block")
        below = [(f"  {what}", amount) for what, amount in _terms(count)]
        below += [(f"  {plain(count.note)}", "")] if count.note else []
        for place, (what, amount) in enumerate(below):
            rows.append([count.version if place == 0 else "", what, amount])
            roles.append("quiet" if count.note else "")
    columns = {
        "counter": ListingColumn("counter", least=12),
        "what": ListingColumn("what it counts", wrap=True, least=20),
        "amount": ListingColumn("amount", number=True),
    }
    note = (
        f"Terms begin with our own {MACS} and add up to the tool's total. Versions are those "
        "whose rules were read."
    )
    return Group(
        Text(plain(name), "title"),
        Text(""),
        Listing(columns, rows, roles=roles),
        Text(note, "quiet"),
    )
