"""Layers that no kind of ours stands for: their output, their arrays and their products are known.

Each becomes a layer that states these facts. A layer that has a kind in its usual form stands here
too for the forms that the kind does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cnncalc.exchange.keras.layers.registry import STATED, F, LayerCall, listed, require
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.shapes import Shape, product


def stated(*names: str) -> Callable[[F], F]:
    """Register what is known of a layer under its classes."""

    def register(function: F) -> F:
        for name in names:
            STATED[name] = function
        return function

    return register


# -- recurrent layers ----------------------------------------------------------------------------

GATES: Mapping[str, int] = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
"""Products of a step, each with all units."""

CELLS: Mapping[str, str] = {"SimpleRNNCell": "SimpleRNN", "LSTMCell": "LSTM", "GRUCell": "GRU"}
STATES: Mapping[str, int] = {"SimpleRNN": 1, "LSTM": 2, "GRU": 1}


def cell_arrays(
    call: LayerCall, kind: str, config: Mapping[str, Any], inputs: int, part: str, prefix: str = ""
) -> dict[str, Constant]:
    """The arrays of a cell: kernels of its input and of its state, and biases."""
    units, gates = config["units"], GATES[kind]
    found = {
        f"{prefix}kernel": call.array(f"{prefix}kernel", (inputs, gates * units), part=part),
        f"{prefix}recurrent_kernel": call.array(
            f"{prefix}recurrent_kernel", (units, gates * units), part=part
        ),
    }
    if config.get("use_bias", True):
        shape: Shape = (gates * units,)
        if config.get("cudnn"):
            shape = (2 * gates * units,)
        elif kind == "GRU" and config.get("reset_after", False):
            shape = (2, gates * units)
        found[f"{prefix}bias"] = call.array(f"{prefix}bias", shape, part=part)
    return found


def _cells(kind: str, config: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any], str]]:
    """The cells of a layer, one after the other: kind, config, and where its arrays are."""
    if kind in GATES:
        return [(kind, config, "cell")]
    cell = config["cell"]
    name, own = str(cell["class_name"]), cell["config"]
    if name == "StackedRNNCells":
        return [
            (_cell_kind(one), one["config"], f"cell/cells/{number}")
            for number, one in enumerate(own["cells"])
        ]
    return [(_cell_kind(cell), own, "cell")]


def _cell_kind(cell: Mapping[str, Any]) -> str:
    kind = CELLS.get(str(cell.get("class_name")))
    require(kind is not None, f"of the cell {str(cell.get('class_name'))[:40]}")
    assert kind is not None
    return kind


def _recurrent(
    call: LayerCall, kind: str, config: Mapping[str, Any], x: Op, front: str = "", prefix: str = ""
) -> tuple[dict[str, Constant], int, list[int]]:
    """Arrays, products and the widths of the states of a recurrent layer."""
    steps, width = x.shape[1 + call.timed], x.shape[-1]
    arrays: dict[str, Constant] = {}
    macs, states = 0, []
    cells = _cells(kind, config)
    for number, (cell, own, part) in enumerate(cells):
        mark = f"{prefix}{f'cell{number + 1}_' if len(cells) > 1 else ''}"
        arrays |= cell_arrays(call, cell, own, width, f"{front}{part}", mark)
        units = own["units"]
        macs += steps * GATES[cell] * units * (width + units)
        states += [units] * STATES[cell]
        width = units
    return arrays, macs, states


@stated("SimpleRNN", "LSTM", "GRU", "RNN")
def recurrent(call: LayerCall, x: Op, *initial: Op) -> Any:
    """A recurrent layer: `steps · gates · units · (inputs + units)` multiply-accumulates."""
    config = call.config
    require(len(x.shape) == 3 + call.timed, f"on {len(x.shape) - 1} axes")
    arrays, macs, states = _recurrent(call, call.name, config, x)
    front, units = x.shape[: 1 + call.timed], _width(call.name, config)
    shape = (*front, x.shape[-2], units) if config.get("return_sequences") else (*front, units)
    found = call.opaque([x, *initial], shape, arrays, macs * product(front))
    if not config.get("return_state"):
        return found
    return (found, *[call.opaque([found], (*front, one), {}, 0, "state") for one in states])


def _width(kind: str, config: Mapping[str, Any]) -> int:
    return int(_cells(kind, config)[-1][1]["units"])


@stated("Bidirectional")
def bidirectional(call: LayerCall, x: Op, *initial: Op) -> Any:
    """A recurrent layer from either end."""
    inner = call.config["layer"]
    kind, config = str(inner["class_name"]), inner["config"]
    require(kind in GATES or kind == "RNN", f"of {kind}")
    forward, macs, states = _recurrent(call, kind, config, x, "forward_layer/", "forward_")
    other = call.config.get("backward_layer") or inner
    backward, more, others = _recurrent(
        call, str(other["class_name"]), other["config"], x, "backward_layer/", "backward_"
    )
    mode = call.config.get("merge_mode", "concat")
    require(mode is not None, "with two results")
    units, front = _width(kind, config), x.shape[: 1 + call.timed]
    width = units + _width(str(other["class_name"]), other["config"]) if mode == "concat" else units
    shape = (*front, x.shape[-2], width) if config.get("return_sequences") else (*front, width)
    found = call.opaque(
        [x, *initial], shape, {**forward, **backward}, (macs + more) * product(front)
    )
    if not config.get("return_state"):
        return found
    each = [call.opaque([found], (*front, n), {}, 0, "state") for n in (*states, *others)]
    return (found, *each)


@stated("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def convolutional_lstm(call: LayerCall, x: Op, *initial: Op) -> Any:
    """An LSTM whose products are convolutions; those of the state keep its size."""
    config, rank = call.config, len(x.shape) - 3
    kernel, stride = listed(config["kernel_size"], rank), listed(config.get("strides", 1), rank)
    dilation = listed(config.get("dilation_rate", 1), rank)
    first = config.get("data_format") == "channels_first"
    channel = 2 if first else len(x.shape) - 1
    filters, inputs = config["filters"], x.shape[channel]
    sizes = [n for axis, n in enumerate(x.shape) if axis > 1 and axis != channel]
    if config.get("padding", "valid") == "same":
        outputs = [-(-size // s) for size, s in zip(sizes, stride, strict=True)]
    else:
        outputs = [
            (size - d * (k - 1) - 1) // s + 1
            for size, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
        ]
    require(all(size > 0 for size in outputs), "whose kernel is larger than its input")
    arrays = {
        "kernel": call.array("kernel", (*kernel, inputs, 4 * filters), part="cell"),
        "recurrent_kernel": call.array(
            "recurrent_kernel", (*kernel, filters, 4 * filters), part="cell"
        ),
    }
    if config.get("use_bias", True):
        arrays["bias"] = call.array("bias", (4 * filters,), part="cell")
    per_step = product(tuple(outputs)) * product(kernel) * 4 * filters * (inputs + filters)
    own = (filters, *outputs) if first else (*outputs, filters)
    front = x.shape[:2] if config.get("return_sequences") else x.shape[:1]
    shape = (*front, *own)
    place = len(front) if first else len(shape) - 1
    found = call.opaque([x, *initial], shape, arrays, x.shape[1] * per_step, channel=place)
    if not config.get("return_state"):
        return found
    state = (x.shape[0], *own)
    inner = 1 if first else len(state) - 1
    each = [call.opaque([found], state, {}, 0, "state", channel=inner) for _ in range(2)]
    return (found, *each)


# -- tables --------------------------------------------------------------------------------------


@stated("Embedding")
def embedding(call: LayerCall, x: Op) -> Op:
    """A row of a table for each number: no arithmetic."""
    rows, width = call.config["input_dim"], call.config["output_dim"]
    arrays = {"embeddings": call.array("embeddings", (rows, width))}
    return call.opaque([x], (*x.shape, width), arrays, 0, flops=0)


# -- the same shape as the input -----------------------------------------------------------------


@stated("PReLU")
def positional_prelu(call: LayerCall, x: Op) -> Op:
    """Slopes that differ between positions: two operations a value."""
    shared = set(call.config.get("shared_axes") or ())
    shape = tuple([1 if axis in shared else n for axis, n in enumerate(x.shape)][1:])
    alpha = call.array("alpha", shape)
    return call.opaque([x], x.shape, {"alpha": alpha}, 0, flops=2 * product(x.shape))


@stated("LayerNormalization")
def axes_norm(call: LayerCall, x: Op) -> Op:
    """Statistics along any axes."""
    config = call.config
    axis = config.get("axis", -1)
    axes = sorted({one % len(x.shape) for one in ([axis] if isinstance(axis, int) else axis)})
    shape = tuple([x.shape[one] for one in axes])
    names = [("gamma", "scale"), ("beta", "center")]
    arrays = {name: call.array(name, shape) for name, key in names if config.get(key, True)}
    return call.opaque([x], x.shape, arrays, 0)


@stated("BatchNormalization")
def odd_batch_norm(call: LayerCall, x: Op) -> Op:
    """Keras 1's modes, which measure statistics while they run."""
    config = call.config
    axis = config.get("axis", -1)
    shape = (x.shape[(axis[0] if isinstance(axis, list) else axis) % len(x.shape)],)
    arrays = {name: call.array(name, shape) for name in ("gamma", "beta")}
    for name in ("moving_mean", "moving_variance"):
        arrays[name] = call.array(name, shape, "buffer")
    return call.opaque([x], x.shape, arrays, 0)


@stated("Softmax", "Activation", "ReLU")
def function_of_values(call: LayerCall, x: Op) -> Op:
    """A function without arrays that keeps the shape."""
    return call.opaque([x], x.shape, {}, 0)


# -- attention, products -------------------------------------------------------------------------


@stated("AdditiveAttention")
def additive_attention(call: LayerCall, query: Op, value: Op, key: Op | None = None) -> Op:
    """Attention by a sum of queries and keys (Bahdanau et al. 2015)."""
    key = value if key is None else key
    width = query.shape[-1]
    arrays = {"scale": call.array("scale", (width,))} if call.config.get("use_scale", True) else {}
    macs = query.shape[-2] * key.shape[-2] * (width + value.shape[-1])
    inputs = [query, value] if key is value else [query, value, key]
    return call.opaque(inputs, (*query.shape[:-1], value.shape[-1]), arrays, macs)


@stated("MultiHeadAttention")
def masked_attention(call: LayerCall, query: Op, value: Op, *more: Op) -> Any:
    """Attention with a mask, along some axes, or with its scores."""
    config = call.config
    heads, size = config["num_heads"], config["key_dim"]
    depth, bias = config.get("value_dim") or size, config.get("use_bias", True)
    key = more[0] if more and len(more[0].shape) == len(value.shape) else value
    width = config.get("output_shape") or query.shape[-1]
    width = width[0] if isinstance(width, list) and len(width) == 1 else width
    require(isinstance(width, int), "with an output of several axes")
    arrays: dict[str, Constant] = {}
    for part, x, each in (("query", query, size), ("key", key, size), ("value", value, depth)):
        own: dict[str, Shape] = {f"{part}_kernel": (x.shape[-1], heads, each)}
        if bias:
            own[f"{part}_bias"] = (heads, each)
        arrays |= {name: call.array(name, shape, part=f"{part}_dense")
                   for name, shape in own.items()}  # fmt: skip
    arrays["output_kernel"] = call.array(
        "output_kernel", (heads, depth, width), part="output_dense"
    )
    if bias:
        arrays["output_bias"] = call.array("output_bias", (width,), part="output_dense")
    inputs = list(dict.fromkeys([query, value, key, *more]))
    found = call.opaque(inputs, (*query.shape[:-1], width), arrays, None)
    if not call.arguments.get("return_attention_scores"):
        return found
    shape = (query.shape[0], heads, query.shape[1], key.shape[1])
    return found, call.opaque([found], shape, {}, 0, "scores")


@stated("EinsumDense")
def einsum_product(call: LayerCall, x: Op) -> Op:
    """A product of any axes with a stored array."""
    config = call.config
    given, _, out = str(config["equation"]).replace(" ", "").partition("->")
    own, _, weight = given.partition(",")
    if "..." in own:
        letters = [one for one in "ABCDEFGHIJ" if one not in own]
        free = "".join(letters[: len(x.shape) - len(own) + 3])
        own, out = own.replace("...", free), out.replace("...", free)
    require(len(own) == len(x.shape), f"of {config['equation']}")
    sizes = dict(zip(own, x.shape, strict=True))
    stated_shape = config["output_shape"]
    tail = [stated_shape] if isinstance(stated_shape, int) else list(stated_shape)
    for letter, size in zip(out[len(out) - len(tail) :], tail, strict=True):
        if size is not None:
            sizes.setdefault(letter, size)
    arrays = {"kernel": call.array("kernel", [sizes[letter] for letter in weight])}
    bias = config.get("bias_axes")
    if bias:
        first = min(out.index(letter) for letter in bias)
        shape = [sizes[letter] if letter in bias else 1 for letter in out[first:]]
        arrays["bias"] = call.array("bias", shape)
    macs = product(tuple([sizes[letter] for letter in dict.fromkeys(own + weight)]))
    return call.opaque([x], [sizes[letter] for letter in out], arrays, macs)


@stated("MaxoutDense")
def maxout(call: LayerCall, x: Op) -> Op:
    """The largest of several linear layers (Goodfellow et al. 2013)."""
    config = call.config
    units, parts = config["output_dim"], config.get("nb_feature", 4)
    arrays = {"W": call.array("W", (parts, x.shape[-1], units))}
    if config.get("bias", True):
        arrays["b"] = call.array("b", (parts, units))
    return call.opaque([x], (*x.shape[:-1], units), arrays, parts * x.shape[-1] * units)


@stated("Highway")
def highway(call: LayerCall, x: Op) -> Op:
    """A linear layer and a gate that mixes it with its input (Srivastava et al. 2015)."""
    width = x.shape[-1]
    arrays = {name: call.array(name, (width, width)) for name in ("W", "W_carry")}
    if call.config.get("bias", True):
        arrays |= {name: call.array(name, (width,)) for name in ("b", "b_carry")}
    return call.opaque([x], x.shape, arrays, 2 * width * width)


@stated("Masking", "Hashing", "Discretization")
def numbers_kept(call: LayerCall, x: Op) -> Op:
    """A function of each value."""
    return call.opaque([x], x.shape, {}, 0)
