"""A list of items as the statements of a function."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.analysis.outline.terms import Name, Operation, Term, simplified
from cnncalc.analysis.outline.types import Block, Branch, Item, Outline
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.writing.keras.counting import (
    base_of,
    each_round,
    occurrences,
    referred,
    shared,
    summed,
)
from cnncalc.exchange.writing.keras.layer import LayerCalls, Statement, written
from cnncalc.exchange.writing.keras.layers import steps
from cnncalc.exchange.writing.python.channels import is_local
from cnncalc.exchange.writing.python.code import WIDTH, Code, before, call, laid_out, variable
from cnncalc.exchange.writing.python.parameters import Parameters
from cnncalc.fresh_names import fresh

MERGES = {
    "add": "Add", "multiply": "Multiply", "subtract": "Subtract", "maximum": "Maximum",
    "minimum": "Minimum", "concat": "Concatenate",
}  # fmt: skip
"""Keras' layers of several tensors."""

INDICES = tuple("ijkmn")

RESERVED = {
    *INDICES, "name", "layers", "keras", "ops", "inputs", "squeeze_and_excite", "shuffle_channels",
    "stochastic_depth", "layer_scale", "attend_to_itself", "Tensor", "int", "round",
}  # fmt: skip
"""What the written code calls its own, beside what any code does."""


class FunctionContext(NamedTuple):
    """What the writer of one function knows: the network, the functions before it."""

    outline: Outline
    functions: Mapping[str, str]
    """The functions of blocks, by the blocks' names."""
    blocks: Mapping[str, Parameters]
    own: Parameters
    needs: set[str]
    variables: frozenset[str]
    """The variables that parameters are, of whatever block."""

    def text(self, term: Term, source: str) -> str:
        """A term as Python, with the channels of a tensor."""
        found = written(term, source, self.own.tuples, self.needs)
        return re.sub(r"\bround_of_(\d)\b", lambda depth: INDICES[int(depth[1])], found)


class Function:
    """The statements of one function, as they are gathered."""

    def __init__(
        self, scene: FunctionContext, items: Sequence[Item], prefix: str, values: Mapping[str, str]
    ) -> None:
        self.scene = scene
        self.prefix = prefix
        """What layers' names begin with, as code inside an f-string."""
        self.lines: list[str] = []
        self.end = 0
        self.last = (0, "", Code(""))
        """The last statement: where it begins, its variable, what stands in it."""
        self.values = dict(values)
        """Variables of the tensors that are referred to, by their layers' names."""
        self.outputs: list[str] = []
        self.taken = {"x", *INDICES, *scene.functions.values(), *scene.variables}
        self.taken |= set(values.values())
        self.referred = set(referred(items))
        self.shared = set(shared(items))
        self.layers: dict[str, str] = {}
        """Variables of layers whose weights are used again."""
        self.times = Counter(dict(occurrences(items, False)))
        self.next: dict[str, Term] = {}
        self.loops: list[str] = []
        self.branches = 0

    # -- names -------------------------------------------------------------------------------

    def fresh(self, wanted: str) -> str:
        """A variable that nothing has yet."""
        found = fresh(variable(wanted), self.taken)
        self.taken.add(found)
        return found

    def label(self, item: Item) -> str:
        """A layer's name, as code."""
        base = base_of(item)
        while item.name is not None and self._numbered(base):
            base += "_"  # its name is that of a layer which is numbered
        number: Term = self.next.get(base, 1)
        self.next[base] = simplified(Operation("+", number, 1))
        counted = self.times[base] > 1
        shown = ""
        if counted:
            shown = self.scene.text(summed(number), "x")
            shown = shown if shown.isdecimal() else f"{{{shown}}}"
            shown = f"_{shown}" if base[-1:].isdigit() else shown
        found = f"{self.prefix}{base}{shown}"
        return f'f"{found}"' if "{" in found else f'"{found}"'

    def _numbered(self, name: str) -> bool:
        """Whether layers that have no name of their own, and are numbered, may be called this."""
        stem = name.rstrip("0123456789")
        return stem != name and any(
            self.times[base] > 1 for base in (stem, stem.removesuffix("_")) if base != name
        )

    # -- statements --------------------------------------------------------------------------

    def emit(self, target: str, code: Code, indent: int) -> None:
        """A statement."""
        self.last = (len(self.lines), target, code)
        self.lines += called(before(f"{target} = ", code), indent)
        self.end = len(self.lines)

    def returned(self, found: str) -> list[str]:
        """The statements and the `return`, which takes the last one's place if it can."""
        start, target, code = self.last
        line = self.lines[start] if self.end == len(self.lines) else ""
        if target == found and re.match(r"    \w", line):
            return [*self.lines[:start], *called(before("return ", code), 4)]
        return [*self.lines, f"    return {found}"]

    def walk(self, items: Sequence[Item], source: str, target: str, indent: int) -> str:
        """Items one after the other; the variable of what they give."""
        items = list(items)
        while items:
            item = items.pop(0)
            if items and _pooled(item, items[0]):
                follower = items.pop(0)
                self._skipped(follower)
                source = self._item(item, source, target, indent, flat=True)
                item = follower
            else:
                source = self._item(item, source, target, indent)
            if item.name in self.referred or item.is_output:
                variable_ = self.fresh(item.name or "output")
                self.lines.append(" " * indent + f"{variable_} = {source}")
                if item.name is not None:
                    self.values[item.name] = variable_
                if item.is_output:
                    self.outputs.append(variable_)
        return source

    def _skipped(self, item: Item) -> None:
        self.label(item)

    def _item(
        self, item: Item, source: str, target: str, indent: int, *, flat: bool = False
    ) -> str:
        if item.start is not None:
            source = self.values[item.start]
        if item.condition is not None:
            condition = self.scene.text(item.condition, source)
            if source != target:
                self.lines.append(" " * indent + f"{target} = {source}")
            self.lines.append(" " * indent + f"if {condition}:")
            self._rounds(item, target, target, indent + 4, flat)
            return target
        return self._rounds(item, source, target, indent, flat)

    def _rounds(self, item: Item, source: str, target: str, indent: int, flat: bool) -> str:
        if item.times == 1:
            return self._once(item, source, target, indent, flat)
        if source != target:
            self.lines.append(" " * indent + f"{target} = {source}")
        depth = len(self.loops)
        index, round_ = INDICES[depth], Name(f"round_of_{depth}")
        times = self.scene.text(item.times, target)
        start = len(self.lines)
        self.lines.append("")
        self.loops.append(index)
        earlier = dict(self.next)
        each = dict(each_round(item._replace(times=1)))
        for base, count in each.items():
            rounds = simplified(Operation("*", count, round_))
            number: Term = earlier.get(base, 1)
            self.next[base] = simplified(Operation("+", number, rounds))
        self._once(item, target, target, indent + 4, flat)
        for base, count in each.items():
            rounds = simplified(Operation("*", count, item.times))
            self.next[base] = simplified(Operation("+", earlier.get(base, 1), rounds))
        self.loops.pop()
        asked = re.search(rf"\b{index}\b", "\n".join(self.lines[start + 1 :]))
        index = index if asked else "_"
        self.lines[start] = " " * indent + f"for {index} in range({times}):"
        return target

    def _once(self, item: Item, source: str, target: str, indent: int, flat: bool) -> str:
        if item.group is not None:
            return self.walk(item.group, source, target, indent)
        if item.block is not None:
            self.emit(target, self._use(item, item.block, source), indent)
            return target
        if item.branches is not None:
            return self._merge(item, item.branches, source, target, indent)
        for step in self._steps(item, source, target, indent, flat):
            deeper = indent
            if step.condition:
                if source != target:
                    self.lines.append(" " * indent + f"{target} = {source}")
                    source = target
                self.lines.append(" " * indent + f"if {step.condition}:")
                deeper += 4
            self.emit(target, step.made(source), deeper)
            source = target
        return target

    def _steps(
        self, item: Item, source: str, target: str, indent: int, flat: bool
    ) -> list[Statement]:
        graph = self.scene.outline.graph
        nodes = [graph.nodes[node] for node in item.nodes]
        inputs = [graph.nodes[node.inputs[0]] for node in nodes]
        name = self.label(item)
        tuples = dict(self.scene.own.tuples)
        layer = LayerCalls(item, name, source, nodes, inputs, tuples, self.scene.needs)
        found = steps(layer, graph)
        if flat:
            (one,) = found
            found = [Statement(lambda x: _without(one.made(x), "keepdims=True"))]
        if item.share is not None:
            again = self.layers[item.share]
            return [*found[:-1], Statement(lambda x: Code(f"{again}({x})"))]
        if item.name in self.shared:
            assert item.name is not None
            kept = self.layers[item.name] = self.fresh(f"{item.name}_layer")
            code = found[-1].made("")
            if not code.head.startswith("layers."):
                raise UsageError(f"{item.name}: its weights are used again, and it is no layer")
            self.emit(kept, code._replace(tail=code.tail.removesuffix("()")), indent)
            return [*found[:-1], Statement(lambda x: Code(f"{kept}({x})"))]
        return found

    def _use(self, item: Item, block: Block, source: str) -> Code:
        """The call of a block's function."""
        if item.share is not None:
            raise UsageError("a block is used again with its weights")
        known = self.scene.blocks[block.name]
        given = dict(item.options)
        parts = [Code(source), Code(self.label(item))]
        behind = False
        for parameter in block.parameters:
            if is_local(parameter.default):
                continue
            if parameter.name not in given:
                behind = True
                continue
            term = given[parameter.name]
            if parameter.name in known.tuples and type(term) is int:
                term = (term,) * known.tuples[parameter.name]
            if parameter.name in known.flags and type(term) in (int, bool):
                term = bool(term)
            value = Code(self.scene.text(term, source))
            parts.append(before(f"{variable(parameter.name)}=", value) if behind else value)
        return call(self.scene.functions[block.name], *parts)

    # -- merges ------------------------------------------------------------------------------

    def _merge(
        self, item: Item, branches: Sequence[Branch], source: str, target: str, indent: int
    ) -> str:
        """Branches, and the layer where they meet."""
        always = [branch for branch in branches if branch.condition is None]
        optional = [branch for branch in branches if branch.condition is not None]
        if not optional:
            found = [self._branch(branch, source, indent) for branch in branches]
            self.emit(target, self._met(item, found, source), indent)
            return target
        if len(optional) > 1 or len(always) != 1:
            raise UsageError(f"{self.label(item)}: several branches that may be left out")
        main = self._branch(always[0], source, indent)
        condition = self.scene.text(optional[0].condition, source)
        self.lines.append(" " * indent + f"if {condition}:")
        other = self._branch(optional[0], source, indent + 4)
        order = [main, other] if branches[0] is always[0] else [other, main]
        self.emit(target, self._met(item, order, source), indent + 4)
        self.lines.append(" " * indent + "else:")
        self.emit(target, Code(main), indent + 4)
        return target

    def _branch(self, branch: Branch, source: str, indent: int) -> str:
        """The variable of what a branch gives."""
        if branch.reference is not None:
            return self.values[branch.reference]
        if not branch.items:
            return source
        self.branches += 1
        return self.walk(branch.items, source, self.fresh(f"branch{self.branches}"), indent)

    def _met(self, item: Item, found: Sequence[str], source: str) -> Code:
        assert item.kind is not None
        if item.kind.is_stated:
            plain = item._replace(branches=None)
            (step,) = self._steps(plain, source, "", 0, False)
            return step.made(f"[{', '.join(found)}]")
        name, options = self.label(item), dict(item.options)
        merge = MERGES.get(item.kind.name)
        if merge is None:
            node = self.scene.outline.graph.nodes[item.nodes[0]]
            raise UsageError(f"{node.name}: no Keras for this `{item.kind.name}`")
        axis = options.get("axis", 0)
        inside = Code("[", tuple(map(Code, found)), "]")
        made = call(f"layers.{merge}", axis=str(axis) if axis else None, name=name)
        return Code(f"{made.flat()}(", (inside,), ")")


def called(code: Code, indent: int) -> list[str]:
    """The lines of a statement; what a layer is called with goes on a line of its own first."""
    pad = " " * indent
    apart = re.fullmatch(r"\)\((.+)\)", code.tail)
    opening = f"{pad}{code.head}{code.inside()})("
    if apart is None or len(pad + code.flat()) <= WIDTH or len(opening) > WIDTH:
        return laid_out(code, indent)
    return [opening, f"{pad}    {apart.group(1)}", f"{pad})"]


def _pooled(item: Item, behind: Item) -> bool:
    """Whether a flattening is that of a pool over the whole map, which can do without axes."""
    if item.kind is None or behind.kind is None:
        return False
    plain = behind.start is None and behind.share is None and behind.condition is None
    alone = item.name is None and not item.is_output and item.condition is None
    both = item.kind.name in ("global_avg_pool", "global_max_pool")
    return both and behind.kind.name == "flatten" and plain and alone and item.times == 1


def _without(code: Code, option: str) -> Code:
    return code._replace(parts=tuple([p for p in code.parts or () if p.head != option]))
