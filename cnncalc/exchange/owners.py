"""Whose object a network is, told by the modules of its classes; no framework is imported."""

from __future__ import annotations

from typing import Any


def framework_of(net: Any) -> str | None:
    """Whose object a network is: `keras`, `onnx`, `torch` or, a torch program, `program`."""
    classes = [(one.__module__.split("."), one.__name__) for one in type(net).__mro__]
    # a Keras model is a torch module as well where Keras runs on torch
    if any(where[0] in ("keras", "tf_keras") and name == "Model" for where, name in classes):
        return "keras"
    for where, name in classes:
        if name == "ModelProto" and where[-1].startswith("onnx"):
            return "onnx"
        if name == "ExportedProgram" and where[:2] == ["torch", "export"]:
            return "program"
        if name == "Module" and where[:2] == ["torch", "nn"]:
            return "torch"
    return None
