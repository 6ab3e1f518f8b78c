"""One layer to be written as a module of PyTorch's."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis.outline.terms import Term
from cnncalc.analysis.outline.types import Item
from cnncalc.exchange.writing.python.code import Code
from cnncalc.exchange.writing.python.layer import WrittenLayer
from cnncalc.exchange.writing.pytorch.helpers import HELPERS
from cnncalc.graph import Graph, Node

Modules = list[Code]


class LayerModules(WrittenLayer):
    """A layer as one or several modules."""

    framework = "PyTorch"

    def __init__(
        self,
        item: Item,
        channels: Term,
        nodes: Sequence[Node],
        inputs: Sequence[Node],
        tuples: dict[str, int],
        needs: dict[str, str],
        graph: Graph,
    ) -> None:
        super().__init__(item, channels, nodes, inputs, tuples)
        self._needs = needs
        self.graph = graph

    def axes(self, name: str) -> str:
        """A class of PyTorch's for the axes at hand: `nn.Conv2d`."""
        return f"nn.{name}{self.rank}d"

    def bring(self, name: str, source: str) -> str:
        """A class of this file alone, with its name put in for `{name}`; the name it has.

        Classes of one name that are not the same are numbered.
        """
        found, number = name, 2
        while self._needs.get(found, source.replace("{name}", found)) != source.replace(
            "{name}", found
        ):
            found, number = f"{name}{number}", number + 1
        self._needs[found] = source.replace("{name}", found)
        return found

    def helper(self, name: str, called: str | None = None, **words: str) -> str:
        """A class that the file brings along, with words put in for those in braces."""
        source = HELPERS[name].strip("\n")
        for word, instead in words.items():
            source = source.replace(f"{{{word}}}", instead)
        self._needs[called or name] = source.replace(f"class {name}", f"class {called or name}")
        return called or name
