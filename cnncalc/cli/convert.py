"""`cnncalc convert`: the network in another form."""

from __future__ import annotations

import os
from typing import Any

import click

from cnncalc.cli.common import deliver, output_option, variant_options, write_file
from cnncalc.cli.values import Whole
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.load import load
from cnncalc.graph import Graph
from cnncalc.render.escape import plain
from cnncalc.shapes import Shape

ENDINGS = {".yaml": "yaml", ".yml": "yaml", ".py": "pytorch", ".onnx": "onnx"}
"""The form of each ending."""


def _form(output: str | None, to: str | None) -> str:
    """The form to write.

    Raises:
        UsageError: neither `--to` nor the ending tells.
    """
    if to is not None:
        return to
    if output is None:
        hint = f"name a file with -o, or a form with --to: {', '.join(FORMS)}"
        raise UsageError("convert to what?", hint)
    ending = os.path.splitext(output)[1].lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"no form goes with the ending of {os.path.basename(output)}",
            f"endings: {', '.join(ENDINGS)}; or name one with --to",
        )
    return ENDINGS[ending]


TOLERANCE = 1e-4
"""The relative difference that rounding may make."""

FORMS = sorted(set(ENDINGS.values()))


@click.command("convert")
@click.argument("net")
@variant_options
@click.option("--to", type=click.Choice(FORMS), help="The form, where the ending does not tell.")
@click.option("--flat", is_flag=True, help="Write every layer out, without blocks.")
@click.option("--weights", metavar="FILE", type=click.Path(), help="Arrays of .npz, .safetensors.")
@click.option("--seed", type=Whole(0), default=0, help="Of weights, where none are given.")
@click.option("--no-weights", is_flag=True, help="ONNX with weights as inputs of the graph.")
@click.option("--weights-out", metavar="FILE", type=click.Path(), help="Write the arrays as well.")
@click.option("--check", is_flag=True, help="Run both sides on the same weights and input.")
@output_option
def command(
    net: str,
    input_: Shape | None,
    changes: tuple[tuple[str, Any], ...],
    to: str | None,
    flat: bool,
    weights: str | None,
    seed: int,
    no_weights: bool,
    weights_out: str | None,
    check: bool,
    output: str | None,
) -> int:
    """Write the network in another form: a file of ours (.yaml), PyTorch (.py), or ONNX (.onnx).

    Layers that recur become blocks with parameters, or classes, runs of them repetitions. NET
    may be a file of ours as well: a flat one is refactored, and `--flat` writes every layer out.
    ONNX takes the network's own weights, those of a file, or some from a seed. The file is written
    whole or not at all.

    With --check both sides run on the same weights and input, and the largest relative difference
    is told; exit status 1 where rounding does not explain it.
    """
    form = _form(output, to) if output is not None or to is not None or not weights_out else ""
    _require(form, flat, output, no_weights, weights, check, weights_out)
    network = load(net)
    elaboration = network.elaborate(dict(changes), input_)
    graph = elaboration.graph
    if graph is None:
        raise SpecError(elaboration.diagnostics)
    status = 0
    if form == "onnx" or weights_out:
        status = _with_weights(
            network, graph, input_, output, weights_out, (weights, seed, no_weights, check)
        )
    if form not in ("yaml", "pytorch"):
        return status
    from cnncalc.exchange.converting import architecture_of, pytorch_of

    if form == "pytorch":
        text = pytorch_of(network, graph, input_)
    else:
        text = architecture_of(network, graph, input_, flat=flat)
    if check and form == "pytorch":
        status = max(status, _check_pytorch(graph, text, network, input_, weights, seed))
    elif check:
        status = max(status, _check_import(network, text, input_))
    if output is None:
        deliver(text, None, data=True)
    else:
        write_file(output, text)
        click.echo(f"wrote {plain(output)}", err=True)
    return status


def _require(
    form: str,
    flat: bool,
    output: str | None,
    no_weights: bool,
    weights: str | None,
    check: bool,
    weights_out: str | None,
) -> None:
    """Refuse options that would do nothing.

    Raises:
        UsageError: one of them would.
    """
    if form == "onnx" and output is None:
        raise UsageError("ONNX is no text for standard output", "name a file with -o")
    if flat and form != "yaml":
        raise UsageError("`--flat` is for architecture files")
    if weights and form == "pytorch" and not (check or weights_out):
        raise UsageError("`--weights` does nothing here: code has none", "`--check` runs with them")
    if no_weights and form != "onnx":
        raise UsageError("`--no-weights` is for ONNX")
    if no_weights and (weights or check):
        raise UsageError("`--no-weights` leaves nothing to read or to check")


def _with_weights(
    network: Any,
    graph: Graph,
    input_: Any,
    output: str | None,
    weights_out: str | None,
    options: tuple[str | None, int, bool, bool],
) -> int:
    """Write what takes the arrays: an ONNX file, a file of weights."""
    from cnncalc.exchange.weights import arrays_of, stored
    from cnncalc.exchange.writing.onnx.writer import onnx_bytes, onnx_difference, onnx_model

    weights, seed, no_weights, check = options
    arrays = None if no_weights else arrays_of(network, graph, input_, weights, seed)
    if weights_out is not None and arrays is not None:
        write_file(weights_out, stored(weights_out, graph, arrays))
        click.echo(f"wrote {plain(weights_out)}", err=True)
    if output is None or not output.lower().endswith(".onnx"):
        return 0
    data = onnx_bytes(onnx_model(graph, arrays))
    status = 0
    if check and arrays is not None:
        status = _tell(onnx_difference(graph, arrays, data, seed), "onnxruntime")
    write_file(output, data)
    click.echo(f"wrote {plain(output)}", err=True)
    return status


def _check_import(network: Any, text: str, input_: Any) -> int:
    """Hold the file that was written against the framework that it came from."""
    from cnncalc.exchange.checking import check_import
    from cnncalc.exchange.imported import Imported
    from cnncalc.language.network import Network
    from cnncalc.language.text.source import Source

    if not isinstance(network, Imported):
        raise UsageError(
            "`--check` proves an import, and this is a file of ours already",
            "`cnncalc verify` runs it",
        )
    written = Network(Source("<written>", text, None)).graph()
    return _tell(check_import(network, input_, graph=written).largest, network.format)


def _check_pytorch(
    graph: Graph, text: str, network: Any, input_: Any, weights: str | None, seed: int
) -> int:
    """Run the code that was written, and hold its outputs against those of our NumPy pass."""
    from cnncalc.exchange.weights import arrays_of
    from cnncalc.exchange.writing.pytorch.running import pytorch_difference

    arrays = arrays_of(network, graph, input_, weights, seed)
    return _tell(pytorch_difference(graph, arrays, text, seed), "PyTorch")


def _tell(difference: float, framework: str) -> int:
    """The largest difference of both sides; 1 where it is more than rounding."""
    passed = difference <= TOLERANCE
    word = "equal" if passed else "NOT equal"
    click.echo(
        f"check: {word} to {framework} on the same weights and input: "
        f"largest relative difference {difference:.1e}",
        err=True,
    )
    return int(not passed)
