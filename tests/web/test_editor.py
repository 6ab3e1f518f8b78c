"""Completion and hover of the page's editor, which JavaScript decides: Node runs its tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from calculator import static

WEB = Path(__file__).parents[2] / "web"


def test_words_are_offered_where_they_belong(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    if not (WEB / "node_modules" / "@codemirror").is_dir():
        pytest.skip("the page's packages are not installed: `python web/build.py` does it")
    static.write(str(tmp_path))
    environment = {**os.environ, "LANGUAGE": str(tmp_path / "language.json")}
    command = [node, "--test", "web/tests/"]
    done = subprocess.run(command, cwd=WEB.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
