"""Window arithmetic: the worked examples, and everything else against enumeration."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support import chain, layer, listed, report, shapes

from cnncalc.analysis.report import Report
from cnncalc.resampling import adaptive_window, linear_window, nearest_window
from cnncalc.shapes import (
    FIXED,
    IDENTITY,
    Slide,
    Span,
    Window,
    WindowLimitError,
    compose,
    same_padding,
    transposed_size,
    transposed_window,
    unite,
)

# -- one axis: the worked examples -------------------------------------------------------------

NOTES = "CS231n course notes, Convolutional Networks"

OUTPUTS = [
    (Slide(7, 3), 5, NOTES),
    (Slide(7, 3, 2), 3, NOTES),
    (Slide(5, 3, 1, 1, 1), 5, NOTES),
    (Slide(5, 3, 2, 1, 1), 3, NOTES),
    (Slide(10, 3), 8, "10, F3: the repair with stride 1"),
    (Slide(10, 3, 2, 0, 1), 5, "the repair with a row of padding behind"),
    (Slide(10, 3, 2, 1, 0), 5, "the repair with a row of padding in front"),
    (Slide(9, 3, 2), 4, "the repair with a smaller input"),
    (Slide(11, 3, 2), 5, "the repair with a larger input"),
    (Slide(227, 11, 4), 55, "AlexNet conv1, Krizhevsky et al. 2012"),
    (Slide(224, 11, 4, 2, 2), 55, "AlexNet conv1 in torchvision"),
    (Slide(224, 11, 4, 3, 3), 55, "AlexNet conv1 at 224 with P3"),
    (Slide(11, 5, 2), 4, NOTES),
    (Slide(5, 3, 2, 1, 1), 3, NOTES),
    (Slide(224, 2, 2), 112, NOTES),
    (Slide(7, 7), 1, "a fully connected layer as a convolution"),
    (Slide(12, 7), 6, "VGG-16 made fully convolutional, input 384"),
    (Slide(6, 3, 2, ceil=True), 3, "ceil mode rounds up"),
    (Slide(5, 3, 2, ceil=True), 2, "ceil mode where it tiles"),
    (Slide(2, 1, 3, ceil=True), 1, "a last window beyond the input is left out"),
    (Slide(4, 2, 3, 1, 1, ceil=True), 2, "a last window in the padding behind is left out"),
    (Slide(7, 3, 1, 0, 0, 2), 3, "dilation 2 spans 5"),
    (Slide(2, 3), 0, "a kernel that does not fit"),
]


@pytest.mark.parametrize(("slide", "output", "source"), OUTPUTS, ids=[str(r[0]) for r in OUTPUTS])
def test_output_size(slide: Slide, output: int, source: str) -> None:
    assert slide.output == output


TILES = [
    (Slide(5, 3, 3, 1, 1), Fraction(7, 3), "(5 − 3 + 2) = 4 is no multiple of 3"),
    (Slide(10, 3, 2), Fraction(9, 2), "4.5"),
    (Slide(224, 11, 4), Fraction(217, 4), "54.25"),
    (Slide(224, 11, 4, 2, 2), Fraction(221, 4), "55.25"),
    (Slide(224, 11, 4, 3, 3), Fraction(223, 4), "55.75"),
    (Slide(227, 11, 4), Fraction(55), "tiles"),
    (Slide(7, 3, 2), Fraction(3), "tiles"),
]


@pytest.mark.parametrize(("slide", "positions", "source"), TILES, ids=[r[2] for r in TILES])
def test_tiling(slide: Slide, positions: Fraction, source: str) -> None:
    assert Fraction(slide.travel, slide.stride) + 1 == positions
    assert (slide.remainder == 0) == (positions.denominator == 1)
    assert slide.output == floor(positions)


@given(st.integers(0, 6), st.integers(1, 40))
def test_half_padding_keeps_the_size(half: int, size: int) -> None:
    kernel = 2 * half + 1
    assert Slide(size, kernel, 1, half, half).output == size


# -- one axis: against counting ----------------------------------------------------------------

slides = st.builds(
    Slide,
    size=st.integers(1, 24),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 7),
    before=st.integers(0, 5),
    after=st.integers(0, 5),
    dilation=st.integers(1, 4),
    ceil=st.booleans(),
)


def taps(slide: Slide, position: int) -> list[int]:
    """The units that the kernel touches at one position, counted from the input's first."""
    return [
        position * slide.stride - slide.before + tap * slide.dilation for tap in range(slide.kernel)
    ]


def counted(slide: Slide) -> int:
    """Positions, counted one after the other."""
    end = slide.size + slide.after
    if max(taps(slide, 0)) >= end:
        return 0
    count = 1
    while max(taps(slide, count)) < end:
        count += 1
    if slide.ceil and max(taps(slide, count - 1)) < end - 1 and taps(slide, count)[0] < slide.size:
        count += 1
    return count


@given(slides)
@example(Slide(2, 1, 3, ceil=True))
@example(Slide(4, 2, 3, 1, 1, ceil=True))
def test_output_counts_positions(slide: Slide) -> None:
    assume(not slide.ceil or max(slide.before, slide.after) <= slide.extent // 2)
    assert slide.output == counted(slide)


@given(slides, st.integers(0, 10))
def test_window_is_what_the_kernel_touches(slide: Slide, position: int) -> None:
    touched = taps(slide, position)
    assert slide.window.at(position) == (min(touched), max(touched))


@given(st.integers(1, 40), st.integers(1, 8), st.integers(1, 8), st.integers(1, 4), st.booleans())
def test_same_padding_is_the_least_that_covers(
    size: int, kernel: int, stride: int, dilation: int, lower: bool
) -> None:
    before, after = same_padding(size, kernel, stride, dilation, lower)
    wanted = ceil(size / stride)
    assert Slide(size, kernel, stride, before, after, dilation).output == wanted
    assert (before - after if lower else after - before) in (0, 1)
    if before + after:
        less = Slide(size, kernel, stride, before, after - 1, dilation)
        assert less.output < wanted


@given(slides, st.integers(0, 6))
def test_transposed_size_undoes_a_convolution(slide: Slide, extra: int) -> None:
    assume(extra < slide.stride)
    size = transposed_size(*slide[:5], extra, slide.dilation)
    assume(size > 0)
    assert slide._replace(size=size, ceil=False).output == slide.size


# -- windows: against the units that each unit reads -------------------------------------------

Reads = Callable[[int], set[int]]


class Step(NamedTuple):
    """A layer of one axis: its window, what a unit reads, and its output size."""

    window: Window
    reads: Reads
    size: int
    name: str


def sliding(slide: Slide) -> Step:
    return Step(slide.window, lambda unit: set(taps(slide, unit)), slide.output, str(slide))


def transposed(size: int, kernel: int, stride: int, before: int, dilation: int) -> Step:
    def reads(unit: int) -> set[int]:
        found = {Fraction(unit + before - tap * dilation, stride) for tap in range(kernel)}
        return {int(place) for place in found if place.denominator == 1}

    length = transposed_size(size, kernel, stride, before, 0, 0, dilation)
    window = transposed_window(kernel, stride, before, dilation)
    return Step(window, reads, length, f"transposed k{kernel} s{stride} p{before} d{dilation}")


def nearest(size: int, output: int) -> Step:
    return Step(
        nearest_window(size, output),
        lambda unit: {floor(Fraction(unit * size, output))},
        output,
        f"nearest {size} → {output}",
    )


def linear(size: int, output: int, corners: bool) -> Step:
    def reads(unit: int) -> set[int]:
        if not corners:
            place = Fraction(2 * unit + 1, 2) * Fraction(size, output) - Fraction(1, 2)
        elif output > 1:
            place = Fraction(unit * (size - 1), output - 1)
        else:
            place = Fraction(0)
        return {floor(place), ceil(place)}

    window = linear_window(size, output, corners)
    return Step(window, reads, output, f"linear {size} → {output} {corners}")


def adaptive(size: int, output: int) -> Step:
    def reads(unit: int) -> set[int]:
        first = floor(Fraction(unit * size, output))
        return set(range(first, ceil(Fraction((unit + 1) * size, output))))

    return Step(adaptive_window(size, output), reads, output, f"adaptive {size} → {output}")


def shifted(size: int, offset: int) -> Step:
    window = Window(1, ((offset, offset),))
    return Step(window, lambda unit: {unit + offset}, size, f"shifted {offset}")


@st.composite
def steps(draw: st.DrawFn, size: int) -> Step:
    """A layer on `size` units."""
    what = draw(st.sampled_from(["slide", "slide", "transposed", "resample", "shift"]))
    if what == "slide":
        slide = draw(slides)._replace(size=size, ceil=False)
        if slide.travel < 0:
            slide = slide._replace(after=slide.after - slide.travel)
        return sliding(slide)
    if what == "transposed":
        numbers = draw(
            st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 3), st.integers(1, 3))
        )
        step = transposed(size, *numbers)
        return step if step.size > 0 else transposed(size, *numbers[:2], 0, numbers[3])
    if what == "shift":
        return shifted(size, draw(st.integers(-3, 3)))
    output = draw(st.integers(1, 12))
    if what == "resample" and draw(st.booleans()):
        return draw(st.sampled_from([nearest(size, output), adaptive(size, output)]))
    return linear(size, output, draw(st.booleans()))


@st.composite
def chains(draw: st.DrawFn, size: int, longest: int = 5) -> list[Step]:
    """Layers one after the other, the first on `size` units."""
    found: list[Step] = []
    for _ in range(draw(st.integers(1, longest))):
        found.append(draw(steps(size)))
        size = min(found[-1].size, 60)
    return found


def through(chain: list[Step]) -> tuple[Window, Reads]:
    """The window of a chain, and what a unit of it reads."""
    window: Window = IDENTITY
    for step in chain:
        window = compose(window, step.window, 40)

    def reads(unit: int) -> set[int]:
        units = {unit}
        for step in reversed(chain):
            units = set().union(*map(step.reads, units))
        return units

    return window, reads


def hull(units: set[int]) -> Span | None:
    return (min(units), max(units)) if units else None


def periods(window: Window) -> range:
    """Units of which some lie before the first, and some beyond a period."""
    return range(-min(len(window.spans), 20) - 2, min(2 * len(window.spans), 60) + 3)


@given(st.data(), st.integers(1, 20))
def test_one_step_is_what_its_units_read(data: st.DataObject, size: int) -> None:
    step = data.draw(steps(size))
    for unit in periods(step.window):
        assert step.window.at(unit) == hull(step.reads(unit)), (step.name, unit)


@given(st.data(), st.integers(1, 20))
def test_composition_is_what_units_read_through_a_chain(data: st.DataObject, size: int) -> None:
    chain = data.draw(chains(size))
    window, reads = through(chain)
    for unit in periods(window):
        assert window.at(unit) == hull(reads(unit)), ([step.name for step in chain], unit)


@given(st.data(), st.integers(1, 20))
def test_size_stride_and_start_are_those_of_the_units(data: st.DataObject, size: int) -> None:
    chain = data.draw(chains(size))
    window, reads = through(chain)
    spans = [hull(reads(unit)) for unit in range(len(window.spans))]
    seen = [span for span in spans if span is not None]
    assert window.size == max((last - first + 1 for first, last in seen), default=0)
    assert window.start == (seen[0][0] if seen else 0)
    assert window.stride is not None
    step, units = window.stride
    for unit, span in enumerate(spans):
        later = hull(reads(unit + len(spans)))
        assert (later is None) == (span is None)
        if span is not None and later is not None:
            assert Fraction(later[0] - span[0], len(spans)) == Fraction(step, units)


@given(st.data(), st.integers(1, 12))
def test_union_is_what_units_read_through_branches(data: st.DataObject, size: int) -> None:
    branches = [data.draw(chains(size, 3)) for _ in range(2)]
    after = data.draw(st.lists(slides, max_size=2))
    (first, reads_first), (second, reads_second) = map(through, branches)
    count = 24
    whole = unite(first, second, count)
    regular = whole.step is not None
    assert regular == (first == second or first.stride == second.stride)

    def read(unit: int) -> set[int]:
        return reads_first(unit) | reads_second(unit)

    # where no pattern repeats, the padding around the units there are sees nothing
    reads = read if regular else _bounded(read, count)
    for unit in range(-3, count + 3):
        assert whole.at(unit) == hull(reads(unit)), unit
    for slide in after:
        whole = compose(whole, slide.window, 100)
        reads = _after(reads, slide)
        reads = reads if regular else _bounded(reads, 100)
    for unit in range(8):
        assert whole.at(unit) == hull(reads(unit)), unit


def _after(reads: Reads, slide: Slide) -> Reads:
    return lambda unit: set().union(*map(reads, taps(slide, unit)))


def _bounded(reads: Reads, count: int) -> Reads:
    return lambda unit: reads(unit) if 0 <= unit < count else set()


def test_a_broadcast_unit_is_seen_by_all() -> None:
    inner = Slide(9, 9).window
    assert [compose(inner, FIXED, 4).at(unit) for unit in range(4)] == [(0, 8)] * 4
    both = unite(IDENTITY, compose(inner, FIXED, 4), 4)
    assert [both.at(unit) for unit in range(4)] == [(0, 8)] * 4
    assert both.stride is None


def test_gaps_between_wide_branches_are_crossed() -> None:
    """Every other unit sees far, its neighbours near: the far ones count wherever they are."""
    far = compose(Slide(40, 21, 1, 10, 10).window, transposed_window(1, 2, 0, 1), 80)
    near = nearest_window(40, 80)
    both = unite(far, near, 80)
    assert [both.at(unit) for unit in (0, 1, 2, 3)] == [(-10, 10), (0, 0), (-9, 11), (1, 1)]
    seen = compose(both, Slide(80, 2).window, 79)
    assert [seen.at(unit) for unit in (0, 1)] == [(-10, 10), (-9, 11)]


LIMITS: list[tuple[str, Callable[[], object]]] = [
    ("a stride", lambda: transposed_window(3, 100_000, 0, 1)),
    ("a resampling", lambda: nearest_window(100_003, 100_019)),
    ("a linear one", lambda: linear_window(100_003, 100_019, False)),
    ("an adaptive pool", lambda: adaptive_window(200_003, 100_019)),
    ("no pattern", lambda: unite(IDENTITY, Slide(9, 3, 2).window, 100_000)),
    (
        "phases that multiply",
        lambda: compose(nearest_window(7919, 7907), nearest_window(7901, 7877), 7877),
    ),
]


@pytest.mark.parametrize(("what", "make"), LIMITS, ids=[name for name, _ in LIMITS])
def test_endless_patterns_are_refused(what: str, make: Callable[[], object]) -> None:
    with pytest.raises(WindowLimitError):
        make()


def test_sparse_windows_take_no_time() -> None:
    """Sixty thousand phases under a kernel of thirty thousand: no product of the two."""
    sparse = transposed_window(1, 60_000, 0, 1)
    seen = compose(sparse, Slide(60_001, 30_000).window, 30_002)
    assert seen.at(0) == (0, 0)
    assert seen.at(1) is None
    assert seen.at(30_001) == (1, 1)


# -- worked examples of whole layers -----------------------------------------------------------


class Worked(NamedTuple):
    """A worked example: layers, and what the last one shows."""

    case: str
    input: tuple[int, ...]
    layers: list[Any]
    answer: dict[str, Any]


ALEXNET_1 = {"filters": 96, "kernel": 11, "stride": 4}

WORKED = [
    Worked("7, F3 S1", (1, 7, 7), [{"conv": [1, 3]}], {"output_shape": (1, 5, 5)}),
    Worked("7, F3 S2", (1, 7, 7), [{"conv": [1, 3, 2]}], {"output_shape": (1, 3, 3)}),
    Worked(
        "32×32×3, 12 filters 5×5: 75 weights and a bias a filter",
        (3, 32, 32),
        [{"conv": [12, 5]}],
        {"params": 12 * 76, "weights": {"weight": (12, 3, 5, 5), "bias": (12,)}},
    ),
    Worked(
        "AlexNet conv1: 290,400 units, 34,944 parameters",
        (3, 227, 227),
        [{"conv": ALEXNET_1}],
        {"output_shape": (96, 55, 55), "activation_bytes": 4 * 290_400, "params": 34_848 + 96},
    ),
    Worked(
        "AlexNet conv1, unshared",
        (3, 227, 227),
        [{"locally_connected": ALEXNET_1}],
        {"params": 105_705_600},
    ),
    Worked(
        "AlexNet conv1 as im2col: 96×363 times 363×3025",
        (3, 227, 227),
        [{"conv": ALEXNET_1}],
        {"macs": 96 * 363 * 3025},
    ),
    Worked("11×11×4, F5 S2", (4, 11, 11), [{"conv": [1, 5, 2]}], {"output_shape": (1, 4, 4)}),
    Worked("5×5×3, K2 F3 S2 P1", (3, 5, 5), [{"conv": [2, 3, 2, 1]}], {"output_shape": (2, 3, 3)}),
    Worked("one 7×7", (8, 20, 20), [{"conv": {"filters": 8, "kernel": 7, "bias": False}}],
           {"params": 49 * 8 * 8}),
    Worked(
        "224×224×64, max pool F2 S2", (64, 224, 224), [{"max_pool": 2}],
        {"output_shape": (64, 112, 112), "activation_bytes": 224 * 224 * 64 * 4 // 4, "params": 0},
    ),
    Worked(
        "FC-4096 on 7×7×512", (512, 7, 7), ["flatten", {"linear": [4096, False]}],
        {"params": 102_760_448, "macs": 102_760_448, "output_shape": (4096,)},
    ),
    Worked(
        "the same as a convolution", (512, 7, 7), [{"conv": {"filters": 4096, "kernel": 7,
                                                            "bias": False}}],
        {"params": 102_760_448, "macs": 102_760_448, "output_shape": (4096, 1, 1)},
    ),
    Worked("locally connected: the conv's weights and biases at each position", (3, 9, 9),
           [{"locally_connected": [4, 3, 2]}], {"params": 16 * (4 * 27 + 4)}),
    Worked("batch norm: 2C trainable, 2C stored", (7, 5, 5), ["batch_norm"],
           {"params": 14, "buffers": {"running_mean": (7,), "running_var": (7,)}}),
    Worked("a transposed conv's MACs count input positions", (5, 4, 4),
           [{"conv_transpose": [3, 4, 2, 1]}],
           {"macs": 16 * 3 * 5 * 16, "output_shape": (3, 8, 8)}),
]  # fmt: skip


@pytest.mark.parametrize("row", WORKED, ids=[row.case for row in WORKED])
def test_worked_example(row: Worked) -> None:
    found = layer(row.input, *row.layers)
    assert {key: getattr(found, key) for key in row.answer} == row.answer


@pytest.mark.parametrize(("depth", "size", "weights"), [(1, 3, 9), (2, 5, 18), (3, 7, 27)])
def test_stacked_three_by_three(depth: int, size: int, weights: int) -> None:
    channels = 6
    one = {"conv": {"filters": channels, "kernel": 3, "bias": False}}
    found = report(listed((channels, 20, 20), [one] * depth))
    field = found.layers[-1].receptive_field
    assert field is not None
    assert field.size == (size, size)
    assert found.totals.params == weights * channels**2


def test_the_tutorial_network() -> None:
    """28×28×1: a tutorial prints 13×13×64 for the second convolution, which is wrong."""
    found = chain(
        (1, 28, 28), {"conv": [32, 3]}, {"max_pool": 2}, {"conv": [64, 3]}, {"max_pool": 2},
        "flatten", {"linear": 128}, {"linear": 10},
    )  # fmt: skip
    assert shapes(found) == [
        (32, 26, 26), (32, 13, 13), (64, 11, 11), (64, 5, 5), (1600,), (128,), (10,),
    ]  # fmt: skip
    assert Report(found).totals.params == 225_034


def test_lenet5() -> None:
    found = report("""\
        input: [1, 32, 32]
        layers: [conv: [6, 5], avg_pool: 2, conv: [16, 5], avg_pool: 2,
                 flatten, linear: 120, linear: 84, linear: 10]
        """)
    assert found.totals.params == 61_706


def test_lenet5_of_1998() -> None:
    """C3 is partly connected, subsampling is trained: 156, 12, 1,516, 32, 48,120, 10,164."""
    three = [[i, (i + 1) % 6, (i + 2) % 6] for i in range(6)]
    four = [[i, (i + 1) % 6, (i + 2) % 6, (i + 3) % 6] for i in range(6)]
    four += [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5]]
    maps = [*map(sorted, [*three, *four]), [0, 1, 2, 3, 4, 5]]
    found = report(
        listed(
            (1, 32, 32),
            [
                {"conv": [6, 5]},
                {"avg_pool": 2},
                {"scale": {"bias": True}},
                {"concat": [[{"select": chosen}, {"conv": [1, 5]}] for chosen in maps]},
                {"avg_pool": 2},
                {"scale": {"bias": True}},
                {"conv": [120, 5]},
                "flatten",
                {"linear": 84},
            ],
        )
    )
    params = [layer.params for layer in found.layers]
    c3 = sum(layer.params for layer in found.layers if layer.kind == "conv")
    assert params[0] == 156
    assert params[2] == 12
    assert c3 - 156 - 48_120 == 1_516
    assert [layer.params for layer in found.layers if layer.kind == "scale"] == [12, 32]
    assert params[-3] == 48_120
    assert params[-1] == 10_164


def test_vgg16_volumes_of_the_course_notes() -> None:
    """Conv outputs, pools and the input: 15,237,608 values (the notes print 24M)."""
    import cnncalc

    found = cnncalc.analyze("vgg16", inplace=True)
    assert found.totals.params == 138_357_544
    assert (found.totals.weights, found.totals.biases) == (138_344_128, 13_416)
    assert found.totals.macs == 15_470_264_320
    last_pool = [layer for layer in found.layers if layer.kind == "max_pool"][-1]
    assert last_pool.receptive_field == ((212, 212), (32, 32), (-90, -90))
    assert found.totals.activations == 15_087_080
    assert found.totals.activations + 3 * 224 * 224 == 15_237_608


def test_vgg16_fully_convolutional() -> None:
    """Input 384: pool5 is 12×12×512 and the output 6×6×1000, 36 windows of 224 at stride 32."""
    import cnncalc

    found = cnncalc.analyze("vgg16_fcn", input=(3, 384, 384))
    pools = [layer.output_shape for layer in found.layers if layer.kind == "max_pool"]
    assert pools[-1] == (512, 12, 12)
    assert found.layers[-1].output_shape == (1000, 6, 6)
    assert found.totals.params == 138_357_544
