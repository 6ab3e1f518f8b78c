"""Hostile TensorFlow Lite files: one message, and no long wait."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.deployment.deploy import deploy_file
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.tflite.file import read_bytes, read_file

FILES = Path(__file__).parent.parent / "reference" / "tflite"
STEP = 36
"""Every how manieth byte is changed; 4 finds nothing more."""
DATA = (FILES / "swish.tflite").read_bytes()


def refused(data: bytes) -> str:
    """The message of a file that is refused, in less than a second."""
    begin = time.process_time()
    with pytest.raises(UsageError) as error:
        deploy_file(read_bytes(data, "x.tflite"))
    assert time.process_time() - begin < 1
    assert len(str(error.value)) < 400
    return str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no TensorFlow Lite file"),
        (b"TFL3", "is no TensorFlow Lite file"),
        (b"\0\0\0\0TFL3", "is damaged"),
        (b"\xff\xff\xff\xffTFL3", "is damaged"),
        (b"\x08\0\0\0TFL3" + b"\xff" * 64, "is damaged"),
        (DATA[: len(DATA) // 2], "is damaged"),
        (b"PK\x03\x04" + b"\0" * 100, "is no TensorFlow Lite file"),
    ],
)
def test_broken_files(data: bytes, message: str) -> None:
    assert message in refused(data)


@pytest.mark.parametrize("length", range(8, len(DATA) - 1, 331))
def test_truncated(length: int) -> None:
    assert "is damaged" in refused(DATA[:length])


def changed(place: int, value: int) -> bytes:
    data = bytearray(DATA)
    struct.pack_into("<I", data, place, value)
    return bytes(data)


@pytest.mark.parametrize("value", [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_any_word_may_be_wrong(value: int) -> None:
    """A word of the file that says something else is refused, or does no harm."""
    begin = time.process_time()
    places = range(8, len(DATA) - 4, STEP)
    for place in places:
        try:
            deploy_file(read_bytes(changed(place, value), "x.tflite"))
        except UsageError:
            continue
    assert time.process_time() - begin < 0.2 * len(places)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes(tail: bytes) -> None:
    with pytest.raises(UsageError):
        read_bytes(b"\x10\0\0\0TFL3" + tail, "x.tflite")


def builder() -> tuple[bytearray, int]:
    """A file whose tensor claims a shape; the place of that shape's numbers."""
    file = read_file(str(FILES / "swish.tflite"))
    shape = struct.pack("<5i", 4, *file.tensors[file.inputs[0]].shape)
    place = DATA.index(shape)
    return bytearray(DATA), place + 4


def test_a_claim_of_many_values() -> None:
    data, place = builder()
    struct.pack_into("<4i", data, place, 2**30, 2**30, 2**15, 1)
    assert "more than 2^53 values" in refused(bytes(data))


def test_a_negative_size() -> None:
    data, place = builder()
    struct.pack_into("<4i", data, place, 1, -1, 32, 3)
    assert "has the shape" in refused(bytes(data))


def test_a_cycle() -> None:
    """An operator that takes what comes after it."""
    file = read_file(str(FILES / "swish.tflite"))
    first, last = file.operators[0], file.operators[-1]
    vector = struct.pack(f"<I{len(first.inputs)}i", len(first.inputs), *first.inputs)
    place = DATA.index(vector) + 4
    assert "which comes after it" in refused(changed(place, last.outputs[0]))


def test_a_tensor_that_is_not_there() -> None:
    file = read_file(str(FILES / "swish.tflite"))
    first = file.operators[0]
    vector = struct.pack(f"<I{len(first.inputs)}i", len(first.inputs), *first.inputs)
    assert "names tensor" in refused(changed(DATA.index(vector) + 4, 10_000))


def test_missing_file() -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_file("/no/such/file.tflite")
