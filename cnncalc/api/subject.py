"""From what a function is given to a network, and how it is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cnncalc.analysis.report import BYTES, Settings
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.examples import Examples, examples
from cnncalc.exchange.load import load_foreign
from cnncalc.language.coerce import given_input, given_parameters, given_source, whole
from cnncalc.language.load import checked_input
from cnncalc.language.network import Network as ArchitectureFile
from cnncalc.language.variants import variant
from cnncalc.layers.options import INTEGER_LIMIT

if TYPE_CHECKING:
    from cnncalc.exchange.imported import Imported

Net: TypeAlias = Any
"""A network: a path, a shipped network's name, `-` for standard input, the keys of an architecture
file as a mapping, a `torch.nn.Module`, a `torch.export.ExportedProgram`, a `keras.Model`, an
`onnx.ModelProto`, a `Network` or a `Report`."""

Shaped: TypeAlias = Any
"""An input: channels and spatial sizes, several of them by name, or example tensors with their
batch (a tensor, a tuple or a dict of them, as the model is called with)."""

Parameters: TypeAlias = Mapping[str, Any]
"""Values of an architecture file's parameters, by name."""


class Asked(NamedTuple):
    """A network that was opened, and how it is to be looked at."""

    network: ArchitectureFile | Imported
    input: Any
    """A shape, shapes by name, or `Examples`; `None` for the network's own."""
    changes: dict[str, Any]
    settings: Settings
    label: str
    """What the caller calls it."""


class Subject:
    """A network that was opened, with what it is asked with where a call does not say."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked


class Options(NamedTuple):
    """What every function takes beside the network, checked."""

    input: Any
    """A shape, shapes by name, or `Examples`."""
    changes: dict[str, Any]
    batch: int | None
    dtype: str | None
    inplace: bool

    def settings(self, before: Settings = Settings()) -> Settings:
        """How a network is looked at; `before` where an option was not given."""
        return Settings(
            before.batch if self.batch is None else self.batch,
            before.dtype if self.dtype is None else self.dtype,
            self.inplace or before.inplace,
        )


def options(
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: Any = None,
    dtype: str | None = None,
    inplace: bool = False,
) -> Options:
    """The options that every function takes, checked; example tensors say their batch and type.

    Raises:
        UsageError: one of them cannot be used.
    """
    if set is not None and parameters is not None:
        raise UsageError("`parameters` is another name of `set`", "leave one of them out")
    changes = given_parameters(set if set is not None else parameters)
    if dtype is not None and dtype not in BYTES:
        raise UsageError(f"unknown type `{dtype}`", f"one of {', '.join(BYTES)}")
    samples = None if batch is None else whole(batch, "`batch`")
    if samples is not None and not 1 <= samples <= INTEGER_LIMIT:
        raise UsageError(f"`batch` must be from 1 to 2^31 − 1, not {samples}")
    tensors = input if isinstance(input, Examples) else examples(input)
    if tensors is None:
        shape = None if input is None else checked_input(given_input(input))
        return Options(shape, changes, samples, dtype, inplace)
    if dtype is None and tensors.dtype in BYTES:
        dtype = tensors.dtype
    return Options(tensors, changes, samples or tensors.batch, dtype, inplace)


def asked(
    net: Net | None,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: Any = None,
    dtype: str | None = None,
    inplace: bool = False,
) -> Asked:
    """The network that a function's arguments name, and how it is to be looked at.

    Raises:
        UsageError: there is no such network, or an argument cannot be used.
        SpecError: it is no network.
    """
    return with_options(net, yaml, options(input, set, parameters, batch, dtype, inplace))


def with_options(net: Net | None, yaml: str | None, given: Options) -> Asked:
    """The network that is named, looked at as the options say.

    Raises:
        UsageError: there is no such network, or its input is another.
        SpecError: it is no network.
    """
    known = _known(net, yaml)
    if known is None:
        changes: dict[str, Any] = {}
        called = label(net)
        if isinstance(net, str) and "?" in net:
            net, changes = variant(net)
        known = Asked(_opened(net, yaml), None, changes, Settings(), called)
    shape = given.input
    if isinstance(shape, Examples) and not takes_examples(known.network):
        shape = _shapes(shape, known.network)
    return known._replace(
        input=known.input if shape is None else shape,
        changes={**known.changes, **given.changes},
        settings=given.settings(known.settings),
    )


def _known(net: Any, yaml: str | None) -> Asked | None:
    """What a network or report of ours was opened with; `None` for anything else."""
    if yaml is not None:
        return None
    if isinstance(net, Subject):
        return net.asked
    found = getattr(net, "asked", None)
    return found if isinstance(found, Asked) else None


def _opened(net: Any, yaml: str | None) -> ArchitectureFile | Imported:
    if (net is None) == (yaml is None):
        raise UsageError("a network is either named or given as `yaml`")
    if isinstance(net, str | PathLike):
        path = fspath(net)
        foreign = load_foreign(path) if isinstance(path, str) else None
        return foreign or ArchitectureFile(given_source(net, None))
    if isinstance(net, ArchitectureFile):
        return net
    if yaml is not None or isinstance(net, Mapping):
        return ArchitectureFile(given_source(net, yaml))
    # what reads the objects of a framework is needed for them alone
    from cnncalc.exchange.objects import load_object

    found = load_object(net)
    if found is None:
        raise UsageError(
            "a network is a path, a name, a mapping, a network or report of ours, or an object of "
            f"a framework, not {type(net).__name__}",
            "torch.nn.Module, torch.export.ExportedProgram, keras.Model or onnx.ModelProto",
        )
    return found


def label(net: Any) -> str:
    """What a network is called in tables: its path or name, else what it calls itself."""
    if isinstance(net, str | PathLike):
        return str(fspath(net))
    known = _known(net, None)
    if known is not None:
        return known.label
    return "<mapping>" if isinstance(net, Mapping) else type(net).__name__


def takes_examples(network: ArchitectureFile | Imported) -> bool:
    """Whether a network is run with example tensors, and not only sized by them."""
    return not isinstance(network, ArchitectureFile) and network.takes_examples


def _shapes(tensors: Examples, network: ArchitectureFile | Imported) -> Any:
    """The shapes of example tensors, as the network's format lays them out.

    Raises:
        UsageError: they have no names, or one is no shape.
    """
    last = not isinstance(network, ArchitectureFile) and network.channels_last
    return checked_input(tensors.shapes(last))


def graph_of(asked: Asked) -> Any:
    """The graph of the network that is asked about.

    Raises:
        SpecError, UsageError: there is none.
    """
    elaboration = asked.network.elaborate(asked.changes, asked.input)
    if elaboration.graph is None:
        raise SpecError(elaboration.diagnostics)
    return elaboration.graph
