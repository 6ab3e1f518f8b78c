"""ONNX: a graph of operators, every layer under its own name.

`operators` say what each kind is in ONNX, `building` gathers nodes and initializers, `writer` makes
the model of it.
"""
