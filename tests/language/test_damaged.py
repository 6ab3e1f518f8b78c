"""Files damaged at random, always the same ones: each ends in findings with places, or a network.

What a coverage-guided fuzzer found stands in `FOUND`, as it was found.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from cnncalc.diagnostics import SpecError
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.text.source import Source
from cnncalc.render.json import diagnostics_dict
from cnncalc.rules.lint import lint
from cnncalc.rules.registry import RULES

SPECS = Path(__file__).resolve().parents[2] / "specs"

TOKENS = [
    " from: a", " name: a", "repeat: 2", "if: x", "output: tru**e", "share: a", "- ", ": ", "{",
    "}", "[", "]", ", ", "channels", " // 2", "**", "'", '"', "&a ", "*a", "!!int ", "\n", "\n  ",
    "\n    ", "# cnncalc: ignore\n", "layers:", "blocks:", "input:", "extends: vgg16\n",
    "budget: {params: 1K}\n", "add:", "concat:", "multiply:", "flatten", "linear:", "conv:",
    "max_pool:", "crop: input", "upsample: {like: input}", "max_unpool:", "pad:", "slice: [0, 1]",
    "select: [0]", "channel_shuffle: 2", "reshape: [-1]", "self_attention: 2", "conv_transpose:",
    "same", "-1", "0", "1e3", "99999999999", "true", "no", "~", "[[0, 1], [1, 0]]", "a", "input",
    "x y", "é", "\u2028", "\x85", "\x00", "\ufeff",
]  # fmt: skip

SEEDS = [
    *(path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.yaml"))),
    *(
        text
        for rule in RULES.values()
        for text in (rule.fails, rule.passes)
        if rule.language == "yaml"
    ),
]
SEEDS = [text for text in SEEDS if len(text) < 2500]


def damaged(number: int) -> str:
    """A file with one to four slips."""
    chance = random.Random(number)
    text = chance.choice(SEEDS)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        slip = chance.random()
        if slip < 0.45:
            text = text[:at] + chance.choice(TOKENS) + text[at:]
        elif slip < 0.6:
            text = text[:at] + text[at + chance.randint(1, 12) :]
        elif slip < 0.8:
            text = text[:at] + chance.choice(TOKENS) + text[at + chance.randint(1, 8) :]
        else:
            lines, others = text.split("\n"), chance.choice(SEEDS).split("\n")
            start = chance.randrange(len(others))
            put = chance.randrange(len(lines) + 1)
            lines[put:put] = others[start : start + chance.randint(1, 4)]
            text = "\n".join(lines)
    return text


def look(text: str, memo: Memo | None = None) -> None:
    """Examine a text; what is found can be shown."""
    try:
        source = Source.decode("net.yaml", text.encode("utf-8", "surrogatepass"))
    except SpecError:
        return
    found = lint(source, memo=memo)
    for finding in found:
        assert finding.rule in RULES
        assert 0 < len(finding.message) <= 700
        place = finding.place
        if place is not None and place.file == "net.yaml":
            assert source.line(max(place.line - 1, 1)) is not None
            assert finding.excerpt == source.line(place.line)
            assert place.column >= 1
            assert (place.end_line, place.end_column) >= (place.line, place.column)
    json.dumps(diagnostics_dict(found))


@pytest.mark.parametrize("part", range(8))
def test_damaged_at_random(part: int) -> None:
    memo = Memo()
    for number in range(100 * part, 100 * (part + 1)):
        text = damaged(number)
        try:
            look(text, memo)
        except Exception as error:
            raise AssertionError(f"slips {number}:\n{text}") from error


FOUND: list[str] = [
    "input: [3, 8, 8]\nblocks: {head: [relu]}\nlayers:\n  - {head, output: tru**e}\n",
    "input: [3, 8, 8]\nlayers:\n  - {relu: , share: tru**e, output: *a}\n",
    "input: [8, 16, 16]\nlayers:\n  -max_pool: conv\x85e: {filters: 64, padding: \x85",
    "input: [3]\u2028layers: [rellu]",
]


@pytest.mark.parametrize("text", FOUND)
def test_found_by_a_fuzzer(text: str) -> None:
    look(text)
