"""What a node of an ONNX graph says of itself: its attributes, and where it comes from."""

from __future__ import annotations

import re
import struct
from typing import Any

from cnncalc.exchange.reading.calls import require
from cnncalc.exchange.reading.result import Origin
from cnncalc.shapes import Shape


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


WINDOWS = ("kernel_shape", "strides", "dilations")
"""Attributes with a positive number for each spatial axis."""

SLIDING = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "MaxUnpool")


def check_values(node: Any, opset: int, shape: Shape) -> None:
    """Check a node's attributes: their types, by the operator's schema, and what a rank allows.

    `shape` is that of its first input.

    Raises:
        Unsupported: one is missing, or is of another type or length than the operator's.
    """
    from onnx import defs  # a file is being read: the package is imported

    try:
        schema: Any = defs.get_schema(node.op_type, max_inclusive_version=opset, domain="")
    except defs.SchemaError:
        return  # the opset is newer than the package, or has no such operator
    present = {one.name: one for one in node.attribute}
    for name in present:
        require(name in schema.attributes, f"with an attribute {name[:60]}, which it has not")
    for name, known in schema.attributes.items():
        if name not in present:
            require(not known.required, f"without its attribute {name}")
        else:
            fits = int(known.type) == present[name].type
            require(fits, f"whose attribute {name} is of another type")
    most = len(node.input) <= schema.max_input
    require(most and len(node.input) >= schema.min_input, f"with {len(node.input)} inputs")
    values = {name: attribute(one) for name, one in present.items()}
    for name in ("blocksize", "group"):
        require(values.get(name, 1) >= 1, f"with {name} {values.get(name)}")
    _check_axes(values, len(shape))
    if node.op_type in SLIDING:
        _check_windows(values, len(shape) - 2)


def _check_axes(values: dict[str, Any], rank: int) -> None:
    axis = values.get("axis")
    require(axis is None or -rank <= axis <= rank, f"with axis {axis} on {rank} axes")
    axes = values.get("axes") or []
    fits = all(abs(one) <= 2 * rank + len(axes) for one in axes)
    require(fits, f"with axes {axes} on {rank} axes")
    order = values.get("perm")
    fits = order is None or sorted(order) == list(range(rank))
    require(fits, f"with perm {order} on {rank} axes")


def _check_windows(values: dict[str, Any], rank: int) -> None:
    require(rank >= 1, "on an input without spatial axes")
    for name in WINDOWS:
        given = values.get(name)
        fits = given is None or (len(given) == rank and min(given) >= 1)
        require(fits, f"with {name} {given} on {rank} spatial axes")
    pads = values.get("pads")
    require(pads is None or len(pads) == 2 * rank, f"with pads {pads} on {rank} spatial axes")


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


def operator_name(node: Any) -> str:
    """An operator's name; of one that is not ONNX' own, with its domain."""
    domain = "" if node.domain in ("", "ai.onnx") else f"{node.domain}."
    return re.sub(r"\s", "_", f"{domain}{node.op_type}")[:100]


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
