"""Mutated architecture files: nothing that is done to one may bring the linter down.

    python tests/rules/mutation.py [--count 10000] [--seed 0]

For every mutant: no exception but those of the contract, no run over a second, every finding
with a rule that is documented and a position in the text; and where a finding has a fix that
can be applied, applying it takes the finding away. Prints what it saw; exit status 1 on a
failure, whose text is printed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cnncalc.diagnostics import Diagnostic
from cnncalc.language.network import Network, minimum_layers
from cnncalc.language.text.source import Source
from cnncalc.rules.apply_fixes import better, edited, mend
from cnncalc.rules.lint import lint
from cnncalc.rules.registry import RULES

SPECS = Path(__file__).resolve().parents[2] / "specs"
SECONDS = 1.0
LAYER_SECONDS = 1e-4
"""Ten thousand layers and more may take longer than a second."""

LARGEST_MENDED = 3_000
"""Mending examines a file many times; larger ones are only examined."""

WORDS = (
    "conv", "relu", "add", "concat", "[]", "{}", "input", "from", "name", "repeat", "if", "share",
    "output", "true", "no", "yes", "same", "-1", "0", "1", "2", "3", "7", "1e9", "2147483648",
    "99999999999999999999", "0.5", "nan", "channels", "channels // 0", "2 ** 99", "'", '"', "#",
    "# cnncalc: ignore", "# cnncalc: ignore[stride-does-not-tile]", "&a", "*a", "!!int 3", "|",
    ">", "\t", "\r\n", "\x85", "\u2028", "\ufeff", "é", "卷积", "\U0001f600", "---", "...", "? ",
    ": ", "- ", ", ", "[[[[[[[[", "}}", "stride: 2", "padding: 100", "dilation: 3", "groups: 5",
    "bias: false", "ceil_mode: true", "kernel: [3, 1]", "conv_transpose: [8, 5, 2]",
    "budget: {params: 1}", "extends: vgg16", "flatten", "linear: 10", "batch_norm", "max_pool: 2",
)  # fmt: skip


def seeds() -> list[str]:
    """Files to mutate: both examples of every rule, and the smaller shipped networks."""
    texts = [
        text
        for rule in RULES.values()
        for text in (rule.fails, rule.passes)
        if rule.language == "yaml"
    ]
    shipped = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.yaml"))]
    return [*texts, *texts, *(text for text in shipped if len(text) < 2_500)]


def mutants(count: int, seed: int) -> Iterator[str]:
    """That many mutated texts."""
    chance = random.Random(seed)
    originals = seeds()
    for _ in range(count):
        text = chance.choice(originals)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            text = mutated(text, chance, originals)
        yield text


def mutated(text: str, chance: random.Random, originals: list[str]) -> str:
    """A text with one thing done to it."""
    lines = text.split("\n")
    place = chance.randrange(len(text) + 1)
    line = chance.randrange(len(lines))
    match chance.randrange(10):
        case 0:  # a stretch taken out
            return text[:place] + text[place + chance.randrange(1, 9) :]
        case 1:  # a word put in
            return text[:place] + chance.choice(WORDS) + text[place:]
        case 2:  # a line twice
            return "\n".join([*lines[:line], lines[line], *lines[line:]])
        case 3:  # a line taken out
            return "\n".join(lines[:line] + lines[line + 1 :])
        case 4:  # two lines exchanged
            other = chance.randrange(len(lines))
            lines[line], lines[other] = lines[other], lines[line]
            return "\n".join(lines)
        case 5:  # a number changed
            return _number(text, chance)
        case 6:  # a word in place of another
            words = lines[line].split(" ")
            words[chance.randrange(len(words))] = chance.choice(WORDS)
            lines[line] = " ".join(words)
            return "\n".join(lines)
        case 7:  # a line of another file
            lines.insert(line, chance.choice(chance.choice(originals).split("\n")))
            return "\n".join(lines)
        case 8:  # indented otherwise
            lines[line] = " " * chance.randrange(1, 5) + lines[line].lstrip()
            return "\n".join(lines)
        case _:  # a character changed
            return (
                text[:place]
                + chr(chance.choice((chance.randrange(32, 127), 0xE9)))
                + text[place + 1 :]
            )


def _number(text: str, chance: random.Random) -> str:
    places = [at for at, sign in enumerate(text) if sign.isdigit() and sign.isascii()]
    if not places:
        return text
    at = chance.choice(places)
    return (
        text[:at] + chance.choice(("0", "1", "2", "3", "5", "8", "31", "100", "-")) + text[at + 1 :]
    )


def examined(text: str) -> tuple[Diagnostic, ...]:
    """All findings in a text."""
    return lint(Source("net.yaml", text.removeprefix("\ufeff").replace("\r\n", "\n")))


def check(text: str) -> tuple[Diagnostic, ...]:
    """The findings of a mutant; an `AssertionError` says what is wrong with them."""
    start = time.process_time()
    findings = examined(text)
    spent = time.process_time() - start
    assert spent < SECONDS or spent < LAYER_SECONDS * layers(text), f"{spent:.2f} s"
    for finding in findings:
        assert finding.rule in RULES, f"no rule {finding.rule}"
        place = finding.place
        assert place is not None, f"no position: {finding}"
        assert min(place.line, place.column) >= 1, f"{place}"
        assert (place.end_line, place.end_column) >= (place.line, place.column), f"place {place}"
        assert finding.message
    assert len({(f.rule, f.place, f.message) for f in findings}) == len(findings)
    return findings


def layers(text: str) -> int:
    """How many layers a text makes."""
    network = Network(Source("net.yaml", text))
    return max(len(network.elaborate().forms), minimum_layers(network.layers))


def check_fixes(text: str) -> int:
    """Mend a text with every fix there is; how many were applied."""
    result = mend(text, examined, lambda finding: True, unsafe=True)
    again = mend(result.text, examined, lambda finding: True, unsafe=True)
    assert again.text == result.text, "mending what is mended changes it"
    safe = mend(text, examined, lambda finding: True)
    assert all(fix.safe for _, fix in safe.applied)
    return len(result.applied)


def refused(text: str, findings: tuple[Diagnostic, ...]) -> list[str]:
    """Findings with fixes that can be written, none of which helps when it is applied alone."""
    found = []
    for finding in findings:
        fixes = [fix for fix in finding.fixes if fix.edits]
        texts = [changed for fix in fixes if (changed := edited(text, fix.edits)) is not None]
        if fixes and not any(better(findings, examined(one), finding) for one in texts):
            found.append(f"{finding.rule}: {finding.message}: {fixes[0].description}")
    return found


def main() -> int:
    """Run the mutants and print what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rules: Counter[str] = Counter()
    silent = applied = fixable = 0
    idle: Counter[str] = Counter()
    slowest = 0.0
    for number, text in enumerate(mutants(options.count, options.seed)):
        start = time.process_time()
        try:
            findings = check(text)
            slowest = max(slowest, time.process_time() - start)
            rules.update(finding.rule for finding in findings)
            silent += not findings
            if len(text) < LARGEST_MENDED and any(fix.edits for f in findings for fix in f.fixes):
                fixable += 1
                applied += check_fixes(text)
                for what in refused(text, findings):
                    idle[what] += 1
        except Exception:
            print(f"mutant {number} of seed {options.seed}:\n{text}", file=sys.stderr)
            raise
    print(f"{options.count:,} files, {silent:,} without findings, slowest {slowest * 1e3:.0f} ms")
    print(
        f"{fixable:,} with fixes, {applied:,} fixes applied, {sum(idle.values())} fixes of no use"
    )
    for what, count in idle.most_common(20):
        print(f"  {count:>6}  {what}")
    for rule, count in rules.most_common():
        print(f"{count:>8}  {rule}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
