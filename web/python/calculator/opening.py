"""Files of other tools, opened in the page: what the package reads becomes an architecture file."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from contextlib import chdir
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.converting import architecture_of
from cnncalc.exchange.load import load_foreign

LARGEST = 200 * 2**20
"""Bytes of a file that is opened."""


def opened(body: Mapping[str, Any]) -> dict[str, Any]:
    """The architecture file of a file's network: its own text where it is one.

    Args:
        body: the file's `file` name, and its contents in base64 (`data`).

    Raises:
        UsageError: the format is not read, or not without a package that the page lacks.
        SpecError: the file holds no network.
    """
    name = os.path.basename(str(body["file"])) or "network"
    data = base64.b64decode(body["data"])
    if len(data) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST // 2**20} MiB")
    # a name without a folder is the label that messages and the file's source have
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        with open(name, "wb") as stream:
            stream.write(data)
        network = load_foreign(name)
        if network is not None:
            return {"text": architecture_of(network, network.graph(), None)}
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        raise UsageError(f"{name} is no text, and no format that is read") from None
