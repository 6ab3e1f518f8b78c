"""Keras' layers for kinds whose kernel slides: convolutions and pools."""

from __future__ import annotations

from cnncalc.exchange.writing.keras.layer import LayerCalls, Statement, Steps, applied, made
from cnncalc.exchange.writing.python.code import Code, call
from cnncalc.layers.conv import ConvTranspose
from cnncalc.shapes import Slide, same_padding

Pairs = tuple[tuple[int, int], ...]


def read(slide: Slide) -> tuple[int, int]:
    """The rows around an axis that are read."""
    reach = (slide.output - 1) * slide.stride + slide.extent - slide.size - slide.before
    return slide.before, max(reach, 0)


def added(slide: Slide) -> tuple[int, int]:
    """The rows around an axis, where a last window of ceil mode may want more."""
    return slide.before, max(slide.after, read(slide)[1])


def is_same(slide: Slide, always: bool) -> bool:
    """Whether a slide is Keras' `same`; unless `always`, only where that depends on no size."""
    if slide.stride > 1 and not always:
        return False
    own = same_padding(slide.size, slide.kernel, slide.stride, slide.dilation, False)
    return read(slide) == own and slide.output == -(-slide.size // slide.stride)


def all_slides(layer: LayerCalls) -> list[tuple[Slide, ...]]:
    """The slides of every use."""
    return [node.facts.slides for node in layer.nodes]


def check_strides(layer: LayerCalls) -> None:
    """Refuse what Keras' convolutions refuse."""
    for slide in (slide for slides in all_slides(layer) for slide in slides):
        if slide.stride > 1 and slide.dilation > 1:
            raise layer.refuse("it has both a stride and a dilation")


def padded(layer: LayerCalls, border: bool = False) -> tuple[Steps, str]:
    """What stands in front of a layer, and its own padding; `border`: rows of minus infinity."""
    slides = all_slides(layer)
    term = layer.term("padding")
    if "ceil_mode" in layer.terms:
        layer.term("ceil_mode")
    rows = [tuple(map(added, one)) for one in slides]
    if not any(any(map(any, pairs)) for pairs in rows):
        return [], ""
    if all(is_same(slide, term == "same") for one in slides for slide in one):
        return [], '"same"'
    if border:
        pairs = layer.one(set(rows), "padding")
        return [Statement(lambda x: border_of(layer, pairs, x))], ""
    further = any(added(slide)[1] > slide.after for one in slides for slide in one)
    if type(term) is str or further:
        text = layer.text(_short(layer.one(set(rows), "padding")))
    else:
        text = layer.text(term[0] if layer.rank == 1 and type(term) is tuple else term)
    front = applied(call(layer.axes("ZeroPadding"), text))
    always = text.startswith("(") or all(any(map(any, pairs)) for pairs in rows)
    return [front._replace(condition="" if always else text)], ""


def border_of(layer: LayerCalls, pairs: Pairs, x: str) -> Code:
    """Rows of minus infinity, which no maximum is."""
    layer.helper("ops")
    widths = ((0, 0), *pairs, (0, 0))
    return call("ops.pad", x, layer.text(widths), constant_values='float("-inf")')


def _short(pairs: Pairs) -> object:
    """Padding as short as Keras takes it."""
    if len({size for pair in pairs for size in pair}) == 1:
        return pairs[0][0]
    return pairs[0] if len(pairs) == 1 else pairs


def _conv(layer: LayerCalls, name: str, *parts: str, **options: str | None) -> Steps:
    check_strides(layer)
    front, padding = padded(layer)
    found = made(
        layer, layer.axes(name), *parts, strides=layer.given("stride"), padding=padding or None,
        dilation_rate=layer.given("dilation"), **options, use_bias=layer.given("bias"),
    )  # fmt: skip
    return [*front, found]


def conv(layer: LayerCalls) -> Steps:
    trained = layer.constant("trainable")
    return _conv(
        layer, "Conv", layer.value("filters"), layer.value("kernel"),
        groups=layer.given("groups"), trainable=None if trained else "False",
    )  # fmt: skip


def depthwise_conv(layer: LayerCalls) -> Steps:
    if layer.rank == 3:
        raise layer.refuse("over three axes it has none")
    return _conv(
        layer, "DepthwiseConv", layer.value("kernel"), depth_multiplier=layer.given("multiplier")
    )


def separable_conv(layer: LayerCalls) -> Steps:
    if layer.rank == 3:
        raise layer.refuse("over three axes it has none")
    return _conv(
        layer, "SeparableConv", layer.value("filters"), layer.value("kernel"),
        depth_multiplier=layer.given("multiplier"),
    )  # fmt: skip


def conv_transpose(layer: LayerCalls) -> Steps:
    kinds = [node.kind for node in layer.nodes if isinstance(node.kind, ConvTranspose)]
    if any(kind.groups > 1 for kind in kinds):
        raise layer.refuse("its transposed convolutions have no groups")
    if any(
        s > 1 and d > 1 for kind in kinds for s, d in zip(kind.stride, kind.dilation, strict=True)
    ):
        raise layer.refuse("it has both a stride and a dilation")
    for key in ("padding", "output_padding", "groups"):
        layer.term(key)
    rows = {kind.crops() for kind in kinds}
    same = {
        kind.changed({"padding": "same", "output_padding": 0}, layer.rank).crops() for kind in kinds
    }
    padding, behind = None, list[Statement]()
    bare = not any(any(map(any, pairs)) or any(extras) for pairs, extras in rows)
    if rows == same and len(rows) == 1 and not bare:
        padding = '"same"'
    else:
        pairs, extras = layer.one(rows, "padding")
        short = [
            max(s - (d * (k - 1) + 1), 0)
            for k, s, d in zip(kinds[0].kernel, kinds[0].stride, kinds[0].dilation, strict=True)
        ]
        if any(extras) or any(short):
            raise layer.refuse("it adds rows behind its output")
        if any(map(any, pairs)):
            behind = [applied(call(layer.axes("Cropping"), layer.text(_short(pairs))))]
    found = made(
        layer, layer.axes("Conv").replace("D", "DTranspose"), layer.value("filters"),
        layer.value("kernel"), strides=layer.given("stride"), padding=padding,
        dilation_rate=layer.given("dilation"), use_bias=layer.given("bias"),
    )  # fmt: skip
    return [found, *behind]


def _pool(layer: LayerCalls, name: str, front: Steps, padding: str) -> Steps:
    parts = [layer.value("kernel")]
    if layer.given("stride") is not None:
        parts.append(layer.value("stride"))
    return [*front, made(layer, layer.axes(name), *parts, padding=padding or None)]


def max_pool(layer: LayerCalls) -> Steps:
    if any(slide.dilation > 1 for one in all_slides(layer) for slide in one):
        raise layer.refuse("its pools have no dilation")
    layer.term("dilation")
    return _pool(layer, "MaxPooling", *padded(layer, border=True))


def avg_pool(layer: LayerCalls) -> Steps:
    counts = layer.constant("count_include_pad")
    slides = [slide for one in all_slides(layer) for slide in one]
    if any(added(slide)[1] > slide.after for slide in slides):
        raise layer.refuse("a last window reaches beyond the input")
    front, padding = padded(layer)
    if padding and counts:  # Keras leaves the padding out of the mean
        pairs = layer.one({tuple(map(added, one)) for one in all_slides(layer)}, "padding")
        front = [applied(call(layer.axes("ZeroPadding"), layer.text(_short(pairs))))]
        padding = ""
    elif front and not counts:
        raise layer.refuse("its mean leaves out the padding")
    return _pool(layer, "AveragePooling", front, padding)


def _adaptive(layer: LayerCalls, name: str) -> Steps:
    return [made(layer, layer.axes(name), layer.value("size"))]


def adaptive_avg_pool(layer: LayerCalls) -> Steps:
    return _adaptive(layer, "AdaptiveAveragePooling")


def adaptive_max_pool(layer: LayerCalls) -> Steps:
    return _adaptive(layer, "AdaptiveMaxPooling")


def global_avg_pool(layer: LayerCalls) -> Steps:
    return [made(layer, layer.axes("GlobalAveragePooling"), keepdims="True")]


def global_max_pool(layer: LayerCalls) -> Steps:
    return [made(layer, layer.axes("GlobalMaxPooling"), keepdims="True")]
