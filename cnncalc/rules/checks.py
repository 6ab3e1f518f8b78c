"""The rules that look at a network, and the check of a network against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Graph
from cnncalc.rules.base import Rule, RuleContext
from cnncalc.rules.chains import BiasBeforeNorm, NoNonlinearity
from cnncalc.rules.dilation import DilationGridding
from cnncalc.rules.economy import AggressivePooling, DominantLayer, LargeKernel
from cnncalc.rules.files import BudgetExceeded, ExpectationMissed, UnusedParameter
from cnncalc.rules.merging import MergeOfOneBranch, MisalignedMerge, UnusedLayer
from cnncalc.rules.padding import UnevenPadding, WindowInPadding
from cnncalc.rules.receptive import InputNotDivisible, ReceptiveFieldTooSmall, UnproductiveLayer
from cnncalc.rules.tiling import StrideDoesNotTile, StrideSkipsInput
from cnncalc.rules.unknown import UnknownOperator
from cnncalc.rules.upsampling import Checkerboard, SizeNotRestored
from cnncalc.rules.writing import BatchInInput, ChannelsLastInput, MovingChannels
from cnncalc.unknown import UnknownValueError

if TYPE_CHECKING:
    from cnncalc.rules.fix_testing import FixTester

CHECKS: tuple[Rule, ...] = (
    StrideDoesNotTile(),
    StrideSkipsInput(),
    UnevenPadding(),
    WindowInPadding(),
    Checkerboard(),
    SizeNotRestored(),
    MisalignedMerge(),
    BiasBeforeNorm(),
    NoNonlinearity(),
    DilationGridding(),
    UnusedLayer(),
    MergeOfOneBranch(),
    DominantLayer(),
    LargeKernel(),
    AggressivePooling(),
    ReceptiveFieldTooSmall(),
    UnproductiveLayer(),
    InputNotDivisible(),
    BatchInInput(),
    ChannelsLastInput(),
    MovingChannels(),
    BudgetExceeded(),
    ExpectationMissed(),
    UnusedParameter(),
    UnknownOperator(),
)

SEVERITIES = ("error", "warning", "note")


def check(subject: RuleContext) -> tuple[Diagnostic, ...]:
    """Return what the rules find in a network, in file order; one finding for all uses of a layer.

    Repairs are offered where the context wants them, each tried against all rules.
    """

    def of_changed(graph: Graph) -> Iterator[Diagnostic]:
        changed = RuleContext(graph, None, limits=subject.limits, offers=False)
        return (finding for rule in CHECKS for finding in rule.check(changed))

    def tester() -> FixTester:
        from cnncalc.rules.fix_testing import FixTester  # few networks have a repair to be tried

        return FixTester(subject.graph, of_changed)

    subject.tester = tester
    return ordered(finding for rule in CHECKS for finding in _decided(rule.check(subject)))


def _decided(findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings of a rule, up to where its answer depends on what is unknown."""
    try:
        yield from findings
    except UnknownValueError:
        return


def ordered(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings by severity, then by place; those of one rule about one written layer are one."""
    merged: dict[tuple[object, ...], Diagnostic] = {}
    for finding in findings:
        # uses of one written layer may differ in their numbers; what is of no layer is told whole
        alike = finding.place is not None and finding.layer is not None
        key = (finding.rule, finding.place, "" if alike else finding.message)
        known = merged.get(key)
        if known is None:
            merged[key] = finding
        else:
            merged[key] = known._replace(times=known.times + finding.times)
    return tuple(
        sorted(
            merged.values(),
            key=lambda d: (SEVERITIES.index(d.severity), d.place or ("", 0, 0), d.rule),
        )
    )
