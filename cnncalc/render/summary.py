"""The totals of a report in words, for every format that shows them."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis.report import Report
from cnncalc.diagnostics import Diagnostic
from cnncalc.render import numbers
from cnncalc.render.escape import plain


def heading(report: Report, channels_last: bool = False) -> str:
    """Input, batch and type in one line."""
    shapes = [(name, numbers.shape(shape, channels_last)) for name, shape in report.inputs.items()]
    several = len(shapes) > 1
    parts = [
        f"inputs {', '.join([f'{plain(name)} {shape}' for name, shape in shapes])}"
        if several
        else f"input {shapes[0][1]}",
        f"batch {report.batch}",
        report.dtype,
    ]
    if report.settings.inplace:
        parts.append("activations in place")
    return " · ".join(parts)


def totals(
    report: Report, convention: str = "", counted: Sequence[int] = ()
) -> list[tuple[str, str, str]]:
    """What is summed, the sum, and its parts; with another counter's total where one is named."""
    found = report.totals
    operations = found.operations
    lines = [
        (
            "parameters",
            numbers.exact(found.params),
            f"{numbers.exact(found.weights)} weights + {numbers.exact(found.biases)} biases · "
            + numbers.human_bytes(found.param_bytes),
        )
    ]
    if found.buffers:
        lines.append(("buffers", numbers.exact(found.buffers), "stored, not trained"))
    others = [
        f"{numbers.human(count)} {name}"
        for name, count in zip(operations._fields[1:], operations[1:], strict=True)
        if count
    ]
    lines += [
        ("MACs", numbers.exact(found.macs), "multiply-accumulates"),
        *(
            [(convention, numbers.exact(sum(counted)), "as it counts; `reconcile` says why")]
            if convention
            else []
        ),
        (
            "FLOPs",
            numbers.exact(found.flops),
            " + ".join([f"2·{numbers.human(found.macs)} MACs", *others]),
        ),
        (
            "activations",
            numbers.exact(found.activations),
            f"values in {found.layers} layer{'s' if found.layers != 1 else ''} · "
            + numbers.human_bytes(found.activation_bytes),
        ),
        (
            "peak memory",
            numbers.human_bytes(found.peak_activation_bytes),
            f"of activations alive at once, in {report.peak_layer}",
        ),
    ]
    return lines


def one_line(finding: Diagnostic) -> str:
    """A finding in one line, as below a table."""
    layer = f"{plain(finding.layer)}: " if finding.layer else ""
    times = f" ({finding.times} times)" if finding.times > 1 else ""
    place = f" [{plain(str(finding.place))}]" if finding.place else ""
    return f"{layer}{plain(finding.message)}{times}{place}"
