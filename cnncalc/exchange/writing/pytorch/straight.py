"""Lists of items that are one after the other: the modules of an `nn.Sequential`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.analysis.outline.terms import (
    CHANNELS,
    Conditional,
    Name,
    Operation,
    Term,
    names,
    simplified,
)
from cnncalc.analysis.outline.types import Block, BlockParameter, Item
from cnncalc.exchange.writing.python.channels import Channels, is_local, of_layer, put
from cnncalc.exchange.writing.python.code import (
    ROUND,
    Code,
    before,
    call,
    laid_out,
    listed,
    text,
    variable,
)
from cnncalc.exchange.writing.python.parameters import Parameters
from cnncalc.exchange.writing.pytorch.helpers import HELPERS
from cnncalc.exchange.writing.pytorch.layer import LayerModules
from cnncalc.exchange.writing.pytorch.layers import modules
from cnncalc.graph import Graph


class WrittenClass(NamedTuple):
    """A class as it was written."""

    name: str
    channels: tuple[str, ...]
    """Channels that its constructor takes: of what is before it, of layers that it is given."""


class ModuleGroup(NamedTuple):
    """Modules, under a condition or in a loop if there is one."""

    modules: tuple[Code, ...] = ()
    parts: tuple[ModuleGroup, ...] = ()
    opening: str = ""


class ClassContext:
    """What the writer of one class knows: the network, the classes before it, its parameters."""

    def __init__(
        self,
        graph: Graph,
        channels: Channels,
        classes: Mapping[str, WrittenClass],
        blocks: Mapping[str, Parameters],
        own: Parameters,
        needs: dict[str, str],
    ) -> None:
        self.graph = graph
        self.channels = channels
        self.classes = classes
        self.blocks = blocks
        self.own = own
        self.needs = needs

    def need(self, name: str) -> None:
        """Let the file bring a function along."""
        self.needs[name] = HELPERS[name].strip("\n")

    def text(self, term: Term) -> str:
        """A term as Python."""
        if "make_divisible" in _signs(term):
            self.need("make_divisible")
        return text(term, dict(self.own.tuples))

    # -- single modules ----------------------------------------------------------------------

    def once(self, item: Item, channels: Term) -> list[Code]:
        """The modules of one round of a layer or a block's use."""
        if item.block is not None:
            return [self._use(item, item.block, channels)]
        nodes = [self.graph.nodes[node] for node in item.nodes]
        inputs = [self.graph.nodes[node.inputs[0]] for node in nodes]
        terms = {key for _, term in item.options for key in _signs(term)}
        if "make_divisible" in terms:
            self.need("make_divisible")
        layer = LayerModules(
            item, channels, nodes, inputs, dict(self.own.tuples), self.needs, self.graph
        )
        return modules(layer)

    def _use(self, item: Item, block: Block, channels: Term) -> Code:
        written, known = self.classes[block.name], self.blocks[block.name]
        given = dict(item.options)
        known_channels = self.channels.arguments(item, block, channels)
        parts = [Code(self.text(known_channels[name])) for name in written.channels]
        behind = False
        for parameter in block.parameters:
            if is_local(parameter.default) or parameter.layer:
                continue
            if parameter.name not in given:
                behind = True
                continue
            value = Code(self._value(put(given[parameter.name], channels), parameter.name, known))
            parts.append(before(f"{variable(parameter.name)}=", value) if behind else value)
        return call(written.name, *parts)

    def _value(self, term: Term, name: str, known: Parameters) -> str:
        # where other uses give a number for each axis, one number is that of all axes
        own = self.own.tuples
        if name in known.tuples and type(term) is not tuple and own.keys().isdisjoint(names(term)):
            term = (term,) * known.tuples[name]
        if name in known.flags and type(term) in (int, bool):
            return str(bool(term))
        return self.text(term)

    # -- several -----------------------------------------------------------------------------

    def parts(self, items: Sequence[Item], channels: Term) -> list[ModuleGroup]:
        """The modules of items that are one after the other."""
        found: list[ModuleGroup] = []
        for item in items:
            mine = self._rounds(item, channels)
            if item.condition is not None:
                opening = f"if {self.text(put(item.condition, channels))}:"
                mine = [ModuleGroup(parts=tuple(mine), opening=opening)]
            for part in mine:
                if not part.opening and found and not found[-1].opening:
                    part = ModuleGroup((*found.pop().modules, *part.modules))
                found.append(part)
            channels = self.channels.after(item, channels)
        return found

    def _rounds(self, item: Item, channels: Term) -> list[ModuleGroup]:
        single = item._replace(times=1, condition=None)
        if item.times == 1:
            return self._one(single, channels)
        if self.channels.is_open(single, channels) and type(item.times) is int:
            found: list[ModuleGroup] = []
            for _ in range(item.times):
                found += self._one(single, channels)
                channels = self.channels.once(single, channels)
            return found
        step = self.channels.step(single, channels)
        times = put(item.times, channels)
        second = self.channels.once(single, channels)
        if step is None and self._one(single, second) == self._one(single, channels):
            step = 0  # it does not ask for its channels
        if step is None and (type(times) is int or self._at_least_one(times)):
            rest = simplified(Operation("-", times, 1))
            first = self._one(single, channels)
            return first if rest == 0 else [*first, *self._loop(single, rest, second)]
        if step is None:
            channels = Conditional(Operation("==", ROUND, 0), channels, second)
        elif step != 0:
            more = simplified(Operation("*", put(step, channels), ROUND))
            channels = simplified(Operation("+", channels, more))
        return self._loop(single, times, channels)

    def _one(self, item: Item, channels: Term) -> list[ModuleGroup]:
        if item.group is not None:
            return self.parts(item.group, channels)
        return [ModuleGroup(tuple(self.once(item, channels)))]

    def _loop(self, item: Item, times: Term, channels: Term) -> list[ModuleGroup]:
        inside = self._one(item, channels)
        index = "i" if ROUND.text in names(channels) else "_"
        if times == 1:
            return inside
        if len(inside) == 1 and not inside[0].opening and len(inside[0].modules) == 1:
            (module,) = inside[0].modules
            loop = Code(f"for {index} in range({self.text(times)})")
            return [ModuleGroup((Code("*[", (module, loop), "]", ""),))]
        if times == 2 and index == "_":
            return [*inside, *inside]
        return [
            ModuleGroup(parts=tuple(inside), opening=f"for {index} in range({self.text(times)}):")
        ]

    def _at_least_one(self, times: Term) -> bool:
        if isinstance(times, Name):
            return self.own.least.get(times.text, 0) >= 1
        if isinstance(times, Operation) and times.sign == "-" and isinstance(times.left, Name):
            least = self.own.least.get(times.left.text, 0)
            return type(times.right) is int and least - times.right >= 1
        return False

    # -- in a class --------------------------------------------------------------------------

    def sequential(self, target: str, parts: Sequence[ModuleGroup], indent: int) -> list[str]:
        """Statements that make an `nn.Sequential` of some modules, or the one module itself."""
        if all(not part.opening for part in parts):
            flat = [module for part in parts for module in part.modules]
            if len(flat) == 1 and not flat[0].head.startswith("*"):
                return laid_out(before(f"{target} = ", flat[0]), indent)
            return laid_out(before(f"{target} = ", call("nn.Sequential", *flat)), indent)
        first, *rest = parts
        if first.opening:
            first, rest = ModuleGroup(), list(parts)
        whole = call("nn.Sequential", *first.modules)
        lines = laid_out(before(f"{target} = ", whole), indent)
        return [*lines, *self._added(target, rest, indent)]

    def _added(self, target: str, parts: Sequence[ModuleGroup], indent: int) -> list[str]:
        lines: list[str] = []
        for part in parts:
            if part.opening:
                lines.append(" " * indent + part.opening)
                lines += self._added(target, part.parts, indent + 4)
            elif len(part.modules) == 1 and not part.modules[0].head.startswith("*"):
                lines += laid_out(call(f"{target}.append", part.modules[0]), indent)
            else:
                lines += laid_out(call(f"{target}.extend", listed(part.modules)), indent)
        return lines


def channels_in(lines: Sequence[str], block: Sequence[BlockParameter]) -> tuple[str, ...]:
    """Which channels code asks for: those before a block, those of layers that it is given."""
    names = [CHANNELS.text, *(of_layer(one.name) for one in block if one.layer)]
    return tuple([name for name in names if any(re.search(rf"\b{name}\b", one) for one in lines)])


def _signs(term: Term) -> set[str]:
    if isinstance(term, Operation):
        return {term.sign} | _signs(term.left) | _signs(term.right)
    return set().union(*map(_signs, term)) if isinstance(term, Conditional) else set()
