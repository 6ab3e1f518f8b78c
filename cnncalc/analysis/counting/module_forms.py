"""In which form a network's layers are written: as modules, or as functions.

Counters that hook modules miss functions, and those that patch functions count a module and its
function. What a file of ours leaves open is known of the networks that stand for torchvision's
(read from torchvision 0.29): a row is a network, a kind, and the layers that have the form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from cnncalc.analysis.counting.parts import FUNCTION, MEAN, MODULE, OPERATOR, SUBCLASS
from cnncalc.graph import Graph


class ModuleForms(NamedTuple):
    """Layers of a shipped network that are no module of the framework's."""

    network: str
    kind: str
    layer: str
    form: str


TORCHVISION = (
    ModuleForms("convnext_*", "layer_norm", "down*", SUBCLASS),
    ModuleForms("convnext_*", "layer_norm", "layer_norm*", SUBCLASS),
    ModuleForms("densenet*", "relu", "relu[2-9]", FUNCTION),
    ModuleForms("densenet*", "global_avg_pool", "*", FUNCTION),
    ModuleForms("googlenet", "relu", "*", FUNCTION),
    ModuleForms("googlenet", "adaptive_avg_pool", "*", FUNCTION),
    ModuleForms("inception_v3", "relu", "*", FUNCTION),
    ModuleForms("inception_v3", "avg_pool", "*", FUNCTION),
    ModuleForms("inception_v3", "max_pool", "reduction_*", FUNCTION),
    ModuleForms("mnasnet*", "global_avg_pool", "*", MEAN),
    ModuleForms("mobilenet_v2", "global_avg_pool", "*", FUNCTION),
    ModuleForms("shufflenet_v2_*", "global_avg_pool", "*", MEAN),
    ModuleForms("deeplabv3_*", "upsample", "*", FUNCTION),
    ModuleForms("fcn_resnet*", "upsample", "*", FUNCTION),
    ModuleForms("lraspp_*", "upsample", "*", FUNCTION),
)


def forms(graph: Graph, shipped: bool) -> Sequence[str]:
    """The form of each node; a module's where nothing else is known."""
    rows = [row for row in TORCHVISION if shipped and fnmatchcase(graph.file or "", row.network)]
    return [
        next(
            (
                row.form
                for row in rows
                if row.kind == node.kind.name and fnmatchcase(node.name, row.layer)
            ),
            MODULE,
        )
        for node in graph.nodes
    ]


ALIASES = {"hardtanh": "relu6"}
"""Operators that a module of another name calls."""
UNSIZED = ("layernorm", "groupnorm")
"""Modules whose class has no number of axes in its name; one that has is derived."""


def forms_of_modules(graph: Graph, origins: Sequence[tuple[str, str]]) -> Sequence[str]:
    """The form of each node of an imported module: its innermost class and its operator tell."""
    return [_form(type_, operator) for type_, operator in origins]


def _form(type_: str, operator: str) -> str:
    name = _bare(re.sub(r"_+\d*$", "", operator))  # `relu_`, `relu__3`
    if name.startswith(("mean", "amax", "amin", "sum")):
        return MEAN
    if name == "matmul":
        return OPERATOR
    own = type_.lower()
    if name.startswith("upsample") and own.startswith(("upsample", "upsampling")):
        return MODULE
    if _bare(own) in (name, ALIASES.get(name)):
        return SUBCLASS if _bare(own) in UNSIZED and own != _bare(own) else MODULE
    return FUNCTION


def _bare(name: str) -> str:
    """A class or an operator without its number of axes: `max_pool2d` is `maxpool`."""
    return re.sub(r"[123]d$", "", name.lower().replace("_", ""))
