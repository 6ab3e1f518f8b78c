"""What operators take, and what is wrong where they refuse what arrives in `forward` itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

from cnncalc.diagnostics import Place
from cnncalc.exchange.torch.diagnosis.mistake import (
    Argument,
    CallArgument,
    Method,
    Mistake,
    Repair,
    Sizes,
    sizes_text,
)
from cnncalc.exchange.torch.diagnosis.modules import product_text


class Upsampling(NamedTuple):
    """A transposed convolution on the way to an operand."""

    path: tuple[str, ...]
    stride: Sizes
    output_padding: Sizes


class RefusedOperator(NamedTuple):
    """An operator that refused its operands."""

    name: str
    calls: tuple[Place, ...]
    path: tuple[str, ...]
    """The module whose `forward` called it."""
    shapes: tuple[Sizes, ...]
    """Of its tensors, the batch in front."""
    arguments: tuple[Any, ...]
    """The others."""
    error: str
    upsampled: tuple[Upsampling | None, ...] = ()
    """For each operand the transposed convolution that made its size."""

    @property
    def call(self) -> Place | None:
        """The call in the user's code."""
        return self.calls[0] if self.calls else None

    def mistake(self, rule: str, message: str, **more: Any) -> Mistake:
        """A mistake of this operator."""
        shapes = tuple([shape[1:] for shape in self.shapes])
        return Mistake(rule, message, self.path, self.calls, shapes=shapes, **more)


def view(refused: RefusedOperator) -> Mistake | None:
    """`view`, `reshape`: as many values as arrive."""
    (shape,) = refused.shapes[:1]
    wanted = next((tuple(one) for one in refused.arguments if isinstance(one, (list, tuple))), ())
    values = prod(shape)
    if "size and stride" in refused.error and prod(wanted) and values:
        return _not_contiguous(refused, shape, wanted, values)
    sample = values // shape[0]
    known = prod([one for one in wanted[1:] if one > 0]) if len(wanted) > 1 else 0
    message = f"{sizes_text(shape)} arrives, {sample} values a sample"
    if len(wanted) == 2 and wanted[0] in (-1, shape[0]) and wanted[1] > 0:
        sizes = shape[1:]
        repairs = []
        if refused.call is not None:
            text = product_text(sizes) if len(sizes) > 1 else str(sample)
            change = CallArgument(refused.call, 1, text)
            repairs.append(Repair(f"`{text}` in place of {wanted[1]}", (change,), True))
        return refused.mistake(
            "shape-mismatch",
            f"cannot be viewed as {wanted[1]} values a sample: {message}",
            repairs=tuple(repairs),
            shape=(shape[0], sample),
        )
    wanted_text = "×".join(map(str, wanted))
    return refused.mistake(
        "shape-mismatch",
        f"cannot be viewed as {wanted_text}" + (f" ({known} values a sample)" if known else "")
        + f": {message}",
    )  # fmt: skip


def _not_contiguous(
    refused: RefusedOperator, shape: Sizes, wanted: Sizes, values: int
) -> Mistake | None:
    """A view of values that do not lie one behind the other, as after `permute`."""
    known = -prod(wanted) if -1 in wanted else prod(wanted)
    if -1 in wanted and known and values % known:
        return None
    full = tuple([values // known if one == -1 else one for one in wanted])
    if prod(full) != values:
        return None
    repairs: tuple[Repair, ...] = ()
    if refused.call is not None:
        repairs = (
            Repair("`reshape` in place of `view`", (Method(refused.call, "reshape"),), True),
        )
    return refused.mistake(
        "shape-mismatch",
        f"`view` needs values one behind the other, and {sizes_text(shape)} arrives permuted",
        repairs=repairs,
        shape=full,
    )


def concatenation(refused: RefusedOperator) -> Mistake | None:
    """`cat`: equal on all axes but one."""
    shapes = refused.shapes
    axis = next((one for one in refused.arguments if isinstance(one, int)), 0)
    ranks = {len(shape) for shape in shapes}
    told = " and ".join(sizes_text(shape) for shape in shapes)
    if len(ranks) > 1:
        return refused.mistake("shape-mismatch", f"joins maps of other numbers of axes: {told}")
    rank = ranks.pop()
    axis %= rank
    wrong = [
        place for place in range(rank)
        if place != axis and len({shape[place] for shape in shapes}) > 1
    ]  # fmt: skip
    if not wrong:
        return None
    shape = list(shapes[0])
    for place in wrong:
        shape[place] = max(one[place] for one in shapes)
    shape[axis] = sum(one[axis] for one in shapes)
    repairs = _padded(refused, wrong)
    return refused.mistake(
        "shape-mismatch",
        f"joins maps whose sizes differ: {told}",
        repairs=repairs,
        hint="crop the larger one, or bring the smaller one to its size "
        "(`F.interpolate(x, size=other.shape[2:])`)",
        shape=tuple(shape) if min(wrong) >= 2 else None,
        of_sizes=min(wrong) >= 2,
    )


def _padded(refused: RefusedOperator, wrong: Sequence[int]) -> tuple[Repair, ...]:
    """The `output_padding` of a transposed convolution that makes its map as large as the other."""
    for shape, made in zip(refused.shapes, refused.upsampled, strict=False):
        if made is None:
            continue
        largest = [max(one[place] for one in refused.shapes) for place in range(len(shape))]
        missing = [largest[place] - shape[place] for place in range(2, len(shape))]
        wanted = [old + more for old, more in zip(made.output_padding, missing, strict=False)]
        fits = all(0 <= one < step for one, step in zip(wanted, made.stride, strict=False))
        if not any(missing) or not fits or min(wrong) < 2:
            continue
        text = str(wanted[0]) if len(set(wanted)) == 1 else str(tuple(wanted))
        name = ".".join(made.path)
        change = Argument(made.path, {"output_padding": text})
        return (Repair(f"`output_padding={text}` of `{name}`, for this input", (change,)),)
    return ()


def broadcast(refused: RefusedOperator) -> Mistake | None:
    """`+`, `*` and the like: equal sizes, or 1."""
    shapes = refused.shapes
    if len(shapes) < 2:
        return None
    first, second = shapes[0], shapes[1]
    told = f"{sizes_text(first)} and {sizes_text(second)}"
    hint, shape = None, None
    repairs: tuple[Repair, ...] = ()
    if len(first) == len(second) and len(first) > 2:
        wrong = [place for place, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
        shape = tuple(map(max, first, second)) if 1 not in wrong else first
        if 1 in wrong:
            stride = _stride(second[2:], first[2:])
            more = f", stride={stride}" if stride and stride > 1 else ""
            hint = (
                f"a residual sum needs a projection of its shortcut: `nn.Conv2d({second[1]}, "
                f"{first[1]}, 1{more})`"
            )
        else:
            repairs = _padded(refused, wrong)
            hint = "crop the larger one, or bring the smaller one to its size"
    return refused.mistake(
        "shape-mismatch",
        f"combines maps whose sizes differ: {told}",
        hint=hint,
        repairs=repairs,
        shape=shape,
        of_sizes=bool(hint) and "crop" in (hint or ""),
    )


def _stride(sizes: Sizes, wanted: Sizes) -> int | None:
    """The stride that brings sizes to others."""
    steps = {-(-a // b) for a, b in zip(sizes, wanted, strict=False) if b}
    step = steps.pop() if len(steps) == 1 else None
    if step is None or any(-(-a // step) != b for a, b in zip(sizes, wanted, strict=False)):
        return None
    return step


def matrix_product(refused: RefusedOperator) -> Mistake | None:
    """`matmul`, `linear`: the last axis of the first is that of the second before its last."""
    if len(refused.shapes) < 2:
        return None
    first, second = refused.shapes[:2]
    if refused.name == "linear":
        rows, columns = second[-1], second[0]
        message = f"takes {rows} features, and {first[-1]} arrive ({sizes_text(first)})"
        return refused.mistake("shape-mismatch", message, shape=(*first[:-1], columns))
    whole = ["×".join(map(str, one)) for one in (first, second)]
    message = f"multiplies {whole[0]} with {whole[1]}: {first[-1]} columns and {second[-2]} rows"
    return refused.mistake("shape-mismatch", message, shape=(*first[:-1], second[-1]))


def convolution(refused: RefusedOperator) -> Mistake | None:
    """`F.conv2d` and the like, with weights that `forward` hands over."""
    if len(refused.shapes) < 2:
        return None
    shape, weight = refused.shapes[:2]
    groups = next((one for one in reversed(refused.arguments) if isinstance(one, int)), 1)
    takes = weight[1] * groups
    if len(shape) == len(weight) and shape[1] != takes:
        message = f"takes {takes} channels, and {shape[1]} arrive ({sizes_text(shape)})"
        return refused.mistake("shape-mismatch", message)
    return None


def pooling(refused: RefusedOperator) -> Mistake | None:
    """`F.max_pool2d` and the like."""
    lists = [one for one in refused.arguments if isinstance(one, (list, tuple))]
    if not lists or not refused.shapes:
        return None
    kernel, shape = lists[0], refused.shapes[0]
    sizes = shape[-len(kernel) :]
    if all(one <= size for one, size in zip(kernel, sizes, strict=False)):
        return None
    return refused.mistake(
        "kernel-larger-than-input",
        f"a kernel of {'×'.join(map(str, kernel))} does not fit on {'×'.join(map(str, sizes))}",
        hint="a smaller kernel, a larger input, or fewer strides and pools before it",
    )


DIAGNOSES: dict[str, Callable[[RefusedOperator], Mistake | None]] = {
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "_reshape_alias"), view),
    "cat": concatenation,
    "concat": concatenation,
    "stack": concatenation,
    **dict.fromkeys(
        ("add", "sub", "mul", "div", "where", "maximum", "minimum", "pow", "rsub"), broadcast
    ),
    **dict.fromkeys(("matmul", "mm", "bmm", "addmm", "linear", "baddbmm"), matrix_product),
    **dict.fromkeys(
        ("conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d",
         "conv_transpose3d"), convolution
    ),
    **dict.fromkeys(
        ("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
         "max_pool2d_with_indices"), pooling
    ),
}  # fmt: skip
"""Which function explains an operator, by its name in ATen."""
