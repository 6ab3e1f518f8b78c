"""`--watch`: a command anew at each save of the architecture file and of those it extends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import click

from cnncalc.cli.common import NETWORK, fail, refuse, show
from cnncalc.diagnostics import Refusal, SpecError, UsageError
from cnncalc.language.network import Network

CLEAR = "\x1b[H\x1b[2J"
"""The cursor to the upper left corner, and nothing on the screen."""
LATEST = 1000
"""Milliseconds after which files are looked at though nothing was told, as on network drives."""
FINE = 50
"""Milliseconds within which changes are one: an editor writes, renames, and sets the times."""

Once = Callable[[], int]
Stamp = tuple[int, int, int] | None
"""What changes when a file is saved; `None` where there is none."""


def watched(params: Mapping[str, Any], once: Once) -> NoReturn:
    """Run a command with these parameters anew at each save, until it is interrupted.

    Raises:
        UsageError: it writes a file or data, is of no architecture file, or the package watchfiles
            is missing.
        KeyboardInterrupt: as told by Ctrl-C, which is how it ends.
    """
    if params.get("output") is not None or params.get("format") not in (None, "table"):
        raise UsageError("`--watch` shows the table on the terminal", "leave it out for a file")
    _forever(_file(params["net"]), once)


def _file(net: str) -> str:
    """The architecture file that a network is in.

    Raises:
        UsageError: it is in none.
    """
    from cnncalc.exchange.load import is_foreign
    from cnncalc.language.text.resolve import which

    if net == "-":
        raise UsageError("`--watch` needs a file", "standard input is read once")
    if is_foreign(net):
        raise UsageError(f"`--watch` is for architecture files, and {net} is none")
    try:
        return os.path.realpath(which(net)[0])
    except Refusal as refusal:
        raise UsageError(refusal.message, refusal.hint) from None


def _forever(own: str, once: Once) -> NoReturn:
    """Run, wait for a save, and run again.

    Raises:
        UsageError: the package watchfiles is missing.
        KeyboardInterrupt: as told by Ctrl-C, which is how it ends.
    """
    _watcher()
    files = {own}
    while True:
        seen = {path: _stamp(path) for path in files}
        files = _shown(own, once, files)
        seen = {path: seen.get(path, _stamp(path)) for path in files}
        _foot(own, files)
        _await(seen)


def _watcher() -> Any:
    try:
        from watchfiles import watch
    except ImportError:
        raise UsageError(
            "`--watch` needs the package watchfiles", '`pip install "cnncalc[watch]"`'
        ) from None
    return watch


def _shown(own: str, once: Once, before: set[str]) -> set[str]:
    """Run the command, or tell why it cannot be; the files that it depends on.

    Where it cannot be, those that it depended on before are among them, and the file's own folder.
    """
    meta = click.get_current_context().meta
    meta.pop(NETWORK, None)
    if sys.stdout.isatty():
        sys.stdout.write(CLEAR)  # it waits for the line behind it, so that nothing flickers
    failed: set[str] = set()
    try:
        once()
    except SpecError as error:
        sys.stdout.flush()
        refuse(error)
        failed = {found.place.file for found in error.diagnostics if found.place is not None}
    except UsageError as error:
        sys.stdout.flush()
        fail(str(error), error.hint)
        failed = {own}
    network = meta.get(NETWORK)
    sources = network.sources.values() if isinstance(network, Network) else ()
    files = {os.path.realpath(source.path) for source in sources if source.path is not None}
    if failed:
        # what it extends may be broken or missing, and come back
        files |= before | {os.path.realpath(path) for path in failed if os.path.isfile(path)}
        files.add(os.path.dirname(own))
    return files | {own}


def _foot(own: str, files: Iterable[str]) -> None:
    """What is waited for, below what is shown."""
    if not sys.stdout.isatty():
        click.echo()
        return
    from rich.text import Text

    others = len([path for path in files if path != own and not os.path.isdir(path)])
    more = f" and {others} file{'s' if others > 1 else ''} that it extends" if others else ""
    name = os.path.basename(own)
    show(Text(f"\nwatching {name}{more} · Ctrl-C ends", "quiet"))
    sys.stdout.flush()


def _await(seen: dict[str, Stamp]) -> None:
    """Wait until one of the files is another than the one that was seen."""
    folders = {os.path.dirname(path) for path in seen}
    there = [folder for folder in folders if os.path.isdir(folder)]
    watch = _watcher()
    # folders, because an editor that saves by renaming puts another file in the place
    changes = watch(
        *there, recursive=False, debounce=FINE, step=FINE, rust_timeout=LATEST,
        yield_on_timeout=True, raise_interrupt=True,
    )  # fmt: skip
    for _ in changes:
        if any(_stamp(path) != stamp for path, stamp in seen.items()):
            return


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
