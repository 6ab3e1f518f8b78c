"""`zoo`, `rules`, `layers` and `schema`: what there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.overview import Overview, overview
from cnncalc.api.result import Path, Result, delivered
from cnncalc.diagnostics import UsageError, did_you_mean
from cnncalc.language import zoo as shipped
from cnncalc.language.load import load
from cnncalc.language.schema import schema as schema_of
from cnncalc.layers import KINDS
from cnncalc.layers.base import Kind
from cnncalc.rules.base import Rule
from cnncalc.rules.registry import RULES

if TYPE_CHECKING:
    from rich.console import RenderableType


class Zoo(Result):
    """The shipped networks, a row each."""

    FORMATS = ("table", "json", "markdown", "csv")

    def __init__(self, networks: Sequence[Overview], total: int) -> None:
        self.networks = tuple(networks)
        self.total = total
        """How many are shipped, listed or not."""

    def __iter__(self) -> Iterator[Overview]:
        return iter(self.networks)

    def __len__(self) -> int:
        return len(self.networks)

    def document(self) -> RenderableType:
        from cnncalc.render.zoo import zoo_table

        return zoo_table(self.networks, self.total)

    def to_dict(self) -> dict[str, Any]:
        """The networks as plain data."""
        from cnncalc.render.zoo import zoo_dict

        return zoo_dict(self.networks)

    def to_csv(self) -> str:
        """A row a network."""
        from cnncalc.render.zoo import zoo_csv

        return zoo_csv(self.networks)

    def to_markdown(self) -> str:
        """A table of the networks."""
        from cnncalc.render.zoo import zoo_markdown

        return zoo_markdown(self.networks)

    def summary(self) -> str:
        return f"{len(self.networks)} of {self.total} networks"


class ShippedFile(Result):
    """The architecture file of a shipped network."""

    FORMATS = ("text", "yaml")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def __str__(self) -> str:
        return self.text.rstrip("\n")

    def document(self) -> RenderableType:
        from rich.text import Text

        return Text(self.text)

    def rendered(self, format: str) -> str:
        return self.text

    def format_of(self, path: str, format: str | None = None) -> str:
        return "text"

    def to_yaml(self) -> str:
        """The file's text."""
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """The file's name and text."""
        return {"name": self.name, "text": self.text}

    def summary(self) -> str:
        return self.name


def zoo(
    net: str | None = None,
    *,
    filter: str | None = None,
    sort: str | None = None,
    reverse: bool = False,
    format: str | None = None,
    output: Path | None = None,
) -> Zoo | ShippedFile:
    """The shipped networks; with a name, the architecture file of one.

    Args:
        net: a shipped network's name.
        filter: only networks that have this in their name, source or year.
        sort: `name`, `year`, `params`, `macs`, `depth` or `field`.
        reverse: largest or newest first.
        format: `table`, `json`, `markdown` or `csv`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such network or order.
    """
    if net is not None:
        if filter is not None or sort or reverse or format:
            raise UsageError("`--filter`, `--sort`, `--reverse` and `--format` are for the list")
        return delivered(ShippedFile(net, _file_of(net)), output, None)
    order = sort or "name"
    if order not in ORDERS:
        raise UsageError(f"there is no order `{order}`", f"the orders are {', '.join(ORDERS)}")
    found = overviews()
    rows = [row for row in found if filter is None or matches(row, filter)]
    rows.sort(key=ORDERS[order], reverse=reverse)
    if not rows and format in (None, "table"):
        raise UsageError(f"no network has `{filter}` in its name, source or year")
    return delivered(Zoo(rows, len(found)), output, format)


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
"""What networks are ordered by."""


def overviews() -> list[Overview]:
    """A row for each shipped network, in the order of their names."""
    rows = [overview(name, load(name).graph()) for name in shipped.names()]
    return sorted(rows, key=ORDERS["name"])


def matches(row: Overview, text: str) -> bool:
    """Whether a network's name, title, source or year has the text in it."""
    told = f"{row.name}\n{row.title}\n{row.source or ''}\n{row.year or ''}"
    return text.casefold() in told.casefold()


def _file_of(net: str) -> str:
    """The text of a shipped network's file.

    Raises:
        UsageError: there is no such network.
    """
    path = shipped.path(net)
    if path is None:
        raise UsageError(f"no network `{net}` is shipped", did_you_mean(net, shipped.names()))
    with open(path, encoding="utf-8") as stream:
        return stream.read()


class RuleReference(Result):
    """The rules of `validate`, or one of them explained."""

    FORMATS = ("text", "json", "markdown")

    def __init__(self, rules: Sequence[Rule], single: bool) -> None:
        self.rules = tuple(rules)
        self._single = single

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def document(self) -> RenderableType:
        from cnncalc.render import rules

        return rules.one(self.rules[0]) if self._single else rules.overview(self.rules)

    def to_dict(self) -> dict[str, Any]:
        """The rules as plain data."""
        from cnncalc.render.rules import data

        return {"schema": "cnncalc.rules/1", "rules": list(map(data, self.rules))}

    def to_markdown(self) -> str:
        """The reference page, or the section of one rule."""
        from cnncalc.render import rules

        return rules.section(self.rules[0]) if self._single else rules.page(self.rules)

    def summary(self) -> str:
        return self.rules[0].name if self._single else f"{len(self.rules)} rules"


def rules(
    rule: str | None = None, *, format: str | None = None, output: Path | None = None
) -> RuleReference:
    """The rules of `validate`; with a name, why one matters, two examples, its repair.

    Args:
        rule: a rule's name.
        format: `text`, `json` or `markdown`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such rule.
    """
    if rule is not None and rule not in RULES:
        raise UsageError(f"there is no rule `{rule}`", did_you_mean(rule, RULES))
    chosen = list(RULES.values()) if rule is None else [RULES[rule]]
    return delivered(RuleReference(chosen, rule is not None), output, format)


class LayerReference(Result):
    """The layer kinds, or one of them with its options."""

    FORMATS = ("table", "json", "markdown")

    def __init__(self, kind: type[Kind] | None) -> None:
        self.kind = kind

    def __iter__(self) -> Iterator[type[Kind]]:
        return iter(KINDS.values() if self.kind is None else (self.kind,))

    def document(self) -> RenderableType:
        from cnncalc.render import reference

        return reference.kinds() if self.kind is None else reference.kind(self.kind)

    def to_dict(self) -> dict[str, Any]:
        """The kinds as plain data."""
        from cnncalc.render.reference import data

        return data(self.kind)

    def to_markdown(self) -> str:
        """The reference page, or the section of one kind."""
        from cnncalc.render.reference import page

        return page(self.kind)

    def summary(self) -> str:
        return f"{len(KINDS)} kinds" if self.kind is None else self.kind.name


def layers(
    kind: str | None = None, *, format: str | None = None, output: Path | None = None
) -> LayerReference:
    """The layer kinds; with a name, one with its options.

    Args:
        kind: a kind's name.
        format: `table`, `json` or `markdown`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such kind.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"there is no layer kind `{kind}`", did_you_mean(kind, KINDS))
    return delivered(LayerReference(None if kind is None else KINDS[kind]), output, format)


class Schema(Result):
    """The JSON Schema of an architecture file."""

    FORMATS = ("json",)

    def __init__(self) -> None:
        self.format = "json"

    def to_dict(self) -> dict[str, Any]:
        """The schema."""
        return schema_of()

    def document(self) -> RenderableType:
        from rich.text import Text

        return Text(self.to_json())

    def summary(self) -> str:
        return str(self.to_dict().get("$schema", ""))


def schema(*, output: Path | None = None) -> Schema:
    """The JSON Schema of an architecture file, for editors that complete and check.

    Args:
        output: a file to write.
    """
    return delivered(Schema(), output, None)
