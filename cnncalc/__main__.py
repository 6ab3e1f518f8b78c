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
    except Exception as error:
        # whatever a user can do wrong has a message of its own: this is none of them
        if os.environ.get("CNNCALC_TRACEBACK"):
            raise
        status = 2
        _discard_output()
        if sys.stderr is not None:
            print(_report_of(error), file=sys.stderr)
    sys.exit(status)


def _report_of(error: Exception) -> str:
    """Say that the program has a defect, where it was met, and what a report of it needs."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if f"{os.sep}cnncalc{os.sep}" in code.co_filename:
            place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}, {code.co_name}"
        trace = trace.tb_next
    text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return (
        f"error: this is a defect of cnncalc, not of your input ({text}; in {place})\n"
        "help: please report it with the command and its files; "
        "CNNCALC_TRACEBACK=1 in the environment shows the traceback"
    )


def _discard_output() -> None:
    """Send what is still buffered nowhere: the interpreter would fail to write it once more."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
