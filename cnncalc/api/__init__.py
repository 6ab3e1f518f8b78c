"""The front door: `load`, `Network`, and a function for every command.

A function takes every option of its command as a keyword of the same name (`-` becomes `_`), and
gives a `Result`, which prints as the command does. What a name needs is imported when the name is
asked for: the start of a command is measured.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.api.axes import check
    from cnncalc.api.comparing import compare, diff
    from cnncalc.api.converting import convert
    from cnncalc.api.counters import reconcile
    from cnncalc.api.deploying import deploy
    from cnncalc.api.exporting import export
    from cnncalc.api.footprints import memory
    from cnncalc.api.layer_arithmetic import explain
    from cnncalc.api.network import Network, load
    from cnncalc.api.reference import layers, rules, schema, zoo
    from cnncalc.api.reports import Report, analyze, report
    from cnncalc.api.result import Result
    from cnncalc.api.sweeps import sweep
    from cnncalc.api.validation import validate
    from cnncalc.api.verifying import verify
    from cnncalc.diagnostics import SpecError, UsageError

HOMES = {
    "analyze": "cnncalc.api.reports",
    "check": "cnncalc.api.axes",
    "compare": "cnncalc.api.comparing",
    "convert": "cnncalc.api.converting",
    "deploy": "cnncalc.api.deploying",
    "diff": "cnncalc.api.comparing",
    "explain": "cnncalc.api.layer_arithmetic",
    "export": "cnncalc.api.exporting",
    "layers": "cnncalc.api.reference",
    "load": "cnncalc.api.network",
    "memory": "cnncalc.api.footprints",
    "reconcile": "cnncalc.api.counters",
    "rules": "cnncalc.api.reference",
    "schema": "cnncalc.api.reference",
    "sweep": "cnncalc.api.sweeps",
    "validate": "cnncalc.api.validation",
    "verify": "cnncalc.api.verifying",
    "zoo": "cnncalc.api.reference",
    "Network": "cnncalc.api.network",
    "Report": "cnncalc.api.reports",
    "Result": "cnncalc.api.result",
    "SpecError": "cnncalc.diagnostics",
    "UsageError": "cnncalc.diagnostics",
    "report": "cnncalc.api.reports",
}
"""The module of every name."""

__all__ = [
    "Network", "Report", "Result", "SpecError", "UsageError", "analyze", "check", "compare",
    "convert", "deploy", "diff", "explain", "export", "layers", "load", "memory", "reconcile",
    "report", "rules", "schema", "sweep", "validate", "verify", "zoo",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
