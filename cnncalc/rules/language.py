"""The rules of the language itself: what keeps a file from being a network at all.

They are found while the file is read (`language/`) and while its layers are put together
(`layers/`); the table here documents them, and their check is that elaboration.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic, Severity
from cnncalc.rules.base import Rule, RuleContext

GOOD = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3}
  - relu
"""


class LanguageRule(Rule):
    """The documentation of a rule that is checked by building the network.

    `fails` is a file that breaks it, and `passes` the same file mended; `repair` is what `--fix`
    does about it.
    """

    severity: Severity = "error"

    def __init__(
        self, name: str, summary: str, why: str, fails: str, passes: str = GOOD, repair: str = ""
    ) -> None:
        self.name = name
        self.summary = summary
        self.why = why
        self.fails = fails
        self.passes = passes
        self.repair = repair

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Return no findings: what has been built has passed these rules."""
        return iter(())


LANGUAGE: tuple[LanguageRule, ...] = (
    LanguageRule(
        name="yaml-syntax",
        summary="the text is no YAML, or no UTF-8",
        why="Nothing can be read from it. Tabs do not indent, and brackets and quotes must close.",
        fails="""\
input: [3, 32, 32
layers:
  - conv: {filters: 8, kernel: 3}
""",
    ),
    LanguageRule(
        name="duplicate-key",
        summary="a key is given twice in one mapping",
        why=(
            "YAML forbids it, and most readers silently keep the last (YAML 1.2.2, section "
            "3.2.1.1). One of the two values would be ignored."
        ),
        fails="""\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3, kernel: 5}
""",
    ),
    LanguageRule(
        name="unknown-key",
        summary="a key or option that nothing knows",
        why=(
            "A mistyped option that is ignored leaves a default in force. The nearest name is told."
        ),
        repair="The nearest known name (`--unsafe`).",
        fails="""\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernal: 3}
""",
    ),
    LanguageRule(
        name="unknown-layer",
        summary="there is no layer kind or block of this name",
        why=(
            "An unknown layer cannot be counted as nothing. Names of other frameworks (`Conv2d`, "
            "`Dense`) lead to the kind that is meant. `cnncalc layers` lists all."
        ),
        repair="The nearest known name (`--unsafe`).",
        fails="""\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3}
  - rellu
""",
    ),
    LanguageRule(
        name="missing-option",
        summary="something without a default is not given",
        why=(
            "There is no value that could be assumed: a convolution has no usual number of filters."
        ),
        fails="""\
input: [3, 32, 32]
layers:
  - conv: {kernel: 3}
  - relu
""",
    ),
    LanguageRule(
        name="bad-value",
        summary="a value of the wrong type or out of its range",
        why=(
            "Sizes are whole numbers from 1 on; `yes`, `1e3` and `0o10` are refused rather than "
            "taken for what one YAML reader or the other makes of them."
        ),
        repair="`true` for `yes` and `false` for `no`, where that is all that is wrong.",
        fails="""\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3, bias: no}
  - relu
""",
        passes="""\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3, bias: false}
  - relu
""",
    ),
    LanguageRule(
        name="bad-expression",
        summary="an expression that cannot be read, or has no value",
        why=(
            "Expressions hold numbers, names, `+ - * / // % **`, comparisons, `and or not` and a "
            "few functions. A division by zero has no value."
        ),
        fails="""\
input: [3, 32, 32]
parameters: {width: 8}
layers:
  - conv: {filters: 2 * (width, kernel: 3}
""",
        passes="""\
input: [3, 32, 32]
parameters: {width: 8}
layers:
  - conv: {filters: 2 * width, kernel: 3}
""",
    ),
    LanguageRule(
        name="undefined-name",
        summary="no parameter, layer or file of this name",
        repair="The nearest known name (`--unsafe`).",
        why="A name is that of an earlier layer, or of a parameter of the block or of the file.",
        fails="""\
input: [3, 32, 32]
parameters: {width: 8}
layers:
  - conv: {filters: 2 * widht, kernel: 3}
""",
        passes="""\
input: [3, 32, 32]
parameters: {width: 8}
layers:
  - conv: {filters: 2 * width, kernel: 3}
""",
    ),
    LanguageRule(
        name="duplicate-name",
        summary="a name that is taken already",
        why=(
            "`from: stem` must mean one layer, and `conv_bn: 64` one block. Layers without a name "
            "of their own are numbered, so that they never collide."
        ),
        fails="""\
input: [3, 32, 32]
layers:
  - {conv: {filters: 8, kernel: 3}, name: stem}
  - {relu: , name: stem}
""",
    ),
    LanguageRule(
        name="limit-exceeded",
        summary="larger, deeper or longer than the calculator goes",
        why=(
            "Files of a few lines can describe billions of layers or tensors of 2^100 values. The "
            "limits (8 MiB of text, 120,000 layers, 2^53 values a tensor) lie far beyond any real "
            "network and keep every run short."
        ),
        fails="""\
input: [3, 32, 32]
layers:
  - relu
  - {conv: {filters: 8, kernel: 3, padding: 1}, repeat: 1000000000}
""",
        passes="""\
input: [3, 32, 32]
layers:
  - relu
  - {conv: {filters: 3, kernel: 3, padding: 1}, repeat: 10}
""",
    ),
    LanguageRule(
        name="kernel-larger-than-input",
        summary="the effective kernel does not fit into the padded input",
        why=(
            "`W + P − D·(F − 1) − 1` is negative: there is no position for the kernel. Frameworks "
            "refuse it when the network runs. Mostly the map has become smaller than thought."
        ),
        repair="The largest kernel that fits (`--unsafe`).",
        fails="""\
input: [3, 32, 32]
layers:
  - {max_pool: 2, repeat: 4}
  - conv: {filters: 8, kernel: 3}
""",
        passes="""\
input: [3, 32, 32]
layers:
  - {max_pool: 2, repeat: 4}
  - conv: {filters: 8, kernel: 3, padding: 1}
""",
    ),
    LanguageRule(
        name="padding-exceeds-kernel",
        summary="a pool's padding is more than half of its kernel",
        why=(
            "A window could lie in the padding alone. PyTorch refuses it when the network runs: "
            "*pad should be at most half of effective kernel size*."
        ),
        repair="Padding of half the kernel (`--unsafe`).",
        fails="""\
input: [3, 32, 32]
layers:
  - max_pool: {kernel: 2, stride: 2, padding: 2}
""",
        passes="""\
input: [3, 32, 32]
layers:
  - max_pool: {kernel: 2, stride: 2, padding: 1}
""",
    ),
    LanguageRule(
        name="groups-do-not-divide",
        summary="the groups divide the channels into unequal parts",
        why=(
            "Each group takes `C / G` channels and makes `K / G`; both must be whole. The same "
            "goes for the groups of a normalization or shuffle and the heads of an attention."
        ),
        repair="The most groups that divide, where that is one number (`--unsafe`).",
        fails="""\
input: [16, 32, 32]
layers:
  - conv: {filters: 32, kernel: 3, groups: 3}
""",
        passes="""\
input: [16, 32, 32]
layers:
  - conv: {filters: 32, kernel: 3, groups: 4}
""",
    ),
    LanguageRule(
        name="shape-mismatch",
        summary="tensors that meet have shapes that do not go together",
        why=(
            "`add` and `multiply` take equal shapes (an axis of size 1 is repeated), `concat` "
            "shapes that differ in their channels only. Both shapes are told."
        ),
        fails="""\
input: [16, 32, 32]
layers:
  - add: [[], [conv: {filters: 16, kernel: 3}]]
""",
        passes="""\
input: [16, 32, 32]
layers:
  - add: [[], [conv: {filters: 16, kernel: 3, padding: 1}]]
""",
    ),
    LanguageRule(
        name="linear-needs-flatten",
        summary="a fully connected layer on a map that has not been flattened",
        why=(
            "PyTorch would apply it to the last axis, the width, in silence or refuse it; Keras to "
            "the channels. What is meant is `flatten` before it, or a global pool and `flatten`."
        ),
        repair="`flatten` on a line before it (`--unsafe`).",
        fails="""\
input: [16, 8, 8]
layers:
  - linear: 10
""",
        passes="""\
input: [16, 8, 8]
layers:
  - flatten
  - linear: 10
""",
    ),
    LanguageRule(
        name="output-padding-too-large",
        summary="a transposed convolution's output padding reaches its stride",
        why=(
            "Output padding chooses among the sizes that a convolution would have rounded down to "
            "the input's; there are as many as the stride. PyTorch refuses more: *output padding "
            "must be smaller than either stride or dilation*."
        ),
        repair="The largest that is smaller (`--unsafe`).",
        fails="""\
input: [16, 8, 8]
layers:
  - conv_transpose: {filters: 8, kernel: 4, stride: 2, output_padding: 2}
""",
        passes="""\
input: [16, 8, 8]
layers:
  - conv_transpose: {filters: 8, kernel: 4, stride: 2, output_padding: 1}
""",
    ),
)
"""The rules of the language, in the order of their documentation."""
