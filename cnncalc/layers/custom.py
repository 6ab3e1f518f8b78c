"""Layers that the language lacks: what is known of one is stated where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from cnncalc.layers.base import (
    UNKNOWN_ARRAYS,
    UNKNOWN_OPERATIONS,
    Facts,
    Kind,
    LayerError,
    Operations,
    Role,
    Windows,
    check_size,
    unknown_windows,
)
from cnncalc.layers.options import (
    Arrays,
    Axes,
    Branches,
    Choice,
    Either,
    Int,
    KernelSize,
    Mapped,
    OptionError,
    Padding,
    SizeList,
    Table,
    Text,
    option,
)
from cnncalc.layers.saved import SavedForBackward, SavedTensor
from cnncalc.shapes import Shape, Slide
from cnncalc.unknown import UNKNOWN

COUNT_LIMIT = 2**62 - 1
"""The most operations that can be stated."""

ROLES = get_args(Role)

WINDOW = Mapped(
    {"kernel": KernelSize(), "stride": Axes(), "padding": Padding(), "dilation": Axes()},
    required=("kernel",),
)


class Custom(Kind, name="custom"):
    """A layer that the language lacks, which states what is known of it.

    Its output shape is stated, and on request its weights, its stored arrays, its
    multiply-accumulates, all its arithmetic operations, and the window through which a unit of
    its output sees each input. What is not stated is unknown, and so is every sum that it is
    part of. Beside `channels`, expressions know the sizes of the incoming map: `length`, or
    `height` and `width`, or `depth`, `height` and `width`, where no parameter has that name.
    """

    has_weights = True
    is_stated = True

    operator: str = option(Text(), "what it is", required=True, main=True, key="name", mark="")
    output: Shape = option(SizeList(1), "output shape of a sample, channels first", required=True)
    weights: Table | None = option(Arrays(), "shapes of its trained arrays, by name")
    buffers: Table | None = option(
        Arrays(), "shapes of its arrays that are stored and not trained, by name"
    )
    macs: int | None = option(Int(0, COUNT_LIMIT), "multiply-accumulates for a sample")
    flops: int | None = option(
        Int(0, COUNT_LIMIT),
        "all arithmetic operations for a sample, two of each multiply-accumulate among them",
    )
    window: Table | str | None = option(
        Either(WINDOW, Choice("all")),
        "what a unit sees of each input: `kernel`, `stride`, `padding` and `dilation`, or `all`",
    )
    inputs: Any = option(Branches(), "the branches that it takes, where it takes several")

    saved = SavedForBackward(arrays=(SavedTensor(UNKNOWN),))

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        check_size(self.output, "its output")
        weights = self._arrays(self.weights)
        buffers = self._arrays(self.buffers)
        if both := sorted(weights.keys() & buffers.keys() - UNKNOWN_ARRAYS.keys()):
            message = f"`{both[0]}` is among its weights and its buffers"
            raise LayerError("duplicate-name", message, option="buffers")
        return Facts(
            self.output,
            weights=weights,
            buffers=buffers,
            roles={name: _role(name) for name in (*weights, *buffers)},
            operations=self._operations(),
            windows=tuple([self._windows(shape) for shape in inputs]),
        )

    @staticmethod
    def _arrays(given: Table | None) -> Mapping[str, Shape]:
        if given is None:
            return UNKNOWN_ARRAYS
        for name, shape in given.items():
            check_size(shape, f"its {name}")
        return dict(given.items())

    def _operations(self) -> Operations:
        macs = UNKNOWN if self.macs is None else self.macs
        if self.flops is None:
            return UNKNOWN_OPERATIONS._replace(macs=macs)
        if self.macs is not None and self.flops < 2 * self.macs:
            raise LayerError(
                "bad-value",
                f"{self.flops} operations are fewer than two for each of {self.macs} MACs",
                option="flops",
            )
        return Operations(macs=macs, elementwise=self.flops - 2 * macs)

    def _windows(self, shape: Shape) -> Windows | None:
        if self.window is None:
            return unknown_windows(self.output)
        slides = self.slides(shape)
        return None if slides is None else tuple([slide.window for slide in slides])

    def slides(self, shape: Shape) -> tuple[Slide, ...] | None:
        """The window as a kernel on each spatial axis of an input; `None`: there is none.

        Raises:
            LayerError: it does not fit the input, or does not lead to the output.
        """
        if not isinstance(self.window, Table) or len(self.output) == 1:
            return None
        rank = len(shape) - 1
        if len(self.output) - 1 != rank:
            raise LayerError(
                "bad-value",
                f"its input has {rank} spatial axes and its output {len(self.output) - 1}, and "
                "no kernel slides from one to the other",
                option="window",
                hint="`all` where a unit sees the whole input",
            )
        built: dict[str, Any] = {}
        for key, value in self.window.items():
            try:
                built[key] = WINDOW.types[key].build(value, rank)
            except OptionError as error:
                message = f"`window`: `{key}` {error.message}"
                raise LayerError(error.rule, message, option="window", hint=error.hint) from None
        ones = (1,) * rank
        return tuple(
            Slide(size, kernel, stride, before, after, dilation)
            for size, kernel, stride, (before, after), dilation in zip(
                shape[1:],
                built["kernel"],
                built.get("stride", ones),
                built.get("padding", ((0, 0),) * rank),
                built.get("dilation", ones),
                strict=True,
            )
        )


class CustomMerge(Custom):
    """A layer of several inputs that the language lacks."""

    branches = True
    operator: str = option(Text(), "what it is", required=True, key="name", mark="")
    inputs: Any = option(Branches(), "the branches that it takes", required=True, main=True)


Custom.several = CustomMerge


def _role(name: str) -> Role:
    """What an array does, as far as its name tells: its last word, else a weight."""
    word = name.rpartition(".")[2].rpartition("_")[2]
    return next((role for role in ROLES if role == word), "weight")
