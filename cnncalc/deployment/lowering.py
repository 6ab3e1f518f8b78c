"""From a graph to the program that the converter leaves of it."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.deployment.fusion import fused
from cnncalc.deployment.kinds import LOWER
from cnncalc.deployment.ordering import ordered
from cnncalc.deployment.program import Operator, Program, Tensor
from cnncalc.deployment.steps import Array, Step, steps_of
from cnncalc.graph import Graph
from cnncalc.shapes import product


def lower(
    graph: Graph, *, dtype: str = "int8", floats_at_ends: bool = False, same: bool = False
) -> Program:
    """Return the program of a graph.

    With `floats_at_ends` inputs and outputs stay float32, between a QUANTIZE and a DEQUANTIZE. With
    `same` padding that is added on both sides of a strided convolution is taken as Keras' `same`,
    which the convolution does itself.

    Raises:
        UsageError: a layer has no operator.
    """
    steps, outputs = steps_of(graph, LOWER, same, dtype)
    names = [graph.nodes[index].name for index in graph.inputs]
    steps, outputs = ordered(steps, outputs, names)
    steps, outputs = fused(steps, outputs)
    if floats_at_ends and dtype == "int8":
        steps, outputs = _with_floats(graph, steps, outputs)
    return _numbered(graph, steps, outputs, dtype)


def _with_floats(
    graph: Graph, steps: Sequence[Step], outputs: Sequence[int]
) -> tuple[list[Step], list[int]]:
    """The steps between a QUANTIZE behind each input and a DEQUANTIZE behind each output."""
    found: list[Step] = []
    place: list[int] = []
    inputs = [one for one in steps if one.operator == "INPUT"]
    for step in inputs:
        found.append(step._replace(type="float32"))
    for number, step in enumerate(inputs):
        found.append(step._replace(operator="QUANTIZE", inputs=(number,)))
    for number, step in enumerate(steps):
        if number < len(inputs):
            place.append(len(inputs) + number)
            continue
        place.append(len(found))
        found.append(step._replace(inputs=tuple([place[one] for one in step.inputs])))
    ends = []
    for number in outputs:
        step = found[place[number]]
        ends.append(len(found))
        found.append(
            step._replace(
                operator="DEQUANTIZE", inputs=(place[number],), arrays=(), activation="",
                macs=0, type="float32", attributes=(), windows=(), rules=(),
            )
        )  # fmt: skip
    return found, ends


def _numbered(graph: Graph, steps: Sequence[Step], outputs: Sequence[int], dtype: str) -> Program:
    """The program of steps, tensors numbered as the converter numbers them.

    Inputs first, then arrays, then what each operator gives, in order: of equally large buffers
    the interpreter places the later number first.
    """
    inputs = [number for number, step in enumerate(steps) if step.operator == "INPUT"]
    tensors = [_input(graph, steps[number]) for number in inputs]
    arrays: dict[Array, int] = {}
    for step in steps:
        for array in step.arrays:
            if array not in arrays:
                arrays[array] = len(tensors)
                tensors.append(_array(step, array))
    place = {number: number for number in inputs}
    for number, step in enumerate(steps):
        if number not in place:
            place[number] = len(tensors)
            tensors.append(_activation(step))
    for order, number in enumerate(outputs):
        output = place[number]
        tensors[output] = tensors[output]._replace(name=f"StatefulPartitionedCall_1:{order}")
    operators = []
    for number, step in enumerate(steps):
        if step.operator == "INPUT":
            continue
        nodes = tuple(dict.fromkeys(step.nodes))
        stored = tuple([arrays[array] for array in step.arrays])
        given = tuple([place[one] for one in step.inputs])
        if step.operator == "TRANSPOSE_CONV":  # its input stands between its arrays
            taken: tuple[int, ...] = (*stored[:2], *given, *stored[2:])
        else:
            taken = (*given, *stored)
        operators.append(
            Operator(
                step.operator, taken, (place[number],),
                tuple([graph.nodes[one].name for one in nodes]),
                step.macs, step.activation, step.rules, nodes, step.windows,
            )
        )  # fmt: skip
    return Program(
        graph.name, tuple(tensors), tuple(operators), tuple([place[one] for one in inputs]),
        tuple([place[one] for one in outputs]), dtype,
    )  # fmt: skip


def _input(graph: Graph, step: Step) -> Tensor:
    return _activation(step)._replace(name=f"serving_default_{graph.nodes[step.nodes[0]].name}:0")


def _activation(step: Step) -> Tensor:
    width = 1 if step.type == "int8" else 4
    scales = int(step.type == "int8")
    return Tensor(step.name, step.shape, width, scales, None, step.type)


def _array(step: Step, array: Array) -> Tensor:
    """The tensor of an array. Arrays are told whole: no batch stands in front of their shape."""
    size = product(array.shape) * array.width
    return Tensor(
        _array_name(step, array), array.shape, array.width, array.scales, size, array.type,
        array.scales, len(array.shape),
    )  # fmt: skip


KERNELS = ("convolution", "/depthwise", "/separable_conv2d", "/conv_transpose", "/MatMul")


def _array_name(step: Step, array: Array) -> str:
    """A name as the converter gives it: that of the operations the array was folded from."""
    parts = step.name.split(";")
    if array.key[0] == "number":
        return "arith.constant"
    if array.type == "int32" and not array.scales:
        ends = {
            "paddings": "Const", "axes": "Mean/reduction_indices", "numbers": "strided_slice/stack",
            "output_shape": "conv_transpose/input_sizes",
        }  # fmt: skip
        if array.name not in ends:
            return "arith.constant"
        return f"{parts[0].rpartition('/')[0]}/{ends[array.name]}"
    if "fold-into-next" in step.rules and array.name == "kernel":
        return ";".join([*parts, *parts[-2:]]) if step.operator == "FULLY_CONNECTED" else step.name
    if array.name == "kernel" or (array.key[0] == "weights" and len(array.shape) == 4):
        own = next((one for one in parts if one.endswith(KERNELS)), parts[-1])
        scaled = [one for one in parts if one.endswith(("/batchnorm/mul_1", "/batchnorm/mul"))]
        return ";".join([*scaled[:1], own, *scaled[1:]])
    if array.key[0] == "bias" and array.name != "fc1" and len(parts) == 1:
        return "arith.constant"  # zeros
    if step.operator in ("MUL", "ADD"):
        owner = parts[-1].rpartition("/")[0]
        return f"{owner}/{'mul' if step.operator == 'MUL' else 'sub'}"
    if step.operator == "FULLY_CONNECTED":
        return ";".join([one for one in parts if not one.endswith("/MatMul")])
    return step.name
