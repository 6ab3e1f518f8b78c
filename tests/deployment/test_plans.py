"""Placement and order: the interpreter's plan, better ones, and that none is smaller."""

from __future__ import annotations

import itertools
import random

import pytest

from cnncalc.deployment.arena import Plan, greedy, liveness, overlaps, placed
from cnncalc.deployment.kernels import DETECTION, missing, scratch_of
from cnncalc.deployment.program import Lifetime, Operator, Program, Tensor, lifetimes
from cnncalc.deployment.search import best_order, best_places, improved, reordered, with_fixed


def buffer(size: int, first: int, last: int) -> Lifetime:
    return Lifetime(size, first, last, 0, first)


def held(plan: Plan) -> bool:
    """Whether no two buffers that are alive at once overlap."""
    return not any(
        overlaps(a, b) and at < there + b.bytes and there < at + a.bytes
        for (a, at), (b, there) in itertools.combinations(
            zip(plan.buffers, plan.offsets, strict=True), 2
        )
    )


@pytest.mark.parametrize(
    ("buffers", "offsets"),
    [
        # larger first, each at the lowest free offset
        ([(16, 0, 1), (32, 1, 2), (16, 2, 3)], (32, 0, 32)),
        # among equals the later first
        ([(16, 0, 1), (16, 1, 2), (16, 0, 2)], (32, 16, 0)),
        # buffers that never meet share an offset
        ([(64, 0, 0), (48, 1, 1), (32, 2, 2)], (0, 0, 0)),
        # a gap between two is used where it is wide enough
        ([(64, 0, 0), (48, 0, 3), (32, 2, 3), (16, 1, 3)], (0, 64, 0, 32)),
    ],
)
def test_the_interpreters_plan(
    buffers: list[tuple[int, int, int]], offsets: tuple[int, ...]
) -> None:
    assert greedy([buffer(*one) for one in buffers]).offsets == offsets


def test_no_buffers() -> None:
    plan = greedy([])
    assert (plan.head, plan.liveness) == (0, 0)


def some_buffers(seed: int, count: int) -> list[Lifetime]:
    values = random.Random(seed)
    found = []
    for _ in range(count):
        first = values.randrange(6)
        found.append(buffer(16 * values.randint(1, 8), first, first + values.randrange(3)))
    return found


def smallest(buffers: list[Lifetime]) -> int:
    """The smallest head of all orders of placement at the lowest free offset."""
    orders = itertools.permutations(range(len(buffers)))
    return min(placed(buffers, order).head for order in orders)


@pytest.mark.parametrize("seed", range(60))
def test_the_best_places_are_the_best(seed: int) -> None:
    buffers = some_buffers(seed, 6)
    plan, complete = best_places(buffers)
    assert held(plan)
    assert complete
    assert plan.head == smallest(buffers)
    assert liveness(buffers) <= plan.head <= greedy(buffers).head


@pytest.mark.parametrize("seed", range(40))
def test_plans_of_many_buffers_hold(seed: int) -> None:
    buffers = some_buffers(seed, 40)
    for plan in (greedy(buffers), best_places(buffers, 0.05)[0]):
        assert held(plan)
        assert liveness(buffers) <= plan.head


def test_scratch_finds_its_place_around_fixed_tensors() -> None:
    tensors = [buffer(32, 0, 1), buffer(48, 1, 2)]
    scratch = Lifetime(16, 1, 1, None, 1)
    plan = with_fixed([*tensors, scratch], {0: 0, 1: 48})
    assert plan.offsets == (0, 48, 32)
    assert held(plan)


def diamond(wide: int, narrow: int) -> Program:
    """Two branches behind one tensor; first each widens, then it narrows."""
    sizes = [16, wide, wide, narrow, narrow, 2 * narrow]
    tensors = tuple(Tensor(f"t{n}", (size,)) for n, size in enumerate(sizes))
    # both wide tensors first: the order that is bad
    operators = (
        Operator("CONV_2D", (0,), (1,)),
        Operator("CONV_2D", (0,), (2,)),
        Operator("CONV_2D", (1,), (3,)),
        Operator("CONV_2D", (2,), (4,)),
        Operator("CONCATENATION", (3, 4), (5,)),
    )
    return Program("diamond", tensors, operators, (0,), (5,))


def test_the_best_order_finishes_a_branch_first() -> None:
    program = diamond(1024, 16)
    scratch: list[tuple[int, ...]] = [()] * 5
    order, proven = best_order(program, scratch)
    assert proven
    before = liveness(lifetimes(program, scratch))
    after = liveness(lifetimes(reordered(program, order), scratch))
    assert (before, after) == (2064, 1056)
    found = improved(program, scratch)
    assert found.optimal
    assert found.plan.head == found.bound == after


def orders(program: Program) -> list[tuple[int, ...]]:
    """All orders in which each operator follows those that it takes."""
    makers = {t: n for n, one in enumerate(program.operators) for t in one.outputs}
    found = []
    for order in itertools.permutations(range(len(program.operators))):
        places = {one: place for place, one in enumerate(order)}
        if all(
            places[makers[t]] < places[n]
            for n, one in enumerate(program.operators)
            for t in one.inputs
            if t in makers
        ):
            found.append(order)
    return found


@pytest.mark.parametrize("seed", range(30))
def test_no_order_is_better_than_the_best(seed: int) -> None:
    values = random.Random(seed)
    count = 6
    tensors = [Tensor("input", (16 * values.randint(1, 4),))]
    operators = []
    for number in range(count):
        taken = sorted(values.sample(range(number + 1), min(number + 1, values.randint(1, 2))))
        tensors.append(Tensor(f"t{number}", (16 * values.randint(1, 20),)))
        operators.append(Operator("ADD", tuple(taken), (number + 1,)))
    program = Program("random", tuple(tensors), tuple(operators), (0,), (count,))
    scratch = [(16 * values.randint(0, 3),) for _ in range(count)]

    def peak(order: tuple[int, ...]) -> int:
        return liveness(lifetimes(reordered(program, order), [scratch[one] for one in order]))

    order, proven = best_order(program, scratch)
    assert proven
    assert peak(order) == min(map(peak, orders(program)))
    found = improved(program, scratch)
    assert found.plan.head <= greedy(lifetimes(program, scratch)).head
    assert found.bound <= found.plan.head
    assert held(found.plan)


def test_scratch_of_detections() -> None:
    """SSD with 1,917 boxes, 91 scores each, 10 detections: sizes as the kernel asks for them."""
    shapes = [(1917, 4), (1917, 91), (1917, 4), (10, 4), (10,), (10,), (1,)]
    tensors = tuple(Tensor(f"t{n}", shape, 4, type="float32") for n, shape in enumerate(shapes))
    operator = Operator(DETECTION, (0, 1, 2), (3, 4, 5, 6))
    program = Program("ssd", tensors, (operator,), (0, 1), (3, 4, 5, 6))
    assert scratch_of(program) == [
        (1917, 30672, 697788, 7668, 7668, 76680, 76680, 7668, 76680, 690120, 76680)
    ]
    assert missing(program) == []
