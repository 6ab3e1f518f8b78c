"""What the converter folds and fuses, a row a rule, and the pass that applies the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.deployment.steps import Array, Step
from cnncalc.shapes import product, same_padding


class Program:
    """Steps while they are rewritten: those so far, and how often each is read."""

    def __init__(self, steps: Sequence[Step], outputs: Sequence[int]) -> None:
        self.steps: list[Step] = []
        self.readers = [0] * len(steps)
        for step in steps:
            for one in step.inputs:
                self.readers[one] += 1
        for one in outputs:
            self.readers[one] += 1
        self.original: list[int] = []
        """For each new step the old one whose readers it has."""

    def alone(self, step: int) -> bool:
        """Whether a new step is read once."""
        return self.readers[self.original[step]] == 1


class Rule(NamedTuple):
    """A rule by which steps become fewer."""

    name: str
    summary: str
    source: str
    apply: Callable[[Program, Step], Step | int | tuple[Step, Step] | None]
    """The step in place of it and its producer; a number stands for an earlier step.

    Of two steps the second takes the first.
    """


LINEAR = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "CONV_3D")
"""Operators whose weights take up a factor, and whose biases take up an offset."""

ACTIVATED = (*LINEAR, "ADD", "SUB", "MUL", "DIV", "AVERAGE_POOL_2D", "MAX_POOL_2D")
"""Operators that an activation is fused into."""

ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1")

PREPARE = "TensorFlow Lite converter, transforms/prepare_patterns.td and prepare_tf.cc"
OPTIMIZE = "TensorFlow Lite converter, transforms/optimize_patterns.td and optimize_pass.cc"


def _joined(step: Step, producer: Step, rule: str) -> Step:
    """The producer in the place of both."""
    return producer._replace(
        nodes=(*producer.nodes, *step.nodes),
        rules=tuple(dict.fromkeys((*producer.rules, rule))),
        name=_joined_name(step, producer),
    )


def _joined_name(step: Step, producer: Step) -> str:
    """The name that the converter gives to what was two operations."""
    plain = producer.operator in ("CONV_2D", "CONV_3D") and "/BiasAdd" not in producer.name
    if step.operator == "MUL" and plain:
        return producer.name
    normalizes = "/batchnorm/" in step.name
    behind = ""
    if normalizes and producer.operator != "FULLY_CONNECTED":
        behind = ";" + step.name.replace("add_1", "sub").replace("mul_1", "mul")
    return f"{step.name};{producer.name}{behind}"


def _constant(step: Step) -> Array | None:
    """The array that a step of one input multiplies or adds."""
    if step.operator in ("MUL", "ADD") and len(step.inputs) == 1 and len(step.arrays) == 1:
        return step.arrays[0]
    return None


def fold_factor(program: Program, step: Step) -> Step | None:
    """A factor or an offset a channel goes into the weights and biases before it."""
    array = _constant(step)
    if array is None:
        return None
    producer = program.steps[step.inputs[0]]
    per_channel = product(array.shape) in (1, producer.shape[-1]) and (
        not array.shape or product(array.shape) == array.shape[-1]
    )
    if producer.operator not in LINEAR or producer.activation or not per_channel:
        return None
    if not program.alone(step.inputs[0]):
        return None
    changed = 0 if step.operator == "MUL" else 1
    place = 1 if producer.operator == "TRANSPOSE_CONV" else 0
    arrays = list(producer.arrays)
    # weights that were multiplied are no longer those of layers that share them
    for number in range(place + changed, len(arrays)):
        arrays[number] = arrays[number]._replace(key=(*arrays[number].key, *array.key))
    return _joined(step, producer, "fold-factor")._replace(arrays=tuple(arrays))


def fold_into_next(program: Program, step: Step) -> Step | None:
    """A factor or an offset goes into the weights and biases behind it.

    Of a linear layer one a feature; of a convolution a single number, and an offset only where
    there is no padding, which would be offset too.
    """
    if step.operator not in ("FULLY_CONNECTED", "CONV_2D") or len(step.inputs) != 1:
        return None
    producer = program.steps[step.inputs[0]]
    array = _constant(producer)
    if array is None or producer.activation or not program.alone(step.inputs[0]):
        return None
    single = product(array.shape) == 1
    if step.operator == "CONV_2D":
        if not single or (producer.operator == "ADD" and step.attributes[0] != "VALID"):
            return None
    elif not single and product(array.shape) != producer.shape[-1]:
        return None
    changed = (1,) if producer.operator == "ADD" else (0,)
    arrays = list(step.arrays)
    for number in changed:
        arrays[number] = arrays[number]._replace(key=(*arrays[number].key, *array.key))
    return step._replace(
        inputs=producer.inputs,
        arrays=tuple(arrays),
        nodes=(*producer.nodes, *step.nodes),
        rules=tuple(dict.fromkeys((*step.rules, "fold-into-next"))),
    )


def fuse_activation(program: Program, step: Step) -> Step | None:
    """A clipping activation becomes an attribute of the operator before it."""
    if step.operator not in ACTIVATIONS:
        return None
    producer = program.steps[step.inputs[0]]
    if producer.operator not in ACTIVATED or producer.activation:
        return None
    if not program.alone(step.inputs[0]):
        return None
    return _joined(step, producer, "fuse-activation")._replace(activation=step.operator)


def fold_padding(program: Program, step: Step) -> Step | None:
    """Zeros that are just what `SAME` adds become a padding of the convolution."""
    if step.operator not in ("CONV_2D", "DEPTHWISE_CONV_2D") or step.attributes[0] != "VALID":
        return None
    producer = program.steps[step.inputs[0]]
    if producer.operator != "PAD" or len(producer.shape) != 3:
        return None
    before = program.steps[producer.inputs[0]].shape
    amounts = producer.attributes[0]
    if amounts[-1] != (0, 0) or len(step.windows) != 2:
        return None
    for axis, window in enumerate(step.windows):
        kernel, stride, _, _, dilation = window
        own = same_padding(before[axis], kernel, stride, dilation, False)
        if own != amounts[axis + 1] or step.shape[axis] != -(-before[axis] // stride):
            return None
    windows = tuple(
        [
            (kernel, stride, *amounts[axis + 1], dilation)
            for axis, (kernel, stride, _, _, dilation) in enumerate(step.windows)
        ]
    )
    return step._replace(
        inputs=producer.inputs,
        attributes=("SAME", *step.attributes[1:]),
        nodes=(*producer.nodes, *step.nodes),
        rules=tuple(dict.fromkeys((*step.rules, "fold-padding"))),
        windows=windows,
        name=f"{step.name};{producer.name[:-3]}Const;{producer.name}",
    )


def drop_reshape(program: Program, step: Step) -> Step | int | None:
    """Of reshapes one after the other the last is kept, and none where the shape is the same."""
    if step.operator != "RESHAPE":
        return None
    producer = program.steps[step.inputs[0]]
    if producer.operator != "RESHAPE":
        return None
    source = producer.inputs[0]
    if program.steps[source].shape == step.shape:
        return source
    return step._replace(
        inputs=(source,),
        nodes=(*producer.nodes, *step.nodes),
        rules=tuple(dict.fromkeys((*step.rules, "drop-reshape"))),
    )


def activate_before_reshape(program: Program, step: Step) -> tuple[Step, Step] | None:
    """An activation behind a RESHAPE goes in front of it."""
    if step.operator not in ACTIVATIONS:
        return None
    producer = program.steps[step.inputs[0]]
    if producer.operator != "RESHAPE" or not program.alone(step.inputs[0]):
        return None
    before = program.steps[producer.inputs[0]].shape
    return step._replace(inputs=producer.inputs, shape=before), producer


def flatten_into_linear(program: Program, step: Step) -> Step | None:
    """A fully connected layer takes a map of one position as it is."""
    if step.operator != "FULLY_CONNECTED" or not step.inputs:
        return None
    producer = program.steps[step.inputs[0]]
    if producer.operator != "RESHAPE" or len(producer.shape) != 1:
        return None
    before = program.steps[producer.inputs[0]].shape
    if product(before[:-1]) != 1:
        return None
    return step._replace(
        inputs=producer.inputs,
        nodes=(*producer.nodes, *step.nodes),
        rules=tuple(dict.fromkeys((*step.rules, "flatten-into-linear"))),
    )


RULES = (
    Rule(
        "fold-factor",
        "a batch normalization, a scale or an offset a channel goes into the weights and biases "
        "of the convolution or linear layer before it, where nothing else reads that",
        PREPARE,
        fold_factor,
    ),
    Rule(
        "fold-into-next",
        "a factor or an offset goes into the linear layer behind it; a single number into a "
        "convolution behind it, an offset only where that has no padding",
        OPTIMIZE,
        fold_into_next,
    ),
    Rule(
        "fuse-activation",
        "ReLU, ReLU6 and clips to [−1, 1] and [0, 1] become an attribute of the convolution, "
        "linear layer, pool or sum before them, where nothing else reads that",
        OPTIMIZE,
        fuse_activation,
    ),
    Rule(
        "fold-padding",
        "a PAD of the zeros that `SAME` adds becomes the padding of the convolution behind it",
        OPTIMIZE,
        fold_padding,
    ),
    Rule(
        "drop-reshape",
        "of reshapes one after the other the last is kept; none where the shape is the same",
        OPTIMIZE,
        drop_reshape,
    ),
    Rule(
        "activate-before-reshape",
        "an activation behind a RESHAPE goes in front of it",
        OPTIMIZE,
        activate_before_reshape,
    ),
    Rule(
        "flatten-into-linear",
        "a linear layer takes a map of one position as it is, without a RESHAPE",
        OPTIMIZE,
        flatten_into_linear,
    ),
)
"""Rules that take a step and the one before it."""

MERGED = Rule(
    "merge-equal",
    "equal operators on the same inputs become one, as equal arrays do",
    "MLIR, common subexpression elimination, which the converter runs",
    lambda program, step: None,
)
DROPPED = Rule(
    "drop-unchanged",
    "dropout, stochastic depth and identities are left out; a flatten behind a global pool goes "
    "into the pool's MEAN",
    "Keras, layers at inference; TensorFlow Lite converter, transforms/optimize_pass.cc",
    lambda program, step: None,
)

TABLE = (*RULES, MERGED, DROPPED)
"""All rules, as they are shown."""


def fused(steps: Sequence[Step], outputs: Sequence[int]) -> tuple[list[Step], list[int]]:
    """Return the steps that are left, in execution order, and the outputs among them."""
    steps, outputs = merged(steps, outputs)
    while True:
        before = len(steps), [one.rules for one in steps]
        steps, outputs = _rewritten(steps, outputs)
        steps, outputs = _used(steps, outputs)
        if (len(steps), [one.rules for one in steps]) == before:
            return steps, outputs


def merged(steps: Sequence[Step], outputs: Sequence[int]) -> tuple[list[Step], list[int]]:
    """The steps with equal ones merged."""
    found: list[Step] = []
    known: dict[object, int] = {}
    place: list[int] = []
    for step in steps:
        step = step._replace(inputs=tuple([place[one] for one in step.inputs]))
        same = known.get(step.identity) if step.inputs else None
        if same is None:
            known[step.identity] = len(found)
            place.append(len(found))
            found.append(step)
            continue
        first = found[same]
        found[same] = first._replace(
            nodes=(*first.nodes, *step.nodes),
            rules=tuple(dict.fromkeys((*first.rules, MERGED.name))),
        )
        place.append(same)
    return found, [place[one] for one in outputs]


def _rewritten(steps: Sequence[Step], outputs: Sequence[int]) -> tuple[list[Step], list[int]]:
    program = Program(steps, outputs)
    place: list[int] = []
    for number, step in enumerate(steps):
        step = step._replace(inputs=tuple([place[one] for one in step.inputs]))
        result: Step | int | tuple[Step, Step] | None = None
        for rule in RULES:
            result = rule.apply(program, step) if step.inputs else None
            if result is not None:
                break
        if isinstance(result, int):
            place.append(result)
            continue
        if result is not None and not isinstance(result, Step):
            first, step = result
            program.steps.append(first)
            program.original.append(number)
            result = step._replace(inputs=(len(program.steps) - 1,))
        place.append(len(program.steps))
        program.steps.append(step if result is None else result)
        program.original.append(number)
    return program.steps, [place[one] for one in outputs]


def _used(steps: Sequence[Step], outputs: Sequence[int]) -> tuple[list[Step], list[int]]:
    """The steps that an output depends on, and the inputs."""
    wanted = set(outputs)
    for number in range(len(steps) - 1, -1, -1):
        if number in wanted:
            wanted.update(steps[number].inputs)
    place: dict[int, int] = {}
    found: list[Step] = []
    for number, step in enumerate(steps):
        if number in wanted or step.operator == "INPUT":
            place[number] = len(found)
            found.append(step._replace(inputs=tuple([place[one] for one in step.inputs])))
    return found, [place[one] for one in outputs]
