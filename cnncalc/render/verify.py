"""A verification as a table for terminals, and as JSON (`cnncalc.verify/1`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.receptive_field import is_known, unseen
from cnncalc.analysis.report import Report
from cnncalc.numerics.measurement import Failure, Measurement, Output
from cnncalc.render import numbers
from cnncalc.render.escape import plain
from cnncalc.render.json import inputs_list
from cnncalc.render.summary import heading
from cnncalc.verification.checks import RESTING, Check, Verification

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 12
"""At most so many mismatches of a check stand in the table; JSON has them all."""


class Title(NamedTuple):
    """What a check is called in words, and what was measured."""

    name: str
    evidence: str


TITLES = {
    "output_shape": Title("output shapes", "of the arrays kernels returned"),
    "params": Title("parameters", "of the weight arrays used"),
    "buffers": Title("buffers", "of the stored arrays used"),
    "macs": Title("MACs", "multiply-accumulates issued"),
    "activation_bytes": Title("activations", "memory the outputs own"),
    "peak_activation_bytes": Title("peak memory", "the most bytes alive at once"),
    "receptive_field": Title("receptive fields", "pixels sent through the windows"),
}


def verify_dict(
    report: Report, found: Verification, profile: bool, by_time: bool
) -> dict[str, Any]:
    """A verification as plain data."""
    run = found.run
    data: dict[str, Any] = {
        "schema": "cnncalc.verify/1",
        "name": report.name,
        "batch": report.batch,
        "dtype": report.dtype,
        "inputs": inputs_list(report),
        "passed": found.passed,
        "checks": [
            {
                "name": check.name,
                "layers": check.layers,
                "mismatches": [one._asdict() for one in check.mismatches],
            }
            for check in found.checks
        ],
        "peak_activation_bytes": {
            "predicted": found.predicted_peak,
            "measured": found.measured_peak,
        },
        "held_by_tests": list(RESTING),
        "seconds": round(run.seconds, 6),
    }
    if found.stated:
        data["stated"] = list(found.stated)
    if run.failure is not None:
        data["failure"] = run.failure._asdict()
    if run.outputs:
        data["scores"] = [_output(output) for output in run.outputs]
    if profile:
        data["profile"] = [
            {
                "layer": name,
                "kind": kind,
                "seconds": round(row.seconds, 9),
                "gflops": None if rate is None else round(rate, 3),
                "activation_bytes": row.activation_bytes,
            }
            for name, kind, row, rate in timings(report, run.measurements, by_time)
        ]
    return data


def _output(output: Output) -> dict[str, Any]:
    samples = [
        [{"index": list(score.place), "value": _finite(score.value)} for score in sample]
        for sample in output.scores
    ]
    return {"output": output.name, "samples": samples}


def _finite(value: float) -> float | None:
    """JSON knows no infinity and no `nan`."""
    return value if isfinite(value) else None


def document(
    report: Report, found: Verification, profile: bool = False, by_time: bool = False
) -> RenderableType:
    """Everything that `verify` shows."""
    from rich.console import Group
    from rich.text import Text

    run, blank = found.run, Text("")
    parts: list[RenderableType] = [
        Text(plain(report.name), "title"),
        Text(heading(report), "quiet"),
    ]
    resting = Text(f"  held by tests in place of a run: {', '.join(RESTING.values())}", "quiet")
    parts += [blank, _checks(report, found), resting, *_stated(found), blank]
    for check in found.checks:
        if not check.passed:
            parts += [_mismatches(check), blank]
    if run.failure is not None:
        parts += [_failure(run.failure), blank]
    if profile:
        parts += [_profile(report, run.measurements, by_time), blank]
    for output in run.outputs:
        parts += [_scores(output), blank]
    wrong = sum([not check.passed for check in found.checks])
    told = f" · {len(found.checks) - wrong} of {len(found.checks)} columns hold"
    verdict = ("passed", "passed") if found.passed else ("failed", "failed")
    return Group(*parts, Text.assemble(verdict, (f"{told} · {_seconds(run.seconds)}", "quiet")))


def _stated(found: Verification) -> list[RenderableType]:
    """The layers of which nothing is proven."""
    from rich.text import Text

    if not found.stated:
        return []
    names = ", ".join(map(plain, found.stated[:SHOWN]))
    more = f" and {len(found.stated) - SHOWN} more" if len(found.stated) > SHOWN else ""
    return [Text(f"  stated, not proven: {names}{more}", "warning")]


def _checks(report: Report, found: Verification) -> RenderableType:
    from cnncalc.render.listing import Listing, ListingColumn

    columns = {
        "mark": ListingColumn("", tight=True),
        "check": ListingColumn("", "strong"),
        "layers": ListingColumn("", number=True),
        "measured": ListingColumn("", number=True),
        "evidence": ListingColumn("", "quiet", wrap=True, least=20),
    }
    checks = found.checks
    rows = []
    for check in checks:
        title = TITLES[check.name]
        if check.passed:
            count = f"{check.layers} layer{'s' * (check.layers != 1)}"
        else:
            count = f"{len(check.mismatches)} of {check.layers} differ"
        mark = "✓" if check.passed else "✗"
        rows.append((mark, title.name, count, _total(check.name, report, found), title.evidence))
    roles = {
        "mark": ["passed" if check.passed else "failed" for check in checks],
        "layers": ["" if check.passed else "worse" for check in checks],
    }
    return Listing(columns, rows, cell_roles=roles, ruled=False)


def _total(check: str, report: Report, found: Verification) -> str:
    """What was measured of all layers together."""
    rows = found.run.measurements
    if check == "buffers":
        return numbers.exact(sum(row.buffers for row in rows))
    if check == "params":
        return numbers.exact(sum(row.params for row in rows))
    if check == "macs":
        return numbers.exact(sum(row.macs for row in rows))
    if check == "activation_bytes":
        return numbers.human_bytes(sum(row.activation_bytes for row in rows))
    if check == "peak_activation_bytes":
        return numbers.human_bytes(found.measured_peak)
    if check == "receptive_field":
        windows = sum(
            sum(row.output_shape[1:])
            for layer, row in zip(report.layers, rows, strict=False)
            for field in layer.fields
            if field is not None and is_known(field) and not unseen(field)
        )
        return f"{numbers.exact(windows)} windows"
    return ""


def _mismatches(check: Check) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.console import indented
    from cnncalc.render.listing import Listing, ListingColumn

    columns = {
        "layer": ListingColumn("layer", least=16),
        "predicted": ListingColumn("predicted", "warning", wrap=True, least=16),
        "measured": ListingColumn("measured", "strong", wrap=True, least=16),
    }
    shown = check.mismatches[:SHOWN]
    rows = [(one.layer, _value(one.predicted), _value(one.measured)) for one in shown]
    parts = [Text(TITLES[check.name].name, "failed"), indented(Listing(columns, rows))]
    if len(check.mismatches) > SHOWN:
        parts.append(Text(f"  and {len(check.mismatches) - SHOWN} more", "quiet"))
    return Group(*parts)


def _failure(failure: Failure) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.console import indented

    head = f"{failure.layer} could not be computed; the layers before it were compared"
    return Group(Text(plain(head), "failed"), indented(Text(plain(failure.reason))))


def _value(value: Any) -> str:
    """A predicted or measured value in words."""
    if isinstance(value, list):
        return numbers.shape(tuple(value))
    if isinstance(value, dict):
        pixels = value["pixels"]
        span = (
            "nothing" if pixels is None else f"pixels {_signed(pixels[0])} to {_signed(pixels[1])}"
        )
        return f"{span} in unit {value['unit']} of axis {value['axis']}"
    return numbers.exact(value) if isinstance(value, int) else str(value)


def _signed(value: int) -> str:
    return numbers.signed(value)


def timings(
    report: Report, rows: Sequence[Measurement], by_time: bool
) -> list[tuple[str, str, Measurement, float | None]]:
    """For each layer its name, kind, measurement, and billions of operations a second.

    A multiply-accumulate is two operations; layers without any have no rate.
    """
    found = [
        (layer.name, layer.kind, row, 2 * row.macs / row.seconds / 1e9 if row.macs else None)
        for layer, row in zip(report.layers, rows, strict=False)
    ]
    if by_time:
        found.sort(key=lambda row: -row[2].seconds)
    return found


def _profile(report: Report, rows: Sequence[Measurement], by_time: bool) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    columns = {
        "layer": ListingColumn("layer", least=12),
        "kind": ListingColumn("kind", "kind"),
        "time": ListingColumn("time", "time", number=True),
        "share": ListingColumn("share", "time", number=True),
        "rate": ListingColumn("GFLOP/s", "macs", number=True),
        "memory": ListingColumn("memory", "memory", number=True),
    }
    total = sum([row.seconds for row in rows]) or 1.0
    found = timings(report, rows, by_time)
    cells = [
        (
            name,
            kind,
            _seconds(row.seconds),
            f"{100 * row.seconds / total:.1f}%",
            "" if rate is None else f"{rate:,.1f}",
            numbers.human_bytes(row.activation_bytes) if row.activation_bytes else "",
        )
        for name, kind, row, rate in found
    ]
    bars = {"share": [round(row.seconds * 1e9) for _, _, row, _ in found]}
    table = Listing(columns, cells, bars=bars, yielding=("memory", "kind", "share", "rate"))
    return Group(table, Text(f"{_seconds(total)} in {len(rows)} layers", "quiet"))


def _scores(output: Output) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.console import indented
    from cnncalc.render.listing import Listing, ListingColumn

    columns = {"place": ListingColumn("", number=True), "value": ListingColumn("", "strong")}
    parts: list[RenderableType] = []
    for number, sample in enumerate(output.scores, start=1):
        title = f"largest values of {output.name}"
        if len(output.scores) > 1:
            title += f", sample {number}"
        rows = [(", ".join(map(str, score.place)), _decimal(score.value)) for score in sample]
        parts += [Text(plain(title), "strong"), indented(Listing(columns, rows, ruled=False))]
    return Group(*parts)


def _decimal(value: float) -> str:
    return f"{value: .6g}".replace("-", "−")


def _seconds(seconds: float) -> str:
    """`1.23 s`, or `4.5 ms` below a second."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
