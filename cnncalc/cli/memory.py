"""`cnncalc memory`: what inference and training take, where the peak is, and what fits."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis.fitting import Fit, device_fits, inference_fit, training_fit
from cnncalc.analysis.footprint import Footprint, footprint, plan_for
from cnncalc.analysis.report import BYTES, Report, Settings
from cnncalc.analysis.training.blocks import named, names
from cnncalc.analysis.training.optimizers import OPTIMIZERS
from cnncalc.analysis.training.plan import Plan
from cnncalc.cli.common import (
    deliver,
    deliver_json,
    format_option,
    output_option,
    show,
    variant_options,
)
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole
from cnncalc.diagnostics import UsageError, did_you_mean
from cnncalc.exchange.load import load
from cnncalc.language.forms.budget import parse_amount
from cnncalc.language.forms.inputs import GivenInput

FORMATS = ("table", "json", "markdown", "csv")


def _bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    amount = parse_amount(value, "memory")
    if amount is None:
        raise UsageError(f"`--{param.name} {value}` is no amount of bytes", "as in 12GiB or 512KiB")
    return amount


def _batches(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """One batch, or several with commas between."""
    whole = Whole()
    return tuple([whole.convert(part, param, ctx) for part in value.split(",")])


@subcommand("memory")
@click.argument("net")
@option(
    "--batch", "batches", default="1", metavar="N[,N...]", callback=_batches,
    help="Samples in a batch; several, as in 1,8,32, give a table over them.",
)  # fmt: skip
@option(
    "--dtype", type=click.Choice([*BYTES]), default="float32",
    help="Type of weights and activations.",
)  # fmt: skip
@option("--inplace", is_flag=True, help="Activations write over their input.")
@option("--train", "training", is_flag=True, help="What a training step takes as well.")
@option(
    "--optimizer", type=click.Choice([*OPTIMIZERS]), default="adam", help="What takes the step."
)
@option("--autocast", is_flag=True, help="Products in 16 bits, weights in float32.")
@option("--accumulate", type=Whole(1, 2**20), default=1, help="Backward passes before each step.")
@option(
    "--checkpoint", "checkpoints", multiple=True, metavar="BLOCK",
    help="Run a block again for its backward pass: `stage1`, or `stage` for all of them.",
)  # fmt: skip
@option("--minimal", is_flag=True, help="Keep only what the gradients need.")
@option("--budget", metavar="SIZE", callback=_bytes, help="Memory there is: 12GiB.")
@option(
    "--flash", metavar="SIZE", callback=_bytes,
    help="A microcontroller's flash for the weights; --budget is then its RAM.",
)  # fmt: skip
@option("--depth", type=Whole(1, 100), help="Fold blocks below this level into sums.")
@option("--totals", is_flag=True, help="Without the layers.")
@option("--optimizers", is_flag=True, help="What each optimizer stores for this network.")
@option("--exact", is_flag=True, help="Exact numbers in place of K, M and MiB.")
@format_option(FORMATS)
@output_option
@variant_options
def command(
    net: str,
    batches: tuple[int, ...],
    dtype: str,
    inplace: bool,
    training: bool,
    optimizer: str,
    autocast: bool,
    accumulate: int,
    checkpoints: tuple[str, ...],
    minimal: bool,
    budget: int | None,
    flash: int | None,
    depth: int | None,
    totals: bool,
    optimizers: bool,
    exact: bool,
    format_: str,
    output: str | None,
    input_: GivenInput | None,
    changes: tuple[tuple[str, Any], ...],
) -> int:
    """Show what inference and training take, where the peak is, and what fits into a budget.

    A training step is played through as PyTorch takes it: what each layer keeps for the backward
    pass, gradients, the optimizer's state. With --budget the largest batch, and what would have to
    give where it does not fit; exit status 1 then.

    \b
    Examples:
      cnncalc memory vgg16 --train --batch 32 --budget 12GiB
      cnncalc memory mobilenet_v2 --dtype int8 --budget 512KiB --flash 4MiB
      cnncalc memory resnet50 --train --batch 1,8,32,128 --autocast
    """
    from cnncalc.api import report

    if training and dtype == "int8":
        raise UsageError("int8 has no gradients", "--dtype float32, with --autocast for 16 bits")
    if autocast and dtype != "float32":
        raise UsageError("--autocast has float32 weights", "leave --dtype out")
    if flash is not None and training:
        raise UsageError("--flash is a microcontroller's, which does not train", "leave one out")
    if not training and budget is None and (autocast or minimal or checkpoints or accumulate > 1):
        raise UsageError("this changes a training step, and none is asked for", "add --train")
    if len(batches) > 1 and (budget is not None or flash is not None):
        raise UsageError("a budget is for one batch", "leave --batch or the budget out")
    if optimizers and format_ != "table":
        raise UsageError(f"`--optimizers` is a table and no {format_}", "leave --format out")
    found = report(load(net), input_, dict(changes), Settings(batches[0], dtype, inplace))
    plan = plan_for(found)._replace(
        optimizer=OPTIMIZERS[optimizer],
        autocast=autocast,
        accumulate=accumulate,
        minimal=minimal,
        checkpoints=_blocks(found, checkpoints),
    )
    if optimizers:
        from cnncalc.render.memory import optimizers as told

        show(told(footprint(found)), output)
        return 0
    if len(batches) > 1:
        _over_batches(found, plan if training else None, batches, format_, output)
        return 0
    taken = footprint(found, plan if training else None)
    fits = _fits(taken, plan, budget, flash)
    _write(taken, fits, format_, output, depth, totals, exact)
    wanted = [fit for fit in fits if fit.what != ("inference" if training else "training")]
    return int(not all([fit.fits for fit in wanted]))


def _blocks(found: Report, wanted: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """The blocks to run again, by their names."""
    chosen: set[tuple[int, int]] = set()
    for name in wanted:
        blocks = named(found.graph, name)
        if not blocks:
            known = names(found.graph)
            hint = did_you_mean(name, known) if known else "its layers stand in no blocks"
            raise UsageError(f"there is no block `{name}` in this network", hint)
        chosen.update([block.nodes for block in blocks])
    ordered = sorted(chosen)
    return tuple(
        [
            block
            for block in ordered
            if not any([o != block and o[0] <= block[0] and block[1] <= o[1] for o in ordered])
        ]
    )


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


def _write(
    taken: Footprint,
    fits: list[Fit],
    format_: str,
    output: str | None,
    depth: int | None,
    totals: bool,
    exact: bool,
) -> None:
    from cnncalc.render import memory_formats as formats
    from cnncalc.render.memory_data import layer_rows

    if format_ == "json":
        deliver_json(formats.memory_dict(taken, fits), output)
        return
    rows = layer_rows(taken, depth)
    if format_ == "csv":
        deliver(formats.memory_csv(taken, rows), output, data=True)
    elif format_ == "markdown":
        deliver(formats.memory_markdown(taken, rows, fits), output)
    else:
        from cnncalc.render.memory import Shown, document

        show(document(taken, rows, fits, Shown(depth, exact, not totals)), output)


def _over_batches(
    found: Report, plan: Plan | None, batches: tuple[int, ...], format_: str, output: str | None
) -> None:
    """The table over batch sizes."""
    from cnncalc.render import memory_formats as formats
    from cnncalc.render.memory_data import batch_row

    rows, taken = [], footprint(found)
    for batch in batches:
        settings = found.settings._replace(batch=batch)
        other = Report(found.graph, settings, found.fields)
        taken = footprint(other, None if plan is None else plan._replace(batch=batch))
        rows.append(batch_row(taken))
    if format_ == "json":
        deliver_json(formats.batches_dict(taken, rows), output)
    elif format_ == "csv":
        deliver(formats.batches_csv(rows), output, data=True)
    elif format_ == "markdown":
        deliver(formats.batches_markdown(taken, rows), output)
    else:
        from cnncalc.render.memory import batches as told

        show(told(rows), output)
