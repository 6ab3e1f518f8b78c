"""The JSON Schema of an architecture file, made from the layer kinds' declarations."""

from __future__ import annotations

from typing import Any

from cnncalc.language.forms.budget import COSTS, TOTALS
from cnncalc.language.forms.document import KEYS
from cnncalc.language.forms.form import COMMON_KEYS
from cnncalc.language.forms.inputs import INPUT_LIMIT
from cnncalc.layers import KINDS, Kind
from cnncalc.layers.options import EXPRESSION_SCHEMA

CONDITION = {
    "anyOf": [{"type": "boolean"}, {"type": "number"}, EXPRESSION_SCHEMA],
}
COMMON: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "pattern": r"^[^.\n]+$", "description": "the layer's name"},
    "from": {"type": "string", "description": "the layer whose output it takes"},
    "repeat": {
        "anyOf": [{"type": "integer", "minimum": 0}, EXPRESSION_SCHEMA],
        "description": "how often it stands in a row",
    },
    "if": {"$ref": "#/$defs/condition", "description": "whether it is there"},
    "output": {
        "$ref": "#/$defs/condition",
        "description": "whether its output is one of the network's, though nothing takes it",
    },
    "share": {
        "type": "string",
        "description": "the layer, or use of the block, whose weights it uses",
    },
    "trainable": {
        "$ref": "#/$defs/condition",
        "description": "whether its weights are trained, and not only stored",
    },
}
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
SHAPE = {
    "type": "array",
    "items": {"anyOf": [{"type": "integer", "minimum": 1}, EXPRESSION_SCHEMA]},
    "minItems": 1,
    "maxItems": 4,
}
GROUP_KEYS = ("from", "repeat", "if", "trainable")
"""Common keys of a group of layers: the others are its layers' own."""

BLOCK_NAME = r"^[A-Za-z_][A-Za-z0-9_]*\s*(\(.*\))?$"


def schema() -> dict[str, Any]:
    """The schema of a whole file (draft 2020-12).

    A layer has one kind and common keys. Blocks are known only to the file itself, so a word
    that is no kind is let through as one, with whatever stands beside it, and left to
    `cnncalc validate`; so are names, expressions and shapes.
    """
    kinds = {name: _options(kind) for name, kind in KINDS.items()}
    layer = {
        "anyOf": [
            {"enum": sorted(name for name, kind in KINDS.items() if _bare(kind))},
            {
                "type": "string",
                "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$",
                "not": {"enum": sorted(KINDS)},
            },
            {
                "type": "object",
                "properties": {
                    **COMMON,
                    **{name: {"$ref": f"#/$defs/{name}"} for name in KINDS},
                    "layers": {"$ref": "#/$defs/layers"},
                },
                "not": {"propertyNames": {"enum": list(COMMON)}},
                "dependentSchemas": {
                    **{name: _beside([name, *COMMON]) for name in KINDS},
                    "layers": _beside(["layers", *GROUP_KEYS]),
                },
            },
        ]
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cnncalc architecture file",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": KEYS["name"]},
            "source": {"type": "string", "description": KEYS["source"]},
            "input": {
                "anyOf": [
                    {"$ref": "#/$defs/shape"},
                    {
                        "type": "object",
                        "propertyNames": {"pattern": NAME},
                        "additionalProperties": {"$ref": "#/$defs/shape"},
                        "minProperties": 1,
                        "maxProperties": INPUT_LIMIT,
                    },
                ],
                "description": KEYS["input"],
            },
            "parameters": {
                "type": "object",
                "propertyNames": {"pattern": NAME},
                "description": KEYS["parameters"],
            },
            "blocks": {
                "type": "object",
                "propertyNames": {"pattern": BLOCK_NAME},
                "additionalProperties": {"$ref": "#/$defs/layers"},
                "description": KEYS["blocks"],
            },
            "layers": {"$ref": "#/$defs/layers", "description": KEYS["layers"]},
            "extends": {"type": "string", "description": KEYS["extends"]},
            "expect": {
                "type": "object",
                "properties": {
                    total: {"type": ["integer", "string"], "description": description}
                    for total, description in TOTALS.items()
                },
                "additionalProperties": False,
                "description": KEYS["expect"],
            },
            "budget": {
                "type": "object",
                "properties": {
                    cost: {"type": ["integer", "number", "string"], "description": description}
                    for cost, description in COSTS.items()
                },
                "additionalProperties": False,
                "description": KEYS["budget"],
            },
        },
        "additionalProperties": False,
        "anyOf": [{"required": ["input", "layers"]}, {"required": ["extends"]}],
        "$defs": {
            "condition": CONDITION,
            "shape": SHAPE,
            "layers": {"type": "array", "items": {"$ref": "#/$defs/layer"}},
            "layer": layer,
            **kinds,
        },
    }


def _beside(keys: list[str]) -> dict[str, Any]:
    """What a layer's keys are, once one of them tells its kind."""
    return {"propertyNames": {"enum": keys}}


def _bare(kind: type[Kind]) -> bool:
    return not any(option.required for option in kind.options.values())


def _options(kind: type[Kind]) -> dict[str, Any]:
    """What may stand behind a kind's name: its main option, named options, or a list of them."""
    options = {
        key: {**option.type.schema(), "description": option.help}
        for key, option in kind.options.items()
    }
    required = [key for key, option in kind.options.items() if option.required]
    named: dict[str, Any] = {
        "type": "object",
        "properties": options,
        "additionalProperties": False,
    }
    if required:
        named["required"] = required
    forms: list[dict[str, Any]] = [named]
    main = kind.main
    if main is not None and (main.variadic or kind.branches):
        forms.insert(0, main.type.schema())
    else:
        if main is not None and required in ([], [main.key]):
            forms.insert(0, main.type.schema())
        if options:
            forms.append(
                {
                    "type": "array",
                    "prefixItems": [dict(option) for option in options.values()],
                    "items": False,
                    "minItems": max(len(required), 1),
                }
            )
    if _bare(kind):
        forms.append({"type": "null"})
    doc = (kind.__doc__ or "").strip()
    return {"description": doc.partition("\n")[0], "anyOf": forms}


assert set(COMMON) == set(COMMON_KEYS)
