"""`convert`: the network in another form."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import fspath
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.completeness import require_computable, require_known, require_layers
from cnncalc.api.result import Path, Result
from cnncalc.api.subject import Asked, Net, Parameters, Shaped, asked, graph_of
from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.language.coerce import whole
from cnncalc.language.network import Network as ArchitectureFile
from cnncalc.language.text.source import Source
from cnncalc.output import write_file
from cnncalc.render.escape import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cnncalc.exchange.imported import Imported
    from cnncalc.numerics.arrays import Arrays
    from cnncalc.transforms.apply import Transformed

ENDINGS = {".yaml": "yaml", ".yml": "yaml", ".py": "pytorch", ".onnx": "onnx"}
"""The form of each ending."""

TOLERANCE = 1e-4
"""The relative difference that rounding may make."""

CODE = ("pytorch", "keras")
"""Forms that are Python."""

FORMS = sorted({*ENDINGS.values(), *CODE})


class Equality(NamedTuple):
    """The largest relative difference of both sides, on the same weights and input."""

    framework: str
    difference: float
    tolerance: float = TOLERANCE
    """What rounding may make."""

    @property
    def passed(self) -> bool:
        """Whether rounding explains it."""
        return self.difference <= self.tolerance

    def __str__(self) -> str:
        word = "equal" if self.passed else "NOT equal"
        return (
            f"check: {word} to {self.framework} on the same weights and input: "
            f"largest relative difference {self.difference:.1e}"
        )


class Conversion(Result):
    """A network in another form: its text, or the files that were written."""

    FORMATS = ("text", "json")

    def __init__(self, form: str) -> None:
        self.form = form
        """`yaml`, `pytorch`, `keras` or `onnx`."""
        self.text: str | None = None
        """The architecture file or the code; `None` for ONNX."""
        self.written: tuple[str, ...] = ()
        """The files that were written."""
        self.checks: tuple[Equality, ...] = ()
        """What came of running both sides."""
        self.notes: tuple[str, ...] = ()
        """What was done, as the command says it."""

    @property
    def exit_status(self) -> int:
        """1 where both sides differ by more than rounding."""
        return int(not self.passed)

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all([one.passed for one in self.checks])

    def note(self, text: str) -> None:
        """Add a sentence on what was done."""
        self.notes = (*self.notes, text)

    def add(self, check: Equality) -> None:
        """Add the outcome of running both sides."""
        self.checks = (*self.checks, check)
        self.note(str(check))

    def wrote(self, *files: str) -> None:
        """Add files that were written together."""
        self.written = (*self.written, *files)
        self.note(f"wrote {plain(' and '.join(files))}")

    def __str__(self) -> str:
        return "\n".join(self.notes) if self.text is None else self.text.rstrip("\n")

    def document(self) -> RenderableType:
        from rich.text import Text

        return Text(str(self))

    def to_dict(self) -> dict[str, Any]:
        """The form, the text, the files and the checks."""
        checks = [one._asdict() | {"passed": one.passed} for one in self.checks]
        return {
            "schema": "cnncalc.convert/1",
            "form": self.form,
            "text": self.text,
            "written": list(self.written),
            "checks": checks,
        }

    def rendered(self, format: str) -> str | bytes:
        if format == "text" and self.text is not None:
            return self.text
        return super().rendered(format)

    def summary(self) -> str:
        done = ", ".join(self.notes) or f"{len(self.text or ''):,} characters"
        return f"{self.form}: {done}"


class ConversionSource(NamedTuple):
    """What is to be written."""

    network: ArchitectureFile | Imported
    graph: Graph
    input: Any
    """What the network was read with."""
    found: Transformed | None
    """How it was transformed."""


def convert(
    net: Net | None = None,
    output: Path | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    to: str | None = None,
    flat: bool = False,
    fully_convolutional: bool = False,
    fold_batch_norm: bool = False,
    without_auxiliary: bool = False,
    classes: int | None = None,
    weights: Path | None = None,
    seed: int = 0,
    no_weights: bool = False,
    weights_out: Path | None = None,
    check: bool = False,
    strict: bool = False,
) -> Conversion:
    """The network in another form: a file of ours, PyTorch or Keras code, or ONNX.

    Args:
        output: the file to write; its ending picks the form.
        net, yaml, input, set, parameters: as of `analyze`.
        to: the form, where there is no ending: `yaml`, `pytorch`, `keras` or `onnx`.
        flat: write every layer out, without blocks.
        fully_convolutional: linear layers become convolutions.
        fold_batch_norm: batch normalizations become a part of the layers before them.
        without_auxiliary: only the main output.
        classes: another number of classes.
        weights: a file with arrays, `.npz` or `.safetensors`.
        seed: of weights, where none are given.
        no_weights: ONNX with weights as inputs of the graph.
        weights_out: a file for the arrays as well.
        check: run both sides on the same weights and input.
        strict: refuse operators that are no layer kind, in place of writing them as `custom`.

    Raises:
        UsageError: there is no such network or form, or an option would do nothing.
        SpecError: the network cannot be used.
    """
    target = None if output is None else fspath(output)
    stored = None if weights is None else fspath(weights)
    apart = None if weights_out is None else fspath(weights_out)
    form = form_of(target, to) if target is not None or to is not None or not apart else ""
    _require(form, flat, target, no_weights, stored, check, apart)
    count = None if classes is None else whole(classes, "`classes`")
    result = Conversion(form)
    wanted = (without_auxiliary, count, fold_batch_norm, fully_convolutional)
    subject = _subject(asked(net, yaml, input, set, parameters), wanted, result)
    seed = whole(seed, "`seed`")
    require_known(subject.graph, "the file", ("output",))
    if strict:
        require_layers(subject.graph)
    if check:
        require_computable(subject.graph)
    if form == "onnx" or apart:
        options = (stored, seed, no_weights, check)
        _with_weights(subject, target if form == "onnx" else None, apart, options, result)
    if check and subject.found is not None and (form == "yaml" or not subject.found.drawn()):
        _check_transform(subject, stored, seed, result)
    if form not in ("yaml", *CODE):
        return result
    text = _text(subject, form, flat)
    if check and form in CODE:
        result.add(_check_code(subject, form, text, stored, seed, result))
    elif check and subject.found is None:
        result.add(_check_import(subject.network, text, subject.input))
    result.text = text
    if target is not None:
        write_file(target, text)
        result.wrote(target)
    return result


def form_of(output: str | None, to: str | None) -> str:
    """The form to write.

    Raises:
        UsageError: neither `to` nor the ending tells.
    """
    if to is not None:
        if to not in FORMS:
            raise UsageError(f"there is no form `{to}`", f"the forms are {', '.join(FORMS)}")
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


def _subject(asked: Asked, wanted: tuple[Any, ...], result: Conversion) -> ConversionSource:
    """The network as it is, or transformed.

    Raises:
        SpecError: the network is none.
        UsageError: it cannot be transformed so.
    """
    if not any(wanted):
        return ConversionSource(asked.network, graph_of(asked), asked.input, None)
    # transforms bring NumPy
    from cnncalc.transforms.apply import transformed
    from cnncalc.transforms.steps import RequestedTransforms

    found = transformed(asked.network, RequestedTransforms(*wanted), asked.changes, asked.input)
    for told in found.told:
        result.note(plain(told))
    return ConversionSource(asked.network, found.graph, found.input, found)


def _text(subject: ConversionSource, form: str, flat: bool) -> str:
    """The text to write."""
    # each writer is for one form
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


def _arrays(
    subject: ConversionSource, weights: str | None, seed: int, result: Conversion
) -> Sequence[Arrays]:
    """The arrays of what is written."""
    # arrays bring NumPy
    from cnncalc.exchange.weights import arrays_of

    network, graph, input_ = subject.network, subject.graph, subject.input
    found = subject.found
    if found is None:
        return arrays_of(network, graph, input_, weights, seed)
    anew = found.drawn()
    if anew:
        result.note(f"drawn from the seed: {plain(', '.join(anew))}")
    return found.arrays(arrays_of(network, found.before, input_, weights, seed), seed)


def _with_weights(
    subject: ConversionSource,
    output: str | None,
    weights_out: str | None,
    options: tuple[str | None, int, bool, bool],
    result: Conversion,
) -> None:
    """Write what takes the arrays: an ONNX file, a file of weights."""
    from cnncalc.exchange.weights import stored

    weights, seed, no_weights, check = options
    graph = subject.graph
    arrays = None if no_weights else _arrays(subject, weights, seed, result)
    if weights_out is not None and arrays is not None:
        write_file(weights_out, stored(weights_out, graph, arrays))
        result.wrote(weights_out)
    if output is None:
        return
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
    if check and arrays is not None:
        difference = onnx_difference(graph, arrays, output if data is None else data, seed)
        result.add(Equality("onnxruntime", difference))
    if data is not None:
        write_file(output, data)
    result.wrote(*written)


def _check_transform(
    subject: ConversionSource, weights: str | None, seed: int, result: Conversion
) -> None:
    """Hold the network against what it was before."""
    from cnncalc.exchange.weights import arrays_of
    from cnncalc.transforms.apply import difference

    assert subject.found is not None
    before = subject.found.before
    arrays = arrays_of(subject.network, before, subject.input, weights, seed)
    result.add(Equality("the network before", difference(subject.found, arrays, seed)))


def _check_import(network: ArchitectureFile | Imported, text: str, input: Any) -> Equality:
    """Hold the file that was written against the framework that it came from."""
    from cnncalc.exchange.checking import check_import

    if isinstance(network, ArchitectureFile):
        raise UsageError(
            "`--check` proves an import, and this is a file of ours already",
            "`cnncalc verify` runs it",
        )
    written = ArchitectureFile(Source("<written>", text, None)).graph()
    checked = check_import(network, input, graph=written)
    return Equality(network.format, checked.largest, checked.tolerance)


def _check_code(
    subject: ConversionSource,
    form: str,
    text: str,
    weights: str | None,
    seed: int,
    result: Conversion,
) -> Equality:
    """Run the code that was written, and hold its outputs against those of our NumPy pass."""
    arrays = _arrays(subject, weights, seed, result)
    if form == "keras":
        from cnncalc.exchange.writing.keras.running import keras_difference

        return Equality("Keras", keras_difference(subject.graph, arrays, text, seed))
    from cnncalc.exchange.writing.pytorch.running import pytorch_difference

    return Equality("PyTorch", pytorch_difference(subject.graph, arrays, text, seed))
