"""`cnncalc zoo`: the shipped networks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from cnncalc.analysis.overview import Overview, overview
from cnncalc.cli.common import deliver, deliver_json, output_option, show
from cnncalc.cli.options import option, subcommand
from cnncalc.diagnostics import UsageError
from cnncalc.language import zoo
from cnncalc.language.load import load

FORMATS = ("table", "json", "markdown", "csv")


def natural(name: str) -> list[tuple[int, int | str]]:
    """Orders names with numbers in them as people do: resnet18 before resnet101."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def field_size(row: Overview) -> float:
    """The larger side of the receptive field; without end where everything is seen."""
    return float("inf") if row.field is None else max(row.field.size)


ORDERS: dict[str, Callable[[Overview], Any]] = {
    "name": lambda row: natural(row.name),
    "year": lambda row: row.year or 0,
    "params": lambda row: row.params,
    "macs": lambda row: row.macs,
    "depth": lambda row: row.depth,
    "field": field_size,
}
"""What `--sort` orders by."""


def overviews() -> list[Overview]:
    """A row for each shipped network, in the order of their names."""
    rows = [overview(name, load(name).graph()) for name in zoo.names()]
    return sorted(rows, key=ORDERS["name"])


def matches(row: Overview, text: str) -> bool:
    """Whether a network's name, title, source or year has the text in it."""
    told = f"{row.name}\n{row.title}\n{row.source or ''}\n{row.year or ''}"
    return text.casefold() in told.casefold()


@subcommand("zoo")
@click.argument("net", metavar="[NAME]", required=False)
@option("--filter", "filter_", metavar="TEXT", help="Only names, sources or years with TEXT.")
@option("--sort", type=click.Choice(list(ORDERS)), help="Order of the rows.")
@option("--reverse", is_flag=True, help="The other way round: largest or newest first.")
@option("--format", "format_", type=click.Choice(FORMATS), help="A table where left out.")
@output_option
def command(
    net: str | None,
    filter_: str | None,
    sort: str | None,
    reverse: bool,
    format_: str | None,
    output: str | None,
) -> int:
    """List the shipped networks, or print the file of one.

    \b
    Examples:
      cnncalc zoo --filter resnet --sort macs
      cnncalc zoo --format csv -o zoo.csv
      cnncalc zoo resnet50 > mine.yaml
    """
    if net is not None:
        if filter_ is not None or sort or reverse or format_:
            raise UsageError("`--filter`, `--sort`, `--reverse` and `--format` are for the list")
        deliver(file_of(net), output, data=True)
        return 0
    found = overviews()
    rows = [row for row in found if filter_ is None or matches(row, filter_)]
    rows.sort(key=ORDERS[sort or "name"], reverse=reverse)
    if not rows and format_ in (None, "table"):
        raise UsageError(f"no network has `{filter_}` in its name, source or year")
    _write(rows, len(found), format_ or FORMATS[0], output)
    return 0


def file_of(net: str) -> str:
    """The text of a shipped network's file.

    Raises:
        UsageError: there is no such network.
    """
    path = zoo.path(net)
    if path is None:
        from cnncalc.diagnostics import did_you_mean

        raise UsageError(f"no network `{net}` is shipped", did_you_mean(net, zoo.names()))
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def _write(rows: list[Overview], total: int, format_: str, output: str | None) -> None:
    """Write the rows in a format."""
    from cnncalc.render import zoo as render

    if format_ == "json":
        deliver_json(render.zoo_dict(rows), output)
    elif format_ == "csv":
        deliver(render.zoo_csv(rows), output, data=True)
    elif format_ == "markdown":
        deliver(render.zoo_markdown(rows), output)
    else:
        show(render.zoo_table(rows, total), output)
