"""A network's story: where its cost sits, how size and sight go, and what would change most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cnncalc.analysis.completeness import require_known
from cnncalc.analysis.depth import depth
from cnncalc.analysis.explanation import alternatives
from cnncalc.analysis.receptive_field import last_feature_map, receptive_fields
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.layers.conv import Conv


class Share(NamedTuple):
    """A part of the network, and how much of a total it holds."""

    name: str
    amount: int
    total: int

    @property
    def percent(self) -> float:
        """Of the total."""
        return 100 * self.amount / self.total if self.total else 0.0


class Saving(NamedTuple):
    """A change, and what it would take away from a total."""

    what: str
    of: str
    """`params` or `macs`."""
    saved: int
    total: int


class Story(NamedTuple):
    """What there is to tell of a network; counts for the whole batch."""

    depth: int
    params: tuple[Share, ...]
    """The blocks or layers with the most parameters, the most first."""
    macs: tuple[Share, ...]
    activations: tuple[Share, ...]
    kinds: tuple[Share, ...]
    """Multiply-accumulates by layer kind."""
    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    """Where the map's size changes: the layer and its output shape."""
    sees_all: str | None
    """The first layer whose units see as much as the whole input."""
    field: int | None
    """What a unit of the last feature map sees; `None`: everything."""
    savings: tuple[Saving, ...]


def story(report: Report) -> Story:
    """The story of a network.

    Raises:
        UsageError: something is unknown that it tells of.
    """
    require_known(report.graph, "the story", ("output", "params", "macs", "window"))
    layers = report.layers
    field = last_feature_map(report.graph, receptive_fields(report.graph))
    return Story(
        depth(report.graph),
        _most(layers, lambda layer: layer.params),
        _most(layers, lambda layer: layer.macs),
        _most(layers, lambda layer: layer.activation_bytes),
        _shares([(layer.kind, layer.macs) for layer in layers]),
        tuple(_sizes(report)),
        _sees_all(report),
        None if field is None else max(field.size),
        tuple(_savings(report)),
    )


def _most(layers: Iterable[LayerReport], amount: Callable[[LayerReport], int]) -> tuple[Share, ...]:
    return _shares([(layer.name.partition(".")[0], amount(layer)) for layer in layers])


def _shares(amounts: list[tuple[str, int]], most: int = 3) -> tuple[Share, ...]:
    sums: dict[str, int] = {}
    for name, amount in amounts:
        sums[name] = sums.get(name, 0) + amount
    total = sum(sums.values())
    ranked = sorted(sums.items(), key=lambda entry: -entry[1])
    return tuple([Share(name, amount, total) for name, amount in ranked[:most] if amount])


def _sizes(report: Report) -> Iterable[tuple[str, tuple[int, ...]]]:
    """Along the layers: where the largest side of the map changes."""
    side: tuple[int, ...] = report.input_shape[1:]
    for layer in report.layers:
        shape = layer.output_shape
        if shape[1:] != side:
            side = shape[1:]
            yield layer.name, shape


def _sees_all(report: Report) -> str | None:
    sizes = report.input_shape[1:]
    for layer in report.layers:
        field = layer.receptive_field
        if not sizes or not layer.node.inputs:
            continue
        if field is None or all([s >= size for s, size in zip(field.size, sizes, strict=True)]):
            return layer.name
    return None


def _savings(report: Report, most: int = 3) -> list[Saving]:
    """The changes that would take away most; each counted on this network."""
    params, macs = report.totals.params, report.totals.macs
    found: list[Saving] = []
    for layer in report.layers:
        for other in alternatives(report.graph, layer.node):
            if other.what.startswith("after a global") and layer.params:
                what = f"a global average pool before `{layer.name}`"
                found.append(Saving(what, "params", layer.params - other.params, params))
    separable = {"params": 0, "macs": 0}
    for layer in report.layers:
        if not isinstance(layer.node.kind, Conv) or layer.shares is not None:
            continue
        for other in alternatives(report.graph, layer.node):
            if other.what == "depthwise separable":
                separable["params"] += max(layer.params - other.params, 0)
                separable["macs"] += max(layer.macs - other.macs * report.batch, 0)
    for of, total in (("params", params), ("macs", macs)):
        if separable[of] * 20 > total:
            what = "depthwise separable convolutions in place of the others"
            found.append(Saving(what, of, separable[of], total))
    found.sort(key=lambda saving: -saving.saved / max(saving.total, 1))
    return [saving for saving in found if saving.saved > 0][:most]
