"""`validate`: all findings in networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cnncalc.analysis.report import BYTES, Settings
from cnncalc.api.reports import foreign_of
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Net, Options, Parameters, Shaped, options, with_options
from cnncalc.diagnostics import Diagnostic, Fix, SpecError, UsageError, did_you_mean, summarize
from cnncalc.exchange.examples import Examples
from cnncalc.exchange.load import is_foreign
from cnncalc.language.coerce import given_amount, given_source
from cnncalc.language.discover import gather
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.network import Network as ArchitectureFile
from cnncalc.language.text.source import Source
from cnncalc.output import write_file
from cnncalc.rules.base import Foreign, Limits
from cnncalc.rules.base import RuleContext as RuleSubject
from cnncalc.rules.checks import SEVERITIES, check, ordered
from cnncalc.rules.lint import findings as findings_of
from cnncalc.rules.lint import lint, lint_foreign
from cnncalc.rules.registry import RULES
from cnncalc.rules.unknown import UnknownOperator

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cnncalc.exchange.imported import Imported
    from cnncalc.graph import Graph
    from cnncalc.language.forms.inputs import GivenInput

Applied = tuple[str, tuple[tuple[Diagnostic, Fix], ...]]
"""A file, and the fixes that it has got with the findings they mend."""


class Findings(Result, tuple[Diagnostic, ...]):
    """Findings, errors first: a tuple of `Diagnostic`."""

    FORMATS: ClassVar[tuple[str, ...]] = ("text", "json", "github", "sarif")

    applied: tuple[Applied, ...] = ()
    """The fixes that were applied, or would be, by file."""
    patch: str = ""
    """What the fixes change, as a unified diff."""
    counted: bool = False
    """Whether findings are counted by rule instead of shown."""
    strict: bool = False
    """Whether warnings fail as well."""
    exit_zero: bool = False
    """Whether nothing fails."""

    @property
    def exit_status(self) -> int:
        """1 where there is an error (strict: or a warning or an unknown operator)."""
        if self.exit_zero:
            return 0
        counts = summarize(self)
        unknown = any(finding.rule == UnknownOperator.name for finding in self)
        return int(bool(counts["errors"] or (self.strict and (counts["warnings"] or unknown))))

    @property
    def passed(self) -> bool:
        """Whether there is nothing that fails."""
        return self.exit_status == 0

    def statistics(self) -> list[dict[str, Any]]:
        """How many findings each rule has, the most frequent first."""
        counts: dict[str, int] = {}
        for finding in self:
            counts[finding.rule] = counts.get(finding.rule, 0) + 1
        return [
            {
                "rule": rule,
                "count": count,
                "severity": RULES[rule].severity,
                "summary": RULES[rule].summary,
            }
            for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ]

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.diagnostics/1`."""
        from cnncalc.render.json import diagnostics_dict

        data = diagnostics_dict(self)
        if self.applied:
            data["fixed"] = [
                {"file": file, "rule": finding.rule, "description": fix.description}
                for file, applied in self.applied
                for finding, fix in applied
            ]
        if self.counted:
            data["statistics"] = self.statistics()
        return data

    def to_sarif(self) -> str:
        """The findings as SARIF 2.1.0."""
        from cnncalc.render.json import dumps
        from cnncalc.render.sarif import sarif

        return dumps(sarif(self, RULES.values()))

    def to_github(self) -> str:
        """The findings as annotations of a GitHub workflow."""
        from cnncalc.render.github import workflow_commands

        return workflow_commands(self)

    def document(self) -> RenderableType:
        from cnncalc.render.findings import document

        return document(self, self.applied, self.statistics() if self.counted else None)

    def summary(self) -> str:
        return ", ".join([f"{count} {what}" for what, count in summarize(self).items()])


class Patch(Findings):
    """Findings that are shown as what their fixes would change."""

    FORMATS = ("patch",)
    format = "patch"

    @property
    def exit_status(self) -> int:
        """1 where something would change."""
        return int(bool(self.patch) and not self.exit_zero)

    def to_patch(self) -> str:
        """The unified diff."""
        return self.patch


class Choice(NamedTuple):
    """Which findings are wanted."""

    select: frozenset[str]
    ignore: frozenset[str]

    def takes(self, finding: Diagnostic) -> bool:
        """Whether a finding is wanted."""
        names = {finding.rule, finding.severity}
        if names & self.ignore:
            return False
        return not self.select or bool(names & self.select) or finding.severity == "error"


class Mending(NamedTuple):
    """How fixes are applied."""

    write: bool
    compare: bool
    unsafe: bool


def validate(
    net: Net | None = None,
    *nets: Net,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    select: str | Iterable[str] = (),
    ignore: str | Iterable[str] = (),
    strict: bool = False,
    exit_zero: bool = False,
    statistics: bool = False,
    fix: bool = False,
    unsafe: bool = False,
    diff: bool = False,
    max_params: int | str | None = None,
    max_macs: int | str | None = None,
    max_flops: int | str | None = None,
    max_memory: int | str | None = None,
    max_training_memory: int | str | None = None,
    format: str | None = None,
    output: Path | None = None,
) -> Findings:
    """All findings in networks, errors first.

    Args:
        net, nets, yaml, input, set, parameters, batch, dtype: as of `analyze`; a path may be a
            directory with architecture files.
        select: only these rules or severities, beside errors.
        ignore: all but these rules or severities.
        strict: warnings and unknown operators fail as well as errors.
        exit_zero: findings do not fail.
        statistics: count findings by rule instead of showing them.
        fix: apply the fixes that leave the network's output as it is to the files.
        unsafe: with `fix` or `diff`, other fixes as well.
        diff: show what `fix` would change; write nothing.
        max_params, max_macs, max_flops, max_memory, max_training_memory: what it may cost: a
            number, or an amount such as `5M`, `512KiB`.
        format: `text`, `json`, `github` or `sarif`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such file, network, parameter or type.
    """
    if unsafe and not (fix or diff):
        raise UsageError("`--unsafe` goes with `--fix` or `--diff`")
    if diff and (format or statistics):
        option = "--format" if format else "--statistics"
        raise UsageError(f"`{option}` does nothing with `--diff`, which writes a patch")
    if statistics and format in ("github", "sarif"):
        raise UsageError("`--statistics` goes with the formats text and json")
    limits = Limits(
        given_amount(max_params, "params"),
        given_amount(max_macs, "macs"),
        given_amount(max_memory, "memory"),
        given_amount(max_training_memory, "training_memory"),
        flops=given_amount(max_flops, "flops"),
    )
    choice = Choice(_names(select), _names(ignore))
    given = options(input, set, parameters, batch, dtype)
    mending = Mending(fix and not diff, diff, unsafe) if fix or diff else None
    found: list[Diagnostic] = []
    applied: list[Applied] = []
    patches: list[str] = []
    for more in _examined((net, *nets), yaml, given, limits, choice, mending):
        found += more
        applied += more.applied
        patches.append(more.patch)
    result = Patch(found) if diff else Findings(found)
    result.applied, result.patch = tuple(applied), "".join(patches)
    result.counted, result.strict = statistics, strict
    result.exit_zero = exit_zero
    return delivered(result, output, format)


def _examined(
    nets: Sequence[Net],
    yaml: str | None,
    given: Options,
    limits: Limits,
    choice: Choice,
    mending: Mending | None,
) -> Iterator[Findings]:
    """The findings in each network."""
    named = [fspath(net) for net in nets if isinstance(net, str | PathLike)]
    if yaml is not None or len(named) < len(nets) or not all(isinstance(n, str) for n in named):
        for net in nets:
            yield _in_memory(net, yaml, given, limits, choice, mending)
        return
    for net in filter(is_foreign, named):
        yield _in_memory(net, None, given, limits, choice, mending)
    own = [net for net in named if not is_foreign(net)]
    if not own:
        return
    memo = Memo()
    for source in gather(own):
        if isinstance(source, SpecError):
            yield Findings(filter(choice.takes, source.diagnostics))
        else:
            yield _of_source(source, given, limits, choice, mending, memo)


def _in_memory(
    net: Net | None,
    yaml: str | None,
    given: Options,
    limits: Limits,
    choice: Choice,
    mending: Mending | None,
) -> Findings:
    """The findings in a network that is no file of ours."""
    try:
        if yaml is not None or isinstance(net, Mapping):
            return _of_source(given_source(net, yaml), given, limits, choice, mending, Memo())
        subject = with_options(net, yaml, given)
    except SpecError as error:
        return Findings(filter(choice.takes, error.diagnostics))
    if isinstance(subject.network, ArchitectureFile):
        given = given._replace(input=subject.input, changes=subject.changes)
        return _of_source(subject.network.source, given, limits, choice, mending, Memo())
    network, reopen = subject.network, subject.network.reopen
    limits = _measured(limits, subject.settings)
    of_import = partial(
        imported_findings, input=subject.input, parameters=subject.changes, limits=limits
    )
    if mending is None:
        return Findings(filter(choice.takes, of_import(network)))
    if network.source is None or reopen is None:
        raise UsageError(f"{subject.label} is no text that fixes could be written into")
    # a changed text is read again; its fixes are tried when they are applied
    return _mended(
        network.source, lambda text: of_import(reopen(text), tried=False), choice, mending
    )


def imported_findings(
    network: Imported,
    input: GivenInput | None,
    parameters: Mapping[str, Any] | None,
    limits: Limits,
    tried: bool = True,
) -> tuple[Diagnostic, ...]:
    """All findings in a network of another format, errors first.

    With `tried` the edits of its text were each tried.

    Raises:
        UsageError: it cannot be read for that input.
    """
    source, reopen = network.source, network.reopen
    if source is None or reopen is None:
        try:
            graph = network.graph(parameters, input)
        except SpecError as error:
            return error.diagnostics
        found = check(RuleSubject(graph, None, None, limits, foreign=foreign_of(network)))
        return ordered((*network.reading(input).notes, *found))

    def build(changed: Source) -> tuple[Graph, Foreign]:
        other = network if changed is source else reopen(changed)
        graph = other.graph(parameters, input)
        foreign = foreign_of(other)
        assert foreign is not None, "a reader of a text gives places"
        return graph, foreign

    return lint_foreign(source, build, limits, tried)


def _measured(limits: Limits, settings: Settings) -> Limits:
    """Limits on the costs of a batch in a type."""
    return limits._replace(batch=settings.batch, width=BYTES[settings.dtype])


def _of_source(
    source: Source,
    given: Options,
    limits: Limits,
    choice: Choice,
    mending: Mending | None,
    memo: Memo,
) -> Findings:
    """The findings in an architecture file, which may be mended on the way."""
    limits = _measured(limits, given.settings())
    shape, changes = given.input, given.changes
    if isinstance(shape, Examples):
        shape = shape.shapes()

    def examined(source: Source) -> tuple[Diagnostic, ...]:
        if mending is not None:  # each fix is tried when it is applied
            return findings_of(source, shape, changes, limits, memo)[0]
        return lint(source, shape, changes, limits, memo)

    if mending is None:
        return Findings(filter(choice.takes, examined(source)))
    return _mended(source, examined, choice, mending)


def _mended(
    source: Source,
    examined: Callable[[Source], tuple[Diagnostic, ...]],
    choice: Choice,
    mending: Mending,
) -> Findings:
    """What is left in a file whose fixes were applied, and what they changed."""
    # applying fixes reads and writes files, which other calls do not
    from cnncalc.rules.apply_fixes import mend_source

    if mending.write and not source.written:
        hint = "`--diff` shows the fixes"
        raise UsageError(f"`{source.label}` is no file that could be written", hint)
    mended = mend_source(source, examined, choice.takes, mending.unsafe)
    result = Findings(filter(choice.takes, mended.findings))
    if mended.applied:
        result.applied = ((source.label, mended.applied),)
        result.patch = mended.patch(source.label)
        if mending.write:
            write_file(source.label, mended.text)
    return result


def _names(given: str | Iterable[str]) -> frozenset[str]:
    """Names of rules and severities; a text has commas between them.

    Raises:
        UsageError: there is no such rule.
    """
    texts = [given] if isinstance(given, str) else list(given)
    chosen = []
    for name in ",".join(texts).split(","):
        word = name.strip()
        if word in SEVERITIES or word in RULES:
            chosen.append(word)
        elif word:
            hint = did_you_mean(word, RULES)
            raise UsageError(f"there is no rule `{word}`", hint or "`cnncalc rules` lists them")
    return frozenset(chosen)
