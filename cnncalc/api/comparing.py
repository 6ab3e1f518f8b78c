"""`compare`: networks side by side; `diff`: what changed between two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.difference import Change
from cnncalc.analysis.difference import changes as changes_of
from cnncalc.api.reports import Report, chosen, report_of, whole_report_of
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Net, Parameters, Shaped, asked, label
from cnncalc.diagnostics import UsageError
from cnncalc.render.comparison import DEFAULTS, METRICS, Side

if TYPE_CHECKING:
    from rich.console import RenderableType


class Comparison(Result):
    """Totals of networks side by side, with their ratios to one of them."""

    FORMATS = ("table", "json", "markdown", "csv", "latex", "svg", "html")

    def __init__(self, sides: Sequence[Side], base: Side, columns: tuple[str, ...]) -> None:
        self.sides = tuple(sides)
        self.base = base
        """The network that ratios are to."""
        self.columns = columns
        """The totals that were chosen; none for those of every comparison."""

    def __iter__(self) -> Any:
        return iter(self.sides)

    def __len__(self) -> int:
        return len(self.sides)

    def __getitem__(self, net: str) -> Report:
        found: Any = next((side.report for side in self.sides if side.net == net), None)
        if found is None:
            raise KeyError(net)
        return found  # type: ignore[no-any-return]

    @property
    def _keys(self) -> tuple[str, ...]:
        return self.columns or DEFAULTS

    def document(self) -> RenderableType:
        from cnncalc.render.comparison import comparison_table

        return comparison_table(self.sides, self.base, self._keys)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.compare/1`."""
        from cnncalc.render.comparison_formats import comparison_dict

        return comparison_dict(self.sides, self.columns)

    def to_csv(self) -> str:
        """Exact totals, a row a network."""
        from cnncalc.render.comparison_formats import comparison_csv

        return comparison_csv(self.sides, self._keys)

    def to_markdown(self) -> str:
        """A table with exact totals and their ratios."""
        from cnncalc.render.comparison_formats import comparison_markdown

        return comparison_markdown(self.sides, self.base, self._keys)

    def to_latex(self) -> str:
        """A table for LaTeX."""
        from cnncalc.render.comparison_formats import PAPER, comparison_latex

        return comparison_latex(self.sides, self.base, self.columns or PAPER)

    def to_svg(self) -> str:
        """A drawing with a point a network."""
        from cnncalc.render.comparison_formats import comparison_svg

        return comparison_svg(self.sides)

    def to_html(self) -> str:
        """The drawing above the table, for any browser."""
        from cnncalc.render.comparison_formats import comparison_html

        return comparison_html(self.sides, self.base, self._keys)

    def summary(self) -> str:
        return ", ".join([side.net for side in self.sides])


def compare(
    *nets: Net,
    to: Net | None = None,
    sort: str | None = None,
    columns: str | Iterable[str] = (),
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    format: str | None = None,
    output: Path | None = None,
) -> Comparison:
    """Totals of networks side by side, with their ratios to the first.

    Args:
        nets: two networks or more, each as `net` of `analyze`; `mobilenet_v2?width=0.5` is a
            variant of one.
        to: the network that ratios are to, in place of the first.
        sort: smallest first in one of the columns.
        columns: the totals to show.
        input, set, parameters, batch, dtype: as of `analyze`, for all of them.
        format: `table`, `json`, `markdown`, `csv`, `latex`, `svg` or `html`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such network or column.
        SpecError: a network cannot be used.
    """
    if not nets:
        raise UsageError("`compare` wants networks", "as in compare vgg16 resnet50")
    keys = chosen(_split(columns), "total", METRICS)
    order = chosen(_split(sort), "total", METRICS)
    sides: list[Side] = []
    for net in nets:
        if not (isinstance(net, str) and any(side.net == net for side in sides)):
            sides.append(_side(net, sides, input, set, parameters, batch, dtype))
    base = sides[0]
    if to is not None:
        same = [side for net, side in zip(nets, sides, strict=False) if net is to or net == to]
        base = same[0] if same else _side(to, sides, input, set, parameters, batch, dtype)
        if not same:
            sides.insert(0, base)
    if order:
        sides.sort(key=lambda side: METRICS[order[0]].value(side.report))
    return delivered(Comparison(sides, base, keys), output, format)


def _side(net: Net, others: Sequence[Side], *options: Any) -> Side:
    """A network of a comparison; its name is one that no other has."""
    subject = asked(net, None, *options)
    found = whole_report_of(subject, "the size")
    name = label(net)
    taken = [side.net for side in others]
    same = sum(one == name or one.startswith(f"{name} (") for one in taken)
    return Side(f"{name} ({same + 1})" if name in taken else name, found)


def _split(given: str | Iterable[str] | None) -> list[str]:
    """Names; a text has commas between them."""
    if given is None:
        return []
    names = given.split(",") if isinstance(given, str) else list(given)
    return [name.strip() for name in names if name.strip()]


class Difference(Result):
    """What changed between two networks: layers added, removed and changed, and totals."""

    FORMATS = ("table", "json", "markdown")

    def __init__(
        self, before: Report, after: Report, changes: Sequence[Change], exit_code: bool
    ) -> None:
        self.before = before
        self.after = after
        self.changes = tuple(changes)
        self._exit_code = exit_code

    def __bool__(self) -> bool:
        """Whether the networks differ."""
        return bool(self.changes) or self.before.totals != self.after.totals

    @property
    def exit_status(self) -> int:
        """1 where they differ and that was asked for."""
        return int(self._exit_code and bool(self))

    def document(self) -> RenderableType:
        from cnncalc.render.difference import difference_text

        return difference_text(self.changes, self.before, self.after)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.diff/1`."""
        from cnncalc.render.difference import difference_dict

        return difference_dict(self.changes, self.before, self.after)

    def to_markdown(self) -> str:
        """A comment for a pull request."""
        from cnncalc.render.difference import difference_markdown

        return difference_markdown(self.changes, self.before, self.after)

    def summary(self) -> str:
        from cnncalc.render.difference import summary

        return f"{self.before.name} → {self.after.name}: {summary(self.changes)}"


def diff(
    a: Net,
    b: Net | None = None,
    *,
    before: Parameters | None = None,
    after: Parameters | None = None,
    exit_code: bool = False,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    format: str | None = None,
    output: Path | None = None,
) -> Difference:
    """What changed from one network to another.

    Args:
        a: the network before, as `net` of `analyze`; `HEAD~1:net.yaml` is a file at a revision.
        b: the network after; `a` again where it is left out, for two variants of one file.
        before, after: values of parameters of one of them alone.
        exit_code: the command's exit status is 1 where they differ.
        input, set, parameters, batch, dtype: as of `analyze`, for both.
        format: `table`, `json` or `markdown`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such network or parameter, or only one.
        SpecError: a network cannot be used.
    """
    if b is None and not (before or after):
        raise UsageError("`diff` wants two networks", "or one, with --before or --after")
    shared = dict((set if set is not None else parameters) or {})
    one, two = [
        report_of(asked(net, None, input, {**shared, **(own or {})}, None, batch, dtype))
        for net, own in ((a, before), (a if b is None else b, after))
    ]
    found = changes_of(one.graph, two.graph)
    return delivered(Difference(one, two, found, exit_code), output, format)
