"""Standard streams that are full or closed, and interruption."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cnncalc


def shell(command: str) -> subprocess.CompletedProcess[str]:
    program = f"{sys.executable} -m cnncalc"
    return subprocess.run(
        ["/bin/sh", "-c", command.replace("cnncalc", program, 1)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("command", ["analyze lenet5", "analyze lenet5 --format json", "schema"])
def test_a_full_disk(command: str) -> None:
    found = shell(f"cnncalc {command} > /dev/full")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)
    assert "no space left" in found.stderr


@pytest.mark.parametrize("command", ["cnncalc analyze lenet5 >&-", "cnncalc analyze - <&-"])
def test_a_closed_stream(command: str) -> None:
    found = shell(command)
    assert found.returncode == 2
    assert "is closed" in found.stderr
    assert "Traceback" not in found.stderr


def test_interruption() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncalc", "analyze", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1)  # it waits for its input by now
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "arguments",
    [
        {"batch": 1.5}, {"batch": True}, {"batch": "2"}, {"batch": 0},
        {"input": "3x64x64"}, {"input": (3, 64.0, 64.0)}, {"input": (3, True, 64)},
        {"input": (3, -64, 64)}, {"input": ()}, {"dtype": "float8"},
    ],
    ids=str,
)  # fmt: skip
def test_python_arguments(arguments: dict[str, object]) -> None:
    with pytest.raises(cnncalc.UsageError):
        cnncalc.analyze("lenet5", **arguments)  # type: ignore[arg-type]


def test_python_takes_a_list() -> None:
    assert cnncalc.analyze("vgg16", input=[3, 64, 64]).input_shape == (3, 64, 64)
