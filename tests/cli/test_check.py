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

from cnncalc.coverage import unread
from cnncalc.render.axis import AxisView, check_dict, is_read
from cnncalc.render.console import rendered
from cnncalc.rules.axis import repairs
from cnncalc.shapes import Slide

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
