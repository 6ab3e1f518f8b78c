"""The parsed form of an architecture file: what is written, before any input shape is known."""

from __future__ import annotations

from typing import Any, NamedTuple

from cnncalc.diagnostics import Place
from cnncalc.language.expressions.expression import Expression, Parameter
from cnncalc.language.forms.values import MixedList, TableForm
from cnncalc.language.text.source import Node, SequenceNode, Source
from cnncalc.layers import Kind
from cnncalc.layers.options import Type

COMMON_KEYS = ("name", "from", "repeat", "if", "output", "share", "trainable")


class Dynamic(NamedTuple):
    """An option whose value is an expression: its position among the options."""

    position: int
    value: Expression | MixedList | TableForm
    type: Type


class LayerForm:
    """One layer as it is written."""

    __slots__ = (
        "argument",
        "block",
        "bound",
        "branches",
        "broken",
        "condition",
        "counted",
        "dynamic",
        "given",
        "group",
        "head",
        "is_output",
        "keys",
        "kind",
        "label",
        "name",
        "node",
        "place",
        "references",
        "repeat",
        "share",
        "source",
        "start",
        "trainable",
        "values",
    )

    source: Source
    node: Node
    head: Node
    """The node of the kind's or block's name."""
    place: Place
    """Where the name stands."""
    label: str
    """The kind's or block's name."""
    argument: Node | None
    """What stands behind the name."""
    keys: dict[str, Node]
    """The values of common keys."""
    given: dict[str, Node]
    """Which node belongs to which option of the kind, or parameter of the block."""
    bound: bool
    """Whether that is certain."""
    kind: type[Kind] | None
    block: BlockForm | None
    group: tuple[LayerForm, ...] | None
    """The layers of `{layers: [...], repeat: n}`, which adds no level to their names."""
    name: str | None
    start: str | None
    """`from`."""
    share: str | None
    repeat: Any
    condition: Any
    is_output: Any
    trainable: Any
    """Whether its weights are trained."""
    values: tuple[Any, ...]
    """Options of the kind, or arguments of the block, in declared order."""
    dynamic: tuple[Dynamic, ...]
    """Those of them that are expressions."""
    references: tuple[int, ...]
    """Those of them that name a layer."""
    branches: tuple[BranchForm, ...] | None
    broken: bool
    """Whether a finding keeps it from being a layer: what it makes stays unknown."""
    counted: bool
    """Whether its name carries a number."""


class BranchForm(NamedTuple):
    """A branch of a merge: a list of layers, or the name of one."""

    node: Node
    layers: tuple[LayerForm, ...] = ()
    reference: str | None = None
    condition: Any = None
    condition_node: Node | None = None

    @property
    def is_identity(self) -> bool:
        """Whether it is written `[]`: the input itself."""
        return self.reference is None and not self.layers and isinstance(self.node, SequenceNode)


def blank(source: Source, node: Node) -> LayerForm:
    """A form of which nothing is known yet; as it is, that of a layer that cannot be."""
    form = LayerForm()
    form.source = source
    form.node = form.head = node
    form.place = source.place(node)
    form.label = "?"
    form.name = form.start = form.share = form.branches = form.block = form.kind = None
    form.repeat = form.condition = form.group = form.argument = None
    form.is_output = form.counted = form.bound = False
    form.broken = form.trainable = True
    form.values = form.dynamic = form.references = ()
    form.keys = {}
    form.given = {}
    return form


class BlockForm:
    """A block: its parameters and its layers (parsed when first used)."""

    __slots__ = ("body", "explicit", "header", "label", "node", "parameters", "place", "source")

    def __init__(
        self,
        source: Source,
        header: Node,
        label: str,
        parameters: tuple[Parameter, ...],
        node: Node,
    ) -> None:
        self.source = source
        self.header = header
        self.label = label
        self.parameters = parameters
        self.node = node
        self.place = source.place(header)
        self.body: tuple[LayerForm, ...] = ()
        self.explicit: frozenset[str] = frozenset()
        """Names that its layers give themselves."""


def number_names(forms: tuple[LayerForm, ...]) -> frozenset[str]:
    """Decide which layers of a scope carry a number; the names given explicitly.

    A name is numbered where it occurs more than once, branches included, or under `repeat`.
    """
    times: dict[str, int] = {}
    explicit: set[str] = set()
    scope: list[LayerForm] = []
    visited: set[int] = set()

    def visit(layers: tuple[LayerForm, ...], repeated: bool) -> None:
        for form in layers:
            many = repeated or form.repeat is not None
            if form.group is not None:
                if id(form.group) not in visited:
                    visited.add(id(form.group))
                    visit(form.group, many)
                continue
            name = form.name or form.label
            times[name] = times.get(name, 0) + (2 if many else 1)
            form.counted = many
            if form.name is not None:
                explicit.add(form.name)
            scope.append(form)
            for branch in form.branches or ():
                if branch.layers and id(branch.layers) not in visited:
                    visited.add(id(branch.layers))
                    visit(branch.layers, many)

    visit(forms, False)
    for form in scope:
        if form.name is None:
            form.counted = times[form.label] > 1 or form.label in explicit
    return frozenset(explicit)
