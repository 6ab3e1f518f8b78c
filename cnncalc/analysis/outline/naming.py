"""Names of blocks, by what they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cnncalc.analysis.outline.terms import CHANNELS
from cnncalc.analysis.outline.types import Block, Branch, Item
from cnncalc.fresh_names import fresh

SHORT = {
    "batch_norm": "bn",
    "layer_norm": "ln",
    "group_norm": "gn",
    "instance_norm": "in",
    "local_response_norm": "lrn",
    "squeeze_excitation": "se",
    "max_pool": "pool",
    "avg_pool": "pool",
    "depthwise_conv": "dwconv",
    "separable_conv": "sepconv",
}
"""What a kind is called in the name of a block."""


def identifier(text: str) -> str:
    """A text as a name: letters, digits and `_`, a letter first; empty where nothing is left."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    text = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()[:60]
    return text if text[:1].isalpha() else ""


def describe(items: Iterable[Item]) -> str:
    """A block's name by what it holds."""
    items = tuple(_open(items))
    words = [_word(item) for item in items]
    merges = [item for item in items if item.branches is not None]
    if merges:
        return _merge(merges[0])
    if any(item.times != 1 for item in items) or len({*words}) < len(words) / 2:
        return "stage"
    if any(word in MERGED for word in words) and len(items) > 1:
        kept = next(word for word in words if word in MERGED)
        return kept if len(items) == 2 and words[-1] in ("relu", "silu", "relu6") else "stage"
    kernels = list(_kernels(Branch(items)))
    if "depthwise" in kernels:
        return "separable" if kernels[0] == "depthwise" and len(kernels) == 2 else "mbconv"
    name = "_".join(words)
    if len(words) <= 4 and len(name) <= 24:
        return name
    if words[-1] in ("linear", "dropout", "softmax") or "flatten" in words:
        return "classifier"
    return f"{words[0]}_{words[-1]}" if words[0] != words[-1] else "unit"


MERGED = ("bottleneck", "residual", "inverted_residual", "dense_layer", "inception", "gate")


def _open(items: Iterable[Item]) -> Iterable[Item]:
    for item in items:
        if item.group is not None and item.times == 1:
            yield from _open(item.group)
        else:
            yield item


def _word(item: Item) -> str:
    if item.kind is not None:
        return SHORT.get(item.kind.name, item.kind.name)
    if item.block is not None:
        return re.sub(r"_[a-z]$", "", item.block.name)
    return "group"


def _merge(item: Item) -> str:
    assert item.kind is not None
    branches = item.branches or ()
    full = [branch for branch in branches if branch.items]
    if item.kind.name == "concat":
        if len(full) < len(branches):
            return "dense_layer"
        if len(full) == 2 and full[0].items[0].kind and full[0].items[0].kind.name == "slice":
            return "split_unit"
        return "inception" if len(full) > 2 else "branches"
    if item.kind.name == "multiply":
        return "gate"
    kernels = list(_kernels(full[0])) if full else []
    if any(kernel == "depthwise" for kernel in kernels):
        return "inverted_residual"
    return (
        "bottleneck"
        if kernels[:1] == [1] and kernels[-1:] == [1] and len(kernels) > 2
        else "residual"
    )


def _kernels(branch: Branch) -> Iterable[Any]:
    for item in _open(branch.items):
        options = dict(item.options)
        if item.block is not None:
            defaults = {parameter.name: parameter.default for parameter in item.block.parameters}
            if "kernel" not in defaults:
                yield from _kernels(Branch(item.block.items))
                continue
            options = {**defaults, **options}
        elif item.kind is None or "kernel" not in item.kind.options:
            continue
        if (item.kind is not None and item.kind.name == "depthwise_conv") or options.get(
            "groups"
        ) in (CHANNELS, options.get("filters", ())):
            yield "depthwise"
        else:
            yield options.get("kernel")


DIGITS = "0123456789"


def unique(wanted: str, taken: Collection[str]) -> str:
    """A name that is not taken yet: with a letter behind it, then with a number."""
    if wanted not in taken:
        return wanted
    for letter in "bcdefghijklmnopqrstuvwxyz":
        if f"{wanted}_{letter}" not in taken:
            return f"{wanted}_{letter}"
    return fresh(wanted, taken)


def linked(
    blocks: tuple[Block, ...],
    items: tuple[Item, ...],
    reserved: Collection[str],
    hints: Mapping[str, str],
) -> tuple[tuple[Block, ...], tuple[Item, ...]]:
    """Blocks under their names, hinted or by what they are; every use with its block as it is."""
    known: dict[str, Block] = {}
    taken = set(reserved)
    for block in blocks:
        body = _linked(block.items, known)
        name = hints.get(block.name) or describe(body)
        base = name.rstrip(DIGITS)
        # uses are numbered: the first of `block1` and of several of `block` would have one name
        if base != name and base in taken:
            name = base
        elif any(one.name != name == one.name.rstrip(DIGITS) for one in known.values()):
            taken.add(name)
        name = unique(f"{name}_block" if name in reserved else name, taken)
        taken.add(name)
        known[block.name] = block._replace(name=name, items=body)
    return tuple(known.values()), _linked(items, known)


def _linked(items: tuple[Item, ...], known: dict[str, Block]) -> tuple[Item, ...]:
    found = []
    for item in items:
        if item.block is not None:
            item = item._replace(block=known[item.block.name])
        if item.group is not None:
            item = item._replace(group=_linked(item.group, known))
        if item.branches is not None:
            item = item._replace(
                branches=tuple(
                    branch._replace(items=_linked(branch.items, known)) for branch in item.branches
                )
            )
        found.append(item)
    return tuple(found)
