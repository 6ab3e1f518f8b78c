"""Console blocks: lines that begin with `$ ` are commands, all others what these print."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Generic, Name, Number, String, Text
from sphinx.application import Sphinx


class SessionLexer(RegexLexer):
    """Pygments' own takes an output that begins with a bracket for a prompt."""

    name = "cnncalc session"
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"^(\$ )(\w+)", bygroups(Generic.Prompt, Name.Builtin), "command"),
            (r"[^\n]*\n", Generic.Output),
        ],
        "command": [
            (r"\n", Text, "#pop"),
            (r'"[^"\n]*"', String),
            (r"--?[a-z][\w-]*", Name.Attribute),
            (r"\b\d[\w.:,x]*", Number),
            (r"[^\s]+|[ ]+", Text),
        ],
    }


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_lexer("console", SessionLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
