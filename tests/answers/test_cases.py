"""Answers that were wrong once, with the right ones: a row is a network or a module of its own.

The files lie in `networks`, `modules` and `onnx` beside this one.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Outcome

from cnncalc.analysis.counting.module_forms import forms
from cnncalc.analysis.counting.totals import reconcile
from cnncalc.language.load import load

HERE = Path(__file__).parent
Run = Callable[..., Outcome]


def has(*packages: str) -> bool:
    """Whether packages are installed."""
    return all(importlib.util.find_spec(one) is not None for one in packages)


needs_torch = pytest.mark.skipif(not has("torch"), reason="PyTorch is not installed")
needs_keras = pytest.mark.skipif(not has("keras", "torch"), reason="Keras is not installed")
needs_onnx = pytest.mark.skipif(not has("onnx", "onnxruntime"), reason="ONNX is not installed")


@needs_torch
@pytest.mark.parametrize("net", ["shared-head", "convert-crash", "svg-crash", "wavenet"])
def test_written_pytorch_is_the_network(net: str, run: Run, tmp_path: Path) -> None:
    file = HERE / f"networks/{net}.yaml"
    assert run("convert", file, "-o", tmp_path / "net.py", "--check").status == 0


@needs_keras
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("net", ["shared-head", "convert-crash"])
def test_written_keras_is_the_network(
    net: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    file = HERE / f"networks/{net}.yaml"
    shown = run("convert", file, "--to", "keras", "-o", tmp_path / "net.py", "--check")
    assert shown.status == 0


MODULES = [
    "y01_add_self", "y05_repeat_name", "y06_pad_minus_inf", "y07_context_block",
    "w18_block_loses_input", "w20_block_matmul_square",
]  # fmt: skip


@needs_torch
@pytest.mark.parametrize("module", MODULES)
def test_written_architecture_is_the_module(module: str, run: Run, tmp_path: Path) -> None:
    net = f"{HERE / 'modules' / module}.py:Net"
    shown = run("convert", net, "--input", "3x8x8", "-o", tmp_path / "net.yaml", "--check")
    assert shown.status == 0, shown.err


@needs_torch
def test_transposed_weights_are_no_shared_ones(run: Run) -> None:
    net = f"{HERE / 'modules/y03_tied_linear'}.py:Net"
    shown = run("convert", net, "--input", "3x8x8", "--to", "yaml")
    assert shown.status in (0, 2)
    assert "share:" not in shown.out


# file, what is said where it is refused; nothing: it is equal
ONNX = [
    ("cast_int", "`Cast to int32`"), ("concat_self", ""), ("gelu_erf_after_mul", None),
    ("dropout_mask_output_crash", "its output `z` does not depend on its input"),
    ("matmul_self", ""), ("mod_int", ""), ("out_is_input", ""), ("softmax0", "softmax"),
    ("out_is_const", "its output `z` does not depend on its input"),
    ("redsum_emptyaxes", "over the batch as well"),
]  # fmt: skip


@needs_onnx
@pytest.mark.parametrize(("file", "refusal"), ONNX)
def test_onnx_is_equal_or_refused(file: str, refusal: str | None, run: Run, tmp_path: Path) -> None:
    net = HERE / f"onnx/{file}.onnx"
    shown = run("convert", net, "-o", tmp_path / "net.yaml", "--check")
    if refusal is None:
        assert shown.status in (0, 2)
    elif refusal:
        assert shown.status == 2
        assert refusal in shown.err
    else:
        assert shown.status == 0, shown.err


@needs_onnx
def test_a_trained_number_stays_one(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    assert run("convert", HERE / "networks/onnx-scalar.yaml", "-o", file).status == 0
    assert "149" in run("analyze", file).out


# network, what each counter prints (torchinfo 1.8.0, fvcore, thop 0.1.1, ptflops 0.7.5)
TOTALS = [
    ("heads-min", {"torchinfo": 772_096, "fvcore": 737_280}),
    ("heads", {"thop": 1_818_624, "torchinfo": 1_921_024, "ptflops_pytorch": 1_953_792,
               "ptflops_aten": 1_921_024}),
    ("two-heads", {"torchinfo": 2_782_702_739}),
    ("matmul", {"fvcore": 8_192, "ptflops_aten": 8_704, "paper": 8_192, "flop_counter": 16_384,
                "ultralytics_thop": 8_192, "ptflops_pytorch": None}),
]  # fmt: skip


@pytest.mark.parametrize(("net", "totals"), TOTALS)
def test_counters_on_several_outputs_and_products(net: str, totals: dict[str, int | None]) -> None:
    graph = load(str(HERE / f"networks/{net}.yaml")).graph()
    counts = {count.counter: count.total for count in reconcile(graph, forms(graph, False))}
    assert {counter: counts[counter] for counter in totals} == totals


def test_the_number_of_classes_is_the_parameter_of_the_file(run: Run) -> None:
    file = HERE / "networks/two-heads.yaml"
    text = run("convert", file, "--classes", 20, "--to", "yaml").out
    assert text == file.read_text().replace("{classes: 80}", "{classes: 20}")


@pytest.mark.parametrize("net", ["svg-crash", "wavenet"])
def test_every_network_is_drawn(net: str, run: Run, tmp_path: Path) -> None:
    for style in ("volumes", "blocks"):
        file = tmp_path / f"{style}.svg"
        assert (
            run("export", HERE / f"networks/{net}.yaml", "-o", file, "--style", style).status == 0
        )


def test_a_chain_rounds_where_rounding_acts(run: Run) -> None:
    shown = run("check", "--input", 224, "--chain", "conv 7/2 p3, max_pool 3/2 p1 ceil, conv 1").out
    assert "⌊(224 + 2·3 − 7) / 2⌋ + 1" in shown
    assert "⌈(112 + 2·1 − 3) / 2⌉ + 1" in shown
    assert "(57 + 2·0 − 1) / 1 + 1" in shown


# file, what its findings say; what they must not say
MESSAGES = [
    ("add-one", ("merge-of-one-branch", "one branch adds nothing", "`add: [[], skip]`"),
     "unused-layer"),
    ("nchw", ("batch-in-input", "is 32 the batch?", "[3, 224, 224]"), "no findings"),
    ("channels-last", ("input [1, 28, 28]", "`--fix --unsafe` mends 1"), "write `1`"),
    ("unused-parameter", ("nothing uses the parameter `width`", "nothing uses the block `never`"),
     "no findings"),
    ("upsample", ("needs one of `scale`, `size` and `like`", "`upsample: 2`"), "either from"),
    ("resnet-shortcut", ("branch 2, needs a 1×1 convolution with 128 filters and stride 2",
                         "write `[conv: {filters: 128, kernel: 1, stride: 2}]`"), "crop or pool"),
    ("autoencoder", ("an input of 25 comes back as 17",
                     "`output_padding: 1` of `conv_transpose1` restores 25"), "no findings"),
    ("same_even", ("padding 1 is even and gives the same output",), "none of the near changes"),
]  # fmt: skip


@pytest.mark.parametrize(("net", "said", "unsaid"), MESSAGES)
def test_messages_name_what_is_meant(
    net: str, said: tuple[str, ...], unsaid: str, run: Run
) -> None:
    shown = run("validate", HERE / f"networks/{net}.yaml")
    text = shown.out + shown.err
    assert [part for part in said if part not in text] == []
    assert unsaid not in text


# file, a line of it once `--fix --unsafe` has mended it
MENDED = [
    ("add-one", "- add: [[], skip]"), ("nchw", "input: [3, 224, 224]"),
    ("channels-last", "input: [1, 28, 28]"), ("same_even", "stride: 2, padding: 1}"),
    ("resnet-shortcut", "- [conv: {filters: 128, kernel: 1, stride: 2}]"),
]  # fmt: skip


@pytest.mark.parametrize(("net", "line"), MENDED)
def test_the_repair_is_the_one_meant(net: str, line: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text((HERE / f"networks/{net}.yaml").read_text())
    run("validate", file, "--fix", "--unsafe")
    assert line in file.read_text()
    assert run("validate", file).status == 0


def test_padding_alike_is_advised_alone_and_in_a_run(run: Run, tmp_path: Path) -> None:
    text = (HERE / "networks/same_even.yaml").read_text().replace("[3, 4, 4]", "[3, 16, 16]")
    file = tmp_path / "net.yaml"
    file.write_text(f"{text}    repeat: 3\n")
    assert "padding 1 is even and gives the same output" in run("validate", file).out


def test_a_sweep_varies_what_changes_something(run: Run) -> None:
    file = HERE / "networks/unused-parameter.yaml"
    shown = run("sweep", file, "--set", "width=1:3")
    assert shown.status == 2
    assert "nothing in" in shown.err
    assert "uses `width`" in shown.err


def test_a_sweep_needs_no_network_on_the_own_input(run: Run) -> None:
    file = HERE / "networks/sweep_own_input.yaml"
    rows = run("sweep", file, "--input", "32:48:16", "--format", "csv").out.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["3x32x32", "3x48x48"]


# a layer on an input of 16x32x32, what is said of it, and what is not
WRITTEN = [
    ("batch_norm: 16", "write `batch_norm`: the number of channels comes with its input; its "
     "options: eps", "takes no options"),
    ("softmax: 10", "its option is `axis`", "takes no options"),
    ("relu: 10", "`relu` takes no options", "its option"),
    ("conv: 3x3", "write `conv: {filters: …, kernel: 3}`", "filters: 3x3"),
    ("conv: 5x3", "write `conv: {filters: …, kernel: [5, 3]}`", "filters: 5x3"),
    ("separable_conv: 3x3", "write `separable_conv: {filters: …, kernel: 3}`", "3x3…"),
    ("conv: {filters: 8, kernel: 3x3}", "write `3`", "numbers are decimal"),
    ("conv: [8, 3x5]", "write `[3, 5]`", "numbers are decimal"),
    ("max_pool: 2x2", "write `2`", "numbers are decimal"),
    ("conv: {filters: 8, kernel: 3, padding_mode: reflect}", "`pad: {padding: 1, mode: reflect}`",
     "write `padding`"),
    ("upsample: {mode: bilinear}", "`upsample: 2` doubles", "either from"),
    ("crop", "`crop` needs its size, `like` or `size`", "scale"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "said", "unsaid"), WRITTEN)
def test_layers_written_otherwise(
    layer: str, said: str, unsaid: str, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(f"input: [16, 32, 32]\nlayers:\n  - {layer}\n")
    shown = run("validate", file)
    text = shown.out + shown.err
    assert shown.status == 1
    assert said in text
    assert unsaid not in text


def test_an_input_written_as_on_the_command_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x32x32\nlayers:\n  - relu\n")
    assert "write it as `[3, 32, 32]`" in "".join(run("validate", file)[1:3])


# encoder, decoder, sizes, what restores the input; nothing: nothing is said
DOWN = "{filters: 8, kernel: 3, stride: 2, padding: 1}"
RESTORED = [
    ([f"conv: {DOWN}"], [f"conv_transpose: {DOWN}"], 28, "`output_padding: 1` of"),
    ([f"conv: {DOWN}"], [f"conv_transpose: {DOWN}"], 27, None),
    (["max_pool: 2"], ["conv_transpose: [8, 2, 2]"], 25, "`output_padding: 1` of"),
    (["max_pool: 2"], ["conv_transpose: [8, 2, 2]"], 24, None),
    ([f"conv: {DOWN}"] * 2, [f"conv_transpose: {DOWN}"] * 2, 28,
     "of `conv_transpose1` and `output_padding: 1` of `conv_transpose2` restore 28"),
    ([f"conv: {DOWN}"] * 2, [f"conv_transpose: {DOWN}"], 28, None),
    ([f"conv: {DOWN}"], ["upsample: 2"], 27, None),
]  # fmt: skip


@pytest.mark.parametrize(("down", "up", "size", "said"), RESTORED)
def test_a_decoder_restores_the_size(
    down: list[str], up: list[str], size: int, said: str | None, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "net.yaml"
    layers = "".join([f"  - {layer}\n" for layer in (*down, *up)])
    file.write_text(f"input: [1, {size}, {size}]\nlayers:\n{layers}")
    shown = run("validate", file).out
    assert ("size-not-restored" in shown) == (said is not None)
    assert (said or "") in shown
    if said:
        run("validate", file, "--fix", "--unsafe", "--select", "size-not-restored")
        assert load(str(file)).graph().nodes[-1].facts.output == (8, size, size)
