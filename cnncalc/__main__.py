"""The command line's entry: `cnncalc` and `python -m cnncalc`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and end the process with its status."""
    # the process is short: collecting the garbage of imports costs more than it frees
    gc.disable()
    from cnncalc.cli import run

    status = run()
    # taking the interpreter apart object by object would take longer than the analysis
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            status = status or 0
    os._exit(status)


if __name__ == "__main__":
    main()
