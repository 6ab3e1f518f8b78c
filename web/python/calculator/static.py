"""What the page has before the package runs: the language, the networks, the first table."""

from __future__ import annotations

import json
import os
from typing import Any

from cnncalc.api import analyze
from cnncalc.language import zoo
from cnncalc.language.expressions.expression import CHANNELS, RESERVED
from cnncalc.language.expressions.operations import FUNCTIONS
from cnncalc.language.load import load
from cnncalc.language.schema import schema
from cnncalc.render import numbers
from cnncalc.render.page import page_data
from cnncalc.render.reference import data

FIRST = "vgg16"
"""The network that a first visitor meets; `page.js` names the same one."""


def language() -> dict[str, Any]:
    """The JSON Schema, the reference of layer kinds, and the words of expressions."""
    words = sorted({*FUNCTIONS, *CHANNELS, *RESERVED})
    return {"schema": schema(), "layers": data()["layers"], "words": words}


def networks() -> list[dict[str, Any]]:
    """The shipped networks: name, title, source, text and costs."""
    found = []
    for name in zoo.names():
        network = load(name)
        totals = analyze(name).totals
        found.append(
            {
                "name": name,
                "title": network.name,
                "source": network.origin or "",
                "text": network.source.text,
                "params": numbers.human(totals.params),
                "macs": numbers.human(totals.macs),
            }
        )
    return found


def first() -> dict[str, Any]:
    """The first network's file and table, which are part of the page itself."""
    return {
        "text": load(FIRST).source.text,
        "report": page_data(analyze(FIRST), parts=("table", "sights")),
    }


def write(folder: str) -> None:
    """Write each as a JSON file into a folder."""
    for name, made in (("language", language()), ("zoo", networks()), ("first", first())):
        with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as stream:
            json.dump(made, stream, ensure_ascii=False, separators=(",", ":"))
