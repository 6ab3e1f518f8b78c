"""`export`: a report file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from os import fspath
from typing import Any

from cnncalc.api.reports import Report, analyze
from cnncalc.api.result import ENDINGS, Path
from cnncalc.api.subject import Net, Parameters, Shaped
from cnncalc.diagnostics import UsageError
from cnncalc.output import write_file

PICTURES = ("svg", "png", "pdf")
STYLES = ("volumes", "blocks")


def export(
    net: Net | None = None,
    output: Path | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    inplace: bool = False,
    depth: int | None = None,
    layout: str = "channels-first",
    columns: Iterable[str] = (),
    kinds: Iterable[str] = (),
    with_input: bool = False,
    exact: bool = False,
    style: str | None = None,
    strict: bool = False,
    partial: bool = False,
    format: str | None = None,
) -> Report:
    """Write a report file or a drawing, and give the report.

    Args:
        output: the file to write; its ending picks the format.
        net, yaml, input, set, parameters, batch, dtype, inplace: as of `analyze`.
        depth, layout, columns, kinds, with_input, exact, strict: as of `analyze`.
        style: of drawings: `volumes` or `blocks`.
        partial: where the network has mistakes, write what is known of it.
        format: the format, where the ending does not tell.

    Raises:
        UsageError: there is no such network, or no format goes with the ending.
        SpecError: the network cannot be used.
    """
    if output is None:
        raise UsageError("export to what?", "name a file: its ending picks the format")
    target = fspath(output)
    form = format or format_of(target)
    if style is not None and form not in PICTURES:
        raise UsageError(
            f"`--style` does nothing in {form}", "it is the style of .svg, .png and .pdf files"
        )
    found = analyze(
        net, yaml=yaml, input=input, set=set, parameters=parameters, batch=batch, dtype=dtype,
        inplace=inplace, depth=depth, layout=layout, columns=columns, kinds=kinds,
        with_input=with_input, exact=exact, strict=strict, partial=partial,
    )  # fmt: skip
    if style == "blocks":
        found.refuse(form)
        write_file(target, _picture(found, form))
    else:
        found.save(target, form)
    return found


def _picture(found: Report, form: str) -> Any:
    return getattr(found, f"to_{form}")(style="blocks")


def format_of(path: str) -> str:
    """The format of a report file's ending.

    Raises:
        UsageError: it has none.
    """
    ending = os.path.splitext(path)[1].lower()
    known = {end: form for end, form in ENDINGS.items() if form in Report.FORMATS}
    if ending not in known:
        raise UsageError(
            f"no format goes with the ending of {os.path.basename(path)}",
            f"endings: {', '.join(known)}; or name one with --format",
        )
    return known[ending]
