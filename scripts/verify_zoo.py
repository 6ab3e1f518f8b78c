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
from cnncalc.cli.verify import one_thread_a_product
from cnncalc.language import zoo
from cnncalc.language.load import load


def main() -> int:
    """Verify the networks named, or all."""
    one_thread_a_product()
    from cnncalc.numerics.measurement import Options
    from cnncalc.numerics.run.measure import measure
    from cnncalc.verification.checks import compare

    names = sys.argv[1:] or sorted(zoo.names())
    failed = []
    start = perf_counter()
    for name in names:
        found = report(load(name), None, {}, Settings())
        totals = found.totals
        options = Options(threads=os.cpu_count() or 1)
        outcome = compare(found, measure(found.graph, options, lambda index, row: None))
        wrong = [check.name for check in outcome.checks if not check.passed]
        verdict = "passed" if outcome.passed else f"FAILED {' '.join(wrong)}"
        print(
            f"{name:28}{totals.layers:6} layers{totals.macs / 1e9:10.2f} GMACs"
            f"{outcome.run.seconds:8.2f} s  {verdict}",
            flush=True,
        )
        if not outcome.passed:
            failed.append(name)
    print(f"{len(names) - len(failed)} of {len(names)} passed in {perf_counter() - start:.0f} s")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
