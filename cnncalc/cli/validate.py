"""`cnncalc validate`: findings in architecture files."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from cnncalc.analysis.report import BYTES
from cnncalc.api import imported_findings
from cnncalc.cli.common import deliver, network_options, output_option, write_file
from cnncalc.cli.findings import Applied, write
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import parse_budget
from cnncalc.diagnostics import Diagnostic, SpecError, UsageError, did_you_mean, summarize
from cnncalc.exchange.load import is_foreign, load_foreign
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.language.gather import gather
from cnncalc.language.text.source import Source
from cnncalc.rules.base import Limits
from cnncalc.rules.checks import SEVERITIES
from cnncalc.rules.examination import examine
from cnncalc.rules.examination import findings as findings_of
from cnncalc.rules.registry import RULES

if TYPE_CHECKING:
    from cnncalc.exchange.imported import Imported


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


@subcommand("validate")
@click.argument("nets", metavar="NET...", nargs=-1, required=True)
@option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github", "sarif"]),
    help="Default: text; inside GitHub Actions github.",
)
@option(
    "--select",
    multiple=True,
    metavar="RULES",
    callback=_rules,
    help="Only these rules or severities, beside errors.",
)
@option(
    "--ignore",
    multiple=True,
    metavar="RULES",
    callback=_rules,
    help="All but these rules or severities.",
)
@option("--strict", is_flag=True, help="Warnings fail as well as errors.")
@option("--exit-zero", is_flag=True, help="Findings do not fail.")
@option("--statistics", is_flag=True, help="Count findings by rule instead of showing them.")
@option("--fix", is_flag=True, help="Apply fixes that leave the network's output as it is.")
@option("--unsafe", is_flag=True, help="With --fix or --diff: other fixes as well.")
@option("--diff", is_flag=True, help="Show what --fix would change; write nothing.")
@option("--max-params", metavar="N", callback=_amount, help="Budget of parameters: 5M.")
@option("--max-macs", metavar="N", callback=_amount, help="Budget of multiply-accumulates: 600M.")
@option("--max-memory", metavar="N", callback=_amount, help="Budget of bytes at inference: 512KiB.")
@option(
    "--max-training-memory", metavar="N", callback=_amount,
    help="Budget of bytes in a training step with Adam: 8GiB.",
)  # fmt: skip
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
    max_training_memory: int | None,
    output: str | None,
    input_: GivenInput | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
) -> int:
    """Find what is wrong, or probably not meant, in architecture files.

    NET is a file, a directory with architecture files, a shipped network, or `-`; or a network of
    another format, whose findings have the place in its own file where that is known.

    Exit status 1 where there is an error (with --strict, or a warning).
    """
    if unsafe and not (fix or diff):
        raise UsageError("`--unsafe` goes with `--fix` or `--diff`")
    if diff and (format_ or statistics):
        option = "--format" if format_ else "--statistics"
        raise UsageError(f"`{option}` does nothing with `--diff`, which writes a patch")
    if statistics and format_ in ("github", "sarif"):
        raise UsageError("`--statistics` goes with the formats text and json")
    limits = Limits(max_params, max_macs, max_memory, max_training_memory, batch, BYTES[dtype])
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
    mended: list[Applied] = []
    patches: list[str] = []

    def mend(source: Source, examine: Callable[[Source], tuple[Diagnostic, ...]]) -> None:
        """Apply the fixes of a file, and keep what is left."""
        from cnncalc.rules.mending import mend_source

        if not diff and not source.written:
            hint = "`--diff` shows the fixes"
            raise UsageError(f"`{source.label}` is no file that could be written", hint)
        result = mend_source(source, examine, chosen, unsafe)
        if result.applied:
            mended.append((source.label, result.applied))
            patches.append(result.patch(source.label))
            if not diff:
                write_file(source.label, result.text)
        findings.extend(filter(chosen, result.findings))

    for net in filter(is_foreign, nets):
        network = load_foreign(net)
        assert network is not None
        if not (fix or diff):
            findings += filter(chosen, imported_findings(network, input_, parameters, limits))
            continue
        if network.source is None or network.reopen is None:
            raise UsageError(f"{net} is no text that fixes could be written into")
        mend(network.source, partial(_reexamined, network.reopen, input_, parameters, limits))
    for source in gather([net for net in nets if not is_foreign(net)]):
        if isinstance(source, SpecError):
            found = source.diagnostics
        elif fix or diff:
            mend(source, examined)
            continue
        else:
            found = examined(source)
        findings += filter(chosen, found)
    if diff:
        deliver("".join(patches), output, data=True)
        return int(bool(patches) and not exit_zero)
    if format_ is None:
        actions = os.environ.get("GITHUB_ACTIONS") == "true" and not statistics
        format_ = "github" if actions else "text"
    write(findings, mended, format_, statistics, output)
    counts = summarize(findings)
    failed = counts["errors"] or (strict and counts["warnings"])
    return int(bool(failed) and not exit_zero)


def _reexamined(
    reopen: Callable[[Source], Imported],
    input: GivenInput | None,
    parameters: dict[str, Any],
    limits: Limits,
    source: Source,
) -> tuple[Diagnostic, ...]:
    """All findings in a changed text of another format; its fixes are tried when applied."""
    return imported_findings(reopen(source), input, parameters, limits, tried=False)
