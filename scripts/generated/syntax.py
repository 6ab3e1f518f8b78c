"""docs/syntax.md: keys, functions, words and limits of the architecture language."""

from __future__ import annotations

import inspect

from cnncalc.analysis.report import BYTES
from cnncalc.language.elaboration import walk
from cnncalc.language.expressions import expression, operations
from cnncalc.language.forms import counting, document, inputs, values
from cnncalc.language.forms.budget import COSTS, TOTALS
from cnncalc.language.forms.form import COMMON_KEYS
from cnncalc.language.schema import COMMON
from cnncalc.language.text import source
from cnncalc.layers import base, options
from generated.markdown import code, table

HEAD = """\
# Syntax

Made from the language's own tables by `scripts/reference_pages.py`. [The architecture language](language.md)
explains it with examples; `cnncalc schema` writes it as a JSON Schema for editors.
"""

FUNCTIONS = {
    "min": "the least of its values",
    "max": "the greatest of its values",
    "abs": "the value without its sign",
    "ceil": "rounded up to a whole number",
    "floor": "rounded down to a whole number",
    "round": "rounded to the nearest whole number, halves to the even one",
    "make_divisible": "the nearest multiple of the second value, at least it, and no more than "
    "10% below the first: MobileNet's rule for widths",
}


def page() -> str:
    """The page."""
    parts = [
        HEAD,
        "## Keys of a file\n",
        *table(("key", "meaning"), _described(document.KEYS)),
        "\n## Keys of a layer\n",
        "Beside a layer's kind, or a block's name, may stand:\n",
        *table(
            ("key", "meaning"), _described({key: COMMON[key]["description"] for key in COMMON_KEYS})
        ),
        "\n## Budgets and expectations\n",
        "`budget:` states the most that the network may cost; K, M, G and T are units of 1000, KiB, MiB "
        "and GiB of 1024.\n",
        *table(("key of `budget`", "at most"), _described(COSTS)),
        "",
        *table(("key of `expect`", "exactly"), _described(TOTALS)),
        "\n## Expressions\n",
        "```text",
        _grammar(),
        "```\n",
        "Arithmetic on a list works on each of its items. Whole numbers stay whole but for `/`.\n",
        *table(("function", "takes", "gives"), _functions()),
        "",
        *table(("word", "meaning"), _words()),
        "\n## Types\n",
        *table(("`--dtype`", "bytes a value"), [(code(t), str(n)) for t, n in BYTES.items()]),
        "\n## Limits\n",
        "What lies beyond is refused with [`limit-exceeded`](rules.md#limit-exceeded).\n",
        *table(("limit", "of"), _limits()),
    ]
    return "\n".join(parts) + "\n"


def _described(entries: dict[str, str]) -> list[tuple[str, str]]:
    return [(code(key), told) for key, told in entries.items()]


def _grammar() -> str:
    return inspect.cleandoc((expression.__doc__ or "").split("\n\n")[1])


def _functions() -> list[tuple[str, str, str]]:
    found = []
    for name, (_, least, most) in operations.FUNCTIONS.items():
        takes = str(least) if least == most else f"{least} or more"
        found.append((code(name), takes, FUNCTIONS[name]))
    return found


def _words() -> list[tuple[str, str]]:
    moving, entering = expression.CHANNELS
    return [
        (code(moving), "channels that reach the layer at hand"),
        (code(entering), "channels that reached the block around it"),
        (", ".join(map(code, sorted(expression.RESERVED))), "operators and truth values"),
        (
            ", ".join(map(code, sorted(expression.YAML_TRUTH))),
            "read differently by YAML's versions: refused as names",
        ),
    ]


def _limits() -> list[tuple[str, str]]:
    return [
        (f"{source.BYTE_LIMIT // 2**20} MiB", "a file"),
        (f"{source.NODE_LIMIT:,}", "values in a file"),
        (f"{source.DEPTH_LIMIT}", "levels of nesting in a file"),
        (f"{counting.DEPTH_LIMIT}", "levels of nesting with the blocks around"),
        (f"{walk.LAYER_LIMIT:,}", "layers"),
        (f"{values.REPEAT_LIMIT:,}", "`repeat`"),
        (f"{inputs.INPUT_LIMIT}", "inputs"),
        (f"{document.EXTENDS_LIMIT}", "files that extend one another"),
        (f"{expression.TEXT_LIMIT}", "characters of an expression"),
        (f"{operations.EXPONENT_LIMIT}", "an exponent"),
        (f"{values.NAME_LIMIT}", "characters of a name"),
        (f"{options.INTEGER_LIMIT:,}", "a whole number"),
        (f"{base.SIZE_LIMIT:,}", "values of an array"),
    ]
