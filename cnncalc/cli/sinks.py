"""Where the points of a sweep go: rows that are written as they come, or a table at the end."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable
from typing import Any, Protocol, TextIO

from cnncalc.cli.common import deliver, show, terminal_width
from cnncalc.diagnostics import UsageError
from cnncalc.render.sweep import SHOWN, csv_titles, point_csv, point_json, sweep_plot, sweep_table
from cnncalc.sweeping.grid import Coordinates, Grid
from cnncalc.sweeping.points import Point

PLOTTED = 4000
"""So many points are drawn; of more, every second, fourth, … is left."""


ENDINGS = {
    "csv": "csv",
    "jsonl": "jsonl",
    "json": "json",
    "svg": "svg",
    "html": "html",
    "htm": "html",
}
"""The format of each ending."""


class Sink:
    """What takes the points in."""

    done = 0
    """Points of the grid that need not be worked out again."""

    def see(self, point: Point) -> None:
        """A point was worked out."""

    def add(self, point: Point) -> None:
        """A point is part of the result."""
        raise NotImplementedError

    def end(self, plotted: tuple[str, str] | None) -> None:
        """All points are there; `plotted` are the metrics of a plot's axes."""

    def close(self) -> None:
        """Nothing more comes, whatever the reason."""


class Rows(Sink):
    """CSV or JSON, a line a point, written as they come."""

    def __init__(self, stream: TextIO, format_: str, grid: Grid, done: int, own: bool) -> None:
        self.stream = stream
        self.format = format_
        self.done = done
        self.own = own
        self.first = True
        if format_ == "csv" and not done:
            stream.write(csv_titles(tuple(grid.parameters)))
        elif format_ == "json":
            stream.write('{"schema": "cnncalc.sweep/1", "points": [')

    def add(self, point: Point) -> None:
        if self.format == "csv":
            text = point_csv(point)
        elif self.format == "jsonl":
            text = point_json(point) + "\n"
        else:
            text = f"{'' if self.first else ','}\n  {point_json(point)}"
        self.first = False
        self.stream.write(text)

    def end(self, plotted: tuple[str, str] | None) -> None:
        if self.format == "json":
            self.stream.write("\n]}\n")

    def close(self) -> None:
        if self.own:
            self.stream.close()
        else:
            self.stream.flush()


class People(Sink):
    """A table of the first points and a plot of all, of very many a part."""

    def __init__(self, grid: Grid, output: str | None) -> None:
        self.names = tuple(grid.parameters)
        self.varied = grid.varied
        self.output = output
        self.kept: list[Point] = []
        self.more = 0
        self.seen: list[Point] = []
        self.every, self.count = 1, 0

    def see(self, point: Point) -> None:
        if point.error is None and self.count % self.every == 0:
            self.seen.append(point)
            if len(self.seen) > PLOTTED:
                self.seen = self.seen[::2]
                self.every *= 2
        self.count += 1

    def add(self, point: Point) -> None:
        if len(self.kept) < SHOWN:
            self.kept.append(point)
        else:
            self.more += 1

    def end(self, plotted: tuple[str, str] | None) -> None:
        from rich.console import Group
        from rich.text import Text

        parts: list[Any] = [sweep_table(self.kept, self.names, self.more, self.varied)]
        if len(self.seen) > 2:
            x, y = plotted or _axes(self.seen)
            width = terminal_width(self.output) or 80
            front = self.kept if plotted else []
            parts += [Text(""), sweep_plot([*self.seen, *front], x, y, front, width)]
        show(Group(*parts), self.output)


class Drawing(People):
    """A drawing of all points, of very many a part; in HTML a table of the first ones below it."""

    def __init__(self, net: str, dtype: str, format_: str, grid: Grid, output: str | None) -> None:
        super().__init__(grid, output)
        self.net = net
        self.dtype = dtype
        self.format = format_

    def end(self, plotted: tuple[str, str] | None) -> None:
        from cnncalc.render.sweep import sweep_html, sweep_svg

        front = self.kept if plotted else []
        # of very many points the front is drawn whole all the same
        drawn = {id(point): point for point in (*self.seen, *front)}.values()
        x, y = plotted or _axes([point for point in drawn if point.error is None])
        drawing = sweep_svg(self.net, [*drawn], x, y, front, self.dtype)
        if self.format == "html":
            drawing = sweep_html(
                self.net, drawing, self.kept, (self.varied, *self.names), bool(front), self.more
            )  # fmt: skip
        deliver(drawing, self.output, data=True)


def _axes(points: Iterable[Point]) -> tuple[str, str]:
    """MACs against parameters, or against the peak where the parameters are the same throughout."""
    varies = len({point.params for point in points}) > 1
    return "macs", "params" if varies else "peak_activation_bytes"


class Subject(Protocol):
    """What is swept: its name, and the type of its values."""

    @property
    def net(self) -> str: ...
    @property
    def dtype(self) -> str: ...


def opened(
    format_: str | None, output: str | None, resume: str | None, grid: Grid, subject: Subject
) -> Sink:
    """The sink that the options ask for.

    Raises:
        UsageError: the file cannot be written, or is of another sweep.
    """
    path = resume or output
    ending = os.path.splitext(path)[1][1:].lower() if path else ""
    kind = format_ or ENDINGS.get(ending, "table")
    if resume is not None:
        if output is not None:
            raise UsageError("`--resume FILE` writes into that file", "leave `--output` out")
        if kind not in ("csv", "jsonl"):
            raise UsageError(f"`--resume {resume}`: only .csv and .jsonl can be gone on with")
        return _resumed(resume, kind, grid)
    if kind == "table":
        return People(grid, output)
    if kind in ("svg", "html"):
        return Drawing(subject.net, subject.dtype, kind, grid, output)
    if output is None:
        return Rows(sys.stdout, kind, grid, 0, own=False)
    return Rows(_open(output, "w"), kind, grid, 0, own=True)


def _open(path: str, mode: str) -> TextIO:
    try:
        # closed by the sink
        stream: Any = open(path, mode, encoding="utf-8", newline="", buffering=1)  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None
    return stream  # type: ignore[no-any-return]


def _resumed(path: str, kind: str, grid: Grid) -> Sink:
    """Rows that go on behind the last whole one of a file."""
    if not os.path.exists(path):
        return Rows(_open(path, "w"), kind, grid, 0, own=True)
    stream = _open(path, "r+")
    whole = last = 0
    line = previous = ""
    title = ""
    while line := stream.readline():
        if not line.endswith("\n"):
            break
        title = title or line
        last, whole = whole, whole + len(line.encode())
        previous = line
    if kind == "csv" and whole and title != csv_titles(tuple(grid.parameters)):
        stream.close()
        raise UsageError(f"{path} is of another sweep", "its columns differ")
    rows = whole > 0 and (kind == "jsonl" or last > 0)
    done = 0
    if rows:
        try:
            done = grid.number(_coordinates(previous, kind, grid)) + 1
        except (ValueError, KeyError, IndexError, TypeError):
            stream.close()
            raise UsageError(
                f"{path} is of another sweep",
                f"its last row, `{previous.strip()[:60]}`, is no point",
            ) from None
    stream.seek(0 if not rows else whole)
    stream.truncate()
    return Rows(stream, kind, grid, done, own=True)


def _coordinates(line: str, kind: str, grid: Grid) -> Coordinates:
    """The point that a row is of."""
    if kind == "jsonl":
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
