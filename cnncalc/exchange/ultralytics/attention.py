"""Attention over positions, in matrix products."""

from __future__ import annotations

from math import cos, sin
from typing import Any

from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.ultralytics.block import Block, channels, sizes
from cnncalc.exchange.ultralytics.registry import Map, module


def attention_block(block: Block, x: Map, heads: int) -> Map:
    """Attention and two pointwise convolutions, each added to its input."""
    c = channels(x)
    x = block.add(x, attention(block.part("attn", "Attention"), x, heads))
    ffn = block.part("ffn")
    return block.add(x, ffn.conv("1", ffn.conv("0", x, 2 * c), c, act=None))


def attention(block: Block, x: Map, heads: int) -> Map:
    """Each position looks at all; keys are half as wide as values."""
    c, (rows, columns) = channels(x), sizes(x)
    wide = c // heads
    narrow = wide // 2
    both = block.conv("qkv", x, c + 2 * narrow * heads, act=None)
    both = block.reshape(both, heads, 2 * narrow + wide, rows * columns)
    query = block.cut(both, 0, narrow, 2)
    keys = block.cut(both, narrow, 2 * narrow, 2)
    values = block.cut(both, 2 * narrow, 2 * narrow + wide, 2)
    weights = block.matmul(block.permute(block.scaled(query, narrow**-0.5), 1, 3, 2), keys)
    weights = block.softmax(weights, 3)
    found = block.matmul(values, block.permute(weights, 1, 3, 2))
    found = block.reshape(found, c, rows, columns)
    place = block.conv("pe", block.reshape(values, c, rows, columns), c, 3, 1, None, c, 1, None)
    return block.conv("proj", block.add(found, place), c, act=None)


def area_block(block: Block, x: Map, heads: int, ratio: float, area: int) -> Map:
    """Attention within areas and two pointwise convolutions, each added to its input."""
    c = channels(x)
    x = block.add(x, area_attention(block.part("attn", "AAttn"), x, heads, area))
    mlp = block.part("mlp")
    return block.add(x, mlp.conv("1", mlp.conv("0", x, int(c * ratio)), c, act=None))


def area_attention(block: Block, x: Map, heads: int, area: int) -> Map:
    """Each position looks at those of its area: so many bands of rows."""
    (rows, columns), width = sizes(x), channels(x) // heads
    c = width * heads
    both = block.conv("qkv", x, 3 * c, act=None)
    both = block.reshape(both, heads, 3 * width, area, rows * columns // area)
    both = block.permute(both, 3, 1, 2, 4)
    query, keys, values = (block.cut(both, n * width, (n + 1) * width, 3) for n in range(3))
    weights = block.matmul(block.permute(block.scaled(query, width**-0.5), 1, 2, 4, 3), keys)
    weights = block.softmax(weights, 4)
    found = block.matmul(values, block.permute(weights, 1, 2, 4, 3))
    found = block.reshape(block.permute(found, 2, 3, 1, 4), c, rows, columns)
    place = block.reshape(block.permute(values, 2, 3, 1, 4), c, rows, columns)
    place = block.conv("pe", place, c, 7, 1, 3, c, 1, None)
    return block.conv("proj", block.add(found, place), channels(x), act=None)


def linear(block: Block, name: str, x: Map, features: int, *, bias: bool = True) -> Map:
    """A linear layer on the channels of each position."""
    options: dict[str, Any] = {"features": features, "each_position": True}
    if not bias:
        options["bias"] = False
    return block.part(name, "Linear").layer("linear", x, **options)


def multihead(block: Block, name: str, query: Map, keys: Map, values: Map, heads: int) -> Map:
    """PyTorch's multi-head attention over positions: `[channels, positions]` of each."""
    part = block.part(name, "MultiheadAttention")
    c, positions = channels(query), 1 if query is None else query.shape[2]
    parts = []
    for word, one in (("q", query), ("k", keys), ("v", values)):
        found = linear(part, f"in_proj_{word}", one, c)
        parts.append(part.reshape(found, heads, c // heads, positions))
    query, keys, values = parts
    query = part.scaled(query, (c // heads) ** -0.5)
    weights = part.softmax(part.matmul(part.permute(query, 1, 3, 2), keys), 3)
    found = part.matmul(values, part.permute(weights, 1, 3, 2))
    return linear(part, "out_proj", part.reshape(found, c, positions), c)


def transformer(block: Block, x: Map, heads: int, layers: int) -> Map:
    """Version 5's transformer over positions."""
    c, (rows, columns) = channels(x), sizes(x)
    x = block.reshape(x, c, rows * columns)
    x = block.add(x, linear(block, "linear", x, c))
    for number in range(layers):
        part = block.part("tr").part(str(number), "TransformerLayer")
        parts = [linear(part, name, x, c, bias=False) for name in ("q", "k", "v")]
        x = part.add(multihead(part, "ma", parts[0], parts[1], parts[2], heads), x)
        y = linear(part, "fc2", linear(part, "fc1", x, c, bias=False), c, bias=False)
        x = part.add(y, x)
    return block.reshape(x, c, rows, columns)


@module("AIFI", scaled=False)
def encoder(block: Block, x: Map, cm: int = 2048, heads: int = 8) -> Map:
    """RT-DETR's encoder layer: attention with sines of the place, and a perceptron."""
    c, (rows, columns) = channels(x), sizes(x)
    x = block.reshape(x, c, rows * columns)
    placed = _placed(block, x, rows, columns)
    y = multihead(block, "ma", placed, placed, x, heads)
    x = block.part("norm1", "LayerNorm").layer("layer_norm", block.add(x, y))
    y = block.part("act").layer("gelu", linear(block, "fc1", x, cm))
    y = linear(block, "fc2", y, c)
    x = block.part("norm2", "LayerNorm").layer("layer_norm", block.add(x, y))
    return block.reshape(x, c, rows, columns)


def _placed(block: Block, x: Map, rows: int, columns: int) -> Map:
    """The map with a fixed value for each channel and place added."""
    if x is None:
        return None
    c = x.shape[1]

    def read() -> Any:
        import numpy as np

        quarter = c // 4
        scales = [10000.0 ** (-n / quarter) for n in range(quarter)]
        table = np.zeros((1, c, rows * columns), np.float32)
        for row in range(rows):
            for column in range(columns):
                place = row * columns + column
                for n, scale in enumerate(scales):
                    table[0, n, place] = sin(column * scale)
                    table[0, quarter + n, place] = cos(column * scale)
                    table[0, 2 * quarter + n, place] = sin(row * scale)
                    table[0, 3 * quarter + n, place] = cos(row * scale)
        return table

    name = ".".join((*block.path, "pos_embed"))
    table = Constant(name, x.shape, "literal", read, {name: c * rows * columns})
    operands: list[Op | Constant] = [x, table]
    return block.maps.emit("add", operands, x.shape, {}, block.part("pos_embed").origin)
