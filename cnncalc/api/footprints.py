"""`memory`: what inference and training take, where the peak is, and what fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.fitting import Fit, device_fits, inference_fit, training_fit
from cnncalc.analysis.footprint import Footprint, Inference, footprint, plan_for
from cnncalc.analysis.report import Report as Analyzed
from cnncalc.analysis.training.blocks import named, names
from cnncalc.analysis.training.optimizers import OPTIMIZERS, Optimizer
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import Training
from cnncalc.api.reports import Report, whole_report_of
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Net, Parameters, Shaped, asked
from cnncalc.diagnostics import UsageError, did_you_mean, suggestion
from cnncalc.exchange.optimizers import optimizer_name
from cnncalc.graph import frozen_before
from cnncalc.language.coerce import whole
from cnncalc.language.forms.budget import parse_amount

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cnncalc.render.memory_data import Batch, LayerRow


class Memory(Result):
    """The memory of a network: at inference, in training, and what of it fits into a budget."""

    FORMATS = ("table", "json", "markdown", "csv")

    def __init__(
        self,
        footprint: Footprint,
        fits: Sequence[Fit] = (),
        depth: int | None = None,
        exact: bool = False,
        totals: bool = False,
    ) -> None:
        self.footprint = footprint
        self.fits = tuple(fits)
        """The budgets, and what comes of each."""
        self._shown = (depth, exact, totals)

    @property
    def exit_status(self) -> int:
        """1 where a budget of what was asked for is exceeded."""
        other = "training" if self.training is None else "inference"
        return int(not all([fit.fits for fit in self.fits if fit.what != other]))

    @property
    def inference(self) -> Inference:
        """What a forward pass takes."""
        return self.footprint.inference

    @property
    def training(self) -> Training | None:
        """What a training step takes; `None` where none was asked for."""
        return self.footprint.training

    @property
    def largest_batch(self) -> int | None:
        """The largest batch that the budget holds; `None` without a budget, 0 where none does."""
        wanted = ("training",) if self.training is not None else ("inference", "ram")
        found = [fit.largest_batch for fit in self.fits if fit.what in wanted]
        return found[0] if found else None

    def _rows(self) -> list[LayerRow]:
        from cnncalc.render.memory_data import layer_rows

        return layer_rows(self.footprint, self._shown[0])

    def document(self) -> RenderableType:
        from cnncalc.render.memory import Shown, document

        depth, exact, totals = self._shown
        return document(self.footprint, self._rows(), self.fits, Shown(depth, exact, not totals))

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.memory/1`."""
        from cnncalc.render.memory_formats import memory_dict

        return memory_dict(self.footprint, self.fits)

    def to_csv(self) -> str:
        """A row a layer, or a block."""
        from cnncalc.render.memory_formats import memory_csv

        return memory_csv(self.footprint, self._rows())

    def to_markdown(self) -> str:
        """The memory as a Markdown document."""
        from cnncalc.render.memory_formats import memory_markdown

        return memory_markdown(self.footprint, self._rows(), self.fits)

    def summary(self) -> str:
        from cnncalc.render.numbers import human_bytes

        found = f"{self.footprint.report.name}: inference {human_bytes(self.inference.total)}"
        if self.training is not None:
            found += f", training {human_bytes(self.training.peak.bytes)}"
        return found


class MemoryByBatch(Result):
    """The memory of a network over batch sizes."""

    FORMATS = ("table", "json", "markdown", "csv")

    def __init__(self, footprints: Sequence[Footprint], budget: int | None) -> None:
        self.footprints = tuple(footprints)
        self.budget = budget

    def __iter__(self) -> Any:
        return iter(self.footprints)

    def __len__(self) -> int:
        return len(self.footprints)

    def _rows(self) -> list[Batch]:
        from cnncalc.render.memory_data import batch_row

        return [batch_row(one, self.budget) for one in self.footprints]

    @property
    def exit_status(self) -> int:
        """1 where no batch fits into the budget."""
        return int(self.budget is not None and not any([row.fits for row in self._rows()]))

    def document(self) -> RenderableType:
        from cnncalc.render.memory import batches

        return batches(self._rows())

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.memory-batches/1`."""
        from cnncalc.render.memory_formats import batches_dict

        return batches_dict(self.footprints[0], self._rows())

    def to_csv(self) -> str:
        """A row a batch size."""
        from cnncalc.render.memory_formats import batches_csv

        return batches_csv(self._rows())

    def to_markdown(self) -> str:
        """A table over batch sizes."""
        from cnncalc.render.memory_formats import batches_markdown

        return batches_markdown(self.footprints[0], self._rows())

    def summary(self) -> str:
        sizes = ", ".join([str(one.settings.batch) for one in self.footprints])
        return f"{self.footprints[0].report.name}: batches {sizes}"


class Optimizers(Result):
    """What every optimizer stores for a network."""

    FORMATS = ("table",)

    def __init__(self, footprint: Footprint) -> None:
        self.footprint = footprint

    def document(self) -> RenderableType:
        from cnncalc.render.memory import optimizers

        return optimizers(self.footprint)

    def to_dict(self) -> dict[str, Any]:
        """Bytes of state and temporaries by optimizer."""
        from cnncalc.render.memory import optimizer_bytes

        rows = [
            {"optimizer": one.name, "state": state, "temporaries": update, "stores": one.stores}
            for one, state, update in optimizer_bytes(self.footprint)
        ]
        return {"name": self.footprint.report.name, "optimizers": rows}

    def summary(self) -> str:
        return self.footprint.report.name


def memory(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | Iterable[int] | None = None,
    dtype: str | None = None,
    inplace: bool = False,
    train: bool = False,
    optimizer: Any = "adam",
    autocast: bool = False,
    accumulate: int = 1,
    checkpoint: str | Iterable[str] = (),
    train_from: str | None = None,
    minimal: bool = False,
    budget: int | str | None = None,
    flash: int | str | None = None,
    depth: int | None = None,
    totals: bool = False,
    optimizers: bool = False,
    exact: bool = False,
    format: str | None = None,
    output: Path | None = None,
) -> Memory | MemoryByBatch | Optimizers:
    """What inference and training take, where the peak is, and what fits into a budget.

    Args:
        net, yaml, input, set, parameters, dtype, inplace: as of `analyze`.
        batch: samples; several give a table over them.
        train: what a training step takes as well.
        optimizer: a name, or an optimizer of PyTorch or Keras.
        autocast: products in 16 bits, as `torch.autocast` takes them.
        accumulate: backward passes before a step of the optimizer.
        checkpoint: blocks that keep only their input and are run again.
        train_from: the first layer or block that is trained; what stands before it is frozen.
        minimal: only what the gradients need is kept.
        budget: bytes that may be taken, as in `12GiB`; gives the largest batch.
        flash: bytes that the weights may take, on a microcontroller.
        depth: fold blocks below this level into sums.
        totals: without the layers.
        optimizers: what every optimizer stores, in place of everything else.
        exact: exact numbers in the table.
        format: `table`, `json`, `markdown` or `csv`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such network or option, or an option would do nothing.
        SpecError: the network cannot be used.
    """
    batches = _batches(batch)
    first = batches[0] if batches else None
    subject = asked(net, yaml, input, set, parameters, first, dtype, inplace)
    allowed, stored = _bytes(budget, "budget"), _bytes(flash, "flash")
    several = len(batches) > 1
    if train and subject.settings.dtype == "int8":
        raise UsageError("int8 has no gradients", "--dtype float32, with --autocast for 16 bits")
    if autocast and subject.settings.dtype != "float32":
        raise UsageError("--autocast has float32 weights", "leave --dtype out")
    if stored is not None and train:
        raise UsageError("--flash is a microcontroller's, which does not train", "leave one out")
    if (
        not train
        and allowed is None
        and (autocast or minimal or checkpoint or train_from or accumulate > 1)
    ):
        raise UsageError("this changes a training step, and none is asked for", "add --train")
    if several and stored is not None:
        raise UsageError("--flash does not depend on the batch", "leave --batch or --flash out")
    if optimizers and format not in (None, "table"):
        raise UsageError(f"`--optimizers` is a table and no {format}", "leave --format out")
    found = whole_report_of(subject, "the memory")
    if train_from is not None:
        found = _trained_from(found, train_from)
    plan = plan_for(found)._replace(
        optimizer=chosen_optimizer(optimizer),
        autocast=autocast,
        accumulate=whole(accumulate, "`accumulate`"),
        minimal=minimal,
        checkpoints=_blocks(found, checkpoint),
    )
    if optimizers:
        return delivered(Optimizers(footprint(found)), output, format)
    if several:
        taken = [_at_batch(found, plan if train else None, size) for size in batches]
        return delivered(MemoryByBatch(taken, allowed), output, format)
    whole_network = footprint(found, plan if train else None)
    fits = _fits(whole_network, plan, allowed, stored)
    return delivered(Memory(whole_network, fits, depth, exact, totals), output, format)


def chosen_optimizer(given: Any) -> Optimizer:
    """The optimizer of a name, or of an object of PyTorch or Keras.

    Raises:
        UsageError: there is no such optimizer.
    """
    name = given if isinstance(given, str) else optimizer_name(given)
    if name not in OPTIMIZERS:
        raise UsageError(
            f"there is no optimizer `{name}`",
            suggestion(name, OPTIMIZERS, f"the optimizers are {', '.join(OPTIMIZERS)}"),
        )
    return OPTIMIZERS[name]


def _at_batch(found: Report, plan: Plan | None, batch: int) -> Footprint:
    """The memory of a network at another batch."""
    settings = found.settings._replace(batch=batch)
    other = Analyzed(found.graph, settings, found.fields)
    return footprint(other, None if plan is None else plan._replace(batch=batch))


def _batches(given: int | Iterable[int] | None) -> tuple[int, ...]:
    """The batch sizes that are given.

    Raises:
        UsageError: one is no whole number.
    """
    if given is None:
        return ()
    if isinstance(given, Iterable) and not isinstance(given, str):
        return tuple([whole(one, "`batch`") for one in given])
    return (whole(given, "`batch`"),)


def _bytes(given: int | str | None, option: str) -> int | None:
    """An amount of bytes.

    Raises:
        UsageError: it is none.
    """
    if given is None or not isinstance(given, str):
        return None if given is None else whole(given, f"`{option}`")
    amount = parse_amount(given, "memory")
    if amount is None:
        raise UsageError(f"`--{option} {given}` is no amount of bytes", "as in 12GiB or 512KiB")
    return amount


def _blocks(found: Report, wanted: str | Iterable[str]) -> tuple[tuple[int, int], ...]:
    """The blocks to run again, by their names."""
    chosen = []
    for name in (wanted,) if isinstance(wanted, str) else wanted:
        blocks = named(found.graph, name)
        if not blocks:
            known = names(found.graph)
            hint = did_you_mean(name, known) if known else "its layers stand in no blocks"
            raise UsageError(f"there is no block `{name}` in this network", hint)
        chosen += [block.nodes for block in blocks]
    ordered = sorted({*chosen})
    return tuple(
        [
            block
            for block in ordered
            if not any([o != block and o[0] <= block[0] and block[1] <= o[1] for o in ordered])
        ]
    )


def _trained_from(found: Report, name: str) -> Report:
    """The report of the network with everything frozen that stands before a layer or block.

    Raises:
        UsageError: there is no such layer.
    """
    layers = [layer.name for layer in found.layers]
    first = next((n for n, one in enumerate(layers) if f"{one}.".startswith(f"{name}.")), None)
    if first is None:
        raise UsageError(
            f"there is no layer or block `{name}` in this network", did_you_mean(name, layers)
        )
    graph = frozen_before(found.graph, found.layers[first].index)
    return Report(graph, found.settings, found.fields, lambda: found.diagnostics)


def _fits(taken: Footprint, plan: Plan, budget: int | None, flash: int | None) -> list[Fit]:
    """What the budgets come to."""
    if flash is not None:
        return device_fits(taken, budget, flash)
    if budget is None:
        return []
    fits = [inference_fit(taken, budget)]
    if taken.settings.dtype != "int8":
        advise = taken.training is not None
        fits.append(training_fit(taken, plan, budget, advise=advise))
    return fits
