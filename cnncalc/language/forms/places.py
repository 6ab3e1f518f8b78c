"""Where in the file a layer, an option or an argument is written."""

from __future__ import annotations

from cnncalc.language.forms.form import LayerForm
from cnncalc.language.text.source import MappingNode, ScalarNode, SequenceNode
from cnncalc.language.text.source import Node as YamlNode
from cnncalc.layers import Kind


def child(node: YamlNode, key: str) -> YamlNode | None:
    """The value of a key in a mapping node."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if isinstance(name, ScalarNode) and name.value == key:
                found: YamlNode = value
                return found
    return None


def common_node(form: LayerForm, key: str) -> YamlNode | None:
    """Where a common key of a layer has its value."""
    return child(form.node, key)


def option_node(form: LayerForm, key: str | None) -> YamlNode | None:
    """Where an option of a layer has its value; `None` where it is not written."""
    if key is None or form.kind is None:
        return None
    main = form.kind.main
    listed = takes_list(form.kind, child(form.node, form.label))
    return _argument(form, key, list(form.kind.options), main.key if main else None, listed)


def takes_list(kind: type[Kind], node: YamlNode | None) -> bool:
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


def argument_node(form: LayerForm, key: str) -> YamlNode | None:
    """Where an argument of a block is written."""
    assert form.block is not None
    keys = [parameter.name for parameter in form.block.parameters]
    return _argument(form, key, keys, keys[0] if keys else None, False)


def _argument(
    form: LayerForm, key: str, keys: list[str], single: str | None, listed: bool
) -> YamlNode | None:
    value = child(form.node, form.label)
    if value is None:
        return None
    if isinstance(value, MappingNode):
        return child(value, key)
    if isinstance(value, SequenceNode) and not (listed and key == single):
        position = keys.index(key)
        items = value.value
        return items[position] if position < len(items) else None
    return value if key == single else None
