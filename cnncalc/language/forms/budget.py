"""The most that a network may cost: amounts such as `5M` and `512KiB`, and `budget:` in a file."""

from __future__ import annotations

import re

from cnncalc.diagnostics import misspelt
from cnncalc.language.text.findings import Findings, describe, entries
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, Source

COSTS = {
    "params": "trainable values, such as 5M",
    "macs": "multiply-accumulates, such as 600M",
    "memory": "bytes of weights and of the activations alive at once, such as 512KiB",
}
"""What a budget can limit."""

AMOUNT = r"(\d{1,18}(?:\.\d{1,9})?)\s*([KMGT]?i?)(B?)"  # compiled when a budget is read
POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_amount(text: str, cost: str) -> int | None:
    """`5M`, `1.5G` (units of 1000), and for memory `512KiB` (1024) or `4MB`; `None`: no amount."""
    match = re.fullmatch(AMOUNT, text.strip().replace("_", ""), re.IGNORECASE)
    if match is None:
        return None
    number, unit, of_bytes = match.groups()
    binary = unit[1:].lower() == "i"
    if cost != "memory" and (binary or of_bytes):
        return None
    if binary and not of_bytes:
        return None
    base = 1024 if binary else 1000
    whole, _, part = number.partition(".")
    scale: int = base ** POWERS[unit[:1].upper()]
    amount: int = int(whole + part) * scale // 10 ** len(part)
    return amount


def read_budget(
    findings: Findings, source: Source, node: Node
) -> dict[str, tuple[Source, Node, int]]:
    """The amounts of `budget:` and where they are written."""
    found: dict[str, tuple[Source, Node, int]] = {}
    if not isinstance(node, MappingNode):
        findings.report(
            "bad-value",
            f"expected what the network may cost, found {describe(node)}",
            source,
            node,
            "write it as `{params: 5M, macs: 600M, memory: 512KiB}`",
        )
        return found
    for word, key, value in entries(findings, source, node):
        if word not in COSTS:
            message = f"a budget has no `{word}`"
            findings.add(misspelt("unknown-key", message, word, COSTS), source, key)
            continue
        amount = parse_amount(value.value, word) if isinstance(value, ScalarNode) else None
        if amount is None:
            message = f"`{word}` must be an amount, not {describe(value)}"
            findings.report("bad-value", message, source, value, COSTS[word])
        else:
            found[word] = (source, value, amount)
    return found
