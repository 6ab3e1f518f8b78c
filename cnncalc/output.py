"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os

from cnncalc.diagnostics import UsageError


def write_file(path: str, content: str | bytes) -> None:
    """Write a file whole or not at all: an existing one is replaced when the new one is complete.

    Raises:
        UsageError: it cannot be written.
    """
    if os.path.isdir(path):
        raise UsageError(f"{path} is a directory")
    target = os.path.realpath(path)
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            # a device or a pipe cannot be replaced
            with open(target, "wb") as stream:
                stream.write(_bytes(content))
        else:
            _replace(target, _bytes(content))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")


def _replace(target: str, content: bytes) -> None:
    """Write beside the target, then put the finished file in its place."""
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:100]}.{os.urandom(8).hex()}")
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """The permissions of the file to replace, or those of a new one."""
    if os.path.exists(target):
        return os.stat(target).st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
