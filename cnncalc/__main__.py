"""The command line's entry: `cnncalc` and `python -m cnncalc`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and end the process with its status."""
    # the process is short: collecting the garbage of imports costs more than it frees
    gc.disable()
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        from cnncalc.startup import start_late

        start_late()
        from cnncalc.cli import run

        status = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        status = 0
    except OSError as error:
        status = 2
        if sys.stderr is not None:
            reason = (error.strerror or str(error)).lower()
            print(f"error: cannot write to standard output: {reason}", file=sys.stderr)
    # taking the interpreter apart object by object would take longer than the analysis
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
