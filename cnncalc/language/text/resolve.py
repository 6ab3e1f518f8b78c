"""Which network a name means: one rule, for `NET` on the command line and for `extends`."""

from __future__ import annotations

import os

from cnncalc.diagnostics import Refusal, misspelt, nearest
from cnncalc.language import zoo

ENDINGS = (".yaml", ".yml")
NAME_LIMIT = 4096


def which(text: str, folder: str = "") -> tuple[str, str]:
    """Path of the network of a name, and what it is called in messages.

    A name without an ending and without a `/` is a shipped network. All else is a file, looked
    for from the folder.

    Raises:
        Refusal: there is no such network or file.
    """
    if not text or "\0" in text or len(text) > NAME_LIMIT:
        raise Refusal("undefined-name", f"`{text[:40]}` is no file and no shipped network")
    if not zoo.is_name(text):
        path = os.path.join(folder, text)
        if not os.path.exists(path):
            raise _no_file(text, path)
        return path, path
    shipped = zoo.path(text)
    if shipped is not None:
        return shipped, text
    refusal = misspelt("undefined-name", f"there is no shipped network `{text}`", text, zoo.names())
    refusal.hint = refusal.hint or "`cnncalc zoo` lists the shipped networks"
    for file in (*(text + ending for ending in ENDINGS), text):
        if os.path.isfile(os.path.join(folder, file)):
            refusal.instead = file if file != text else f"./{file}"
            refusal.hint = f"the file here is `{refusal.instead}`"
            break
    raise refusal


def _no_file(text: str, path: str) -> Refusal:
    """The refusal of a file that is not there, with what may be meant."""
    try:
        os.stat(path)
        reason = "no such file or directory"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    message = f"cannot read {text}: {reason}"
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    if zoo.path(stem) is not None:
        hint = f"`{stem}` is the shipped network"
        return Refusal("undefined-name", message, hint=hint, instead=stem, word=text)
    try:
        there = [other for other in os.listdir(folder or ".") if other.endswith(ENDINGS)]
    except OSError:
        return Refusal("undefined-name", message)
    close = nearest(name, there)
    if close is not None:
        close = text.removesuffix(name) + close
    return Refusal("undefined-name", message, instead=close, word=text)
