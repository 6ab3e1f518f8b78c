"""A seeded sample of suggestions, applied; `suggestions.py` here tries as many as one likes."""

from __future__ import annotations

from itertools import islice

from rules.suggestions import helps, suggestions


def test_every_suggestion_takes_its_finding_away() -> None:
    sample = list(islice(suggestions(seed=7), 60))
    idle = [f"{one.finding.message}: {one.words}\n{one.text}" for one in sample if not helps(one)]
    assert idle == []
    assert len({one.finding.rule for one in sample}) > 4
    assert any(one.input for one in sample)
