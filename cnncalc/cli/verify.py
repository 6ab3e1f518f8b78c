"""`cnncalc verify`: every column proven by running the network."""

from __future__ import annotations

import os
from typing import Any

import click

from cnncalc.analysis.report import Settings
from cnncalc.api import Report, report
from cnncalc.cli.common import deliver_json, format_option, output_option, show, variant_options
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole
from cnncalc.diagnostics import UsageError, did_you_mean
from cnncalc.exchange.load import load
from cnncalc.language.forms.inputs import GivenInput

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""What BLAS libraries read when they are loaded."""


@subcommand("verify")
@click.argument("net")
@option("--batch", type=Whole(), default=1, help="Samples in a batch.")
@option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    default="float32",
    help="Type of weights and activations.",
)
@option("--threads", type=Whole(1, 1024), help="Threads; all cores where left out.")
@option("--seed", type=Whole(0, 2**63 - 1), default=0, help="Seed of weights and input.")
@option(
    "--weights",
    metavar="FILE",
    help="Weights from a .npz or .safetensors file, by name or else in its order.",
)
@option(
    "--image",
    "images",
    metavar="[NAME=]FILE",
    multiple=True,
    help="The input, as a .npy file of CxHxW; of several inputs NAME=FILE for each.",
)
@option(
    "--output-scores",
    "scores",
    metavar="[N]",
    type=Whole(1, 10_000),
    is_flag=False,
    flag_value=5,
    help="Show the N largest values of every output (5).",
)
@option("--profile", is_flag=True, help="Show time, GFLOP/s and memory of every layer.")
@option(
    "--sort",
    type=click.Choice(["order", "time"]),
    default="order",
    help="Rows of --profile in execution order, or slowest first.",
)
@format_option(("table", "json"))
@output_option
@variant_options
def command(
    net: str,
    batch: int,
    dtype: str,
    threads: int | None,
    seed: int,
    weights: str | None,
    images: tuple[str, ...],
    scores: int | None,
    profile: bool,
    sort: str,
    format_: str,
    output: str | None,
    input_: GivenInput | None,
    changes: tuple[tuple[str, Any], ...],
) -> int:
    """Run a network in NumPy and hold every column of `analyze` against what happened.

    Output shapes are those of the arrays that the kernels returned, parameters and buffers the
    arrays they asked for, MACs the multiply-accumulates they issued, memory the bytes that were
    alive, receptive fields the pixels whose numbers reached a unit. Exit status 1 where a column
    does not hold.

    A network of PyTorch, ONNX or Keras runs on the weights that came with it.

    \b
    Examples:
      cnncalc verify vgg16
      cnncalc verify resnet50 --profile --sort time
      cnncalc verify lenet5 --weights lenet5.npz --image digit.npy --output-scores 3
    """
    if sort == "time" and not profile:
        raise UsageError("`--sort time` goes with `--profile`")
    network = load(net)
    found = report(network, input_, dict(changes), Settings(batch, dtype))
    one_thread_a_product()
    from cnncalc.cli.progress import progress
    from cnncalc.exchange.weights import own_arrays
    from cnncalc.numerics.measurement import Options
    from cnncalc.numerics.run.measure import measure
    from cnncalc.render.verify import document, verify_dict
    from cnncalc.verification.checks import compare

    count = threads or _cores()
    files = images_by_input(images, list(found.inputs))
    options = Options(batch, dtype, count, seed, weights, files, scores or 0)
    require_memory(found)
    try:
        with progress(found) as observer:
            verification = compare(
                found,
                measure(found.graph, options, observer, lambda: own_arrays(network, input_)),
            )
    except MemoryError:
        raise UsageError("the run needs more memory than there is", needs(found)) from None
    if format_ == "json":
        deliver_json(verify_dict(found, verification, profile, sort == "time"), output)
    else:
        show(document(found, verification, profile, sort == "time"), output)
    return int(not verification.passed)


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


def one_thread_a_product() -> None:
    """Tell the BLAS library to start no threads; it listens when NumPy is imported.

    The kernels divide their work among threads of their own.
    """
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")


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
        raise UsageError(
            f"the run takes {needs(found)}, and {human_bytes(there)} are available",
            "a smaller --batch or --input, or --dtype float32",
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
