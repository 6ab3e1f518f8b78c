"""Padding that stands before a layer, as the layer's own.

Keras' own padding is none or `same`; what differs from both is a layer of zeros in front, or of
minus infinity before a maximum.
"""

from __future__ import annotations

from math import inf

from cnncalc.exchange.reading.program import Op, Program

PADS = {
    "conv": 0.0, "depthwise_conv": 0.0, "separable_conv": 0.0, "avg_pool": 0.0, "max_pool": -inf,
}  # fmt: skip
"""What stands around the input of each kind."""


def merge_padding(program: Program) -> None:
    """Put rows in front of a layer into its options, where nothing else reads them."""
    readers = program.readers()
    changes: dict[Op, list[Op]] = {}
    for op in program.ops:
        value = PADS.get(op.name)
        front = op.inputs[0] if op.inputs else None
        if value is None or not isinstance(front, Op) or front.name != "pad":
            continue
        rows = front.options["padding"]
        if (
            front.options.get("value", 0) == value
            and "channels" not in front.options
            and "mode" not in front.options
            and op.options.get("padding", 0) == 0
            and len(readers[front]) == 1
            and front not in program.outputs
            and not ("pool" in op.name and _wide(rows, op.options["kernel"]))
        ):
            options = {**op.options, "padding": rows}
            changes[op] = [
                Op(
                    op.name, [front.x], op.shape, options,
                    arrays=op.arrays, channel=op.channel, origin=op.origin,
                )
            ]  # fmt: skip
    if changes:
        program.replace(changes)
        program.prune()


def _wide(rows: tuple[tuple[int, int], ...], kernel: tuple[int, ...]) -> bool:
    """Whether a pool could see nothing but padding."""
    return any(2 * max(pair) > size for pair, size in zip(rows, kernel, strict=True))
