"""Published and independently computed figures of the networks that torchvision does not have."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from cnncalc.analysis.overview import overview
from cnncalc.language.load import load

PYTORCH = "tests/reference/take_textbook.py"


class Case(NamedTuple):
    name: str
    params: int
    macs: int
    output: tuple[int, ...]
    source: str
    changes: dict[str, Any] = {}  # noqa: RUF012


CASES = (
    Case("lenet5", 61_706, 416_520, (10,), PYTORCH),
    Case("lenet5_1998", 60_000, 326_520, (10,), "LeCun et al. 1998, section II.B: 60,000"),
    Case("cifar10_convnet", 31_066, 362_496, (10,), PYTORCH),
    Case("alexnet_original", 60_965_224, 724_406_816, (1000,), PYTORCH),
    Case("zfnet", 62_357_608, 1_168_032_896, (1000,), PYTORCH),
    Case("network_in_network", 966_986, 222_486_528, (10,), PYTORCH),
    Case("vgg16_c", 133_638_952, 11_770_888_192, (1000,), f"{PYTORCH}; the paper says 134 million"),
    Case("vgg16_fcn", 138_357_544, 49_551_114_240, (1000, 6, 6), "CS231n: 6x6 windows at 384"),
    Case("googlenet_original", 13_378_280, 1_591_044_096, (1000,), f"{PYTORCH}, with both heads"),
    Case("googlenet_original", 6_998_552, 1_582_671_872, (1000,), "Caffe's bvlc_googlenet, main "
         "branch", {"auxiliary": 0}),
    Case("inception_v4", 42_679_816, 12_253_974_624, (1000,), PYTORCH),
    Case("inception_resnet_v2", 55_843_464, 13_155_794_016, (1000,), PYTORCH),
    Case("resnet50_original", 25_557_032, 3_857_973_248, (1000,), "He et al. 2015, table 1: 3.8e9"),
    Case("nonlocal_resnet50", 27_658_792, 4_539_564_032, (1000,), PYTORCH),
    Case("resnet110_cifar", 1_727_962, 252_887_680, (10,), "He et al. 2015, table 6: 1.7M"),
    Case("resnet164_preactivation", 1_703_258, 247_646_720, (10,), "He et al. 2016: 1.7M"),
    Case("mobilenet_v1", 4_231_976, 568_740_352, (1000,), "Howard et al. 2017: 569M, 4.2M"),
    Case("xception", 22_855_952, 8_357_403_496, (1000,), "Chollet 2016, table 3: 22,855,952"),
    Case("fcn32s_vgg16", 136_152_917, 181_365_854_976, (21, 500, 500), PYTORCH),
    Case("fcn16s_vgg16", 134_815_994, 181_448_086_272, (21, 500, 500), PYTORCH),
    Case("fcn8s_vgg16", 134_489_759, 181_529_034_048, (21, 500, 500), PYTORCH),
    Case("segnet", 29_449_932, 106_387_292_160, (12, 360, 480), PYTORCH),
    Case("deconvnet", 251_805_653, 32_745_979_904, (21, 224, 224), "Noh et al. 2015: about 252M"),
    Case("unet", 31_030_658, 150_428_424_448, (2, 388, 388), f"{PYTORCH}; the paper: 388x388"),
    Case("siamese_patches", 1_171_585, 38_088_192, (1,), PYTORCH),
    Case("two_stream", 181_335_594, 4_277_888_928, (101,), PYTORCH),
    Case("fusenet", 44_186_341, 46_964_736_000, (37, 224, 224), PYTORCH),
    Case("dcgan_generator", 3_576_704, 104_628_224, (3, 64, 64), PYTORCH),
    Case("dcgan_discriminator", 2_765_568, 103_817_216, (1, 1, 1), PYTORCH),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name + "".join(case.changes))
def test_figures(case: Case) -> None:
    found = overview(case.name, load(case.name).graph(case.changes))
    assert (found.params, found.macs, found.output) == (case.params, case.macs, case.output)


def test_lenet5_of_1998_by_layer() -> None:
    """The figures that the paper gives below its figure 2."""
    params: dict[str, int] = {}
    for node in load("lenet5_1998").graph().layers:
        stage = node.name.split(".")[0]
        # the convolutions of C3 stand in front of their concatenation
        stage = "c3" if stage.startswith("conv") else stage
        params[stage] = params.get(stage, 0) + node.params
    assert {stage: count for stage, count in params.items() if count} == {
        "c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164,
    }  # fmt: skip
    output = load("lenet5_1998").graph().layers[-1]
    assert (output.facts.output, output.facts.buffer_values) == ((10,), 840)


DEPTHS = {
    "lenet5": 5, "lenet5_1998": 5, "alexnet": 8, "zfnet": 8, "vgg11": 11, "vgg16": 16, "vgg19": 19,
    "vgg16_c": 16, "googlenet": 22, "googlenet_original": 22, "resnet18": 18, "resnet50": 50,
    "resnet152": 152, "resnet110_cifar": 110, "resnet164_preactivation": 164, "resnext50_32x4d": 50,
    "wide_resnet101_2": 101, "densenet121": 121, "densenet161": 161, "densenet201": 201,
    "mobilenet_v1": 28, "mobilenet_v2": 53, "inception_v3": 48, "xception": 71, "r3d_18": 18,
    "squeezenet1_0": 18,
}  # fmt: skip
"""Layers as the papers count them (most say it in the name)."""


@pytest.mark.parametrize("name", DEPTHS)
def test_depth(name: str) -> None:
    assert overview(name, load(name).graph()).depth == DEPTHS[name]
