"""The totals of a report in words, for every format that shows them."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis.report import Report, Totals
from cnncalc.diagnostics import Diagnostic
from cnncalc.render import numbers
from cnncalc.render.escape import plain
from cnncalc.unknown import UNKNOWN


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

    def exact(name: str) -> str:
        return at_least(found, name, numbers.exact(getattr(found, name)))

    lines = [
        (
            "parameters",
            exact("params"),
            (f"of which {exact('trainable_params')} trainable · " if _frozen(report) else "")
            + f"{exact('weights')} weights + {exact('biases')} biases · "
            + at_least(found, "param_bytes", numbers.human_bytes(found.param_bytes)),
        )
    ]
    if found.buffers:
        lines.append(("buffers", exact("buffers"), "stored, not trained"))
    others = [
        f"{numbers.human(count)} {name}"
        for name, count in zip(operations._fields[1:], operations[1:], strict=True)
        if count
    ]
    lines += [
        ("MACs", exact("macs"), "multiply-accumulates"),
        *(
            [(convention, numbers.exact(sum(counted)), "as it counts; `reconcile` says why")]
            if convention
            else []
        ),
        (
            "FLOPs",
            exact("flops"),
            " + ".join([f"2·{numbers.human(found.macs)} MACs", *others]),
        ),
        (
            "activations",
            exact("activations"),
            f"values in {found.layers} layer{'s' if found.layers != 1 else ''} · "
            + at_least(found, "activation_bytes", numbers.human_bytes(found.activation_bytes)),
        ),
        (
            "peak memory",
            at_least(
                found, "peak_activation_bytes", numbers.human_bytes(found.peak_activation_bytes)
            ),
            f"of activations alive at once, in {report.peak_layer}",
        ),
    ]
    if found.unknown_layers:
        several = found.unknown_layers != 1
        lines.append(
            (
                "unknown",
                numbers.exact(found.unknown_layers),
                f"layer{'s' if several else ''} of which not everything is known; sums with `≥` "
                f"leave {'them' if several else 'it'} out",
            )
        )
    return lines


def _frozen(report: Report) -> bool:
    """Whether some weights are not trained."""
    return any([node.frozen for node in report.graph.nodes])


def at_least(totals: Totals, name: str, text: str) -> str:
    """The text of a sum; `≥` where some layers are left out of it because they are unknown."""
    known = getattr(totals, name) is not UNKNOWN
    return f"≥ {text}" if name in totals.at_least and known else text


def one_line(finding: Diagnostic) -> str:
    """A finding in one line, as below a table."""
    layer = f"{plain(finding.layer)}: " if finding.layer else ""
    times = f" ({finding.times} times)" if finding.times > 1 else ""
    place = f" [{plain(str(finding.place))}]" if finding.place else ""
    return f"{layer}{plain(finding.message)}{times}{place}"
