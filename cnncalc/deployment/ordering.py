"""The order in which the converter leaves the operators of branches.

TensorFlow's importer takes a graph in reverse postorder of a depth-first search, which goes by
names: from the inputs and the weights, the name that sorts last first. Names are those that a
Keras model of the network has when it is exported: `network_1/layer_1/operation`, and of an
input its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.deployment.steps import Step


def ordered(
    steps: Sequence[Step], outputs: Sequence[int], inputs: Sequence[str]
) -> tuple[list[Step], list[int]]:
    """Return the steps in the importer's order, inputs first, and the outputs among them.

    `inputs` are the names of the network's inputs, in order.
    """
    count = len(inputs)
    followers: list[list[int]] = [[] for _ in steps]
    for number, step in enumerate(steps):
        for taken in step.inputs:
            followers[taken].append(number)
    roots = [(name, number) for number, name in enumerate(inputs)]
    for number, step in enumerate(steps):
        weighted = any([one.key[0] in ("weights", "bias") for one in step.arrays])
        if weighted and number >= count:
            roots.append((f"{step.place}/ReadVariableOp", number))
    finished: list[int] = []
    seen = [False] * len(steps)
    # what was pushed last is visited first
    stack = [(number, False) for _, number in sorted(roots)]
    while stack:
        number, leaving = stack.pop()
        if leaving:
            finished.append(number)
            continue
        if seen[number]:
            continue
        seen[number] = True
        stack.append((number, True))
        after = sorted(set(followers[number]), key=lambda one: (steps[one].place, one))
        stack += [(one, False) for one in after if not seen[one]]
    order = [*range(count), *[one for one in reversed(finished) if one >= count]]
    place = {number: at for at, number in enumerate(order)}
    found = [
        steps[one]._replace(inputs=tuple([place[taken] for taken in steps[one].inputs]))
        for one in order
    ]
    return found, [place[one] for one in outputs]
