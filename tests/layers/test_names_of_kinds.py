"""What kinds have in common is said by the kinds: no other room lists them by name.

Some tables may: that of the kernels, those of other tools' names, those of the networks and
counters of other tools (`exchange/`, `analysis/counting/`), and that of what a converter makes of
each kind (`deployment/kinds/`), which are about their kinds; and what people call structures of
them (`outline/naming.py`): words, and no more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import cnncalc
from cnncalc.layers import KINDS
from cnncalc.layers.base import Role

ROOT = Path(cnncalc.__file__).parent
NAMES = frozenset(KINDS) - frozenset(get_args(Role))
"""Some kinds have the name of the role that their array has."""

FAMILIES = {kind.family for kind in KINDS.values()} - frozenset(KINDS)
"""Those that have no kind of their name."""

TABLES = (
    "layers/",
    "exchange/",
    "analysis/counting/",
    "analysis/outline/naming.py",
    "numerics/kernels/",
    "language/forms/aliases.py",
    "language/forms/foreign.py",
    "deployment/kinds/",
)
MODULES = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(TABLES)
]


def listed(tree: ast.AST) -> Iterator[tuple[int, list[str]]]:
    """Literals that list kinds, and comparisons with the name of one."""
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                least = 2
            case ast.Dict(keys=keys):
                items, least = [key for key in keys if key is not None], 2
            case ast.Compare(left=left, comparators=others):
                items, least = [left, *others], 1
            case ast.Call(func=ast.Attribute(attr="startswith" | "endswith", value=value)):
                if isinstance(value, ast.Attribute) and ast.unparse(value).endswith("kind.name"):
                    yield node.lineno, [ast.unparse(node)]
                continue
            case _:
                continue
        names = [
            item.value for item in items if isinstance(item, ast.Constant) and item.value in NAMES
        ]
        if any(isinstance(one, ast.Constant) and one.value in FAMILIES for one in items):
            continue  # a list of families
        if len(names) >= least:
            yield items[0].lineno, names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_list_of_kinds(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [f"line {line}: {', '.join(names)}" for line, names in listed(tree)]
    assert found == [], "let the kinds say it: a fact, a trait, a base class"


def test_lists_are_found() -> None:
    source = (
        "A = ('conv', 'linear')\nB = kind.name == 'relu'\nC = node.kind.name.endswith('pool')\n"
    )
    assert [line for line, _ in listed(ast.parse(source))] == [1, 2, 3]
    assert not list(listed(ast.parse("A = ('conv', 'stride')")))
