"""The table of layer types, and what a function of it may ask and make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from cnncalc.diagnostics import Edit, Fix, Place, Refusal, did_you_mean, nearest
from cnncalc.exchange.caffe.text_format import Message, Scalar
from cnncalc.exchange.reading.maps import Map, Maps
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.result import Origin
from cnncalc.spans import OptionSpan, SourceSpan

Function = Callable[..., Any]

LAYERS: dict[str, Function] = {}
"""Functions by the type of a layer, of the newer syntax."""

REFUSED: Mapping[str, str] = {
    "Python": "a layer of Python code, which is not run",
    **dict.fromkeys(("LSTM", "RNN", "LSTMUnit"), "a recurrent layer"),
    **dict.fromkeys(("ROIPooling", "PSROIPooling", "ROIAlign", "Proposal"), "a layer of regions"),
    **dict.fromkeys(("SPP", "Im2col", "Embed", "BatchReindex", "Filter", "Tile", "Reduction",
                     "Threshold", "Parameter"), "a layer that no layer of ours stands for"),
}  # fmt: skip
"""Types that are known and not read."""

FIELDS: Mapping[str, str] = {
    "convolution_param": "num_output bias_term pad pad_h pad_w kernel_size kernel_h kernel_w group "
    "stride stride_h stride_w weight_filler bias_filler engine axis force_nd_im2col dilation",
    "pooling_param": "pool pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w "
    "engine global_pooling round_mode ceil_mode torch_pooling",
    "inner_product_param": "num_output bias_term weight_filler bias_filler axis transpose "
    "normalize",
    "lrn_param": "local_size alpha beta norm_region k engine",
    "eltwise_param": "operation coeff stable_prod_grad",
    "concat_param": "axis concat_dim",
}
"""The fields of messages that are looked at whole."""

LAYER_FIELDS = (
    "name type bottom top phase loss_weight param blobs propagate_down include exclude blobs_lr "
    "weight_decay layer blob_share_mode"
)

Label = object()
"""What is no map: labels, boxes that follow from sizes alone, losses."""


def layer(*names: str) -> Callable[[Function], Function]:
    """Register a function under types of layers."""

    def register(function: Function) -> Function:
        for name in names:
            LAYERS[name] = function
        return function

    return register


class Stop(Exception):
    """The layer is wrong, which has been noted."""


class CaffeLayer:
    """One layer at work."""

    def __init__(self, maps: Maps, message: Message, kind: str, name: str, place: Place) -> None:
        self.maps = maps
        self.message = message
        self.kind = kind
        self.name = name
        self.place = place
        self.tops = [one.text for one in message.scalars("top")]
        self.outputs: list[Map] = []
        """Maps that it marks as the network's outputs."""
        path = tuple(part for part in name.replace(".", "_").split("/") if part) or ("layer",)
        self.origin = Origin(path, (*[""] * (len(path) - 1), kind), "", self._span(place))

    def param(self, name: str) -> Message:
        """A message of options, whose fields are looked at."""
        found = self.message.message(name)
        known = FIELDS[name].split()
        for field in found.fields:
            if field.name not in known:
                self.unknown(field.name, field.place, known, f"`{name}`")
        return found

    def unknown(self, word: str, place: Place, known: list[str], what: str) -> NoReturn:
        """Note a field that there is not.

        Raises:
            Stop: always.
        """
        close = nearest(word, known)
        fix = None if close is None else Fix(f"write `{close}`", False, (Edit(place, close),))
        message = f"{what} has no field `{word[:60]}`"
        refusal = Refusal("unknown-key", message, hint=did_you_mean(word, known))
        self.maps.note(refusal, self.origin, place, fix)
        raise Stop

    def refuse(
        self, rule: str, message: str, at: Scalar | None = None, hint: str | None = None
    ) -> NoReturn:
        """Note what is wrong.

        Raises:
            Stop: always.
        """
        place = self.place if at is None else at.place
        self.maps.note(Refusal(rule, message, hint=hint), self.origin, place)
        raise Stop

    def layer(self, kind: str, x: Map, **options: Any) -> Map:
        """A layer of ours from this one."""
        return self.maps.layer(kind, x, options, self.origin)

    def axis(self, param: Message, x: Op, name: str = "axis", default: int = 1) -> int:
        """An axis of a map; the batch is refused."""
        found = param.whole(name, default, -len(x.shape))
        found += len(x.shape) if found < 0 else 0
        if not 1 <= found < len(x.shape):
            message = f"`{name}` is {found}: a map of {len(x.shape)} axes has 1 to "
            self.refuse("bad-value", f"{message}{len(x.shape) - 1}", param.scalar(name))
        return found

    # -- places -----------------------------------------------------------------------------

    def _span(self, place: Place) -> SourceSpan:
        """Where the options of ours are written, and where others would be."""
        name, names = OPTIONS.get(self.kind, ("", {}))
        field = self.message.last(name) if name else None
        if field is None or isinstance(field.value, Scalar):
            return SourceSpan(place)
        param = field.value
        found: dict[str, OptionSpan] = {}
        for ours, theirs in names.items():
            values = [one.value for one in param.all(theirs)]
            if len(values) == 1 and isinstance(values[0], Scalar):
                write = _truth if ours == "bias" else _number
                found[ours] = OptionSpan(values[0].place, write)
        written = {one.name for one in param.fields}

        def add(option: str, text: str) -> Edit | None:
            theirs = names.get(option)
            value = _truth(text) if option == "bias" else _number(text)
            if theirs is None or value is None:
                return None
            apart = f"{theirs.removesuffix('_size')}_h"
            if theirs in written or apart in written:
                return None
            return param.appended(f"{theirs}: {value}")

        return SourceSpan(place, found, add)


def _number(text: str) -> str | None:
    return text if text.isdigit() else None


def _truth(text: str) -> str | None:
    return {"true": "true", "false": "false", "": "true"}.get(text)


CONVOLUTION = (
    "convolution_param",
    {
        "filters": "num_output",
        "kernel": "kernel_size",
        "stride": "stride",
        "padding": "pad",
        "dilation": "dilation",
        "groups": "group",
        "bias": "bias_term",
    },
)
OPTIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Convolution": CONVOLUTION,
    "Deconvolution": CONVOLUTION,
    "Pooling": (
        "pooling_param",
        {"kernel": "kernel_size", "stride": "stride", "padding": "pad"},
    ),
    "InnerProduct": ("inner_product_param", {"features": "num_output", "bias": "bias_term"}),
}
"""For options of ours the message and the field of a type."""
