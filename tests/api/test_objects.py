"""Objects of frameworks as networks: what is read, and that they are left as they were."""

from __future__ import annotations

import contextlib
import random
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.exchange.owners import framework_of

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

SHAPE = (3, 12, 12)


class Counts(nn.Module):
    """Sets attributes in `forward`, appends to lists, and keeps what it computed."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.calls = 0
        self.seen: list[Any] = []
        self.cache: dict[Any, Any] = {}

    def forward(self, x: Any) -> Any:
        self.calls += 1
        self.seen.append(x.shape)
        self.cache[tuple(x.shape)] = x.mean()
        self.last = self.conv(x)
        return self.last


class Updates(nn.Module):
    """Writes to its buffers in `forward`, in place and by assignment, also in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(3, 1, 1))
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Any) -> Any:
        self.steps += 1
        self.mean = self.mean * 0.9 + 0.1
        with torch.no_grad():
            self.conv.bias.add_(1)
        return self.conv(x - self.mean)


class Rolls(nn.Module):
    """Draws random numbers of three libraries in `forward`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Any) -> Any:
        factor = 1 + 0 * (random.random() + np.random.rand())
        return self.conv(x + torch.rand(1) * 0) * factor


class Held(nn.Module):
    """Has hooks of every kind, and gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.log: list[str] = []
        self.conv.register_forward_hook(lambda *_: self.log.append("after"))
        self.conv.register_forward_pre_hook(lambda *_: self.log.append("before"))
        self.conv.register_full_backward_hook(lambda *_: None)
        self.register_state_dict_pre_hook(lambda *_: None)
        self.conv(torch.ones(1, 3, 5, 5, requires_grad=True)).sum().backward()

    def forward(self, x: Any) -> Any:
        return self.conv(x)


class Tied(nn.Module):
    """Uses a module twice, shares a parameter between two, and hides one behind a list."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.two.weight, self.two.bias = self.one.weight, self.one.bias
        self.loose = [torch.ones(3, 1, 1, requires_grad=True)]

    def forward(self, x: Any) -> Any:
        return self.two(self.one(self.one(x))) * self.loose[0]


def trained() -> Any:
    """Batch normalization and dropout in training mode."""
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU(inplace=True))
    return nn.Sequential(*layers).train()


def frozen() -> Any:
    """Parts in evaluation mode, parts without gradients, in a training network."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1)).train()
    net[0].requires_grad_(False)
    net[1].eval()
    return net


def lazy() -> Any:
    """Modules whose shapes the first input decides."""
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(5))


def graph_kept() -> Any:
    """A module that holds a result with its graph."""
    net = Counts()
    net(torch.ones(1, *SHAPE))
    return net


MODULES: dict[str, Callable[[], Any]] = {
    "attributes": Counts,
    "buffers": Updates,
    "random": Rolls,
    "hooks and gradients": Held,
    "tied": Tied,
    "training": trained,
    "frozen": frozen,
    "lazy": lazy,
    "a kept graph": graph_kept,
    "data parallel": lambda: nn.DataParallel(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))),
    "compiled": lambda: torch.compile(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))),
    "no device": lambda: trained().to("meta"),
    "16 bits": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(torch.bfloat16),
    "64 bits": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).double(),
    "averaged": lambda: torch.optim.swa_utils.AveragedModel(nn.Conv2d(3, 4, 3)),
}  # fmt: skip
"""Awkward modules."""


def state(module: Any) -> dict[str, Any]:
    """Everything of a module that can be compared, and what belongs to the process."""
    found: dict[str, Any] = {}
    for name, part in module.named_modules():
        for key, value in vars(part).items():
            found[f"{name}:{key}"] = _seen(value)
    found["random"] = random.getstate()
    found["numpy"] = str(np.random.get_state())
    found["torch"] = torch.get_rng_state().tolist()
    found["modes"] = (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
    found["type"] = torch.get_default_dtype()
    found["attention"] = torch.backends.mha.get_fastpath_enabled()
    found["warnings"] = list(warnings.filters)
    return found


def _seen(value: Any) -> Any:
    """A value by its identity, and by what it holds."""
    if isinstance(value, torch.nn.parameter.UninitializedTensorMixin):
        return (id(value), type(value).__name__)
    if isinstance(value, torch.Tensor):
        data = None if value.device.type == "meta" else value.detach().double().tolist()
        grad = None if value.grad_fn is not None else value.grad
        kept = None if grad is None else _seen(grad)
        facts = (value.dtype, value.device, value.shape, value.requires_grad, value._version)
        return (id(value), value.data_ptr(), facts, data, kept)
    if isinstance(value, dict):
        return (id(value), [(key, _seen(one)) for key, one in value.items()])
    if isinstance(value, list | tuple):
        return (id(value), [_seen(one) for one in value])
    return (id(value), value if isinstance(value, int | float | str | bool) else None)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # PyTorch's own, of its compiler
@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("input", ["shape", "tensor"])
def test_a_module_is_left_as_it_was(name: str, input: str) -> None:
    module = MODULES[name]()
    kinds = {one.dtype for one in module.parameters() if name != "lazy"} or {torch.float32}
    given = SHAPE if input == "shape" else torch.ones(2, *SHAPE, dtype=min(kinds, key=str))
    before = state(module)
    threads = threading.active_count()
    report = cnncalc.analyze(module, input=given)
    memory = cnncalc.memory(module, input=given, train=True)
    after = state(module)
    assert {key for key in before if before[key] != after.get(key)} == set()
    assert before.keys() == after.keys()
    assert threading.active_count() == threads
    assert report.totals.macs > 0
    assert memory.training is not None
    if name != "lazy":
        held = {id(one): one.numel() for one in module.parameters()}
        assert report.totals.params == sum(held.values())


def test_weights_and_gradients_are_kept_where_the_network_runs() -> None:
    module = Held()
    before = state(module)
    assert cnncalc.load(module, input=SHAPE).verify().passed
    assert cnncalc.convert(module, to="yaml", input=SHAPE, check=True).passed
    assert state(module) == before


def test_lazy_modules_get_their_shapes_on_a_copy() -> None:
    report = cnncalc.analyze(lazy(), input=SHAPE)
    assert [layer.params for layer in report.layers if layer.params] == [112, 8, 400 * 5 + 5]


def test_torchscript_says_why_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3)))
    with pytest.raises(cnncalc.UsageError, match="no `forward` of Python"):
        cnncalc.analyze(module, input=SHAPE)


class Uncopied(nn.Module):
    """Holds what cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.lock = threading.Lock()

    def forward(self, x: Any) -> Any:
        return self.conv(x)


def test_a_computed_weight_is_left_as_it_was() -> None:
    """Spectral normalization writes to its buffers in training mode."""
    module = nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))).train()
    before = state(module)
    with contextlib.suppress(cnncalc.SpecError):
        assert cnncalc.analyze(module, input=SHAPE).layers[-1].output_shape == (4, 10, 10)
    assert state(module) == before


def test_what_cannot_be_copied_works_or_says_why_not() -> None:
    module = Uncopied()
    before = state(module)
    with pytest.raises(cnncalc.UsageError, match="lock"):
        cnncalc.analyze(module, input=SHAPE)
    assert state(module) == before


# -- inputs ----------------------------------------------------------------------------------------


class Two(nn.Module):
    """Takes two inputs, and something that is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 3), nn.Conv2d(1, 4, 3)

    def forward(self, left: Any, right: Any, scale: float = 1.0) -> Any:
        return self.left(left) + self.right(right) * scale


LEFT, RIGHT = torch.ones(5, 3, 9, 9), torch.ones(5, 1, 9, 9)
INPUTS = [
    ({"left": (3, 9, 9), "right": (1, 9, 9)}, 1),
    ((LEFT, RIGHT), 5),
    ([LEFT, RIGHT], 5),
    ((LEFT, RIGHT, 2.0), 5),
    ({"left": LEFT, "right": RIGHT}, 5),
    ({"right": RIGHT, "left": LEFT, "scale": 0.5}, 5),
    ((LEFT.numpy(), RIGHT.numpy()), 5),
    ((LEFT[:1], RIGHT[:1]), 1),
]


@pytest.mark.parametrize(("input", "batch"), INPUTS)
def test_inputs_by_name_and_by_example(input: Any, batch: int) -> None:
    report = cnncalc.analyze(Two(), input=input)
    assert report.batch == batch
    assert {tuple(shape) for shape in report.inputs.values()} == {(3, 9, 9), (1, 9, 9)}
    assert report.totals.macs == batch * (27 + 9) * 4 * 49
    assert cnncalc.analyze(Two(), input=input, batch=2).batch == 2


REFUSED = [
    (lambda: cnncalc.analyze(Two()), "does not say what its input is"),
    (lambda: cnncalc.analyze(Two(), input=SHAPE), "takes 2 inputs: left, right"),
    (lambda: cnncalc.analyze(Two(), input={"left": SHAPE, "rihgt": SHAPE}), "no input `rihgt`"),
    (lambda: cnncalc.analyze(nn.Conv2d(3, 4, 3), input=(5, 9, 9)), "takes 3 channels"),
    (lambda: cnncalc.analyze(nn.Conv2d(3, 4, 3)), "does not say what its input is"),
    (lambda: cnncalc.analyze(nn.Conv2d(3, 4, 3), input=SHAPE, set={"a": 1}), "no parameter `a`"),
    (lambda: cnncalc.sweep(nn.Conv2d(3, 4, 3), input=(9,)), "does not say what its input is"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_refusals(call: Callable[[], Any], words: str) -> None:
    with pytest.raises((cnncalc.UsageError, cnncalc.SpecError)) as refused:
        call()
    assert words in str(refused.value)


def test_types_of_examples() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    assert cnncalc.analyze(net, input=LEFT).dtype == "float32"
    assert cnncalc.analyze(net.half(), input=LEFT.half()).dtype == "float16"
    assert cnncalc.analyze(net, input=LEFT.half(), dtype="float64").dtype == "float64"


def test_an_optimizer_object() -> None:
    net = nn.Conv2d(3, 4, 3)
    optim, weights = torch.optim, net.parameters
    rows = {
        "sgd": optim.SGD(weights(), 0.1),
        "momentum": optim.SGD(weights(), 0.1, momentum=0.9),
        "nesterov": optim.SGD(weights(), 0.1, momentum=0.9, nesterov=True),
        "adam": optim.Adam(weights()),
        "adamw": optim.AdamW(weights()),
        "amsgrad": optim.AdamW(weights(), amsgrad=True),
        "rmsprop": optim.RMSprop(weights()),
        "rmsprop_momentum": optim.RMSprop(weights(), momentum=0.5),
        "rmsprop_centered": optim.RMSprop(weights(), centered=True),
        "adagrad": optim.Adagrad(weights()),
        "adafactor": optim.Adafactor(weights()),
    }
    for name, optimizer in rows.items():
        found = cnncalc.memory(net, input=SHAPE, train=True, optimizer=optimizer)
        by_name = cnncalc.memory(net, input=SHAPE, train=True, optimizer=name)
        assert found.to_dict() == by_name.to_dict()
    for unknown in (optim.LBFGS(weights()), object(), "adem"):
        with pytest.raises(cnncalc.UsageError):
            cnncalc.memory(net, input=SHAPE, train=True, optimizer=unknown)


def test_the_largest_batch_of_a_budget() -> None:
    net = cnncalc.load(trained(), input=SHAPE)
    found = net.memory(train=True, budget="1MiB")
    assert found.largest_batch is not None
    assert net.memory(train=True, batch=found.largest_batch, budget="1MiB").exit_status == 0
    assert net.memory(train=True, batch=found.largest_batch + 1, budget="1MiB").exit_status == 1


@pytest.mark.filterwarnings("ignore::FutureWarning")  # PyTorch's own
def test_an_exported_program() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    program = torch.export.export(net, (torch.ones(2, *SHAPE),))
    found = cnncalc.analyze(program)
    assert found.totals == cnncalc.analyze(net, input=SHAPE).totals
    with pytest.raises(cnncalc.UsageError, match="takes no other"):
        cnncalc.analyze(program, input=(3, 20, 20))


# -- other frameworks ------------------------------------------------------------------------------


def test_an_onnx_model(tmp_path: Any) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    path = tmp_path / "net.onnx"
    cnncalc.convert("lenet5", path)
    model = onnx.load(path)
    data = model.SerializeToString()
    report = cnncalc.analyze(model)
    assert report.totals == cnncalc.analyze(path).totals
    assert cnncalc.verify(model).passed
    assert cnncalc.convert(model, to="yaml", check=True).passed
    assert model.SerializeToString() == data
    with pytest.raises(cnncalc.UsageError, match="no graph"):
        cnncalc.analyze(onnx.ModelProto())


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="Keras is not installed")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras' own, when it saves
def test_a_keras_model(keras: Any, tmp_path: Any) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((12, 10, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(5)]
    )
    model.compile("rmsprop")
    before = [weight.value.tolist() for weight in model.weights]
    report = cnncalc.analyze(model)
    assert report.inputs == {next(iter(report.inputs)): (3, 12, 10)}
    model.save(tmp_path / "net.keras")
    assert report.totals == cnncalc.analyze(tmp_path / "net.keras").totals
    assert report.totals.params == model.count_params()
    assert cnncalc.analyze(model, input=np.ones((7, 12, 10, 3))).batch == 7
    found = cnncalc.memory(model, train=True, optimizer=model.optimizer)
    assert found.to_dict()["training"]["optimizer"] == "rmsprop"
    assert [weight.value.tolist() for weight in model.weights] == before
    assert framework_of(model) == "keras"  # it is a torch module as well


def test_whose_object() -> None:
    assert framework_of(nn.Conv2d(1, 1, 1)) == "torch"
    assert framework_of(object()) is framework_of({}) is framework_of("vgg16") is None
