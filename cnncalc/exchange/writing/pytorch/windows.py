"""PyTorch's modules for kinds whose kernel slides: convolutions and pools."""

from __future__ import annotations

from cnncalc.analysis.outline.terms import Operation, simplified
from cnncalc.exchange.writing.python.code import Code, call
from cnncalc.exchange.writing.pytorch.layer import Layer, Modules


def padded(layer: Layer, value: str | None = None) -> tuple[Modules, str | None]:
    """What stands in front of a layer, and its own padding."""
    term = layer.term("padding")
    if term == "same" or term == "same_lower":
        if term == "same_lower":
            raise layer.refuse("the odd row of its padding goes before")
        plain = value is None and layer.terms.get("stride", 1) == 1 and "conv" in layer.kind.name
        if plain:
            return [], '"same"'
        kernel, stride = layer.constant("kernel"), layer.constant("stride")
        if any(node.kind.__dict__.get("dilation", (1,))[0] != 1 for node in layer.nodes):
            raise layer.refuse("it pads for a dilated window")
        windows = [layer.text(kernel), layer.text(stride)]
        return [call(layer.helper("SamePad"), *windows, value=value)], None
    if term == "valid":
        return [], None
    if type(term) is tuple and any(type(item) is tuple for item in term):
        sizes = [size for pair in reversed(term) for size in pair]
        if value is None:
            return [call(layer.axes("ZeroPad"), layer.text(tuple(sizes)))], None
        return [call(layer.axes("ConstantPad"), layer.text(tuple(sizes)), value)], None
    return [], layer.given("padding")


def _conv(layer: Layer, groups: str | None, filters: str) -> Modules:
    front, padding = padded(layer)
    layer.term("bias")
    found = call(
        layer.axes("Conv"), layer.into, filters, layer.value("kernel"),
        stride=layer.given("stride"), padding=padding, dilation=layer.given("dilation"),
        groups=groups, bias=layer.given("bias"),
    )  # fmt: skip
    return [*front, found]


def conv(layer: Layer) -> Modules:
    *front, found = _conv(layer, layer.given("groups"), layer.value("filters"))
    if layer.term("trainable") is False:
        found = Code(found.head, found.parts, ").requires_grad_(False)")
    return [*front, found]


def depthwise_conv(layer: Layer) -> Modules:
    between = simplified(Operation("*", layer.term("multiplier"), layer.channels))
    return _conv(layer, layer.into, layer.text(between))


def separable_conv(layer: Layer) -> Modules:
    between = simplified(Operation("*", layer.term("multiplier"), layer.channels))
    front, padding = padded(layer)
    depthwise = call(
        layer.axes("Conv"), layer.into, layer.text(between), layer.value("kernel"),
        stride=layer.given("stride"), padding=padding, dilation=layer.given("dilation"),
        groups=layer.into, bias="False",
    )  # fmt: skip
    pointwise = call(
        layer.axes("Conv"), layer.text(between), layer.value("filters"), "1",
        bias=layer.given("bias"),
    )  # fmt: skip
    return [*front, depthwise, pointwise]


def conv_transpose(layer: Layer) -> Code:
    padding = layer.term("padding")
    if type(padding) is str or (type(padding) is tuple and type(padding[0]) is tuple):
        raise layer.refuse(f"padding {padding}")
    options = layer.named(
        stride="stride", padding="padding", output_padding="output_padding", groups="groups",
        bias="bias", dilation="dilation",
    )  # fmt: skip
    filters, kernel = layer.value("filters"), layer.value("kernel")
    return call(layer.axes("ConvTranspose"), layer.into, filters, kernel, **options)


def _pool(layer: Layer, name: str, *extra: str, value: str | None = None) -> Modules:
    front, padding = padded(layer, value)
    options = layer.named(**{key: key for key in extra})
    parts = [layer.value("kernel")]
    if layer.given("stride") is not None:
        parts.append(layer.value("stride"))
    return [*front, call(layer.axes(name), *parts, padding=padding, **options)]


def max_pool(layer: Layer) -> Modules:
    return _pool(layer, "MaxPool", "dilation", "ceil_mode", value='float("-inf")')


def avg_pool(layer: Layer) -> Modules:
    return _pool(layer, "AvgPool", "ceil_mode", "count_include_pad", value="0.0")


def lp_pool(layer: Layer) -> Code:
    if layer.term("padding") != 0:
        raise layer.refuse("it pads")
    power, kernel = layer.value("p"), layer.value("kernel")
    options = layer.named(stride="stride", ceil_mode="ceil_mode")
    return call(layer.axes("LPPool"), power, kernel, **options)


def adaptive_avg_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveAvgPool"), layer.value("size"))


def adaptive_max_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveMaxPool"), layer.value("size"))


def global_avg_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveAvgPool"), "1")


def global_max_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveMaxPool"), "1")
