"""The page of the files that are recognised: those that are read, and what to do with the others."""

from __future__ import annotations

from cnncalc.exchange.formats import FORMATS, Format
from generated.markdown import code, table

HEAD = """# Files of other tools

`NET` in every command may be a file that another tool reads. What a file is, its ending and its first
bytes tell; of endings that many tools have (`.yaml`, `.json`, `.prototxt`, `.cfg`) the contents decide. No
framework is needed for text formats.

`validate` points into such a file with line and column, and its repairs edit it (`--fix`, `--diff`) where
the format can say them. `convert FILE -o net.yaml` writes any of them as an architecture file.

## Read
"""
OTHER = """## Recognised, and not read

Each is named with what to do instead:
"""
NOTES = """## What is assumed

- **Ultralytics**: the scale is the letter behind the version (`yolov8n.yaml`, even where the file is called
  `yolov8.yaml`), or `--set scale=n`; `nc` with `--set nc=20`.
- **Caffe**: the `TEST` phase; pools round up. A `train_val.prototxt` without sizes wants `--input`.
- **darknet**: the sizes of `[net]`; batch normalization has its running values as buffers.
- **nnU-Net**: `--set configuration=3d_fullres` chooses one of the plans' configurations; the number of classes
  is that of `dataset.json` beside the plans, else 2 (`--set classes=N`).
- **TensorFlow Lite**: [on a microcontroller](microcontroller.md).
- **PyTorch, ONNX, Keras**: [read a model](imports.md).
"""


def page() -> str:
    """The page."""
    read = [one for one in FORMATS if one.reader]
    others = [one for one in FORMATS if not one.reader]
    lines = [HEAD, *table(("a file of", "that is"), [(_files(one), one.name) for one in read]), ""]
    rows = [(_files(one), one.name, one.advice) for one in others]
    lines += [OTHER, *table(("a file of", "that is", "what to do"), rows), "", NOTES]
    return "\n".join(lines).rstrip() + "\n"


def _files(one: Format) -> str:
    """Its endings, or the file that its folder holds."""
    names = [code(ending) for ending in one.endings]
    return ", ".join(names) or f"a folder with {code(one.inside)}"
