"""docs/zoo.md is what its script writes."""

from __future__ import annotations

import os
import subprocess
import sys

from support import ROOT


def test_page_is_current() -> None:
    script = [sys.executable, str(ROOT / "scripts" / "zoo_page.py"), "--check"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
