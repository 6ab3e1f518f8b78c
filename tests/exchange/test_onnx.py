"""ONNX graphs: those of the `onnx` package, exported ones, and small ones made here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

onnx = pytest.importorskip("onnx", reason="the onnx package is not installed")

import numpy as np  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import cnncalc  # noqa: E402
from cnncalc.diagnostics import UsageError  # noqa: E402
from cnncalc.exchange.checking import check_import, run  # noqa: E402
from cnncalc.exchange.imported import Imported  # noqa: E402
from cnncalc.exchange.load import load  # noqa: E402
from cnncalc.unknown import UNKNOWN  # noqa: E402

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

# layers, parameters, MACs: those of the papers' networks, with AlexNet's groups and without
LIGHT_FIGURES = {
    "bvlc_alexnet": (24, 60_965_224, 654_560_384),
    "densenet121": (668, 8_062_504, 2_834_161_664),
    "inception_v1": (143, 6_998_552, 1_431_556_352),
    "inception_v2": (371, 11_214_888, 2_018_851_840),
    "resnet50": (176, 25_557_032, 4_089_184_256),
    "shufflenet": (201, 1_393_320, 124_664_528),
    "squeezenet": (66, 1_235_496, 349_151_936),
    "vgg19": (46, 143_667_240, 19_632_062_464),
    "zfnet512": (22, 87_250_536, 1_481_727_008),
}


def test_all_light_graphs_have_figures() -> None:
    assert {path.stem.removeprefix("light_") for path in LIGHT.glob("*.onnx")} == set(LIGHT_FIGURES)


@pytest.mark.parametrize("name", LIGHT_FIGURES)
def test_light_graphs(name: str) -> None:
    layers = load(str(LIGHT / f"light_{name}.onnx")).graph().layers
    params = sum(layer.params for layer in layers)
    macs = sum(layer.facts.operations.macs for layer in layers)
    assert (len(layers), params, macs) == LIGHT_FIGURES[name]


@pytest.mark.parametrize("name", ["squeezenet", "shufflenet"])
def test_light_graphs_run(name: str) -> None:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    network = load(str(LIGHT / f"light_{name}.onnx"))
    assert isinstance(network, Imported)
    assert check_import(network).passed


# -- small graphs, against the reference implementation of the onnx package ---------------------

Row = tuple[list[Any], tuple[int, ...], list[str]]
RANDOM = np.random.RandomState(0)


def node(kind: str, *inputs: str, **attributes: Any) -> Any:
    return (kind, inputs, attributes)


def array(*shape: int) -> Any:
    return RANDOM.uniform(0.2, 1, shape).astype(np.float32)


ROWS: dict[str, tuple[list[Any], dict[str, Any], tuple[int, ...], list[str]]] = {
    "gelu with erf": (
        [node("Div", "x", "r"), node("Erf", "0"), node("Add", "1", "one"), node("Mul", "x", "2"),
         node("Mul", "3", "half")],
        {"r": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)},
        (3, 4, 4), ["gelu"]),
    "silu": ([node("Sigmoid", "x"), node("Mul", "x", "0")], {}, (3, 4), ["silu"]),
    "hard swish with clip": (
        [node("Add", "x", "three"), node("Clip", "0", "zero", "six"), node("Mul", "x", "1"),
         node("Div", "2", "six")],
        {"three": np.float32(3), "zero": np.float32(0), "six": np.float32(6)},
        (3, 4, 4), ["hard_swish"]),
    "mish": (
        [node("Softplus", "x"), node("Tanh", "0"), node("Mul", "x", "1")], {}, (3, 4), ["mish"]),
    "linear as matmul and add": (
        [node("MatMul", "x", "w"), node("Add", "0", "b")],
        {"w": array(5, 7), "b": array(7)}, (5,), ["linear"]),
    "global pooling as a mean": (
        [node("ReduceMean", "x", axes=[2, 3]), node("Flatten", "0")], {}, (3, 4, 5),
        ["global_avg_pool", "flatten"]),
    "layer norm between transpositions": (
        [node("Transpose", "x", perm=[0, 2, 3, 1]), node("ReduceMean", "0", axes=[-1]),
         node("Sub", "0", "1"), node("Pow", "2", "two"), node("ReduceMean", "3", axes=[-1]),
         node("Add", "4", "eps"), node("Sqrt", "5"), node("Div", "2", "6"), node("Mul", "7", "w"),
         node("Add", "8", "b"), node("Transpose", "9", perm=[0, 3, 1, 2])],
        {"two": np.float32(2), "eps": np.float32(1e-6), "w": array(6), "b": array(6)},
        (6, 3, 4), ["layer_norm"]),
    "group norm as an instance norm": (
        [node("Reshape", "x", "s"), node("InstanceNormalization", "0", "one", "zero"),
         node("Reshape", "1", "t"), node("Mul", "2", "w"), node("Add", "3", "b")],
        {"s": np.array([0, 2, -1]), "one": np.ones(2, np.float32), "zero": np.zeros(2, np.float32),
         "t": np.array([1, 6, 3, 4]), "w": array(6, 1, 1), "b": array(6, 1, 1)},
        (6, 3, 4), ["group_norm"]),
    "channel shuffle": (
        [node("Reshape", "x", "s"), node("Transpose", "0", perm=[0, 2, 1, 3, 4]),
         node("Reshape", "1", "t")],
        {"s": np.array([1, 2, 3, 4, 4]), "t": np.array([1, 6, 4, 4])}, (6, 4, 4),
        ["channel_shuffle"]),
    "a computed shape": (
        [node("Conv", "x", "w"), node("Shape", "0"), node("Gather", "1", "zero"),
         node("Unsqueeze", "2", "axis"), node("Concat", "3", "rest", axis=0),
         node("Reshape", "0", "4")],
        {"w": array(4, 3, 1, 1), "zero": np.array(0), "axis": np.array([0]),
         "rest": np.array([-1])}, (3, 4, 4), ["conv", "flatten"]),
    "uneven padding": (
        [node("Conv", "x", "w", pads=[0, 1, 2, 0], strides=[2, 1])], {"w": array(4, 3, 3, 2)},
        (3, 7, 6), ["conv"]),
    "same padding": (
        [node("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
         node("AveragePool", "0", kernel_shape=[2, 2], auto_pad="SAME_LOWER")],
        {}, (3, 7, 6), ["max_pool", "avg_pool"]),
    "depth to space": ([node("DepthToSpace", "x", blocksize=2)], {}, (8, 3, 3),
                       ["reshape", "permute", "reshape"]),
    "depth to space as PyTorch": (
        [node("DepthToSpace", "x", blocksize=2, mode="CRD")], {}, (8, 3, 3), ["pixel_shuffle"]),
    "a scale and an offset": (
        [node("Mul", "x", "w"), node("Add", "0", "b")], {"w": array(3, 1, 1), "b": array(1, 4, 4)},
        (3, 4, 4), ["scale", "offset"]),
    "slices and a split": (
        [node("Slice", "x", "a", "b", "c"), node("Split", "0", "s", axis=1),
         node("Concat", "1", "0", axis=1)],
        {"a": np.array([1]), "b": np.array([100]), "c": np.array([2]), "s": np.array([2, 4])},
        (6, 5, 4), ["slice", "slice", "concat"]),
    "resizing": (
        [node("Resize", "x", "", "f", mode="linear", coordinate_transformation_mode="half_pixel")],
        {"f": np.array([1, 1, 2, 3], np.float32)}, (3, 4, 5), ["upsample"]),
    "prelu and leaky": (
        [node("PRelu", "x", "s"), node("LeakyRelu", "0", alpha=0.3), node("Elu", "1")],
        {"s": array(3, 1, 1)}, (3, 4, 4), ["prelu", "leaky_relu", "elu"]),
    "a product of two maps": (
        [node("Transpose", "x", perm=[0, 1, 3, 2]), node("MatMul", "x", "0"),
         node("Softmax", "1", axis=-1)], {}, (2, 4, 5), ["matmul", "softmax"]),
}  # fmt: skip


def model(nodes: list[Any], arrays: dict[str, Any], shape: tuple[Any, ...], opset: int = 17) -> Any:
    made = []
    for number, (kind, inputs, attributes) in enumerate(nodes):
        last = number == len(nodes) - 1
        outputs = ["y" if last else str(number)]
        if kind == "Split":
            outputs.append("rest of it")
        made.append(helper.make_node(kind, list(inputs), outputs, **attributes))
    return helper.make_model(
        helper.make_graph(
            made,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *shape])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.asarray(one), name) for name, one in arrays.items()],
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=10,
    )


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    def write(made: Any, name: str = "net.onnx") -> str:
        path = tmp_path / name
        path.write_bytes(made.SerializeToString())
        return str(path)

    return write


@pytest.mark.parametrize("name", ROWS)
def test_patterns(save: Callable[..., str], name: str) -> None:
    from onnx.reference import ReferenceEvaluator

    nodes, arrays, shape, kinds = ROWS[name]
    made = model(nodes, arrays, shape)
    network = load(save(made))
    assert isinstance(network, Imported)
    reading = network.reading()
    assert [layer.kind.name for layer in reading.graph.layers] == kinds
    x = np.random.RandomState(1).standard_normal((1, *shape)).astype(np.float32)
    (theirs,) = ReferenceEvaluator(made).run(["y"], {"x": x})
    (ours,) = run(reading, [x])
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_free_sizes(save: Callable[..., str]) -> None:
    path = save(model([node("Relu", "x")], {}, (3, "H", "W")))
    with pytest.raises(UsageError, match=r"leaves open what its input `x` is: 3×\?×\?"):
        load(path).graph()
    assert load(path).graph(None, (3, 5, 6)).layers[-1].facts.output == (3, 5, 6)
    with pytest.raises(UsageError, match="does not fit"):
        load(path).graph(None, (4, 5, 6))


def test_weights_beside(save: Callable[..., str], tmp_path: Path) -> None:
    weight = array(4, 3, 1, 1)
    made = model([node("Conv", "x", "w")], {"w": weight}, (3, 4, 4))
    tensor = made.graph.initializer[0]
    (tmp_path / "weights.bin").write_bytes(b"1234" + tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights.bin"), ("offset", "4"), ("length", "48")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    network = load(save(made))
    assert isinstance(network, Imported)
    np.testing.assert_array_equal(network.reading().arrays()[1]["weight"], weight)
    (tmp_path / "weights.bin").unlink()
    assert load(save(made)).graph().layers[0].params == 12
    with pytest.raises(UsageError, match=r"cannot read weights\.bin"):
        network.reading().arrays()


def test_weights_absent(save: Callable[..., str]) -> None:
    made = model([node("Conv", "x", "w")], {}, (3, 4, 4))
    made.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3, 1, 1]))
    network = load(save(made))
    assert isinstance(network, Imported)
    assert network.graph().layers[0].params == 12
    with pytest.raises(UsageError, match="declares `w` and does not hold it"):
        network.reading().arrays()
    with pytest.raises(UsageError, match="holds no weights"):
        check_import(network)


def test_names(save: Callable[..., str]) -> None:
    """Hierarchy from the names that exporters give, and from the namespace they note."""
    made = model([node("Relu", "x"), node("Sigmoid", "0")], {}, (3, 4, 4))
    made.graph.node[0].name = "/layer1/layer1.0/act/Relu"
    entry = made.graph.node[1].metadata_props.add()
    entry.key = "namespace"
    entry.value = ": a.Net/head: b.Sequential/head.2: c.Sigmoid/sigmoid: aten.sigmoid.default"
    network = load(save(made))
    assert isinstance(network, Imported)
    origins = network.origins()
    assert origins[1].path == ("layer1", "0", "act")
    assert (origins[2].path, origins[2].types) == (("head", "2"), ("Sequential", "Sigmoid"))
    assert [layer.name for layer in network.graph().layers] == ["layer1.0.act", "head.2"]


GRID = np.ones((1, 5, 5, 2), np.float32)
DEFORM = array(4, 3, 3, 3)

# nodes, arrays, shapes that the file states, then kinds, output shapes and parameters of the layers
UNKNOWN_OPERATORS: dict[str, tuple[Any, ...]] = {
    "inferred by ONNX": (
        [node("Relu", "x"), node("GridSample", "0", "g"), node("Relu", "1")], {"g": GRID}, {},
        ["relu", "custom", "relu"], [(3, 8, 8), (3, 5, 5), (3, 5, 5)], [0, 50, 0]),
    "stated by the file": (
        [node("Deform", "x", "w", domain="com.x"), node("Relu", "0")], {"w": DEFORM},
        {"0": (1, 4, 6, 6)}, ["custom", "relu"], [(4, 6, 6), (4, 6, 6)], [108, 0]),
    "inferred behind one that ONNX has not": (
        [node("Deform", "x", "w", domain="com.x"), node("GridSample", "0", "g"),
         node("Relu", "1")], {"w": DEFORM, "g": GRID}, {"0": (1, 4, 6, 6)},
        ["custom", "custom", "relu"], [(4, 6, 6), (4, 5, 5), (4, 5, 5)], [108, 50, 0]),
    "that only the input's shape decides": (
        [node("Det", "x")], {}, {}, ["custom"], [(3,)], [0]),
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN_OPERATORS)
def test_operators_without_a_layer(case: str, save: Callable[..., str], run: Any) -> None:
    nodes, arrays, stated, kinds, shapes, params = UNKNOWN_OPERATORS[case]
    made = model(nodes, arrays, (3, 8, 8))
    for name, shape in stated.items():
        value = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        made.graph.value_info.append(value)
    path = save(made)
    layers = load(path).graph().layers
    assert [layer.kind.name for layer in layers] == kinds
    assert [layer.facts.output for layer in layers] == shapes
    assert [layer.params for layer in layers] == params
    unknown = [layer.facts.operations.macs is UNKNOWN for layer in layers]
    assert unknown == [kind == "custom" for kind in kinds]
    found = run("validate", path)
    assert "unknown-operator" in found.out
    assert run("analyze", path, "--strict").status == 2


ENDS = {
    "data": ([node("Relu", "x"), node("NonZero", "0"), node("Cast", "1", to=1)], "NonZero", 1),
    "unstated": (
        [node("Relu", "x"), node("Other", "0", domain="com.x"), node("Relu", "1"),
         node("Add", "2", "0")], "com.x.Other", 2),
}  # fmt: skip


@pytest.mark.parametrize("case", ENDS)
def test_the_table_ends_where_no_shape_is_known(
    case: str, save: Callable[..., str], run: Any
) -> None:
    nodes, operator, behind = ENDS[case]
    path = save(model(nodes, {}, (3, 4, 4)))
    found = run("analyze", path, "--format", "json")
    report = json.loads(found.out)
    assert [one["kind"] for one in report["layers"]] == ["relu", "custom"]
    assert [one["output_shape"] for one in report["layers"]] == [[3, 4, 4], None]
    assert report["complete"] is False
    (warning,) = [one for one in report["diagnostics"] if one["severity"] == "warning"]
    assert f"the table ends at `{operator}`" in warning["message"]
    assert f"{behind} operation" in warning["message"]
    for command in (["memory", path], ["compare", path, path], ["export", path, "-o", "x.svg"],
                    ["convert", path, "-o", "x.yaml"]):  # fmt: skip
        refused = run(*command)
        assert refused.status == 2
        assert "does not state its output shape" in refused.err


MERGED = {
    "to fewer axes": ({"0": (1, 3, 8, 4), "1": (1, 5, 6), "2": (1, 7)}, (7,)),
    "to more axes": ({"0": (1, 4), "1": (1, 4), "2": (1, 2, 3, 4, 5)}, (2, 3, 4, 5)),
    "to nothing known": ({"0": (1, 3, 8, 4), "1": (1, 3, 2, 2)}, (UNKNOWN,)),
}


@pytest.mark.parametrize("case", MERGED)
def test_what_takes_several_inputs_is_judged(case: str, save: Callable[..., str], run: Any) -> None:
    stated, expected = MERGED[case]
    nodes = [
        node("Other", "x", domain="com.x"),
        node("Other", "x", domain="com.x"),
        node("Merge", "0", "1", domain="com.x"),
        node("Identity", "2"),
    ]
    made = model(nodes, {}, (3, 8, 8))
    for name, shape in stated.items():
        made.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    path = save(made)
    report = cnncalc.analyze(path)
    assert report.layers[2].output_shape == expected
    assert not report.complete
    assert {one.rule for one in report.diagnostics} == {"unknown-operator"}
    assert run("verify", path).status == 0


def test_the_batch_of_stated_shapes_may_have_a_name(save: Callable[..., str]) -> None:
    made = model([node("Other", "x", domain="com.x"), node("Relu", "0")], {}, (3, 8, 8))
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    shape = ("batch", 7, 2, 2)
    made.graph.value_info.append(helper.make_tensor_value_info("0", TensorProto.FLOAT, shape))
    assert [one.facts.output for one in load(save(made)).graph().layers] == [(7, 2, 2)] * 2


def test_report(save: Callable[..., str], run: Any) -> None:
    path = save(model([node("Conv", "x", "w")], {"w": array(4, 3, 1, 1)}, (3, 4, 4)))
    found = json.loads(run("analyze", path, "--format", "json").out)
    assert found["totals"]["params"] == 12
    found = run("validate", path, "--format", "json")
    assert found.status == 0
    assert all(one["file"] is None for one in json.loads(found.out)["diagnostics"])
    assert run("validate", path, "--fix").status == 2


def test_verify_runs_the_own_weights(save: Callable[..., str], run: Any) -> None:
    weight = np.array([[3.0]], np.float32)
    made = model([node("Gemm", "x", "w", transB=1)], {"w": weight}, (1,))
    outcome = run("verify", save(made), "--output-scores", "1", "--seed", "3")
    assert outcome.status == 0
    random = np.random.Generator(np.random.PCG64([3, 1]))
    expected = 3 * float(random.standard_normal((1, 1), np.float32)[0, 0])
    assert f"{expected:.4f}" in outcome.out


EXPORTED = ["GhostNet", "SENet", "ConvNeXtV2", "ViT", "ResUNet", "shuffle_net", "Res2Net"]


@pytest.mark.parametrize("dynamo", [True, False], ids=["dynamo", "legacy"])
@pytest.mark.parametrize("name", EXPORTED)
@pytest.mark.filterwarnings("ignore")
def test_exports_of_pytorch(name: str, dynamo: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    if dynamo:
        pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    from .networks import NETWORKS

    make, shape = NETWORKS[name]
    torch.manual_seed(0)
    path = str(tmp_path / "net.onnx")
    torch.onnx.export(make().eval(), (torch.zeros(1, *shape),), path, dynamo=dynamo, verbose=False)
    network = load(path)
    assert isinstance(network, Imported)
    assert check_import(network).largest < 1e-4


@pytest.mark.parametrize(
    ("sizes", "other"),
    [(None, False), ([1, 2, 6, 6], False), ([1, 2, 7, 6], True), ([1, 2, 7, 7], True)],
    ids=str,
)
def test_unpooling_goes_back_to_the_size_of_the_pools_input(
    sizes: list[int] | None, other: bool, save: Callable[..., str]
) -> None:
    pool = helper.make_node("MaxPool", ["x"], ["p", "i"], kernel_shape=[2, 2], strides=[2, 2])
    given = ["p", "i"] if sizes is None else ["p", "i", "s"]
    back = helper.make_node("MaxUnpool", given, ["y"], kernel_shape=[2, 2], strides=[2, 2])
    stored = [] if sizes is None else [numpy_helper.from_array(np.array(sizes, np.int64), "s")]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 6, 6])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, sizes)
    path = save(
        helper.make_model(
            helper.make_graph([pool, back], "net", [image], [output], stored),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=10,
        )
    )
    graph = load(path).graph()
    size = (2, 6, 6) if sizes is None else tuple(sizes[1:])
    assert graph.nodes[-1].facts.output == size
    assert graph.nodes[-1].kind.name == ("custom" if other else "max_unpool")
