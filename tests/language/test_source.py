"""Texts of architecture files: lines are those that YAML counts."""

from __future__ import annotations

import pytest

from cnncalc.language.text.source import Source
from cnncalc.rules.lint import lint


@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_a_finding_quotes_the_line_that_it_is_about(sign: str) -> None:
    source = Source.decode("net.yaml", f"# one{sign}input: [3]\nlayers: [rlu]\n".encode())
    (found,) = lint(source)
    assert found.place is not None
    assert (found.place.line, found.place.column) == (3, 10)
    assert source.line(found.place.line) == "layers: [rlu]"
    assert source.lines() == ["# one", "input: [3]", "layers: [rlu]", ""]
