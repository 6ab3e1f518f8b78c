"""docs/python.md: the Python interface, from its signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import cnncalc
from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.analysis.report import LayerReport, Totals
from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place
from cnncalc.layers.base import Operations
from cnncalc.sweeping.points import Point
from generated.json_meanings import FIELD, RESULTS, TOTALS
from generated.markdown import code, table

FUNCTIONS = (cnncalc.analyze, cnncalc.validate, cnncalc.sweep)
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
    Point: _of("cnncalc.sweep/1", "points[]."),
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

HEAD = """\
# Python

Made from signatures and docstrings by `scripts/reference_pages.py`. What is named here is in `cnncalc`, or an
attribute of what that gives; all is typed, and values are immutable.

```python
>>> import cnncalc
>>> report = cnncalc.analyze("resnet50", input=(3, 256, 256))
>>> report.totals.params, report.totals.macs
(25557032, 5340348416)
>>> [layer.name for layer in report.layers if layer.params > 2_000_000]
['stage4.bottleneck1.conv_bn2.conv', 'stage4.bottleneck1.conv_bn4.conv', 'stage4.bottleneck2.conv_bn2.conv', 'stage4.bottleneck3.conv_bn2.conv', 'linear']
>>> [finding.rule for finding in cnncalc.validate(yaml="input: [3, 5, 5]\\nlayers: [{conv: [8, 7]}]")]
['kernel-larger-than-input']
```
"""


def page() -> str:
    """The page."""
    lines = [HEAD, "## Functions", ""]
    for function in FUNCTIONS:
        lines += _function(function)
    lines += ["## Report", "", *_told(cnncalc.Report.__doc__), ""]
    lines += table(("attribute", "meaning", "type"), _attributes(cnncalc.Report))
    lines.append("")
    lines += table(("method", "gives"), _methods(cnncalc.Report))
    lines += ["", "## Values", ""]
    for kind in VALUES:
        lines += [f"### {kind.__name__}", "", *_told(kind.__doc__), ""]
        lines += [*table(("attribute", "meaning", "type"), _attributes(kind)), ""]
    lines += ["## Errors", ""]
    lines += table(
        ("error", "meaning"), [(code(e.__name__), _paragraph(e.__doc__)) for e in ERRORS]
    )
    return "\n".join(lines).rstrip() + "\n"


def _function(function: Callable[..., Any]) -> list[str]:
    doc = inspect.cleandoc(function.__doc__ or "")
    told, arguments, rest = doc.partition("Args:\n")
    lines = [f"### `{function.__name__}`", "", "```python", _signature(function), "```", ""]
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
            star = True
        default = "" if argument.default is argument.empty else f" = {argument.default!r}"
        lines.append(f"    {argument.name}: {argument.annotation}{default},")
    return "\n".join([*lines, f") -> {signature.return_annotation}"])


def _attributes(kind: type) -> list[tuple[str, str, str]]:
    """Fields and properties, each with its description and type.

    Raises:
        KeyError: one of them is not described.
    """
    found = {}
    comments = {**MEANINGS.get(kind, {}), **_comments(kind)}
    for name, annotation in _fields(kind):
        found[name] = (code(name), comments[name], code(annotation))
    for base in reversed(kind.__mro__):
        for name, value in vars(base).items():
            function = getattr(value, "fget", None) or getattr(value, "func", None)
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            hints = inspect.get_annotations(function)
            found[name] = (code(name), _paragraph(value.__doc__), code(str(hints["return"])))
    return list(found.values())


def _fields(kind: type) -> Iterator[tuple[str, str]]:
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("cnncalc"):
            for name, annotation in inspect.get_annotations(base).items():
                if not name.startswith("_"):
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
                found[name] = (code(f"{name}({call})"), _paragraph(value.__doc__))
    return list(found.values())


def _told(doc: str | None) -> list[str]:
    return inspect.cleandoc(doc or "").splitlines()


def _paragraph(doc: str | None) -> str:
    """A docstring's text before its sections, in one line."""
    return " ".join(re.split(r"\n\n(?:Args|Raises):", inspect.cleandoc(doc or ""))[0].split())
