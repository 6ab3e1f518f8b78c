"""Layers written as another framework, or as Python, writes them: what they mean in our language.

`Conv2d: {in_channels: 3, out_channels: 6, kernel_size: 5}`, `nn.Conv2d(3, 6, 5)`, `conv(6, 5)`,
`type: Conv2D` beside its options, `Dense: {units: 10, activation: relu}`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.language.forms.aliases import KNOWN_FROM_INPUT, OTHER_NAMES, OTHER_OPTIONS, TYPES
from cnncalc.language.forms.form import COMMON_KEYS, LayerForm
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode
from cnncalc.layers import KINDS, Kind

ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax",
    "elu": "elu", "selu": "selu", "gelu": "gelu", "swish": "silu", "silu": "silu",
    "leaky_relu": "leaky_relu", "hard_sigmoid": "hard_sigmoid", "softplus": "softplus",
    "mish": "mish", "linear": "", "none": "", "null": "",
}  # fmt: skip
"""Activations that other frameworks write inside a layer, as layers of ours."""

TORCH = {
    "conv": ("in_channels", "filters", "kernel", "stride", "padding", "dilation", "groups", "bias"),
    "conv_transpose": ("in_channels", "filters", "kernel", "stride", "padding", "output_padding",
                       "groups", "bias", "dilation"),
    "linear": ("in_features", "features", "bias"),
    "max_pool": ("kernel", "stride", "padding", "dilation"),
    "avg_pool": ("kernel", "stride", "padding"),
    "batch_norm": ("num_features", "eps"),
    "group_norm": ("groups", "num_channels"),
    "layer_norm": ("normalized_shape",),
    "adaptive_avg_pool": ("size",),
    "dropout": ("rate",),
    "pixel_shuffle": ("factor",),
}  # fmt: skip
"""The order of the arguments of PyTorch's classes, where it is not ours."""

IGNORED = {
    "inplace", "name_scope", "kernel_initializer", "bias_initializer", "kernel_regularizer",
    "track_running_stats", "affine", "momentum", "data_format", "input_dim", "batch_input_shape",
}  # fmt: skip
"""What has no meaning for a calculation."""

CALL = re.compile(r"[A-Za-z_][\w.]*\s*\(.*\)", re.DOTALL)


class Meant(NamedTuple):
    """Layers of ours."""

    lines: tuple[str, ...]
    """As a list of a file has them, without the dash."""


def meant(form: LayerForm, given: Mapping[str, Node]) -> Meant | None:
    """What a layer means that is none of ours; `None` where that is not certain.

    Args:
        form: the layer, with its head and argument.
        given: further keys beside the head that are no common ones.
    """
    label = form.label
    if label in TYPES and isinstance(form.argument, ScalarNode):
        kind = _kind(form.argument.value)
        values = {key: _text(node) for key, node in given.items()}
        return None if kind is None else _layers(form, kind, values, form.argument.value)
    if given:
        return None
    if form.argument is None and CALL.fullmatch(label):
        return _called(form, label)
    kind = _kind(label)
    argument = form.argument
    if kind is None:
        return None
    if isinstance(argument, MappingNode):
        values = {}
        for key, value in argument.value:
            if not isinstance(key, ScalarNode):
                return None
            word, equals, rest = key.value.partition("=")
            if equals and isinstance(value, ScalarNode) and not value.value:
                values[word.strip()] = rest.strip()
            else:
                values[key.value] = _text(value)
        return _layers(form, kind, values, label)
    if label in KINDS:
        return None
    if argument is None or (isinstance(argument, ScalarNode) and not argument.value):
        return _layers(form, kind, {}, label)
    # values by position may be in either order: the name alone is mended
    return None


def is_foreign(form: LayerForm) -> bool:
    """Whether options of a layer of ours are written as elsewhere."""
    kind = KINDS.get(form.label)
    if kind is None or not isinstance(form.argument, MappingNode):
        return False
    words = [key.value for key, _ in form.argument.value if isinstance(key, ScalarNode)]
    wrong = [word for word in words if word not in kind.options and word not in COMMON_KEYS]
    return bool(wrong) and all(_is_known(word, kind) for word in wrong)


def _is_known(word: str, kind: type[Kind]) -> bool:
    """Whether a word is certainly meant for something; another name of an option is mended where
    it stands."""
    name, equals, _ = word.partition("=")
    return name.strip() == "activation" or bool(equals and name.strip() in kind.options)


def _kind(label: str) -> str | None:
    """Our kind by any of its names."""
    word = label.rpartition(".")[2]
    if word in KINDS:
        return word
    found = OTHER_NAMES.get(re.sub(r"[\W_]", "", word).lower())
    if found is None and word.lower() in KINDS:
        found = word.lower()
    if found is None:
        plain = re.sub(r"[\W_]", "", word).lower()
        found = next((name for name in KINDS if name.replace("_", "") == plain), None)
    return found


def _called(form: LayerForm, label: str) -> Meant | None:
    """`conv(6, 5)` and `nn.Conv2d(3, 6, kernel_size=5)`."""
    try:
        call = ast.parse(label.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None
    if not isinstance(call, ast.Call):
        return None
    name = ast.unparse(call.func)
    kind = _kind(name)
    if kind is None or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    values = [_python(one) for one in call.args]
    named = {one.arg: _python(one.value) for one in call.keywords if one.arg is not None}
    if not named and name in KINDS:
        return Meant((_written(form, kind, values),))
    return _positions(form, kind, values, name, named)


def _python(node: ast.expr) -> str:
    """A value of Python as the file writes it."""
    if isinstance(node, ast.Tuple | ast.List):
        return f"[{', '.join(_python(one) for one in node.elts)}]"
    if isinstance(node, ast.Constant):
        if node.value is None:
            return "null"
        if isinstance(node.value, bool):
            return str(node.value).lower()
        return str(node.value)
    return ast.unparse(node)


def _positions(
    form: LayerForm, kind: str, values: list[str], label: str, named: Mapping[str, str] = {}
) -> Meant | None:
    """Values in the order of the framework whose name the layer has."""
    name = label.rpartition(".")[2]
    order = tuple(KINDS[kind].options)
    if name not in KINDS and re.search(r"\d[a-z]$|^Linear$|Norm$|Dropout|Shuffle", name):
        order = TORCH.get(kind, order)
    if len(values) > len(order):
        return None
    return _layers(form, kind, {**dict(zip(order, values, strict=False)), **named}, label)


def _layers(form: LayerForm, kind: str, values: Mapping[str, str], label: str) -> Meant | None:
    """The layers for options by the names of any framework."""
    options = KINDS[kind].options
    given: dict[str, str] = {}
    behind = ""
    for word, text in values.items():
        if word == "activation":
            activation = ACTIVATIONS.get(text.strip("'\"").lower())
            if activation is None:
                return None
            behind = activation
        elif word in options:
            given[word] = text
        elif word in KNOWN_FROM_INPUT or word in IGNORED:
            continue
        elif word == "padding_mode" and text.strip("'\"") == "zeros":
            continue  # others pad with something else than ours
        else:
            other = next(
                (one for one in OTHER_OPTIONS.get(word.lower(), ()) if one in options), None
            )
            if other is None:
                return None
            given[other] = text
    lines = [_named(form, kind, given)]
    return Meant((*lines, behind) if behind else tuple(lines))


def _written(form: LayerForm, kind: str, values: list[str]) -> str:
    """A layer with its options by position."""
    if not values:
        return _named(form, kind, {})
    text = values[0] if len(values) == 1 else f"[{', '.join(values)}]"
    return _with_common(form, f"{kind}: {text}")


def _named(form: LayerForm, kind: str, given: Mapping[str, str]) -> str:
    main = KINDS[kind].main
    if not given:
        return _with_common(form, kind)
    if main is not None and list(given) == [main.key]:
        return _with_common(form, f"{kind}: {given[main.key]}")
    inner = ", ".join(f"{key}: {text}" for key, text in given.items())
    return _with_common(form, f"{kind}: {{{inner}}}")


def _with_common(form: LayerForm, text: str) -> str:
    """A layer with the common keys that stood beside it."""
    keys = [f"{key}: {_text(node)}" for key, node in form.keys.items()]
    return f"{{{', '.join([text, *keys])}}}" if keys else text


def _text(node: Node) -> str:
    """A value as the file writes it; truth values and words of other frameworks as ours."""
    if isinstance(node, SequenceNode):
        return f"[{', '.join(_text(one) for one in node.value)}]"
    if isinstance(node, MappingNode):
        return "{…}"
    word = str(node.value)
    if word in ("True", "False"):
        return word.lower()
    if word.lower() in ("same", "valid"):
        return word.lower()
    if word.startswith("(") and word.endswith(")"):
        return f"[{word[1:-1].rstrip(', ')}]"
    return word
