"""`cnncalc convert`: the network in another form."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cnncalc.cli.common import deliver, output_option, variant_options, write_file
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.load import load
from cnncalc.graph import Graph
from cnncalc.render.escape import plain
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.exchange.imported import Imported
    from cnncalc.language.network import Network
    from cnncalc.numerics.arrays import Arrays
    from cnncalc.transforms.apply import Transformed

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

CODE = ("pytorch", "keras")
"""Forms that are Python."""

FORMS = sorted({*ENDINGS.values(), *CODE})


@subcommand("convert")
@click.argument("net")
@variant_options
@option("--to", type=click.Choice(FORMS), help="The form, where the ending does not tell.")
@option("--flat", is_flag=True, help="Write every layer out, without blocks.")
@option("--fully-convolutional", is_flag=True, help="Linear layers become convolutions.")
@option("--fold-batch-norm", is_flag=True, help="Into the layers before them.")
@option("--without-auxiliary", is_flag=True, help="Only the main output.")
@option("--classes", metavar="N", type=Whole(), help="Another number of classes.")
@option("--weights", metavar="FILE", help="Arrays of .npz, .safetensors.")
@option("--seed", type=Whole(0), default=0, help="Of weights, where none are given.")
@option("--no-weights", is_flag=True, help="ONNX with weights as inputs of the graph.")
@option("--weights-out", metavar="FILE", help="Write the arrays as well.")
@option("--check", is_flag=True, help="Run both sides on the same weights and input.")
@output_option
def command(
    net: str,
    input_: Shape | None,
    changes: tuple[tuple[str, Any], ...],
    to: str | None,
    flat: bool,
    fully_convolutional: bool,
    fold_batch_norm: bool,
    without_auxiliary: bool,
    classes: int | None,
    weights: str | None,
    seed: int,
    no_weights: bool,
    weights_out: str | None,
    check: bool,
    output: str | None,
) -> int:
    """Write the network in another form: a file of ours, PyTorch or Keras code, or ONNX.

    Layers that recur become blocks with parameters, or classes, runs of them repetitions. NET
    may be a file of ours as well: a flat one is refactored, and `--flat` writes every layer out.
    ONNX takes the network's own weights, those of a file, or some from a seed. The file is written
    whole or not at all.

    On the way fully connected layers become convolutions, batch normalizations a part of the layers
    before them, side heads go, or the number of classes changes; weights come along. In a file of
    ours that is changed where it is written, and all else kept.

    With --check both sides run on the same weights and input, and the largest relative difference
    is told; exit status 1 where rounding does not explain it.
    """
    form = _form(output, to) if output is not None or to is not None or not weights_out else ""
    _require(form, flat, output, no_weights, weights, check, weights_out)
    wanted = (without_auxiliary, classes, fold_batch_norm, fully_convolutional)
    subject = _subject(load(net), wanted, dict(changes), input_)
    status = 0
    if form == "onnx" or weights_out:
        options = (weights, seed, no_weights, check)
        file = output if form == "onnx" else None
        status = _with_weights(subject, file, weights_out, options)
    if check and subject.found is not None and (form == "yaml" or not subject.found.drawn()):
        status = max(status, _check_transform(subject, weights, seed))
    if form not in ("yaml", *CODE):
        return status
    text = _text(subject, form, flat)
    if check and form in CODE:
        status = max(status, _check_code(subject, form, text, weights, seed))
    elif check and subject.found is None:
        status = max(status, _check_import(subject.network, text, input_))
    if output is None:
        deliver(text, None, data=True)
    else:
        write_file(output, text)
        click.echo(f"wrote {plain(output)}", err=True)
    return status


class Subject(NamedTuple):
    """What is to be written."""

    network: Network | Imported
    graph: Graph
    input: Any
    """What the network was read with."""
    found: Transformed | None
    """How it was transformed."""


def _subject(
    network: Network | Imported, wanted: tuple[Any, ...], changes: dict[str, Any], input_: Any
) -> Subject:
    """The network as it is, or transformed.

    Raises:
        SpecError: the network is none.
        UsageError: it cannot be transformed so.
    """
    if not any(wanted):
        elaboration = network.elaborate(changes, input_)
        if elaboration.graph is None:
            raise SpecError(elaboration.diagnostics)
        return Subject(network, elaboration.graph, input_, None)
    from cnncalc.transforms.apply import transformed
    from cnncalc.transforms.steps import Wanted

    found = transformed(network, Wanted(*wanted), changes, input_)
    for told in found.told:
        click.echo(plain(told), err=True)
    return Subject(network, found.graph, found.input, found)


def _text(subject: Subject, form: str, flat: bool) -> str:
    """The text to write."""
    from cnncalc.exchange.converting import architecture_of, keras_of, pytorch_of

    network, graph, input_ = subject.network, subject.graph, subject.input
    found = subject.found
    places = None if found is None else found.whole.origins
    if form == "pytorch":
        return pytorch_of(network, graph, input_, places=places)
    if form == "keras":
        return keras_of(network, graph, input_, places=places)
    if found is not None and found.text is not None and not flat:
        return found.text
    return architecture_of(network, graph, input_, flat=flat, places=places)


def _arrays(subject: Subject, weights: str | None, seed: int) -> Sequence[Arrays]:
    """The arrays of what is written."""
    from cnncalc.exchange.weights import arrays_of

    network, graph, input_ = subject.network, subject.graph, subject.input
    found = subject.found
    if found is None:
        return arrays_of(network, graph, input_, weights, seed)
    anew = found.drawn()
    if anew:
        click.echo(f"drawn from the seed: {plain(', '.join(anew))}", err=True)
    return found.arrays(arrays_of(network, found.before, input_, weights, seed), seed)


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
    if weights and form in CODE and not (check or weights_out):
        raise UsageError("`--weights` does nothing here: code has none", "`--check` runs with them")
    if no_weights and form != "onnx":
        raise UsageError("`--no-weights` is for ONNX")
    if no_weights and (weights or check):
        raise UsageError("`--no-weights` leaves nothing to read or to check")


def _with_weights(
    subject: Subject,
    output: str | None,
    weights_out: str | None,
    options: tuple[str | None, int, bool, bool],
) -> int:
    """Write what takes the arrays: an ONNX file, a file of weights."""
    from cnncalc.exchange.weights import stored

    weights, seed, no_weights, check = options
    graph = subject.graph
    arrays = None if no_weights else _arrays(subject, weights, seed)
    if weights_out is not None and arrays is not None:
        write_file(weights_out, stored(weights_out, graph, arrays))
        click.echo(f"wrote {plain(weights_out)}", err=True)
    if output is None:
        return 0
    from cnncalc.exchange.writing.onnx.writer import (
        onnx_bytes,
        onnx_difference,
        onnx_model,
        write_apart,
    )

    model = onnx_model(graph, arrays)
    data = onnx_bytes(model)
    written = [output]
    if data is None:
        written.append(write_apart(model, output))
    status = 0
    if check and arrays is not None:
        difference = onnx_difference(graph, arrays, output if data is None else data, seed)
        status = _tell(difference, "onnxruntime")
    if data is not None:
        write_file(output, data)
    click.echo(f"wrote {plain(' and '.join(written))}", err=True)
    return status


def _check_transform(subject: Subject, weights: str | None, seed: int) -> int:
    """Hold the network against what it was before."""
    from cnncalc.exchange.weights import arrays_of
    from cnncalc.transforms.apply import difference

    assert subject.found is not None
    before = subject.found.before
    arrays = arrays_of(subject.network, before, subject.input, weights, seed)
    return _tell(difference(subject.found, arrays, seed), "the network before")


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


def _check_code(subject: Subject, form: str, text: str, weights: str | None, seed: int) -> int:
    """Run the code that was written, and hold its outputs against those of our NumPy pass."""
    arrays = _arrays(subject, weights, seed)
    if form == "keras":
        from cnncalc.exchange.writing.keras.running import keras_difference

        return _tell(keras_difference(subject.graph, arrays, text, seed), "Keras")
    from cnncalc.exchange.writing.pytorch.running import pytorch_difference

    return _tell(pytorch_difference(subject.graph, arrays, text, seed), "PyTorch")


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
