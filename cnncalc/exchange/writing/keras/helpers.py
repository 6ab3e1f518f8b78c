"""Functions that a file brings along for kinds that are several of Keras' layers."""

HELPERS = {
    "make_divisible": """
def make_divisible(value: float, divisor: int) -> int:
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
""",
    "squeeze_and_excite": """
def squeeze_and_excite(
    x: Tensor, name: str, squeeze: int, activation: str = "relu", gate: str = "sigmoid"
) -> Tensor:
    y = layers.GlobalAveragePooling{rank}D(keepdims=True, name=f"{name}-pool")(x)
    y = layers.Conv{rank}D(squeeze, 1, activation=activation, name=f"{name}-fc1")(y)
    y = layers.Conv{rank}D(x.shape[-1], 1, activation=gate, name=f"{name}-fc2")(y)
    return layers.Multiply(name=name)([x, y])
""",
    "shuffle_channels": """
def shuffle_channels(x: Tensor, name: str, groups: int) -> Tensor:
    *sizes, channels = x.shape[1:]
    x = layers.Reshape((*sizes, groups, channels // groups))(x)
    x = layers.Permute(({order}))(x)
    return layers.Reshape((*sizes, channels), name=name)(x)
""",
    "stochastic_depth": """
def stochastic_depth(x: Tensor, name: str, rate: float) -> Tensor:
    return layers.Dropout(rate, noise_shape=(None, {ones}), name=name)(x)
""",
    "layer_scale": """
def layer_scale(x: Tensor, name: str) -> Tensor:
    return layers.EinsumDense("{einsum}", x.shape[1:], name=name)(x)
""",
    "attend_to_itself": """
def attend_to_itself(
    x: Tensor, name: str, heads: int, width: int, use_bias: bool = True
) -> Tensor:
    *sizes, channels = x.shape[1:]
    x = layers.Reshape((-1, channels))(x)
    attention = layers.MultiHeadAttention(
        heads, width // heads, use_bias=use_bias, name=name
    )
    return layers.Reshape((*sizes, channels))(attention(x, x))
""",
}
"""Each by its name; `{rank}` is the number of spatial axes."""


def helper(name: str, rank: int) -> list[str]:
    """The lines of a function for maps of some axes."""
    source = HELPERS[name].strip("\n").replace("{rank}", str(rank))
    order = ", ".join(map(str, (*range(1, rank + 1), rank + 2, rank + 1)))
    axes = "a" + "dhw"[3 - rank :] + "c"
    source = source.replace("{order}", order).replace("{einsum}", f"{axes},c->{axes}")
    return source.replace("{ones}", ", ".join(["1"] * (rank + 1))).split("\n")
