"""The command line's entry: `cnncalc` and `python -m cnncalc`."""

from __future__ import annotations

import os
import sys

from cnncalc.cli import run


def main() -> None:
    """Run the command line and end the process with its status."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        status = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        status = 0
        _discard_output()
    except OSError as error:
        status = 2
        _discard_output()
        if sys.stderr is not None:
            reason = (error.strerror or str(error)).lower()
            print(f"error: cannot write to standard output: {reason}", file=sys.stderr)
    sys.exit(status)


def _discard_output() -> None:
    """Send what is still buffered nowhere: the interpreter would fail to write it once more."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
