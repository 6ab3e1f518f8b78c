"""PyTorch networks that break: the line, the layer, what arrived, what it takes, the repair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cnncalc.cli import cli
from exchange.broken_networks import BROKEN, HEAD, Broken, net

pytest.importorskip("torch", reason="PyTorch is not installed")


def run(*arguments: str) -> Any:
    """The command line's result."""
    return CliRunner().invoke(cli, list(arguments))


def findings(path: Path, input: str) -> list[dict[str, Any]]:
    """The errors of `Net` in a file."""
    result = run("validate", f"{path}:Net", "--input", input, "--format", "json")
    assert result.exit_code in (0, 1), result.output + result.stderr
    found = json.loads(result.stdout)["diagnostics"]
    return [one for one in found if one["severity"] == "error"]


@pytest.mark.parametrize("broken", BROKEN, ids=[one.name for one in BROKEN])
def test_a_network_that_breaks_is_explained(broken: Broken, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text(broken.code, encoding="utf-8")
    found = findings(path, broken.input)
    assert found, broken.name
    first = found[0]
    assert first["rule"] == broken.rule
    assert first["file"] == str(path)
    assert broken.line in broken.code.split("\n")[first["line"] - 1]
    told = json.dumps(found, ensure_ascii=False)
    for text in broken.told:
        assert text in told, (text, told)


@pytest.mark.parametrize(
    "broken",
    [one for one in BROKEN if one.mended],
    ids=[one.name for one in BROKEN if one.mended],
)
def test_fix_makes_it_run(broken: Broken, tmp_path: Path) -> None:
    import torch

    path = tmp_path / "mended.py"
    path.write_text(broken.code, encoding="utf-8")
    result = run("validate", f"{path}:Net", "--input", broken.input, "--fix")
    assert not findings(path, broken.input), result.output
    space: dict[str, Any] = {}
    exec(path.read_text(encoding="utf-8"), space)
    made = space["Net"]
    module = made() if isinstance(made, type) else made
    module.eval()(torch.zeros(2, *map(int, broken.input.split("x"))))


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    (three,) = [one for one in BROKEN if one.name == "three mistakes at once"]
    path.write_text(three.code, encoding="utf-8")
    found = findings(path, three.input)
    assert [one["layer"] for one in found] == ["a", "b", "n", "f"]


def test_output_padding_is_offered_below_the_stride_alone(tmp_path: Path) -> None:
    """PyTorch refuses an output padding that is not smaller than the stride."""
    path = tmp_path / "skip.py"
    path.write_text(
        net(
            "self.u = nn.ConvTranspose2d(3, 3, 2, 2)",
            "small = F.max_pool2d(x, 2)[:, :, 1:, 1:]\nreturn torch.cat([self.u(small), x], 1)",
        ),
        encoding="utf-8",
    )
    (found,) = findings(path, "3x16x16")
    assert "14×14" in found["message"]
    assert not found["fixes"]


def test_a_module_of_a_loop_is_not_edited(tmp_path: Path) -> None:
    path = tmp_path / "loop.py"
    path.write_text(
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.parts = nn.ModuleList([nn.Conv2d(3, 8, 3) for _ in range(2)])\n\n"
        "    def forward(self, x):\n        for part in self.parts:\n            x = part(x)\n"
        "        return x\n",
        encoding="utf-8",
    )
    (found,) = findings(path, "3x16x16")
    assert found["layer"] == "parts.1"
    assert not any(fix["edits"] for fix in found["fixes"])


def test_findings_of_a_network_that_runs_have_the_lines_that_made_its_layers(
    tmp_path: Path,
) -> None:
    path = tmp_path / "net.py"
    code = net("self.c = nn.Conv2d(3, 8, 11, stride=4)", "return self.c(x)")
    path.write_text(code, encoding="utf-8")
    result = run("validate", f"{path}:Net", "--input", "3x224x224", "--format", "json")
    found = json.loads(result.stdout)["diagnostics"]
    (tile,) = [one for one in found if one["rule"] == "stride-does-not-tile"]
    assert "nn.Conv2d(3, 8, 11" in code.split("\n")[tile["line"] - 1]
    assert any(fix["edits"] for fix in tile["fixes"])
    run("validate", f"{path}:Net", "--input", "3x224x224", "--fix", "--unsafe")
    assert path.read_text(encoding="utf-8") != code
    again = run("validate", f"{path}:Net", "--input", "3x224x224", "--format", "json")
    assert not [
        one for one in json.loads(again.stdout)["diagnostics"] if one["rule"] == tile["rule"]
    ]


def test_nothing_is_written_to_standard_output_by_a_model_that_prints(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        net("print('made')\nself.c = nn.Conv2d(1, 8, 3)", "print(x.shape)\nreturn self.c(x)"),
        encoding="utf-8",
    )
    result = run("validate", f"{path}:Net", "--input", "3x8x8", "--format", "json")
    assert json.loads(result.stdout)["summary"]["errors"] == 1
