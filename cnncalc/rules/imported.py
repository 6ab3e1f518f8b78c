"""The rules of PyTorch modules: what a forward pass shows that no total counts.

They are found while the module runs (`exchange/torch/notes.py`); the table here documents them.
"""

from __future__ import annotations

from cnncalc.diagnostics import Severity
from cnncalc.rules.language import LanguageRule

HEAD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3)
"""

GOOD = f"""{HEAD}
    def forward(self, x):
        return self.features(x)
"""


class ModuleRule(LanguageRule):
    """The documentation of a rule that is checked by running a PyTorch module.

    Its examples are Python files with a class `Net`, for an input of 3×32×32.
    """

    severity: Severity = "note"
    language = "python"


MODULES: tuple[ModuleRule, ...] = (
    ModuleRule(
        name="idle-module",
        summary="a module that runs and whose result nothing reads",
        why=(
            "It takes time in every forward pass and changes no output: a layer that was left "
            "behind, or a result that was meant to be used. Its parameters and "
            "multiply-accumulates are told, and no total counts them; tools that run the module "
            "with hooks do."
        ),
        fails=f"""{HEAD}        self.project = nn.Conv2d(8, 16, 1)

    def forward(self, x):
        x = self.features(x)
        self.project(x)
        return x
""",
        passes=f"""{HEAD}        self.project = nn.Conv2d(8, 16, 1)

    def forward(self, x):
        return self.project(self.features(x))
""",
    ),
    ModuleRule(
        name="idle-parameters",
        summary="parameters that no operation of the forward pass reads",
        why=(
            "The module holds them, so that `sum(p.numel() for p in net.parameters())` counts "
            "them, and they are stored in every checkpoint; no layer has them, so that no total "
            "here does. Heads for training alone are the usual case; else a layer was made and "
            "never called."
        ),
        fails=f"""{HEAD}        self.spare = nn.Linear(100, 10)

    def forward(self, x):
        return self.features(x)
""",
        passes=GOOD,
    ),
    ModuleRule(
        name="decided-by-values",
        summary="a line at which the values of the input decide what is computed",
        why=(
            "A forward pass that asks for a value of a tensor (`if x.mean() > 0`) may be another "
            "network for another input. The figures are those of the run on the input that was "
            "given, or on random numbers."
        ),
        fails=f"""{HEAD}
    def forward(self, x):
        x = self.features(x)
        if x.mean() > 1000:
            x = x.relu()
        return x
""",
        passes=GOOD,
    ),
    ModuleRule(
        name="constant-output",
        summary="an output that depends on no input",
        why=(
            "It has the same values whatever the network is given, and is no layer: tables and "
            "shapes are the usual case. Where it should depend on the input, a tensor was "
            "detached from it on the way."
        ),
        fails=f"""{HEAD}
    def forward(self, x):
        return self.features(x), torch.ones(3)
""",
        passes=GOOD,
    ),
)
