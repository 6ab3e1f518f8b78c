"""Whether a run fits into memory."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.report import BYTES, Report
from cnncalc.numerics.machine import capacity
from cnncalc.unknown import least


class Need(NamedTuple):
    """Bytes that a run takes."""

    weights: int
    activations: int
    workspace: int = capacity.WORKSPACE_BYTES

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)


def need(report: Report) -> Need:
    """What a run takes: arrays of weights, activations at their peak, and working space."""
    totals = report.totals
    stored = (totals.params + totals.buffers) * BYTES[report.dtype]
    return Need(stored, totals.peak_activation_bytes)


def too_little(report: Report) -> int | None:
    """The bytes that are available, where they are fewer than a run takes."""
    there = capacity.available_bytes()
    return there if there is not None and least(need(report).total) > there else None
