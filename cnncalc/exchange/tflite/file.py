"""A TensorFlow Lite file as plain values: tensors, operators with their options, metadata."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.tflite.flatbuffer import BrokenFileError, Table, root
from cnncalc.exchange.tflite.schema import (
    CUSTOM,
    IDENTIFIER,
    LEAST_INPUTS,
    OPERATORS,
    TYPES,
    BufferField,
    CodeField,
    MetadataField,
    ModelField,
    OperatorField,
    QuantizationField,
    SubgraphField,
    TensorField,
    TypeOfValue,
)
from cnncalc.layers.base import SIZE_LIMIT
from cnncalc.shapes import Shape, product

TENSOR_LIMIT = 200_000
"""The most tensors, and the most operators, that a file may have."""


class FileTensor(NamedTuple):
    """A tensor of a file; its shape has the batch in front."""

    name: str
    shape: Shape
    type: TypeOfValue
    data: memoryview | None
    """Its values in the file; `None` for what is computed."""
    scales: int
    zero_points: int
    quantized_axis: int
    variable: bool
    quantization: Table | None
    """Scales and zero points, read when asked for."""

    def scale_values(self) -> Sequence[float]:
        """The scales of its quantization."""
        if self.quantization is None:
            return ()
        return self.quantization.vector(QuantizationField.SCALE, "f")

    def zero_point_values(self) -> Sequence[int]:
        """The zero points of its quantization."""
        if self.quantization is None:
            return ()
        return self.quantization.vector(QuantizationField.ZERO_POINT, "q")

    @property
    def bytes(self) -> int:
        """Bytes of its values."""
        return -(-product(self.shape) * self.type.bits // 8)


class FileOperator(NamedTuple):
    """An operator of a file."""

    name: str
    """Its name in the schema; of one that is not of the schema the name that the file gives it."""
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None

    def option(self, slot: int, form: str = "<i", default: Any = 0) -> Any:
        """A number among its options."""
        return default if self.options is None else self.options.number(slot, form, default)


class TfliteFile(NamedTuple):
    """A file."""

    label: str
    name: str
    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: dict[str, memoryview]
    subgraphs: int
    size: int


def read_file(path: str) -> TfliteFile:
    """Read a file.

    Raises:
        UsageError: there is none, or it is no TensorFlow Lite file.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    return read_bytes(data, path)


def read_bytes(data: bytes, label: str) -> TfliteFile:
    """Read the bytes of a file.

    Raises:
        UsageError: they are no TensorFlow Lite file.
    """
    if data[4:8] != IDENTIFIER:
        raise UsageError(
            f"{label} is no TensorFlow Lite file: bytes 4 to 7 are not `{IDENTIFIER.decode()}`"
        )
    try:
        return _model(memoryview(data), label)
    except BrokenFileError as error:
        raise UsageError(f"{label} is damaged: {error}") from None


def _model(data: memoryview, label: str) -> TfliteFile:
    model = root(data)
    version = model.number(ModelField.VERSION, "<I")
    if version != 3:
        raise BrokenFileError(f"its schema has version {version}, not 3")
    graphs = model.tables(ModelField.SUBGRAPHS)
    if not graphs:
        raise BrokenFileError("it holds no graph")
    graph = graphs[0]
    buffers = [_buffer(data, one) for one in model.tables(ModelField.BUFFERS)]
    tensors = _each(graph, SubgraphField.TENSORS, lambda one: _tensor(one, buffers))
    codes = [_code(one) for one in model.tables(ModelField.CODES)]
    count = len(tensors)
    operators = _each(graph, SubgraphField.OPERATORS, lambda one: _operator(one, codes, count))
    metadata = {}
    for one in model.tables(ModelField.METADATA):
        buffer = one.number(MetadataField.BUFFER, "<I")
        metadata[one.text(MetadataField.NAME)] = _at(buffers, buffer, "buffer") or memoryview(b"")
    inputs, outputs = graph.vector(SubgraphField.INPUTS), graph.vector(SubgraphField.OUTPUTS)
    for number in (*inputs, *outputs):
        _at(tensors, number, "tensor")
    found = TfliteFile(
        label, graph.text(SubgraphField.NAME), tuple(tensors), tuple(operators),
        tuple(inputs), tuple(outputs), metadata, len(graphs), len(data),
    )  # fmt: skip
    _check_order(found)
    return found


def _each(graph: Table, slot: int, read: Callable[[Table], Any]) -> list[Any]:
    tables = graph.tables(slot)
    if len(tables) > TENSOR_LIMIT:
        raise BrokenFileError(f"it lists {len(tables):,} of one thing; {TENSOR_LIMIT:,} are read")
    return [read(one) for one in tables]


def _at(values: Sequence[Any], number: int, what: str) -> Any:
    if not 0 <= number < len(values):
        raise BrokenFileError(f"it names {what} {number:,} of {len(values):,}")
    return values[number]


def _buffer(data: memoryview, table: Table) -> memoryview | None:
    """The bytes of a buffer; `None` where it holds none."""
    offset = table.number(BufferField.OFFSET, "<Q")
    if offset > 1:
        size = table.number(BufferField.SIZE, "<Q")
        if offset + size > len(data):
            raise BrokenFileError(f"a buffer of {size:,} bytes reaches beyond the end")
        return data[offset : offset + size]
    return table.bytes(BufferField.DATA) or None


def _tensor(table: Table, buffers: Sequence[memoryview | None]) -> FileTensor:
    shape = tuple(table.vector(TensorField.SHAPE))
    name = table.text(TensorField.NAME)
    if len(shape) > 16 or any([size < 0 for size in shape]):
        raise BrokenFileError(f"tensor `{name[:60]}` has the shape {list(shape[:16])}")
    if product(shape) > SIZE_LIMIT:
        raise BrokenFileError(f"tensor `{name[:60]}` would hold more than 2^53 values")
    type = _at(TYPES, table.number(TensorField.TYPE, "<b"), "type")
    data = _at(buffers, table.number(TensorField.BUFFER, "<I"), "buffer")
    quantization = table.table(TensorField.QUANTIZATION)
    scales = points = axis = 0
    if quantization is not None:
        _, scales = quantization.span(QuantizationField.SCALE, 4)
        _, points = quantization.span(QuantizationField.ZERO_POINT, 8)
        axis = quantization.number(QuantizationField.DIMENSION)
    found = FileTensor(
        name, shape, type, data, scales, points, axis,
        bool(table.number(TensorField.VARIABLE, "<?", False)), quantization,
    )  # fmt: skip
    if data is not None and type.bits and len(data) < found.bytes:
        raise BrokenFileError(
            f"tensor `{name[:60]}` is {list(shape)}, and its {len(data):,} bytes are too few"
        )
    return found


def _code(table: Table) -> tuple[str, bool]:
    """The name of an operator, and whether it is not of the schema."""
    number = max(table.number(CodeField.OLD, "<b"), table.number(CodeField.BUILTIN))
    if number == CUSTOM:
        return table.text(CodeField.CUSTOM) or "CUSTOM", True
    return _at(OPERATORS, number, "operator"), False


def _operator(table: Table, codes: Sequence[tuple[str, bool]], tensors: int) -> FileOperator:
    name, custom = _at(codes, table.number(OperatorField.CODE, "<I"), "operator code")
    inputs = tuple(table.vector(OperatorField.INPUTS))
    outputs = tuple(table.vector(OperatorField.OUTPUTS))
    for number in (*inputs, *outputs):
        if not -1 <= number < tensors:
            raise BrokenFileError(f"{name} names tensor {number:,} of {tensors:,}")
    least = LEAST_INPUTS.get(name, 0)
    if len(inputs) < least or any([one < 0 for one in inputs[:least]]):
        raise BrokenFileError(f"{name} has {len(inputs)} inputs and needs {least}")
    if -1 in outputs:
        raise BrokenFileError(f"{name} has an output that is no tensor")
    return FileOperator(name, custom, inputs, outputs, table.table(OperatorField.OPTIONS))


def _check_order(file: TfliteFile) -> None:
    """Refuse operators that take what none before them gives."""
    known = {
        number
        for number, tensor in enumerate(file.tensors)
        if tensor.data is not None or tensor.variable
    }
    known.update(file.inputs)
    made = {output for operator in file.operators for output in operator.outputs}
    for operator in file.operators:
        for number in operator.inputs:
            # an array without values is left out
            if number < 0 or number in known or not file.tensors[number].bytes:
                continue
            if number in made:
                raise BrokenFileError(
                    f"{operator.name} takes tensor {number}, which comes after it or from itself"
                )
            raise BrokenFileError(f"{operator.name} takes tensor {number}, which nothing gives")
        for number in operator.outputs:
            if number in known:
                raise BrokenFileError(f"tensor {number} is written twice")
        known.update(operator.outputs)
    for number in file.outputs:
        if number not in known:
            raise BrokenFileError(f"its output, tensor {number}, is given by nothing")
