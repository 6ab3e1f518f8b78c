"""What is said of a layer when it is pointed at: its arithmetic, from `explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.analysis.arithmetic.statement import ArithmeticStep
from cnncalc.analysis.explaining import Explainer
from cnncalc.analysis.explanation import (
    Alternative,
    FieldStep,
    alternatives,
    field_steps,
    matrix_product,
)
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.render import numbers
from cnncalc.render.escape import plain
from cnncalc.render.explain import description, field_row, kept_lines, product_text


def explanation(report: Report, number: int) -> dict[str, Any]:
    """What is said of the layer with a number, from 1 on.

    - `about`: what its kind does
    - `steps`, `memory`: `[quantity, formula, numbers, value]`, for one sample and in bytes for the
      batch; `numbers` empty where the formula has them already
    - `notes`: what training keeps of it, a sentence each
    - `product`: as a matrix product; empty where it is none
    - `otherwise`: `[what, formula, parameters, MACs]` of other ways to the same output
    - `field`: `[layer, kernel, jump, growth, size, start]` from the input to it
    """
    layer = report.layers[number - 1]
    explainer = Explainer(report)
    field = field_steps(report.graph, report.fields[0], layer.index)
    before = [1, *[step.size for step in field]]
    return {
        **_own(explainer, layer),
        "memory": _steps(explainer.memory(layer)),
        "notes": list(kept_lines(explainer.kept(layer))),
        "field": [_field(step, size) for step, size in zip(field, before, strict=False)],
    }


def _own(explainer: Explainer, layer: LayerReport) -> dict[str, Any]:
    """What depends on the layer's kind and its inputs' shapes alone."""
    graph, node = explainer.graph, layer.node
    product = matrix_product(graph, node)
    otherwise = [_alternative(one) for one in alternatives(graph, node)]
    if otherwise:
        as_it_is = Alternative("as it is", "", node.facts.params, node.facts.operations.macs)
        otherwise.insert(0, _alternative(as_it_is))
    return {
        "about": description(layer),
        "steps": _steps(explainer.steps(layer)),
        "product": product_text(product) if product else "",
        "otherwise": otherwise,
    }


def _steps(steps: Sequence[ArithmeticStep]) -> list[list[str]]:
    return [
        [
            step.quantity,
            step.formula,
            "" if step.numbers in (step.formula, str(step.value)) else step.numbers,
            numbers.exact(step.value),
        ]
        for step in steps
    ]


def _alternative(other: Alternative) -> list[str]:
    return [other.what, other.formula, numbers.exact(other.params), numbers.exact(other.macs)]


def _field(step: FieldStep, before: int) -> list[str]:
    name, *texts = field_row(step, before)
    return [plain(name), *texts]


class _Texts:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def __call__(self, value: Any) -> Any:
        """Lists and objects with numbers in the place of their texts."""
        if isinstance(value, str):
            return self.known.setdefault(value, len(self.known))
        if isinstance(value, dict):
            return {key: self(one) for key, one in value.items()}
        return [self(one) for one in value]


def explanations(report: Report) -> dict[str, Any]:
    """The explanations of all layers, equal texts and equal layers once.

    A number stands for a text of `texts`. For each layer `layers` has `[own, memory, notes,
    followed]`: `own` the place in `own` of what it has in common with equal layers, `followed`
    the number of the layer whose field it widens (0 for an input) with the line that tells how,
    or `null` where it widens none.
    """
    explainer, texts = Explainer(report), _Texts()
    first = len(report.inputs)
    own: list[Any] = []
    known: dict[tuple[int, bool], int] = {}
    layers = []
    for layer in report.layers:
        # layers of equal kinds on equal shapes share their facts; weights are the owner's
        key = (id(layer.node.facts), layer.shares is None)
        place = known.get(key)
        if place is None:
            place = known[key] = len(own)
            own.append(texts(_own(explainer, layer)))
        layers.append(
            [
                place,
                texts(_steps(explainer.memory(layer))),
                texts(kept_lines(explainer.kept(layer))),
                _followed(explainer, layer, first, texts),
            ]
        )
    return {"own": own, "layers": layers, "texts": list(texts.known)}


def _followed(explainer: Explainer, layer: LayerReport, first: int, texts: _Texts) -> Any:
    last = explainer.followed(layer)
    if last is None:
        return None
    number = max(last.taken - first + 1, 0)
    if last.step is None:
        return [number]
    before = explainer.report.fields[0][last.taken]
    assert before is not None
    return [number, texts(_field(last.step, before[0].size))]
