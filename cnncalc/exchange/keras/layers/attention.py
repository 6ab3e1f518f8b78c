"""Attention, as the products of matrices that it is."""

from __future__ import annotations

from cnncalc.exchange.keras.layers.registry import LayerCall, layer, require, turned
from cnncalc.exchange.keras.layers.tensors import permuted, reshaped_to
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.shaping import product


@layer("MultiHeadAttention")
def multi_head_attention(
    call: LayerCall, query: Op, value: Op | None = None, key: Op | None = None, *more: Op
) -> Op:
    """Scaled dot products of queries and keys, for each head (Vaswani et al. 2017)."""
    config = call.config
    require(not more and "attention_mask" not in call.arguments, "with a mask")
    require(not call.arguments.get("return_attention_scores"), "that returns its scores")
    require(not call.arguments.get("use_causal_mask"), "with a causal mask")
    axes = config.get("attention_axes")
    value = query if value is None else value
    key = value if key is None else key
    rank = len(query.shape)
    require(len(key.shape) == len(value.shape) == rank >= 3, "of tensors of unequal rank")
    places = None if axes is None else [axis % rank for axis in ([axes] if isinstance(axes, int)
                                                                 else axes)]  # fmt: skip
    require(places in (None, list(range(1, rank - 1))), f"along axes {axes}")
    heads, size = config["num_heads"], config["key_dim"]
    depth = config.get("value_dim") or size
    bias = config.get("use_bias", True)
    width = config.get("output_shape") or query.shape[-1]
    width = width[0] if isinstance(width, list) and len(width) == 1 else width
    require(isinstance(width, int), "with an output of several axes")

    def projected(part: str, x: Op, each: int) -> Op:
        kernel = call.array("kernel", (x.shape[-1], heads, each), part=f"{part}_dense").mapped(
            (x.shape[-1], heads * each), lambda array: array.reshape(array.shape[0], -1)
        )
        offset = (
            call.array("bias", (heads, each), part=f"{part}_dense").mapped(
                (heads * each,), lambda array: array.reshape(-1)
            )
            if bias
            else None
        )
        y = call.emit(
            "linear", [x], {"features": heads * each, "bias": bias},
            (*x.shape[:-1], heads * each),
            arrays={"weight": turned(kernel, (1, 0)), "bias": offset}, channel=-1,
        )  # fmt: skip
        positions = product_of(x.shape[1:-1])
        y = reshaped_to(call, y, (x.shape[0], positions, heads, each))
        return permuted(call, y, (0, 2, 1, 3))

    queries = projected("query", query, size)
    keys = projected("key", key, size)
    values = projected("value", value, depth)
    scaled = call.emit("mul", [queries, call.number(size**-0.5)], shape=queries.shape)
    mixed = attended(call, scaled, keys, values)
    joined = permuted(call, mixed, (0, 2, 1, 3))
    joined = reshaped_to(call, joined, (*query.shape[:-1], heads * depth))
    kernel = call.array("kernel", (heads, depth, width), part="output_dense").mapped(
        (heads * depth, width), lambda array: array.reshape(-1, width)
    )
    return call.emit(
        "linear", [joined], {"features": width, "bias": bias}, (*query.shape[:-1], width),
        arrays={
            "weight": turned(kernel, (1, 0)),
            "bias": call.array("bias", (width,), part="output_dense") if bias else None,
        },
        channel=-1,
    )  # fmt: skip


def attended(call: LayerCall, query: Op, key: Op, value: Op) -> Op:
    """Values mixed by the softmax of the products of queries and keys."""
    rank = len(key.shape)
    flipped = permuted(call, key, (*range(rank - 2), rank - 1, rank - 2))
    scores = call.emit("matmul", [query, flipped], shape=product(query.shape, flipped.shape))
    weights = call.emit("softmax", [scores], {"axis": rank - 1}, scores.shape)
    return call.emit("matmul", [weights, value], shape=product(weights.shape, value.shape))


def product_of(sizes: tuple[int, ...]) -> int:
    """The number of positions."""
    found = 1
    for size in sizes:
        found *= size
    return found


@layer("Attention")
def attention(call: LayerCall, query: Op, value: Op, key: Op | None = None) -> Op:
    """Dot products of queries and keys, without weights."""
    config = call.config
    require(config.get("score_mode", "dot") == "dot", "with concatenated scores")
    require(not call.arguments.get("return_attention_scores"), "that returns its scores")
    require(not call.arguments.get("use_causal_mask"), "with a causal mask")
    key = value if key is None else key
    if config.get("use_scale"):
        scale = call.array("scale", ())
        query = call.emit("mul", [query, scale], shape=query.shape)
    return attended(call, query, key, value)
