"""A .cfg of darknet as a network."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress

from cnncalc.diagnostics import Edit, Fix, Place, Refusal, SpecError, did_you_mean, nearest
from cnncalc.exchange.darknet.operators import SECTIONS
from cnncalc.exchange.darknet.registry import REFUSED, DarknetSection, Stop
from cnncalc.exchange.darknet.sections import Section, parsed
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.maps import Map, Maps, TooManyFindings
from cnncalc.exchange.reading.result import Origin, Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.language.forms.inputs import ONLY, check_input_size, replaced
from cnncalc.language.text.source import Source
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape
from cnncalc.spans import SourceSpan


def open_model(source: Source, label: str) -> Imported:
    """A network from the text of a .cfg."""
    name = os.path.splitext(os.path.basename(source.label))[0] or "network"
    return Imported(
        label,
        "darknet",
        name,
        lambda input: read(source, label, name, input),
        source=source,
        reopen=lambda changed: open_model(changed, label),
    )


def read(
    source: Source, label: str, name: str, input: Shape | Mapping[str, Shape] | None
) -> Reading:
    """The graph of a .cfg for an input, its own where none is given.

    Raises:
        SpecError: it is no network; carries every finding.
    """
    sections = parsed(source)
    if not sections or sections[0].name not in ("net", "network"):
        place = sections[0].place if sections else Place(source.label, 1, 1, 1, 2)
        message = "a .cfg begins with the section `[net]`"
        raise SpecError([source.finding(Refusal("missing-option", message), place)])
    maps = Maps(name, label)
    outputs: list[Map] = []
    with suppress(TooManyFindings):
        outputs = _walked(maps, sections, label, input)
    program = maps.finished(outputs)
    return lower(program, f"darknet, {label}", label)


def _walked(
    maps: Maps, sections: list[Section], label: str, input: Shape | Mapping[str, Shape] | None
) -> list[Map]:
    """Read every section; the network's outputs."""
    net, layers = sections[0], sections[1:]
    origin = Origin((), (), "net", SourceSpan(net.place))
    x: Map = None
    with suppress(Stop):
        x = maps.input(ONLY, replaced({ONLY: _input(maps, net)}, input, label)[ONLY], origin)
    if not layers:
        maps.note(
            Refusal("missing-option", "it has no layers: `[net]` is its only section"), origin
        )
    results: list[Map] = []
    outputs: list[Map] = []
    for index, section in enumerate(layers):
        call = DarknetSection(maps, section, index, x, results)
        x = _result(call)
        if call.is_output:
            outputs.append(x)
        results.append(x)
    return [*outputs, x]


def _input(maps: Maps, net: Section) -> Shape:
    call = DarknetSection(maps, net, 0, None, [])
    if not {"width", "height"} & net.options.keys() and "inputs" in net.options:
        return (call.whole("inputs", 1, 1),)
    sizes = [
        call.whole(key, 3 if key == "channels" else 0) for key in ("channels", "height", "width")
    ]
    for key, size in zip(("channels", "height", "width"), sizes, strict=True):
        try:
            check_input_size(size)
        except OptionError:
            rule = "bad-value" if key in net.options else "missing-option"
            call.refuse(rule, f"`[net]` needs `{key}`, a whole number from 1 on", key)
    return tuple(sizes)


def _result(call: DarknetSection) -> Map:
    """What a section makes of its input."""
    name = call.section.name
    function = SECTIONS.get(name.lower())
    try:
        if function is None:
            _unknown(call, name)
        assert function is not None
        found = function(call)
    except Stop:
        return None
    _check_keys(call)
    return found


def _unknown(call: DarknetSection, name: str) -> None:
    why = REFUSED.get(name)
    if why is not None:
        call.refuse("unknown-layer", f"`[{name}]` is {why}, and not read")
    close = nearest(name, SECTIONS)
    refusal = Refusal(
        "unknown-layer",
        f"darknet has no section `[{name[:60]}]`",
        hint=did_you_mean(name, SECTIONS),
    )
    place = call.section.place
    fix = None
    if close is not None:
        fix = Fix(f"write `[{close}]`", False, (Edit(place, f"[{close}]"),))
    call.maps.note(refusal, call.origin, place, fix)
    raise Stop


def _check_keys(call: DarknetSection) -> None:
    """Note options that nothing reads and that are nearly one that is."""
    for option in call.section.options.values():
        if option.key in call.asked or option.key in OTHERS:
            continue
        unset = call.asked - call.section.options.keys()
        close = nearest(option.key, [one for one in unset if len(one) > 3])
        if close is None or re.sub(r"\W", "", option.key) != option.key:
            continue
        place = option.whole._replace(end_column=option.whole.column + len(option.key))
        refusal = Refusal(
            "unknown-key",
            f"`[{call.section.name}]` has no option `{option.key}`, and darknet passes over it",
            hint=f"did you mean `{close}`?",
        )
        fix = Fix(f"write `{close}`", False, (Edit(place, close),))
        call.maps.note(refusal, call.origin, place, fix)


OTHERS = frozenset(
    {
        "absolute", "alpha", "anchors", "binary", "bin_output", "bias_match", "classfix", "classes",
        "coords", "flipped", "dontload", "dontloadscales", "learning_rate", "stopbackward", "xnor",
        "onlyforward", "use_bin_output", "train", "burnin_update", "noloss", "mask", "num", "scale",
        "temperature", "type", "smooth", "random", "thresh", "clip", "wgrad", "assisted_excitation",
        "keep_delta_gpu", "no_loss", "learning_rate_scale", "lr_scale", "grad_centr", "reverse",
        "out_channels", "weights_normalization", "weights_type",
    }
)  # fmt: skip
"""Options of training and of other sections that change no layer."""
