"""docs/zoo.md: the shipped networks, from what the program says of them."""

from __future__ import annotations

from cnncalc.api.reference import overviews
from cnncalc.render.zoo import zoo_markdown

HEAD = """\
# The networks that come with cnncalc

{count} networks, each a file of `specs/` that reads like its paper's table. Use one by its name
(`cnncalc analyze resnet50`), print it (`cnncalc zoo resnet50`), or build on it
(`extends: resnet50`). `cnncalc zoo` shows this table in the terminal, filtered and sorted.

Every layer of every network is held against PyTorch: the CNNs of torchvision as they are, the
others written in plain PyTorch from their papers. `python tests/reference/compare.py` prints the
comparison.

- **MACs**: multiply-accumulates of one sample at the given input.
- **Depth**: weighted layers (convolutional and fully connected) on the longest path.
- **Sees**: receptive field and stride of the last feature map, in pixels of the (first) input;
  *all* where it sees the whole input whatever its size, as after squeeze-and-excitation or
  attention.

"""


def page() -> str:
    """The text of the page."""
    rows = overviews()
    return HEAD.format(count=len(rows)) + zoo_markdown(rows, "../specs")
