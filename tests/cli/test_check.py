"""`cnncalc check`: one axis by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Outcome

import cnncalc
from cnncalc.analysis.axis_solving import KernelOptions, solve
from cnncalc.coverage import unread
from cnncalc.render.axis import AxisView, check_dict, is_read
from cnncalc.render.console import rendered
from cnncalc.rules.axis import repairs
from cnncalc.shapes import Slide, TransposedSlide

Run = Callable[..., Outcome]

ALEXNET = """\
input 224 · kernel 11 · stride 4 · padding 0

  padded input   224 + 0 + 0 = 224
  room to move      224 − 11 = 213
  steps of 4         213 / 4 = 53.25, rounded down to 53 (1 left over)
  output              53 + 1 = 54

(224 + 2·0 − 11) / 4 + 1 = 54.25: the last 1 unit of the input is never read

                      0                                                      223
  axis                □□□□□□□□□□□□□□□□□□□□□□□□□□□ … □□□□□□□□□□□□□□□□□□□□□□□□□□□×
  window  1  0…10     ■■■■■■■■■■■
  window  2  4…14         ■■■■■■■■■■■
  window  3  8…18             ■■■■■■■■■■■
          ⋮
  window 53  208…218                                            ■■■■■■■■■■■
  window 54  212…222                                                ■■■■■■■■■■■

  □ input   × never read   ■ kernel

repairs
  padding 0 before and 3 after tiles: output 55
  padding 3 before and 0 after tiles: output 55
  kernel 12 tiles: output 54
  stride 3 tiles: output 72
  an input of 223 tiles: output 54
  an input of 227 tiles: output 55
  a pool's ceil mode reads all: output 55
"""


def test_alexnet(run: Run) -> None:
    outcome = run("check", "--input", 224, "--kernel", 11, "--stride", 4)
    assert outcome == (0, ALEXNET, "")


VERDICTS = [
    # options, output, part of the text (worked examples of course notes)
    ("--input 7 --kernel 3", 5, "the stride tiles the input"),
    ("--input 7 --kernel 3 --stride 2", 3, "the stride tiles the input"),
    ("--input 5 --kernel 3 --padding 1", 5, "tiles"),
    ("--input 5 --kernel 3 --stride 2 --padding 1", 3, "tiles"),
    ("--input 5 --kernel 3 --stride 3 --padding 1", 2, "only padding is left unread"),
    ("--input 10 --kernel 3 --stride 2", 4, "= 4.5: the last 1 unit of the input is never read"),
    ("--input 227 --kernel 11 --stride 4 --padding 0", 55, "= 55: the stride tiles"),
    ("--input 224 --kernel 11 --stride 4 --padding 2", 55, "only padding is left unread"),
    ("--input 224 --kernel 11 --stride 4 --padding 3", 55, "= 55.75"),
    ("--input 224 --kernel 3 --stride 2 --padding same", 112, "padding 0 + 1"),
    ("--input 10 --kernel 3 --stride 2 --padding 0,1", 5, "(10 + 0 + 1 − 3) / 2 + 1 = 5"),
    ("--input 112 --kernel 3 --stride 2 --ceil-mode", 56, "reaches 1 unit beyond"),
    ("--input 7 --kernel 3 --dilation 2", 3, "2·(3 − 1) + 1 = 5"),
    ("--input 7 --kernel 3 --stride 2 --padding 1 --dilation 2", 3, "only one unit in 2"),
    ("--input 20 --kernel 1 --stride 2", 10, "1 unit after every window is never read"),
    ("--input 4 --kernel 2 --stride 5", 1, "= 1.4: the last 2 units of the input are never read"),
    ("--input 9 --kernel 2 --stride 10", 1, "= 1.7: the last 7 units of the input are never read"),
    ("--input 9 --kernel 3 --stride 4", 2, "after every window is never read, 2 in all;\n3 of 9"),
    ("--input 5 --kernel 2 --dilation 4", 1, "3 units between the taps are never read"),
    ("--input 2147483647 --kernel 3 --stride 2", 1073741823, "tiles"),
]


@pytest.mark.parametrize(("options", "output", "part"), VERDICTS)
def test_verdict(run: Run, options: str, output: int, part: str) -> None:
    outcome = run("check", *options.split())
    assert outcome.status == 0
    assert part in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80 or "2147483647" in options
    data = json.loads(run("check", *options.split(), "--format", "json").out)
    assert data["output"] == output
    assert ("never read" in outcome.out or "ever read" in outcome.out) == bool(data["unread"])


def test_kernel_that_does_not_fit(run: Run) -> None:
    outcome = run("check", "--input", 5, "--kernel", 9)
    assert outcome.status == 1
    assert "does not fit" in outcome.out
    assert "an input of at least 9" in outcome.out


@pytest.mark.parametrize(
    "options", ["", "--input 5", "--input 0 --kernel 1", "--input 5 --kernel 3 --padding many",
                "--input 5 --kernel 3 --padding -1", "--input 5 --kernel 3 --padding 1,2,3"],
)  # fmt: skip
def test_usage(run: Run, options: str) -> None:
    outcome = run("check", *options.split())
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err


def test_ascii_where_the_terminal_knows_no_more() -> None:
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "cnncalc",
            "check",
            "--input",
            "10",
            "--kernel",
            "3",
            "--stride",
            "2",
        ],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        check=True,
    )
    assert b"axis           ooooooooox" in result.stdout


slides = st.builds(
    Slide,
    size=st.integers(1, 400),
    kernel=st.integers(1, 40),
    stride=st.integers(1, 20),
    before=st.integers(0, 20),
    after=st.integers(0, 20),
    dilation=st.integers(1, 5),
    ceil=st.booleans(),
)


@given(slides, st.integers(20, 200))
def test_drawing_fits_and_agrees(axis: Slide, width: int) -> None:
    text = rendered(AxisView(axis), width)
    drawing = [line for line in text.splitlines() if line.lstrip().startswith(("axis", "window"))]
    assert all(len(line) <= max(width, 40) for line in drawing)
    data = check_dict(axis)
    if data["output"] is not None:
        taps = {
            number * axis.stride - axis.before + tap * axis.dilation
            for number in range(axis.output)
            for tap in range(axis.kernel)
        }
        for unit in range(axis.size):
            assert is_read(axis, unit) == (unit in taps)
        assert data["unread"] == len(set(range(axis.size)) - taps)
        assert data["unread"] == sum(value for key, value in data.items() if "unread_" in key)
        text = " ".join(text.split())
        assert ("never read" in text or "ever read" in text) == bool(data["unread"])
        assert ("nothing of the input" in text) <= (data["unread"] == 0)


@given(slides)
def test_repairs_do_what_they_say(axis: Slide) -> None:
    for repair in repairs(axis):
        _, sign, output = repair.description.partition("output ")
        changed = axis
        for option, text in repair.options.items():
            if option == "padding":
                pair = json.loads(text)
                before, after = pair[0] if isinstance(pair, list) else (pair, pair)
                changed = changed._replace(before=before, after=after)
            elif option == "ceil_mode":
                changed = changed._replace(ceil=True)
            elif option == "kernel":
                changed = changed._replace(kernel=int(text))
            else:
                changed = changed._replace(stride=int(text))
        if repair.options and sign:
            assert changed.output == int(output)
            assert unread(changed).total == 0


TRANSPOSED = [
    # input, kernel, stride, padding, output padding, dilation: PyTorch's documentation's formula
    (28, 4, 2, "1", 0, 1, 56, [2, 2]),
    (28, 3, 2, "1", 1, 1, 56, [1, 2]),
    (7, 2, 2, "0", 0, 1, 14, [1, 1]),
    (7, 3, 4, "0", 0, 1, 27, [0, 1]),
    (5, 3, 2, "0", 1, 2, 14, [0, 3]),
    (4, 5, 2, "1,2", 0, 1, 8, [2, 3]),
    (9, 5, 3, "same", 0, 1, 27, [1, 2]),
    (9, 2, 3, "same", 0, 1, 27, [0, 1]),
    (1, 4, 1, "0", 0, 1, 4, [4, 4]),
]


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "extra", "dilation", "output", "inputs"), TRANSPOSED
)
def test_transposed(
    run: Run,
    size: int,
    kernel: int,
    stride: int,
    padding: str,
    extra: int,
    dilation: int,
    output: int,
    inputs: list[int],
) -> None:
    options = f"--input {size} --kernel {kernel} --stride {stride} --padding {padding}"
    options += f" --dilation {dilation} --output-padding {extra} --transpose"
    data = json.loads(run("check", *options.split(), "--format", "json").out)
    assert (data["output"], data["inputs_of_an_output"]) == (output, inputs)
    assert f" = {output}:" in run("check", *options.split()).out
    pad = [int(one) for one in padding.split(",")] if padding[0].isdigit() else padding
    layer = {"filters": 1, "kernel": kernel, "stride": stride, "dilation": dilation}
    layer |= {"padding": [pad] if isinstance(pad, list) and len(pad) > 1 else padding}
    layer |= {"output_padding": extra}
    text = json.dumps({"input": [1, size], "layers": [{"conv_transpose": layer}]})
    graph = cnncalc.load(yaml=text).analyze().graph
    assert graph.nodes[-1].facts.output == (1, output)


def test_transposed_is_torch() -> None:
    torch = pytest.importorskip("torch")
    for size, kernel, stride, padding, extra, dilation, output, _ in TRANSPOSED:
        if padding.isdecimal():
            layer = torch.nn.ConvTranspose1d(
                1, 1, kernel, stride, int(padding), extra, dilation=dilation
            )
            assert layer(torch.zeros(1, 1, size)).shape[-1] == output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--input 4 --kernel 3 --stride 2 --output-padding 2 --transpose", "smaller than the str"),
        ("--input 1 --kernel 3 --padding 2 --transpose", "at most 2 in all"),
    ],
)
def test_transposed_without_output(run: Run, options: str, words: str) -> None:
    outcome = run("check", *options.split())
    assert outcome.status == 1
    assert words in " ".join(outcome.out.split())
    data = json.loads(run("check", *options.split(), "--format", "json").out)
    assert data["output"] is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--kernel", "3", "--output-padding", "1"], "goes with `--transpose`"),
        (["--kernel", "3", "--transpose", "--ceil-mode"], "is of pools"),
        (["--chain", "conv 3", "--transpose"], "conv_transpose 4/2"),
        (["--chain", "conv 3 op1"], "`op` is an option of conv_transpose"),
        (["--chain", "conv_transpose 3/2 ceil"], "`ceil` is an option of pools"),
        (["--chain", "conv_transpose 3/2 op2"], "must be smaller"),
        (["--chain", "conv_transpose 70000/70000, conv_transpose 2/2"], "65,536"),
        (["--chain", "conv 3", "--kernel", "3"], "goes neither with"),
    ],
)
def test_refusals_of_transposed(run: Run, options: list[str], words: str) -> None:
    outcome = run("check", "--input", 9, *options)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in " ".join(outcome.err.split())


def test_transposed_in_a_chain(run: Run) -> None:
    chain = "conv 3/2 p1, conv_transpose 4/2 p1, conv_transpose 3/2 p1 op1"
    found = json.loads(run("check", "--input", 28, "--chain", chain, "--format", "json").out)
    assert [link["output"] for link in found["chain"]] == [14, 28, 56]
    text = """
input: [1, 28]
layers:
  - conv: {filters: 1, kernel: 3, stride: 2, padding: 1}
  - conv_transpose: {filters: 1, kernel: 4, stride: 2, padding: 1}
  - conv_transpose: {filters: 1, kernel: 3, stride: 2, padding: 1, output_padding: 1}
"""
    layers = cnncalc.load(yaml=text).analyze().layers[-3:]
    fields = [layer.receptive_field for layer in layers]
    assert [link["receptive_field"]["size"] for link in found["chain"]] == [
        field.size[0] for field in fields if field
    ]
    assert "(14 − 1)·2 − 2·1 + 4" in run("check", "--input", 28, "--chain", chain).out


SOLVED = [
    # options, first solution
    ("--input 224 --kernel 7 --stride 2 --output 112", {"padding": [3, 3]}),
    ("--input 32 --kernel 5 --stride 1 --output 32", {"padding": [2, 2]}),
    ("--input 32 --kernel 4 --stride 1 --output 32", {"padding": [1, 2]}),
    ("--input 32 --kernel 3 --dilation 2 --stride 1 --output 32", {"padding": [2, 2]}),
    ("--input 224 --stride 4 --padding 2 --output 55", {"kernel": 11}),
    ("--input 224 --kernel 11 --padding 2 --output 55", {"stride": 4}),
    ("--input 7 --kernel 7 --padding 0 --output 1", {"stride": 1}),
    ("--input 112 --kernel 3 --padding 0 --ceil-mode --output 56", {"stride": 2}),
    ("--input 7 --kernel 3 --padding same --output 4", {"stride": 2}),
    ("--input 28 --kernel 4 --stride 2 --transpose --output 56", {"padding": [1, 1]}),
    ("--input 28 --kernel 3 --stride 2 --transpose --output 56", {"output_padding": 1}),
    ("--input 28 --padding 1 --stride 2 --transpose --output 56", {"kernel": 4}),
    ("--input 28 --kernel 2 --padding 0 --transpose --output 56", {"stride": 2}),
    ("--input 1 --kernel 4 --padding 0 --transpose --output 4", {"stride": 1}),
]


@pytest.mark.parametrize(("options", "first"), SOLVED)
def test_what_is_not_given_is_solved_for(run: Run, options: str, first: dict[str, object]) -> None:
    data = json.loads(run("check", *options.split(), "--format", "json").out)
    setting = data["settings"][0]
    assert {key: setting[key] for key in first} == first
    assert str(data["output"]) in run("check", *options.split()).out


def test_no_solution_names_the_nearest_outputs(run: Run) -> None:
    options = ["--input", "56", "--kernel", "3", "--stride", "2", "--output", "20"]
    outcome = run("check", *options)
    assert outcome.status == 1
    assert "no padding gives it" in outcome.out
    assert "can be had: 27" in outcome.out
    assert json.loads(run("check", *options, "--format", "json").out)["nearest_outputs"] == [27]


@given(
    size=st.integers(1, 60),
    kernel=st.none() | st.integers(1, 9),
    stride=st.none() | st.integers(1, 6),
    padding=st.none() | st.integers(0, 4),
    dilation=st.integers(1, 3),
    ceil=st.booleans(),
    transpose=st.booleans(),
    output=st.integers(1, 80),
)
def test_solutions_are_right_and_complete(
    size: int,
    kernel: int | None,
    stride: int | None,
    padding: int | None,
    dilation: int,
    ceil: bool,
    transpose: bool,
    output: int,
) -> None:
    """Each gives the output; with one thing missing, there is one where trying all finds one."""
    text = None if padding is None else str(padding)
    options = KernelOptions(kernel, stride, text, dilation, ceil and not transpose, transpose)
    found = solve(size, output, options)
    for one in found:
        assert one.output == output
        assert kernel in (None, one.kernel)
        assert stride in (None, one.stride)
        assert padding is None or (one.before, one.after) == (padding, padding)
    if [kernel, stride, padding].count(None) != 1:
        return
    for value in range(0 if padding is None else 1, 41):
        pad = value if padding is None else padding
        taps, step = kernel or value, stride or value
        if transpose:
            tried = TransposedSlide(size, taps, step, pad, pad, dilation, 0)
            exists = tried.output == output
        else:
            slide = Slide(size, taps, step, pad, pad, dilation, ceil)
            exists = slide.travel >= 0 and slide.output == output
        assert found or not exists, (value, options)


@pytest.mark.parametrize("options", ["", "--kernel 3", "--stride 2147483647", "--padding 0"])
@pytest.mark.parametrize("transpose", ["", "--transpose"])
def test_solving_at_the_limits_ends(run: Run, options: str, transpose: str) -> None:
    big = "--input 2147483647 --output 2147483647"
    outcome = run("check", *big.split(), *options.split(), *transpose.split())
    assert outcome.status in (0, 1)
    assert outcome.err == ""
