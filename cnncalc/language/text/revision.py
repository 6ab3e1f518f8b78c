"""Architecture files as they were at a git revision: `HEAD~1:net.yaml`."""

from __future__ import annotations

import os
import posixpath

from cnncalc.diagnostics import UsageError
from cnncalc.language import zoo
from cnncalc.language.text.resolve import ENDINGS, which
from cnncalc.language.text.source import Source


def at_revision(net: str) -> tuple[str, str] | None:
    """The revision and the path of `REVISION:PATH`; `None` where it is something else."""
    revision, colon, path = net.partition(":")
    if not colon or not revision or not path.endswith(ENDINGS) or os.path.exists(net):
        return None
    return revision, path


class RevisionSource(Source):
    """A file at a revision; what it extends is looked for at the same revision."""

    def __init__(self, label: str, text: str, revision: str, inside: str) -> None:
        super().__init__(label, text, None)
        self._revision = revision
        self._inside = inside
        """Its path from the top of the repository."""

    @property
    def identity(self) -> str:
        return f"{self._revision}:{self._inside}"

    def beside(self, text: str) -> Source:
        if zoo.is_name(text):
            return Source.read(*which(text))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._inside), text))
        return _read(self._revision, path, f"{self._revision}:{path}")


def source_at(revision: str, path: str) -> Source:
    """A file at a revision, its path as git has it: from the top of the repository.

    With `./` or `../` in front it is from the current folder. A path that is not there at the top
    is looked for from the current folder as well.

    Raises:
        UsageError: git does not know the revision or the file, or there is no git.
        SpecError: it is no text.
    """
    if revision.startswith("-") or "\0" in revision + path:
        raise UsageError(f"`{revision}` is no revision")
    label = f"{revision}:{path}"
    prefix = _git("rev-parse", "--show-prefix").decode("utf-8", "replace").strip()
    from_here = posixpath.normpath(posixpath.join(prefix, path))
    if path.startswith(("./", "../")):
        return _read(revision, from_here, label)
    try:
        return _read(revision, posixpath.normpath(path), label)
    except UsageError as error:
        if from_here == posixpath.normpath(path):
            raise
        try:
            return _read(revision, from_here, label)
        except UsageError:
            raise error from None


def _read(revision: str, inside: str, label: str) -> Source:
    data = _git("show", f"{revision}:{inside}")
    text = Source.decode(label, data).text
    return RevisionSource(label, text, revision, inside)


def _git(*arguments: str) -> bytes:
    """What git prints.

    Raises:
        UsageError: it refuses, in its own words; or there is none.
    """
    import subprocess  # takes as long to import as a tenth of a command's start

    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except OSError:
        raise UsageError("a revision needs git, which is not there") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"git: {words[-1] if words else 'it failed'}".replace("fatal: ", ""))
    return done.stdout
