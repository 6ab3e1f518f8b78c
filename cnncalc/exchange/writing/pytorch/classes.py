"""One block, or the network itself, as a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncalc.analysis.outline.terms import Term
from cnncalc.analysis.outline.types import Block, Branch, Item
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.writing.python.channels import put
from cnncalc.exchange.writing.python.code import Code, before, call, laid_out, listed, variable
from cnncalc.exchange.writing.pytorch.attributes import (
    Attributes,
    attributes_of,
    base,
    bases,
    is_straight,
    refers,
    runs,
)
from cnncalc.exchange.writing.pytorch.straight import ClassContext, ModuleGroup
from cnncalc.fresh_names import fresh
from cnncalc.layers.base import Kind
from cnncalc.layers.options import KernelSize, Padding
from cnncalc.layers.pool import MaxPool

SIGNS = {"add": " + ", "multiply": " * ", "subtract": " - ", "divide": " / "}
"""Merges that are one operator."""

FUNCTIONS = {"maximum": "torch.maximum", "minimum": "torch.minimum"}


class Straight:
    """The constructor of an `nn.Sequential` whose modules are its attributes."""

    def __init__(self, scene: ClassContext, items: Sequence[Item]) -> None:
        self.scene = scene
        self.attribute = Attributes(bases(items))

    def lines(self, items: Sequence[Item], channels: Term, indent: int) -> list[str]:
        """The statements for some items."""
        lines: list[str] = []
        for item in items:
            within = indent
            if item.condition is not None:
                condition = self.scene.text(put(item.condition, channels))
                lines.append(" " * indent + f"if {condition}:")
                within += 4
            plain = item._replace(condition=None)
            if item.group is not None and item.times == 1:
                lines += self.lines(item.group, channels, within)
            else:
                lines += self._one(plain, self.scene.parts([plain], channels), within)
            channels = self.scene.channels.after(item, channels)
        return lines

    def _one(self, item: Item, parts: Sequence[ModuleGroup], indent: int) -> list[str]:
        modules = [module for part in parts for module in part.modules]
        apart = all(not part.opening for part in parts) and item.times == 1
        if not apart:
            return self.scene.sequential(f"self.{self.attribute(base(item))}", parts, indent)
        lines: list[str] = []
        for number, module in enumerate(modules, 1):
            name = base(item) if number == len(modules) else "pad"
            lines += laid_out(before(f"self.{self.attribute(name)} = ", module), indent)
        return lines


class Branching:
    """The constructor and the forward pass of a module that is no straight list."""

    def __init__(
        self, scene: ClassContext, items: Sequence[Item], values: Mapping[str, str]
    ) -> None:
        self.scene = scene
        self.attribute = Attributes(attributes_of(items))
        self.made: list[str] = []
        """Lines of the constructor."""
        self.done: list[str] = []
        """Lines of the forward pass."""
        self.values = dict(values)
        """Variables of the layers that are referred to, by their names."""
        self.modules: dict[str, str] = {}
        """Attributes of the layers that are referred to."""
        self.unpooled = set(_unpooled(items))
        self.outputs: list[str] = []
        self._temporaries = 0
        self._variables = {"x", "y"}

    def walk(
        self, items: Sequence[Item], channels: Term, source: str, target: str, indent: int
    ) -> str:
        """Write items that take what a variable holds; the variable of what they give."""
        for run in runs(items):
            if is_straight(run):
                source = self._straight(run, channels, source, target, indent)
            else:
                (item,) = run
                if item.start is not None:
                    source, channels = self._named(item.start)
                source = self._special(item, channels, source, target, indent)
            channels = self.scene.channels.behind(run, channels)
        return source

    def _named(self, name: str) -> tuple[str, Term]:
        return self.values[name], self.scene.channels.named[name]

    def _straight(
        self, items: Sequence[Item], channels: Term, source: str, target: str, indent: int
    ) -> str:
        if not items:
            return source
        name = base(items[0]) if len(items) == 1 else "layers"
        self._do(f"{target} = {self._module(name, items, channels, indent)}({source})", indent)
        return target

    def _module(self, name: str, items: Sequence[Item], channels: Term, indent: int) -> str:
        """Make a module of items one after the other; its attribute."""
        attribute = f"self.{self.attribute(name)}"
        parts = self.scene.parts(items, channels)
        self.made += self.scene.sequential(attribute, parts, 8 + indent)
        return attribute

    def _do(self, code: Code | str, indent: int) -> None:
        self.done += laid_out(Code(code) if isinstance(code, str) else code, 8 + indent)

    # -- what is no plain module -------------------------------------------------------------

    def _special(self, item: Item, channels: Term, source: str, target: str, indent: int) -> str:
        if item.condition is not None:
            condition = self.scene.text(put(item.condition, channels))
            flag = self.attribute(f"has_{base(item)}")
            self.made.append(" " * (8 + indent) + f"self.{flag} = {condition}")
            self.made.append(" " * (8 + indent) + f"if self.{flag}:")
            if source != target:
                self._do(f"{target} = {source}", indent)
            self.done.append(" " * (8 + indent) + f"if self.{flag}:")
            plain = item._replace(condition=None)
            made = len(self.made)
            self._special(plain, channels, target, target, indent + 4)
            if len(self.made) == made:
                self.made.pop()
            return target
        if item.times != 1:
            raise UsageError(f"a repeated `{base(item)}` that refers to other layers")
        if item.name is not None or item.is_output:
            target = self._variable(item.name or f"output{len(self.outputs) + 1}")
        if item.group is not None:
            return self.walk(item.group, channels, source, target, indent)
        if item.branches is not None:
            self._do(before(f"{target} = ", self._merge(item, channels, source, indent)), indent)
        elif item.share is not None:
            given = [source, *self._given(item)]
            self._do(before(f"{target} = ", call(self.modules[item.share], *given)), indent)
        elif item.block is not None and refers(item):
            self._use(item, item.block, channels, source, target, indent)
        elif refers(item):
            assert item.kind is not None
            self._do(before(f"{target} = ", self._like(item, item.kind, source)), indent)
        elif item.name in self.unpooled:
            self._pool(item, channels, source, target, indent)
        else:
            plain = item._replace(name=None, start=None, is_output=False)
            attribute = self._module(base(item), [plain], channels, indent)
            self._do(f"{target} = {attribute}({source})", indent)
            if item.name is not None:
                self.modules[item.name] = attribute
        if item.name is not None:
            self.values[item.name] = target
        if item.is_output:
            self.outputs.append(target)
        return target

    def _use(
        self, item: Item, block: Block, channels: Term, source: str, target: str, indent: int
    ) -> None:
        """The use of a block that is given layers."""
        layers = self._given(item)
        plain = item._replace(name=None, start=None, is_output=False)
        attribute = self._module(base(item), [plain], channels, indent)
        self._do(before(f"{target} = ", call(attribute, source, *layers)), indent)
        if item.name is not None:
            self.modules[item.name] = attribute

    def _given(self, item: Item) -> list[str]:
        """The variables of the layers that a use of a block is given."""
        given = dict(item.options)
        parameters = item.block.parameters if item.block is not None else ()
        return [self.values[given[one.name]] for one in parameters if one.layer]

    def _variable(self, name: str) -> str:
        found = fresh(variable(name), {*self.values.values(), *self._variables})
        self._variables.add(found)
        return found

    def _merge(self, item: Item, channels: Term, source: str, indent: int) -> Code:
        assert item.kind is not None
        branches = item.branches or ()
        several = sum(bool(branch.items) for branch in branches) > 1
        values: list[str] = []
        flags: list[str | None] = []
        for number, branch in enumerate(branches, 1):
            name = f"branch{number}" if several else "branch"
            if branch.items and not is_straight(_unstarted(branch.items)):
                # what has no module of its own runs first, and the branches before it before that
                values = [self._held(value, indent) for value in values]
            flag = self._flag(branch, name, channels, indent)
            flags.append(flag)
            if flag is not None and branch.items:
                # its arrays are there where it takes part
                if not is_straight(branch.items):
                    raise UsageError(f"a `{item.kind.name}` of an optional branch that branches")
                self.made.append(" " * (8 + indent) + f"if {flag}:")
                values.append(self._branch(branch, name, channels, source, indent + 4))
            else:
                values.append(self._branch(branch, name, channels, source, indent))
        if item.kind.is_stated:
            if any(flags):
                raise UsageError(f"a `{item.kind.name}` of an optional branch")
            plain = item._replace(branches=None, name=None, start=None, is_output=False)
            return call(self._module(base(item), [plain], channels, indent), *values)
        whole = _combined(item, item.kind, values)
        always = [value for value, flag in zip(values, flags, strict=True) if flag is None]
        asked = [flag for flag in flags if flag is not None]
        if not asked:
            return whole
        if len(asked) > 1 or len(always) != 1:
            raise UsageError(f"a `{item.kind.name}` of several optional branches")
        if always[0] != source and not always[0].isidentifier():
            temporary = self._held(always[0], indent)
            values = [temporary if value == always[0] else value for value in values]
            always = [temporary]
        whole = _combined(item, item.kind, values)
        return Code(f"{whole.flat()} if {asked[0]} else {always[0]}")

    def _branch(self, branch: Branch, name: str, channels: Term, source: str, indent: int) -> str:
        if branch.reference is not None:
            return self.values[branch.reference]
        items = branch.items
        if not items:
            return source
        if items[0].start is not None:
            source, channels = self._named(items[0].start)
            items = _unstarted(items)
        if is_straight(items):
            return f"{self._module(name, items, channels, indent)}({source})"
        return self.walk(items, channels, source, self._temporary(), indent)

    def _flag(self, branch: Branch, name: str, channels: Term, indent: int) -> str | None:
        """An attribute that says whether a branch takes part, where that depends on arguments."""
        if branch.condition is None:
            return None
        flag = self.attribute("skip" if not branch.items else f"has_{name}")
        condition = self.scene.text(put(branch.condition, channels))
        self.made.append(" " * (8 + indent) + f"self.{flag} = {condition}")
        return f"self.{flag}"

    def _temporary(self) -> str:
        self._temporaries += 1
        return "y" if self._temporaries == 1 else f"y{self._temporaries}"

    def _held(self, value: str, indent: int) -> str:
        """A variable for what a call gives."""
        if value.isidentifier():
            return value
        name = self._temporary()
        self._do(f"{name} = {value}", indent)
        return name

    def _like(self, item: Item, kind: type[Kind], source: str) -> Code:
        """A layer that takes its size, or its switches, from another."""
        options = dict(item.options)
        rank = len(self.scene.graph.nodes[item.nodes[0]].facts.output) - 1
        if kind.name == "max_unpool":
            pool = self.values[str(options["pool"])]
            return call(self._unpool(item, rank), source, f"{pool}_indices", f"{pool}_size")
        size = f"{self.values[str(options['like'])]}.shape[2:]"
        if kind.name == "crop":
            self.scene.need("crop")
            offset = options.get("offset")
            if type(offset) is int:
                offset = (offset,) * rank
            given = [] if offset is None else [self.scene.text(offset)]
            return call("crop", source, size, *given)
        if kind.name == "upsample":
            named = {key: self.scene.text(options[key]) for key in ("mode", "align_corners")
                     if key in options}  # fmt: skip
            return call("nn.functional.interpolate", source, size, **named)
        raise UsageError(f"`{kind.name}` that refers to another layer has no counterpart")

    def _unpool(self, item: Item, rank: int) -> str:
        """Make the module that undoes a max pool; its attribute."""
        nodes = self.scene.graph.nodes
        (pool,) = nodes[item.nodes[0]].reads
        kind = nodes[pool].kind
        assert isinstance(kind, MaxPool)
        kernel, stride = KernelSize().written(kind.kernel), KernelSize().written(kind.stride)
        parts = [self.scene.text(kernel), *([self.scene.text(stride)] * (stride != kernel))]
        padding = None
        if type(kind.padding) is tuple and any(any(pair) for pair in kind.padding):
            padding = self.scene.text(Padding().written(kind.padding))
        attribute = f"self.{self.attribute('max_unpool')}"
        module = call(f"nn.MaxUnpool{rank}d", *parts, padding=padding)
        self.made += laid_out(before(f"{attribute} = ", module), 8)
        return attribute

    def _pool(self, item: Item, channels: Term, source: str, target: str, indent: int) -> None:
        """A max pool whose switches are wanted."""
        assert item.name is not None
        plain = item._replace(name=None, start=None, is_output=False)
        (module,) = self.scene.once(plain, channels)
        parts = (*(module.parts or ()), Code("return_indices=True"))
        attribute = f"self.{self.attribute(item.name)}"
        self.made += laid_out(before(f"{attribute} = ", module._replace(parts=parts)), 8 + indent)
        self._do(f"{target}_size = {source}.shape", indent)
        self._do(f"{target}, {target}_indices = {attribute}({source})", indent)
        self.modules[item.name] = attribute


def _unstarted(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Items of a branch, wherever they start."""
    return (items[0]._replace(start=None), *items[1:])


def _combined(item: Item, kind: type[Kind], values: Sequence[str]) -> Code:
    """The branches' values as one."""
    if kind.name in SIGNS:
        return Code(SIGNS[kind.name].join(values))
    if kind.name == "concat":
        axis = 1 + int(dict(item.options).get("axis", 0))
        return call("torch.cat", listed(Code(value) for value in values), str(axis))
    if kind.name in FUNCTIONS:
        whole = Code(values[0])
        for value in values[1:]:
            whole = call(FUNCTIONS[kind.name], whole, value)
        return whole
    if kind.name == "matmul":
        keys = ("transpose", "transpose_other")
        turned = [bool(dict(item.options).get(key)) for key in keys]
        first, second = [f"{v}.mT" if t else v for v, t in zip(values, turned, strict=True)]
        return Code(f"{first} @ {second}")
    raise UsageError(f"there is no PyTorch for `{kind.name}`")


def _unpooled(items: Sequence[Item]) -> Iterator[str]:
    """The names of pools whose switches are used."""
    for item in items:
        if item.kind is not None and item.kind.name == "max_unpool":
            yield str(dict(item.options)["pool"])
        yield from _unpooled(item.group or ())
        for branch in item.branches or ():
            yield from _unpooled(branch.items)
