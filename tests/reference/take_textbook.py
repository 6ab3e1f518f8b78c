"""Write textbook/NAME.json: the networks of `networks/`, as `take_torchvision.py` takes the others.

    python tests/reference/take_textbook.py [NAME ...]

Each is run at its own input size first, then at others that it takes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from networks import classic, dense, inception, residual, several
from take_torchvision import Input, Network, take
from torch import nn

HERE = Path(__file__).parent / "textbook"
AT_224 = [[3, 224, 224], [3, 256, 256], [3, 193, 193]]
AT_299 = [[3, 299, 299], [3, 224, 224], [3, 193, 193]]
AT_32 = [[3, 32, 32], [3, 48, 48], [3, 33, 33]]
DENSE = [[3, 500, 500], [3, 224, 224], [3, 193, 301]]


def pair(rows: int, columns: int) -> Input:
    """An image and its depth."""
    return {"image": [3, rows, columns], "depth": [1, rows, columns]}


NETWORKS: list[tuple[Callable[[], nn.Module], list[Input]]] = [
    (classic.lenet5, [[1, 32, 32]]),
    (classic.lenet5_1998, [[1, 32, 32]]),
    (classic.cifar10_convnet, [[3, 32, 32]]),
    (classic.alexnet_original, [[3, 227, 227]]),
    (classic.zfnet, [[3, 224, 224]]),
    (classic.network_in_network, AT_32),
    (classic.vgg16_c, [[3, 224, 224]]),
    (classic.vgg16_fcn, [[3, 384, 384], [3, 224, 224], [3, 500, 301]]),
    (classic.dcgan_generator, [[100, 1, 1], [100, 2, 3]]),
    (classic.dcgan_discriminator, [[3, 64, 64], [3, 96, 65]]),
    (inception.googlenet_original, [[3, 224, 224]]),
    (inception.googlenet_original_no_aux, AT_224),
    (inception.inception_v4, AT_299),
    (inception.inception_resnet_v2, AT_299),
    (residual.resnet50_original, AT_224),
    (residual.nonlocal_resnet50, AT_224),
    (residual.resnet110_cifar, AT_32),
    (residual.resnet164_preactivation, AT_32),
    (residual.mobilenet_v1, AT_224),
    (residual.xception, AT_299),
    (dense.fcn32s_vgg16, DENSE),
    (dense.fcn16s_vgg16, DENSE),
    (dense.fcn8s_vgg16, DENSE),
    (dense.segnet, [[3, 360, 480], [3, 224, 224], [3, 193, 301]]),
    (dense.deconvnet, [[3, 224, 224], [3, 256, 299]]),
    (dense.unet, [[1, 572, 572], [1, 700, 572], [1, 388, 413]]),
    (several.siamese_patches, [{"left": [1, 64, 64], "right": [1, 64, 64]}]),
    (several.two_stream, [{"frame": [3, 224, 224], "flow": [20, 224, 224]}]),
    (several.fusenet, [pair(224, 224), pair(480, 640), pair(193, 301)]),
]


def networks() -> list[Network]:
    """All of them, with their auxiliary heads running where they have some."""
    found = []
    for factory, shapes in NETWORKS:
        name = factory.__name__
        build = name.removesuffix("_no_aux")
        train = name == "googlenet_original"
        found.append(Network(name, build, shapes, train=train, factory=factory))
    return found


if __name__ == "__main__":
    take(networks(), HERE, sys.argv[1:])
