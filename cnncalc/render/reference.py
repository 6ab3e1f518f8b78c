"""The layer reference as text, from the kinds' own declarations."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from cnncalc.layers import FAMILIES, KINDS, Kind
from cnncalc.layers.options import Option, show

if TYPE_CHECKING:
    from rich.console import RenderableType


def kinds() -> RenderableType:
    """Every kind in one line, by family."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.console import indented
    from cnncalc.render.listing import Listing, ListingColumn, width

    parts: list[RenderableType] = []
    columns = {
        "kind": ListingColumn("kind", "help", room=width([*KINDS])),
        "first": ListingColumn("", wrap=True, least=24),
    }
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        rows = [
            (kind.name, (kind.__doc__ or "").strip().partition("\n")[0])
            for kind in KINDS.values()
            if kind.family == name
        ]
        told = (family.__doc__ or "").strip().partition("\n")[0]
        parts += [Text(told, "message"), indented(Listing(columns, rows, ruled=False)), Text("")]
    return Group(*parts, Text("`cnncalc layers KIND` explains one."))


def kind(found: type[Kind]) -> RenderableType:
    """One kind with its description and options."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.console import indented
    from cnncalc.render.listing import Listing, ListingColumn

    parts: list[RenderableType] = [
        Text(found.name, "message"),
        Text(""),
        Text(inspect.cleandoc(found.__doc__ or "")),
        Text(""),
    ]
    if found.options:
        columns = {
            "option": ListingColumn("option", "help"),
            "told": ListingColumn("", wrap=True, least=24),
        }
        rows = [(key, f"{option.help}; {expects(option)}") for key, option in found.options.items()]
        parts.append(Text("options, in positional order:"))
        parts.append(indented(Listing(columns, rows, ruled=False)))
    else:
        parts.append(Text("takes no options"))
    return Group(*parts, Text(""), Text("example:"), indented(Text(f"- {example(found)}")))


def expects(option: Option) -> str:
    """What an option takes and what it is where left out."""
    if option.required:
        default = "required"
    elif option.like is not None:
        default = f"default: `{option.like}`"
    elif option.default is None:
        default = "optional"
    else:
        default = f"default {show(option.default)}"
    return f"{option.type.expects} ({default}{', main option' if option.main else ''})"


SAMPLES = {
    "filters": "64", "kernel": "3", "size": "7", "features": "1000", "pool": "pool1",
    "branches": "[[], [relu]]", "inputs": "[[], [relu]]", "shape": "[512, 7, 7]", "groups": "4",
    "start": "0", "channels": "[0, 2, 1]", "factor": "2", "squeeze": "16", "at": "0.1",
    "scale": "2", "like": "conv1", "padding": "1", "order": "[1, 0]",
    "name": "deform_conv", "output": "[32, height, width]",
}  # fmt: skip


def example(found: type[Kind]) -> str:
    """A layer of a kind as a file writes it."""
    required = [key for key, option in found.options.items() if option.required]
    main = found.main
    if not required and (main is None or main.default is not None):
        return found.name
    if main is not None and required in ([], [main.key]):
        return f"{found.name}: {SAMPLES.get(main.key, '2')}"
    inner = ", ".join(f"{key}: {SAMPLES.get(key, '2')}" for key in required)
    return f"{found.name}: {{{inner}}}"


def data(found: type[Kind] | None = None) -> dict[str, Any]:
    """One kind, or all, as plain data."""
    return {
        "schema": "cnncalc.layers/1",
        "layers": [_data(kind) for kind in ([found] if found else KINDS.values())],
    }


def _data(found: type[Kind]) -> dict[str, Any]:
    return {
        "kind": found.name,
        "family": found.family,
        "description": inspect.cleandoc(found.__doc__ or ""),
        "options": [
            {
                "name": key,
                "help": option.help,
                "takes": option.type.expects,
                "required": option.required,
                "default": option.default,
                "default_from": option.like,
                "main": option.main,
            }
            for key, option in found.options.items()
        ],
        "example": example(found),
    }


def page(only: type[Kind] | None = None) -> str:
    """The reference page in Markdown, or the section of one kind."""
    if only is not None:
        return "\n".join(_section(only)) + "\n"
    lines = [
        "# Layer kinds",
        "",
        "Made from the kinds' own declarations by `scripts/reference_pages.py`. Options stand in",
        "positional order; the main one is in bold.",
    ]
    for family in FAMILIES:
        lines += ["", f"## {(family.__doc__ or '').strip().partition(chr(10))[0].rstrip('.')}"]
        name = family.__name__.rpartition(".")[2]
        for found in KINDS.values():
            if found.family == name:
                lines += ["", *_section(found)]
    return "\n".join(lines) + "\n"


def _section(found: type[Kind]) -> list[str]:
    lines = [f"### `{found.name}`", "", inspect.cleandoc(found.__doc__ or "")]
    if found.options:
        lines += ["", "| option | default | takes | meaning |", "| --- | --- | --- | --- |"]
    for key, option in found.options.items():
        label = f"**`{key}`**" if option.main else f"`{key}`"
        default = "required" if option.required else ""
        if option.like is not None:
            default = f"that of `{option.like}`"
        elif option.default is not None:
            default = f"`{show(option.default)}`"
        takes = option.type.expects.replace("|", "\\|")
        lines.append(f"| {label} | {default} | {takes} | {option.help} |")
    return [*lines, "", "```yaml", f"- {example(found)}", "```"]
