"""docs/python.md: the Python interface, from its signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cnncalc
from cnncalc import api
from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.analysis.report import LayerReport, Totals
from cnncalc.api.axes import (
    AxisChain,
    AxisCheck,
    AxisSettings,
    AxisSolutions,
    TransposedAxisCheck,
)
from cnncalc.api.comparing import Comparison, Difference
from cnncalc.api.converting import Conversion
from cnncalc.api.counters import Reconciliation
from cnncalc.api.footprints import Memory, MemoryByBatch
from cnncalc.api.layer_arithmetic import Explanation, NetworkStory
from cnncalc.api.network import Network
from cnncalc.api.reference import LayerReference, RuleReference, Zoo
from cnncalc.api.reports import Report
from cnncalc.api.result import Result
from cnncalc.api.sweeps import Sweep
from cnncalc.api.validation import Findings
from cnncalc.api.verifying import Verified
from cnncalc.cli import COMMANDS
from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place
from cnncalc.layers.base import Operations
from cnncalc.sweeping.points import Point
from generated.json_meanings import FIELD, RESULTS, TOTALS
from generated.markdown import code, table

FUNCTIONS = tuple([getattr(api, name) for name in ("load", *COMMANDS) if name in api.HOMES])
RESULT_TYPES = (
    Report, Network, Findings, Verified, Memory, MemoryByBatch, Explanation, NetworkStory,
    Comparison, Difference, Sweep, Reconciliation, Conversion, AxisCheck,
    TransposedAxisCheck, AxisSettings, AxisSolutions, AxisChain,
    Zoo, RuleReference, LayerReference,
)  # fmt: skip
"""What the functions give."""
VALUES = (LayerReport, Totals, Operations, ReceptiveField, Diagnostic, Place, Fix, Edit, Point)
ERRORS = (cnncalc.UsageError, cnncalc.SpecError)


def _of(schema: str, prefix: str) -> dict[str, str]:
    """What the JSON page says of the same things."""
    (result,) = [result for result in RESULTS if result.schema == schema]
    return {
        key.removeprefix(prefix): told
        for key, told in result.keys.items()
        if key.startswith(prefix)
    }


MEANINGS: dict[type, dict[str, str]] = {
    Totals: TOTALS,
    Operations: {key.removeprefix("operations."): told for key, told in TOTALS.items()},
    ReceptiveField: {key.removeprefix("."): told for key, told in FIELD.items()},
    Point: {
        **_of("cnncalc.sweep/1", "points[]."),
        "measured": "figures of one's own, by their columns",
    },
    Diagnostic: {
        **_of("cnncalc.diagnostics/1", "diagnostics[]."),
        "place": "where, in a file",
        "excerpt": "the source line of the place",
    },
    Fix: _of("cnncalc.diagnostics/1", "diagnostics[].fixes[]."),
    Edit: {
        **_of("cnncalc.diagnostics/1", "diagnostics[].fixes[].edits[]."),
        "place": "what is replaced",
    },
    Place: _of("cnncalc.diagnostics/1", "diagnostics[]."),
}
"""What fields are, where their class does not say it itself."""

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "python.md"
REFERENCE = "\n## Reference\n"
"""What stands in front of it is the guide, which is written by hand."""

HEAD = """
Made from signatures and docstrings by `scripts/reference_pages.py`. What is named here is in `cnncalc`, or an
attribute of what that gives; all is typed, and values are immutable. Messages name options as the command line
writes them: `--max-macs` is `max_macs` here.
"""


def page() -> str:
    """The page: the guide as it stands, then the reference."""
    guide = PAGE.read_text(encoding="utf-8").partition(REFERENCE)[0]
    lines = [guide + REFERENCE + HEAD, "### Functions", ""]
    for function in FUNCTIONS:
        lines += _function(function)
    lines += ["### Results", "", *_told(Result.__doc__), ""]
    for kind in (Result, *RESULT_TYPES):
        lines += _result(kind)
    lines += ["### Values", ""]
    for kind in VALUES:
        lines += [f"#### {kind.__name__}", "", *_told(kind.__doc__), ""]
        lines += [*table(("attribute", "meaning", "type"), _attributes(kind)), ""]
    lines += ["### Errors", ""]
    lines += table(
        ("error", "meaning"), [(code(e.__name__), _paragraph(e.__doc__)) for e in ERRORS]
    )
    return "\n".join(lines).rstrip() + "\n"


def _result(kind: type) -> list[str]:
    """A class of results: what it has beside what all of them have."""
    lines = [] if kind is Result else [f"#### {kind.__name__}", "", *_told(kind.__doc__), ""]
    common = () if kind is Result else (_attributes(Result), _methods(Result))
    known = {row[0] for rows in common for row in rows}
    attributes = [row for row in _attributes(kind) if row[0] not in known]
    methods = [row for row in _methods(kind) if row[0] not in known]
    if attributes:
        lines += [*table(("attribute", "meaning", "type"), attributes), ""]
    if methods:
        lines += [*table(("method", "gives"), methods), ""]
    return lines


def _function(function: Callable[..., Any]) -> list[str]:
    doc = inspect.cleandoc(function.__doc__ or "")
    told, arguments, rest = doc.partition("Args:\n")
    lines = [f"#### `{function.__name__}`", "", "```python", _signature(function), "```", ""]
    lines += [*told.strip().splitlines(), ""]
    if arguments:
        block, _, after = rest.partition("\n\n")
        lines += [*table(("argument", "meaning"), _entries(block)), ""]
        lines += _after(after)
    return lines


def _after(text: str) -> list[str]:
    """What stands behind the arguments: paragraphs, and the errors."""
    paragraphs, _, errors = text.partition("Raises:\n")
    lines = [*paragraphs.strip().splitlines(), ""] if paragraphs.strip() else []
    if errors:
        lines += [*table(("raises", "where"), _entries(errors)), ""]
    return lines


def _entries(block: str) -> list[tuple[str, str]]:
    """`name: text` entries of a docstring's section, continued lines joined."""
    entries = re.findall(r"^ {4}(\w[\w, ]*): (.*(?:\n {6,}.*)*)", block, re.MULTILINE)
    return [(code(name), " ".join(told.split())) for name, told in entries]


def _signature(function: Callable[..., Any]) -> str:
    """A function's call, an argument a line."""
    signature = inspect.signature(function)
    lines = [f"cnncalc.{function.__name__}("]
    star = False
    for argument in signature.parameters.values():
        if argument.kind is argument.KEYWORD_ONLY and not star:
            lines.append("    *,")
        several = argument.kind is argument.VAR_POSITIONAL
        star = star or several or argument.kind is argument.KEYWORD_ONLY
        default = "" if argument.default is argument.empty else f" = {argument.default!r}"
        lines.append(f"    {'*' * several}{argument.name}: {argument.annotation}{default},")
    return "\n".join([*lines, f") -> {signature.return_annotation}"])


def _attributes(kind: type) -> list[tuple[str, str, str]]:
    """Fields and properties, each with its description and type.

    Raises:
        KeyError: one of them is not described.
    """
    found = {}
    comments = dict(MEANINGS.get(kind, {}))
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("cnncalc"):
            comments |= _comments(base)
    for name, annotation in _fields(kind):
        found[name] = (code(name), comments[name], code(annotation))
    for base in reversed(kind.__mro__):
        for name, value in vars(base).items():
            function = getattr(value, "fget", None) or getattr(value, "func", None)
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            hints = inspect.get_annotations(function)
            doc = value.__doc__ or _inherited(kind, name)
            found[name] = (code(name), _paragraph(doc), code(str(hints["return"])))
    return list(found.values())


def _fields(kind: type) -> Iterator[tuple[str, str]]:
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("cnncalc"):
            for name, annotation in inspect.get_annotations(base).items():
                if not name.startswith("_") and not name.isupper():
                    yield name, str(getattr(annotation, "__forward_arg__", annotation))


def _comments(kind: type) -> dict[str, str]:
    """Texts below the fields of a class."""
    found = re.findall(r'^    (\w+): [^\n]*\n    """(.*?)"""', inspect.getsource(kind), re.M | re.S)
    return {name: " ".join(told.split()) for name, told in found}


def _methods(kind: type) -> list[tuple[str, str]]:
    found = {}
    for base in reversed(kind.__mro__):
        for name, value in vars(base).items():
            if inspect.isfunction(value) and not name.startswith("_"):
                call = ", ".join(list(inspect.signature(value).parameters)[1:])
                doc = value.__doc__ or _inherited(kind, name)
                found[name] = (code(f"{name}({call})"), _paragraph(doc))
    return list(found.values())


def _inherited(kind: type, name: str) -> str | None:
    """The docstring of a member that another one replaces."""
    found = [vars(base)[name].__doc__ for base in kind.__mro__ if name in vars(base)]
    return next((doc for doc in found if doc), None)


def _told(doc: str | None) -> list[str]:
    return inspect.cleandoc(doc or "").splitlines()


def _paragraph(doc: str | None) -> str:
    """A docstring's text before its sections, in one line."""
    return " ".join(re.split(r"\n\n(?:Args|Raises):", inspect.cleandoc(doc or ""))[0].split())
