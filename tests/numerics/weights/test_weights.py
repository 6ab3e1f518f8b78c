"""Generated weights, weights from files, and files that are refused."""

from __future__ import annotations

import io
import json
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import graph

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.language import zoo
from cnncalc.language.load import load
from cnncalc.numerics.arrays import Arrays
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.weights.generated import declared_arrays, generate
from cnncalc.numerics.weights.stored import load_weights

FLOAT32, FLOAT64 = np.dtype("float32"), np.dtype("float64")

NET = """
input: [3, 8, 8]
layers:
  - {conv: [4, 3], name: first}
  - {batch_norm: , name: norm}
  - {conv: {filters: 4, kernel: 1, bias: false}, name: second}
  - {conv: {filters: 4, kernel: 1, bias: false}, share: second}
  - flatten
  - {linear: 5, name: scores}
"""
NAMES = [
    "first.weight", "first.bias",
    "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
    "second.weight", "scores.weight", "scores.bias",
]  # fmt: skip
TORCH_NAMES = [
    "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
    "1.num_batches_tracked", "2.weight", "6.weight", "6.bias",
]  # fmt: skip


@pytest.fixture
def net() -> Graph:
    return graph(NET)


def named(net: Graph) -> dict[str, Any]:
    """Its arrays by full name, in float64."""
    return {
        f"{node.name}.{name}": array
        for node, own in zip(net.nodes, generate(net, FLOAT64, 3), strict=True)
        for name, array in own.items()
    }


def equal(found: list[Arrays], arrays: dict[str, Any], net: Graph, tolerance: float = 0) -> None:
    got = {
        f"{node.name}.{name}": array
        for node, own in zip(net.nodes, found, strict=True)
        for name, array in own.items()
    }
    assert list(got) == list(arrays)
    for name, array in got.items():
        assert array.dtype == np.float32
        assert array.shape == arrays[name].shape
        assert np.abs(array - arrays[name]).max() <= tolerance + 1e-7


def safetensors(path: Path, arrays: dict[str, Any], kind: str = "F64") -> Path:
    """A file in the format's layout: length, header, data."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": kind, "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }  # fmt: skip
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


# -- generated --------------------------------------------------------------------------------


def test_generated_arrays_are_those_declared(net: Graph) -> None:
    arrays = named(net)
    assert list(arrays) == NAMES
    assert len({array.tobytes() for array in arrays.values()}) == len(NAMES)


def test_a_seed_makes_the_same_arrays_and_another_seed_others(net: Graph) -> None:
    first, again, other = (generate(net, FLOAT32, seed) for seed in (1, 1, 2))
    for index, node in enumerate(net.nodes):
        for name in declared_arrays(node) if node.shares is None else ():
            assert np.array_equal(first[index][name], again[index][name])
            assert not np.array_equal(first[index][name], other[index][name])


@pytest.mark.parametrize(
    "name", ["resnet152", "densenet121", "mobilenet_v3_large", "convnext_tiny", "dcgan_generator"]
)
def test_values_neither_vanish_nor_explode(name: str) -> None:
    assert name in zoo.names()
    net = load(name).graph(input=None if name == "dcgan_generator" else (3, 64, 64))
    x = np.random.RandomState(0).standard_normal((1, *net.input_shape)).astype(np.float32)
    outputs = execute(net, generate(net, FLOAT32), lambda index: x)
    for output in outputs.values():
        assert np.isfinite(output).all()
        assert 1e-3 < output.std() < 1e6


# -- files ------------------------------------------------------------------------------------


def test_npz_by_name_in_any_order(net: Graph, tmp_path: Path) -> None:
    arrays = named(net)
    np.savez(tmp_path / "net.npz", **dict(reversed(arrays.items())))
    equal(load_weights(str(tmp_path / "net.npz"), net, FLOAT32), arrays, net)


def test_npz_compressed_in_fortran_order_and_big_endian(net: Graph, tmp_path: Path) -> None:
    arrays = named(net)
    stored = {name: np.asfortranarray(array).astype(">f8") for name, array in arrays.items()}
    np.savez_compressed(tmp_path / "net.npz", **stored)
    equal(load_weights(str(tmp_path / "net.npz"), net, FLOAT32), arrays, net)


def torch_arrays(net: Graph) -> dict[str, Any]:
    """Under the names of a state dict, which counts batches too."""
    values = iter(named(net).values())
    return {name: np.array(7) if name.endswith("tracked") else next(values) for name in TORCH_NAMES}


def test_a_state_dict_by_order(net: Graph, tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    np.savez(path, **torch_arrays(net))
    equal(load_weights(str(path), net, FLOAT32), named(net), net)


@pytest.mark.parametrize(
    ("kind", "dtype", "tolerance"),
    [("F64", "<f8", 0), ("F32", "<f4", 1e-7), ("F16", "<f2", 1e-3)],
)
def test_safetensors(kind: str, dtype: str, tolerance: float, net: Graph, tmp_path: Path) -> None:
    arrays = named(net)
    stored = {name: array.astype(dtype) for name, array in arrays.items()}
    path = safetensors(tmp_path / "net.safetensors", stored, kind)
    equal(load_weights(str(path), net, FLOAT32), arrays, net, tolerance)


def test_safetensors_in_bfloat16(net: Graph, tmp_path: Path) -> None:
    arrays = named(net)
    halves = {
        name: (array.astype("<f4").view("<u4") >> 16).astype("<u2")
        for name, array in arrays.items()
    }
    path = safetensors(tmp_path / "net.safetensors", halves, "BF16")
    equal(load_weights(str(path), net, FLOAT32), arrays, net, 1e-2)


def test_axes_of_size_one_may_differ(tmp_path: Path) -> None:
    net = graph("{input: [3, 4, 4], layers: [scale]}")
    np.savez(tmp_path / "net.npz", **{"scale.weight": np.ones(3)})
    (_, found) = load_weights(str(tmp_path / "net.npz"), net, FLOAT32)
    assert found["weight"].shape == (3, 1, 1)


# -- refused ----------------------------------------------------------------------------------


def refusal(path: Path, net: Graph) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_weights(str(path), net, FLOAT32)
    return caught.value


def test_a_shape_that_differs_is_named(net: Graph, tmp_path: Path) -> None:
    arrays = named(net) | {"second.weight": np.ones((4, 5, 1, 1))}
    np.savez(tmp_path / "net.npz", **arrays)
    error = refusal(tmp_path / "net.npz", net)
    assert "`second.weight`" in str(error)
    assert "[4, 5, 1, 1]" in str(error)
    assert "[4, 4, 1, 1]" in str(error)


def test_by_order_the_first_that_differs_is_named(net: Graph, tmp_path: Path) -> None:
    arrays = torch_arrays(net)
    arrays["2.weight"], arrays["6.weight"] = arrays["6.weight"], arrays["2.weight"]
    np.savez(tmp_path / "net.npz", **arrays)
    error = refusal(tmp_path / "net.npz", net)
    assert "`2.weight`" in str(error)
    assert "`second.weight`" in str(error)
    assert error.hint == "matched in the file's order: array 7 of 9"


def test_a_missing_and_a_surplus_array(net: Graph, tmp_path: Path) -> None:
    arrays = named(net)
    del arrays["second.weight"]
    np.savez(tmp_path / "a.npz", **arrays)
    assert "has no `second.weight`" in str(refusal(tmp_path / "a.npz", net))
    np.savez(tmp_path / "b.npz", **torch_arrays(net), **{"7.bias": np.ones(5)})
    assert "holds 10 arrays, and the network has 9" in str(refusal(tmp_path / "b.npz", net))
    np.savez(tmp_path / "c.npz")
    assert "holds 0 arrays" in str(refusal(tmp_path / "c.npz", net))


class Harmful:
    """What a pickle would call."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was executed",))


def test_pickles_are_refused(net: Graph, tmp_path: Path) -> None:
    holder = np.empty(1, dtype=object)
    holder[0] = Harmful()
    np.savez(tmp_path / "net.npz", **{"first.weight": holder})
    assert "holds no numbers" in str(refusal(tmp_path / "net.npz", net))


def test_an_array_that_claims_to_be_huge_is_not_read(net: Graph, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": (2**40, 2**10)}
    )
    with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
        for name in NAMES:
            archive.writestr(f"{name}.npy", buffer.getvalue())
    assert str(2**40) in str(refusal(tmp_path / "net.npz", net))


BAD = {
    "text.npz": b"weights: 1",
    "empty.npz": b"",
    "cut.npz": b"PK\x03\x04" + bytes(40),
    "short.safetensors": b"abc",
    "empty.safetensors": b"",
    "huge.safetensors": struct.pack("<Q", 2**62) + b"{}",
    "text.safetensors": struct.pack("<Q", 5) + b"hello",
    "list.safetensors": struct.pack("<Q", 2) + b"[]",
    "deep.safetensors": struct.pack("<Q", 200_000) + b"[" * 200_000,
    "entry.safetensors": struct.pack("<Q", 8) + b'{"a": 1}',
    "net.pt": b"PK",
    "net": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_damaged_files(name: str, net: Graph, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(BAD[name])
    assert name in str(refusal(path, net))


def test_a_file_that_is_not_there(net: Graph, tmp_path: Path) -> None:
    assert "no such file" in str(refusal(tmp_path / "none.npz", net))
    (tmp_path / "folder.npz").mkdir()
    assert "is a directory" in str(refusal(tmp_path / "folder.npz", net))


ENTRIES = [
    {"dtype": "F32", "shape": [4], "data_offsets": [0, 17]},
    {"dtype": "F32", "shape": [4], "data_offsets": [8, 24]},
    {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]},
    {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]},
    {"dtype": "F32", "shape": [4.0], "data_offsets": [0, 16]},
    {"dtype": "F32", "shape": [4], "data_offsets": [0]},
    {"dtype": "F32", "shape": [True, 4], "data_offsets": [0, 16]},
    {"dtype": "F8", "shape": [4], "data_offsets": [0, 4]},
    {"shape": [4], "data_offsets": [0, 16]},
]


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_safetensors_that_lie(entry: dict[str, Any], net: Graph, tmp_path: Path) -> None:
    text = json.dumps({"first.weight": entry}).encode()
    path = tmp_path / "net.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    refusal(path, net)


@given(
    data=st.binary(max_size=200),
    ending=st.sampled_from([".npz", ".safetensors"]),
    framed=st.booleans(),
)
def test_any_bytes_are_refused_with_a_message(
    data: bytes, ending: str, framed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{ending}"
    path.write_bytes(struct.pack("<Q", len(data)) + data if framed else data)
    refusal(path, graph(NET))


def test_a_missing_library_is_one_message(
    net: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    error = refusal(safetensors(tmp_path / "net.safetensors", named(net)), net)
    assert str(error).endswith("net.safetensors needs the package safetensors")
    assert error.hint == '`pip install "cnncalc[safetensors]"`'
