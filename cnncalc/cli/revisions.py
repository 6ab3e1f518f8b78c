"""Architecture files as they were at a git revision: `HEAD~1:net.yaml`."""

from __future__ import annotations

import os
import subprocess
import tempfile

from cnncalc.diagnostics import UsageError
from cnncalc.language.network import Network
from cnncalc.language.text.source import MappingNode, ScalarNode, Source

ENDINGS = (".yaml", ".yml")
FILES = 16
"""So many files may extend each other."""


def at_revision(net: str) -> tuple[str, str] | None:
    """The revision and the path of `REVISION:PATH`; `None` where it is something else."""
    revision, colon, path = net.partition(":")
    if not colon or not revision or not path.endswith(ENDINGS) or os.path.exists(net):
        return None
    return revision, path


def load_revision(revision: str, path: str) -> Network:
    """A file at a revision, with the files that it extends at the same revision.

    Raises:
        UsageError: git does not know the revision or the file, or there is no git.
        SpecError: it is no architecture file.
    """
    if revision.startswith("-") or "\0" in revision + path:
        raise UsageError(f"`{revision}` is no revision")
    root = _git("rev-parse", "--show-toplevel")
    inside = os.path.relpath(os.path.abspath(path), root)
    with tempfile.TemporaryDirectory() as folder:
        _place(revision, inside, folder, FILES)
        label = f"{revision}:{path}"
        return Network(Source.read(os.path.join(folder, inside), label))


def _place(revision: str, path: str, folder: str, left: int) -> None:
    """Write a file, and those beside it that it extends, as they were."""
    target = os.path.normpath(os.path.join(folder, path))
    if os.path.commonpath([target, folder]) != folder or left == 0 or os.path.exists(target):
        return
    text = _git("show", f"{revision}:{path.replace(os.sep, '/')}", strip=False)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    extended = _extends(text, path)
    if extended is not None and (extended.endswith(ENDINGS) or "/" in extended):
        _place(revision, os.path.join(os.path.dirname(path), extended), folder, left - 1)


def _extends(text: str, label: str) -> str | None:
    """What a file says that it extends."""
    root = Source(label, text, None).compose()
    if isinstance(root, MappingNode):
        for key, value in root.value:
            if isinstance(key, ScalarNode) and key.value == "extends":
                return value.value if isinstance(value, ScalarNode) else None
    return None


def _git(*arguments: str, strip: bool = True) -> str:
    """What git prints.

    Raises:
        UsageError: it refuses, in its own words; or there is none.
    """
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except OSError:
        raise UsageError("a revision needs git, which is not there") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"git: {words[-1] if words else 'it failed'}".replace("fatal: ", ""))
    text = done.stdout.decode("utf-8", "surrogateescape")
    return text.strip() if strip else text
