"""Networks that are objects of a framework, known by their own classes' modules.

No framework is imported to find out: whoever has an object of one has imported it already. What
reads the objects of a framework is imported for them alone.
"""

from __future__ import annotations

from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.owners import framework_of
from cnncalc.exchange.reading.result import Reading


def load_object(net: Any) -> Imported | None:
    """The network that an object is; `None` where it is none.

    Raises:
        UsageError: it is an object of a framework that cannot be read.
    """
    if isinstance(net, Imported):
        return net
    framework = framework_of(net)
    return None if framework is None else OPENERS[framework](net)


def _of_module(module: Any) -> Imported:
    """The network of a `torch.nn.Module`, which is left as it was.

    Wrappers that change nothing of what it computes are taken off.

    Raises:
        UsageError: it is compiled code without a `forward` of Python.
    """
    from cnncalc.exchange.torch.objects import imported_object

    return imported_object(module)


def _of_program(program: Any) -> Imported:
    """The network of a `torch.export.ExportedProgram`, for the input that it was exported with."""
    from cnncalc.exchange.torch.reader import read_exported

    label = type(program).__name__

    def read(input: Any) -> Reading:
        found = read_exported(program, label, label)
        given = found.graph.input_shape
        if input is not None and input != given:
            sizes = "×".join(map(str, given))
            raise UsageError(f"{label} was exported for an input of {sizes} and takes no other")
        return found

    return Imported(label, "PyTorch", label, read)


def _of_keras(model: Any) -> Imported:
    """The network of a `keras.Model`, which is left as it is.

    Raises:
        UsageError: it keeps no graph, and what it does cannot be followed.
    """
    from cnncalc.exchange.keras.reader import open_object

    found = open_object(model)
    formats = [getattr(layer, "data_format", None) for layer in model.layers]
    found.channels_last = "channels_first" not in formats
    return found


def _of_onnx(model: Any) -> Imported:
    """The network of an `onnx.ModelProto`, which is left as it was.

    Raises:
        UsageError: it holds no graph, or one that is too old or too large.
    """
    from cnncalc.exchange.onnx.reader import open_object

    return open_object(model)


OPENERS = {
    "torch": _of_module,
    "program": _of_program,
    "keras": _of_keras,
    "onnx": _of_onnx,
}
"""What makes a network of an object, by whose it is."""
