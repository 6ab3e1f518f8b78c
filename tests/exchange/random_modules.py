"""Random PyTorch modules with views, writes through them, clones, splits, shared modules and casts.

    python tests/exchange/random_modules.py [COUNT] [FIRST]

reads that many, each held against PyTorch, and prints how many are equal, refused, different.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.checking import TOLERANCE, check_import
from cnncalc.exchange.torch.reader import imported_module

SIZE = 6
"""Height and width of the maps."""

Pool = list[Tensor]
Action = Callable[[Pool], None]


class RandomModule(nn.Module):
    """A forward pass of actions on a pool of maps, all drawn from a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.draw = random.Random(seed)
        torch.manual_seed(seed)
        self.parts = nn.ModuleList()
        self.offsets = nn.ParameterList([nn.Parameter(torch.randn(2))])
        self.actions: list[Action] = []
        self.channels = [8]
        self._convolve()
        for _ in range(self.draw.randint(4, 14)):
            self.draw.choice(MAKERS)(self)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        pool = [x]
        for action in self.actions:
            action(pool)
        kept = pool[1:] if len(pool) > 1 else pool
        return (sum_of(kept), *kept[-2:])

    # -- what an action takes ---------------------------------------------------------------------

    def _pick(self) -> int:
        """A map that was computed; the input itself is left as it is."""
        return self.draw.randrange(1, len(self.channels)) if len(self.channels) > 1 else 0

    def _convolve(self) -> None:
        taken = self._pick()
        given = self.channels[taken] if len(self.channels) > 1 else 3
        same = [n for n, part in enumerate(self.parts) if part.in_channels == given]
        if same and self.draw.random() < 0.4:
            number = self.draw.choice(same)
        else:
            made = self.draw.choice((4, 8))
            self.parts.append(nn.Conv2d(given, made, 3, padding=1))
            number = len(self.parts) - 1
        self.channels.append(self.parts[number].out_channels)
        self.actions.append(lambda pool: pool.append(self.parts[number](pool[taken])))

    def _new(self, taken: int, function: Callable[[Tensor], Tensor], channels: int = 0) -> None:
        self.channels.append(channels or self.channels[taken])
        self.actions.append(lambda pool: pool.append(function(pool[taken])))

    def _write(self, taken: int, function: Callable[[Tensor], Any]) -> None:
        self.actions.append(lambda pool: (function(pool[taken]), None)[1])

    def _clone(self) -> None:
        self._new(self._pick(), self.draw.choice((
            torch.clone, lambda x: x.contiguous(), lambda x: x.detach(), lambda x: x.view_as(x),
            lambda x: x.reshape(x.shape), lambda x: x.to(torch.float32), lambda x: x[:],
            lambda x: x.flatten(1).view(x.shape), lambda x: F.dropout(x, 0.5, False),
        )))  # fmt: skip

    def _view(self) -> None:
        self._new(self._pick(), self.draw.choice((
            lambda x: x.transpose(2, 3), lambda x: x.permute(0, 1, 3, 2), lambda x: x.mT,
            lambda x: x.flatten(2).transpose(1, 2).transpose(1, 2).unflatten(2, x.shape[2:]),
            lambda x: x.unsqueeze(1).squeeze(1), lambda x: x.view(x.shape[0], -1).view(x.shape),
        )))  # fmt: skip

    def _cast(self) -> None:
        self._new(self._pick(), self.draw.choice((
            lambda x: x.double().float(), lambda x: x.to(torch.int32).float(),
            lambda x: x.type(torch.float64).to(x), lambda x: (x * 3).long().to(x.dtype),
        )))  # fmt: skip

    def _apply(self) -> None:
        self._new(self._pick(), self.draw.choice((
            torch.relu, torch.tanh, torch.sigmoid, lambda x: x * 2, lambda x: 1 - x, F.silu,
            lambda x: x / 2 + 1, lambda x: x.abs(), lambda x: F.relu(x.clone(), inplace=True),
            lambda x: x.clamp(-1, 1), lambda x: x * self.offsets[0][1],
        )))  # fmt: skip

    def _change(self) -> None:
        self._write(self._pick(), self.draw.choice(WRITES))

    def _change_part(self) -> None:
        taken = self._pick()
        look, write = self.draw.choice(LOOKS), self.draw.choice(WRITES)
        self._write(taken, lambda x: write(look(x)))

    def _assign(self) -> None:
        taken = self._pick()
        half = self.channels[taken] // 2
        same = [n for n in range(1, len(self.channels)) if self.channels[n] >= half]
        other = self.draw.choice(same)
        way = self.draw.randrange(4)

        def action(pool: Pool) -> None:
            x, y = pool[taken], pool[other][:, :half].clone()
            if way == 0:
                x[:, :half] = y
            elif way == 1:
                x[:, half:].copy_(y)
            elif way == 2:
                x[:, ::2] += y
            else:
                x[:, :half, 1:3] = y[:, :, 1:3]

        self.actions.append(action)

    def _split(self) -> None:
        taken = self._pick()
        way, write = self.draw.randrange(3), self.draw.choice(WRITES)

        def function(x: Tensor) -> Tensor:
            first, second = (
                x.chunk(2, 1) if way == 0
                else x.split(x.shape[1] // 2, 1) if way == 1
                else x.tensor_split(2, 1)
            )  # fmt: skip
            write(second)
            return torch.cat([second, first], 1)

        self._new(taken, function)

    def _merge(self) -> None:
        taken = self._pick()
        same = [n for n in range(1, len(self.channels)) if self.channels[n] == self.channels[taken]]
        other, way = self.draw.choice(same), self.draw.randrange(5)

        def action(pool: Pool) -> None:
            x, y = pool[taken], pool[other]
            if way == 0:
                pool.append(x + y)
            elif way == 1:
                pool.append(x * torch.sigmoid(y))
            elif way == 2:
                pool.append(torch.maximum(x, y))
            elif way == 3:
                pool.append(torch.cat([x, y], 1)[:, : x.shape[1]])
            else:
                x.add_(y.clone())
                pool.append(x)

        self.channels.append(self.channels[taken])
        self.actions.append(action)

    def _fill_new(self) -> None:
        taken = self._pick()
        way = self.draw.randrange(3)

        def function(x: Tensor) -> Tensor:
            made = torch.zeros_like(x) if way else x.new_zeros(x.shape)
            if way == 2:
                made[:, 0] = 1.0
            made[:, 1:] = x[:, :-1]
            return made

        self._new(taken, function)


WRITES: list[Callable[[Tensor], Any]] = [
    lambda x: F.relu(x, inplace=True), lambda x: x.mul_(2), lambda x: x.add_(1),
    lambda x: x.sigmoid_(), lambda x: F.silu(x, inplace=True), lambda x: x.zero_(),
    lambda x: x.neg_(), lambda x: x.clamp_(min=-0.5), lambda x: x.fill_(0.25),
    lambda x: F.dropout(x, 0.5, False, True), lambda x: x.div_(2),
]  # fmt: skip

LOOKS: list[Callable[[Tensor], Tensor]] = [
    lambda x: x[:, 1:3], lambda x: x[:, ::2], lambda x: x[:, :, 2:4], lambda x: x[..., 0],
    lambda x: x.flatten(2), lambda x: x.flatten(2).transpose(1, 2), lambda x: x.view(x.shape),
    lambda x: x.narrow(1, 1, 2), lambda x: x.select(1, 0), lambda x: x.chunk(2, 1)[1],
    lambda x: x.unbind(1)[1], lambda x: x.split((1, x.shape[1] - 1), 1)[1],
    lambda x: x.permute(0, 2, 3, 1), lambda x: x.permute(0, 2, 3, 1)[..., 1:2],
    lambda x: x.unsqueeze(2)[:, 1:], lambda x: x.view(x.shape[0], 2, -1, *x.shape[2:])[:, 1],
    lambda x: x.transpose(2, 3)[:, :, 1:], lambda x: x.detach(), lambda x: x.flatten(1)[:, 3:9],
]  # fmt: skip

MAKERS = [
    RandomModule._convolve, RandomModule._clone, RandomModule._view, RandomModule._cast,
    RandomModule._apply, RandomModule._change, RandomModule._change_part,
    RandomModule._change_part, RandomModule._assign, RandomModule._split, RandomModule._merge,
    RandomModule._fill_new,
]  # fmt: skip


def sum_of(maps: list[Tensor]) -> Tensor:
    """The mean of all maps over their channels, summed."""
    found = maps[0].mean(1)
    for one in maps[1:]:
        found = found + one.mean(1)
    return found


def outcome(seed: int) -> tuple[str, str]:
    """`equal`, `refused`, `opaque` or `different`, and more about it."""
    network = imported_module(RandomModule(seed).eval(), (3, SIZE, SIZE))
    try:
        opaque = network.reading((3, SIZE, SIZE)).opaque
        if opaque:
            names = [network.reading((3, SIZE, SIZE)).origins[node].node for node, _ in opaque]
            return "opaque", f"{names}: {opaque[0][1]}"
        found = check_import(network, (3, SIZE, SIZE))
    except (SpecError, UsageError) as error:
        return "refused", str(error)
    worst = found.largest
    return ("equal" if worst <= TOLERANCE else "different"), f"{worst:.1e}"


def main() -> None:
    """Count the outcomes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found: Counter[str] = Counter()
    for seed in range(first, first + count):
        try:
            kind, more = outcome(seed)
        except Exception as error:  # a defect of ours, which the table has to show
            kind, more = "crash", f"{type(error).__name__}: {error}"
        found[kind] += 1
        if kind != "equal":
            print(seed, kind, more[:250], flush=True)
    print(dict(found))


if __name__ == "__main__":
    main()
