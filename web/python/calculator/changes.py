"""What changed from one network to another, as the page shows it."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis import difference
from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.difference import options_text
from cnncalc.render.escape import plain

MOST = 200
"""Changes that are listed."""


def changes(before: Report, after: Report) -> dict[str, Any]:
    """The layers that were added, removed or changed, and the totals before and after."""
    found = difference.changes(before.graph, after.graph)
    totals = [
        ("parameters", before.totals.params, after.totals.params, numbers.human),
        ("MACs", before.totals.macs, after.totals.macs, numbers.human),
        ("activations", before.totals.activation_bytes, after.totals.activation_bytes,
         numbers.human_bytes),
        ("peak memory", before.totals.peak_activation_bytes, after.totals.peak_activation_bytes,
         numbers.human_bytes),
    ]  # fmt: skip
    return {
        "names": [plain(before.name), plain(after.name)],
        "totals": [
            [what, write(old), write(new), _ratio(old, new)] for what, old, new, write in totals
        ],
        "changes": [
            [change.change, plain(change.layer), change.kind, options_text(change)]
            for change in found[:MOST]
        ],
        "more": max(len(found) - MOST, 0),
    }


def _ratio(before: int, after: int) -> str:
    """How many per cent more or less."""
    if before == after:
        return "="
    if not before:
        return ""
    change = 100 * (after - before) / before
    return f"{'+' if change > 0 else '−'}{abs(change):.3g} %"
