"""What a command imports: what it does not need, it does not wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

ERRORS = ("cnncalc.cli.common", "cnncalc.language", "cnncalc.layers")
REPAIRS = ("cnncalc.rules.fix_testing", "cnncalc.rules.edits", "cnncalc.rules.apply_fixes")
FILES = ("cnncalc.exchange.formats", "cnncalc.exchange.onnx", "cnncalc.spans")
HEAVY = ("numpy", "torch", "cnncalc.numerics", "cnncalc.deployment", "cnncalc.analysis.outline")

CASES = [
    (["--version"], (*ERRORS, *REPAIRS, *FILES, *HEAVY, "rich", "yaml"), ()),
    (["--help"], (*ERRORS, *REPAIRS, *FILES, *HEAVY, "rich", "yaml"), ()),
    (
        ["analyze", "vgg16"],
        (*REPAIRS, *FILES, *HEAVY, "json", "cnncalc.render.json", "cnncalc.language.forms.budget"),
        ("rich", "cnncalc.rules.checks"),
    ),
    (
        ["analyze", "vgg16", "--format", "json"],
        (*REPAIRS, *FILES, *HEAVY, "rich", "cnncalc.render.report"),
        ("json", "cnncalc.rules.checks"),
    ),
]


@pytest.mark.parametrize(("arguments", "unwanted", "wanted"), CASES)
def test_what_a_command_imports(
    arguments: list[str], unwanted: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    program = (
        "import sys; from cnncalc.cli import run; status = run(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    imported = set(done.stderr.split())
    assert not imported & set(unwanted)
    assert set(wanted) <= imported
