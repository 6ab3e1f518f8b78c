"""Applies fixes to the text of a file, each only if the file is the better for it.

A fix is put into the text, the file is examined again, and the fix is kept where its finding
is gone and none has come. Every step takes a finding away, so that mending ends, and mending
what is mended changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cnncalc.diagnostics import Diagnostic, Edit, Fix
from cnncalc.language.text.source import Source
from cnncalc.rules.base import NOTHING_NEAR

Examine = Callable[[str], tuple[Diagnostic, ...]]
"""All findings in a text."""

STEP_LIMIT = 500
OTHER_BREAKS = "\x85\u2028\u2029"
"""What YAML takes for line breaks beside the usual ones: places behind them are not reckoned."""


class Mended(NamedTuple):
    """A text with fixes applied."""

    before: str
    text: str
    applied: tuple[tuple[Diagnostic, Fix], ...]
    findings: tuple[Diagnostic, ...]
    """What is left."""

    def patch(self, label: str) -> str:
        """What the fixes change, as a unified diff."""
        from difflib import unified_diff

        old, new = self.before.splitlines(keepends=True), self.text.splitlines(keepends=True)
        lines = unified_diff(old, new, label, label)
        end = "\n\\ No newline at end of file\n"
        return "".join([line if line.endswith("\n") else line + end for line in lines])


def mend_source(
    source: Source,
    lint: Callable[[Source], tuple[Diagnostic, ...]],
    wanted: Callable[[Diagnostic], bool],
    unsafe: bool = False,
) -> Mended:
    """Mend the text of a source as it stands in its file, line ends and all."""

    def of_text(text: str) -> tuple[Diagnostic, ...]:
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
        return lint(Source(source.label, plain, source.path))

    return mend(source.original(), of_text, wanted, unsafe)


def mend(
    text: str,
    lint: Examine,
    wanted: Callable[[Diagnostic], bool],
    unsafe: bool = False,
) -> Mended:
    """Apply the safe fixes of the wanted findings, with `unsafe` the others too."""
    findings = lint(text)
    before = text
    applied: list[tuple[Diagnostic, Fix]] = []
    refused: set[tuple[object, ...]] = set()
    if any(mark in text for mark in OTHER_BREAKS) or "\r" in text.replace("\r\n", "\n"):
        return Mended(text, text, (), findings)
    for _ in range(STEP_LIMIT):
        step = _step(text, findings, lint, wanted, unsafe, refused)
        if step is None:
            if not refused or not applied:
                break
            # what one fix could not do may be possible after the others
            refused.clear()
            step = _step(text, findings, lint, wanted, unsafe, refused)
            if step is None:
                break
        text, findings, done = step
        applied.append(done)
    return Mended(before, text, tuple(applied), findings)


def _step(
    text: str,
    findings: tuple[Diagnostic, ...],
    lint: Examine,
    wanted: Callable[[Diagnostic], bool],
    unsafe: bool,
    refused: set[tuple[object, ...]],
) -> tuple[str, tuple[Diagnostic, ...], tuple[Diagnostic, Fix]] | None:
    """The first fix that makes the file better, applied."""
    for finding in findings:
        if not wanted(finding):
            continue
        for fix in finding.fixes:
            key = (finding.rule, finding.layer, finding.message, fix.description)
            if not fix.edits or not (fix.safe or unsafe) or key in refused:
                continue
            changed = edited(text, fix.edits)
            if changed is not None and changed != text:
                after = lint(changed)
                if better(findings, after, finding):
                    return changed, after, (finding, fix)
            refused.add(key)
    return None


def proven(
    findings: tuple[Diagnostic, ...], text: str, lint: Examine, attempts: int
) -> tuple[Diagnostic, ...]:
    """The findings, with only those of their edits that make the file better.

    A fix that would bring another finding is none, nor is one beyond the number of attempts;
    those that are safe are right by what they are.
    """
    result = []
    for finding in findings:
        fixes = []
        for fix in finding.fixes:
            if fix.edits:
                attempts -= 1
                if attempts < 0:
                    keep = fix.safe
                else:
                    changed = edited(text, fix.edits)
                    keep = changed is not None and better(findings, lint(changed), finding)
                if not keep:
                    continue
            fixes.append(fix)
        if len(fixes) < len(finding.fixes):
            hint = finding.hint
            if not fixes and hint is None:
                hint = NOTHING_NEAR
            elif not fixes and attempts >= 0 and _number(finding.fixes):
                hint = f"{hint}; that was tried, and the network breaks elsewhere"
            finding = finding._replace(fixes=tuple(fixes), hint=hint)
        result.append(finding)
    return tuple(result)


def _number(fixes: tuple[Fix, ...]) -> bool:
    """Whether fixes write another number in the place of one."""
    return any([edit.text.isdigit() for fix in fixes for edit in fix.edits])


WORDS = ("unknown-key", "unknown-layer", "undefined-name")
"""Rules of words that are not known, each with the nearest known one as its repair."""


def better(
    before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...], finding: Diagnostic
) -> bool:
    """Whether a finding is gone and none has come; a warning may leave a note.

    Where an error is gone, layers that were unknown are looked at for the first time: what
    the rules say of them was there before.
    """
    then, now = _counts(before), _counts(after)
    key = (finding.rule, finding.layer)
    if now[key] >= then[key]:
        return False
    grave = after
    if finding.severity != "note":
        grave = tuple([one for one in after if one.severity != "note"])
    new = [name for name, count in _counts(grave).items() if count > then[name]]
    errors = sum(one.severity == "error" for one in before)
    if finding.severity == "error":
        remain = sum(one.severity == "error" for one in after)
        # a word mended makes its layer known, and what was wrong behind it is seen now
        return remain < errors or (remain == errors and finding.rule in WORDS)
    return not new


def _counts(findings: Iterable[Diagnostic]) -> Counter[tuple[str, str | None]]:
    found: Counter[tuple[str, str | None]] = Counter()
    for finding in findings:
        found[finding.rule, finding.layer] += 1
    return found


def edited(text: str, edits: Iterable[Edit]) -> str | None:
    """The text with edits put in; `None` where they overlap or lie outside.

    Line ends stay what they are: a new line ends like the one it is put behind.
    """
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    mark = int(text.startswith("\ufeff"))

    def offset(line: int, column: int) -> int:
        if line == len(starts) and column == 1:
            return len(text)
        return starts[line - 1] + column - 1 + (mark if line == 1 else 0)

    spans = []
    for place, new in edits:
        if not 1 <= place.line <= place.end_line <= len(starts):
            return None
        start = offset(place.line, place.column)
        end = offset(place.end_line, place.end_column)
        if not 0 <= start <= end <= len(text) + 1:
            return None
        spans.append((start, min(end, len(text)), new))
    ending = "\r\n" if "\r\n" in text else "\n"
    position = len(text)
    for start, end, new in sorted(spans, key=lambda span: (span[0], span[1]), reverse=True):
        if end > position:
            return None
        text = text[:start] + new.replace("\n", ending) + text[end:]
        position = start
    return text
