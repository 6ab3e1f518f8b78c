"""TensorFlow Lite files as networks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.patterns import simplify
from cnncalc.exchange.reading.program import Constant, Op, Operand, Program, opaque
from cnncalc.exchange.reading.result import Origin, Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.exchange.tflite.file import FileOperator, FileTensor, TfliteFile, read_file
from cnncalc.exchange.tflite.operators import OPERATORS, TfliteCall, Unsupported, numbers_of
from cnncalc.layers.base import LayerError
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array

Shapes = Shape | Mapping[str, Shape] | None

SIZES = ("SHAPE", "RANK")
"""Operators that give sizes, which the file states anyway."""


def open_model(path: str) -> Imported:
    """`model.tflite`: a TensorFlow Lite file, float or quantized.

    Raises:
        UsageError: it cannot be read.
    """
    if os.path.isdir(path):
        raise UsageError(f"cannot read {path}: it is a directory")
    file = read_file(path)
    name = os.path.splitext(os.path.basename(path))[0]

    def read(input: Shapes) -> Reading:
        return read_model(file, name, input)

    return Imported(path, "TensorFlow Lite", name, read, channels_last=True)


def read_model(file: TfliteFile, name: str, input: Shapes) -> Reading:
    """The graph of a file for its input.

    Raises:
        UsageError: the input is another than the file's.
        SpecError: the file holds no network of layers.
    """
    _check_input(file, input)
    program = Importer(file, name).run()
    simplify(program)
    return lower(program, f"TensorFlow Lite, {file.label}", file.label)


def _check_input(file: TfliteFile, input: Shapes) -> None:
    """Refuse an input that is not the file's: its sizes are fixed."""
    if input is None:
        return
    own = {input_name(file, one): _sample(file.tensors[one].shape) for one in file.inputs}
    given = dict(input) if isinstance(input, Mapping) else {next(iter(own)): input}
    for key, shape in given.items():
        if own.get(key) != tuple(shape):
            known = ", ".join([f"{one} {'×'.join(map(str, size))}" for one, size in own.items()])
            raise UsageError(
                f"{file.label} fixes its input: {known}",
                "`cnncalc convert` makes an architecture file of it, which takes any",
            )


def _sample(shape: Shape) -> Shape:
    """A shape without the batch, channels first."""
    return (shape[-1], *shape[1:-1]) if len(shape) > 1 else shape


def input_name(file: TfliteFile, tensor: int) -> str:
    """The name of an input without what the converter puts around it."""
    name = file.tensors[tensor].name
    return name.removeprefix("serving_default_").split(":")[0] or f"input{tensor}"


class Importer:
    """Reads the operators of one graph, in order."""

    def __init__(self, file: TfliteFile, name: str) -> None:
        self.file = file
        self.program = Program(name)
        self.values: dict[int, Any] = {}

    def run(self) -> Program:
        """Read everything.

        Raises:
            UsageError, SpecError: the file is no graph of tensors.
        """
        file = self.file
        if file.subgraphs > 1:
            raise UsageError(f"{file.label} holds {file.subgraphs} graphs: control flow")
        for number in file.inputs:
            tensor = file.tensors[number]
            if not tensor.shape:
                raise UsageError(f"{file.label}: its input `{tensor.name[:60]}` has no axes")
            op = Op("input", [], tensor.shape, {"name": input_name(file, number)}, channel=-1)
            op.origin = Origin((), (), tensor.name)
            self.program.ops.append(op)
            self.program.inputs.append(op)
            self.values[number] = op
        for operator in file.operators:
            self._operator(operator)
        for number in file.outputs:
            value = self._value(number)
            if isinstance(value, Op):
                self.program.outputs.append(value)
        if not self.program.outputs:
            raise UsageError(f"{file.label} has no output that depends on its input")
        self.program.prune()
        return self.program

    def _value(self, number: int) -> Operand | None:
        """What a tensor is: computed, stored, or left out."""
        if number < 0:
            return None
        if number not in self.values:
            tensor = self.file.tensors[number]
            if tensor.data is None and tensor.bytes:
                raise UsageError(
                    f"{self.file.label}: tensor {number} keeps its values from run to run"
                )
            constant = constant_of(tensor)
            self.values[number] = constant
            self.program.constants[constant.name] = constant
        found: Operand | None = self.values[number]
        return found

    def _operator(self, operator: FileOperator) -> None:
        file = self.file
        inputs = [self._value(one) for one in operator.inputs]
        outputs = [file.tensors[one] for one in operator.outputs]
        first = outputs[0] if outputs else None
        origin = Origin((), (), "" if first is None else first.name)
        call = TfliteCall(operator.name, () if first is None else first.shape, origin,
                          self.program.ops)  # fmt: skip
        call.operator = operator
        if operator.name in SIZES or not any(isinstance(one, Op) for one in inputs):
            results: tuple[Any, ...] = tuple(
                [self._folded(operator, one, inputs) for one in outputs]
            )
        else:
            results = self._computed(call, operator, inputs, outputs)
        for number, value in zip(operator.outputs, results, strict=True):
            self.values[number] = value

    def _folded(
        self, operator: FileOperator, output: FileTensor, inputs: list[Operand | None]
    ) -> Constant:
        """What operators make of stored arrays: the same array, or sizes that nobody reads."""
        only = [one for one in inputs if isinstance(one, Constant)]
        if operator.name in ("DEQUANTIZE", "CAST") and only:
            return only[0]

        def read() -> Array:
            raise UsageError(f"{self.file.label}: `{output.name[:60]}` is not worked out")

        return Constant(output.name, output.shape, "literal", read, {})

    def _computed(
        self,
        call: TfliteCall,
        operator: FileOperator,
        inputs: list[Operand | None],
        outputs: list[FileTensor],
    ) -> tuple[Any, ...]:
        function = None if operator.custom else OPERATORS.get(operator.name)
        before, reason = len(self.program.ops), ""
        if function is not None:
            try:
                found = function(call, *inputs)
                results = found if isinstance(found, tuple) else (found,)
                self._check(call, results, outputs)
            except Unsupported as error:
                reason = f" {error}"
            except (LayerError, OptionError) as error:
                text = f"`{operator.name}`: {error}"
                place = str(call.origin)
                raise SpecError([Diagnostic("bad-value", "error", text, layer=place)]) from None
            except (TypeError, ValueError, KeyError, IndexError, ZeroDivisionError):
                reason = " with options or inputs that are not its own"
            else:
                return results
        del self.program.ops[before:]
        taken = [one for one in inputs if one is not None]
        made = []
        for output in outputs:
            op = opaque(
                operator.name + reason, taken, output.shape, channel=len(output.shape) - 1,
                origin=Origin((), (), output.name),
            )  # fmt: skip
            self.program.ops.append(op)
            made.append(op)
        return tuple(made)

    def _check(self, call: TfliteCall, results: tuple[Any, ...], outputs: list[FileTensor]) -> None:
        """Refuse a result of another shape than the file states."""
        if len(results) != len(outputs):
            raise Unsupported(f"with {len(outputs)} results")
        for result, output in zip(results, outputs, strict=True):
            if isinstance(result, Op) and result.shape != output.shape:
                raise Unsupported(f"to {list(output.shape)}, which is {list(result.shape)}")


def constant_of(tensor: FileTensor) -> Constant:
    """A stored tensor; its values are read, and brought back from integers, when asked for."""

    def read() -> Array:
        import numpy as np

        if tensor.type.name not in ARRAYS or tensor.data is None:
            return np.zeros(tensor.shape, np.float32)
        count = int(np.prod(tensor.shape, dtype=np.int64))
        array = np.frombuffer(tensor.data, ARRAYS[tensor.type.name], count).reshape(tensor.shape)
        found: Array = dequantized(tensor, array)
        return found

    found = Constant(tensor.name, tensor.shape, "stored", read)
    few = numbers_of(tensor)
    if few is not None and not tensor.scales:
        found.few = few
    return found


ARRAYS = {
    "float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "<u1", "int64": "<i8",
    "int16": "<i2", "int8": "<i1", "float64": "<f8", "bool": "?", "uint32": "<u4",
}  # fmt: skip


def dequantized(tensor: FileTensor, array: Any) -> Any:
    """The numbers that quantized values stand for: (q − zero point) · scale."""
    import numpy as np

    if not tensor.scales or array.dtype.kind not in "iu":
        return array.astype(np.float32) if array.dtype.kind == "f" else array
    scale = np.asarray(tensor.scale_values(), np.float64)
    points = np.asarray(tensor.zero_point_values() or (0,), np.float64)
    if len(scale) > 1:
        form = [1] * array.ndim
        form[tensor.quantized_axis] = len(scale)
        scale = scale.reshape(form)
        points = points.reshape(form) if len(points) > 1 else points
    return ((array - points) * scale).astype(np.float32)
