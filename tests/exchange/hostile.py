"""Files that lie, and what is said of each; `benchmarks/hostile.py` measures them."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Maker = Callable[[Path], None]


# -- Keras ---------------------------------------------------------------------------------------


def packed(path: Path, **entries: bytes) -> None:
    """An archive; `__` in an entry's name is a slash."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), content)


def halved(make: Maker) -> Maker:
    """The first half of another file."""

    def cut(path: Path) -> None:
        make(path)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

    return cut


def holding(content: bytes) -> Maker:
    """An archive with this for its model."""
    return lambda path: packed(path, config_json=content)


def lying(path: Path) -> None:
    """A directory entry that claims less than what is packed."""
    packed(path, config_json=b"[" * 9_000_000)
    content = path.read_bytes()
    size = (9_000_000).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (1000).to_bytes(4, "little")))


def outward(path: Path) -> None:
    packed(path, **{"..__..__evil": b"x", "__etc__evil": b"x"})


def layer(kind: str, name: str, *taken: str, **config: Any) -> dict[str, Any]:
    """A layer as Keras writes it, called on other layers one after the other."""
    nodes = [
        {
            "args": [{"class_name": "__keras_tensor__", "config": {"keras_history": [one, 0, 0]}}],
            "kwargs": {},
        }
        for one in taken
    ]
    own = {"name": name, **config}
    return {"class_name": kind, "name": name, "config": own, "inbound_nodes": nodes}


def model(*layers: dict[str, Any], calls: int = 0, name: str = "net") -> dict[str, Any]:
    first, last = layers[0]["name"], layers[-1]["name"]
    config = {
        "name": name,
        "layers": list(layers),
        "input_layers": [[first, 0, 0]],
        "output_layers": [[last, calls, 0]],
    }
    return {"class_name": "Functional", "name": name, "config": config, "inbound_nodes": []}


def written(found: dict[str, Any]) -> Maker:
    return lambda path: path.write_text(json.dumps(found)) and None


IMAGE = layer("InputLayer", "i", batch_shape=[None, 8, 8, 3])


def doubled(levels: int) -> dict[str, Any]:
    """A model that calls a model twice, which calls one twice, and so on."""
    found = model(IMAGE, layer("ReLU", "r", "i"), name="m0")
    for level in range(1, levels):
        inner = f"m{level - 1}"
        calls = layer("", "", "i", inner)["inbound_nodes"]
        found = model(IMAGE, {**found, "inbound_nodes": calls}, calls=1, name=f"m{level}")
    return found


HDF5 = b"\x89HDF\r\n\x1a\n"

KERAS: list[tuple[str, Maker, str]] = [
    ("cut.keras", halved(holding(b"{}" * 999)), "cut short"),
    ("random.keras", lambda path: path.write_bytes(os.urandom(4000)) and None, "cut short"),
    ("bomb.keras", holding(b"[" * 9_000_000), "its config.json claims 9,000,000 bytes"),
    ("wide.keras", holding(b"[" + b"[]," * 1_300_000), "is no JSON"),
    ("lying.keras", lying, "no Keras 3 archive"),
    ("nested.keras", holding(b"[" * 500_000), "nested without end"),
    ("outward.keras", outward, "without a config.json"),
    ("binary.json", lambda path: path.write_bytes(b"\xff\xfe\x00") and None, "is no JSON"),
    ("other.json", written({"schema": "cnncalc.report/1"}), "holds no model of Keras"),
    (
        "cyclic.json",
        written(model(IMAGE, layer("ReLU", "a", "b"), layer("ReLU", "b", "a"))),
        "layers take what nothing gives, or each other: a, b",
    ),
    ("doubled.json", written(doubled(30)), "models lie in each other without end"),
    (
        "huge.json",
        written(model(IMAGE, layer("Conv2D", "c", "i", filters=2**60, kernel_size=[2**30] * 2))),
        "`filters` is 1152921504606846976, and takes whole numbers from 1",
    ),
    (
        "stride.json",
        written(model(IMAGE, layer("Conv2D", "c", "i", filters=1, kernel_size=2, strides=[0, 1]))),
        "`strides` is [0, 1], and takes whole numbers from 1",
    ),
    (
        "axes.json",
        written(model(layer("InputLayer", "i", batch_shape=[None] + [2] * 5000))),
        "its input `i` has 5000 axes",
    ),
    (
        "calls.json",
        written(doubled(18)),
        "it calls more than 120,000 layers",
    ),
    (
        "table.json",
        written(model(IMAGE, layer("Embedding", "e", "i", input_dim=2, output_dim=2**31 - 1),
                      layer("RepeatVector", "r", "e", n=2**60))),
        "`n` is 1152921504606846976",
    ),
    ("random.h5", lambda path: path.write_bytes(HDF5 + os.urandom(4000)) and None, "cut short"),
    ("empty.h5", lambda path: path.write_bytes(b"") and None, "cut short"),
    ("large.json", lambda path: path.write_bytes(b" " * 9_000_000) and None, "larger than any"),
    ("keras_metadata.pb", lambda path: path.write_bytes(b"_tf_keras_\xff" * 9) and None,
     "cut short"),
]  # fmt: skip


# -- ONNX ----------------------------------------------------------------------------------------


def onnx_model(
    path: Path, nodes: list[Any], stored: list[Any] | None = None, opset: int = 17, **extra: Any
) -> None:
    """A file of an image `x` of 3×8×8, and of `y`."""
    from onnx import TensorProto, helper

    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])]
    wanted = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    graph = helper.make_graph(nodes, "net", given, wanted, stored or [])
    made = helper.make_model(graph, opset_imports=opsets, **extra)
    path.write_bytes(made.SerializeToString())


def node(kind: str, taken: str, given: str = "y", **options: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, taken.split(), given.split(), **options)


def numbers(name: str, *values: int) -> Any:
    from onnx import TensorProto

    return TensorProto(name=name, data_type=7, dims=[len(values)], int64_data=values)


def convolution(dims: list[int], opset: int = 17, **outside: str) -> Maker:
    """A convolution whose weight claims what it does not have, or lies elsewhere."""

    def make(path: Path) -> None:
        from onnx import TensorProto

        weight = TensorProto(name="w", data_type=1, dims=dims, raw_data=b"1234")
        if outside:
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            for key, value in outside.items():
                weight.external_data.add(key=key, value=value)
        onnx_model(path, [node("Conv", "x w")], [weight], opset)

    return make


def computed(kind: str, *sizes: int) -> Maker:
    """A tensor of a size that the file tells in a few bytes."""

    def make(path: Path) -> None:
        from onnx import TensorProto

        one = TensorProto(name="o", data_type=1, dims=[1, 1], float_data=[1.0])
        taken = "s" if kind == "ConstantOfShape" else "o s"
        nodes = [node(kind, taken, "w"), node("Add", "x w")]
        onnx_model(path, nodes, [numbers("s", *sizes), one])

    return make


def of(*nodes: Any) -> Maker:
    """A file of nodes, each as the arguments of `node`."""
    return lambda path: onnx_model(
        path, [node(*one[:3], **one[3] if len(one) > 3 else {}) for one in nodes]
    )


def calling(levels: int) -> Maker:
    """Functions that call the next one twice; the last one nothing, or itself without levels."""

    def make(path: Path) -> None:
        from onnx import helper

        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
        bodies = [
            [node(f"f{n + 1}", "x", "t", domain="own"), node(f"f{n + 1}", "t", domain="own")]
            for n in range(levels)
        ]
        bodies.append([node("Relu", "x")] if levels else [node("f0", "x", domain="own")])
        functions = [
            helper.make_function("own", f"f{n}", ["x"], ["y"], body, opsets)
            for n, body in enumerate(bodies)
        ]
        onnx_model(path, [node("f0", "x", domain="own")], functions=functions)

    return make


def sparse(path: Path) -> None:
    """A file that claims 5 GB and takes none on the disk."""
    with path.open("wb") as file:
        file.write(b"\x08\x08")
        file.truncate(5 * 2**30)


AXIS = {"axis": 1}

ONNX: list[tuple[str, Maker, str]] = [
    ("truncated.onnx", halved(convolution([4, 3, 1, 1])), "cut short"),
    ("zeros.onnx", lambda path: path.write_bytes(bytes(5000)) and None, "is no ONNX file"),
    ("sparse.onnx", sparse, "is larger than any ONNX file"),
    (
        "cyclic.onnx",
        of(("Add", "x b", "a"), ("Relu", "a", "b"), ("Relu", "b", "y")),
        "which nothing before makes: the graph is cyclic, or out of order",
    ),
    ("huge.onnx", convolution([2**30, 2**30, 1, 1]), "claims [1073741824, 1073741824, 1, 1]"),
    ("negative.onnx", convolution([-4, 3, 1, 1]), "claims [-4, 3, 1, 1]"),
    (
        "outside.onnx",
        convolution([4, 3, 1, 1], location="../../../etc/passwd"),
        "outside the model's folder",
    ),
    (
        "absolute.onnx",
        convolution([4, 3, 1, 1], location="/etc/passwd"),
        "outside the model's folder",
    ),
    (
        "filled.onnx",
        computed("ConstantOfShape", 2**20, 2**20, 2**20),
        "claims [1048576, 1048576, 1048576]",
    ),
    (
        "expanded.onnx",
        computed("Expand", 2**31, 2**31),
        "cannot be worked out: too many values",
    ),
    ("kernel.onnx", convolution([4, 3, 2**16, 2**16]), "kernel 65536 does not fit into an input"),
    (
        "attributes.onnx",
        of(("MaxPool", "x", "y", {"kernel_shape": [2**62, 2], "strides": [0, 0]})),
        "`MaxPool with strides [0, 0] on 2 spatial axes`",
    ),
    ("old.onnx", convolution([4, 3, 1, 1], opset=3), "is of opset 3"),
    (
        "doubling.onnx",
        of(
            *[("Concat", f"x{n} x{n}" if n else "x x", f"x{n + 1}", AXIS) for n in range(61)],
            ("Relu", "x61", "y"),
        ),
        "would hold more than 2^53 values",
    ),
    ("calls.onnx", calling(40), "holds more than 400,000 nodes"),
    ("itself.onnx", calling(0), "its function `f0` calls itself"),
]  # fmt: skip

UNKNOWN_OPERATORS: list[tuple[str, Maker]] = [
    ("many.onnx", of(*[("Frobnicate", "x", f"y{n}" if n else "y") for n in range(20_000)])),
    ("names.onnx", of(("Frobnicate", "x", "y", {"name": "\x1b[31mred\r\n" + "n" * 100_000}))),
]
"""Files with operators that ONNX does not have: the table ends at them."""

SHOWN = (
    "truncated.onnx", "cyclic.onnx", "huge.onnx", "outside.onnx", "calls.onnx", "sparse.onnx",
    "cut.keras", "bomb.keras", "outward.keras", "doubled.json",
)  # fmt: skip
"""One of each kind."""
