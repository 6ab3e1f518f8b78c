"""What a node of an ONNX graph says of itself: its attributes, and where it comes from."""

from __future__ import annotations

import re
import struct
from typing import Any

from cnncalc.exchange.reading.result import Origin


def attribute(one: Any) -> Any:
    """An attribute's value in Python."""
    kinds = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}
    field = kinds.get(one.type)
    if field is None:
        return None
    value = getattr(one, field)
    if field == "s":
        return value.decode("utf-8", "replace")
    if field == "f":
        return shortest(value)
    if field == "floats":
        return list(map(shortest, value))
    return list(value) if field == "ints" else value


def shortest(value: float) -> float:
    """A float32 as the shortest decimal that it is: `1e-05`, not `9.999999747378752e-06`."""
    return next(
        (
            short
            for digits in range(1, 9)
            if _single(short := float(f"{value:.{digits}g}")) == value
        ),
        value,
    )


def _single(value: float) -> float:
    """A number rounded to 32 bits."""
    try:
        (rounded,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return value
    return float(rounded)


def origin(node: Any) -> Origin:
    """Where a node comes from: the exporter's namespace, else the parts of its name."""
    for entry in node.metadata_props:
        if entry.key == "namespace":
            return _namespace(entry.value, node.name)
    name = node.name or (node.output[0] if node.output else "")
    parts = [part for part in re.split(r"/+", name) if part]
    if node.name.startswith("/"):
        parts = parts[:-1]  # the operator itself
    elif node.output and node.output[0] and not node.name:
        parts = [part for part in re.split(r"/+", node.output[0]) if part]
    path: list[str] = []
    above = ""
    for part in parts:
        # PyTorch writes a module's name with that of its container in front
        own = part[len(above) + 1 :] if above and part.startswith(above + ".") else part
        path += own.split(".") if own != part else [part]
        above = part
    return Origin(tuple(path), ("",) * len(path), name)


def _namespace(text: str, name: str) -> Origin:
    """`: torchvision…ResNet/layer1: …Sequential/layer1.0: …BasicBlock/…: aten.conv2d.default`."""
    path: tuple[str, ...] = ()
    classes: dict[tuple[str, ...], str] = {}
    for part in text.split("/")[:-1]:
        where, _, kind = part.partition(": ")
        path = tuple(where.split(".")) if where else ()
        classes[path] = kind.rpartition(".")[2]
    types = tuple([classes.get(path[: n + 1], "") for n in range(len(path))])
    return Origin(path, types, name)
