"""The table of sections, and what a function of it may ask and make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from cnncalc.diagnostics import Edit, Fix, Refusal
from cnncalc.exchange.darknet.sections import Section
from cnncalc.exchange.reading.maps import Map, Maps
from cnncalc.exchange.reading.result import Origin
from cnncalc.spans import OptionSpan, SourceSpan

Function = Callable[["DarknetSection"], Map]

SECTIONS: dict[str, Function] = {}
"""Functions by the section's name."""

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("rnn", "lstm", "gru", "crnn", "conv_lstm", "crnn"), "a recurrent layer"),
    "history": "a memory of earlier frames",
    "iseg": "a loss of instance segmentation",
    **dict.fromkeys(("implicit", "implicit_add", "implicit_mul"), "trained values without input"),
    **dict.fromkeys(("shift_channels", "control_channels"), "a layer of YOLOR"),
}
"""Sections that are known and not read."""


def section(*names: str) -> Callable[[Function], Function]:
    """Register a function under the names of sections."""

    def register(function: Function) -> Function:
        for name in names:
            SECTIONS[name] = function
        return function

    return register


class Stop(Exception):
    """The section is wrong, which has been noted."""


class DarknetSection:
    """One section at work: its options, its input, and the results of those before it."""

    def __init__(
        self, maps: Maps, section: Section, index: int, x: Map, results: Sequence[Map]
    ) -> None:
        self.maps = maps
        self.section = section
        self.index = index
        self.x = x
        self.results = results
        self.is_output = False
        """Whether its input is one of the network's outputs."""
        self.asked: set[str] = set()
        self.origin = Origin(
            (f"layer{index}",), (section.name,), "", SourceSpan(section.place, self._spans())
        )

    # -- options ----------------------------------------------------------------------------

    def whole(self, key: str, default: int, least: int = 0) -> int:
        """A whole number."""
        self.asked.add(key)
        option = self.section.options.get(key)
        if option is None:
            return default
        match = re.fullmatch(r"[+-]?\d{1,10}", option.value.partition(";")[0])
        if match is None or int(match.group()) < least:
            expected = f"a whole number from {least} on"
            self.refuse("bad-value", f"`{key}` must be {expected}, not `{option.value[:40]}`", key)
        return int(match.group())

    def real(self, key: str, default: float) -> float:
        """A number."""
        self.asked.add(key)
        option = self.section.options.get(key)
        if option is None:
            return default
        try:
            return float(option.value)
        except ValueError:
            self.refuse("bad-value", f"`{key}` must be a number, not `{option.value[:40]}`", key)

    def word(self, key: str, default: str) -> str:
        """A word."""
        self.asked.add(key)
        option = self.section.options.get(key)
        return default if option is None else option.value.lower()

    def wholes(self, key: str) -> list[int]:
        """Whole numbers with commas between."""
        self.asked.add(key)
        option = self.section.options.get(key)
        if option is None:
            self.refuse("missing-option", f"`[{self.section.name}]` needs `{key}`")
        found = option.value.strip(",").split(",", 1000)
        if (
            not found
            or len(found) > 1000
            or not all(re.fullmatch(r"[+-]?\d{1,9}", n) for n in found)
        ):
            self.refuse(
                "bad-value", f"`{key}` must list whole numbers, not `{option.value[:40]}`", key
            )
        return [int(one) for one in found]

    def refuse(
        self,
        rule: str,
        message: str,
        key: str | None = None,
        hint: str | None = None,
        instead: str | None = None,
    ) -> NoReturn:
        """Note what is wrong, at an option.

        Raises:
            Stop: always.
        """
        option = self.section.options.get(key or "")
        place = self.section.place if option is None else option.place
        refusal = Refusal(rule, message, hint=hint, instead=instead)

        fix = (
            Fix(f"write {instead}", False, (Edit(place, instead),)) if instead and option else None
        )
        self.maps.note(refusal, self.origin, place, fix)
        raise Stop

    # -- results ----------------------------------------------------------------------------

    def layers(self, key: str) -> list[Map]:
        """The results of the sections that an option names: by number, or counted backwards."""
        found = []
        for number in self.wholes(key):
            index = self.index + number if number < 0 else number
            if not 0 <= index < self.index:
                last = self.index - 1
                self.refuse(
                    "undefined-name",
                    f"`{key}` names layer {number}: before layer {self.index} there are "
                    + (f"0 to {last}, or -1 to -{self.index}" if last >= 0 else "none"),
                    key,
                )
            found.append(self.results[index])
        return found

    def shared(self, key: str) -> Origin | None:
        """The section whose weights an option takes; `None` where it is not there."""
        if key not in self.section.options:
            return None
        numbers = self.wholes(key)
        index = self.index + numbers[0] if numbers[0] < 0 else numbers[0]
        if not 0 <= index < self.index:
            self.refuse("undefined-name", f"`{key}` names no earlier layer", key)
        return Origin((f"layer{index}",))

    def layer(self, kind: str, x: Map, owner: Origin | None = None, **options: Any) -> Map:
        """A layer of ours from this section; its arrays may be those of another one."""
        return self.maps.layer(kind, x, options, self.origin, owner)

    # -- places -----------------------------------------------------------------------------

    def _spans(self) -> dict[str, OptionSpan]:
        """Where the options of ours are written."""
        found: dict[str, OptionSpan] = {}
        for ours, theirs in OPTIONS.get(self.section.name, {}).items():
            option = self.section.options.get(theirs)
            if option is not None and re.fullmatch(r"\d+", option.value):
                found[ours] = OptionSpan(option.place, _number)
        pad, padding = (self.section.options.get(key) for key in ("pad", "padding"))
        if self.section.name in OPTIONS and "kernel" in found:
            if pad is not None and pad.value == "1" and "convol" in self.section.name:
                found["padding"] = OptionSpan(pad.whole, _padding)
            elif padding is not None and not (pad is not None and pad.value == "1"):
                found["padding"] = OptionSpan(padding.place, _number)
        return found


def _number(text: str) -> str | None:
    return text if text.isdigit() else None


def _padding(text: str) -> str | None:
    return f"padding={text}" if text.isdigit() else None


CONVOLUTION = {
    "filters": "filters",
    "kernel": "size",
    "stride": "stride",
    "groups": "groups",
    "dilation": "dilation",
}
POOL = {"kernel": "size", "stride": "stride"}

OPTIONS: Mapping[str, Mapping[str, str]] = {
    "convolutional": CONVOLUTION,
    "conv": CONVOLUTION,
    "deconvolutional": CONVOLUTION,
    "deconv": CONVOLUTION,
    "maxpool": POOL,
    "max": POOL,
    "local_avgpool": POOL,
    "connected": {"features": "output"},
    "conn": {"features": "output"},
    "upsample": {"scale": "stride"},
}
"""For options of ours the keys of a section."""
