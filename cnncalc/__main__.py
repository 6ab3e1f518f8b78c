"""The command line's entry: `cnncalc` and `python -m cnncalc`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from cnncalc.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
