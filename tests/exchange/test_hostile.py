"""Files that lie: one clear message each, nothing written, little time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.load import load

KERAS: list[tuple[str, Callable[[Path], None], str]] = []


def packed(path: Path, **entries: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), content)


def lying(path: Path) -> None:
    """A directory entry that claims less than what is packed."""
    packed(path, config_json=b"[" * 9_000_000)
    content = path.read_bytes()
    size = (9_000_000).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (1000).to_bytes(4, "little")))


def outward(path: Path) -> None:
    packed(path, **{"..__..__evil": b"x", "__etc__evil": b"x"})


KERAS = [
    ("cut.keras", lambda path: (packed(path, config_json=b"{}" * 999), cut(path))[0], "cut short"),
    ("random.keras", lambda path: path.write_bytes(os.urandom(4000)) and None, "cut short"),
    ("bomb.keras", lambda path: packed(path, config_json=b"[" * 9_000_000), "claims 9,000,000"),
    ("lying.keras", lying, "no Keras 3 archive"),
    ("nested.keras", lambda path: packed(path, config_json=b"[" * 500_000), "nested without end"),
    ("outward.keras", outward, "without a config.json"),
    ("binary.json", lambda path: path.write_bytes(b"\xff\xfe\x00") and None, "is no JSON"),
]


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(("name", "make", "message"), KERAS, ids=[row[0] for row in KERAS])
def test_keras(tmp_path: Path, name: str, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(UsageError) as caught:
        load(str(path)).graph()
    assert message in str(caught.value)
    assert os.listdir(tmp_path) == [name]


def onnx_file(path: Path, what: str) -> None:
    onnx = pytest.importorskip("onnx", reason="the onnx package is not installed")
    from onnx import TensorProto, helper

    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])]
    wanted = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    weight = TensorProto(name="w", data_type=1, dims=[4, 3, 1, 1], raw_data=b"1234")
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
    stored = [weight]
    if what == "huge":
        weight.dims[:] = [2**30, 2**30, 1, 1]
    elif what == "negative":
        weight.dims[:] = [-4, 3, 1, 1]
    elif what in ("outside", "absolute"):
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        entry = weight.external_data.add()
        entry.key = "location"
        entry.value = "/etc/passwd" if what == "absolute" else "../../../etc/passwd"
    elif what == "cyclic":
        nodes = [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"]),
                 helper.make_node("Relu", ["b"], ["y"])]  # fmt: skip
    elif what == "filled":
        size = TensorProto(name="s", data_type=7, dims=[3], int64_data=[2**20, 2**20, 2**20])
        stored = [size]
        nodes = [helper.make_node("ConstantOfShape", ["s"], ["w"]),
                 helper.make_node("Add", ["x", "w"], ["y"])]  # fmt: skip
    elif what == "expanded":
        size = TensorProto(name="s", data_type=7, dims=[2], int64_data=[2**31, 2**31])
        one = TensorProto(name="o", data_type=1, dims=[1, 1], float_data=[1.0])
        stored = [size, one]
        nodes = [helper.make_node("Expand", ["o", "s"], ["w"]),
                 helper.make_node("Add", ["x", "w"], ["y"])]  # fmt: skip
    elif what == "kernel":
        weight.dims[:] = [4, 3, 2**16, 2**16]
    elif what == "attributes":
        nodes = [helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2**62, 2], strides=[0, 0])]
    made = helper.make_model(
        helper.make_graph(nodes, "net", given, wanted, stored),
        opset_imports=[helper.make_opsetid("", 3 if what == "old" else 17)],
    )
    content = made.SerializeToString()
    path.write_bytes(content[: len(content) // 2] if what == "truncated" else content)
    assert onnx


ONNX = [
    ("truncated", "cut short"),
    ("cyclic", "which nothing before makes: the graph is cyclic, or out of order"),
    ("huge", "claims [1073741824, 1073741824, 1, 1]"),
    ("negative", "claims [-4, 3, 1, 1]"),
    ("outside", "outside the model's folder"),
    ("absolute", "outside the model's folder"),
    ("filled", "claims [1048576, 1048576, 1048576]"),
    ("expanded", "cannot be worked out: too many values"),
    ("kernel", "kernel 65536 does not fit into an input of 8"),
    ("attributes", "`MaxPool`"),
    ("old", "is of opset 3"),
]


@pytest.mark.parametrize(("what", "message"), ONNX, ids=[row[0] for row in ONNX])
def test_onnx(tmp_path: Path, what: str, message: str) -> None:
    path = tmp_path / "net.onnx"
    onnx_file(path, what)
    with pytest.raises((UsageError, SpecError)) as caught:
        load(str(path)).graph()
    assert message in str(caught.value)
    assert os.listdir(tmp_path) == ["net.onnx"]


def test_values_are_counted_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx_file(path, "short")
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
    path = tmp_path / "bomb.keras"
    packed(path, config_json=b"[" + b"[]," * 2_500_000)
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


def test_json_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"schema": "cnncalc.report/1"}))
    with pytest.raises(UsageError, match="holds no model of Keras"):
        load(str(path))
