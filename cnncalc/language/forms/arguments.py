"""Which node of the file belongs to which option of a kind, or parameter of a block."""

from __future__ import annotations

from typing import Any

from cnncalc.diagnostics import Refusal, misspelt
from cnncalc.language.forms.form import COMMON_KEYS, BlockForm, Dynamic, LayerForm
from cnncalc.language.forms.values import DYNAMIC, EMPTY, ValueReader, as_sizes
from cnncalc.language.text.findings import Findings, entries
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode
from cnncalc.layers import Kind


def bind_options(form: LayerForm, kind: type[Kind], findings: Findings) -> None:
    """Put into a form which node is given for each option of its kind."""
    main = kind.main
    listed = _takes_list(kind, form.argument)
    _bind(form, list(kind.options), main.key if main else None, listed, findings)
    missing = [key for key, option in kind.options.items() if option.required]
    missing = [key for key in missing if key not in form.given]
    if missing and form.bound:
        findings.add(_missing(form, kind, missing), form.source, form.head)


def bind_parameters(form: LayerForm, block: BlockForm, findings: Findings) -> None:
    """Put into a form which node is given for each parameter of its block."""
    keys = [parameter.name for parameter in block.parameters]
    _bind(form, keys, keys[0] if keys else None, False, findings)
    for parameter in block.parameters:
        if parameter.default is None and parameter.name not in form.given and form.bound:
            findings.report(
                "missing-option",
                f"block `{block.label}` needs `{parameter.name}`",
                form.source,
                form.head,
                f"its parameters are {', '.join(keys)}",
            )


def read_options(form: LayerForm, kind: type[Kind], reader: ValueReader) -> None:
    """The values of bound options, those that are branches left out."""
    values: list[Any] = []
    dynamic: list[Dynamic] = []
    references: list[int] = []
    for index, (key, option) in enumerate(kind.options.items()):
        node = form.given.get(key)
        if node is None or (kind.branches and option is kind.main):
            values.append(option.default)
            continue
        value = reader.read(form.source, node, f"`{key}`", option.type)
        if isinstance(value, DYNAMIC):
            dynamic.append(Dynamic(index, value, option.type))
        elif option.type.reference:
            references.append(index)
        values.append(value)
    form.values = tuple(values)
    form.dynamic = tuple(dynamic)
    form.references = tuple(references)


def read_parameters(form: LayerForm, block: BlockForm, reader: ValueReader) -> None:
    """The values of bound parameters; what is left out takes its default at each use."""
    form.values = tuple(
        reader.argument(form.source, form.given[parameter.name], f"`{parameter.name}`")
        if parameter.name in form.given
        else parameter.default
        for parameter in block.parameters
    )


def _bind(
    form: LayerForm, keys: list[str], single: str | None, listed: bool, findings: Findings
) -> None:
    """Bind by name, by position, or as the one value.

    `single` is the key of a lone value, which with `listed` takes a list as well.
    """
    node, source, label = form.argument, form.source, form.label
    before = findings.noted
    if node is None or _is_empty(node):
        pass
    elif isinstance(node, ScalarNode) or (listed and isinstance(node, SequenceNode)):
        size = as_sizes(node.value) if isinstance(node, ScalarNode) else None
        if size and single != "kernel" and "kernel" in keys:
            message = (
                f"`{node.value}` is the size of a kernel, and `{label}` alone takes `{single}`"
            )
            hint = f"write `{label}: {{{single}: …, kernel: {size}}}`"
            findings.report("bad-value", message, source, node, hint)
        elif single is None:
            findings.add(_no_lone_value(form, keys), source, node)
        else:
            form.given = {single: node}
    elif isinstance(node, SequenceNode):
        if len(node.value) > len(keys):
            findings.report(
                "bad-value",
                f"`{label}` takes at most {len(keys)} values, and here are {len(node.value)}",
                source,
                node.value[len(keys)],
                f"in this order: {', '.join(keys)}" if keys else None,
            )
        else:
            form.given = dict(zip(keys, node.value, strict=False))
    elif isinstance(node, MappingNode):
        _bind_named(form, node, keys, findings)
    form.bound = findings.noted == before


def _no_lone_value(form: LayerForm, keys: list[str]) -> Refusal:
    """One value without a name, for what has no main option: all that it takes has names."""
    label, value = form.label, getattr(form.argument, "value", "")
    if not keys:
        return Refusal("bad-value", f"`{label}` takes no options", hint=f"write `{label}`")
    options = f"its option is `{keys[0]}`" if len(keys) == 1 else f"its options: {', '.join(keys)}"
    hint = f"write `{label}`; {options}"
    if form.kind is not None and ("axis" in keys or form.kind.has_weights):
        hint = f"write `{label}`: the number of channels comes with its input; {options}"
    return Refusal("bad-value", f"`{label}` takes no value without a name: `{value}`", hint=hint)


def _bind_named(form: LayerForm, node: MappingNode, keys: list[str], findings: Findings) -> None:
    given = form.given
    opened = ""
    for word, key, value in entries(findings, form.source, node):
        if opened and word.endswith(")"):
            # YAML reads `kernel: (3, 3)` in braces as two keys
            text = f"({given[opened].value[1:]}, {word}"
            refusal = Refusal("bad-value", f"`{opened}` is no list: `{text}`")
            refusal.hint = f"a list stands in brackets: `{opened}: [{text[1:-1]}]`"
            findings.add(refusal, form.source, given.pop(opened))
        elif word in keys:
            given[word] = value
            opened = word if isinstance(value, ScalarNode) and _opens(value.value) else ""
        else:
            findings.add(_no_option(word, form.label, keys), form.source, key)


def _opens(text: str) -> bool:
    return text.startswith("(") and ")" not in text


def _is_empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.value in EMPTY


def _no_option(word: str, label: str, keys: list[str]) -> Refusal:
    from cnncalc.language.forms.aliases import KNOWN_FROM_INPUT, OTHER_OPTIONS, PADDING_MODE

    message = f"`{label}` has no option `{word or '?'}`"
    if word == "padding_mode":
        return Refusal("unknown-key", message, hint=PADDING_MODE)
    if word in COMMON_KEYS:
        return Refusal(
            "unknown-key", message, hint=f"`{word}` stands beside `{label}`, not inside it"
        )
    if word in KNOWN_FROM_INPUT:
        hint = "leave it out: what comes in tells it"
        return Refusal("unknown-key", message, hint=hint)
    for other in OTHER_OPTIONS.get(word.lower(), ()):
        if other in keys:
            return Refusal("unknown-key", message, instead=other, word=word)
    return misspelt("unknown-key", message, word, keys)


def _missing(form: LayerForm, kind: type[Kind], missing: list[str]) -> Refusal:
    """Which options are missing, and the layer written with them."""
    needs = " and ".join(f"`{key}` ({kind.options[key].help})" for key in missing)
    written = {
        key: node.value if isinstance(node, ScalarNode) else "[…]"
        for key, node in form.given.items()
    }
    whole = {key: written.get(key, "…") for key in kind.options if key in {*missing, *written}}
    options = ", ".join(f"{key}: {value}" for key, value in whole.items())
    return Refusal(
        "missing-option",
        f"`{kind.name}` needs {needs}",
        hint=f"write `{kind.name}: {{{options}}}`",
    )


def _takes_list(kind: type[Kind], node: Node | None) -> bool:
    """Whether a list given to a kind is its main option's value, not a list of options.

    `[[4, 5]]` is a list of options even where `[4, 5]` would be a value.
    """
    if kind.branches:
        return True
    if kind.main is None or not kind.main.variadic:
        return False
    if not isinstance(node, SequenceNode) or len(node.value) != 1:
        return True
    return not isinstance(node.value[0], SequenceNode)
