"""Rules of the file as a whole: its budget, and comments that silence findings."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.memory import activations
from cnncalc.analysis.report import Report
from cnncalc.diagnostics import Diagnostic, Place, nearest
from cnncalc.graph import Graph
from cnncalc.language.text.source import Source
from cnncalc.rules.base import Rule, RuleContext


class ExpectationMissed(Rule):
    """The totals are not those that the file states."""

    name = "expectation-missed"
    severity = "error"
    summary = "a total is not what the file expects"
    why = (
        "A table in a paper and the file that it was made from drift apart. `expect:` states exact "
        "totals of the file as it is written, whatever input and parameters the command line "
        "gives, and a run fails when a change moves one of them."
    )
    fails = """\
input: [3, 32, 32]
expect: {params: 1000}
layers:
  - conv: {filters: 64, kernel: 3}
"""
    passes = """\
input: [3, 32, 32]
expect: {params: 1792, macs: 1555200, layers: 1}
layers:
  - conv: {filters: 64, kernel: 3}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        expected = subject.written.network.expect if subject.written is not None else {}
        if not expected or subject.written is None:
            return
        totals = Report(subject.written.network.graph()).totals
        for word, (source, node, amount) in expected.items():
            found: int = getattr(totals, word)
            if found != amount:
                place = source.place(node)
                yield Diagnostic(
                    self.name,
                    self.severity,
                    f"`{word}` is {found:,}, and the file expects {amount:,}: "
                    f"{abs(found - amount):,} {'more' if found > amount else 'fewer'}",
                    place,
                    excerpt=subject.excerpt(place),
                )


class BudgetExceeded(Rule):
    """The network costs more than it may."""

    name = "budget-exceeded"
    severity = "error"
    summary = "the network costs more than its budget"
    why = (
        "A network for a device has a size and a time that it must keep. `budget:` in the file, "
        "or `--max-params`, `--max-macs`, `--max-flops`, `--max-memory` and `--max-training- "
        "memory`, state them, and a run fails when a change breaks them. Memory is what "
        "inference holds at its peak: weights and running statistics, and the largest set of "
        "activations alive at one moment. Training memory is the peak of a step with Adam, as "
        "`cnncalc memory --train` plays it through."
    )
    fails = """\
input: [3, 32, 32]
budget: {params: 1K}
layers:
  - conv: {filters: 64, kernel: 3}
"""
    passes = """\
input: [3, 32, 32]
budget: {params: 2K, macs: 2M, memory: 512KiB}
layers:
  - conv: {filters: 64, kernel: 3}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        limits = subject.limits
        written = subject.written.network.budget if subject.written is not None else {}
        for cost, option in (
            ("params", limits.params),
            ("macs", limits.macs),
            ("flops", limits.flops),
            ("memory", limits.memory),
            ("training_memory", limits.training_memory),
        ):
            if option is None and cost not in written:
                continue
            if option is not None:
                most, place = option, subject.place_of_key("layers")
            else:
                source, node, most = written[cost]
                place = source.place(node)
            found = self._cost(subject, cost)
            if found > most:
                yield Diagnostic(
                    self.name,
                    self.severity,
                    f"{found:,} {UNITS[cost]}, and the budget is {most:,}: "
                    f"{found - most:,} too many",
                    place,
                    excerpt=subject.excerpt(place),
                )

    def _cost(self, subject: RuleContext, cost: str) -> int:
        nodes = subject.graph.nodes
        batch, width = subject.limits.batch, subject.limits.width
        if cost == "macs":
            return sum([node.facts.operations.macs for node in nodes]) * batch
        if cost == "flops":
            return sum([node.facts.operations.flops for node in nodes]) * batch
        params = sum([node.params for node in nodes])
        if cost == "params":
            return params
        if cost == "training_memory":
            return _training(subject.graph, batch, width)
        stored = params + sum([n.facts.buffer_values for n in nodes if n.shares is None])
        return (stored + activations(subject.graph).peak * batch) * width


def _training(graph: Graph, batch: int, width: int) -> int:
    """The most bytes alive in a step with Adam."""
    from cnncalc.analysis.training.plan import Plan
    from cnncalc.analysis.training.step import train

    # 8-bit numbers have no gradients: what runs in them is trained in float32
    return train(graph, Plan(batch=batch, width=width if width > 1 else 4)).peak.bytes


UNITS = {
    "params": "parameters",
    "macs": "multiply-accumulates",
    "flops": "operations",
    "memory": "bytes of memory",
    "training_memory": "bytes of memory in training",
}


class UnusedParameter(Rule):
    """A parameter or a block of the file that no layer uses."""

    name = "unused-parameter"
    severity = "note"
    summary = "a parameter or block that nothing in the file uses"
    why = (
        "`--set` and a sweep change it, and the network stays what it is: mostly a number is "
        "written out where the parameter was meant, or the name is misspelt in a file that "
        "extends another. What only an unused block uses is unused too. Told of the file itself, "
        "not of those that it extends."
    )
    fails = """\
input: [3, 32, 32]
parameters: {width: 16}
layers:
  - conv: [16, 3]
"""
    passes = """\
input: [3, 32, 32]
parameters: {width: 16}
layers:
  - conv: [width, 3]
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        if subject.written is None:
            return
        network = subject.written.network
        if not network.parameters and not network.blocks:
            return
        unused = network.unused()
        for name in unused.parameters:
            source, key, _ = network.parameters[name]
            message = f"nothing uses the parameter `{name}`: other values change nothing"
            hint = "write its name where its value is meant, or leave it out"
            near = nearest(name, [one for one in network.parameters if one != name])
            if near is not None and network.parameters[near][0] is not source:
                hint = f"did you mean `{near}`, of {network.parameters[near][0].label}?"
            yield from self._note(subject, source, source.place(key), message, hint)
        for label in unused.blocks:
            block = network.blocks[label]
            message = f"nothing uses the block `{label}`"
            yield from self._note(subject, block.source, block.place, message, None)
        for label, name in unused.block_parameters:
            block = network.blocks[label]
            message = f"the block `{label}` does not use its parameter `{name}`"
            yield from self._note(subject, block.source, block.place, message, None)

    def _note(
        self, subject: RuleContext, source: Source, place: Place, message: str, hint: str | None
    ) -> Iterator[Diagnostic]:
        """A note, where it is about the file itself."""
        if subject.written is not None and source is subject.written.network.source:
            yield Diagnostic(
                self.name, self.severity, message, place, hint=hint, excerpt=subject.excerpt(place)
            )


class UnusedIgnore(Rule):
    """A comment that silences nothing."""

    name = "unused-ignore"
    severity = "warning"
    summary = "a `# cnncalc: ignore` comment that silences nothing"
    why = (
        "It was written for a finding that is gone, or names a rule that does not exist, and "
        "would hide the next one. Errors cannot be silenced: there is no network to go on with."
    )
    repair = "The comment is taken away, or the rules in it that silence nothing."
    fails = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3, stride: 1}   # cnncalc: ignore[stride-does-not-tile]
"""
    passes = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3, stride: 2}   # cnncalc: ignore[stride-does-not-tile]
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """None: it takes the findings of all other rules (see `ignores`)."""
        return iter(())
