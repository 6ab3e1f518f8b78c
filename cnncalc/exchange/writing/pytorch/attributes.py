"""What goes into one module, and what the modules of a class are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cnncalc.analysis.outline.types import Item
from cnncalc.exchange.writing.python.code import variable


def is_straight(items: Sequence[Item]) -> bool:
    """Whether items are nothing but modules one after the other."""
    return all(
        item.branches is None
        and item.start is None
        and item.name is None
        and item.share is None
        and not item.is_output
        and not refers(item)
        and (item.group is None or is_straight(item.group))
        for item in items
    )


def refers(item: Item) -> bool:
    """Whether an option of a layer, or an argument of a block, names another layer."""
    if item.block is not None:
        return any(parameter.layer for parameter in item.block.parameters)
    kind = item.kind
    return kind is not None and any(kind.options[key].type.reference for key, _ in item.options)


OF_MODULES = """
add_module append apply bfloat16 buffers children compile cpu cuda double dump_patches eval extend
extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half insert ipu
load_state_dict modules mtia named_buffers named_children named_modules named_parameters
parameters pop register_backward_hook register_buffer register_forward_hook register_module
register_parameter requires_grad_ set_extra_state set_submodule share_memory state_dict to
to_empty train training type xpu zero_grad
"""
"""Attributes that a module of PyTorch's has already."""


class Attributes:
    """Names of a class's attributes: numbered where there are several of a kind."""

    def __init__(self, bases: Iterable[str]) -> None:
        self._times = Counter(bases)
        self._given: Counter[str] = Counter()
        self._taken = set(OF_MODULES.split())

    def __call__(self, base: str) -> str:
        self._given[base] += 1
        many = self._times[base] > 1 or self._given[base] > 1
        apart = "_" if base[-1:].isdigit() else ""
        name = variable(f"{base}{apart}{self._given[base]}" if many else base)
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def runs(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Items that go into one module each: those without a name of their own together."""
    run: list[Item] = []
    for item in items:
        apart = item.label is not None or not is_straight([item])
        if apart and run:
            yield run
            run = []
        if apart:
            yield [item]
        else:
            run.append(item)
    if run:
        yield run


def attributes_of(items: Sequence[Item]) -> Iterator[str]:
    """What the modules of a class are called that is no straight list."""
    for run in runs(items):
        if len(run) > 1:
            yield "layers"
        elif is_straight(run) or not (run[0].group or run[0].branches or run[0].share):
            yield base(run[0])
        else:
            yield from attributes_of(run[0].group or ())
            for branch in run[0].branches or ():
                if not is_straight(branch.items):
                    yield from attributes_of(branch.items)


def bases(items: Sequence[Item]) -> Iterator[str]:
    """What the modules of a straight list are called."""
    for item in items:
        if item.group is not None and item.times == 1:
            yield from bases(item.group)
        else:
            yield base(item)


def base(item: Item) -> str:
    """What an item is called."""
    if item.label is not None or item.name is not None:
        return item.label or item.name or ""
    if item.kind is not None:
        return item.kind.name
    return item.block.name if item.block is not None else "layers"
