"""PyTorch's modules for kinds whose kernel slides: convolutions and pools."""

from __future__ import annotations

from cnncalc.analysis.outline.terms import Operation, Term, simplified
from cnncalc.exchange.writing.python.code import WIDTH, Code, call
from cnncalc.exchange.writing.pytorch.layer import LayerModules, Modules


def padded(layer: LayerModules, value: str | None = None) -> tuple[Modules, str | None]:
    """What stands in front of a layer, and its own padding; `value` is what a pool adds."""
    term = layer.term("padding")
    if term in ("same", "same_lower"):
        plain = value is None and layer.terms.get("stride", 1) == 1 and term == "same"
        if plain and "conv" in layer.kind.name and layer.kind.name != "locally_connected":
            return [], '"same"'
        return [_same(layer, term == "same_lower", value)], None
    if term == "valid":
        return [], None
    if type(term) is tuple and any(type(item) is tuple for item in term):
        return [_border(layer, term, value)], None
    return [], layer.given("padding")


def _same(layer: LayerModules, lower: bool, value: str | None) -> Code:
    """Padding whose rows follow from the size at hand."""
    kernel, stride = layer.constant("kernel"), layer.constant("stride")
    if "dilation" in layer.kind.options:
        dilation = layer.constant("dilation")
        kernel = tuple([d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)])
    windows = [layer.text(kernel), layer.text(stride)]
    return call(layer.helper("SamePad"), *windows, value=value, lower="True" if lower else None)


def _border(layer: LayerModules, pairs: Term, value: str | None) -> Code:
    """A number of rows on each side."""
    sizes = layer.text(tuple([size for pair in reversed(pairs) for size in pair]))
    if value is None:
        return call(layer.axes("ZeroPad"), sizes)
    return call(layer.axes("ConstantPad"), sizes, value)


def bordered(layer: LayerModules, value: str | None = None) -> Modules:
    """All padding of a layer that has none of its own, in front of it."""
    front, own = padded(layer, value)
    if own is None:
        return front
    return [*front, _border(layer, layer.constant("padding"), value)]


def _conv(layer: LayerModules, groups: str | None, filters: str) -> Modules:
    front, padding = padded(layer)
    layer.term("bias")
    stride = layer.given("stride")
    found = call(
        layer.axes("Conv"), layer.into, filters, layer.value("kernel"),
        *([] if stride is None else [stride]), padding=padding, dilation=layer.given("dilation"),
        groups=groups, bias=layer.given("bias"),
    )  # fmt: skip
    if stride is not None and padding is not None and len(found.inside()) > WIDTH - 12:
        # all on one line, as everybody knows what the fourth and the fifth are
        parts = [p._replace(head=p.head.removeprefix("padding=")) for p in found.parts or ()]
        short = found._replace(parts=tuple(parts))
        found = short if len(short.inside()) <= WIDTH - 12 else found
    return [*front, found]


def conv(layer: LayerModules) -> Modules:
    *front, found = _conv(layer, layer.given("groups"), layer.value("filters"))
    if layer.term("trainable") is False:
        found = Code(found.head, found.parts, ").requires_grad_(False)")
    return [*front, found]


def depthwise_conv(layer: LayerModules) -> Modules:
    between = simplified(Operation("*", layer.term("multiplier"), layer.channels))
    return _conv(layer, layer.into, layer.text(between))


def separable_conv(layer: LayerModules) -> Modules:
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


def locally_connected(layer: LayerModules) -> Modules:
    sizes = {node.facts.output[1:] for node in layer.nodes}
    if len(sizes) > 1:
        raise layer.refuse("its size differs between uses of one block")
    window = [layer.text(layer.constant(key)) for key in ("kernel", "stride", "dilation")]
    found = call(
        layer.helper("LocallyConnected"), layer.into, layer.value("filters"),
        layer.text(sizes.pop()), *window, **layer.named(groups="groups", bias="bias"),
    )  # fmt: skip
    return [*bordered(layer), found]


def conv_transpose(layer: LayerModules) -> Modules:
    padding = layer.term("padding")
    named, behind = layer.given("padding"), []
    extra = layer.given("output_padding")
    if type(padding) is str or (type(padding) is tuple and type(padding[0]) is tuple):
        crops = {node.kind.crops() for node in layer.nodes}  # type: ignore[attr-defined]
        if len(crops) > 1:
            raise layer.refuse("its padding differs between uses of one block")
        pairs, extras = crops.pop()
        both = tuple([min(pair) for pair in pairs])
        named = layer.text(both) if any(both) else None
        extra = layer.text(extras) if any(extras) else None
        rest = [(s - a, s - b) for (a, b), s in zip(pairs, both, strict=True)]
        if any(map(any, rest)):
            behind = [_border(layer, tuple(rest), None)]
    options = layer.named(stride="stride", groups="groups", bias="bias", dilation="dilation")
    filters, kernel = layer.value("filters"), layer.value("kernel")
    options = {"stride": options.pop("stride"), "padding": named, "output_padding": extra} | options
    return [call(layer.axes("ConvTranspose"), layer.into, filters, kernel, **options), *behind]


def _pool(layer: LayerModules, name: str, *extra: str, value: str | None = None) -> Modules:
    front, padding = padded(layer, value)
    options = layer.named(**{key: key for key in extra})
    parts = [layer.value("kernel")]
    if layer.given("stride") is not None:
        parts.append(layer.value("stride"))
    return [*front, call(layer.axes(name), *parts, padding=padding, **options)]


def max_pool(layer: LayerModules) -> Modules:
    return _pool(layer, "MaxPool", "dilation", "ceil_mode", value='float("-inf")')


def avg_pool(layer: LayerModules) -> Modules:
    return _pool(layer, "AvgPool", "ceil_mode", "count_include_pad", value="0.0")


def lp_pool(layer: LayerModules) -> Modules:
    power, kernel = layer.value("p"), layer.value("kernel")
    options = layer.named(stride="stride", ceil_mode="ceil_mode")
    # PyTorch takes powers of the values, we of their sizes
    even = layer.constant("p") % 2 == 0
    front = [] if even else [call(layer.helper("Abs"))]
    return [*front, *bordered(layer), call(layer.axes("LPPool"), power, kernel, **options)]


def global_lp_pool(layer: LayerModules) -> Code:
    return call(layer.helper("GlobalLpPool"), layer.value("p"))


def adaptive_avg_pool(layer: LayerModules) -> Code:
    return call(layer.axes("AdaptiveAvgPool"), layer.value("size"))


def adaptive_max_pool(layer: LayerModules) -> Code:
    return call(layer.axes("AdaptiveMaxPool"), layer.value("size"))


def global_avg_pool(layer: LayerModules) -> Code:
    return call(layer.axes("AdaptiveAvgPool"), "1")


def global_max_pool(layer: LayerModules) -> Code:
    return call(layer.axes("AdaptiveMaxPool"), "1")
