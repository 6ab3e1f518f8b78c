"""Receptive fields of last feature maps: measured in PyTorch, and published."""

from __future__ import annotations

import compare
import pytest

from cnncalc.analysis.overview import overview
from cnncalc.language.load import load

MEASURED = compare.fields()
PUBLISHED = {
    "alexnet_original": (195, 32, -64),
    "vgg16": (212, 32, -90),
    "inception_v3": (1311, 32, -618),
    "inception_v4": (2071, 32, -998),
    "inception_resnet_v2": (3039, 32, -1482),
    # with TensorFlow's `same` padding, so that windows begin elsewhere
    "mobilenet_v1": (315, 32, None),
    "resnet50_original": (483, 32, None),
}
"""Araujo et al. 2019 (Distill), and github.com/google-research/receptive_field: size, stride, and
the effective padding, where that is the networks' own."""
ALL = ("nonlocal_resnet50", "efficientnet_b0", "regnet_y_400mf", "deeplabv3_resnet50")


def test_enough_are_measured() -> None:
    assert len(MEASURED) >= 14


@pytest.mark.parametrize("name", MEASURED)
def test_support_of_the_gradient(name: str) -> None:
    field = overview(name, load(name).graph()).field
    known = MEASURED[name]
    assert field is not None
    assert [list(values) for values in field] == [known[k] for k in ("size", "stride", "start")]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published(name: str) -> None:
    field = overview(name, load(name).graph()).field
    size, stride, start = PUBLISHED[name]
    assert field is not None
    assert (field.size, field.stride) == ((size, size), (stride, stride))
    assert start is None or field.start == (start, start)


@pytest.mark.parametrize("name", ALL)
def test_what_sees_everything(name: str) -> None:
    assert overview(name, load(name).graph()).field is None
