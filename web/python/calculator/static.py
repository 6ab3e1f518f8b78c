"""What the page reads before the package runs: the language, and the shipped networks' files."""

from __future__ import annotations

import json
import os
from typing import Any

from cnncalc.language import zoo
from cnncalc.language.expressions.expression import CHANNELS, RESERVED
from cnncalc.language.expressions.operations import FUNCTIONS
from cnncalc.language.load import load
from cnncalc.language.schema import schema
from cnncalc.render.reference import data


def language() -> dict[str, Any]:
    """The JSON Schema, the reference of layer kinds, and the words of expressions."""
    words = sorted({*FUNCTIONS, *CHANNELS, *RESERVED})
    return {"schema": schema(), "layers": data()["layers"], "words": words}


def networks() -> list[dict[str, Any]]:
    """The shipped networks: name, title, source and text."""
    found = []
    for name in zoo.names():
        network = load(name)
        found.append(
            {
                "name": name,
                "title": network.name,
                "source": network.origin or "",
                "text": network.source.text,
            }
        )
    return found


def write(folder: str) -> None:
    """Write both as JSON files into a folder."""
    for name, made in (("language", language()), ("zoo", networks())):
        with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as stream:
            json.dump(made, stream, ensure_ascii=False, separators=(",", ":"))
