"""What files of Python code begin with, and the parameters of their functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import wrap

from cnncalc.analysis.outline.terms import Term, is_constant
from cnncalc.analysis.outline.types import BlockParameter
from cnncalc.exchange.writing.python.code import WIDTH, variable
from cnncalc.exchange.writing.python.parameters import Parameters
from cnncalc.graph import Graph


def heading(graph: Graph, body: str) -> list[str]:
    """The docstring, and what the body imports of Python itself."""
    name, source = (_harmless(one).rstrip(".") for one in (graph.name, graph.source or ""))
    about = f'"""{name}: {source}."""' if source else f'"""{name}."""'
    lines = [*wrap(about, WIDTH, break_on_hyphens=False, break_long_words=False), ""]
    if re.search(r"\bmath\.", body):
        lines += ["import math", ""]
    return lines


def _harmless(text: str) -> str:
    """A text that may stand in a docstring."""
    text = "".join(c if c.isprintable() and c not in '"\\' else "'" for c in text)
    return text.encode("ascii", "replace").decode()


def parameter(own: Parameters, one: BlockParameter, written: Callable[[Term], str]) -> str:
    """A parameter of a block with its annotation and default, which `written` puts in words."""
    name, annotation, default = one.name, "int", one.default
    if name in own.tuples:
        annotation = f"tuple[{', '.join(['int'] * own.tuples[name])}]"
        if type(default) is int:
            default = (default,) * own.tuples[name]
    elif name in own.flags:
        annotation = "bool"
        if is_constant(default) and default is not None:
            default = bool(default)
    elif name in own.floats:
        annotation = "float"
    found = f"{variable(name)}: {annotation}"
    return found if default is None else f"{found} = {written(default)}"
