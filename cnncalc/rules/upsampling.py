"""Transposed convolutions that reach their outputs unevenly."""

from __future__ import annotations

from cnncalc.layers.base import Facts
from cnncalc.layers.conv import ConvTranspose
from cnncalc.rules.base import LayerRule, Repair, RuleContext, Violation
from cnncalc.shapes import TransposedSlide, transposed_size


class Checkerboard(LayerRule[ConvTranspose]):
    """The kernel of a transposed convolution is no multiple of its stride."""

    name = "checkerboard"
    severity = "warning"
    summary = "a transposed kernel that is no multiple of its stride overlaps unevenly"
    why = (
        "Where the stride does not divide the kernel, some outputs are sums over more inputs "
        "than their neighbours, and the result shows a checkerboard (Odena et al. 2016, "
        "*Deconvolution and Checkerboard Artifacts*, Distill). DCGAN was first published with 5×5 "
        "kernels and stride 2; its later implementations use 4×4. Alternatives: an upsampling "
        "followed by a convolution, or a pixel shuffle."
    )
    repair = "The nearest kernel that is a multiple, padded for the same output (`--unsafe`)."
    fails = """\
input: [128, 16, 16]
layers:
  - conv_transpose: {filters: 64, kernel: 5, stride: 2, padding: 2, output_padding: 1}
"""
    passes = """\
input: [128, 16, 16]
layers:
  - conv_transpose: {filters: 64, kernel: 4, stride: 2, padding: 1}
"""
    kinds = ConvTranspose

    def judge(
        self, subject: RuleContext, index: int, kind: ConvTranspose, facts: Facts
    ) -> Violation | None:
        """What is to be said of a node."""
        kernel, stride, dilation = kind.kernel, kind.stride, kind.dilation
        sizes = subject.shape_of_input(index)[1:]
        for axis, step in enumerate(stride):
            if step == 1 or sizes[axis] == 1:
                continue  # one input makes the output alone: nothing overlaps
            slide = TransposedSlide(sizes[axis], kernel[axis], step, dilation=dilation[axis])
            most, least = slide.most, slide.least
            if least == most:
                continue
            holes = "; the others stay empty" if least == 0 else f", the others {least}"
            message = (
                f"kernel {kernel[axis]} is no multiple of stride {step}: some outputs sum {most} "
                f"input{'s' if most > 1 else ''} on this axis{holes}"
            )
            hint = "or `upsample` and then a convolution"
            return Violation(message, "kernel", hint=hint, repairs=self._repairs(kind, sizes))
        return None

    def _repairs(self, kind: ConvTranspose, sizes: tuple[int, ...]) -> tuple[Repair, ...]:
        kernel, stride, padding, extra = kind.kernel, kind.stride, kind.padding, kind.output_padding
        if isinstance(padding, str) or set(kind.dilation) != {1}:
            return ()
        found = []
        for grow in (False, True):
            kernels, pads = [], []
            for axis, (size, step) in enumerate(zip(kernel, stride, strict=True)):
                multiple = (size + grow * (step - 1)) // step * step if size % step else size
                if multiple == 0:
                    break
                before, after = padding[axis]
                whole = transposed_size(sizes[axis], size, step, before, after, extra[axis], 1)
                total = transposed_size(sizes[axis], multiple, step, 0, 0, 0, 1) - whole
                if total < 0 or total % 2:
                    break
                kernels.append(multiple)
                pads.append(total // 2)
            if len(kernels) < len(kernel):
                continue
            texts = [_text(kernels), _text(pads)]
            found.append(
                Repair(
                    f"kernel {texts[0]} with padding {texts[1]} gives the same output",
                    {"kernel": texts[0], "padding": texts[1], "output_padding": ""}
                    if any(extra)
                    else {"kernel": texts[0], "padding": texts[1]},
                )
            )
        return tuple(found)


def _text(values: list[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else f"[{', '.join(map(str, values))}]"
