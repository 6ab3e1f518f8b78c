"""A model file of Ultralytics as a network, at one of its scales."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cnncalc.diagnostics import Refusal, SpecError, UsageError, did_you_mean, nearest
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.maps import Map, Maps, TooManyFindings
from cnncalc.exchange.reading.result import Origin, Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.exchange.ultralytics import convolutions, heads, stages
from cnncalc.exchange.ultralytics.block import SILU, Act, Block
from cnncalc.exchange.ultralytics.registry import (
    MODULES,
    REFUSED,
    Call,
    Model,
    Module,
    Stop,
    checked,
)
from cnncalc.exchange.ultralytics.rows import File, Row, parsed
from cnncalc.language.forms.inputs import ONLY, replaced
from cnncalc.language.text.source import Source
from cnncalc.shapes import Shape
from cnncalc.spans import OptionSpan, SourceSpan

SCALED = r"(?:.*[/\\])?(yolo[a-z]*-?v?\d+|rtdetr)-?([nslmxbtce])(-[\w-]+)?\.ya?ml"
"""A file's name with the letter of a scale."""

FORMS = ("inference", "training", "deployed")
"""What heads end with: inference as built, the maps of training, inference of one head alone."""

NEWER = ("C3k2", "A2C2f", "C2fCIB")
"""Modules since which heads are made of depthwise convolutions."""

ACTS: Mapping[str, tuple[str, dict[str, Any]] | None] = {
    "SiLU": SILU, "ReLU": ("relu", {}), "LeakyReLU": ("leaky_relu", {}), "Mish": ("mish", {}),
    "Hardswish": ("hard_swish", {}), "GELU": ("gelu", {}), "ReLU6": ("relu6", {}),
    "Identity": None, "ELU": ("elu", {}), "Sigmoid": ("sigmoid", {}), "Tanh": ("tanh", {}),
}  # fmt: skip

__all__ = ["convolutions", "heads", "open_model", "read", "stages"]


def open_model(source: Source, label: str) -> Imported:
    """A network from the text of a model file; `label` may have the letter of a scale."""
    name = os.path.splitext(os.path.basename(label))[0] or "network"
    match = re.fullmatch(SCALED, label)
    letter = match.group(2) if match is not None else None
    parameters = {
        "scale": letter, "head": "inference", "nc": None, "depth_multiple": None,
        "width_multiple": None,
    }  # fmt: skip
    return Imported(
        label,
        "Ultralytics",
        name,
        lambda input, changes: read(source, label, name, letter, input, changes),
        source=source,
        reopen=lambda changed: open_model(changed, label),
        parameters=parameters,
    )


def read(
    source: Source,
    label: str,
    name: str,
    letter: str | None,
    input: Shape | Mapping[str, Shape] | None,
    changes: Mapping[str, Any],
) -> Reading:
    """The graph of a model file at a scale, for an input.

    Raises:
        SpecError: it is no network; carries every finding.
        UsageError: it has no such scale.
    """
    try:
        file = parsed(source)
    except RecursionError:
        raise source.error("limit-exceeded", "nested too deeply", 1, 1) from None
    model = _model(file, label, letter, changes)
    maps = Maps(name, label)
    outputs: list[Map] = []
    with suppress(TooManyFindings):
        outputs = _walked(maps, file, model, label, input)
    program = maps.finished(outputs)
    return lower(program, f"Ultralytics, {label}", label)


def _model(file: File, label: str, letter: str | None, changes: Mapping[str, Any]) -> Model:
    """What holds for all rows: scale, classes, form of the heads."""
    values = {**file.values, **{key: value for key, value in changes.items() if key != "scale"}}
    depth, width, most = (_number(values, key) for key in ("depth_multiple", "width_multiple", ""))
    scales = values.get("scales")
    scale = str(changes.get("scale", letter or values.get("scale") or ""))
    if isinstance(scales, dict) and scales:
        if not scale or (scale not in scales and "scale" not in changes):
            scale = next(iter(scales))
        if scale not in scales:
            raise UsageError(
                f"{label} has no scale `{scale[:40]}`", f"its scales: {', '.join(scales)}"
            )
        found = scales[scale]
        numbers = found if isinstance(found, list) else []
        if len(numbers) != 3 or not all(type(n) in (int, float) and n > 0 for n in numbers):
            refusal = Refusal("bad-value", f"the scale `{scale}` is [depth, width, most channels]")
            raise SpecError([file.source.finding(refusal, file.source.place(file.nodes["scales"]))])
        if "depth_multiple" not in changes:
            depth = numbers[0]
        if "width_multiple" not in changes:
            width = numbers[1]
        most = numbers[2]
    elif "scale" in changes:
        raise UsageError(f"{label} has no scales", "it has one size; `width_multiple` changes it")
    form = str(changes.get("head", "inference"))
    if form not in FORMS:
        raise UsageError(f"`head` is {', '.join(FORMS)}, not `{form[:40]}`")
    classes = values.get("nc", 80)
    if type(classes) is not int or not 0 < classes < 100_000:
        if "nc" in changes:
            raise UsageError(f"`nc` is a whole number from 1 on, not {str(classes)[:40]}")
        refusal = Refusal("bad-value", f"`nc` must be a whole number, not `{str(classes)[:40]}`")
        raise SpecError([file.source.finding(refusal, file.source.place(file.nodes["nc"]))])
    values["nc"] = classes
    return Model(
        values, classes, depth, width, most or math.inf, scale, form == "training",
        form == "deployed", True,
    )  # fmt: skip


def _number(values: Mapping[str, Any], key: str) -> float:
    found = values.get(key, 1.0 if key else 0)
    return float(found) if type(found) in (int, float) and 0 < found < 1000 else float(bool(key))


def _walked(
    maps: Maps, file: File, model: Model, label: str, input: Shape | Mapping[str, Shape] | None
) -> list[Map]:
    """Read every row; the network's outputs."""
    size = 224 if file.rows and file.rows[-1].module.value == "Classify" else 640
    channels = model.values.get("ch", model.values.get("channels", 3))
    own = (channels if type(channels) is int and 0 < channels < 10_000 else 3, size, size)
    head = file.nodes["backbone"] if not file.rows else file.rows[0].node
    origin = Origin((), (), ONLY, SourceSpan(file.source.place(head)))
    if not file.rows:
        maps.note(Refusal("missing-option", "it has no rows"), origin)
    x: Any = maps.input(ONLY, replaced({ONLY: own}, input, label)[ONLY], origin)
    act = _activation(maps, file, origin)
    results: list[Any] = []
    outputs: list[Map] = []
    for row in file.rows:
        if row.module.value in NEWER:
            model = model._replace(older=False)
        path, types = ("model", str(row.place)), ("", str(row.module.value))
        block = Block(maps, path, types, _span(file.source, row), act)
        call = Call(block, row, model)
        found: Any = None
        with suppress(Stop):
            found = _result(call, results, x)
        if isinstance(found, list):
            outputs += found
            found = None if None in found else ENDED
        results.append(found)
    last = results[-1] if results else None
    return [*outputs, last] if not outputs and not isinstance(last, tuple | Ended) else outputs


class Ended:
    """What a head gives: nothing that other rows could take."""


ENDED = Ended()


def _result(call: Call, results: list[Any], image: Map) -> Any:
    """What a row makes of what it takes."""
    name = str(call.row.module.value)
    known = MODULES.get(name) or MODULES.get(name.removeprefix("torch."))
    if known is None:
        _unknown(call, name)
    assert known is not None
    maps = [_taken(call, place, results, image) for place in range(len(call.row.origins))]
    args = [_argument(call, value.value) for value in call.row.args]
    number = int(call.row.number.value)
    n = max(round(number * call.model.depth), 1) if number > 1 else number
    if known.scaled:
        args = _widths(call, name, known, args, n)
    elif known.repeats:
        args.insert(3, n)
    if not known.several and len(maps) != 1:
        call.refuse("bad-value", f"`{name}` takes one map, not {len(maps)}", call.row.origins[0])
    checked(call, name, known.function, args)
    given: Any = maps if known.several else maps[0]
    if any(one is None for one in maps):
        return None
    if known.function.__module__ == heads.__name__:
        return known.function(call, given, *args)
    if known.repeats or n == 1:
        return known.function(call.block, given, *args)
    for place in range(n):
        given = known.function(call.block.part(str(place), name), given, *args)
    return given


def _taken(call: Call, place: int, results: list[Any], image: Map) -> Any:
    """The map of an origin."""
    at = call.row.origins[place]
    index, own = at.value, call.row.place
    wanted = own + index if index < 0 else index
    if own == 0 and index == -1:
        return image
    if not 0 <= wanted < own:
        hint = f"before row {own} there are 0 to {own - 1}; -1 is the one before" if own else None
        call.refuse("undefined-name", f"row {own} takes row {index}, which is not there", at, hint)
    found = results[wanted]
    if isinstance(found, Ended):
        call.refuse("undefined-name", f"row {own} takes row {wanted}, which is a head", at)
    several = MODULES.get(str(call.row.module.value))
    if isinstance(found, tuple) and not (several is not None and several.several):
        call.refuse("undefined-name", f"row {own} takes row {wanted}, which is several maps", at)
    return found


def _argument(call: Call, value: Any) -> Any:
    """An argument, with the names of the file's keys put in."""
    if not isinstance(value, str):
        return value
    if value in call.model.values and value.isidentifier():
        return call.model.values[value]
    if re.fullmatch(r"(torch\.)?nn\.\w+\(.*\)", value):
        return _act(value)
    return value


def _act(text: str) -> Act:
    """An activation as Python writes it; `None` where it does nothing, SiLU where unknown."""
    match = re.fullmatch(r"(?:torch\.)?nn\.(\w+)\((.*)\)", text.strip())
    name, inside = match.groups() if match is not None else ("SiLU", "")
    found = ACTS.get(name, SILU)
    slope = re.match(r"\s*(?:negative_slope\s*=\s*)?(\d*\.?\d+)", inside)
    if name == "LeakyReLU" and slope is not None:
        return ("leaky_relu", {"slope": float(slope.group(1))})
    return found


def _activation(maps: Maps, file: File, origin: Origin) -> Act:
    """The activation of convolutions."""
    text = file.values.get("activation", file.values.get("act"))
    if text is None:
        return SILU
    match = re.fullmatch(r"(?:torch\.)?nn\.(\w+)\(.*\)", str(text).strip())
    if match is None or match.group(1) not in ACTS:
        node = file.nodes.get("activation", file.nodes.get("act"))
        hint = f"as in `nn.ReLU()`; known: {', '.join(ACTS)}"
        refusal = Refusal("unknown-layer", f"`{str(text)[:60]}` is no activation", hint=hint)
        place = None if node is None else file.source.place(node)
        maps.note(refusal, origin, place)
        return SILU
    return _act(str(text))


def _widths(call: Call, name: str, known: Module, args: list[Any], n: int) -> list[Any]:
    """The arguments with the width scaled and the number put in, as the model's scale has them."""
    if not args or type(args[0]) is not int or not 0 < args[0] < 1_000_000:
        at = call.row.args[0] if call.row.args else None
        call.refuse("missing-option", f"`{name}` needs its output channels first", at)
    model, first = call.model, args[0]
    if name != "Classify" and not _is_output(call, first):
        first = eighths(min(first, model.most) * model.width)
    args = [first, *args[1:]]
    if known.repeats:
        args.insert(1, n)
    if name == "C3k2" and model.scale in ("m", "l", "x"):
        args[2:3] = [True]
    if name == "A2C2f" and model.scale in ("l", "x"):
        args += [True, 1.2]
    return args


def _is_output(call: Call, width: int) -> bool:
    """Whether a width is that of version 5's output, which is not scaled."""
    anchors = call.model.values.get("anchors")
    if isinstance(anchors, list) and anchors and isinstance(anchors[0], list):
        return width == len(anchors[0]) // 2 * (call.model.classes + 5)
    return False


def eighths(width: float) -> int:
    """The next multiple of 8."""
    return int(math.ceil(width / 8) * 8)


def _unknown(call: Call, name: str) -> None:
    why = REFUSED.get(name)
    if why is not None:
        call.refuse("unknown-layer", f"`{name}` is {why}", call.row.module)
    close = nearest(name, MODULES)
    call.refuse(
        "unknown-layer",
        f"there is no module `{name[:60]}`",
        call.row.module,
        did_you_mean(name, MODULES),
        close,
    )


def _span(source: Source, row: Row) -> SourceSpan:
    """Where a row is written, and its kernel and stride where it is one convolution."""
    options: dict[str, OptionSpan] = {}
    if row.module.value in ("Conv", "DWConv") and row.number.value == 1:
        for name, value in zip(("kernel", "stride"), row.args[1:3], strict=False):
            if type(value.value) is int:
                options[name] = OptionSpan(source.place(value.node), _whole)
    return SourceSpan(source.place(row.node), options)


def _whole(text: str) -> str | None:
    return text if text.isdigit() else None
