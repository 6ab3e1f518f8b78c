"""Heads: what is made of the last maps, as in training or at inference.

At inference boxes are distances to the four sides in cells of their level, after the mean over
bins; where the cells lie, and what is kept of the boxes, has no weights and is left out.
"""

from __future__ import annotations

from math import ceil, prod
from typing import Any

from cnncalc.exchange.reading.program import Constant, opaque
from cnncalc.exchange.ultralytics.block import Block, channels, sizes
from cnncalc.exchange.ultralytics.registry import Call, Map, module

Outputs = list[Map]


def way(block: Block, name: str, maps: list[Map], width: int, last: int) -> list[Map]:
    """Two convolutions and a last one, for each level."""
    found = []
    for number, x in enumerate(maps):
        part = block.part(name).part(str(number))
        y = part.conv("1", part.conv("0", x, width, 3), width, 3)
        found.append(part.part("2", "Conv2d").plain_conv(y, last))
    return found


def light_way(block: Block, name: str, maps: list[Map], width: int, last: int) -> list[Map]:
    """The same with depthwise and pointwise convolutions."""
    found = []
    for number, x in enumerate(maps):
        part = block.part(name).part(str(number))
        c, first, second = channels(x), part.part("0"), part.part("1")
        y = first.conv("1", first.conv("0", x, c, 3, 1, None, c), width)
        y = second.conv("1", second.conv("0", y, width, 3, 1, None, width), width)
        found.append(part.part("2", "Conv2d").plain_conv(y, last))
    return found


class Head:
    """The ways of a head, for one or for both of its copies."""

    def __init__(self, call: Call, maps: list[Map], nc: int, bins: int, twice: bool) -> None:
        self.call = call
        self.block = call.block
        self.maps = maps
        self.nc = nc
        self.bins = bins
        self.twice = twice
        first = channels(maps[0])
        self.box = max(16, first // 4, 4 * bins)
        self.width = max(first, min(nc, 100))

    def copies(self) -> list[str]:
        """The prefixes of the copies that are there."""
        if not self.twice:
            return [""]
        return ["one2one_"] if self.call.model.deployed else ["", "one2one_"]

    def outputs(self, light: bool, extra: dict[str, tuple[str, int, int]]) -> Outputs:
        """Boxes, scores and whatever else there is, of each copy.

        `extra` has for each further way its first width and its last.
        """
        block, found = self.block, []
        make = light_way if light else way
        for prefix in self.copies():
            boxes = way(block, f"{prefix}cv2", self.maps, self.box, 4 * self.bins)
            scores = make(block, f"{prefix}cv3", self.maps, self.width, self.nc)
            more = [
                way(block, prefix + name, self.maps, width, last)
                for name, (_, width, last) in extra.items()
            ]
            found += self.finished(prefix, boxes, scores, more)
        return found

    def finished(
        self, prefix: str, boxes: list[Map], scores: list[Map], more: list[list[Map]]
    ) -> Outputs:
        """The maps themselves, or at inference all levels in one; of two copies the second."""
        if self.call.model.training or (self.twice and not prefix):
            each = zip(boxes, scores, *more, strict=True)
            return [one for level in each for one in level]
        sides = self.sides(self.row(boxes))
        likely = self.block.part("scores").layer("sigmoid", self.row(scores))
        rest = [self.row(one) for one in more]
        return [self.block.concat(sides, likely, *rest)]

    def row(self, maps: list[Map]) -> Map:
        """All positions of all levels in a row."""
        flat = [self.block.reshape(x, channels(x), prod(sizes(x))) for x in maps]
        return self.block.concat(*flat, axis=2)

    def sides(self, x: Map) -> Map:
        """The mean over the bins of each side."""
        if self.bins == 1 or x is None:
            return x
        part = self.block.part("dfl", "DFL")
        x = part.permute(part.reshape(x, 4, self.bins, x.shape[2]), 2, 1, 3)
        x = part.softmax(x, 1)
        x = part.part("conv", "Conv2d").layer(
            "conv", x, filters=1, kernel=1, bias=False, trainable=False
        )
        return None if x is None else part.reshape(x, 4, x.shape[3])


def head_of(call: Call, maps: list[Map], nc: Any, anchors: Any = None) -> Head:
    """The head of a row, with the file's `reg_max` and `end2end`."""
    del anchors
    values = call.model.values
    bins = values.get("reg_max", 16)
    bins = bins if type(bins) is int and 1 <= bins <= 256 else 16
    return Head(call, maps, nc, bins, bool(values.get("end2end")))


@module("Detect", scaled=False, several=True)
def detect(call: Call, maps: list[Map], nc: int, anchors: Any = None) -> Outputs:
    """Boxes and classes; with anchors the head of version 5."""
    if anchors is not None:
        return anchored(call, maps, nc, anchors)
    return head_of(call, maps, nc).outputs(not call.model.older, {})


@module("IDetect", "IAuxDetect", scaled=False, several=True)
def implicit(call: Call, maps: list[Map], nc: int, anchors: Any) -> Outputs:
    """Version 7's: trained offsets and factors around the convolutions; half may be auxiliary."""
    twice = call.row.module.value == "IAuxDetect"
    main = maps[: len(maps) // 2] if twice else maps
    found = anchored(call, main, nc, anchors, 0, implied=True)
    if not twice:
        return found
    if call.model.training:
        return [*found, *anchored(call, maps[len(main) :], nc, anchors, 0, name="m2")]
    for number, x in enumerate(maps[len(main) :]):
        filters = anchors_of(call, anchors, len(main)) * (nc + 5)
        call.block.part("m2").part(str(number)).unused("weight", filters * (channels(x) + 1))
    return found


def anchors_of(call: Call, anchors: Any, count: int) -> int:
    """How many anchors each level has."""
    levels = anchors if isinstance(anchors, list) else [anchors] * count
    each = len(levels[0]) // 2 if levels and isinstance(levels[0], list) else levels and levels[0]
    if type(each) is not int or not 0 < each < 100 or len(levels) != count:
        call.refuse("bad-value", f"anchors of {len(levels)} levels, for {count} maps")
    return each


def anchored(
    call: Call, maps: list[Map], nc: int, anchors: Any, masks: int = 0, *, implied: bool = False,
    name: str = "m",
) -> Outputs:  # fmt: skip
    """A convolution for each level: boxes and classes of each anchor."""
    each = anchors_of(call, anchors, len(maps))
    found: Outputs = []
    for number, x in enumerate(maps):
        part = call.block.part(name).part(str(number), "Conv2d")
        if implied:
            x = call.block.part("ia").part(str(number)).layer("offset", x)
        y = part.plain_conv(x, each * (nc + 5 + masks))
        if implied:
            y = call.block.part("im").part(str(number)).layer("scale", y)
        found.append(y if call.model.training else part.layer("sigmoid", y))
    return found


@module("v10Detect", scaled=False, several=True)
def detect10(call: Call, maps: list[Map], nc: int) -> Outputs:
    """Version 10: two copies, of which inference needs one."""
    return Head(call, maps, nc, 16, True).outputs(True, {})


def prototypes(block: Block, x: Map, width: int, masks: int, *, trained: bool = True) -> Map:
    """The maps that masks are mixed of; version 5 enlarges them without weights."""
    y = block.conv("cv1", x, width, 3)
    if trained:
        y = block.part("upsample", "ConvTranspose2d").layer(
            "conv_transpose", y, filters=width, kernel=2, stride=2
        )
    else:
        y = block.part("upsample", "Upsample").layer("upsample", y, scale=2)
    return block.conv("cv3", block.conv("cv2", y, width, 3), masks)


@module("Segment", scaled=False, several=True)
def segment(
    call: Call, maps: list[Map], nc: int, nm: Any = 32, npr: int = 256, more: Any = None
) -> Outputs:
    """Boxes, classes and masks."""
    if more is not None or isinstance(nm, list):  # version 5 names its anchors second
        found = anchored(call, maps, nc, nm, npr)
        width = scaled_width(call, more if isinstance(more, int) else 256)
        part = call.block.part("proto", "Proto")
        return [*found, prototypes(part, maps[0], width, npr, trained=False)]
    proto = prototypes(call.block.part("proto", "Proto"), maps[0], scaled_width(call, npr), nm)
    extra = {"cv4": ("mask", max(channels(maps[0]) // 4, nm), nm)}
    return [*head_of(call, maps, nc).outputs(not call.model.older, extra), proto]


def scaled_width(call: Call, width: int) -> int:
    """A width with the model's scale, in eights."""
    return int(ceil(min(width, call.model.most) * call.model.width / 8) * 8)


@module("Segment26", scaled=False, several=True)
def segment26(call: Call, maps: list[Map], nc: int, nm: int = 32, npr: int = 256) -> Outputs:
    """Version 26: prototypes of all levels, and in training classes of pixels."""
    first, width = channels(maps[0]), scaled_width(call, npr)
    block = call.block.part("proto", "Proto26")
    x = maps[0]
    for number, other in enumerate(maps[1:]):
        part = block.part("feat_refine")
        y = part.conv(str(number), other, first)
        x = block.add(x, block.upsampled(y, 2 ** (number + 1)))
    proto = prototypes(block, block.conv("feat_fuse", x, width, 3), width, nm)
    outputs: Outputs = [proto]
    semantic = block.part("semseg")
    if call.model.training:
        y = semantic.conv("1", semantic.conv("0", x, width, 3), width, 3)
        outputs.append(semantic.part("2", "Conv2d").plain_conv(y, nc))
    else:
        both = first * width * 9 + 2 * width + width * width * 9 + 2 * width
        semantic.unused("weights", both + width * nc + nc)
    extra = {"cv4": ("mask", max(first // 4, nm), nm)}
    return [*head_of(call, maps, nc).outputs(not call.model.older, extra), *outputs]


@module("OBB", "OBB26", scaled=False, several=True)
def rotated(call: Call, maps: list[Map], nc: int, ne: int = 1) -> Outputs:
    """Boxes, classes and an angle."""
    extra = {"cv4": ("angle", max(channels(maps[0]) // 4, ne), ne)}
    return head_of(call, maps, nc).outputs(not call.model.older, extra)


@module("Pose", scaled=False, several=True)
def pose(call: Call, maps: list[Map], nc: int, kpt_shape: list[int] = [17, 3]) -> Outputs:  # noqa: B006
    """Boxes, classes and key points."""
    count = prod(kpt_shape)
    extra = {"cv4": ("points", max(channels(maps[0]) // 4, count), count)}
    return head_of(call, maps, nc).outputs(not call.model.older, extra)


@module("Pose26", scaled=False, several=True)
def pose26(call: Call, maps: list[Map], nc: int, kpt_shape: list[int] = [17, 3]) -> Outputs:  # noqa: B006
    """Version 26: the last convolutions apart, and in training the points' spread."""
    head, block = head_of(call, maps, nc), call.block
    points, width = prod(kpt_shape), max(channels(maps[0]) // 4, kpt_shape[0] * (kpt_shape[1] + 2))
    found: Outputs = []
    light = not call.model.older
    for prefix in head.copies():
        boxes = way(block, f"{prefix}cv2", maps, head.box, 4 * head.bins)
        make = light_way if light else way
        scores = make(block, f"{prefix}cv3", maps, head.width, nc)
        last: list[Map] = []
        spread: list[Map] = []
        for number, x in enumerate(maps):
            part = block.part(f"{prefix}cv4").part(str(number))
            y = part.conv("1", part.conv("0", x, width, 3), width, 3)
            conv = block.part(f"{prefix}cv4_kpts").part(str(number), "Conv2d")
            last.append(conv.plain_conv(y, points))
            sigma = block.part(f"{prefix}cv4_sigma").part(str(number), "Conv2d")
            if call.model.training:
                spread.append(sigma.plain_conv(y, 2 * kpt_shape[0]))
            else:
                sigma.unused("weight", 2 * kpt_shape[0] * (width + 1))
        found += head.finished(prefix, boxes, scores, [last, spread] if spread else [last])
    block.part("flow_model").unused("weights", 12 * (2 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2))
    return found


@module("Classify")
def classify(
    call: Call, x: Map, c: int, k: int = 1, s: int = 1, p: Any = None, g: int = 1
) -> Outputs:
    """Classes of the whole image."""
    block = call.block
    x = block.conv("conv", x, 1280, k, s, p, g)
    x = block.part("pool").layer("global_avg_pool", x)
    x = block.part("drop").layer("dropout", block.maps.flatten(x, block.origin), rate=0)
    x = block.part("linear", "Linear").layer("linear", x, features=c)
    return [x if call.model.training else block.softmax(x, 1)]


@module("RTDETRDecoder", scaled=False, several=True)
def decoder(
    call: Call, maps: list[Map], nc: int, hd: int = 256, nq: int = 300, ndp: int = 4, nh: int = 8,
    ndl: int = 6, d_ffn: int = 1024,
) -> Outputs:  # fmt: skip
    """RT-DETR's: maps are brought to one width; deformable attention has no layer of ours.

    It is one of kind `custom`: what it stores is known, what it computes is not.
    """
    block, flat = call.block, []
    for number, x in enumerate(maps):
        part = block.part("input_proj").part(str(number))
        y = part.part("0", "Conv2d").plain_conv(x, hd, bias=False)
        y = part.part("1", "BatchNorm2d").layer("batch_norm", y)
        flat.append(block.reshape(y, hd, prod(sizes(y))))
    every = block.concat(*flat, axis=2)
    if every is None:
        return [None]
    line = hd * hd + hd
    boxes = 2 * line + 4 * hd + 4
    points = nh * len(maps) * ndp
    layer = 4 * line + 2 * line + 3 * points * (hd + 1) + 2 * hd * d_ffn + d_ffn + hd + 6 * hd
    places = 10 * hd + 2 * hd * hd + hd
    once = nc * hd + places + line + 2 * hd + nc * (hd + 1) + boxes
    values = once + ndl * (layer + nc * (hd + 1) + boxes)
    name = ".".join((*block.path, "decoder"))
    weights = Constant(name, (values,), "parameter", block.maps.no_arrays)
    op = opaque(
        "RTDETRDecoder", [every], (1, 4 + nc, nq), arrays={"weight": weights}, origin=block.origin
    )
    block.maps.program.ops.append(op)
    return [op]


@module("SemanticSegment", scaled=False, several=True)
def semantic_segment(call: Call, maps: list[Map], nc: int) -> Outputs:
    """Classes of pixels, and in training those of a second map."""
    width, found = channels(maps[0]), []
    for name, x in zip(("classifier", "aux_head"), maps, strict=False):
        part = call.block.part(name)
        if name == "aux_head" and not call.model.training:
            c = channels(x)
            part.unused("weights", c * width * 9 + 2 * width + width * nc + nc)
            continue
        y = part.conv("0", x, width, 3)
        found.append(part.part("1", "Conv2d").plain_conv(y, nc))
    return found


@module("Depth", scaled=False, several=True)
def depth(call: Call, maps: list[Map], c: int = 256) -> Outputs:
    """A distance for each pixel."""
    block = call.block
    near = [block.part("proj").conv(str(n), x, c) for n, x in enumerate(maps)]
    y = near[-1]
    for number in range(len(maps) - 2, -1, -1):
        y = block.layer("upsample", y, scale=2, mode="bilinear", align_corners=True)
        part = block.part("refine").part(str(number))
        y = block.add(y, near[number])
        y = part.conv("1", part.conv("0", y, c, 3), c, 3)
    head = block.part("head")
    y = head.conv("0", y, c // 2, 3)
    y = head.part("1", "ConvTranspose2d").layer(
        "conv_transpose", y, filters=c // 2, kernel=2, stride=2
    )
    y = head.part("3", "Conv2d").plain_conv(head.conv("2", y, c // 4, 3), 1)
    return [block.layer("exp", block.layer("clip", y, low=-4, high=5))]
