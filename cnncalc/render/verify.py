"""A verification as a table for terminals, and as JSON (`cnncalc.verify/1`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

from cnncalc.analysis.receptive_field import unseen
from cnncalc.analysis.report import Report
from cnncalc.numerics.run.checks import Check, Measurement, Mismatch, Output, Run
from cnncalc.render import numbers
from cnncalc.render.escape import plain
from cnncalc.render.json import dumps, inputs_list
from cnncalc.render.spans import Line, Span, cut, pad, width, wrap
from cnncalc.render.summary import heading

GAP = 2
SHOWN = 12
"""At most so many mismatches of a check stand in the table; JSON has them all."""
NAME_WIDTH = 40


class Title(NamedTuple):
    """What a check is called in words, and what was measured."""

    name: str
    evidence: str


TITLES = {
    "output_shape": Title("output shapes", "of the arrays kernels returned"),
    "params": Title("parameters", "of the weight arrays used"),
    "macs": Title("MACs", "issued to matrix products"),
    "activation_bytes": Title("activations", "memory the outputs own"),
    "peak_activation_bytes": Title("peak memory", "the most bytes alive at once"),
    "receptive_field": Title("receptive fields", "pixels sent through the windows"),
}


def verify_dict(report: Report, run: Run, profile: bool, by_time: bool) -> dict[str, Any]:
    """A verification as plain data."""
    found = run.verification
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
        "seconds": round(found.seconds, 6),
    }
    if found.failure is not None:
        data["failure"] = {"layer": found.failure.layer, "reason": found.failure.measured}
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


def verify_json(report: Report, run: Run, profile: bool, by_time: bool) -> str:
    """A verification as JSON text."""
    return dumps(verify_dict(report, run, profile, by_time))


def verify_lines(
    report: Report, run: Run, columns: int | None, profile: bool, by_time: bool
) -> list[Line]:
    """Everything that `verify` shows."""
    found = run.verification
    drawn: list[Line] = [[Span(text, "bold")] for text in wrap(plain(report.name), columns)]
    drawn += [[Span(text, "dim")] for text in wrap(heading(report), columns)]
    drawn += [[], *_check_lines(report, run, columns), []]
    for check in found.checks:
        drawn += _mismatch_lines(check, columns)
    if found.failure is not None:
        drawn += _failure_lines(found.failure, columns)
    if profile:
        drawn += [*_profile_lines(report, run.measurements, columns, by_time), []]
    for output in run.outputs:
        drawn += [*_score_lines(output, columns), []]
    verdict = Span("passed", "bold green") if found.passed else Span("failed", "bold red")
    wrong = sum(not check.passed for check in found.checks)
    told = f" · {len(found.checks) - wrong} of {len(found.checks)} columns hold"
    return [*drawn, [verdict, Span(f"{told} · {_seconds(found.seconds)}", "dim")]]


def _check_lines(report: Report, run: Run, columns: int | None) -> list[Line]:
    rows = []
    for check in run.verification.checks:
        title = TITLES[check.name]
        if check.passed:
            count = f"{check.layers} layer{'s' * (check.layers != 1)}"
        else:
            count = f"{len(check.mismatches)} of {check.layers} differ"
        rows.append((check, title, count, _total(check.name, report, run)))
    names = max(width(title.name) for _, title, _, _ in rows)
    counts = max(width(count) for _, _, count, _ in rows)
    totals = max(width(total) for _, _, _, total in rows)
    drawn = []
    for check, title, count, total in rows:
        mark = Span("✓ ", "bold green") if check.passed else Span("✗ ", "bold red")
        line = [mark, Span(pad(title.name, names) + " " * GAP, "bold")]
        line.append(Span(pad(count, counts, right=True) + " " * GAP, "" if check.passed else "red"))
        line.append(Span(pad(total, totals, right=True) + " " * GAP))
        left = None if columns is None else columns - sum(width(span.text) for span in line)
        if left is None or left >= 20:
            line.append(Span(title.evidence if left is None else cut(title.evidence, left), "dim"))
        drawn.append(line)
    return drawn


def _total(check: str, report: Report, run: Run) -> str:
    """What was measured of all layers together."""
    rows = run.measurements
    if check == "params":
        return numbers.exact(sum(row.params for row in rows))
    if check == "macs":
        return numbers.exact(sum(row.macs for row in rows))
    if check == "activation_bytes":
        return numbers.human_bytes(sum(row.activation_bytes for row in rows))
    if check == "peak_activation_bytes":
        return numbers.human_bytes(run.verification.measured_peak)
    if check == "receptive_field":
        windows = sum(
            sum(row.output_shape[1:])
            for layer, row in zip(report.layers, rows, strict=False)
            for field in layer.fields
            if field is not None and not unseen(field)
        )
        return f"{numbers.exact(windows)} windows"
    return ""


def _mismatch_lines(check: Check, columns: int | None) -> list[Line]:
    if check.passed:
        return []
    shown = check.mismatches[:SHOWN]
    names = min(max(width(plain(one.layer)) for one in shown), NAME_WIDTH)
    drawn: list[Line] = [[Span(TITLES[check.name].name, "bold red")]]
    for one in shown:
        name = pad(plain(one.layer), names)
        told, found = _value(one.predicted), _value(one.measured)
        drawn.append(
            [
                Span(f"  {name}  "),
                Span("predicted ", "dim"), Span(told, "yellow"),
                Span("  measured ", "dim"), Span(found, "bold"),
            ]
        )  # fmt: skip
    if len(check.mismatches) > SHOWN:
        drawn.append([Span(f"  and {len(check.mismatches) - SHOWN} more", "dim")])
    return [*drawn, []]


def _failure_lines(failure: Mismatch, columns: int | None) -> list[Line]:
    head = f"{failure.layer} could not be computed; the layers before it were compared"
    return [
        *([Span(text, "bold red")] for text in wrap(plain(head), columns)),
        *([Span(f"  {text}")] for text in wrap(plain(str(failure.measured)), columns)),
        [],
    ]


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


def _profile_lines(
    report: Report, rows: Sequence[Measurement], columns: int | None, by_time: bool
) -> list[Line]:
    total = sum(row.seconds for row in rows) or 1.0
    table = [("layer", "kind", "time", "share", "GFLOP/s", "memory")]
    for name, kind, found, rate in timings(report, rows, by_time):
        table.append(
            (
                plain(name),
                kind,
                _seconds(found.seconds),
                f"{100 * found.seconds / total:.1f}%",
                "" if rate is None else f"{rate:,.1f}",
                numbers.human_bytes(found.activation_bytes) if found.activation_bytes else "",
            )
        )
    widths = [max(width(row[column]) for row in table) for column in range(len(table[0]))]
    if columns is not None:
        over = sum(widths) + GAP * (len(widths) - 1) - columns
        widths[0] = max(widths[0] - max(over, 0), 12)
    styles = ("", "cyan", "green", "green", "magenta", "yellow")
    drawn: list[Line] = []
    for number, row in enumerate(table):
        line = []
        for column, text in enumerate(row):
            style = styles[column] if number else "bold"
            line.append(Span(pad(text, widths[column], right=column > 1) + " " * GAP, style))
        drawn.append(line)
    drawn.insert(1, [Span("─" * (sum(widths) + GAP * (len(widths) - 1)), "dim")])
    drawn.append([Span(f"{_seconds(total)} in {len(rows)} layers", "dim")])
    return drawn


def _score_lines(output: Output, columns: int | None) -> list[Line]:
    drawn: list[Line] = []
    for number, sample in enumerate(output.scores, start=1):
        title = f"largest values of {output.name}"
        if len(output.scores) > 1:
            title += f", sample {number}"
        drawn += [[Span(text, "bold")] for text in wrap(plain(title), columns)]
        places = [", ".join(map(str, score.place)) for score in sample]
        most = max(map(width, places), default=0)
        for place, score in zip(places, sample, strict=True):
            drawn.append(
                [
                    Span("  " + pad(place, most, right=True) + "  "),
                    Span(_decimal(score.value), "bold"),
                ]
            )
    return drawn


def _decimal(value: float) -> str:
    return f"{value: .6g}".replace("-", "−")


def _seconds(seconds: float) -> str:
    """`1.23 s`, or `4.5 ms` below a second."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
