"""The formats of networks, recognised by ending and first bytes: those that are read, and those
that are not, each with what to do instead.

To add one is to add its row. Contents win where an ending says little (`.yaml`, `.json`, `.txt`,
standard input); an ending that only one format has is enough, so that its reader says what is
wrong inside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

HEAD = 64 * 1024
"""Bytes of a file that are looked at."""

VAGUE = (".yaml", ".yml", ".json", ".txt", ".cfg", ".config", ".prototxt", ".pbtxt", ".xml", "")
"""Endings that say little: what such a file holds is decided by its contents."""


class Format(NamedTuple):
    """A format of networks."""

    name: str
    """What a file of it is."""
    endings: tuple[str, ...] = ()
    contents: Callable[[bytes], bool] | None = None
    """Whether a file that begins so is one."""
    reader: str = ""
    """`module:function` that opens it; empty where it is not read."""
    text: bool = False
    """Whether the reader takes the text (a `Source`), and not a path."""
    only: bool = False
    """Whether its ending says nothing without its contents."""
    inside: str = ""
    """A file that a folder of this format holds."""
    advice: str = ""
    """Of a format that is not read: what to do."""


def starts(*signs: bytes) -> Callable[[bytes], bool]:
    """Recognises files by their first bytes."""
    return lambda head: head.startswith(signs)


def holds(*patterns: str, without: str = "") -> Callable[[bytes], bool]:
    """Recognises texts in which all patterns are found, and one is not."""

    def found(head: bytes) -> bool:
        if without and re.search(without.encode(), head, re.MULTILINE):
            return False
        return all([re.search(one.encode(), head, re.MULTILINE) for one in patterns])

    return found


def key(name: str) -> str:
    """A pattern of a key of JSON."""
    return rf'"{name}"\s*:'


def solver(head: bytes) -> bool:
    """Whether a prototxt holds a solver's settings and no layer."""
    return bool(re.search(SOLVER, head, re.MULTILINE)) and not re.search(LAYER, head)


SOLVER = rb"^[ \t]*(base_lr|lr_policy|max_iter|solver_mode|test_interval)\s*:"
LAYER = rb"(?:^|[\s}])layers?\s*:?\s*\{"

CODE = "export the network to ONNX, or name the code that makes it: file.py:NAME"
PROGRAM = (
    "save the program with `torch.export.save` (model.pt2), export it to ONNX, or name the code "
    "that makes it: file.py:NAME"
)
MADE_FROM = "give the ONNX model, or the code, that it was made from"
WEIGHTS = "give the network, and these with `--weights`"

KERAS = "cnncalc.exchange.keras.reader:open_model"

FORMATS: tuple[Format, ...] = (
    Format(
        "an Ultralytics model",
        (".yaml", ".yml"),
        holds(r"^backbone\s*:", r"^head\s*:", without=r"^(layers|extends)\s*:"),
        reader="cnncalc.exchange.ultralytics.reader:open_model",
        text=True,
        only=True,
    ),
    Format(
        "a darknet .cfg",
        (".cfg",),
        holds(r"^[ \t]*\[(net|network)\]"),
        reader="cnncalc.exchange.darknet.reader:open_model",
        text=True,
    ),
    Format(
        "a solver's settings for Caffe",
        (".prototxt",),
        solver,
        only=True,
        advice="give the network that it trains: the file of its line `net:` or `train_net:`",
    ),
    Format(
        "a TensorFlow graph as text",
        (".pbtxt",),
        holds(r"(^|\s)node\s*\{", r'\bop\s*:\s*"'),
        only=True,
        advice="convert it to ONNX (tf2onnx) or to .tflite",
    ),
    Format(
        "a Caffe network",
        (".prototxt", ".pbtxt"),
        holds(
            r"(^|[\s}])(layers?|input_shape)\s*:?\s*\{",
            r"(^|[\s{])(name|type|bottom|top|input|dim)\s*:\s*[\"'\dA-Z]",
            without=r"^(- |input: *\[|[ \t]+- )",
        ),
        reader="cnncalc.exchange.caffe.reader:open_model",
        text=True,
    ),
    Format(
        "nnU-Net plans",
        (".json",),
        holds(
            key("(plans_per_stage|plans_name|configurations)"),
            key("(patch_size|plans_per_stage|configurations|dataset_name)"),
            without=key("class_name"),
        ),
        reader="cnncalc.exchange.nnunet.reader:open_model",
        text=True,
        only=True,
    ),
    Format(
        "the configuration of a Hugging Face model",
        (".json",),
        holds(key("(model_type|architectures)"), without=key("class_name")),
        only=True,
        advice="its code makes the network: export it to ONNX (`optimum-cli export onnx`), or name "
        "a function that returns it: file.py:NAME",
    ),
    Format(
        "a graph model of TensorFlow.js",
        (".json",),
        holds(r'"format"\s*:\s*"graph-model"'),
        only=True,
        advice="convert it to .tflite or ONNX; a layers model of TensorFlow.js is read",
    ),
    Format(
        "a Keras model",
        (".keras", ".json"),
        holds(key("class_name"), key("config")),
        reader=KERAS,
    ),
    Format(
        "a Keras model in HDF5",
        (".h5", ".hdf5"),
        starts(b"\x89HDF\r\n\x1a\n"),
        reader=KERAS,
    ),
    Format(
        "a SavedModel with Keras' description of its layers",
        (".pb",),
        lambda head: b"_tf_keras_" in head,
        inside="keras_metadata.pb",
        only=True,
        reader=KERAS,
    ),
    Format("an ONNX model", (".onnx",), reader="cnncalc.exchange.onnx.reader:open_model"),
    Format(
        "a program saved by torch.export",
        (".pt2",),
        reader="cnncalc.exchange.torch.reader:open_program",
    ),
    Format(
        "a TensorFlow Lite model",
        (".tflite", ".lite"),
        lambda head: head[4:8] == b"TFL3",
        reader="cnncalc.exchange.tflite.reader:open_model",
    ),
    Format(
        "a pickle: it holds weights and no graph, and loading it runs code",
        (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".pth.tar"),
        starts(b"\x80\x02", b"\x80\x03", b"\x80\x04"),
        advice=PROGRAM,
    ),
    Format("a program of TorchScript for phones", (".ptl",), advice=PROGRAM),
    Format("weights without a network (safetensors)", (".safetensors",), advice=WEIGHTS),
    Format("weights without a network (NumPy)", (".npz", ".npy"), advice=WEIGHTS),
    Format(
        "a GGUF file, the weights of a language model",
        (".gguf", ".ggml"),
        starts(b"GGUF"),
        advice="convolutional networks are read as ONNX, Keras or code",
    ),
    Format("a Core ML model", (".mlmodel", ".mlpackage", ".mlmodelc"), advice=MADE_FROM),
    Format(
        "an OpenVINO model",
        (".xml",),
        holds(r"<net\s[^>]{0,200}\bname=", r"<layers>"),
        only=True,
        advice=MADE_FROM,
    ),
    Format(
        "a Paddle model",
        (".pdmodel", ".pdiparams", ".pdparams"),
        advice="make ONNX of it: `paddle2onnx --model_dir DIR --model_filename FILE`",
    ),
    Format(
        "a SavedModel of TensorFlow",
        inside="saved_model.pb",
        advice="save it as .keras, or convert it: `python -m tf2onnx.convert --saved-model DIR "
        "--output model.onnx`",
    ),
    Format(
        "a frozen graph of TensorFlow",
        (".pb",),
        advice="convert it: `python -m tf2onnx.convert --graphdef FILE --output model.onnx`",
    ),
    Format(
        "the weights of a Caffe network",
        (".caffemodel",),
        advice="the network is in its deploy.prototxt: give that",
    ),
    Format(
        "the weights of a darknet network",
        (".weights",),
        advice="the network is in its .cfg: give that",
    ),
    Format("an ncnn network", (".param",), starts(b"7767517"), advice=MADE_FROM),
    Format("an MNN model", (".mnn",), advice=MADE_FROM),
    Format("a TensorRT engine", (".engine", ".trt", ".plan"), advice=MADE_FROM),
    Format("the weights of an MXNet network", (".params",), advice=CODE),
    Format(
        "a notebook",
        (".ipynb",),
        advice="make code of it (`jupyter nbconvert --to script FILE`), and name the class: "
        "file.py:NAME",
    ),
)


def recognised(path: str, head: bytes) -> Format | None:
    """The format of a file by its ending and first bytes; `None` where it may be one of ours.

    An empty path stands for what has no name.
    """
    name = os.path.basename(path).lower()
    ending = ".pth.tar" if name.endswith(".pth.tar") else os.path.splitext(name)[1]
    own = [one for one in FORMATS if ending and ending in one.endings]
    for one in (*own, *(FORMATS if ending in VAGUE else ())):
        if one.contents is not None and one.contents(head):
            return one
    return next((one for one in own if not one.only), None)


def folder_format(path: str) -> Format | None:
    """The format of a folder, where it is one network."""
    ending = os.path.splitext(path.rstrip("/"))[1].lower()
    for one in FORMATS:
        if one.inside and os.path.isfile(os.path.join(path, one.inside)):
            return one
        if ending in (".mlpackage", ".mlmodelc") and ending in one.endings:
            return one
    return None
