"""Comments that silence findings: `# cnncalc: ignore[rule, rule]`.

A comment at the end of a line silences the findings of that line; on a line of its own, those
of the next line that is none; `ignore-file` silences them in the whole file. Without brackets
it silences every rule. Errors are never silenced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place, did_you_mean
from cnncalc.language.text.source import Source

COMMENT = re.compile(r"(?:^|(?<=\s))#\s*cnncalc:\s*(ignore(?:-file)?)(?!\w)(\s*\[([^\]\n]*)\])?")
MARK = "cnncalc:"


class Ignore(NamedTuple):
    """A comment that silences."""

    place: Place
    target: int | None
    """The line it silences; `None`: the whole file."""
    rules: tuple[str, ...]
    """Names of the rules; none: every rule."""
    whole: Place
    """The comment with the spaces before it."""


def comments(source: Source) -> tuple[Ignore, ...]:
    """The silencing comments of a file."""
    if MARK not in source.text:
        return ()
    quoted = _quoted(source)
    lines = source.lines()
    found = []
    for number, line in enumerate(lines, 1):
        if MARK not in line:
            continue
        for match in COMMENT.finditer(line):
            column = match.start() + 1
            if any(start <= (number, column) < end for start, end in quoted):
                continue
            alone = not line[: match.start()].strip()
            target: int | None = _next_line(lines, number) if alone else number
            if match.group(1) == "ignore-file":
                target = None
            names = [name.strip() for name in (match.group(3) or "").split(",")]
            place = Place(source.label, number, column, number, match.end() + 1)
            begin = len(line[: match.start()].rstrip())
            rest = line[match.end() :].strip()
            end = match.end() if rest else len(line)
            whole = Place(
                source.label, number, (begin if not rest else match.start()) + 1, number, end + 1
            )
            if alone and not rest:  # the line goes with it
                whole = Place(source.label, number, 1, number + 1, 1)
            found.append(Ignore(place, target, tuple(filter(None, names)), whole))
    return tuple(found)


def _next_line(lines: list[str], number: int) -> int:
    """The next line that holds more than a comment."""
    for later in range(number, len(lines)):
        text = lines[later].strip()
        if text and not text.startswith("#"):
            return later + 1
    return number


def _quoted(source: Source) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where scalars stand in which `#` begins no comment."""
    import yaml

    from cnncalc.language.text.source import Loader

    found = []
    loader = Loader(source.text)
    try:
        while loader.check_token():
            token = loader.get_token()
            if isinstance(token, yaml.ScalarToken):
                start, end = token.start_mark, token.end_mark
                found.append(((start.line + 1, start.column + 1), (end.line + 1, end.column + 1)))
    except yaml.YAMLError:
        pass
    finally:
        loader.dispose()
    return found


def apply(
    findings: Iterable[Diagnostic], sources: Iterable[Source], own: Source, known: frozenset[str]
) -> Iterator[Diagnostic]:
    """The findings that no comment silences, and those of comments that silence nothing."""
    silencers = {source.label: found for source in sources if (found := comments(source))}
    used: set[tuple[Place, str]] = set()
    for finding in findings:
        if not _silenced(finding, silencers, used):
            yield finding
    for ignore in silencers.get(own.label, ()):
        yield from _unused(ignore, used, own, known)


def _silenced(
    finding: Diagnostic, silencers: dict[str, tuple[Ignore, ...]], used: set[tuple[Place, str]]
) -> bool:
    place = finding.place
    if place is None or finding.severity == "error":
        return False
    silenced = False
    for ignore in silencers.get(place.file, ()):
        if ignore.target not in (None, place.line):
            continue
        if not ignore.rules or finding.rule in ignore.rules:
            used.add((ignore.place, finding.rule if ignore.rules else ""))
            silenced = True
    return silenced


def _unused(
    ignore: Ignore, used: set[tuple[Place, str]], source: Source, known: frozenset[str]
) -> Iterator[Diagnostic]:
    kept = [rule for rule in ignore.rules if (ignore.place, rule) in used]
    idle = [rule for rule in dict.fromkeys(ignore.rules) if rule not in kept]
    if ignore.rules and not idle:
        return
    if not ignore.rules and (ignore.place, "") in used:
        return
    hint = None
    if unknown := [rule for rule in idle if rule not in known]:
        message = f"there is no rule `{unknown[0]}`"
        hint = did_you_mean(unknown[0], known)
    elif idle:
        message = f"nothing here to ignore: {', '.join(idle)}"
    else:
        message = "nothing here to ignore"
    if kept:
        text = f"# cnncalc: ignore{'' if ignore.target is not None else '-file'}"
        edit = Edit(ignore.place, f"{text}[{', '.join(dict.fromkeys(kept))}]")
    else:
        # what else the comment says stays one
        edit = Edit(ignore.whole, "#" if ignore.whole == ignore.place else "")
    yield Diagnostic(
        "unused-ignore",
        "warning",
        message,
        ignore.place,
        hint=hint,
        excerpt=source.line(ignore.place.line),
        fixes=(Fix("take it away", True, (edit,)),),
    )
