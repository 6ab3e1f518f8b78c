"""`verify`: every column proven by running the network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from cnncalc.api.reports import Report, report_of
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Net, Parameters, Shaped, asked
from cnncalc.diagnostics import UsageError, did_you_mean
from cnncalc.language.coerce import whole

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cnncalc.verification.checks import Check, Verification

Observer = Callable[[int, Any], None]
"""Told of each layer when it starts, and when it has run with what was measured."""


class Verified(Result):
    """What was predicted of a network, held against a run of it."""

    FORMATS = ("table", "json")

    def __init__(
        self, report: Report, verification: Verification, profile: bool, by_time: bool
    ) -> None:
        self.report = report
        self.verification = verification
        self._profile = profile
        self._by_time = by_time

    @property
    def passed(self) -> bool:
        """Whether every layer ran and no column differs."""
        return self.verification.passed

    @property
    def checks(self) -> tuple[Check, ...]:
        """The columns, each held against the run."""
        return self.verification.checks

    @property
    def exit_status(self) -> int:
        """1 where a column does not hold."""
        return int(not self.passed)

    def document(self) -> RenderableType:
        from cnncalc.render.verify import document

        return document(self.report, self.verification, self._profile, self._by_time)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.verify/1`."""
        from cnncalc.render.verify import verify_dict

        return verify_dict(self.report, self.verification, self._profile, self._by_time)

    def summary(self) -> str:
        return f"{self.report.name}: {'passed' if self.passed else 'failed'}"


def verify(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    threads: int | None = None,
    seed: int = 0,
    weights: Path | None = None,
    image: Path | Iterable[Path] | Mapping[str, Path] = (),
    output_scores: int | None = None,
    profile: bool = False,
    sort: str = "order",
    format: str | None = None,
    output: Path | None = None,
    progress: Callable[[Report], AbstractContextManager[Observer]] | None = None,
) -> Verified:
    """Run a network in NumPy and hold every column of `analyze` against what happened.

    Args:
        net, yaml, input, set, parameters, batch: as of `analyze`.
        dtype: `float32` or `float64`.
        threads: threads; all cores where left out.
        seed: seed of weights and input.
        weights: a file with arrays, `.npz` or `.safetensors`.
        image: the input, a `.npy` file of (channels, height, width); of several inputs by name.
        output_scores: show so many of the largest values of every output.
        profile: show time, GFLOP/s and memory of every layer.
        sort: with `profile`, rows in execution `order`, or by `time`, slowest first.
        format: `table` or `json`.
        output: a file to write, in the format of its ending.
        progress: makes of the report a context in which a function is told of each layer.

    Raises:
        UsageError: there is no such network, or it needs more memory than there is.
        SpecError: the network cannot be used.
    """
    if sort not in ("order", "time"):
        raise UsageError(f"there is no order `{sort}`", "`order` or `time`")
    if sort == "time" and not profile:
        raise UsageError("`--sort time` goes with `--profile`")
    if dtype not in (None, "float32", "float64"):
        raise UsageError(f"the run has no type `{dtype}`", "float32 or float64")
    subject = asked(net, yaml, input, set, parameters, batch, dtype)
    found = report_of(subject)
    # what runs networks brings NumPy
    from cnncalc.exchange.weights import own_arrays
    from cnncalc.numerics.measurement import Options
    from cnncalc.numerics.run.measure import measure
    from cnncalc.verification.checks import compare

    settings = subject.settings
    files = images_by_input(_images(image), list(found.inputs))
    stored = None if weights is None else fspath(weights)
    scores = 0 if output_scores is None else whole(output_scores, "`output_scores`")
    count = _cores() if threads is None else whole(threads, "`threads`")
    seed = whole(seed, "`seed`")
    options = Options(settings.batch, settings.dtype, count, seed, stored, files, scores)
    require_memory(found)
    ignored: AbstractContextManager[Observer] = nullcontext(lambda index, measured: None)
    try:
        with ignored if progress is None else progress(found) as observer:
            run = measure(
                found.graph, options, observer, lambda: own_arrays(subject.network, subject.input)
            )
            verification = compare(found, run)
    except MemoryError:
        raise UsageError("the run needs more memory than there is", needs(found)) from None
    return delivered(Verified(found, verification, profile, sort == "time"), output, format)


def _images(given: Path | Iterable[Path] | Mapping[str, Path]) -> tuple[str, ...]:
    """The files of images as the command line writes them."""
    if isinstance(given, str | PathLike):
        return (fspath(given),)
    if isinstance(given, Mapping):
        return tuple([f"{name}={fspath(path)}" for name, path in given.items()])
    return tuple([fspath(path) for path in given])


def images_by_input(values: tuple[str, ...], inputs: list[str]) -> dict[str, str]:
    """The files of `--image` by the inputs that they are.

    Raises:
        UsageError: no input of that name, one of several without a name, or one given twice.
    """
    files: dict[str, str] = {}
    for value in values:
        name, sign, path = value.partition("=")
        if not sign or (len(inputs) == 1 and name not in inputs):
            name, path = inputs[0], value  # a file's name may hold the sign
            if len(inputs) > 1:
                raise UsageError(
                    f"`--image {value}`: the network has the inputs {', '.join(inputs)}",
                    f"say which one it is, as in `--image {inputs[0]}={value}`",
                )
        if name not in inputs:
            raise UsageError(
                f"`--image {value}`: the network has no input `{name}`",
                did_you_mean(name, inputs),
            )
        if name in files:
            raise UsageError(f"`--image` gives `{name}` twice")
        files[name] = path
    return files


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_memory(found: Report) -> None:
    """Refuse a run that does not fit into memory, with the figures.

    Raises:
        UsageError: there is less than it takes.
    """
    from cnncalc.render.numbers import human_bytes
    from cnncalc.verification.memory import too_little

    there = too_little(found)
    if there is not None:
        smaller = "a smaller --batch or --input"
        raise UsageError(
            f"the run takes {needs(found)}, and {human_bytes(there)} are available",
            smaller if found.dtype == "float32" else f"{smaller}, or --dtype float32",
        )


def needs(found: Report) -> str:
    """What a run takes, in words."""
    from cnncalc.render.numbers import human_bytes
    from cnncalc.verification.memory import need

    takes = need(found)
    return (
        f"{human_bytes(takes.total)} ({human_bytes(takes.weights)} weights + "
        f"{human_bytes(takes.activations)} activations + "
        f"{human_bytes(takes.workspace)} working space)"
    )
