"""`deploy`: a network on a microcontroller."""

from __future__ import annotations

import os
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Asked, Net, Parameters, Shaped, Subject, asked, graph_of
from cnncalc.deployment.deploy import (
    TARGETS,
    Deployment,
    better_file,
    deploy_file,
    deploy_graph,
    with_budget,
    with_patches,
    with_search,
)
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.tflite.file import TfliteFile, read_bytes
from cnncalc.language.coerce import whole
from cnncalc.language.forms.budget import parse_amount
from cnncalc.output import write_file

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cnncalc.graph import Graph
    from cnncalc.shapes import Shape

TFLITE = (".tflite", ".lite")


class Deployed(Result):
    """A network on a microcontroller: operators, arena, flash, plans."""

    FORMATS = ("table", "json", "markdown", "csv", "svg", "html")

    def __init__(
        self,
        deployment: Deployment,
        file: tuple[bytes, TfliteFile] | None,
        exact: bool = False,
        totals: bool = False,
        operators_only: bool = False,
    ) -> None:
        self.deployment = deployment
        self._operators_only = operators_only
        self._file = file
        self._exact = exact
        self._totals = totals

    @property
    def head(self) -> int:
        """Bytes of activations and scratch."""
        return self.deployment.head

    @property
    def tail(self) -> int:
        """Bytes of what the interpreter keeps beside them, on 32-bit microcontrollers."""
        return self.deployment.tail.total

    @property
    def arena(self) -> int:
        """Bytes of RAM on a 32-bit microcontroller."""
        return self.deployment.arena

    @property
    def flash(self) -> int:
        """Bytes of the file."""
        return self.deployment.flash_bytes

    @property
    def fits(self) -> bool:
        """Whether it fits into the budgets there are."""
        return self.deployment.fits

    @property
    def exit_status(self) -> int:
        """1 where a budget is exceeded."""
        return int(not self.fits)

    def document(self) -> RenderableType:
        from cnncalc.render.deploy import document, operators_document

        if self._operators_only:
            return operators_document(self.deployment, self._exact)
        return document(self.deployment, exactly=self._exact, totals=self._totals)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.deploy/1`."""
        from cnncalc.render.deploy_formats import deploy_dict

        return deploy_dict(self.deployment)

    def to_csv(self) -> str:
        """A row an operator."""
        from cnncalc.render.deploy_formats import deploy_csv

        return deploy_csv(self.deployment)

    def to_markdown(self) -> str:
        """The operators and what they take."""
        from cnncalc.render.deploy_formats import deploy_markdown

        return deploy_markdown(self.deployment)

    def to_svg(self) -> str:
        """The plan as a drawing: time across, address up."""
        from cnncalc.render.deploy_formats import plan_svg

        return plan_svg(self.deployment)

    def to_html(self) -> str:
        """A page with the plan and the operators."""
        from cnncalc.render.deploy_formats import deploy_html

        return deploy_html(self.deployment)

    def to_tflite(self) -> bytes:
        """The file with the better plan in it.

        Raises:
            UsageError: it was no file, or no plan was looked for.
        """
        if self._file is None:
            raise UsageError(
                "only a .tflite file can be written with a better plan",
                "convert the network first: `cnncalc convert NET --to keras`",
            )
        if self.deployment.search is None:
            raise UsageError("a .tflite file is written with a plan", "add --plan")
        return better_file(*self._file, self.deployment)

    def save(self, path: Path, format: str | None = None) -> None:
        """Write it to a file: `.tflite` with the better plan, else as its ending says.

        Raises:
            UsageError: it has no such format, or the file cannot be written.
        """
        target = fspath(path)
        if target.lower().endswith(TFLITE):
            write_file(target, self.to_tflite())
            return
        super().save(path, format)

    def summary(self) -> str:
        from cnncalc.render.numbers import human_bytes

        found = self.deployment
        return (
            f"{found.program.name}: arena {human_bytes(found.arena)}, "
            f"flash {human_bytes(found.flash_bytes)}"
        )


def deploy(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    target: str = "tflm",
    dtype: str | None = None,
    float_ends: bool = False,
    same: bool = False,
    plan: bool = False,
    patches: bool = False,
    budget: int | str | None = None,
    flash: int | str | None = None,
    totals: bool = False,
    exact: bool = False,
    format: str | None = None,
    output: Path | None = None,
) -> Deployed:
    """What a network takes on a microcontroller: operators, arena, flash, and a plan.

    Args:
        net, yaml, input, set, parameters: as of `analyze`; a `.tflite` file is taken as it is.
        target: the interpreter: `tflm`.
        dtype: `int8` (the default) or `float32`.
        float_ends: inputs and outputs stay float32.
        same: padding on both sides of strided layers is taken as Keras' `same`.
        plan: look for a better order of operators and better places of buffers.
        patches: what running the first layers patch by patch takes.
        budget, flash: RAM and flash there are, as in `256KiB`; gives what would make it fit.
        totals: without the operators.
        exact: exact numbers in the table.
        format: `table`, `json`, `markdown`, `csv`, `svg` or `html`.
        output: a file to write, in the format of its ending; `.tflite` with the better plan.

    Raises:
        UsageError: there is no such network, or a layer has no operator.
        SpecError: the network cannot be used.
    """
    if target not in TARGETS:
        raise UsageError(f"there is no target `{target}`", f"one of {', '.join(TARGETS)}")
    if dtype not in (None, "int8", "float32"):
        raise UsageError(f"`{dtype}` is no type of this", "int8 or float32")
    ram, rom = _bytes(budget, "budget"), _bytes(flash, "flash")
    path = _tflite_path(net) if yaml is None else None
    file: tuple[bytes, TfliteFile] | None = None
    graph: Graph | None = None
    rebuild = None
    type_ = dtype or "int8"
    if path is not None:
        given = input is not None or set or parameters
        if given:
            raise UsageError("a .tflite file has its input and no parameters", "leave them out")
        if float_ends or same or dtype is not None:
            raise UsageError("a .tflite file is taken as it is", "leave the option out")
        data = _read(path)
        file = data, read_bytes(data, path)
        found = deploy_file(file[1])
    else:
        subject = asked(net, yaml, input, set, parameters)
        graph = _graph(subject)

        def rebuild(changed: dict[str, object], shape: Shape | None) -> Graph:
            return _graph(
                subject._replace(
                    changes={**subject.changes, **changed},
                    input=subject.input if shape is None else shape,
                )
            )

        found = deploy_graph(graph, dtype=type_, floats_at_ends=float_ends, same=same)
    if plan:
        found = with_search(found)
    found = with_budget(
        found, ram, rom, graph, rebuild, dtype=type_, floats_at_ends=float_ends, same=same
    )
    if patches:
        found = with_patches(found)
    return delivered(Deployed(found, file, exact, totals), output, format)


def operators_of(
    subject: Asked, dtype: str | None, exact: bool, format: str | None, output: Path | None
) -> Deployed:
    """The operators that a converter leaves of a network, without what they take.

    Raises:
        UsageError: a layer has no operator.
    """
    if dtype not in (None, "int8", "float32"):
        raise UsageError(f"`{dtype}` is no type of this", "int8 or float32")
    path = _tflite_path(subject.label)
    if path is None:
        found = deploy_graph(_graph(subject), dtype=dtype or "int8")
    else:
        found = deploy_file(read_bytes(_read(path), path))
    return delivered(Deployed(found, None, exact, operators_only=True), output, format)


def _graph(subject: Asked) -> Graph:
    found: Graph = graph_of(subject)
    return found


def _tflite_path(net: Any) -> str | None:
    """The path of a TensorFlow Lite file; `None` of another network."""
    if isinstance(net, Subject):
        net = net.asked.label
    if not isinstance(net, str | PathLike):
        return None
    path = os.fsdecode(fspath(net))
    return path if path.lower().endswith(TFLITE) else None


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None


def _bytes(given: int | str | None, option: str) -> int | None:
    """An amount of bytes.

    Raises:
        UsageError: it is none.
    """
    if given is None or not isinstance(given, str):
        return None if given is None else whole(given, f"`{option}`")
    amount = parse_amount(given, "memory")
    if amount is None:
        raise UsageError(f"`--{option} {given}` is no amount of bytes", "as in 256KiB or 1MiB")
    return amount
