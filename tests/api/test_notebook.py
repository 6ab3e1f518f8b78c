"""A notebook that is executed: every object shows itself, and a broken one says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")
pytest.importorskip("torch", reason="PyTorch is not installed")

ROOT = Path(__file__).resolve().parent.parent.parent

CELLS = [
    "import torch, cnncalc\nfrom torch import nn\n"
    "model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())\n"
    "cnncalc.analyze(model, input=(3, 32, 32))",
    "cnncalc.memory(model, input=(3, 32, 32), train=True)",
    "cnncalc.compare('lenet5', 'alexnet')",
    "try:\n    cnncalc.analyze(model, input=(4, 32, 32))\n"
    "except (cnncalc.UsageError, cnncalc.SpecError) as error:\n    print('refused:', error)",
]


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_shows_results(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{before}")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    processor = nbconvert.preprocessors.ExecutePreprocessor(timeout=300, kernel_name="python3")
    processor.preprocess(notebook, {"metadata": {"path": str(ROOT)}})
    shown, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    assert shown.count("8×30×30") >= 2
    assert "AlexNet" in shown or "alexnet" in shown
    assert "takes 3 channels" in shown
    assert "text/html" in notebook.cells[0].outputs[0].data
