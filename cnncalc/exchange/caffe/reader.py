"""A prototxt of Caffe as the network that it is when it is tested."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cnncalc.diagnostics import (
    Edit,
    Fix,
    Place,
    Refusal,
    SpecError,
    UsageError,
    did_you_mean,
    nearest,
)  # fmt: skip
from cnncalc.exchange.caffe.operators import LAYERS
from cnncalc.exchange.caffe.registry import LAYER_FIELDS, REFUSED, CaffeLayer, Label, Stop
from cnncalc.exchange.caffe.text_format import Message, Scalar, parsed
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.calls import Unsupported, check_arguments
from cnncalc.exchange.reading.maps import Map, Maps, TooManyFindings
from cnncalc.exchange.reading.matching import flattened
from cnncalc.exchange.reading.program import Op, Program
from cnncalc.exchange.reading.result import Origin, Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.language.forms.inputs import ONLY, check_input_size, replaced
from cnncalc.language.text.source import Source
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape
from cnncalc.spans import SourceSpan

INPUTS = ("Input", "Data", "ImageData", "HDF5Data", "MemoryData", "DummyData", "WindowData",
          "AnnotatedData", "VideoData")  # fmt: skip

OLD_TYPES: Mapping[str, str] = {
    "CONVOLUTION": "Convolution", "DECONVOLUTION": "Deconvolution", "POOLING": "Pooling",
    "INNER_PRODUCT": "InnerProduct", "RELU": "ReLU", "PRELU": "PReLU", "SIGMOID": "Sigmoid",
    "TANH": "TanH", "LRN": "LRN", "DROPOUT": "Dropout", "CONCAT": "Concat", "ELTWISE": "Eltwise",
    "SLICE": "Slice", "SPLIT": "Split", "FLATTEN": "Flatten", "SOFTMAX": "Softmax",
    "SOFTMAX_LOSS": "SoftmaxWithLoss", "ACCURACY": "Accuracy", "POWER": "Power", "EXP": "Exp",
    "ABSVAL": "AbsVal", "BNLL": "BNLL", "MVN": "MVN", "ARGMAX": "ArgMax", "SILENCE": "Silence",
    "THRESHOLD": "Threshold", "IM2COL": "Im2col", "DATA": "Data", "IMAGE_DATA": "ImageData",
    "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output", "MEMORY_DATA": "MemoryData",
    "DUMMY_DATA": "DummyData", "WINDOW_DATA": "WindowData", "EUCLIDEAN_LOSS": "EuclideanLoss",
    "HINGE_LOSS": "HingeLoss", "INFOGAIN_LOSS": "InfogainLoss", "BN": "BN", "UPSAMPLE": "Upsample",
    "CONTRASTIVE_LOSS": "ContrastiveLoss", "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
}  # fmt: skip
"""The words of the older syntax (`layers { type: CONVOLUTION }`)."""


def open_model(source: Source, label: str) -> Imported:
    """A network from the text of a prototxt."""
    name = os.path.splitext(os.path.basename(source.label))[0] or "network"
    return Imported(
        label,
        "Caffe",
        name,
        lambda input: read(source, label, name, input),
        source=source,
        reopen=lambda changed: open_model(changed, label),
    )


def read(
    source: Source, label: str, name: str, input: Shape | Mapping[str, Shape] | None
) -> Reading:
    """The graph of a prototxt for an input, its own where none is given.

    Raises:
        SpecError: it is no network; carries every finding.
        UsageError: it does not say what its input is.
    """
    net = parsed(source)
    maps = Maps((net.text("name") or name)[:80], label)
    walk = _Walk(source, maps, label)
    with suppress(TooManyFindings):
        walk.run(net, input)
    program = maps.finished(walk.outputs)
    join_scales(program)
    return lower(program, f"Caffe, {label}", label)


class _Walk:
    """Reads every layer in the order of the file."""

    def __init__(self, source: Source, maps: Maps, label: str) -> None:
        self.source = source
        self.maps = maps
        self.label = label
        self.blobs: dict[str, Any] = {}
        self.consumed: set[str] = set()
        self.marked: list[Map] = []

    @property
    def outputs(self) -> list[Map]:
        """What losses read, and what no layer takes."""
        left = [self.blobs[name] for name in self.blobs if name not in self.consumed]
        maps = [one for one in left if isinstance(one, Op) and one.name != "input"]
        return [*dict.fromkeys([*self.marked, *maps])]

    def is_data(self, message: Message) -> bool:
        """Whether a layer gives data: it takes nothing, and is none that computes."""
        kind = self.kind(message)
        if kind in INPUTS:
            return True
        bare = message.last("bottom") is None and message.last("top") is not None
        return bare and kind not in LAYERS

    def run(self, net: Message, input: Shape | Mapping[str, Shape] | None) -> None:
        """Read the inputs, then the layers."""
        fields = [one for one in net.fields if one.name in ("layer", "layers")]
        layers, others = [], []
        for field in fields:
            if isinstance(field.value, Scalar):
                raise net.error(f"`{field.name}` must be a message", field.place)
            if self.tested(field.value):
                layers.append((field.value, field.place))
            elif self.is_data(field.value):
                others.append((field.value, field.place))
        if net.last("input") is None and not any(self.is_data(one) for one, _ in layers):
            layers = others[:1] + layers  # data of another phase or stage are as good
        if not layers:
            refusal = Refusal("missing-option", "it has no `layer { ... }`")
            self.maps.note(refusal, Origin(), Place(self.source.label, 1, 1, 1, 2))
            return
        self.check_top_level(net)
        self.inputs(net, layers, input)
        for message, place in layers:
            if self.is_data(message):
                continue
            kind = self.kind(message)
            title = message.text("name") or kind
            call = CaffeLayer(self.maps, message, kind, title, place)
            found: tuple[Any, ...] = (None,) * len(call.tops)
            try:
                with suppress(Stop):
                    found = self.layer(call, message)
            except SpecError as error:
                named = [one._replace(layer=str(call.origin)) for one in error.diagnostics]
                self.maps.findings += named
            self.marked += call.outputs
            for top, one in zip(call.tops, found, strict=True):
                self.blobs.pop(top, None)
                self.blobs[top] = one
                self.consumed.discard(top)

    def check_top_level(self, net: Message) -> None:
        """Note fields that a network does not have."""
        known = ("name", "input", "input_dim", "input_shape", "force_backward", "state",
                 "debug_info", "layer", "layers", "bottom", "top")  # fmt: skip
        for field in net.fields:
            if field.name not in known:
                close = nearest(field.name, known)
                fix = None
                if close is not None:
                    fix = Fix(f"write `{close}`", False, (Edit(field.place, close),))
                text = f"a network has no field `{field.name[:60]}`"
                refusal = Refusal("unknown-key", text, hint=did_you_mean(field.name, known))
                self.maps.note(refusal, Origin(), field.place, fix)

    # -- inputs -----------------------------------------------------------------------------

    def inputs(
        self,
        net: Message,
        layers: list[tuple[Message, Place]],
        given: Shape | Mapping[str, Shape] | None,
    ) -> None:
        """The inputs of the file, with the shapes that are given in place of its own."""
        declared: dict[str, tuple[Shape | None, Place]] = {}
        names = net.scalars("input")
        dims = net.wholes("input_dim")
        shapes = [one.value for one in net.all("input_shape")]
        for number, given_name in enumerate(names):
            sizes = dims[4 * number : 4 * number + 4]
            if number < len(shapes):
                shape = shapes[number]
                if isinstance(shape, Scalar):
                    raise net.error("`input_shape` must be a message", shape.place)
                sizes = shape.wholes("dim")
            declared[given_name.text] = (tuple(sizes[1:]) or None, given_name.place)
        for message, place in layers:
            if not self.is_data(message):
                continue
            tops = [one.text for one in message.scalars("top")]
            several = self.kind(message) in ("Input", "DummyData")
            for number, (top, own) in enumerate(self.data(message, tops)):
                alone = len(tops) + len(declared) == 1
                if (number and not several) or (top == "label" and not alone):
                    self.blobs[top] = Label
                else:
                    declared[top] = (own, place)
        if not declared:
            example = 'as in `input: "data"` and `input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }`'
            text = "it says nowhere what its input is"
            refusal = Refusal("missing-option", text, hint=example)
            self.maps.note(refusal, Origin(), Place(self.source.label, 1, 1, 1, 2))
            return
        self.make_inputs(declared, given)

    def make_inputs(
        self,
        declared: dict[str, tuple[Shape | None, Place]],
        given: Shape | Mapping[str, Shape] | None,
    ) -> None:
        """Add the inputs to the program."""
        own = {name: shape or () for name, (shape, _) in declared.items()}
        if len(own) == 1 and not isinstance(given, Mapping):
            (name,) = own
            found = {name: given or own[name]}
        elif len(own) == 1:
            (name,) = own
            found = {name: replaced({ONLY: own[name]}, given, self.label)[ONLY]}
        else:
            found = replaced(own, given, self.label)
        for name, shape in found.items():
            place = declared[name][1]
            origin = Origin((), (), name, SourceSpan(place))
            if not shape:
                raise UsageError(
                    f"{self.label} does not say what its input `{name[:60]}` is: its data do",
                    "add it, as in `--input 3x227x227`",
                )
            try:
                for size in shape:
                    check_input_size(size)
            except OptionError as error:
                self.maps.note(error.about(f"the input `{name[:60]}`"), origin)
                self.blobs[name] = None
                continue
            self.blobs[name] = self.maps.input(name, shape, origin)

    def data(self, message: Message, tops: list[str]) -> list[tuple[str, Shape | None]]:
        """The tops of a layer of data with the shapes that it states."""
        kind = self.kind(message)
        if kind in ("Input", "DummyData"):
            param = message.message("input_param" if kind == "Input" else "dummy_data_param")
            shapes = [
                one.value.wholes("dim")
                for one in param.all("shape")
                if isinstance(one.value, Message)
            ]
            shapes += [
                list(one)
                for one in zip(
                    *[param.wholes(key) for key in ("num", "channels", "height", "width")],
                    strict=False,
                )
            ]
            shapes = shapes * len(tops) if len(shapes) == 1 else shapes
            return [
                (top, tuple(shapes[n][1:]) or None if n < len(shapes) else None)
                for n, top in enumerate(tops)
            ]
        if kind == "MemoryData":
            param = message.message("memory_data_param")
            sizes = [param.whole(key, 0) for key in ("channels", "height", "width")]
            shape: Shape | None = tuple(sizes) if all(sizes) else None
        else:
            shape = self.cropped(message, kind)
        return [(top, shape) for top in tops]

    def cropped(self, message: Message, kind: str) -> Shape | None:
        """The shape of images from a data base: what they are cropped or resized to.

        Channels are as many as the means, else those of a colour image.
        """
        transform = message.message("transform_param")
        param = message.message({"ImageData": "image_data_param"}.get(kind, "data_param"))
        size = transform.whole("crop_size", 0) or param.whole("crop_size", 0)
        rows = columns = size
        if not size and kind == "ImageData":
            rows, columns = param.whole("new_height", 0), param.whole("new_width", 0)
        resize = transform.message("resize_param")
        if not rows:
            rows, columns = resize.whole("height", 0), resize.whole("width", 0)
        grey = transform.truth("force_gray", False) or not param.truth("is_color", True)
        channels = len(transform.scalars("mean_value")) or (1 if grey else 3)
        return (channels, rows, columns) if rows and columns else None

    # -- layers -----------------------------------------------------------------------------

    def kind(self, message: Message) -> str:
        """The type of a layer, by its newer name."""
        word = message.text("type")
        return OLD_TYPES.get(word, word)

    def tested(self, message: Message) -> bool:
        """Whether a layer is there in the phase TEST, without stages and levels."""
        include = [one.value for one in message.all("include") if isinstance(one.value, Message)]
        exclude = [one.value for one in message.all("exclude") if isinstance(one.value, Message)]
        if include:
            return any(self.meets(rule) for rule in include)
        return not any(self.meets(rule) for rule in exclude)

    def meets(self, rule: Message) -> bool:
        """Whether a rule is met."""
        phase = rule.text("phase")
        if phase and phase not in ("TEST", "1"):
            return False
        return rule.whole("min_level", 0, -100) <= 0 and rule.scalar("stage") is None

    def layer(self, call: CaffeLayer, message: Message) -> tuple[Any, ...]:
        """The maps of a layer's tops."""
        if message.scalar("type") is None:
            call.refuse("missing-option", "a layer needs its `type`")
        function = LAYERS.get(call.kind)
        if function is None:
            self.unknown(call, message)
        for field in message.fields:
            known = LAYER_FIELDS.split()
            if field.name not in known and not field.name.endswith("_param"):
                call.unknown(field.name, field.place, known, "a layer")
            needed = NEEDED.get(call.kind)
            missing = needed is not None and message.last(needed) is None
            if missing and nearest(field.name, [str(needed)]) is not None:
                call.unknown(field.name, field.place, [str(needed)], "a layer")
        maps = self.bottoms(call, message)
        if any(one is None for one in maps):
            return (None,) * len(call.tops)
        tolerant = call.kind in TOLERANT
        if not tolerant and any(one is Label for one in maps):
            if all(one is Label for one in maps):
                return (Label,) * len(call.tops)
            call.refuse("unknown-layer", "it takes labels, or boxes that are no map")
        assert function is not None
        try:
            check_arguments(function, (call, *maps), {})
        except Unsupported:
            call.refuse("bad-value", f"`{call.kind}` does not take {len(maps)} inputs")
        found = function(call, *maps)
        tops = found if isinstance(found, tuple) else (found,)
        if len(tops) != len(call.tops):
            text = f"it has {len(tops)} output{'s' * (len(tops) != 1)}, not {len(call.tops)}"
            call.refuse("bad-value", text)
        return tops

    def bottoms(self, call: CaffeLayer, message: Message) -> list[Any]:
        """The maps that a layer takes."""
        found: list[Any] = []
        for bottom in message.scalars("bottom"):
            if bottom.text not in self.blobs:
                close = nearest(bottom.text, self.blobs)
                fix = None
                if close is not None:
                    fix = Fix(f"write `{close}`", False, (Edit(bottom.place, f'"{close}"'),))
                refusal = Refusal(
                    "undefined-name",
                    f"no layer before gives `{bottom.text[:60]}`",
                    hint=did_you_mean(bottom.text, self.blobs),
                )
                self.maps.note(refusal, call.origin, bottom.place, fix)
                found.append(None)
                continue
            self.consumed.add(bottom.text)
            found.append(self.blobs[bottom.text])
        if not found:
            call.refuse("missing-option", f"`{call.kind}` needs a `bottom`")
        return found

    def unknown(self, call: CaffeLayer, message: Message) -> None:
        why = REFUSED.get(call.kind)
        place = message.scalar("type")
        assert place is not None
        if why is not None:
            call.refuse("unknown-layer", f"`{call.kind}` is {why}, and not read", place)
        close = nearest(call.kind, LAYERS)
        fix = None
        if close is not None:
            text = f'"{close}"' if place.quoted else close
            fix = Fix(f"write `{close}`", False, (Edit(place.place, text),))
        refusal = Refusal(
            "unknown-layer",
            f"Caffe has no layer type `{call.kind[:60]}`",
            hint=did_you_mean(call.kind, LAYERS),
        )
        self.maps.note(refusal, call.origin, place.place, fix)
        raise Stop


TOLERANT = frozenset(
    {
        "SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "EuclideanLoss", "HingeLoss", "InfogainLoss",
        "MultinomialLogisticLoss", "ContrastiveLoss", "SmoothL1Loss", "MultiBoxLoss", "CenterLoss",
        "TripletLoss", "DetectionOutput", "DetectionEvaluate", "Accuracy", "SegAccuracy",
        "Silence", "HDF5Output",
        "PriorBox", "YoloV3DetectionOutput", "Upsample", "ArgMax",
    }
)  # fmt: skip
"""Types that may take what is no map."""

NEEDED: Mapping[str, str] = {
    "Convolution": "convolution_param",
    "Deconvolution": "convolution_param",
    "Pooling": "pooling_param",
    "InnerProduct": "inner_product_param",
}


def join_scales(program: Program) -> None:
    """Make one layer of a batch normalization and the scale and offset that follow it."""
    readers = program.readers()
    changes: dict[Op, list[Op]] = {}
    for op in program.ops:
        if op.name != "scale" or not op.options.get("bias"):
            continue
        x = op.x
        if x.name != "batch_norm" or len(readers[x]) > 1 or x in program.outputs:
            continue
        flat = (x.shape[1],)
        arrays = {**{name: flattened(one, flat) for name, one in op.arrays.items()}, **x.arrays}
        options = {key: value for key, value in x.options.items() if key != "affine"}
        changes[op] = [Op("batch_norm", [x.x], op.shape, options, arrays=arrays, origin=x.origin)]
    if changes:
        program.replace(changes)
