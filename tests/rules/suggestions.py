"""What the rules suggest, applied: every suggestion must take its finding away.

    python tests/rules/suggestions.py [--count 1000] [--seed 0]

Numbers in shipped networks and in the rules' examples are changed at random, kernels, strides,
paddings, filters, groups and inputs among them. Every repair that can be written is written,
every input that is named is given, each alone, and the file is examined again: the finding must
be gone, and no error have come. Prints how many did so by rule; exit status 1 where one did not.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.diagnostics import Diagnostic, UsageError
from cnncalc.language.text.source import Source
from cnncalc.rules.apply_fixes import edited
from cnncalc.rules.lint import lint
from cnncalc.rules.registry import RULES
from rules.mutation import SPECS

NAMED = re.compile(r"(?:input of |^)(\d+(?:×\d+)*)(?: or (\d+(?:×\d+)*))?(?= (?:fits|tiles|would))")
INPUT = re.compile(r"^input: *\[([\d, ]+)\]", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
LARGEST = 1_800
"""Files of more characters are left out: their networks are large, and tried no otherwise."""


class Suggestion(NamedTuple):
    """One suggestion about a file."""

    text: str
    finding: Diagnostic
    words: str
    changed: str | None
    """The text as it would be; `None`: with another input."""
    input: tuple[int, ...] | None


def texts() -> list[str]:
    """Files to mutate, and some that meet only on some inputs."""
    from rules.test_cases import UNET

    shipped = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.yaml"))]
    examples = [
        text
        for rule in RULES.values()
        for text in (rule.fails, rule.passes)
        if rule.language == "yaml"
    ]
    return [*(text for text in shipped if len(text) < LARGEST), *examples, *[UNET] * 10]


def suggestions(seed: int) -> Iterator[Suggestion]:
    """Suggestions about mutated files, without end."""
    chance = random.Random(seed)
    originals = texts()
    while True:
        text = chance.choice(originals)
        for _ in range(chance.choice((1, 1, 2, 3))):
            text = mutated(text, chance)
        for finding in lint(Source("net.yaml", text)):
            yield from offered(text, finding)


def mutated(text: str, chance: random.Random) -> str:
    """A text with one number changed by a little, or to a small one."""
    numbers = [found for found in NUMBER.finditer(text) if "#" not in text[: found.start()][-60:]]
    if not numbers:
        return text
    found = chance.choice(numbers)
    number = int(found.group())
    new = max(number + chance.choice((-3, -2, -1, 1, 2, 3)), 0)
    if number < 12 and chance.random() < 0.3:
        new = chance.choice((1, 2, 3, 4, 5, 6, 7))
    return text[: found.start()] + str(new) + text[found.end() :]


def offered(text: str, finding: Diagnostic) -> Iterator[Suggestion]:
    """The suggestions of a finding."""
    for fix in finding.fixes:
        if fix.edits:
            yield Suggestion(text, finding, fix.description, edited(text, fix.edits), None)
        else:
            yield from _inputs(text, finding, fix.description)
    if finding.rule in ("odd-upsampling", "input-not-divisible"):
        yield from _inputs(text, finding, finding.hint or "")


def _inputs(text: str, finding: Diagnostic, words: str) -> Iterator[Suggestion]:
    """The inputs that a text names."""
    written = INPUT.search(text)
    if written is None:
        return
    now = [int(size) for size in written.group(1).split(",") if size.strip()]
    for match in NAMED.finditer(words):
        for size in filter(None, match.groups()):
            sizes = [int(one) for one in size.split("×")]
            if len(sizes) == 1:
                sizes *= len(now) - 1
            yield Suggestion(text, finding, words, None, (now[0], *sizes))


def helps(suggestion: Suggestion) -> bool:
    """Whether a suggestion, applied, takes its finding away and brings no error."""
    text, finding, _, changed, input = suggestion
    if changed is None and input is None:
        return False
    try:
        after = lint(Source("net.yaml", changed or text), input)
    except UsageError:
        return False
    before = lint(Source("net.yaml", text))
    gone = _alike(after, finding) < _alike(before, finding)
    worse = sum(f.severity == "error" for f in after) > sum(f.severity == "error" for f in before)
    return gone and not worse


def _alike(findings: tuple[Diagnostic, ...], finding: Diagnostic) -> int:
    """How many findings of its rule are about the same layer."""
    return sum((one.rule, one.layer) == (finding.rule, finding.layer) for one in findings)


def main() -> int:
    """Apply that many suggestions and print what became of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    made: Counter[str] = Counter()
    helped: Counter[str] = Counter()
    for number, suggestion in enumerate(suggestions(options.seed)):
        if number == options.count:
            break
        rule = suggestion.finding.rule
        made[rule] += 1
        if helps(suggestion):
            helped[rule] += 1
        else:
            print(f"{suggestion.finding.message}: {suggestion.words}\n{suggestion.text}\n")
    for rule, count in made.most_common():
        print(f"{rule:<28}{count:>6} made{helped[rule]:>8} helped")
    print(f"{'all':<28}{made.total():>6} made{helped.total():>8} helped")
    return int(helped != made)


if __name__ == "__main__":
    sys.exit(main())
