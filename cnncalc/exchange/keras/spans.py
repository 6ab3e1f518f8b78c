"""Where the layers of a `model.json` are written, and how their options are written anew there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from cnncalc.diagnostics import Place
from cnncalc.exchange.keras.dialects import KEYS as FORMER
from cnncalc.exchange.keras.dialects import Path
from cnncalc.exchange.keras.json_places import JsonPlaces
from cnncalc.spans import OptionSpan, SourceSpan

KEYS: Mapping[str, tuple[str, ...]] = {
    "filters": ("filters", "nb_filter"),
    "features": ("units", "output_dim"),
    "kernel": ("kernel_size", "pool_size", "filter_length", "pool_length"),
    "stride": ("strides", "subsample", "subsample_length", "stride"),
    "padding": ("padding", "border_mode"),
    "output_padding": ("output_padding",),
    "dilation": ("dilation_rate", "atrous_rate"),
    "groups": ("groups",),
    "multiplier": ("depth_multiplier",),
    "bias": ("use_bias", "bias"),
    "rate": ("rate", "p"),
    "eps": ("epsilon",),
    "scale": ("size",),
}
"""Options of our kinds and what versions of Keras have called them."""


class WrittenOptions(Mapping[str, OptionSpan]):
    """The options of one layer, looked for in the text when they are asked for."""

    def __init__(self, places: JsonPlaces, config: Path) -> None:
        self.places = places
        self.config = config

    def __getitem__(self, option: str) -> OptionSpan:
        for key in KEYS[option]:
            span = self.places.span((*self.config, key))
            place = self.places.place((*self.config, key))
            if span is not None and place is not None:
                return OptionSpan(place, _writer(json.loads(self.places.text[slice(*span)])))
        raise KeyError(option)

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in KEYS if key in self])

    def __contains__(self, option: object) -> bool:
        return option in KEYS and self.get(str(option)) is not None

    def get(self, option: str, default: Any = None) -> Any:
        """Where an option is written, or the default."""
        try:
            return self[option]
        except KeyError:
            return default

    def __len__(self) -> int:
        return len(list(iter(self)))


def _writer(value: Any) -> Callable[[str], str | None]:
    """How a new value is written in the place of one."""
    return lambda text: written(value, text)


def written(old: Any, text: str) -> str | None:
    """A value of ours in JSON, in the form of the one that stands there; `None` if it has none."""
    if isinstance(old, str):  # `same` and `valid` are all that Keras can say
        if text in ("same", "valid"):
            return json.dumps(text)
        return '"valid"' if text == "0" else None
    try:
        new = json.loads(text)
    except ValueError:
        return None
    if isinstance(old, bool) or isinstance(new, bool):
        return json.dumps(new) if type(old) is type(new) else None
    if isinstance(old, list) and isinstance(new, int):
        new = [new] * len(old)
    if isinstance(old, int) and isinstance(new, list):
        new = new[0] if len(set(map(str, new))) == 1 else new
    return json.dumps(new)


class Spans(Protocol):
    """Where the layers of a model are written."""

    def of(self, path: Sequence[str | int]) -> SourceSpan | None:
        """Where the layer at a path of the model's JSON is written."""

    def key(self, path: Sequence[str | int], key: str) -> Place | None:
        """Where a key of its config is written, else the layer."""


class TextSpans:
    """The spans of the layers of one text."""

    def __init__(self, places: JsonPlaces) -> None:
        self.places = places

    def of(self, path: Sequence[str | int]) -> SourceSpan | None:
        """Where a layer is written, at the name of its class."""
        path = tuple(path)
        place = self._class(path)
        if place is None:
            return None
        return SourceSpan(place, WrittenOptions(self.places, self._config(path)))

    def key(self, path: Sequence[str | int], key: str) -> Place | None:
        """Where a key of a layer's config is written, whatever its version called it."""
        config = self._config(tuple(path))
        former = [old for old, new, _ in FORMER if new == key]
        for name in (key, *former):
            place = self.places.place((*config, name))
            if place is not None:
                return place
        return self._class(tuple(path))

    def _class(self, path: Path) -> Place | None:
        for key in ("class_name", "name"):  # versions before 1.0 have the class as the name
            place = self.places.place((*path, key))
            if place is not None:
                return place
        return self.places.place(path)

    def _config(self, path: Path) -> Path:
        config = (*path, "config")
        return config if self.places.span(config) is not None else path
