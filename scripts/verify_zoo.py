"""Verify every shipped network and print a line for each; exit status 1 if one does not pass.

    python scripts/verify_zoo.py [NETWORK ...]

The test suite verifies some at small inputs; this runs all of them at their own.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter

from cnncalc.analysis.report import Settings
from cnncalc.api import report
from cnncalc.cli.verify import one_thread_a_product, predictions
from cnncalc.language import zoo
from cnncalc.language.load import load


def main() -> int:
    """Verify the networks named, or all."""
    one_thread_a_product()
    from cnncalc.numerics.run.verification import Options, verify

    names = sys.argv[1:] or sorted(zoo.names())
    failed = []
    start = perf_counter()
    for name in names:
        found = report(load(name), None, {}, Settings())
        totals = found.totals
        options = Options(threads=os.cpu_count() or 1)
        run = verify(
            found.graph,
            predictions(found),
            totals.peak_activation_bytes,
            found.peak_layer,
            options,
            lambda index, measured: None,
        )
        wrong = [check.name for check in run.verification.checks if not check.passed]
        outcome = "passed" if run.verification.passed else f"FAILED {' '.join(wrong)}"
        print(
            f"{name:28}{totals.layers:6} layers{totals.macs / 1e9:10.2f} GMACs"
            f"{run.verification.seconds:8.2f} s  {outcome}",
            flush=True,
        )
        if not run.verification.passed:
            failed.append(name)
    print(f"{len(names) - len(failed)} of {len(names)} passed in {perf_counter() - start:.0f} s")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
