"""nnU-Net's plans of every age: held against the package that builds the networks."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from support import same_network

from cnncalc.cli import run as command
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.converting import architecture_of
from cnncalc.exchange.load import load
from cnncalc.exchange.nnunet.reader import open_model
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source


def architecture(name: str, features: list[int], rank: int, **more: Any) -> dict[str, Any]:
    count = len(features)
    blocks = "n_blocks_per_stage" if "Residual" in name else "n_conv_per_stage"
    kwargs = {
        "n_stages": count,
        "features_per_stage": features,
        "conv_op": f"torch.nn.modules.conv.Conv{rank}d",
        "kernel_sizes": [[3] * rank] * count,
        "strides": [[1] * rank] + [[2] * rank] * (count - 1),
        blocks: [2] * count,
        "n_conv_per_stage_decoder": [2] * (count - 1),
        "conv_bias": True,
        "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{rank}d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
        **more,
    }
    title = f"dynamic_network_architectures.architectures.unet.{name}"
    required = ["conv_op", "norm_op", "dropout_op", "nonlin"]
    return {
        "network_class_name": title, "arch_kwargs": kwargs, "_kw_requires_import": required,
    }  # fmt: skip


PLANS: dict[str, Any] = {
    "dataset_name": "Dataset001_Some",
    "plans_name": "nnUNetPlans",
    "configurations": {
        "2d": {
            "batch_size": 12, "patch_size": [64, 48],
            "architecture": architecture("PlainConvUNet", [8, 16, 32], 2),
        },
        "3d_fullres": {
            "batch_size": 2, "patch_size": [16, 32, 32],
            "architecture": architecture(
                "PlainConvUNet", [8, 16, 24], 3, kernel_sizes=[[1, 3, 3], [3, 3, 3], [3, 3, 3]],
                strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2]],
            ),
        },
        "residual": {
            "batch_size": 2, "patch_size": [16, 32, 32],
            "architecture": architecture(
                "ResidualEncoderUNet", [8, 16, 16], 3, n_blocks_per_stage=[1, 3, 2],
                n_conv_per_stage_decoder=[1, 1],
            ),
        },
        "3d_cascade_fullres": {"inherits_from": "3d_fullres", "previous_stage": "3d_lowres"},
        "older": {
            "batch_size": 2, "patch_size": [16, 32, 32], "UNet_class_name": "PlainConvUNet",
            "UNet_base_num_features": 8, "unet_max_num_features": 20,
            "n_conv_per_stage_encoder": [2, 2, 2], "n_conv_per_stage_decoder": [2, 2],
            "pool_op_kernel_sizes": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
            "conv_kernel_sizes": [[3, 3, 3], [3, 3, 3], [3, 3, 3]],
        },
    },
    "foreground_intensity_properties_per_channel": {"0": {}, "1": {}},
}  # fmt: skip

FIRST = {
    "num_classes": 2, "num_modalities": 1, "base_num_features": 8, "conv_per_stage": 2,
    "plans_per_stage": {
        "0": {
            "batch_size": 2, "patch_size": [16, 32, 32], "num_pool_per_axis": [1, 2, 2],
            "pool_op_kernel_sizes": [[1, 2, 2], [2, 2, 2]],
            "conv_kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
        }
    },
}  # fmt: skip


def network(plans: Any) -> Any:
    text = plans if isinstance(plans, str) else json.dumps(plans, indent=4)
    return open_model(Source("nnUNetPlans.json", text), "nnUNetPlans.json")


def totals(graph: Any) -> tuple[int, int]:
    nodes = graph.nodes
    return sum(n.params for n in nodes), sum(n.facts.operations.macs for n in nodes)


@pytest.mark.parametrize("name", ["2d", "3d_fullres", "residual"])
def test_as_the_package_builds_it(name: str) -> None:
    pytest.importorskip("torch")
    unet = pytest.importorskip("dynamic_network_architectures.architectures.unet")
    import pydoc

    import torch
    from torch.utils.flop_counter import FlopCounterMode

    configuration = PLANS["configurations"][name]
    stated = configuration["architecture"]
    kwargs = dict(stated["arch_kwargs"])
    for key in stated["_kw_requires_import"]:
        if kwargs[key] is not None:
            kwargs[key] = pydoc.locate(kwargs[key])
    kind = getattr(unet, stated["network_class_name"].rpartition(".")[2])
    model = kind(input_channels=2, num_classes=3, deep_supervision=True, **kwargs)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        outputs = model(torch.zeros(1, 2, *configuration["patch_size"]))
    graph = network(PLANS).graph({"configuration": name, "classes": 3})
    macs = counter.get_total_flops() // 2
    assert totals(graph) == (sum(p.numel() for p in model.parameters()), macs)
    own = {
        f"{node.name}.{key}": tuple(shape)
        for node in graph.nodes
        for key, shape in node.facts.weights.items()
    }
    theirs = {
        key: tuple(value.shape)
        for key, value in model.state_dict().items()
        if "all_modules" not in key and "decoder.encoder" not in key
    }
    assert own == theirs
    found = [graph.nodes[index].facts.output for index in graph.outputs]
    assert sorted(found) == sorted(tuple(one.shape[1:]) for one in outputs)


def test_configurations() -> None:
    net = network(PLANS)
    assert net.graph().name == "nnUNetPlans 3d_fullres, batch 2"
    assert net.graph().input_shape == (2, 16, 32, 32)
    assert net.graph({"configuration": "2d"}).input_shape == (2, 64, 48)
    cascade = net.graph({"configuration": "3d_cascade_fullres", "classes": 4})
    assert cascade.input_shape == (5, 16, 32, 32)
    with pytest.raises(UsageError, match="has no configuration `3d_fulres`"):
        net.graph({"configuration": "3d_fulres"})
    with pytest.raises(UsageError, match="has 4 sizes"):
        net.graph({}, (2, 32, 32))


def test_older_plans_are_the_same_network() -> None:
    plans = copy.deepcopy(PLANS)
    newer = architecture("PlainConvUNet", [8, 16, 20], 3)
    plans["configurations"]["newer"] = {
        "batch_size": 2, "patch_size": [16, 32, 32], "architecture": newer,
    }  # fmt: skip
    net = network(plans)
    older = net.graph({"configuration": "older"})
    assert same_network(older, net.graph({"configuration": "newer"}))


def test_version_1() -> None:
    """Its transposed and its last convolutions have no bias."""
    graph = network(FIRST).graph()
    assert graph.input_shape == (1, 16, 32, 32)
    assert {n.kind.bias for n in graph.nodes if n.kind.name == "conv_transpose"} == {False}
    assert graph.nodes[-1].facts.output == (3, 16, 32, 32)
    flat = copy.deepcopy(FIRST)
    stage = {"patch_size": [32, 32], "pool_op_kernel_sizes": [[2, 2]],
             "conv_kernel_sizes": [[3, 3], [3, 3]], "batch_size": 8}  # fmt: skip
    flat["plans_per_stage"] = {"0": stage}
    assert network(flat).graph().input_shape == (1, 32, 32)


def test_the_data_set_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "nnUNetPlans.json"
    path.write_text(json.dumps(PLANS))
    dataset = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "a": 1, "b": 2, "c": 3}}
    (tmp_path / "dataset.json").write_text(json.dumps(dataset))
    graph = load(str(path)).graph()
    assert graph.input_shape[0] == 1
    assert graph.nodes[-1].facts.output[0] == 4
    assert command(["analyze", str(path), "--set", "configuration=2d"]) == 0
    assert command(["memory", str(path), "--set", "configuration=2d", "--train"]) == 0


def test_only_the_finest_output() -> None:
    graph = network(PLANS).graph({"deep_supervision": False})
    assert len(graph.outputs) == 1


def test_written_as_an_architecture_file() -> None:
    opened = network(PLANS)
    graph = opened.graph({"configuration": "residual"})
    written = architecture_of(opened, graph)
    assert same_network(graph, Network(Source("net.yaml", written)).graph())


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    plans: Any = copy.deepcopy(PLANS)
    inner = plans["configurations"]["3d_fullres"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return plans  # type: ignore[no-any-return]


ARGS = ["architecture", "arch_kwargs"]
MESSAGES = [
    (changed(["patch_size"], None), "`patch_size` is not stated", '"patch_size"'),
    (changed(["patch_size"], [0, 1]), "`patch_size` must list whole numbers", '"patch_size"'),
    (changed([*ARGS, "strides"], [[1, 1, 1]]), "`strides` has 1 stages", '"strides"'),
    (changed([*ARGS, "kernel_sizes"], [[3, 3]] * 3), "has 2 axes, the patch 3", '"kernel_sizes"'),
    (changed([*ARGS, "norm_op"], "x.GroupNorm"), "no normalization that is read", '"norm_op"'),
    (changed(["architecture", "network_class_name"], "a.Primus"), "`Primus` is not read",
     '"network_class_name"'),
    (changed([*ARGS, "n_conv_per_stage_decoder"], [2]), "must have 2 numbers",
     '"n_conv_per_stage_decoder"'),
    (changed(["inherits_from"], "nothing"), "`nothing` is no configuration", '"configurations"'),
    (changed(["inherits_from"], "3d_fullres"), "is no configuration", '"3d_fullres"'),
    ('{"plans_name": 1', "no JSON", '{"plans_name": 1'),
    ({"configurations": {}}, "have no configurations", "{"),
]  # fmt: skip


@pytest.mark.parametrize(("plans", "message", "marked"), MESSAGES)
def test_mistakes_have_places(plans: Any, message: str, marked: str) -> None:
    with pytest.raises(SpecError) as caught:
        network(plans).graph()
    (finding,) = caught.value.diagnostics
    assert message in finding.message
    assert finding.place is not None
    assert finding.excerpt is not None
    assert marked in finding.excerpt or "no JSON" in message


HOSTILE = ["[" * 100_000, '{"plans_name": ' * 3_000, "{}", "[]", '{"configurations": [1]}']


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
def test_hostile_files(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        network(text).graph()
    assert len(str(caught.value)) < 1000
