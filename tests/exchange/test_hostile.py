"""Files that lie: one clear message each, nothing written, little time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.load import load

from .hostile import KERAS, ONNX, SHOWN, UNKNOWN_OPERATORS, Maker, convolution

ROWS = [row for row in (*KERAS, *ONNX) if row[0] != "wide.keras"]  # which `test_memory` reads


@pytest.mark.parametrize(("name", "make", "message"), ROWS, ids=[row[0] for row in ROWS])
def test_messages(tmp_path: Path, name: str, make: Maker, message: str) -> None:
    if name.endswith(".onnx"):
        pytest.importorskip("onnx", reason="the onnx package is not installed")
    if name.endswith(".h5"):
        pytest.importorskip("h5py", reason="h5py is not installed")
    path = tmp_path / name
    make(path)
    with pytest.raises((UsageError, SpecError)) as caught:
        load(str(path)).graph()
    assert message in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(("name", "make"), UNKNOWN_OPERATORS)
def test_the_table_ends_at_an_operator_that_onnx_has_not(
    tmp_path: Path, name: str, make: Maker
) -> None:
    pytest.importorskip("onnx", reason="the onnx package is not installed")
    path = tmp_path / name
    make(path)
    found = cnncalc.analyze(str(path))
    assert [layer.kind for layer in found.layers] == ["custom"]
    messages = [one.message for one in found.diagnostics]
    assert any("the table ends at `Frobnicate`" in one for one in messages)
    assert "\x1b" not in str(found)


def test_one_of_each_kind_is_shown() -> None:
    assert set(SHOWN) < {row[0] for row in (*KERAS, *ONNX)}


def test_values_are_counted_before_they_are_read(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="the onnx package is not installed")
    path = tmp_path / "net.onnx"
    convolution([4, 3, 1, 1])(path)
    network: Any = load(str(path))
    assert network.graph().layers[0].params == 12
    with pytest.raises(UsageError, match=r"claims \[4, 3, 1, 1\], 48 bytes, and has 4"):
        network.reading().arrays()


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
from cnncalc.cli import run
status = run(["analyze", sys.argv[1]])
# a child's `ru_maxrss` counts its parent's memory; this is its own peak
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak) // 1024)
sys.exit(status)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in other units")
def test_memory(tmp_path: Path) -> None:
    (make,) = [make for name, make, _ in KERAS if name == "wide.keras"]
    path = tmp_path / "wide.keras"
    make(path)
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False
    )
    assert child.returncode == 2, child.stderr
    assert "is no JSON" in child.stderr
    assert int(child.stdout) < 300


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(UsageError, match="is a pickle: it holds weights and no graph"):
        load(str(path))
