"""`sweep`: totals over a grid of inputs, batches and parameters."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from cnncalc.api.reports import chosen
from cnncalc.api.result import Path, Result, columns, format_by_ending, terminal_width
from cnncalc.api.subject import Asked, Net, asked
from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.language.coerce import number, whole
from cnncalc.language.load import find
from cnncalc.language.network import Network
from cnncalc.shapes import Shape
from cnncalc.sweeping import run
from cnncalc.sweeping.choice import Aim, Condition, Front, aim, condition, metrics_of
from cnncalc.sweeping.grid import Coordinates, Grid, checked, inputs
from cnncalc.sweeping.measured import Measured
from cnncalc.sweeping.measured import measured as read_measured
from cnncalc.sweeping.points import (
    COLUMNS,
    METRICS,
    ON_DEMAND,
    Elaborates,
    Point,
    own_shapes,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

PLOTTED = 4000
"""So many points are drawn; of more, every second, fourth, … is left."""

FEW = 500
"""So many points are done before other processes have started."""

ROWS = ("csv", "jsonl", "json")
"""Formats that are written a point at a time."""

Points = Iterator[Point]


class Work(NamedTuple):
    """What a sweep works out, and where."""

    subject: run.Swept
    grid: Grid
    executor: Executor | None
    workers: int
    first: int
    """The points before it are in a file already."""
    admits: Condition | None
    progress: Callable[[Points, int], Points] | None
    measured: Measured = Measured()
    """Figures of one's own."""

    def points(self) -> Points:
        """The points of the grid that are admitted, worked out as they are asked for."""
        left = self.grid.count_of_points - self.first
        if self.executor is None and self.workers > 1 and left > FEW:
            with run.processes(self.workers) as executor:
                yield from self._replace(executor=executor).points()
            return
        found = run.sweep(self.subject, self.grid, self.executor, self.workers, self.first)
        if self.progress is not None:
            found = self.progress(found, left)
        for point in found:
            if self.measured.names:
                at = Coordinates(point.input_shape, point.batch, point.parameters)
                point = point._replace(measured=self.measured.of(at))
            if self.admits is None or (point.error is None and self.admits(point)):
                yield point


class Shown(NamedTuple):
    """What people see of a sweep: rows of a table, and points of a drawing."""

    rows: list[Point]
    more: int
    """Rows that are not shown."""
    drawn: list[Point]
    front: list[Point]
    axes: tuple[str, str] | None


class Sweep(Result):
    """The totals of a network over a grid: points, in the grid's order.

    Points are worked out as they are asked for; what was asked for once is kept.
    """

    FORMATS = ("table", "csv", "jsonl", "json", "svg", "html")

    def __init__(
        self,
        work: Work,
        aims: Sequence[Aim] = (),
        best: bool = False,
        columns: tuple[str, ...] = METRICS,
    ) -> None:
        self._work = work
        self.columns = columns
        """The totals and figures that are shown."""
        self._aims = tuple(aims)
        self._best = best
        self._kept: list[Point] | None = None
        self._iterator: Points | None = None

    @property
    def grid(self) -> Grid:
        """All points that there are."""
        return self._work.grid

    @property
    def points(self) -> tuple[Point, ...]:
        """All points of the result: of a choice, those that were chosen."""
        if self._kept is None:
            self._kept = list(self._work.points())
        return tuple(self._chosen(self._kept))

    def __iter__(self) -> Points:
        if self._aims or self._kept is not None:
            yield from self.points
            return
        kept = []
        for point in self._work.points():
            kept.append(point)
            yield point
        self._kept = kept

    def __next__(self) -> Point:
        if self._iterator is None:
            self._iterator = iter(self)
        return next(self._iterator)

    def __len__(self) -> int:
        return len(self.points)

    def _all(self) -> Iterable[Point]:
        """Every admitted point; they are not kept, however many there are."""
        return self._work.points() if self._kept is None else self._kept

    def _chosen(self, points: Iterable[Point]) -> list[Point]:
        if not self._aims:
            return list(points)
        front = Front(self._aims)
        for point in points:
            if point.error is None:
                front.add(point)
        return front.points[:1] if self._best else front.points

    def lines(self, format: str) -> Iterator[str]:
        """The text of a format that has a line a point, as the points come."""
        from cnncalc.render.sweep import csv_titles, point_csv, point_json

        names = tuple(self.grid.parameters)
        points = self._chosen(self._all()) if self._aims else self._all()
        if format == "csv":
            if not self._work.first:
                yield csv_titles(names, self.columns)
            for point in points:
                yield point_csv(point, self.columns)
        elif format == "jsonl":
            for point in points:
                yield point_json(point, self.columns) + "\n"
        else:
            yield '{"schema": "cnncalc.sweep/1", "points": ['
            for place, point in enumerate(points):
                yield f"{',' if place else ''}\n  {point_json(point, self.columns)}"
            yield "\n]}\n"

    def to_csv(self) -> str:
        """A row a point."""
        return "".join(self.lines("csv"))

    def to_jsonl(self) -> str:
        """A line of JSON a point."""
        return "".join(self.lines("jsonl"))

    def to_json(self) -> str:
        """One JSON document."""
        return "".join(self.lines("json"))

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.sweep/1`."""
        from cnncalc.render.sweep import point_dict

        points = [point_dict(point, self.columns) for point in self.points]
        return {"schema": "cnncalc.sweep/1", "points": points}

    def _shown(self) -> Shown:
        """What people see of it; of very many points a part, so that memory does not grow."""
        from cnncalc.render.sweep import SHOWN

        rows: list[Point] = []
        drawn: list[Point] = []
        more, every = 0, 1
        front = Front(self._aims)
        for place, point in enumerate(self._all()):
            if self._aims:
                if point.error is None:
                    front.add(point)
            elif len(rows) < SHOWN:
                rows.append(point)
            else:
                more += 1
            if point.error is None and place % every == 0:
                drawn.append(point)
                if len(drawn) > PLOTTED:
                    drawn = drawn[::2]
                    every *= 2
        if not self._aims:
            return Shown(rows, more, drawn, [], None)
        found = front.points[:1] if self._best else front.points
        axes = (self._aims[-1].metric, self._aims[0].metric) if len(self._aims) > 1 else None
        chosen = found if axes else []
        return Shown(found[:SHOWN], len(found[SHOWN:]), drawn, chosen[:SHOWN], axes)

    def document(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from cnncalc.render.sweep import sweep_plot, sweep_table

        shown, names = self._shown(), tuple(self.grid.parameters)
        table = sweep_table(shown.rows, names, shown.more, self.grid.varied, self.columns)
        parts: list[Any] = [table]
        if len(shown.drawn) > 2:
            x, y = shown.axes or axes_of(shown.drawn)
            points = [*shown.drawn, *shown.front]
            width = columns() or terminal_width() or 80
            parts += [Text(""), sweep_plot(points, x, y, shown.front, width)]
        return Group(*parts)

    def _drawing(self, shown: Shown) -> str:
        from cnncalc.render.sweep import sweep_svg

        subject = self._work.subject
        # of very many points the front is drawn whole all the same
        drawn = {id(point): point for point in (*shown.drawn, *shown.front)}.values()
        x, y = shown.axes or axes_of([point for point in drawn if point.error is None])
        return sweep_svg(subject.net, [*drawn], x, y, shown.front, subject.dtype)

    def to_svg(self) -> str:
        """A drawing of all points, and of the front as a line."""
        return self._drawing(self._shown())

    def to_html(self) -> str:
        """The drawing above a table, for any browser."""
        from cnncalc.render.sweep import sweep_html

        shown = self._shown()
        names = (self.grid.varied, *self.grid.parameters)
        net, front = self._work.subject.net, bool(shown.front)
        return sweep_html(
            net, self._drawing(shown), shown.rows, names, front, shown.more, self.columns
        )

    def save(self, path: Path, format: str | None = None) -> None:
        """Write the points to a file; rows are written as they come.

        Raises:
            UsageError: there is no such format, or the file cannot be written.
        """
        target = fspath(path)
        form = self.format_of(target, format)
        if form not in ROWS:
            super().save(path, form)
            return
        with _open(target, "w") as stream:
            for line in self.lines(form):
                stream.write(line)

    def summary(self) -> str:
        return f"{self._work.subject.net}: {self.grid.count_of_points:,} points"


def sweep(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Iterable[Any] | str | None = None,
    batch: Iterable[Any] | int = (1,),
    set: Mapping[str, Iterable[Any]] | None = None,
    parameters: Mapping[str, Iterable[Any]] | None = None,
    dtype: str | None = None,
    inplace: bool = False,
    where: str | None = None,
    pareto: str | Iterable[str] | None = None,
    best: str | None = None,
    columns: str | Iterable[str] = (),
    measured: Path | None = None,
    jobs: int = 1,
    resume: Path | None = None,
    executor: Executor | None = None,
    workers: int = 1,
    format: str | None = None,
    output: Path | None = None,
    progress: Callable[[Points, int], Points] | None = None,
) -> Sweep:
    """The totals of a network over a grid, in the grid's order.

    Args:
        net, yaml: as of `analyze`.
        input: input shapes, or sizes for every spatial axis (`range(128, 513, 32)`,
            `"128:512:32"`); the network's own where left out.
        batch: batch sizes.
        set: for each parameter of the file its values.
        parameters: another name of `set`.
        dtype, inplace: as of `analyze`.
        where: a condition on points, as in `macs <= 300M and params <= 5M`.
        pareto: metrics; only what no other point beats is kept (`+METRIC`: more is better).
        best: a metric; only the point that is best in it is kept.
        columns: the totals to show; `model_bytes` and `training_bytes` (a step with Adam) too.
        measured: a CSV file with figures of one's own, such as an accuracy; its columns `input`,
            `batch` or a parameter say of which points a row is. They are metrics as the totals are.
        jobs: processes that work points out, where there are many.
        resume: a CSV or JSONL file of the same sweep to go on in.
        executor: where points are worked out: any `concurrent.futures.Executor`; here without.
        workers: how many tasks of the executor run at a time.
        format: `table`, `csv`, `jsonl`, `json`, `svg` or `html`.
        output: a file to write, in the format of its ending.
        progress: passes the points on, which it is told the number of; a bar, for example.

    Raises:
        UsageError: there is no such network, parameter, input or type.
        SpecError: the network cannot be used.
    """
    if (net is None) == (yaml is None):
        raise UsageError("`sweep` wants a network or the text of one", "`net` or `yaml`")
    if pareto and best:
        raise UsageError("`--pareto` and `--best` choose both", "one of them")
    if set is not None and parameters is not None:
        raise UsageError("`parameters` is another name of `set`", "leave one of them out")
    subject = _swept(net, yaml, dtype, inplace)
    network = subject.network()
    given = {name: _values(values) for name, values in (set or parameters or {}).items()}
    first = {name: values[0] for name, values in given.items() if values}
    shapes: Mapping[str, Shape]
    if input is None and not given:
        shapes = network.graph(first, None).input_shapes
    else:  # a network that does not fit its own input may fit others
        shapes = own_shapes(network, first)
    _refuse_unused(network, given)
    name, own = next(iter(shapes.items()))
    sizes = (own,) if input is None else _inputs(input, own)
    batches = _batches(batch)
    if not sizes or not batches or not all(given.values()):
        raise UsageError("the grid has an axis without values")
    grid = checked(Grid(sizes, batches, given, name if len(shapes) > 1 else "input"))
    figures = Measured() if measured is None else read_measured(fspath(measured), grid)
    own_names = figures.names
    admits = condition(where, tuple(given), own_names) if where else None
    aims = tuple([aim(one, own_names) for one in _split(pareto or best)])
    named = {one.metric for one in aims} | metrics_of(where or "")
    keys = chosen(_split(columns), "total", (*COLUMNS, *own_names))
    keys = keys or (*METRICS, *[key for key in ON_DEMAND if key in named], *own_names)
    wanted = tuple([key for key in ON_DEMAND if key in keys or key in named])
    if wanted:
        subject = subject.with_columns(wanted)
    path = None if resume is None else fspath(resume)
    done = 0
    if path is not None:
        form = format or format_by_ending(path, Sweep.FORMATS) or "table"
        done = _done(path, form, output, grid, keys)
    workers = whole(jobs, "`jobs`") if executor is None and jobs != 1 else workers
    work = Work(subject, grid, executor, workers, done, admits, progress, figures)
    result = Sweep(work, aims, bool(best), keys)
    if format is not None:
        result.refuse(format)
        result.format = format
    if path is not None:
        with _open(path, "a") as stream:
            for line in result.lines(form):
                stream.write(line)
    elif output is not None:
        result.save(output, format)
    return result


def _refuse_unused(network: Elaborates, given: Mapping[str, Any]) -> None:
    """Refuse to vary a parameter that changes nothing.

    Raises:
        UsageError: nothing in the file uses it.
    """
    if not given or not isinstance(network, Network):
        return
    unused = network.unused().parameters
    for name, values in given.items():
        if name in unused and len(values) > 1:
            used = [one for one in network.parameters if one not in unused]
            raise UsageError(
                f"`--set {name}`: nothing in {network.source.label} uses `{name}`, so that all "
                "points would be the same",
                f"parameters that layers use: {', '.join(used)}" if used else None,
            )


class Held:
    """A network that is at hand, as what is swept: other processes cannot have it."""

    def __init__(self, asked: Asked, columns: tuple[str, ...] = ()) -> None:
        self.asked = asked
        self.columns = columns
        self.net = asked.label
        self.dtype = asked.settings.dtype
        self.inplace = asked.settings.inplace

    def with_columns(self, columns: tuple[str, ...]) -> Held:
        """The same with totals on demand."""
        return Held(self.asked, columns)

    def network(self) -> Elaborates:
        """The network, with the parameters that it was loaded with."""
        return self

    def graph(self, changes: Mapping[str, Any] | None = None, input: Any = None) -> Graph:
        """Its graph for given parameters and input."""
        given = self.asked.input if input is None else input
        return self.asked.network.graph({**self.asked.changes, **(changes or {})}, given)

    def __getstate__(self) -> Any:
        raise UsageError(
            f"{self.net} is an object of this process, which others cannot have",
            "leave `jobs` out, or name a file",
        )


def _swept(net: Any, yaml: str | None, dtype: str | None, inplace: bool) -> run.Swept:
    """What is swept, such that another process can find it where that can be."""
    if yaml is not None:
        asked(None, yaml, dtype=dtype, inplace=inplace)
        return run.SweepSource("<yaml>", yaml, dtype or "float32", inplace)
    if isinstance(net, str | PathLike):
        path = fspath(net)
        if path == "-":
            return run.SweepSource(path, find(path).text, dtype or "float32", inplace)
        opened = asked(net, dtype=dtype, inplace=inplace)
        if opened.changes:
            return Held(opened)
        return run.SweepSource(path, None, dtype or "float32", inplace)
    return Held(asked(net, None, dtype=dtype, inplace=inplace))


def _inputs(given: Iterable[Any] | str, own: Shape) -> tuple[Shape, ...]:
    """Shapes of the input, or sizes for every spatial axis."""
    if isinstance(given, str):
        return inputs(given, own)
    return tuple([_shape(size, own) for size in given])


def _shape(size: Any, own: Shape) -> Shape:
    if isinstance(size, Sequence):
        return tuple([whole(one, "a size of `input`") for one in size])
    return (own[0], *[whole(size, "a size of `input`") for _ in own[1:]])


def _batches(given: Iterable[Any] | int) -> tuple[int, ...]:
    sizes = given if isinstance(given, Iterable) else (given,)
    found = tuple([whole(size, "a batch") for size in sizes])
    if found and min(found) < 1:
        raise UsageError("a batch is a whole number from 1 on")
    return found


def _values(given: Any) -> tuple[Any, ...]:
    """A parameter's values; whatever has `__index__` is a whole number."""
    values = given if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    return tuple([one if isinstance(one, str) else _value(one) for one in values])


def _value(given: Any) -> Any:
    try:
        return number(given)
    except (TypeError, ValueError):
        return given


def _split(given: str | Iterable[str] | None) -> list[str]:
    """Names; a text has commas between them."""
    if given is None:
        return []
    names = given.split(",") if isinstance(given, str) else list(given)
    return [name.strip() for name in names if name.strip()]


def axes_of(points: Iterable[Point]) -> tuple[str, str]:
    """MACs against parameters, or against the peak where the parameters are the same throughout."""
    varies = len({point.params for point in points}) > 1
    return "macs", "params" if varies else "peak_activation_bytes"


def _open(path: str, mode: str) -> TextIO:
    try:
        # closed by whoever writes into it
        stream: Any = open(path, mode, encoding="utf-8", newline="", buffering=1)  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None
    return stream  # type: ignore[no-any-return]


def _done(path: str, form: Any, output: Path | None, grid: Grid, keys: Sequence[str]) -> int:
    """How many points of the grid a file has already; what stands behind the last whole one goes.

    Raises:
        UsageError: the file is of another sweep, or cannot be gone on with.
    """
    if output is not None:
        raise UsageError("`--resume FILE` writes into that file", "leave `--output` out")
    if form not in ("csv", "jsonl"):
        raise UsageError(f"`--resume {path}`: only .csv and .jsonl can be gone on with")
    if not os.path.exists(path):
        return 0
    from cnncalc.render.sweep import csv_titles

    with _open(path, "r+") as stream:
        whole_lines = last = 0
        previous = title = ""
        while line := stream.readline():
            if not line.endswith("\n"):
                break
            title = title or line
            last, whole_lines = whole_lines, whole_lines + len(line.encode())
            previous = line
        if form == "csv" and whole_lines and title != csv_titles(tuple(grid.parameters), keys):
            raise UsageError(f"{path} is of another sweep", "its columns differ")
        rows = whole_lines > 0 and (form == "jsonl" or last > 0)
        done = 0
        if rows:
            try:
                done = grid.number(_coordinates(previous, form, grid)) + 1
            except (ValueError, KeyError, IndexError, TypeError):
                raise UsageError(
                    f"{path} is of another sweep",
                    f"its last row, `{previous.strip()[:60]}`, is no point",
                ) from None
        stream.seek(0 if not rows else whole_lines)
        stream.truncate()
    return done


def _coordinates(line: str, form: str, grid: Grid) -> Coordinates:
    """The point that a row is of."""
    if form == "jsonl":
        row = json.loads(line)
        return Coordinates(tuple(row["input_shape"]), row["batch"], row["parameters"])
    (cells,) = csv.reader([line])
    shape = tuple(map(int, cells[0].split("x")))
    texts = cells[2 : 2 + len(grid.parameters)]
    values = {
        name: next(value for value in known if str(value) == text)
        for (name, known), text in zip(grid.parameters.items(), texts, strict=True)
    }
    return Coordinates(shape, int(cells[1]), values)
