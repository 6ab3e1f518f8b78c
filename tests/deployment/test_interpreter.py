"""Written files run by the interpreter: the head is the plan's, outputs are as they were."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc.api import deploy
from cnncalc.exchange.tflite.writer import offline_table, rewritten

pytest.importorskip("tflite_micro")

FILES = Path(__file__).parent.parent / "reference" / "tflite"

RUN = """
import sys
import numpy as np
from tflite_micro import runtime
found = runtime.Interpreter.from_file(sys.argv[1], arena_size=4_000_000)
random = np.random.default_rng(0)
details = found.get_input_details(0)
found.set_input(random.integers(-128, 127, details["shape"]).astype(details["dtype"]), 0)
found.invoke()
print("OUTPUT", found.get_output(0).reshape(-1).tolist())
found.print_allocations()
"""


def ran(path: Path) -> tuple[str, int]:
    """The outputs and the head; the interpreter writes to the process's own streams."""
    done = subprocess.run([sys.executable, "-c", RUN, str(path)], capture_output=True, text=True)
    text = done.stdout + done.stderr
    output, head = re.search(r"OUTPUT (.*)", text), re.search(r"head (\d+) bytes", text)
    assert output is not None, text
    assert head is not None, text
    return output[1], int(head[1])


def test_another_order_of_operators(tmp_path: Path) -> None:
    """Both heads of a network, the second first."""
    source, target = FILES / "two_heads.tflite", tmp_path / "other.tflite"
    data = source.read_bytes()
    program = deploy(source).deployment.program
    made = {t: n for n, one in enumerate(program.operators) for t in one.outputs}
    order: list[int] = []
    left = list(range(len(program.operators)))
    while left:  # of those that can run the last
        able = [
            n
            for n in left
            if all(made[t] in order for t in program.operators[n].inputs if t in made)
        ]
        order.append(able[-1])
        left.remove(able[-1])
    assert order != sorted(order)
    offsets = [-1] * len(program.tensors)
    target.write_bytes(rewritten(data, offline_table(offsets), order))
    found = deploy(target)
    assert [one.operator for one in found.deployment.program.operators] == [
        program.operators[n].operator for n in order
    ]
    before, after = ran(source), ran(target)
    assert after[0] == before[0]
    assert after[1] == found.head


@pytest.mark.parametrize(
    "name", ["dense_block", "odd_padding", "residual_norms", "split_channels", "swish", "two_heads"]
)
def test_better_files(name: str, tmp_path: Path) -> None:
    source, target = FILES / f"{name}.tflite", tmp_path / "better.tflite"
    found = deploy(source, plan=True, output=target)
    search = found.deployment.search
    assert search is not None
    before, after = ran(source), ran(target)
    assert before[1] == found.head
    assert after[1] == search.plan.head <= before[1]
    assert after[0] == before[0]
