"""Bad files: the right rule, line and column, no traceback, no long wait, no great memory.

A row is a file's text and the finding that says what is wrong (a slip can cause another one).
The small ones stand here; those in `tests/bad/` are kept as files because an editor would mend
their bytes; the large ones are generated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from support import Outcome

BAD = Path(__file__).resolve().parents[1] / "bad"

Run = Callable[..., Outcome]
Write = Callable[..., Path]


class Bad(NamedTuple):
    """A bad file and what is found in it."""

    case: str
    text: str
    rule: str
    line: int
    column: int


def layers(*lines: str) -> str:
    """A file with these lines below `layers:`, which is line 2."""
    return "input: [3, 32, 32]\nlayers:\n" + "".join(f"  {line}\n" for line in lines)


def option(value: str, kind: str = "conv", before: str = "filters: 8, kernel") -> str:
    """A file whose line 3 has an option's value; for `conv` it begins in column 31."""
    return layers(f"- {kind}: {{{before}: {value}}}")


BROKEN = [
    Bad("an open bracket", "input: [3, 32\nlayers: [relu]\n", "yaml-syntax", 2, 7),
    Bad("an open quote", layers("- relu", '- "tanh'), "yaml-syntax", 5, 1),
    Bad("no colon", "input [3, 32, 32]\nlayers:\n  - relu\n", "yaml-syntax", 2, 7),
    Bad(
        "wrong indentation",
        layers("- conv:", "    filters: 3", "   kernel: 3"),
        "yaml-syntax",
        5,
        6,
    ),
    Bad("a tab as indentation", "input: [3, 8, 8]\nlayers:\n\t- relu\n", "yaml-syntax", 3, 1),
    Bad("two values", "input: [3, 8, 8]\n- relu\n", "yaml-syntax", 2, 1),
    Bad("an unknown alias", layers("- *nothing"), "yaml-syntax", 3, 5),
    Bad("a percent sign", "%\ninput: [3]\n", "yaml-syntax", 1, 2),
    Bad("many documents", "input: [3]\nlayers: [relu]\n---\ninput: [3]\n", "yaml-syntax", 3, 1),
    Bad("empty", "", "missing-option", 1, 1),
    Bad("only comments", "# nothing\n\n# here\n", "missing-option", 1, 1),
    Bad("only a document's start", "---\n", "bad-value", 2, 1),
    Bad("a list", "- conv\n", "bad-value", 1, 1),
    Bad("a word", "conv\n", "bad-value", 1, 1),
    Bad("a number", "42\n", "bad-value", 1, 1),
    Bad("a NUL byte", "input: [3]\nlayers: [re\0lu]\n", "yaml-syntax", 2, 12),
    Bad("a bell", "input: [3]\nlayers: [re\alu]\n", "yaml-syntax", 2, 12),
    Bad("an escape sequence", "name: \x1b[31mred\n", "yaml-syntax", 1, 7),
    Bad("a Python object", "!!python/object/apply:os.system [true]\n", "bad-value", 1, 1),
    Bad("Python as a layer", layers("- !!python/name:os.system relux"), "unknown-layer", 3, 5),
    Bad("a foreign tag on a list", "input: !foo [3, 0, 8]\nlayers: [relu]\n", "bad-value", 1, 17),
]

KEYS = [
    Bad("no input", "layers:\n  - relu\n", "missing-option", 1, 1),
    Bad("no layers", "input: [3, 8, 8]\n", "missing-option", 1, 1),
    Bad("layers empty", "input: [3]\nlayers: []\n", "missing-option", 2, 9),
    Bad("layers nothing", "input: [3]\nlayers:\n", "bad-value", 2, 8),
    Bad("layers a mapping", "input: [3]\nlayers: {relu: }\n", "bad-value", 2, 9),
    Bad("layers a text", "input: [3]\nlayers: relu\n", "bad-value", 2, 9),
    Bad("input a text", "input: 3x8x8\nlayers: [relu]\n", "bad-value", 1, 8),
    Bad("input a mapping of numbers", "input: {c: 3}\nlayers: [relu]\n", "bad-value", 1, 12),
    Bad("input of five axes", "input: [3, 2, 2, 2, 2]\nlayers: [relu]\n", "bad-value", 1, 8),
    Bad("input empty", "input: []\nlayers: [relu]\n", "bad-value", 1, 8),
    Bad("input of zero", "input: [3, 0, 8]\nlayers: [relu]\n", "bad-value", 1, 12),
    Bad("input below zero", "input: [3, 8, -8]\nlayers: [relu]\n", "bad-value", 1, 15),
    Bad("input of 2^40", "input: [3, 1099511627776]\nlayers: [relu]\n", "limit-exceeded", 1, 12),
    Bad("input nested", "input: [[3, 8, 8]]\nlayers: [relu]\n", "bad-value", 1, 9),
    Bad("input fraction", "input: [3, 8.5, 8]\nlayers: [relu]\n", "bad-value", 1, 12),
    Bad("input no number", "input: [3, eight]\nlayers: [relu]\n", "undefined-name", 1, 12),
    Bad("input too large in all", "input: [2147483647, 2147483647, 2147483647]\nlayers: [relu]\n",
        "limit-exceeded", 1, 8),
    Bad("unknown key", "inputs: [3]\nlayers: [relu]\n", "unknown-key", 1, 1),
    Bad("merge key", "input: [3]\n<<: {layers: [relu]}\n", "unknown-key", 2, 1),
    Bad("list as a key", "? [a]\n: 1\n", "unknown-key", 1, 3),
    Bad("key twice", "input: [3]\nlayers: [relu]\ninput: [4]\n", "duplicate-key", 3, 1),
    Bad("parameter twice", "input: [3]\nparameters: {a: 1, a: 2}\nlayers: [relu]\n",
        "duplicate-key", 2, 20),
    Bad("parameters a list", "input: [3]\nparameters: [a]\nlayers: [relu]\n", "bad-value", 2, 13),
    Bad("parameter without a value", "input: [3]\nparameters: {a: }\nlayers: [relu]\n",
        "bad-value", 2, 17),
    Bad("parameter a mapping", "input: [3]\nparameters: {a: {b: 1}}\nlayers: [relu]\n",
        "bad-value", 2, 17),
    Bad("parameter called channels", "input: [3]\nparameters: {channels: 1}\nlayers: [relu]\n",
        "duplicate-name", 2, 14),
    Bad("parameter no name", "input: [3]\nparameters: {2a: 1}\nlayers: [relu]\n", "bad-value", 2,
        14),
    Bad("parameter of a later one", "input: [3]\nparameters: {a: b, b: 1}\nlayers: [relu]\n",
        "undefined-name", 2, 17),
    Bad("blocks a list", "input: [3]\nblocks: [a]\nlayers: [relu]\n", "bad-value", 2, 9),
    Bad("block twice", "input: [3]\nblocks:\n  a: [relu]\n  a(x): [tanh]\nlayers: [a]\n",
        "duplicate-name", 4, 3),
    Bad("block named as a kind", "input: [3]\nblocks: {conv: [relu]}\nlayers: [relu]\n",
        "duplicate-name", 2, 10),
    Bad("block header", "input: [3]\nblocks:\n  a(x: [relu]\nlayers: [relu]\n",
        "bad-expression", 3, 5),
    Bad("block parameter twice", "input: [3]\nblocks:\n  a(x, x): [relu]\nlayers: [relu]\n",
        "bad-expression", 3, 8),
    Bad("block default missing", "input: [3]\nblocks:\n  a(x=1, y): [relu]\nlayers: [relu]\n",
        "bad-expression", 3, 10),
    Bad("block body a word", "input: [3]\nblocks: {a: relu}\nlayers: [a]\n", "bad-value", 2, 13),
    Bad("name a list", "name: [a]\ninput: [3]\nlayers: [relu]\n", "bad-value", 1, 7),
    Bad("extends nothing", "extends: no_such_network\n", "undefined-name", 1, 10),
    Bad("extends nearly", "extends: resnet5O\n", "undefined-name", 1, 10),
    Bad("extends a list", "extends: [vgg16]\n", "bad-value", 1, 10),
    Bad("extends a path outside", "extends: /etc\n", "undefined-name", 1, 10),
]  # fmt: skip

LAYERS = [
    Bad("no layer left", layers("- {relu: , if: false}"), "missing-option", 2, 1),
    Bad("two options missing", layers("- conv:"), "missing-option", 3, 5),
    Bad("a bare kind with keys", layers("- relu\n    name: x"), "yaml-syntax", 4, 9),
    Bad("another mode", layers("- upsample: {scale: 2, mode: cubic}"), "bad-value", 3, 32),
    Bad("a parameter called no", "input: [3]\nparameters: {no: 1}\nlayers: [relu]\n",
        "bad-value", 2, 14),
    Bad("unknown kind", layers("- convv: {filters: 8, kernel: 3}"), "unknown-layer", 3, 5),
    Bad("unknown kind, bare", layers("- rlu"), "unknown-layer", 3, 5),
    Bad("another framework's kind", layers("- Conv2d: [8, 3]"), "unknown-layer", 3, 5),
    Bad("no layer", layers("-", "- relu"), "unknown-layer", 3, 4),
    Bad("null", layers("- null"), "unknown-layer", 3, 5),
    Bad("a number as a layer", layers("- 3"), "unknown-layer", 3, 5),
    Bad("a list as a layer", layers("- [relu]"), "bad-value", 3, 5),
    Bad("nested lists", layers("- - - relu"), "bad-value", 3, 5),
    Bad("an empty mapping", layers("- {}"), "missing-option", 3, 5),
    Bad("no kind", layers("- {name: a}"), "missing-option", 3, 5),
    Bad("two kinds", layers("- {relu: , tanh: }"), "unknown-key", 3, 14),
    Bad("unknown option", layers("- conv: {filters: 8, kernel: 3, strid: 2}"), "unknown-key", 3,
        35),
    Bad("option outside", layers("- conv: {filters: 8, kernel: 3}", "  stride: 2"), "unknown-key",
        4, 5),
    Bad("common key inside", layers("- conv: {filters: 8, kernel: 3, name: a}"), "unknown-key", 3,
        35),
    Bad("option twice", layers("- conv: {filters: 8, kernel: 3, kernel: 5}"), "duplicate-key", 3,
        35),
    Bad("kind twice", layers("- {conv: [8, 3], conv: [8, 3]}"), "duplicate-key", 3, 20),
    Bad("name twice", layers("- {relu: , name: a, name: b}"), "duplicate-key", 3, 23),
    Bad("merge key in a layer", layers("- {<<: {name: a}, relu: }"), "unknown-key", 3, 6),
    Bad("a list as a key", layers("- {[a, b]: 1}"), "unknown-key", 3, 6),
    Bad("missing option", layers("- conv: {kernel: 3}"), "missing-option", 3, 5),
    Bad("missing options, bare", layers("- conv"), "missing-option", 3, 5),
    Bad("options of a kind without", layers("- relu: 3"), "bad-value", 3, 11),
    Bad("too many positions", layers("- linear: [1, true, false, 4]"), "bad-value", 3, 30),
    Bad("same name", layers("- {relu: , name: a}", "- {tanh: , name: a}"), "duplicate-name", 4, 20),
    Bad("name with a dot", layers("- {relu: , name: a.b}"), "bad-value", 3, 20),
    Bad("name taken", layers("- {relu: , name: input}"), "bad-value", 3, 20),
    Bad("a layer's name a list", layers("- {relu: , name: [a]}"), "bad-value", 3, 20),
    Bad("name of two lines", layers('- {relu: , name: "a\\nb"}'), "bad-value", 3, 20),
    Bad("name of a million", layers(f"- {{relu: , name: {'a' * 10**6}}}"), "limit-exceeded", 3, 20),
    Bad("kind of a million", layers(f"- {'a' * 10**6}"), "unknown-layer", 3, 5),
    Bad("from nowhere", layers("- {relu: , from: nowhere}"), "undefined-name", 3, 20),
    Bad("from later", layers("- {relu: , from: b}", "- {tanh: , name: b}"), "undefined-name", 3,
        20),
    Bad("from itself", layers("- {relu: , from: a, name: a}"), "undefined-name", 3, 20),
    Bad("from a list", layers("- {relu: , from: [input]}"), "bad-value", 3, 20),
    Bad("share of another kind", layers("- {conv: [3, 3], name: a}", "- {conv_transpose: [3, 3], "
        "share: a}"), "bad-value", 4, 37),
    Bad("share of other sizes", layers("- {conv: [8, 3], name: a}", "- {conv: [8, 3], share: a}"),
        "shape-mismatch", 4, 27),
    Bad("share of nothing", layers("- {conv: [8, 3], share: a}"), "undefined-name", 3, 27),
    Bad("nothing to share", layers("- {relu: , name: a}", "- {relu: , share: a}"), "bad-value", 4,
        6),
    Bad("repeat below zero", layers("- {relu: , repeat: -1}"), "bad-value", 3, 22),
    Bad("repeat a half", layers("- {relu: , repeat: 0.5}"), "bad-value", 3, 22),
    Bad("repeat a word", layers("- {relu: , repeat: often}"), "undefined-name", 3, 22),
    Bad("repeat true", layers("- {relu: , repeat: true}"), "bad-value", 3, 22),
    Bad("repeat a list", layers("- {relu: , repeat: [2]}"), "bad-value", 3, 22),
    Bad("if a list", layers("- {relu: , if: [1]}"), "bad-value", 3, 18),
    Bad("if maybe", layers("- {relu: , if: maybe}"), "undefined-name", 3, 18),
    Bad("if no", layers("- {relu: , if: no}"), "bad-value", 3, 18),
    Bad("if a word in quotes", layers("- {relu: , if: \"'x'\"}"), "bad-value", 3, 18),
    Bad("output nothing", layers("- {relu: , output: }"), "bad-value", 3, 22),
    Bad("a group with a name", layers("- {layers: [relu], name: a}"), "unknown-key", 3, 5),
    Bad("a group of nothing", layers("- layers: "), "bad-value", 3, 12),
    Bad("branches a word", layers("- add: relu"), "bad-value", 3, 10),
    Bad("branches none", layers("- add: []"), "bad-value", 3, 10),
    Bad("add without branches", layers("- add"), "missing-option", 3, 5),
    Bad("a branch of nobody", layers("- add: [nobody, []]"), "undefined-name", 3, 11),
    Bad("a branch a layer", layers("- add: [{relu: }, []]"), "unknown-key", 3, 12),
    Bad("a branch's key twice", layers("- add: [{layers: [], layers: []}, []]"), "duplicate-key", 3,
        24),
    Bad("a branch without layers", layers("- add: [{if: 1}, []]"), "missing-option", 3, 11),
    Bad("no branch takes part", layers("- add: [{layers: [], if: 0}]"), "bad-value", 3, 5),
    Bad("branches of unequal channels", layers("- add: [[], [conv: [8, 3, 1, 1]]]"),
        "shape-mismatch", 3, 5),
    Bad("branches of unequal sizes", layers("- concat: [[], [conv: [8, 3]]]"), "shape-mismatch", 3,
        5),
    Bad("branches of unequal rank", layers("- multiply: [[], [flatten]]"), "shape-mismatch", 3, 5),
    Bad("a kernel too large", layers("- conv: {filters: 8, kernel: 33}"),
        "kernel-larger-than-input", 3, 32),
    Bad("a kernel too large, by position", layers("- max_pool: [40, 2]"),
        "kernel-larger-than-input", 3, 16),
    Bad("a kernel too large, alone", layers("- max_pool: 40"), "kernel-larger-than-input", 3, 15),
    Bad("a pool's padding", layers("- max_pool: {kernel: 3, padding: 2}"),
        "padding-exceeds-kernel", 3, 36),
    Bad("groups", layers("- conv: {filters: 8, kernel: 3, groups: 2}"), "groups-do-not-divide", 3,
        43),
    Bad("groups of filters", layers("- conv: {filters: 8, kernel: 3, groups: 3}"),
        "groups-do-not-divide", 3, 43),
    Bad("linear on a map", layers("- linear: 10"), "linear-needs-flatten", 3, 5),
    Bad("a map after flatten", layers("- flatten", "- conv: [8, 3]"), "shape-mismatch", 4, 5),
    Bad("unpool of a convolution", layers("- conv: [3, 3, 1, 1]", "- max_unpool: conv"),
        "bad-value", 4, 17),
    Bad("unpool of another size", layers("- max_pool: 2", "- max_pool: 2",
        "- max_unpool: max_pool1"),
        "shape-mismatch", 5, 17),
    Bad("crop to the larger", layers("- {max_pool: 2, name: a}", "- crop: input"),
        "shape-mismatch", 4, 5),
    Bad("crop without a size", layers("- crop"), "missing-option", 3, 5),
    Bad("slice beyond", layers("- slice: [0, 4]"), "bad-value", 3, 16),
    Bad("select beyond", layers("- select: [0, 3]"), "bad-value", 3, 13),
    Bad("reshape to others", layers("- reshape: [5, 5]"), "shape-mismatch", 3, 14),
    Bad("output padding", layers("- conv_transpose: {filters: 8, kernel: 3, output_padding: 1}"),
        "output-padding-too-large", 3, 61),
    Bad("a block of too few", "input: [3]\nblocks:\n  a(x): [linear: x]\nlayers:\n  - a\n",
        "missing-option", 5, 5),
    Bad("a block of too many", "input: [3]\nblocks:\n  a(x): [linear: x]\nlayers:\n  - a: [1, 2]\n",
        "bad-value", 5, 12),
    Bad("a block's unknown parameter",
        "input: [3]\nblocks:\n  a(x): [linear: x]\nlayers:\n  - a: {y: 2}\n", "unknown-key", 5, 9),
    Bad("a bad value in a block", "input: [3]\nblocks:\n  a(x): [linear: x]\nlayers:\n  - a: 0\n",
        "bad-value", 3, 18),
]  # fmt: skip

VALUES = [
    Bad(f"kernel {value}", option(value), rule, 3, 32 + offset)
    for value, rule, offset in (
        ("no", "bad-value", 0),
        ("yes", "bad-value", 0),
        ("on", "bad-value", 0),
        ("True", "bad-value", 0),
        ("~", "bad-value", 0),
        ("null", "bad-value", 0),
        ("''", "bad-expression", 1),
        ("1e3", "bad-value", 0),
        ("1e400", "bad-value", 0),
        ("0o10", "bad-value", 0),
        ("0x10", "bad-value", 0),
        ("0b11", "bad-value", 0),
        ("010", "bad-value", 0),
        ("1_000", "bad-value", 0),
        ("1,000", "unknown-key", 2),
        ("1:30", "bad-value", 0),
        ("2026-01-01", "bad-value", 0),
        (".nan", "bad-value", 0),
        (".inf", "bad-value", 0),
        ("-.inf", "bad-value", 0),
        ("+.inf", "bad-value", 0),
        (".INF", "bad-value", 0),
        ("nan", "bad-value", 0),
        ("-1", "bad-value", 0),
        ("0", "bad-value", 0),
        ("3.0", "bad-value", 0),
        ("2.5", "bad-value", 0),
        ("true", "bad-value", 0),
        ("[3, 3, 3]", "bad-value", 0),
        ("[]", "bad-value", 0),
        ("[3, 0]", "bad-value", 0),
        ("[[3, 3], 3]", "bad-value", 0),
        ("{a: 3}", "bad-value", 0),
        ("three", "undefined-name", 0),
        ("'3'' + 1'", "bad-expression", 2),
        ("2147483648", "limit-exceeded", 0),
        ("99999999999999999999999", "limit-exceeded", 0),
        ("9**9**9**9", "limit-exceeded", 4),
        ("2**64", "limit-exceeded", 1),
        ("(2**62) * 4", "limit-exceeded", 8),
        ("1 / 0", "bad-expression", 2),
        ("7 // 0", "bad-expression", 2),
        ("7 % 0", "bad-expression", 2),
        ("(-8) ** 0.5", "bad-expression", 5),
        ("3 +", "bad-expression", 2),
        ("(3", "bad-expression", 1),
        ("3 3", "bad-expression", 2),
        ("3 $ 4", "bad-expression", 2),
        ("channels.real", "bad-expression", 8),
        ("__import__('os')", "bad-expression", 0),
        ("lambda: 3", "yaml-syntax", 6),
        ("max()", "bad-expression", 0),
        ("'max(1, true)'", "bad-expression", 1),
        ("'[1, 2] + [1, 2, 3]'", "bad-expression", 8),
        ("nothing + 1", "undefined-name", 0),
        (f"{'1+' * 249}1", "kernel-larger-than-input", 0),
        (f"{'1+' * 251}1", "limit-exceeded", 0),
        (f"{'(' * 41}1{')' * 41}", "limit-exceeded", 40),
        (f"{'-' * 41}1", "limit-exceeded", 39),
    )
]
OTHER_VALUES = [
    Bad("filters no", option("no", before="kernel: 3, filters"), "bad-value", 3, 32),
    Bad("bias 1", option("1", before="filters: 8, kernel: 3, bias"), "bad-value", 3, 41),
    Bad("bias yes", option("yes", before="filters: 8, kernel: 3, bias"), "bad-value", 3, 41),
    Bad("padding sane", option("sane", before="filters: 8, kernel: 3, padding"), "bad-value",
        3,
        44),
    Bad("padding full", option("full", before="filters: 8, kernel: 3, padding"), "bad-value",
        3,
        44),
    Bad("padding -1", option("-1", before="filters: 8, kernel: 3, padding"), "bad-value", 3, 44),
    Bad("padding triple", option("[[1, 1, 1], [1, 1, 1]]", before="filters: 8, kernel: 3, padding"),
        "bad-value", 3, 44),
    Bad("rate", layers("- dropout: 1.5"), "bad-value", 3, 14),
    Bad("rate 2e400", layers("- dropout: 2e400"), "bad-value", 3, 14),
    Bad("mode", layers("- upsample: {scale: 2, mode: bilinaer}"), "bad-value", 3, 32),
    Bad("mode of three axes", layers("- upsample: {scale: 2, mode: trilinear}"), "bad-value", 3,
        32),
    Bad("weights beyond memory", layers("- flatten", "- linear: 2147483647",
        "- linear: 2147483647"),
        "limit-exceeded", 5, 5),
    Bad("an output beyond memory", layers("- conv: [2147483647, 1]", "- upsample: 100000"),
        "limit-exceeded", 4, 5),
    Bad("an upsampling beyond all", layers("- upsample: 2147483647"), "limit-exceeded", 3, 5),
    Bad("a window pattern too long", layers("- conv_transpose: [1, 1, 70000]"), "limit-exceeded", 3,
        5),
    Bad("a score matrix", "input: [1, 100000, 10000]\nlayers:\n  - self_attention\n",
        "limit-exceeded", 3, 5),
]  # fmt: skip

ENDLESS = [
    Bad("10^9 layers", layers("- {relu: , repeat: 1000000000}"), "limit-exceeded", 3, 22),
    Bad("10^9 layers, worked out", layers("- {relu: , repeat: 10 ** channels * 10**6}"),
        "limit-exceeded", 3, 22),
    Bad("10^9 layers, nested",
        layers("- {layers: [layers: [{relu: , repeat: 1000}], repeat: 1000]}").replace(
            "repeat: 1000]}", "repeat: 1000}]}").replace("[layers:", "[{layers:"),
        "limit-exceeded", 2, 1),
    Bad("a block that uses itself", "input: [3]\nblocks: {a: [a]}\nlayers: [a]\n",
        "limit-exceeded", 2, 14),
    Bad("blocks that use each other",
        "input: [3]\nblocks:\n  a: [relu, b]\n  b: [tanh, a]\nlayers: [a]\n",
        "limit-exceeded", 4, 13),
    Bad("a block twice in itself", "input: [3]\nblocks: {a: [a, a]}\nlayers: [a]\n",
        "limit-exceeded", 2, 14),
    Bad("a list that holds itself", "input: [3]\nlayers: &a [*a]\n", "bad-value", 2, 9),
    Bad("a branch that holds itself", "input: [3]\nlayers: &a [add: [*a, *a]]\n",
        "limit-exceeded", 2, 9),
    Bad("a group that holds itself", "input: [3]\nlayers: &a [{layers: *a}]\n",
        "limit-exceeded", 2, 9),
    Bad("a mapping that holds itself", "input: [3]\nlayers: [&a {relu: *a}]\n", "unknown-key", 2,
        14),
    Bad("options that hold themselves", "input: [3]\nlayers: [linear: &a [*a]]\n", "bad-value", 2,
        18),
    Bad("parameters that hold themselves", "input: [3]\nparameters: &a {b: *a}\nlayers: [relu]\n",
        "bad-value", 2, 13),
    Bad("doubling blocks",
        "input: [3]\nblocks:\n  b0: [relu]\n"
        + "".join(f"  b{i + 1}: [b{i}, b{i}]\n" for i in range(40)) + "layers: [b40]\n",
        "limit-exceeded", 44, 1),
    Bad("doubling blocks under conditions",
        "input: [3]\nblocks:\n  b0: [relu]\n"
        + "".join(f"  b{i + 1}: [{{b{i}: , if: 1}}, {{b{i}: , if: 1}}]\n" for i in range(40))
        + "layers: [b40]\n", "limit-exceeded", 44, 1),
    Bad("doubling blocks under conditions worked out",
        "input: [3]\nblocks:\n  b0: [relu]\n"
        + "".join(f"  b{i + 1}: [{{b{i}: , if: channels}}, {{b{i}: , if: channels}}]\n"
                  for i in range(40))
        + "layers: [b40]\n", "limit-exceeded", 3, 8),
    Bad("doubling nothing",
        "input: [3]\nblocks:\n  b0: [{relu: , if: 0}]\n"
        + "".join(f"  b{i + 1}: [{{b{i}: , if: 1}}, {{b{i}: , if: 1}}]\n" for i in range(40))
        + "layers: [b40]\n", "limit-exceeded", 3, 9),
    Bad("nothing, very often",
        layers("- {layers: [{relu: , if: 0}], repeat: channels * 10**8}"), "limit-exceeded", 3, 41),
    Bad("nothing, often and often",
        layers("- layers: [{layers: [{layers: [{relu: , if: 0}], repeat: 1000 * 1}], "
               "repeat: 1000 * 1}]", "  repeat: 1000 * 1"), "limit-exceeded", 3, 80),
    Bad("doubling aliases",
        "input: [3]\nblocks:\n  x0: &x0 [relu]\n"
        + "".join(f"  x{i + 1}: &x{i + 1} [{{layers: *x{i}}}, {{layers: *x{i}}}]\n"
                  for i in range(40))
        + "layers: *x40\n", "limit-exceeded", 44, 1),
    Bad("a billion laughs in branches",
        "input: [3]\nblocks:\n  x0: &x0 [relu]\n"
        + "".join(f"  x{i + 1}: &x{i + 1} [add: [*x{i}, *x{i}]]\n" for i in range(30))
        + "layers: *x30\n", "limit-exceeded", 34, 1),
    Bad("a billion laughs in options",
        "input: [3]\nparameters:\n  x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"  x{i + 1}: &x{i + 1} [{', '.join([f'*x{i}'] * 9)}]\n" for i in range(30))
        + "layers: [relu]\n", "bad-value", 6, 7),
    Bad("many brackets", "layers: " + "[" * 100_000, "limit-exceeded", 1, 209),
    Bad("many brackets, closed", "layers: " + "[" * 100_000 + "]" * 100_000, "limit-exceeded", 1,
        209),
    Bad("many brackets on lines", "layers:\n" + " [\n" * 100_000, "limit-exceeded", 202, 2),
    Bad("many braces on lines", "layers:\n" + " {a:\n" * 100_000, "limit-exceeded", 202, 2),
    Bad("many braces", "layers: " + "{a: " * 100_000, "limit-exceeded", 1, 809),
    Bad("many dashes", "layers:\n  " + "- " * 100_000 + "relu\n", "limit-exceeded", 2, 405),
    Bad("many questions", "? " * 100_000 + "\n", "limit-exceeded", 1, 403),
    Bad("deep indentation", "".join(f"{' ' * i}a:\n" for i in range(1000)), "limit-exceeded", 202,
        202),
    Bad("deep indentation of dashes", "a:\n" + "".join(f"{' ' * i}-\n" for i in range(1000)),
        "limit-exceeded", 203, 202),
    Bad("a hundred thousand findings", layers(*["- rlu"] * 100_000), "unknown-layer", 3, 5),
    Bad("a hundred thousand findings on a line", layers(f"- add: [[{'rlu, ' * 100_000}]]"),
        "unknown-layer", 3, 12),
    Bad("findings of a repeated block",
        "input: [3, 8, 8]\nblocks: {a: [linear: 3]}\nlayers: [{a: , repeat: 100000}]\n",
        "linear-needs-flatten", 2, 14),
    Bad("long chains of names", layers("- relu", *[f"- {{relu: , name: r{i}, from: zzz{i}}}"
                                                   for i in range(5_000)]), "undefined-name", 4,
        30),
]  # fmt: skip

ROWS = [*BROKEN, *KEYS, *LAYERS, *VALUES, *OTHER_VALUES, *ENDLESS]
IDS = [row.case for row in ROWS]


def test_rows_are_told_apart() -> None:
    assert len(set(IDS)) == len(ROWS) > 200


@pytest.mark.parametrize("row", ROWS, ids=[case[:60] for case in IDS])
def test_finding(row: Bad, run: Run, write: Write) -> None:
    """`validate` tells rule, line and column; `analyze` refuses with the same message."""
    path = write(row.text)
    shown = run("validate", path, "--format", "json")
    data = json.loads(shown.out)
    found = [(one["rule"], one["line"], one["column"]) for one in data["diagnostics"]]
    assert (row.rule, row.line, row.column) in found[:2]
    assert {(one["severity"], one["file"]) for one in data["diagnostics"]} == {("error", str(path))}
    assert data["schema"] == "cnncalc.diagnostics/1"
    assert data["summary"]["errors"] == len(data["diagnostics"]) <= 201
    assert shown.status == 1
    assert shown.err == ""

    refused = run("analyze", path)  # what is known of it is on standard output
    assert refused.status == 2
    assert refused.err.startswith("error[")
    assert f"error[{row.rule}]: " in refused.err
    assert f"--> {path}:{row.line}:{row.column}\n" in refused.err
    assert len(refused.err) < 50_000


# -- files of bytes, and things that are no files ----------------------------------------------

BYTES = [
    ("latin1.yaml", "yaml-syntax", 1, 10, "byte 0xe9 is no UTF-8 text"),
    ("utf16.yaml", "yaml-syntax", 1, 1, "UTF-16"),
    ("utf16be.yaml", "yaml-syntax", 1, 1, "UTF-16"),
    ("binary.yaml", "yaml-syntax", 1, 1, "byte 0x89 is no UTF-8 text"),
    ("nul.yaml", "yaml-syntax", 2, 9, ""),
    ("truncated.yaml", "yaml-syntax", 1, 9, "no UTF-8 text"),
    ("tabs.yaml", "yaml-syntax", 3, 1, ""),
]


@pytest.mark.parametrize(("name", "rule", "line", "column", "message"), BYTES)
def test_file_of_bytes(
    name: str, rule: str, line: int, column: int, message: str, run: Run
) -> None:
    shown = run("validate", BAD / name, "--format", "json")
    (found,) = json.loads(shown.out)["diagnostics"]
    assert (found["rule"], found["line"], found["column"]) == (rule, line, column)
    assert message in found["message"]
    assert shown.status == 1
    refused = run("analyze", BAD / name)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.isprintable() or "\n" in refused.err


def test_every_kept_file_has_a_row() -> None:
    assert {path.name for path in BAD.iterdir()} == {name for name, *_ in BYTES}


GOOD = [
    ("a byte order mark", b"\xef\xbb\xbfinput: [3, 8, 8]\nlayers: [relu]\n"),
    ("CRLF", b"input: [3, 8, 8]\r\nlayers:\r\n  - relu\r\n"),
    ("a document's marks", b"%YAML 1.1\n---\ninput: [3, 8, 8]\nlayers: [relu]\n...\n"),
    ("anchors", b"input: &a [3, 8, 8]\nparameters: {size: *a}\nlayers: [&b {relu: }, *b]\n"),
    ("brackets in comments", b"input: [3, 8, 8]\n" + b"# [\n" * 300 + b"layers: [relu]  # {{{\n"),
    ("a zero in a number's middle", b"input: [10, 100, 100]\nlayers: [relu]\n"),
    ("no newline at the end", b"input: [3, 8, 8]\nlayers: [relu]"),
]


@pytest.mark.parametrize(("case", "content"), GOOD, ids=[case for case, _ in GOOD])
def test_good_file(case: str, content: bytes, run: Run, write: Write) -> None:
    shown = run("validate", write(content), "--format", "json")
    assert (shown.status, json.loads(shown.out)["summary"]["errors"]) == (0, 0)
    assert run("analyze", write(content)).status == 0


def test_a_file_too_large(run: Run, write: Write) -> None:
    path = write(b"# nothing but this\n" * (8 * 1024 * 1024 // 19 + 1))
    assert path.stat().st_size > 8 * 1024 * 1024
    refused = run("analyze", path)
    assert (refused.status, refused.out) == (2, "")
    assert "error[limit-exceeded]: the file is larger than 8 MiB" in refused.err


def test_too_many_values(run: Run, write: Write) -> None:
    shown = run("validate", write("input: [" + "1," * 1_000_001 + "]"), "--format", "json")
    (found,) = json.loads(shown.out)["diagnostics"]
    assert (found["rule"], found["line"]) == ("limit-exceeded", 1)


def test_many_findings_end_with_a_finding(run: Run, write: Write) -> None:
    shown = run("validate", write(layers(*["- rlu"] * 1000)), "--format", "json")
    found = json.loads(shown.out)["diagnostics"]
    assert [one["rule"] for one in found] == ["unknown-layer"] * 200 + ["limit-exceeded"]
    assert "more than 200 findings" in found[-1]["message"]


@pytest.mark.parametrize("command", ["analyze", "validate"])
def test_no_file(command: str, run: Run, tmp_path: Path) -> None:
    cases = {
        tmp_path: "directory" if command == "analyze" else "no architecture file",
        tmp_path / "missing.yaml": "no such file",
        tmp_path / "missing" / "net.yaml": "no such file",
        "resnet5O": "did you mean `resnet50`?",
        "no-such-network": "there is no shipped network",
        "": "no file",
        "a\0b": "no file",
        "x" * 5000: "no file",
        "x" * 300 + ".yaml": "cannot read",
        "/dev/null/net.yaml": "cannot read",
    }
    for net, message in cases.items():
        shown = run(command, net)
        assert (shown.status, shown.out) == (2, ""), net
        assert shown.err.startswith("error: "), net
        assert message in shown.err, net


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(run: Run, write: Write) -> None:
    path = write("input: [3]\nlayers: [relu]\n")
    path.chmod(0)
    shown = run("analyze", path)
    assert (shown.status, shown.out) == (2, "")
    assert "permission denied" in shown.err


@pytest.mark.parametrize("command", ["analyze", "validate"])
def test_an_empty_device(command: str, run: Run) -> None:
    shown = run(command, "/dev/null")
    assert shown.status == (2 if command == "analyze" else 1)
    assert "the file is empty" in shown.err + shown.out


# -- extends -----------------------------------------------------------------------------------


def test_a_file_that_extends_itself(run: Run, write: Write) -> None:
    path = write("input: [3]\nextends: net.yaml\nlayers: [relu]\n")
    shown = run("validate", path, "--format", "json")
    (found,) = json.loads(shown.out)["diagnostics"]
    assert (found["rule"], found["line"], found["column"]) == ("bad-value", 2, 10)
    assert "extends itself" in found["message"]
    assert run("analyze", path).status == 2


def test_files_that_extend_each_other(run: Run, write: Write) -> None:
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        write(f"extends: {other}.yaml\n", f"{name}.yaml")
    path = write("extends: a.yaml\n", "start.yaml")
    shown = run("validate", path, "--format", "json")
    (found,) = json.loads(shown.out)["diagnostics"]
    assert (found["rule"], found["line"], found["column"]) == ("bad-value", 1, 10)
    assert Path(found["file"]).name == "c.yaml"


def test_a_symbolic_link_to_itself(run: Run, write: Write, tmp_path: Path) -> None:
    path = write("extends: link.yaml\ninput: [3]\nlayers: [relu]\n")
    (tmp_path / "link.yaml").symlink_to(path)
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    assert run("analyze", path).status == 2
    shown = run("analyze", tmp_path / "loop.yaml")
    assert (shown.status, shown.out) == (2, "")


def test_a_long_chain(run: Run, write: Write) -> None:
    write("input: [3]\nlayers: [relu]\n", "n0.yaml")
    for number in range(1, 40):
        path = write(f"extends: n{number - 1}.yaml\n", f"n{number}.yaml")
    shown = run("validate", path, "--format", "json")
    (found,) = json.loads(shown.out)["diagnostics"]
    assert found["rule"] == "limit-exceeded"


def test_a_bad_parent_is_named(run: Run, write: Write) -> None:
    write("input: [3]\nlayers: [relu, rlu]\n", "parent.yaml")
    shown = run("validate", write("extends: parent.yaml\n"), "--format", "json")
    (found,) = json.loads(shown.out)["diagnostics"]
    assert (found["rule"], found["line"], found["column"]) == ("unknown-layer", 2, 16)
    assert Path(found["file"]).name == "parent.yaml"


@pytest.mark.parametrize("content", [b"\xff\xfei", b"", b"[", b"a: b\nc"])
def test_an_unreadable_parent(content: bytes, run: Run, write: Write) -> None:
    write(content, "parent.yaml")
    path = write("extends: parent.yaml\nlayers: [relu]\n")
    assert run("analyze", path).status == 2
    assert run("validate", path).status == 1


# -- as processes: time and memory -------------------------------------------------------------

HANG = 10.0
"""Seconds of processor time that nothing takes, however busy the machine is.

`benchmarks/bad_files.py` prints the real ones, which stay under one.
"""
BYTES_LIMIT = 200 * 1024 * 1024
BYTES_SHOWN = 1024 * 1024
"""Of the table of a network with mistakes."""

HEAVY = [
    "10^9 layers", "10^9 layers, worked out", "a block twice in itself",
    "a branch that holds itself", "doubling blocks",
    "doubling blocks under conditions worked out", "doubling nothing", "nothing, very often",
    "nothing, often and often", "doubling aliases", "a billion laughs in branches",
    "a billion laughs in options", "many brackets", "many brackets on lines", "many braces",
    "many dashes", "many questions", "deep indentation", "a hundred thousand findings",
    "a hundred thousand findings on a line", "findings of a repeated block",
    "long chains of names", "kernel 9**9**9**9", "kind of a million", "empty",
    "a window pattern too long", "weights beyond memory",
]  # fmt: skip


class Spent(NamedTuple):
    """What a process of the command line used, and left behind."""

    status: int
    seconds: float
    peak: int
    out: bytes
    err: bytes


LAUNCH = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
pid = os.fork()
if not pid:
    os.execv(sys.executable, [sys.executable, "-m", "cnncalc", *sys.argv[3:]])
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[2], "w") as told:
    seconds = usage.ru_utime + usage.ru_stime
    print(os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss, file=told)
"""
"""Starts the command from a small process: a child counts its parent's memory as its own peak."""


def spent(arguments: list[str], folder: Path) -> Spent:
    """Run a process that may use no more memory than allowed."""
    told = folder / "told"
    # address space: what the process asked for, which is more than it touched
    command = [sys.executable, "-c", LAUNCH, str(2 * BYTES_LIMIT), str(told), *arguments]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        subprocess.run(command, stdout=out, stderr=err, check=True)
    status, seconds, peak = told.read_text(encoding="ascii").split()
    return Spent(
        int(status),
        float(seconds),
        int(peak) * 1024,
        (folder / "out").read_bytes(),
        (folder / "err").read_bytes(),
    )


@pytest.mark.parametrize("case", HEAVY)
def test_process(case: str, write: Write, tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.case == case)
    path = write(row.text)
    found = spent(["analyze", str(path)], tmp_path)
    assert found.status == 2
    assert len(found.out) < BYTES_SHOWN  # the table as far as it is known
    assert f"error[{row.rule}]".encode() in found.err
    assert b"Traceback" not in found.err
    assert found.seconds < HANG
    assert found.peak < BYTES_LIMIT


def test_a_closed_standard_input() -> None:
    started = time.monotonic()
    process = subprocess.run(
        [sys.executable, "-m", "cnncalc", "analyze", "-"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 2
    assert b"the file is empty" in process.stderr
    assert time.monotonic() - started < 10
