"""What files are recognised as, and what is said of those that are not read."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.formats import FORMATS, HEAD, recognised
from cnncalc.exchange.load import is_foreign, load, load_foreign
from cnncalc.exchange.python_files import unnamed

ULTRALYTICS = b"nc: 80\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\nhead:\n  - [-1, 1, Conv, [8]]\n"
DARKNET = b"# made by hand\n[net]\nwidth=32\n"
CAFFE = b'name: "x"\nlayer { name: "data" type: "Input" }\n'
OLD_CAFFE = b'name: "x"\ninput: "data"\ninput_dim: 1\nlayers {\n  type: CONVOLUTION\n}\n'
OURS = b"input: [3, 8, 8]\nlayers:\n  - conv: [8, 3]\n"

RECOGNISED = [
    ("yolov8n.yaml", ULTRALYTICS, "an Ultralytics model"),
    ("net.yaml", OURS, None),
    ("net.yaml", b"", None),
    ("backbone.yaml", b"layers: [relu]\nbackbone: 1\nhead: 1\n", None),
    ("yolo.cfg", DARKNET, "a darknet .cfg"),
    ("yolo.txt", DARKNET, "a darknet .cfg"),
    ("yolo.cfg", b"", "a darknet .cfg"),
    ("", DARKNET, "a darknet .cfg"),
    ("", ULTRALYTICS, "an Ultralytics model"),
    ("", OURS, None),
    ("deploy.prototxt", CAFFE, "a Caffe network"),
    ("deploy.txt", OLD_CAFFE, "a Caffe network"),
    ("empty.prototxt", b"", "a Caffe network"),
    ("solver.prototxt", b'net: "a.prototxt"\nbase_lr: 0.01\n', "a solver's settings for Caffe"),
    ("model.json", b'{"class_name": "Sequential", "config": {}}', "a Keras model"),
    ("model.json", b'{"model_type": 1, "class_name": "Model", "config": {}}', "a Keras model"),
    ("package.json", b"{}", "a Keras model"),
    ("config.json", b'{"architectures": []}', "the configuration of a Hugging Face model"),
    ("model.json", b'{"format": "graph-model"}', "a graph model of TensorFlow.js"),
    ("plans.json", b'{"plans_name": "x", "configurations": {}}', "nnU-Net plans"),
    ("x.bin", b"TFL3", "a pickle: it holds weights and no graph, and loading it runs code"),
    ("x", b"\x1c\0\0\0TFL3", "a TensorFlow Lite model"),
    ("x.PTH.TAR", b"", "a pickle: it holds weights and no graph, and loading it runs code"),
    ("model.xml", b'<net name="a"><layers>', "an OpenVINO model"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "head", "name"), RECOGNISED)
def test_recognised(path: str, head: bytes, name: str | None) -> None:
    found = recognised(path, head)
    assert (found.name if found is not None else None) == name


UNREAD = [
    ending
    for one in FORMATS
    for ending in one.endings
    if not one.reader and not one.only and recognised(f"x{ending}", b"") is one
]


@pytest.mark.parametrize("ending", UNREAD)
def test_what_is_not_read_is_named(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"net{ending}"
    path.write_bytes(b"")
    assert is_foreign(str(path))
    with pytest.raises(UsageError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path} is ")
    assert caught.value.hint
    path.unlink()
    with pytest.raises(UsageError, match="no such file"):
        load(str(path))


def test_rows_say_what_to_do() -> None:
    for one in FORMATS:
        assert bool(one.reader) != bool(one.advice), one.name
        assert one.endings or one.contents or one.inside


def test_a_folder(tmp_path: Path) -> None:
    assert not is_foreign(str(tmp_path))
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(UsageError, match="is a SavedModel of TensorFlow"):
        load(str(tmp_path))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(buffer=io.BytesIO(OURS))
    monkeypatch.setattr(sys, "stdin", given)
    assert load_foreign("-") is None
    assert load("-").graph().layers[0].facts.output == (8, 6, 6)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"base_lr: 1\n")))
    with pytest.raises(UsageError, match="standard input is a solver's settings"):
        load("-")


PYTHON = [
    ("import torch.nn as nn\nclass Part(nn.Module): pass\nclass Net(nn.Module):\n  x = Part\n",
     "net.py is a PyTorch file: name the class", "net.py:Net; its classes: Part, Net"),
    ("import torch.nn as nn\nclass Net(nn.Module): pass\nclass Part(Net): pass\n",
     "name the class", "net.py:Part"),
    ("import keras\ndef build(n=3): return keras.Sequential()\ndef other(n): pass\n",
     "net.py is a Keras file: name the function", "net.py:build"),
    ("model = dict(type='FasterRCNN', backbone=dict(type='ResNet'))\n",
     "is a configuration of OpenMMLab", "export it to ONNX"),
    ("_base_ = ['../x.py']\n", "is a configuration of OpenMMLab", "export it to ONNX"),
    ("print(1\n", "is Python: name what makes the network", "net.py:Net"),
    ("x = 1\n", "defines no class or function", "net.py:Net"),
    ("from .parts import *\nimport torch.nn as nn\nclass UNet(nn.Module): pass\n",
     "name the class", "pack.net:UNet"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), PYTHON)
def test_python_without_a_name(tmp_path: Path, text: str, message: str, hint: str) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    path = folder / "net.py"
    path.write_text(text)
    found = unnamed(str(path))
    assert message in str(found)
    assert found.hint is not None
    assert hint in found.hint
    with pytest.raises(UsageError):
        load(str(path))


@pytest.mark.parametrize("sign", [b"\n", b" ", b"\t\n", b"- ", b"{", b'"', b"layers ", b"<net "])
def test_files_of_one_sign(sign: bytes) -> None:
    """Patterns must not look at the same blanks again from each of them."""
    before = time.process_time()
    recognised("x.yaml", (sign * HEAD)[:HEAD])
    assert time.process_time() - before < 1
