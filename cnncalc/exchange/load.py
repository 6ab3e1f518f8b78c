"""From what the caller names to a network, in our language or in another format."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cnncalc.diagnostics import UsageError
from cnncalc.language.load import find, standard_input
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source, UnreadableError

if TYPE_CHECKING:
    from cnncalc.exchange.formats import Format
    from cnncalc.exchange.imported import Imported

MODULE = re.compile(r"(?:.+\.py|[A-Za-z_][\w.]*):[A-Za-z_][\w.]*")
"""`file.py:NAME` or `package.module:NAME`."""

OURS = (".yaml", ".yml")

SCALED = re.compile(r"(.*[/\\])?(yolo[a-z]*-?v?\d+|rtdetr-)[a-z]((?:-[\w-]+)?\.ya?ml)")
"""A model file of Ultralytics with the letter of its scale: `yolov8n.yaml`, `yolo11s-seg.yaml`."""


def load(net: str) -> Network | Imported:
    """A network by file, name, `-`, framework's file, or module, parsed.

    Raises:
        UsageError: there is no such file or network, or the package that reads it is missing.
        SpecError: it is no network.
    """
    foreign = load_foreign(net)
    return Network(find(net)) if foreign is None else foreign


def is_foreign(net: str) -> bool:
    """Whether a name means a network in another format than ours."""
    return _is_module(net) or _is_python(net) or _format(net) is not None


def load_foreign(net: str) -> Imported | None:
    """A network in another format; `None` where the name means one of ours.

    Raises:
        UsageError: it cannot be read, or the package that reads it is missing.
        SpecError: it is no network.
    """
    if _is_module(net):
        from cnncalc.exchange.python_files import imports_keras

        if imports_keras(net.rpartition(":")[0]):
            from cnncalc.exchange.keras.code import open_code

            opened = open_code(net)
            if opened is not None:
                return opened
        from cnncalc.exchange.torch.reader import open_module

        return open_module(net)
    if _is_python(net):
        from cnncalc.exchange.python_files import unnamed

        raise unnamed(net)
    found = _format(net)
    if found is None:
        return None
    if found.reader:
        return _opened(found, net)
    if net != "-" and not os.path.exists(net):
        raise UsageError(f"cannot read {net}: no such file")
    label = "standard input" if net == "-" else net
    raise UsageError(f"{label} is {found.name}", found.advice)


def _opened(found: Format, net: str) -> Imported:
    """The network of a file of a format that is read."""
    from importlib import import_module

    module, _, function = found.reader.partition(":")
    opener = getattr(import_module(module), function)
    if not found.text:
        if net == "-":
            raise UsageError(f"{found.name} is not read from standard input", "name its file")
        opened: Imported = opener(net)
        return opened
    try:
        source = find("-") if net == "-" else Source.read(_file_of(net))
    except UnreadableError as error:
        raise UsageError(str(error)) from None
    imported: Imported = opener(source, net)
    return imported


def _is_module(net: str) -> bool:
    """Whether a name means a class or function of Python."""
    named = ":" in net and MODULE.fullmatch(net) is not None
    return named and os.path.splitext(net)[1].lower() not in OURS and not os.path.exists(net)


def _is_python(net: str) -> bool:
    return net.endswith(".py") and (os.path.exists(net) or "/" in net or "." in net)


def _format(net: str) -> Format | None:
    """The format that a name means; `None` where it means one of ours."""
    if not os.path.splitext(net)[1] and "/" not in net and net != "-" and not os.path.isdir(net):
        return None  # a shipped network
    # the table of formats is needed for files and folders alone
    from cnncalc.exchange.formats import HEAD, folder_format, recognised

    if net == "-":
        return recognised("", standard_input()[:HEAD])
    if os.path.isdir(net):
        return folder_format(net)
    path = _file_of(net)
    return recognised(path, _head(path, HEAD))


def _file_of(net: str) -> str:
    """The file that a name means: `yolov8n.yaml` is `yolov8.yaml` at the scale n.

    Ultralytics writes one file for all scales and names it so.
    """
    match = SCALED.fullmatch(net)
    if match is not None and not os.path.exists(net):
        folder, family, rest = match.groups()
        path = f"{folder or ''}{family}{rest}"
        if os.path.exists(path):
            return path
    return net


def _head(path: str, size: int) -> bytes:
    """The first bytes of a file; none where it cannot be read, which its reader says."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except (OSError, ValueError):
        return b""
