"""The reference of every kind that computes: `f(kind, inputs, arrays, facts, book)`, one sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from .counted import (
    Book,
    Number,
    affine,
    along,
    biased,
    convolved,
    dot,
    each,
    largest,
    log_softmax,
    mean,
    most,
    normalized,
    smallest,
    softmax,
    surrounded,
    total,
    windows,
)

SELU = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)
SQUARE_ROOT = 2**0.5


def where(test: bool, a: Any, b: Any) -> Any:
    """One of two numbers, both of which were computed."""
    return a if test else b


def sigmoid(x: Any) -> Any:
    return 1 / (1 + (-x).by(math.exp))


def hard_sigmoid(x: Any) -> Any:
    return smallest(largest(x + 3, 0), 6) / 6


def celu(x: Any, alpha: float) -> Any:
    return largest(x, 0) + smallest(((x / alpha).by(math.exp) - 1) * alpha, 0)


def gelu_by_tanh(x: Any) -> Any:
    inner = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
    return x * ((inner.by(math.tanh) + 1) * 0.5)


def gelu(x: Any) -> Any:
    return x * (((x / SQUARE_ROOT).by(math.erf) + 1) * 0.5)


def clipped(x: Any, low: float | None, high: float | None) -> Any:
    x = x if low is None else largest(x, low)
    return x if high is None else smallest(x, high)


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": lambda kind, x: largest(x, 0),
    "relu6": lambda kind, x: smallest(largest(x, 0), 6),
    "leaky_relu": lambda kind, x: where(x > 0, x, x * kind.slope),
    "elu": lambda kind, x: where(x > 0, x, (x.by(math.exp) - 1) * kind.alpha),
    "selu": lambda kind, x: where(x > 0, x, (x.by(math.exp) - 1) * SELU[0]) * SELU[1],
    "celu": lambda kind, x: celu(x, kind.alpha),
    "gelu": lambda kind, x: gelu(x) if kind.approximate == "none" else gelu_by_tanh(x),
    "silu": lambda kind, x: x / (1 + (-x).by(math.exp)),
    "mish": lambda kind, x: x * (1 + x.by(math.exp)).by(math.log).by(math.tanh),
    "sigmoid": lambda kind, x: sigmoid(x),
    "tanh": lambda kind, x: x.by(math.tanh),
    "hard_sigmoid": lambda kind, x: hard_sigmoid(x),
    "hard_swish": lambda kind, x: x * hard_sigmoid(x),
    "hard_tanh": lambda kind, x: clipped(x, -1, 1),
    "softplus": lambda kind, x: (1 + x.by(math.exp)).by(math.log),
    "softsign": lambda kind, x: x / (1 + x.by(math.fabs)),
    "threshold": lambda kind, x: where(x > kind.at, x, kind.value),
    "power": lambda kind, x: x.power(kind.exponent),
    "exp": lambda kind, x: x.by(math.exp),
    "log": lambda kind, x: x.by(math.log),
    "abs": lambda kind, x: x.by(math.fabs),
    "clip": lambda kind, x: clipped(x, kind.low, kind.high),
}
"""Of each value by itself."""


def function(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    with book.term("activation"):
        return each(lambda x: FUNCTIONS[kind.name](kind, x), inputs[0])


def prelu(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    slopes = np.broadcast_to(arrays["weight"], len(inputs[0]))
    out = np.empty_like(inputs[0])
    with book.term("activation"):
        for channel, slope in enumerate(slopes):
            out[channel] = each(lambda x, s=slope: where(x > 0, x, x * s), inputs[0][channel])
    return out


def over_channels(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    with book.term("activation"):
        rows = softmax if kind.name == "softmax" else log_softmax
        return along(rows, inputs[0], kind.axis)


def rescale(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    with book.term("elementwise"):
        x = x * kind.factor if kind.factor != 1 else x
        return x + kind.offset if kind.offset else x


def conv(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    groups = getattr(kind, "groups", len(inputs[0]))  # a depthwise one has one a channel
    found = convolved(inputs[0], arrays["weight"], facts.slides, groups, book)
    return biased(found, arrays.get("bias"), book)


def separable_conv(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    middle = convolved(x, arrays["depthwise.weight"], facts.slides, len(x), book)
    out = np.empty(facts.output, object)
    weight = arrays["pointwise.weight"].reshape(len(out), -1)
    with book.term("macs"):
        for place in np.ndindex(out.shape):
            out[place] = dot(weight[place[0]], middle[(slice(None), *place[1:])], book)
    return biased(out, arrays.get("bias"), book)


def conv_transpose(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    """Every input value spreads its kernel; what falls into the padding is computed and dropped."""
    (x,), weight = inputs, arrays["weight"]
    pads = [pair[0] for pair in kind.crops()[0]]
    out = each(lambda _: Number(0, book), np.zeros(facts.output))
    each_in, each_out = len(x) // kind.groups, weight.shape[1]
    with book.term("macs"):
        for unit in np.ndindex(x.shape):
            for filter_, *tap in np.ndindex(weight.shape[1:]):
                value = x[unit] * weight[(unit[0], filter_, *tap)]
                place = tuple(
                    u * s + t * d - p
                    for u, s, t, d, p in zip(
                        unit[1:], kind.stride, tap, kind.dilation, pads, strict=True
                    )
                )
                inside = all(0 <= a < n for a, n in zip(place, out.shape[1:], strict=True))
                to = (unit[0] // each_in * each_out + filter_, *place)
                there = out[to] if inside else Number(0, book)
                there = there + value
                if inside:
                    out[to] = there
    return biased(out, arrays.get("bias"), book)


def linear(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    out = np.empty(facts.output, object)
    with book.term("macs"):
        for place in np.ndindex(out.shape):
            row = arrays["weight"][place[0]]
            out[place] = dot(row, x[(slice(None), *place[1:])], book)
    return biased(out, arrays.get("bias"), book)


def rbf(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    found = []
    for centre in arrays["weight"]:
        with book.term("elementwise"):
            apart = inputs[0] - centre
        with book.term("macs"):
            found.append(dot(apart, apart, book))
    return np.array(found, object)


def scale(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    with book.term("elementwise"):
        scaled = inputs[0] * arrays["weight"]
    with book.term("bias"):
        return scaled + arrays["bias"] if "bias" in arrays else scaled


def offset(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    with book.term("bias"):
        return inputs[0] + arrays["bias"]


def batch_norm(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    if not kind.track_stats:
        return grouped(kind, inputs, arrays, facts, book)
    wide = (-1,) + (1,) * (x.ndim - 1)
    # the statistics are stored: what is made of them alone is a constant
    factor = arrays.get("weight", 1) / (arrays["running_var"] + kind.eps) ** 0.5
    shift = arrays.get("bias", 0) - arrays["running_mean"] * factor
    with book.term("normalization"):
        return x * factor.reshape(wide) + shift.reshape(wide)


def grouped(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    """Normalized by groups of channels; a batch of one normalizes each channel by itself."""
    (x,) = inputs
    rows = x.reshape(getattr(kind, "groups", len(x)), -1)
    with book.term("normalization"):
        found = along(lambda row: normalized(row, kind.eps), rows, 1)
        return affine(found.reshape(x.shape), arrays)


def layer_norm(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    with book.term("normalization"):
        if kind.over == "all":
            flat = along(lambda row: normalized(row, kind.eps), x.reshape(-1), 0)
            return affine(flat.reshape(x.shape), arrays)
        return affine(along(lambda row: normalized(row, kind.eps), x, 0), arrays)


def local_response_norm(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,), size = inputs, kind.size
    out = np.empty_like(x)
    with book.term("normalization"):
        squares = x * x
        for place in np.ndindex(x.shape):
            first = place[0] - size // 2
            near = [
                squares[(c, *place[1:])] if 0 <= c < len(x) else Number(0, book)
                for c in range(first, first + size)
            ]
            under = total(near) * (kind.alpha / size) + kind.k
            out[place] = x[place] / under.power(kind.beta)
    return out


def pool(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,), slides = inputs, facts.slides
    out = np.empty(facts.output, object)
    nothing = -math.inf if kind.name == "max_pool" else 0
    with book.term("pooling"):
        for place, taken in windows(surrounded(x, slides, nothing, book), slides):
            for channel, values in enumerate(taken):
                out[(channel, *place)] = pooled(kind, list(values.ravel()), place, slides)
    return out


def pooled(kind: Any, values: Any, place: Any, slides: Any) -> Any:
    if kind.name == "max_pool":
        return most(values)
    if kind.name == "lp_pool":
        return total([x.by(math.fabs) if kind.p == 1 else x.power(kind.p) for x in values]).power(
            1 / kind.p
        )
    counted = 1
    for unit, slide in zip(place, slides, strict=True):
        first = unit * slide.stride - slide.before
        taps = range(first, first + slide.kernel)
        low, high = 0, slide.size
        if kind.count_include_pad:
            low, high = -slide.before, slide.size + slide.after
        counted *= sum(low <= tap < high for tap in taps)
    return total(values) / counted


def global_pool(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    with book.term("pooling"):
        found = [reduced(kind, list(one.ravel()), book) for one in x]
    return np.array(found, object).reshape(facts.output)


def reduced(kind: Any, values: Any, book: Book) -> Any:
    """One value for all; a sum and an extreme begin from nothing, one operation a value."""
    by = {"global_avg_pool": "mean", "global_max_pool": "max", "adaptive_avg_pool": "mean",
          "adaptive_max_pool": "max", "global_lp_pool": "lp"}.get(kind.name) or kind.by  # fmt: skip
    if by == "mean":
        return mean(values)
    if by == "lp":
        return total([value.power(kind.p) for value in values]).power(1 / kind.p)
    if by == "sum":
        return total([Number(0, book), *values])
    if by == "max":
        return most([Number(-math.inf, book), *values])
    low = Number(math.inf, book)
    for value in values:
        low = smallest(low, value)
    return low


def adaptive_pool(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    if x.shape == facts.output:
        return x
    out = np.empty(facts.output, object)
    with book.term("pooling"):
        for place in np.ndindex(out.shape):
            share = tuple(
                slice(o * n // size, -(-(o + 1) * n // size))
                for o, n, size in zip(place[1:], x.shape[1:], kind.size, strict=True)
            )
            out[place] = reduced(kind, list(x[(place[0], *share)].ravel()), book)
    return out


def reduce(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,), axes = inputs, kind.axes
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
    out = np.empty(rows.shape[:-1], object)
    with book.term("pooling"):
        for place in np.ndindex(out.shape):
            out[place] = reduced(kind, list(rows[place]), book)
    return out.reshape(facts.output)


MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "subtract": lambda a, b: a - b,
    "divide": lambda a, b: a / b,
    "maximum": largest,
    "minimum": smallest,
}


def merge(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    out, *others = [np.broadcast_to(x, facts.output) for x in inputs]
    with book.term("elementwise"):
        for other in others:
            out = np.frompyfunc(MERGES[kind.name], 2, 1)(out, other)
    return out


def matmul(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    first, second = inputs
    first = first.swapaxes(-1, -2) if kind.transpose else first
    second = second.swapaxes(-1, -2) if kind.transpose_other else second
    out = np.empty(facts.output, object)
    with book.term("macs"):
        for *lead, row, column in np.ndindex(out.shape):
            lead = tuple(lead)
            out[(*lead, row, column)] = dot(
                first[(*lead, row)], second[(*lead, slice(None), column)], book
            )
    return out


def upsample(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    """Between the neighbours on every axis; a weight for each of them."""
    (x,), sizes = inputs, facts.output[1:]
    if kind.mode == "nearest":
        places = [[o * n // m for o in range(m)] for n, m in zip(x.shape[1:], sizes, strict=True)]
        return x[np.ix_(range(len(x)), *places)]
    out = np.empty(facts.output, object)
    with book.term("elementwise"):
        for place in product(*map(range, sizes)):
            sides = [
                neighbours(o, n, m, kind.align_corners)
                for o, n, m in zip(place, x.shape[1:], sizes, strict=True)
            ]
            corners = list(product(*sides))
            weights = [math.prod(share for _, share in corner) for corner in corners]
            for channel in range(len(x)):
                read = [x[(channel, *(unit for unit, _ in corner))] for corner in corners]
                out[(channel, *place)] = total(
                    [value * weight for value, weight in zip(read, weights, strict=True)]
                )
    return out


def neighbours(o: int, n: int, m: int, corners: bool) -> list[tuple[int, float]]:
    """The two units between which an output lies on one axis, and the share of each."""
    source = o * (n - 1) / max(m - 1, 1) if corners else max((o + 0.5) * n / m - 0.5, 0)
    low = min(int(source), n - 1)
    share = source - low
    return [(low, 1 - share), (min(low + 1, n - 1), share)]


def squeeze_excitation(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    with book.term("pooling"):
        values = np.array([mean(list(one.ravel())) for one in x], object)
    silu = FUNCTIONS["silu"]
    steps = [
        ("fc1", lambda v: largest(v, 0) if kind.activation == "relu" else silu(kind, v)),
        ("fc2", sigmoid if kind.gate == "sigmoid" else hard_sigmoid),
    ]
    for name, act in steps:
        weight = arrays[f"{name}.weight"]
        with book.term("macs"):
            sums = [dot(row.ravel(), values, book) for row in weight]
        found = biased(np.array(sums, object), arrays[f"{name}.bias"], book)
        with book.term("activation"):
            values = each(act, found)
    with book.term("elementwise"):
        return x * values.reshape((-1,) + (1,) * (x.ndim - 1))


def self_attention(kind: Any, inputs: Any, arrays: Any, facts: Any, book: Book) -> Any:
    (x,) = inputs
    flat = x.reshape(len(x), -1)
    width = kind.width or len(x)
    each_head = width // kind.heads
    mixed = projected(flat, arrays, "in_proj_weight", "in_proj_bias", book)
    heard = []
    for head in range(kind.heads):
        queries, keys, values = (
            mixed[part * width + head * each_head : part * width + (head + 1) * each_head]
            for part in range(3)
        )
        with book.term("elementwise"):
            queries = queries * each_head**-0.5
        columns = []
        for query in queries.T:
            with book.term("macs"):
                scores = [dot(query, key, book) for key in keys.T]
            with book.term("activation"):
                scores = softmax(scores)
            with book.term("macs"):
                columns.append([dot(row, scores, book) for row in values])
        heard.append(np.array(columns, object).T)
    out = projected(np.concatenate(heard), arrays, "out_proj.weight", "out_proj.bias", book)
    return out.reshape(x.shape)


def projected(x: Any, arrays: Any, weight: str, bias: str, book: Book) -> Any:
    """A product at every position of `x` [C, positions]."""
    with book.term("macs"):
        rows = [[dot(row, column, book) for column in x.T] for row in arrays[weight]]
    return biased(np.array(rows, object), arrays.get(bias), book)


REFERENCES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(FUNCTIONS, function),
    **dict.fromkeys(MERGES, merge),
    **dict.fromkeys(("conv", "depthwise_conv", "locally_connected"), conv),
    **dict.fromkeys(("max_pool", "avg_pool", "lp_pool"), pool),
    **dict.fromkeys(("global_avg_pool", "global_max_pool", "global_lp_pool"), global_pool),
    **dict.fromkeys(("adaptive_avg_pool", "adaptive_max_pool"), adaptive_pool),
    **dict.fromkeys(("softmax", "log_softmax"), over_channels),
    **dict.fromkeys(("group_norm", "instance_norm"), grouped),
    "prelu": prelu,
    "rescale": rescale,
    "separable_conv": separable_conv,
    "conv_transpose": conv_transpose,
    "linear": linear,
    "rbf": rbf,
    "scale": scale,
    "offset": offset,
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "local_response_norm": local_response_norm,
    "reduce": reduce,
    "matmul": matmul,
    "upsample": upsample,
    "squeeze_excitation": squeeze_excitation,
    "self_attention": self_attention,
}
