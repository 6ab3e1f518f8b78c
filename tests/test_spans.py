"""Edits of options in files of other formats."""

from __future__ import annotations

from cnncalc.diagnostics import Edit, Place
from cnncalc.spans import OptionSpan, SourceSpan


def at(line: int, column: int = 1, width: int = 1) -> Place:
    return Place("net.cfg", line, column, line, column + width)


def added(option: str, text: str) -> Edit | None:
    return Edit(at(9, 1, 0), f"{option}={text}\n") if option == "stride" else None


SPAN = SourceSpan(
    at(1),
    {
        "kernel": OptionSpan(at(2)),
        "padding": OptionSpan(at(3), lambda text: text if text.isdigit() else None),
        "bias": OptionSpan(at(4), lambda text: {"true": "1", "false": "0", "": "1"}.get(text)),
    },
    added,
)


def test_options_are_written_where_they_stand() -> None:
    assert SPAN.edits({"kernel": "3", "bias": "false"}) == (Edit(at(2), "3"), Edit(at(4), "0"))
    assert SPAN.edits({"bias": ""}) == (Edit(at(4), "1"),)


def test_all_or_none() -> None:
    assert SPAN.edits({"kernel": "3", "padding": "same"}) == ()
    assert SPAN.edits({"kernel": "3", "dilation": "2"}) == ()
    assert SPAN.edits({"kernel": ""}) == ()


def test_what_is_not_written_is_added() -> None:
    assert SPAN.edits({"stride": "2"}) == (Edit(at(9, 1, 0), "stride=2\n"),)
    assert SPAN.edits({"kernel": "5", "dilation": ""}) == (Edit(at(2), "5"),)


def test_one_value_for_two_options() -> None:
    both = SourceSpan(at(1), {"kernel": OptionSpan(at(2)), "stride": OptionSpan(at(2))})
    assert both.edits({"kernel": "2", "stride": "2"}) == (Edit(at(2), "2"),)
    assert both.edits({"kernel": "2", "stride": "3"}) == ()


def test_places() -> None:
    assert SPAN.place_of("padding") == at(3)
    assert SPAN.place_of("stride") == SPAN.place_of(None) == at(1)
