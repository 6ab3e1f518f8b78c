"""`cnncalc verify`: every column proven by running the network."""

from __future__ import annotations

import os
from typing import Any

import click

from cnncalc.api.verifying import Verified, verify
from cnncalc.cli.common import format_option, net_argument, output_option, present, variant_options
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.progress import progress
from cnncalc.cli.values import Whole

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""What BLAS libraries read when they are loaded."""


@subcommand("verify")
@net_argument()
@option("--batch", type=Whole(), help="Samples in a batch; 1 where left out.")
@option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    help="Type of weights and activations; float32 where left out.",
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
    metavar="[NAME=]FILE",
    multiple=True,
    help="The input, as a .npy file of CxHxW; of several inputs NAME=FILE for each.",
)
@option(
    "--output-scores",
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
@format_option(Verified.FORMATS)
@output_option
@variant_options
def command(net: str, output: str | None, **options: Any) -> int:
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
    one_thread_a_product()
    return present(verify(net, output=output, progress=progress, **options), output)


def one_thread_a_product() -> None:
    """Make the BLAS library start no threads; it reads this when NumPy is imported.

    The kernels divide their work among threads of their own.
    """
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
