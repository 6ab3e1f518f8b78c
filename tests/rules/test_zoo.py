"""The shipped networks: no error, and every warning has a reason."""

from __future__ import annotations

import pytest
from support import SPECS

from cnncalc.language.load import find
from cnncalc.rules.lint import lint

VGG_BN = "torchvision's VGG keeps the convolutions' bias beside batch normalization"
GRIDDING = (
    "torchvision replaces the strides of the last stages by dilation 2, and 4 behind it: the very "
    "network in which Wang et al. (2018, section 3.2) find the gridding"
)
FCN_PADDING = "Long et al. (2015) pad the image by 100, so that crops fit at any size"
TWO_STREAM = "the sizes of CNN-M-2048: 109.5, 54.5, 26.5, 13, 6.5, and 6×6 before full6"
DECONVNET = "Noh et al. (2015) publish biases beside batch normalization (their Caffe model)"

WARNINGS: dict[str, dict[tuple[str, str], str]] = {
    "deconvnet": {
        ("bias-before-norm", "encoder1.conv1"): DECONVNET,
        ("bias-before-norm", "decoder1.conv_transpose1"): DECONVNET,
        ("bias-before-norm", "decoder1.conv_transpose3"): DECONVNET,
        ("bias-before-norm", "fc6"): DECONVNET,
        ("bias-before-norm", "fc7"): DECONVNET,
        ("bias-before-norm", "deconv_fc6"): DECONVNET,
    },
    "deeplabv3_resnet50": {
        ("dilation-gridding", "backbone.stage3.bottleneck3.conv_bn2.conv"): GRIDDING
    },
    "deeplabv3_resnet101": {
        ("dilation-gridding", "backbone.stage3.bottleneck3.conv_bn2.conv"): GRIDDING
    },
    "fcn_resnet50": {("dilation-gridding", "backbone.stage3.bottleneck3.conv_bn2.conv"): GRIDDING},
    "fcn_resnet101": {("dilation-gridding", "backbone.stage3.bottleneck3.conv_bn2.conv"): GRIDDING},
    "fusenet": {
        ("bias-before-norm", "encoder1.seen.cbr1.conv"): "biases as in the published Caffe model"
    },
    "fcn8s_vgg16": {("window-in-padding", "backbone.stage1.conv1"): FCN_PADDING},
    "fcn16s_vgg16": {("window-in-padding", "backbone.stage1.conv1"): FCN_PADDING},
    "fcn32s_vgg16": {("window-in-padding", "backbone.stage1.conv1"): FCN_PADDING},
    "mobilenet_v3_small": {
        ("no-nonlinearity", "features.bneck2.conv_bn1.conv"): (
            "the first block projects 16 channels to 16, without a shortcut, and the second "
            "expands them with nothing between: no bottleneck, for it narrows nothing"
        )
    },
    "resnet50_original": {
        ("stride-skips-input", "stage2.bottleneck1.conv_bn1.conv"): (
            "both branches begin with a 1×1 convolution of stride 2: three quarters of the map are "
            "lost (He et al. 2018, Bag of Tricks), which later versions mend"
        )
    },
    "segnet": {
        ("bias-before-norm", "encoder1.conv_bn1.conv"): "biases as in the published Caffe model",
        ("stride-does-not-tile", "encoder4.max_pool"): "the fourth pool halves 45 rows",
    },
    "squeezenet1_0": {
        ("stride-does-not-tile", "conv"): "the first 7×7 convolution has no padding: 109.5"
    },
    "squeezenet1_1": {
        ("stride-does-not-tile", "conv"): "the first 3×3 convolution has no padding: 111.5"
    },
    "two_stream": {
        ("stride-does-not-tile", "spatial.conv1"): TWO_STREAM,
        ("stride-does-not-tile", "spatial.max_pool1"): TWO_STREAM,
        ("stride-does-not-tile", "spatial.max_pool3"): TWO_STREAM,
    },
    "vgg11_bn": {("bias-before-norm", "stage1.conv1"): VGG_BN},
    "vgg13_bn": {("bias-before-norm", "stage1.conv1"): VGG_BN},
    "vgg16_bn": {("bias-before-norm", "stage1.conv1"): VGG_BN},
    "vgg19_bn": {("bias-before-norm", "stage1.conv1"): VGG_BN},
    "xception": {
        ("uneven-padding", "down2.max_pool"): (
            "Keras' `same` on an even size pads behind only (Chollet's own implementation)"
        ),
        ("misaligned-merge", "down2.add"): (
            "which puts the pool's windows half a unit away from the 1×1 shortcut's"
        ),
    },
}


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_network(path: object) -> None:
    findings = lint(find(str(path)))
    assert all(finding.place is not None for finding in findings)
    warnings = {(f.rule, f.layer) for f in findings if f.severity != "note"}
    assert warnings == set(WARNINGS.get(SPECS.joinpath(str(path)).stem, {}))


def test_every_network_with_a_warning_is_shipped() -> None:
    assert set(WARNINGS) <= {path.stem for path in SPECS.glob("*.yaml")}
    assert all(reason for reasons in WARNINGS.values() for reason in reasons.values())
