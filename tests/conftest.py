"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from support import Outcome, command

settings.register_profile("cnncalc", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("cnncalc")


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """Run a command in this process, whatever terminal the tests run in."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return partial(command, capsys)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file into a fresh directory: text, or bytes."""

    def write(content: str | bytes, name: str = "net.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def plain_environment() -> dict[str, str]:
    """An environment for subprocesses, without what changes colours and widths."""
    left_out = ("COLUMNS", "NO_COLOR", "FORCE_COLOR")
    return {key: value for key, value in os.environ.items() if key not in left_out}
