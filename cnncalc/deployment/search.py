"""A better plan than the interpreter's: the best order of operators, and the best places.

No plan is smaller than what is alive at once in the best order, which is the bound. Placement is
a branch and bound over skylines: in a plan in which nothing can sink, each buffer stands on the
highest of those below it, so that placing buffers by rising offset reaches an optimal one.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cnncalc.deployment.arena import Plan, greedy, liveness, lowest_gap, placed
from cnncalc.deployment.program import Lifetime, Program, lifetimes, rounded

SECONDS = 0.4
"""Seconds of processor time for the order, and as many for the places."""

STATES = 60_000
"""The most sets of finished operators that are looked at between two narrow places."""


class Search(NamedTuple):
    """What a search came to."""

    order: tuple[int, ...]
    """Operators in their new order."""
    plan: Plan
    bound: int
    """No plan of any order is smaller; of this order where the orders were too many."""
    orders_proven: bool
    """Whether no order has fewer bytes alive at once."""
    optimal: bool
    """Whether no plan is smaller."""


def improved(program: Program, scratch: list[tuple[int, ...]], seconds: float = SECONDS) -> Search:
    """Return the best plan that is found in a time; never larger than the interpreter's."""
    own = tuple(range(len(program.operators)))
    before = greedy(lifetimes(program, scratch))
    order, proven = best_order(program, scratch, seconds)
    best = Search(own, before, before.liveness, False, False)
    bound: int | None = None
    for candidate in dict.fromkeys((order, own)):
        buffers = lifetimes(reordered(program, candidate), [scratch[one] for one in candidate])
        alive = liveness(buffers)
        bound = alive if bound is None else min(bound, alive)
        if candidate == own and alive > bound and best.plan.head <= alive:
            continue
        plan, closed = best_places(buffers, seconds)
        plan = with_fixed(buffers, _tensor_offsets(buffers, plan))
        if plan.head < best.plan.head or (plan.head == best.plan.head and candidate == own):
            alone = closed and proven and order == own
            best = Search(candidate, plan, alive, proven, alone)
        if best.plan.head == bound:
            break
    assert bound is not None
    optimal = proven and (best.plan.head == bound or best.optimal)
    return best._replace(bound=bound, orders_proven=proven, optimal=optimal)


def _tensor_offsets(buffers: Sequence[Lifetime], plan: Plan) -> dict[int, int]:
    """Offsets of tensors by the number of their buffer."""
    pairs = enumerate(zip(buffers, plan.offsets, strict=True))
    return {number: at for number, (one, at) in pairs if one.tensor is not None}


def reordered(program: Program, order: Sequence[int]) -> Program:
    """The program with its operators in another order."""
    return program._replace(operators=tuple([program.operators[one] for one in order]))


# -- order -------------------------------------------------------------------------------------


def best_order(
    program: Program, scratch: Sequence[tuple[int, ...]], seconds: float = SECONDS
) -> tuple[tuple[int, ...], bool]:
    """The order with the fewest bytes alive at once, and whether no other has fewer.

    Between places where one tensor alone is alive each part is ordered by itself: a search over
    sets of finished operators, the least peak first.
    """
    end = time.process_time() + seconds
    order: list[int] = []
    proven = True
    for part in parts(program):
        if len(part) < 3:
            order += part
            continue
        found = _ordered(program, scratch, part, end)
        proven = proven and found is not None
        order += part if found is None else found
    return tuple(order), proven


def parts(program: Program) -> list[list[int]]:
    """Runs of operators between places where the only computed tensor alive is the last one's."""
    readers: dict[int, int] = {}
    for operator in program.operators:
        for tensor in set(operator.inputs):
            readers[tensor] = readers.get(tensor, 0) + 1
    for tensor in program.outputs:
        readers[tensor] = readers.get(tensor, 0) + 1
    alive = {tensor for tensor in program.inputs if readers.get(tensor)}
    outputs = set(program.outputs)
    found: list[list[int]] = [[]]
    for number, operator in enumerate(program.operators):
        found[-1].append(number)
        for tensor in set(operator.inputs):
            readers[tensor] -= 1
            if not readers[tensor]:
                alive.discard(tensor)
        alive.update(tensor for tensor in operator.outputs if readers.get(tensor))
        waiting = alive - set(operator.outputs) - outputs
        if not waiting and len(operator.outputs) == 1:
            found.append([])
    return [part for part in found if part]


class _Part:
    """Operators that may change places, with what each needs."""

    def __init__(
        self, program: Program, scratch: Sequence[tuple[int, ...]], part: Sequence[int]
    ) -> None:
        self.size = len(part)
        self.operators = [program.operators[one] for one in part]
        self.scratch = [sum(map(rounded, scratch[one])) for one in part]
        sizes = [rounded(one.bytes) for one in program.tensors]
        held = set(program.activations())
        maker = {t: n for n, one in enumerate(self.operators) for t in one.outputs if t in held}
        readers: dict[int, int] = {}
        self.needs = [0] * self.size
        for number, operator in enumerate(self.operators):
            for tensor in set(operator.inputs) & held:
                readers[tensor] = readers.get(tensor, 0) | 1 << number
                if tensor in maker:
                    self.needs[number] |= 1 << maker[tensor]
        later = {
            tensor
            for number, operator in enumerate(program.operators)
            if number > part[-1]
            for tensor in operator.inputs
        } | set(program.outputs)
        # tensors from before the part are alive from its start
        self.tensors: list[tuple[int, int, int]] = []
        for tensor in sorted({*readers, *maker}):
            made = 1 << maker[tensor] if tensor in maker else 0
            keeps = 0 if tensor in later else readers.get(tensor, made)
            self.tensors.append((sizes[tensor], made, keeps))

    def during(self, done: int, number: int) -> int:
        """Bytes alive while an operator runs after others."""
        now = done | 1 << number
        total = self.scratch[number]
        for size, made, readers in self.tensors:
            there = (made & now or not made) and (not readers or readers & ~done)
            if there or made == 1 << number:
                total += size
        return total


def _ordered(
    program: Program, scratch: Sequence[tuple[int, ...]], part: Sequence[int], end: float
) -> list[int] | None:
    """The best order of a part; `None` where it has too many."""
    data = _Part(program, scratch, part)
    whole = (1 << data.size) - 1
    own = 0
    done = 0
    for number in range(data.size):
        own = max(own, data.during(done, number))
        done |= 1 << number
    queue: list[tuple[int, int, int]] = [(0, 0, 0)]
    best: dict[int, int] = {0: 0}
    before: dict[int, tuple[int, int]] = {}
    seen = 0
    while queue:
        peak, negative, done = heapq.heappop(queue)
        if peak > best.get(done, peak):
            continue
        if peak >= own:
            return list(part)  # nothing is better than the order there is
        if done == whole:
            order = []
            while done:
                number, done = before[done]
                order.append(part[number])
            return order[::-1]
        seen += 1
        if seen > STATES or (seen % 256 == 0 and time.process_time() > end):
            return None
        for number in range(data.size):
            bit = 1 << number
            if done & bit or data.needs[number] & ~done:
                continue
            now = max(peak, data.during(done, number))
            after = done | bit
            if now < best.get(after, now + 1):
                best[after] = now
                before[after] = (number, done)
                heapq.heappush(queue, (now, negative - 1, after))
    return list(part)


# -- places ------------------------------------------------------------------------------------


def best_places(buffers: Sequence[Lifetime], seconds: float = SECONDS) -> tuple[Plan, bool]:
    """The best plan that is found in a time, and whether none is smaller.

    First the interpreter's plan and some like it, by other orders; then branch and bound.
    """
    bound = liveness(buffers)
    best = greedy(buffers)
    for key in KEYS:
        if best.head == bound:
            return best, True
        order = sorted(range(len(buffers)), key=lambda one: key(buffers[one]))
        plan = placed(buffers, order)
        best = min(best, plan, key=lambda one: one.head)
    if best.head == bound:
        return best, True
    search = _Skyline(buffers, best.head, time.process_time() + seconds)
    search.run()
    if search.found is not None:
        best = Plan(tuple(buffers), tuple(search.found))
    return best, search.complete or best.head == bound


KEYS: tuple[Callable[[Lifetime], tuple[int, int]], ...] = (
    lambda one: (-one.bytes * (one.last - one.first + 1), -one.bytes),
    lambda one: (-(one.last - one.first), -one.bytes),
    lambda one: (one.first, -one.bytes),
    lambda one: (-one.last, -one.bytes),
)
"""Other orders in which buffers are placed: by area, by duration, by time."""


class _Skyline:
    """Depth-first search for a plan lower than the best."""

    def __init__(self, buffers: Sequence[Lifetime], best: int, end: float) -> None:
        self.buffers = buffers
        self.best = best
        self.end = end
        self.complete = True
        self.found: list[int] | None = None
        moments = sorted({one.first for one in buffers} | {one.last for one in buffers})
        place = {moment: number for number, moment in enumerate(moments)}
        self.spans = [(place[one.first], place[one.last] + 1) for one in buffers]
        self.height = [0] * len(moments)
        self.left = [0] * len(moments)
        for one, (low, high) in zip(buffers, self.spans, strict=True):
            for moment in range(low, high):
                self.left[moment] += one.bytes
        self.lower = max(self.left, default=0)
        self.offsets = [0] * len(buffers)
        self.steps = 0

    def run(self) -> None:
        """Search until nothing is better, or the time is over."""
        self._place(frozenset(range(len(self.buffers))), 0)

    def _place(self, waiting: frozenset[int], floor: int) -> bool:
        """Place what is left, each at `floor` or above; whether to stop."""
        if not waiting:
            self.best = max(self.height)
            self.found = list(self.offsets)
            return self.best == self.lower
        self.steps += 1
        if self.steps % 64 == 0 and time.process_time() > self.end:
            self.complete = False
            return True
        options = []
        seen = set()
        for number in waiting:
            low, high = self.spans[number]
            at = max(self.height[low:high])
            size = self.buffers[number].bytes
            # offsets rise, and of equal buffers it does not matter which comes first
            if at < floor or (low, high, size) in seen:
                continue
            seen.add((low, high, size))
            options.append((at, -size * (high - low), number))
        options.sort()
        for at, _, number in options:
            low, high = self.spans[number]
            size = self.buffers[number].bytes
            before = self.height[low:high]
            for moment in range(low, high):
                self.height[moment] = at + size
                self.left[moment] -= size
            self.offsets[number] = at
            fits = all(
                [self.height[moment] + self.left[moment] < self.best for moment in range(low, high)]
            )
            stop = fits and self._place(waiting - {number}, at)
            self.height[low:high] = before
            for moment in range(low, high):
                self.left[moment] += size
            if stop:
                return True
        return False


# -- as the interpreter places it ----------------------------------------------------------------


def with_fixed(buffers: Sequence[Lifetime], fixed: Mapping[int, int]) -> Plan:
    """The plan as the interpreter makes it where a file states the offsets of some buffers.

    The others (scratch, which a file cannot state, among them) follow, the largest first, each in
    the first gap that is wide enough.
    """
    offsets = [fixed.get(number, 0) for number in range(len(buffers))]
    done = sorted(fixed)
    rest = [number for number in range(len(buffers)) if number not in fixed]
    for number in sorted(rest, key=lambda one: (-buffers[one].bytes, -one)):
        offsets[number] = lowest_gap(buffers, offsets, done, number)
        done.append(number)
    return Plan(tuple(buffers), tuple(offsets))
