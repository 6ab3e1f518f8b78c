"""From what the caller names to a network, in our language or in a framework's format."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cnncalc.diagnostics import UsageError
from cnncalc.language.load import load as load_ours

if TYPE_CHECKING:
    from cnncalc.exchange.imported import Imported
    from cnncalc.language.network import Network

MODULE = r"(?:.+\.py|[A-Za-z_][\w.]*):[A-Za-z_][\w.]*"
"""`file.py:NAME` or `package.module:NAME`."""

OURS = (".yaml", ".yml")

PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin")

READ = (".pt2", ".onnx", ".keras", ".json")
"""Endings of formats that are read."""


def load(net: str) -> Network | Imported:
    """A network by file, name, `-`, framework's file, or module, parsed.

    Raises:
        UsageError: there is no such file or network, or the package that reads it is missing.
        SpecError: it is no network.
    """
    found = load_foreign(net)
    return load_ours(net) if found is None else found


def is_foreign(net: str) -> bool:
    """Whether a name means a network in a framework's format."""
    ending = os.path.splitext(net)[1].lower()
    if ending in READ or ending in PICKLES or ending in (".h5", ".hdf5"):
        return True
    named = ":" in net and re.fullmatch(MODULE, net) is not None
    return named and ending not in OURS and not os.path.exists(net)


def load_foreign(net: str) -> Imported | None:
    """A network in a framework's format; `None` where the name means one of ours.

    Raises:
        UsageError: it cannot be read, or the package that reads it is missing.
        SpecError: it is no network.
    """
    if not is_foreign(net):
        return None
    ending = os.path.splitext(net)[1].lower()
    if ending in PICKLES:
        raise UsageError(
            f"{net} is a pickle: it holds weights and no graph, and loading it runs code",
            "save the program with `torch.export.save` (model.pt2), export it to ONNX, or name "
            "the code that makes it: file.py:NAME",
        )
    if ending in (".h5", ".hdf5"):
        raise UsageError(
            f"{net} is Keras' former format",
            "save it with `model.save('model.keras')`, or write `model.to_json()` to a file",
        )
    if ending == ".pt2":
        from cnncalc.exchange.torch.reader import open_program

        return open_program(net)
    if ending == ".onnx":
        from cnncalc.exchange.onnx.reader import open_model

        return open_model(net)
    if ending in (".keras", ".json"):
        from cnncalc.exchange.keras.reader import open_model as open_keras

        return open_keras(net)
    from cnncalc.exchange.torch.reader import open_module

    return open_module(net)
