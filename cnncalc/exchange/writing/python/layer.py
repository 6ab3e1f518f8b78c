"""One layer to be written as code, and what may be asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from cnncalc.analysis.outline.terms import Term
from cnncalc.analysis.outline.types import Item
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.writing.python.channels import put
from cnncalc.exchange.writing.python.code import text
from cnncalc.graph import Node


class WrittenLayer:
    """One layer to be written: its options as Python, and what differs between its uses."""

    framework: ClassVar[str]

    def __init__(
        self,
        item: Item,
        channels: Term,
        nodes: Sequence[Node],
        inputs: Sequence[Node],
        tuples: dict[str, int],
    ) -> None:
        assert item.kind is not None
        self.kind = item.kind
        self.trainable = item.trainable
        self.nodes = nodes
        self.inputs = inputs
        self.channels = channels
        self.rank = len(inputs[0].facts.output) - 1
        self.terms = {key: put(term, channels) for key, term in item.options}
        self._tuples = tuples
        self._used: set[str] = set()

    @property
    def into(self) -> str:
        """The channels that reach it."""
        return self.text(self.channels)

    def text(self, term: Term) -> str:
        """A term as Python."""
        return text(term, self._tuples)

    def term(self, key: str) -> Term:
        """An option's term; its default where it is left out."""
        self._used.add(key)
        return self.terms.get(key, self.kind.options[key].default)

    def value(self, key: str) -> str:
        """An option as Python."""
        return self.text(self.term(key))

    def given(self, key: str) -> str | None:
        """An option as Python, if it is given."""
        return self.value(key) if key in self.terms else None

    def named(self, **keys: str) -> dict[str, str | None]:
        """Options under the framework's names, those that are given."""
        return {name: self.given(key) for name, key in keys.items()}

    def constant(self, key: str) -> Any:
        """An option that must be the same in all uses."""
        values = {getattr(node.kind, key) for node in self.nodes}
        if len(values) != 1:
            raise self.refuse(f"its `{key}` differs between uses of one block")
        self._used.add(key)
        return values.pop()

    def refuse(self, why: str) -> UsageError:
        """The error for a layer that cannot be written."""
        return UsageError(
            f"{self.nodes[0].name}: no {self.framework} for this `{self.kind.name}`: {why}"
        )

    def finish(self) -> None:
        """Refuse an option that was given and not looked at."""
        left = sorted(self.terms.keys() - self._used)
        if left:
            raise self.refuse(f"its `{left[0]}` has no counterpart")
