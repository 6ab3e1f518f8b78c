"""`cnncalc validate`: findings in architecture files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import click

from cnncalc.analysis.report import BYTES
from cnncalc.cli.common import (
    deliver,
    deliver_json,
    network_options,
    output_option,
    show,
    write_file,
)
from cnncalc.cli.values import parse_budget
from cnncalc.diagnostics import Diagnostic, Fix, SpecError, UsageError, did_you_mean, summarize
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.load import find
from cnncalc.language.text.source import Source
from cnncalc.rules.base import Limits
from cnncalc.rules.checks import SEVERITIES
from cnncalc.rules.examination import examine
from cnncalc.rules.examination import findings as findings_of
from cnncalc.rules.registry import RULES
from cnncalc.shapes import Shape

ENDINGS = (".yaml", ".yml")
NETWORK_KEY = re.compile(r"^\s*[\"']?(layers|extends)[\"']?\s*:", re.MULTILINE)
"""What tells an architecture file in a directory from other YAML."""

Examine = Callable[[Source], tuple[Diagnostic, ...]]


def _rules(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    """Names of rules and severities, separated by commas."""
    chosen: set[str] = set()
    for name in ",".join(values).split(","):
        word = name.strip()
        if word in SEVERITIES or word in RULES:
            chosen.add(word)
        elif word:
            hint = did_you_mean(word, RULES)
            raise UsageError(f"there is no rule `{word}`", hint or "`cnncalc rules` lists them")
    return frozenset(chosen)


def _amount(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else parse_budget(value, str(param.name).removeprefix("max_"))


@click.command("validate")
@click.argument("nets", metavar="NET...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github", "sarif"]),
    help="Default: text; inside GitHub Actions github.",
)
@click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    callback=_rules,
    help="Only these rules or severities, beside errors.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULES",
    callback=_rules,
    help="All but these rules or severities.",
)
@click.option("--strict", is_flag=True, help="Warnings fail as well as errors.")
@click.option("--exit-zero", is_flag=True, help="Findings do not fail.")
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of showing them.")
@click.option("--fix", is_flag=True, help="Apply fixes that leave the network's output as it is.")
@click.option("--unsafe", is_flag=True, help="With --fix or --diff: other fixes as well.")
@click.option("--diff", is_flag=True, help="Show what --fix would change; write nothing.")
@click.option("--max-params", metavar="N", callback=_amount, help="Budget of parameters: 5M.")
@click.option(
    "--max-macs", metavar="N", callback=_amount, help="Budget of multiply-accumulates: 600M."
)
@click.option(
    "--max-memory", metavar="N", callback=_amount, help="Budget of bytes at inference: 512KiB."
)
@output_option
@network_options
def command(
    nets: tuple[str, ...],
    format_: str | None,
    select: frozenset[str],
    ignore: frozenset[str],
    strict: bool,
    exit_zero: bool,
    statistics: bool,
    fix: bool,
    unsafe: bool,
    diff: bool,
    max_params: int | None,
    max_macs: int | None,
    max_memory: int | None,
    output: str | None,
    input_: Shape | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
) -> int:
    """Find what is wrong, or probably not meant, in architecture files.

    NET is a file, a directory with architecture files, a shipped network, or `-`.

    Exit status 1 where there is an error (with --strict, or a warning).
    """
    if unsafe and not (fix or diff):
        raise UsageError("`--unsafe` goes with `--fix` or `--diff`")
    limits = Limits(max_params, max_macs, max_memory, batch, BYTES[dtype])
    parameters = dict(changes)

    def chosen(finding: Diagnostic) -> bool:
        names = {finding.rule, finding.severity}
        if names & ignore:
            return False
        return not select or bool(names & select) or finding.severity == "error"

    memo = Memo()

    def examined(source: Source) -> tuple[Diagnostic, ...]:
        if fix or diff:  # each fix is tried when it is applied
            return findings_of(source, input_, parameters, limits, memo)[0]
        return examine(source, input_, parameters, limits, memo)

    findings: list[Diagnostic] = []
    mended: list[tuple[str, tuple[tuple[Diagnostic, Fix], ...]]] = []
    patches: list[str] = []
    for source in sources(nets):
        if isinstance(source, SpecError):
            findings += filter(chosen, source.diagnostics)
        elif fix or diff:
            left = _mend(source, examined, chosen, unsafe, diff, mended, patches)
            findings += filter(chosen, left)
        else:
            findings += filter(chosen, examined(source))
    if diff:
        deliver("".join(patches), output, data=True)
        return int(bool(patches) and not exit_zero)
    if format_ is None:
        format_ = "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"
    _write(findings, mended, format_, statistics, output)
    counts = summarize(findings)
    failed = counts["errors"] or (strict and counts["warnings"])
    return int(bool(failed) and not exit_zero)


def sources(nets: tuple[str, ...]) -> Iterator[Source | SpecError]:
    """The files named, and the architecture files in the directories named.

    Raises:
        UsageError: one of them cannot be had; found out before any is examined.
    """
    paths: list[tuple[str, bool]] = []
    for net in nets:
        if os.path.isdir(net):
            inside = _inside(net)
            if not inside:
                raise UsageError(f"there is no architecture file in {net}", "they end in .yaml")
            paths += [(path, True) for path in inside]
        else:
            paths.append((net, False))
    for net, inside_directory in paths:
        if not inside_directory and net != "-" and not os.path.exists(net):
            with suppress(SpecError):
                find(net)  # a shipped network, or told at once
    seen: set[str] = set()
    for net, inside_directory in paths:
        key = os.path.realpath(net) if os.path.exists(net) else net
        if key in seen:
            continue
        seen.add(key)
        try:
            source = find(net)
        except SpecError as error:
            yield error
            continue
        if not inside_directory or NETWORK_KEY.search(source.text):
            yield source


def _inside(folder: str) -> list[str]:
    """The YAML files below a folder, hidden ones left out."""
    found = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            os.path.join(base, name)
            for name in sorted(files)
            if name.endswith(ENDINGS) and not name.startswith(".")
        ]
    return found


def _mend(
    source: Source,
    examined: Examine,
    chosen: Callable[[Diagnostic], bool],
    unsafe: bool,
    diff: bool,
    mended: list[tuple[str, tuple[tuple[Diagnostic, Fix], ...]]],
    patches: list[str],
) -> tuple[Diagnostic, ...]:
    """Apply fixes to a file, or note what they would change; the findings that are left."""
    from cnncalc.rules.mending import mend

    label, path = source.label, source.path
    own = path is not None and os.path.realpath(label) == os.path.realpath(path)
    if not own and not diff:
        raise UsageError(f"`{label}` is no file that could be written", "`--diff` shows the fixes")
    raw = source.text
    if path is not None:
        with open(path, encoding="utf-8", newline="") as stream:
            raw = stream.read()

    def of_text(text: str) -> tuple[Diagnostic, ...]:
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
        return examined(Source(label, plain, path))

    result = mend(raw, of_text, chosen, unsafe)
    if result.text != raw:
        mended.append((label, result.applied))
        if diff:
            patches.append(_patch(label, raw, result.text))
        else:
            assert path is not None
            write_file(path, result.text)
    return result.findings


def _patch(label: str, before: str, after: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), label, label
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _write(
    findings: list[Diagnostic],
    mended: list[tuple[str, tuple[tuple[Diagnostic, Fix], ...]]],
    format_: str,
    statistics: bool,
    output: str | None,
) -> None:
    """Write the findings in a format."""
    if format_ == "json":
        from cnncalc.render.json import diagnostics_dict

        data = diagnostics_dict(findings)
        if mended:
            data["fixed"] = [
                {"file": file, "rule": finding.rule, "description": fix.description}
                for file, applied in mended
                for finding, fix in applied
            ]
        if statistics:
            data["statistics"] = _statistics(findings)
        deliver_json(data, output)
    elif format_ == "sarif":
        from cnncalc.render.sarif import sarif

        deliver_json(sarif(findings, RULES.values()), output)
    elif format_ == "github":
        from cnncalc.render.github import workflow_commands

        deliver(workflow_commands(findings), output)
    else:
        from cnncalc.render.findings import document

        counts = _statistics(findings) if statistics else None
        show(document(findings, mended, counts), output)


def _statistics(findings: list[Diagnostic]) -> list[dict[str, Any]]:
    """How often each rule was found, the most frequent first."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + finding.times
    return [
        {
            "rule": rule,
            "count": count,
            "severity": RULES[rule].severity,
            "summary": RULES[rule].summary,
        }
        for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
