"""The package changes nothing that is not its own: no module of others, no class of others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cnncalc"
MODULES = sorted(PACKAGE.rglob("*.py"))
CHANGING = {"setdefault", "update", "pop", "popitem", "clear", "__setitem__", "__delitem__"}


def offences(text: str) -> list[str]:
    """Return the lines of a module that change another module or ask for the caller."""
    tree = ast.parse(text)
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return [
        f"{node.lineno}: {ast.unparse(node)}" for node in ast.walk(tree) if _is_one(node, imported)
    ]


def _is_one(node: ast.AST, imported: set[str]) -> bool:
    match node:
        case ast.Attribute(attr="_getframe"):
            return True
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
            return any(_is_others(target, imported) for target in _targets(node))
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[ast.Name(id=name), *_]):
            return name in imported
        case ast.Call(func=ast.Attribute(value=changed, attr=method)) if method in CHANGING:
            text = ast.unparse(changed)
            return text in ("sys.modules", "modules") or (
                text.endswith(".__dict__") and text.partition(".")[0] in imported
            )
    return False


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            for target in targets:
                yield from target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            yield target


def _is_others(target: ast.expr, imported: set[str]) -> bool:
    while isinstance(target, ast.Subscript):
        target = target.value
    if not isinstance(target, ast.Attribute):
        return False  # a registry of ours, by its name
    if ast.unparse(target) in ("os.environ", "sys.modules[__name__].__class__"):
        # the process's environment, which is for all; a module's own class, as Python documents it
        return False
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return isinstance(target, ast.Name) and target.id in imported


@pytest.mark.parametrize("path", MODULES, ids=[str(one.relative_to(PACKAGE)) for one in MODULES])
def test_nothing_of_others_is_changed(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8")) == []


OFFENCES = [
    "import re\nre.compile = late",
    "import sys\nsys.modules['re'] = late",
    "import sys\nsys.modules.setdefault('re', late)",
    "import sys\ndel sys.modules['re']",
    "from sys import modules\nmodules.pop('re')",
    "import sys\nsys._getframe(1)",
    "from click import Option\nOption.help = None",
    "import click\nclick.Option.help, b = None, 1",
    "import click\nsetattr(click, 'Option', None)",
    "import click\nclick.__dict__.update(Option=None)",
    "def late():\n    import re\n    re.DEBUG |= 1",
]


@pytest.mark.parametrize("text", OFFENCES)
def test_each_way_is_seen(text: str) -> None:
    assert len(offences(text)) == 1
