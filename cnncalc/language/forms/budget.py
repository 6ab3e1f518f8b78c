"""What a network may cost at most (`budget:`), and what it costs exactly (`expect:`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.diagnostics import misspelt
from cnncalc.language.text.findings import Findings, describe, entries
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, Source

COSTS = {
    "params": "trainable values, such as 5M",
    "macs": "multiply-accumulates, such as 600M",
    "flops": "arithmetic operations, such as 1.2G",
    "memory": "bytes of weights and of the activations alive at once, such as 512KiB",
    "training_memory": "bytes alive at once in a training step with Adam, such as 8GiB",
}
"""What a budget can limit."""

TOTALS = {
    "layers": "layers",
    "params": "trainable values",
    "buffers": "values that are stored and not trained",
    "macs": "multiply-accumulates of one sample",
    "flops": "operations of one sample",
    "activations": "values of all layers' outputs, for one sample",
}
"""What a file can expect of itself, exactly."""

EXACT = re.compile(r"\d{1,30}")
AMOUNT = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([KMGT]?i?)(B?)", re.IGNORECASE)
POWER = r"\d{1,6}(?:\.\d{1,15})?e\+?\d{1,2}"
"""A whole number such as `4e9` or `1.5e6`."""
POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_amount(text: str, cost: str) -> int | None:
    """`5M`, `1.5G` (units of 1000), `4e9`, for memory `512KiB` (1024) or `4MB`; `None`: none."""
    of_memory = cost.endswith("memory")
    if re.fullmatch(POWER, text.strip(), re.IGNORECASE):
        value = float(text)
        return int(value) if value.is_integer() and value < 2**63 else None
    match = AMOUNT.fullmatch(text.strip().replace("_", ""))
    if match is None:
        return None
    number, unit, of_bytes = match.groups()
    binary = unit[1:].lower() == "i"
    if not of_memory and (binary or of_bytes):
        return None
    if binary and not of_bytes:
        return None
    base = 1024 if binary else 1000
    whole, _, part = number.partition(".")
    scale: int = base ** POWERS[unit[:1].upper()]
    amount: int = int(whole + part) * scale // 10 ** len(part)
    return amount


Amounts = dict[str, tuple[Source, Node, int]]
"""Amounts by their word, and where they are written."""


def read_budget(findings: Findings, source: Source, node: Node) -> Amounts:
    """The amounts of `budget:`."""
    example = "`{params: 5M, macs: 600M, memory: 512KiB}`"
    return _read(findings, source, node, "budget", COSTS, example, parse_amount)


def read_expect(findings: Findings, source: Source, node: Node) -> Amounts:
    """The totals of `expect:`."""
    example = "`{params: 138357544, macs: 15470264320}`"
    return _read(findings, source, node, "expectation", TOTALS, example, parse_exact)


def parse_exact(text: str, total: str) -> int | None:
    """A whole number, `_` between its digits allowed; `None`: it is none."""
    digits = text.strip().replace("_", "")
    return int(digits) if EXACT.fullmatch(digits) else None


def _read(
    findings: Findings,
    source: Source,
    node: Node,
    what: str,
    words: Mapping[str, str],
    example: str,
    parse: Callable[[str, str], int | None],
) -> Amounts:
    found: Amounts = {}
    if not isinstance(node, MappingNode):
        message = f"expected amounts, found {describe(node)}"
        findings.report("bad-value", message, source, node, f"write them as {example}")
        return found
    for word, key, value in entries(findings, source, node):
        if word not in words:
            message = f"{'an' if what[0] in 'aeiou' else 'a'} {what} has no `{word}`"
            findings.add(misspelt("unknown-key", message, word, words), source, key)
            continue
        amount = parse(value.value, word) if isinstance(value, ScalarNode) else None
        if amount is None:
            message = f"`{word}` must be an amount, not {describe(value)}"
            findings.report("bad-value", message, source, value, words[word])
        else:
            found[word] = (source, value, amount)
    return found
