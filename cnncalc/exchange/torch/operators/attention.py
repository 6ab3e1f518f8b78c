"""Attention in one operator, taken apart into the products and the softmax that it computes."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.torch.operators.registry import Call, computed, operator, require


@operator("aten.scaled_dot_product_attention")
def attention(
    call: Call,
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    rate: float = 0.0,
    causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Op:
    """`softmax(q · kᵀ · scale) · v`, the scale being one over the root of the width."""
    query, key, value = computed(query), computed(key), computed(value)
    require(mask is None and not causal, "with a mask")
    require(not enable_gqa, "with shared keys")
    order = [*range(len(key.shape) - 2), len(key.shape) - 1, len(key.shape) - 2]
    turned = call.emit("permute", [key], {"order": order}, [key.shape[a] for a in order])
    scores = [*query.shape[:-1], key.shape[-2]]
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scaled = call.emit("mul", [query, call.number(factor)], shape=query.shape)
    found = call.emit("matmul", [scaled, turned], shape=scores)
    found = call.emit("softmax", [found], {"axis": -1}, scores)
    return call.emit("matmul", [found, value])
