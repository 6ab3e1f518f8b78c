"""Python that builds Keras models: read where it works, explained where a layer breaks."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.load import load
from cnncalc.language.text.source import Source

HEAD = """import keras
from keras import layers

print("a line of the model's own")
image = keras.Input((8, 8, 3))


def make():
    return """


@pytest.fixture(scope="module", autouse=True)
def keras() -> Any:
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        os.environ["KERAS_BACKEND"] = "torch" if find_spec("torch") else "numpy"
    return pytest.importorskip("keras", reason="Keras is not installed")


def written(folder: Path, code: str) -> str:
    path = folder / "net_in_keras.py"
    path.write_text(HEAD + code + "\n")
    return f"{path}:make"


def finding_of(net: str) -> Diagnostic:
    network = load(net)
    with pytest.raises(SpecError) as caught:
        network.graph()
    (finding,) = caught.value.diagnostics
    return finding


BROKEN = [
    # code, marked text, rule, message, hint, what a fix writes
    ("keras.Model(image, layers.Conv2D(4, 9)(image))", "9", "kernel-larger-than-input",
     "kernel 9 does not fit into an input of 8", "a kernel of at most 8", "8"),
    ("keras.Sequential([\n    image,\n    layers.Conv2D(4, 3),\n    layers.MaxPooling2D(40),\n])",
     "40", "kernel-larger-than-input", "kernel 40 does not fit into an input of 6", "", "6"),
    ("layers.Conv2D(4, 3, groups=2)(image)", "2", "groups-do-not-divide",
     "2 groups do not divide 3 input channels", "1 group would", "1"),
    ("layers.Conv2D(5, 3, groups=2)", "layers.Conv2D", "groups-do-not-divide",
     "2 groups do not divide 5 filters", "1, 5", "1"),
    ("layers.GroupNormalization(32)(layers.Conv2D(48, 3)(image))", "32", "groups-do-not-divide",
     "32 groups do not divide 48 channels", "24 would", "24"),
    ("layers.Add()([image, layers.Conv2D(4, 3)(image)])", "layers.Add", "shape-mismatch",
     "8×8×3 and 6×6×4", "`Conv2D(3, 1)` behind the other", None),
    ("image + layers.Conv2D(3, 3)(image)", "return image", "shape-mismatch", "8×8×3 and 6×6×3",
     'padding="same"', None),
    ("layers.Concatenate()([image, layers.Conv2D(4, 3)(image)])", "layers.Concatenate",
     "shape-mismatch", "[8, 8, 3] and [6, 6, 4]", "", None),
    ("layers.Reshape((8, 12))(image)", "layers.Reshape", "shape-mismatch",
     "takes 96 values, and 192 arrive", "`Reshape((16, 12))`", None),
    ("layers.Conv2D(4, 3)(layers.Flatten()(image))", "layers.Conv2D", "shape-mismatch",
     "takes height, width and channels, and what arrives is 192", "`Flatten`", None),
    ("keras.Sequential([keras.Input((28, 28)), layers.Conv2D(4, 3)])", "layers.Conv2D",
     "shape-mismatch", "what arrives is 28×28", "keras.Input((28, 28, 1))", None),
    ("layers.LSTM(3)(image)", "layers.LSTM", "shape-mismatch",
     "takes steps and features, and what arrives is 8×8×3", "Reshape((8, 24))", None),
    ("layers.Dense(3, activation='reluu')", "layers.Dense", "bad-value",
     "no activation is called `reluu`", "`relu`", '"relu"'),
    ("layers.Conv2D(3, 3, padding='sam')(image)", "layers.Conv2D", "bad-value", "not `sam`", "",
     '"same"'),
    ("layers.Dense(3, activaton='relu')", "layers.Dense", "unknown-key",
     "`Dense` has no argument `activaton`", "`activation`", None),
    ("layers.Conv2D(4)", "return", "missing-option", "'kernel_size'", "", None),
    ("layers.Conv2DTranspose(3, 3, strides=2, output_padding=3)(image)", "layers.Conv2DTranspose",
     "output-padding-too-large", "not smaller than the stride 2", "at most 1", "1"),
    ("keras.Model(keras.Input((3,)), layers.Dense(3)(keras.Input((4,))))", "return",
     "shape-mismatch", "does not come from its inputs", "", None),
    ("[dense := layers.Dense(3), dense(keras.Input((4,))), dense(keras.Input((5,)))]",
     "layers.Dense", "shape-mismatch", "made for 4 features", "a layer of its own", None),
    ("layers.Dot(1)([keras.Input((3,)), keras.Input((4,))])", "layers.Dot", "shape-mismatch",
     "3 and 4", "", None),
    ("layers.Cropping2D(5)(image)", "layers.Cropping2D", "kernel-larger-than-input",
     "takes away all", "", None),
    ("keras.applications.InceptionV3(weights=None, include_top=False, input_shape=(32, 32, 3))",
     "return", "kernel-larger-than-input", "at least 75x75", "resize", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "marked", "rule", "message", "hint", "fix"),
    BROKEN,
    ids=[row[0][:30] for row in BROKEN],
)
def test_explained(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    code: str,
    marked: str,
    rule: str,
    message: str,
    hint: str,
    fix: str | None,
) -> None:
    net = written(tmp_path, code)
    finding = finding_of(net)
    assert finding.rule == rule
    assert message in finding.message
    assert hint in (finding.hint or "")
    place = finding.place
    assert place is not None
    line = (HEAD + code).split("\n")[place.line - 1]
    assert line[place.column - 1 :].startswith(marked)
    assert finding.excerpt == line
    edits = [edit.text for one in finding.fixes for edit in one.edits]
    assert edits == ([fix] if fix is not None else [])
    assert "a line of the model's own" not in capsys.readouterr().out


def test_a_fix_makes_it_run(tmp_path: Path) -> None:
    net = written(tmp_path, "keras.Model(image, layers.Conv2D(4, 9)(image))")
    (fix,) = finding_of(net).fixes
    (edit,) = fix.edits
    network = load(net)
    assert isinstance(network, Imported)
    assert network.source is not None
    assert network.reopen is not None
    lines = network.source.text.split("\n")
    row = edit.place.line - 1
    lines[row] = (
        lines[row][: edit.place.column - 1] + edit.text + lines[row][edit.place.end_column - 1 :]
    )
    changed = Source(network.source.label, "\n".join(lines), network.source.path)
    again = network.reopen(changed)
    assert [node.params for node in again.graph().layers] == [4 * 8 * 8 * 3 + 4]


def test_a_model_in_code(tmp_path: Path) -> None:
    net = written(tmp_path, "keras.Model(image, layers.Conv2D(4, 3)(image))")
    assert [node.params for node in load(net).graph().layers] == [112]
    with pytest.raises(UsageError, match="has no `mak`"):
        load(net[:-1]).graph()


def test_other_failures(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ZeroDivisionError: division by zero"):
        load(written(tmp_path, "1 / 0"))
    with pytest.raises(UsageError, match="is a list"):
        load(written(tmp_path, "[1]"))
