"""The architecture files that a list of networks and folders stands for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.language import zoo
from cnncalc.language.load import find
from cnncalc.language.text.resolve import ENDINGS
from cnncalc.language.text.source import Source

NETWORK_KEY = re.compile(r"^\s*[\"']?(layers|extends)[\"']?\s*:", re.MULTILINE)
"""What tells an architecture file in a folder from other YAML."""


def gather(nets: Sequence[str]) -> Iterator[Source | SpecError]:
    """The networks named, and the architecture files in the folders named, each once.

    A file that is no text comes as the error that says so.

    Raises:
        UsageError: one of them cannot be had; found out before any is examined.
    """
    paths: list[tuple[str, bool]] = []
    for net in nets:
        if os.path.isdir(net) and not (zoo.is_name(net) and zoo.path(net)):
            inside = _inside(net)
            if not inside:
                raise UsageError(f"there is no architecture file in {net}", "they end in .yaml")
            paths += [(path, True) for path in inside]
        else:
            if net != "-" and not os.path.exists(net):
                find(net)  # a shipped network, or told at once
            paths.append((net, False))
    seen: set[str] = set()
    for net, in_folder in paths:
        key = os.path.realpath(net) if os.path.exists(net) else net
        if key in seen:
            continue
        seen.add(key)
        try:
            source = find(net)
        except SpecError as error:
            yield error
            continue
        if not in_folder or NETWORK_KEY.search(source.text):
            yield source


def _inside(folder: str) -> list[str]:
    """The YAML files below a folder, hidden ones left out."""
    found = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            os.path.join(base, name)
            for name in sorted(files)
            if name.endswith(ENDINGS) and not name.startswith(".")
        ]
    return found
