"""Whether a network fits a device: at inference and in training, with the largest batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.analysis.fitting import inference_fit, training_fit
from cnncalc.analysis.footprint import footprint, plan_for
from cnncalc.analysis.report import Report
from cnncalc.analysis.training.optimizers import OPTIMIZERS
from cnncalc.diagnostics import UsageError
from cnncalc.render import numbers

GIB = 2**30
LARGEST = 10_000
"""GiB of a device."""


def fit(report: Report, body: Mapping[str, Any]) -> dict[str, Any]:
    """Inference and a training step against `gib` of memory.

    Args:
        report: the network.
        body: `gib`, the `optimizer` by name, and `autocast`: products in 16 bits.

    Raises:
        UsageError: no such optimizer, or no amount.
    """
    gib = body.get("gib", 8)
    if not isinstance(gib, int | float) or not 0 < gib <= LARGEST:
        raise UsageError(f"the memory is a number of GiB up to {LARGEST}")
    optimizer = OPTIMIZERS.get(str(body.get("optimizer", "adam")))
    if optimizer is None:
        raise UsageError(f"no such optimizer; there are {', '.join(OPTIMIZERS)}")
    budget = int(gib * GIB)
    found = footprint(report)
    plan = plan_for(report)._replace(optimizer=optimizer, autocast=bool(body.get("autocast")))
    fits = [inference_fit(found, budget), training_fit(found, plan, budget, advise=False)]
    return {
        "fits": [
            {
                "what": one.what,
                "bytes": numbers.human_bytes(one.bytes),
                "fits": one.fits,
                "batch": numbers.exact(one.largest_batch or 0),
                "binds": one.binds,
            }
            for one in fits
        ],
        "optimizers": list(OPTIMIZERS),
    }
