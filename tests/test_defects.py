"""A defect of ours is told as one: a line and what to do with it, and a traceback on request."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = """
import sys
import cnncalc.cli.zoo as zoo
from cnncalc import __main__

def broken(*arguments, **named):
    return {}["missing"]

zoo.command.callback = broken
sys.argv = ["cnncalc", "zoo"]
__main__.main()
"""


def broken(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CODE],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_defect_is_no_error_of_the_user() -> None:
    found = broken()
    assert (found.returncode, found.stdout) == (2, "")
    first, second = found.stderr.splitlines()
    assert first.startswith("error: this is a defect of cnncalc, not of your input (KeyError: ")
    assert second.startswith("help: please report it")


def test_the_traceback_is_shown_on_request() -> None:
    found = broken(CNNCALC_TRACEBACK="1")
    assert found.returncode == 1
    assert "Traceback" in found.stderr
