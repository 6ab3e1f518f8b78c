"""What changed between two networks: layers, options, totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.difference import Change
from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.comparison import DEFAULTS, METRICS, ratio
from cnncalc.render.escape import markdown, plain
from cnncalc.render.json import totals_dict
from cnncalc.render.markdown import table
from cnncalc.render.summary import at_least

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

SIGNS = {"added": ("+", "better"), "removed": ("−", "worse"), "changed": ("~", "warning")}


def difference_dict(changes: Sequence[Change], before: Report, after: Report) -> dict[str, Any]:
    """The data of `cnncalc.diff/1`."""
    return {
        "schema": "cnncalc.diff/1",
        "names": {"before": before.name, "after": after.name},
        "changes": [change._asdict() for change in changes],
        "before": _totals(before),
        "after": _totals(after),
    }


def _totals(report: Report) -> dict[str, Any]:
    return totals_dict(report)


def options_text(change: Change) -> str:
    """What a change did to the options: `stride 1 → 2`; those of an added layer in full."""
    if change.change == "changed":
        return ", ".join(
            [
                f"{key} {value_text(change.before.get(key))} → {value_text(change.after.get(key))}"
                for key in change.after
            ]
        )
    given = change.after if change.change == "added" else change.before
    return ", ".join([f"{key} {value_text(value)}" for key, value in given.items()])


def value_text(value: Any) -> str:
    """An option's value in a line."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join([value_text(item) for item in value])}]"
    return plain(str(value))


def rows_of_totals(before: Report, after: Report) -> list[tuple[str, str, str, str]]:
    """Totals before and after, and the difference with its ratio."""
    rows = []
    for key in DEFAULTS:
        metric = METRICS[key]
        one, two = metric.value(before), metric.value(after)
        known = key not in (*before.totals.at_least, *after.totals.at_least)
        by = f"{numbers.signed(f'{two - one:+,}')}  {ratio(two, one)}" if known else "?"
        rows.append(
            (
                metric.title,
                at_least(before.totals, key, metric.text(one)),
                at_least(after.totals, key, metric.text(two)),
                "" if one == two else by,
            )
        )
    return rows


def difference_text(changes: Sequence[Change], before: Report, after: Report) -> RenderableType:
    """The same for people: a line a change, then the totals."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    title = Text.assemble((plain(before.name), "title"), " → ", (plain(after.name), "title"))
    columns = {
        "total": ListingColumn("", "block"),
        "before": ListingColumn("before", "", number=True),
        "after": ListingColumn("after", "", number=True),
        "by": ListingColumn("difference", "quiet"),
    }
    totals = Listing(columns, rows_of_totals(before, after), yielding=["by"])
    lines = list(_lines(changes)) or [Text("no layer differs", "quiet")]
    return Group(title, Text(summary(changes), "quiet"), Text(""), *lines, Text(""), totals)


def summary(changes: Sequence[Change]) -> str:
    """How many layers were added, removed, changed."""
    counts = {word: sum(change.change == word for change in changes) for word in SIGNS}
    told = [f"{count} {word}" for word, count in counts.items() if count]
    return "layers: " + (", ".join(told) if told else "the same")


def _lines(changes: Sequence[Change]) -> Iterator[Text]:
    from rich.text import Text

    width = max([len(change.layer) for change in changes], default=0)
    for change in changes:
        sign, role = SIGNS[change.change]
        line = Text(f"{sign} ", role)
        line.append(plain(change.layer).ljust(min(width, 44)), role)
        line.append(f"  {change.kind}", "kind")
        told = options_text(change)
        if told:
            line.append(f"  {told}")
        yield line


def difference_markdown(changes: Sequence[Change], before: Report, after: Report) -> str:
    """A comment for a pull request: the totals, then the layers."""
    lines = [f"### {markdown(before.name)} → {markdown(after.name)}", ""]
    titles = ["", "before", "after", "difference"]
    exact = []
    for key in DEFAULTS:
        metric = METRICS[key]
        one, two = metric.value(before), metric.value(after)
        known = key not in (*before.totals.at_least, *after.totals.at_least)
        by = f"{two - one:+,} ({ratio(two, one)})" if known else "?"
        sides = [
            at_least(side.totals, key, f"{value:,}")
            for side, value in ((before, one), (after, two))
        ]
        exact.append([metric.title, *sides, "" if one == two else by])
    lines += table(titles, exact, [False, True, True, True])
    lines += ["", summary(changes)[0].upper() + summary(changes)[1:] + ".", ""]
    if changes:
        rows = [[c.change, c.layer, c.kind, options_text(c)] for c in changes]
        body = table(["", "layer", "kind", "options"], rows, [False] * 4)
        folded = len(changes) > 20
        if folded:
            lines += ["<details><summary>layer by layer</summary>", ""]
        lines += body
        if folded:
            lines += ["", "</details>"]
    return "\n".join(lines).rstrip() + "\n"
