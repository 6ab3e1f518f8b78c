"""One layer's arithmetic as data and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.arithmetic.statement import ArithmeticStep
from cnncalc.analysis.explaining import Explained
from cnncalc.analysis.explanation import FieldStep
from cnncalc.render.escape import markdown
from cnncalc.render.json import known
from cnncalc.render.markdown import table

if TYPE_CHECKING:
    from cnncalc.deployment.deploy import DeployedLayer


from cnncalc.render.explain import description, field_rows, kept_lines, legend_text, product_text


def explain_dict(found: Explained, deployed: DeployedLayer | None = None) -> dict[str, Any]:
    """The data of `cnncalc.explain/1`."""
    product = found.product
    return {
        "schema": "cnncalc.explain/1",
        "name": found.report.name,
        "layer": found.layer.name,
        "kind": found.layer.kind,
        "options": found.layer.short_options,
        "words": found.words or None,
        "legend": dict(found.legend),
        "steps": [known(step._asdict()) for step in (*found.steps, *found.memory)],
        "kept_for_backward": [known(one._asdict()) for one in found.kept],
        "receptive_field": [_field_entry(step) for step in found.field],
        "matrix_product": product._asdict() if product else None,
        "otherwise": [other._asdict() for other in found.otherwise],
        "deployed": None if deployed is None else _deployed_entry(deployed),
    }


def _deployed_entry(deployed: DeployedLayer) -> list[dict[str, Any]]:
    """The operators that a layer is part of on a device."""
    return [
        {
            "index": number, "operator": one.operator, "layers": list(one.layers),
            "activation": one.activation or None, "rules": list(one.rules),
        }
        for number, one in deployed.operators
    ]  # fmt: skip


def _field_entry(step: FieldStep) -> dict[str, Any]:
    entry = step._asdict()
    entry["branches"] = [{"layer": name, "size": size} for name, size in step.branches]
    return entry


def explain_markdown(found: Explained) -> str:
    """A layer as a Markdown document."""
    layer = found.layer
    lines = [
        f"# {markdown(layer.name)} in {markdown(found.report.name)}",
        "",
        f"`{layer.kind} {layer.short_options}`".replace(" `", "`"),
        "",
        description(layer).replace("|", "\\|"),
        "",
        *([found.words, ""] if found.words else []),
        *_steps_markdown((*found.steps, *found.memory)),
        "",
        *([markdown(legend_text(found.legend)), ""] if found.legend else []),
        *[f"- {markdown(line)}" for line in kept_lines(found.kept)],
    ]
    if found.field:
        titles = ["receptive field", "kernel", "jump", "", "size", "start"]
        lines += [
            "",
            *table(titles, field_rows(found.field), [False, True, True, True, True, True]),
        ]
    if found.product:
        lines += ["", f"As a matrix product: {product_text(found.product)}"]
    if found.otherwise:
        rows = [[o.what, o.formula, f"{o.params:,}", f"{o.macs:,}"] for o in found.otherwise]
        titles = ["the same output otherwise", "", "params", "MACs"]
        lines += ["", *table(titles, rows, [False, False, True, True])]
    return "\n".join(lines) + "\n"


def _steps_markdown(steps: Sequence[ArithmeticStep]) -> list[str]:
    rows = [[step.quantity, step.formula, step.numbers, f"{step.value:,}"] for step in steps]
    return table(["quantity", "formula", "numbers", "value"], rows, [False, False, False, True])
