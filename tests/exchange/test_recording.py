"""What a recorded run makes of writes, views, casts, stored values, branches; what it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from cnncalc.diagnostics import UsageError  # noqa: E402
from cnncalc.exchange.checking import check_import  # noqa: E402
from cnncalc.exchange.converting import architecture_of  # noqa: E402
from cnncalc.exchange.torch.reader import imported_module  # noqa: E402
from cnncalc.language.network import Network  # noqa: E402
from cnncalc.language.text.source import Source  # noqa: E402

from .random_modules import outcome  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

SHAPE = (3, 8, 8)


class Net(nn.Module):
    """A convolution, a second one, a linear layer, a stored vector; what is done is given."""

    def __init__(self, steps: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.steps = [steps]
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.b = nn.Conv2d(8, 8, 3, padding=1)
        self.part = nn.Conv2d(4, 4, 3, padding=1)
        self.wide = nn.Linear(512, 4)
        self.line = nn.Linear(8, 5)
        self.gains = nn.Parameter(torch.rand(8))
        self.register_buffer("mask", torch.tensor([True, False] * 4))
        self.stride = torch.tensor([8.0, 16.0])

    def forward(self, x: Tensor) -> Any:
        return self.steps[0](self, x)


def clone_before_write(net: Any, x: Tensor) -> Tensor:
    x = net.a(x)
    kept = x.clone()
    return net.b(F.relu(x, inplace=True)) + kept


def write_to_half(net: Any, x: Tensor) -> Tensor:
    x = net.a(x)
    first, second = torch.split(x, 4, 1)
    first = net.part(F.relu(first, inplace=True))
    return torch.cat([first, second], 1) + x


def write_through_views(net: Any, x: Tensor) -> Tensor:
    x = net.a(x)
    x.flatten(2).transpose(1, 2).relu_()
    return x * 2


def every_second(net: Any, x: Tensor) -> Tensor:
    x = net.a(x)
    x[:, ::2] *= 3
    return x


def made_by_assignment(net: Any, x: Tensor) -> Tensor:
    grid = torch.zeros(8, 8)
    grid[:, 0] = 1.0
    return net.a(x) * grid


def filled_by_parts(net: Any, x: Tensor) -> Tensor:
    x = net.a(x)
    made = torch.zeros_like(x)
    made[:, 1:] = x[:, :-1]
    return made


def bool_mask(net: Any, x: Tensor) -> Tensor:
    found: Tensor = net.a(x)[:, net.mask]
    return found


def number_of_a_buffer(net: Any, x: Tensor) -> Tensor:
    found: Tensor = net.a(x) * net.stride[0].item() + torch.full((1, 1), net.stride[1])
    return found


def parts_of_a_vector(net: Any, x: Tensor) -> Tensor:
    for k in range(2):
        x = net.gains[k] * (net.a(x) if k == 0 else net.b(x))
    return x


def outer_product(net: Any, x: Tensor) -> Tensor:
    y = net.a(x).mean((2, 3))
    found: Tensor = net.line(y[:, :, None] * y.relu()[:, None, :])
    return found


def shared_in_two_orders(net: Any, x: Tensor) -> Tensor:
    y = net.a(x)
    found: Tensor = net.wide(y.permute(0, 2, 3, 1).flatten(1)) + net.wide(y.flatten(1))
    return found


def branch_by_value(net: Any, x: Tensor) -> Tensor:
    y: Tensor = net.a(x)
    return y.relu() if x.sum() > 1e9 else y * 2


def compiled_branch(net: Any, x: Tensor) -> Tensor:
    found: Tensor = torch.cond(x.sum() > 1e9, lambda y: y.relu(), lambda y: y * 2, (net.a(x),))
    return found


def returns_its_input(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    return net.a(x), x


def returns_a_buffer(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    return net.a(x), net.stride


def short_type(net: Any, x: Tensor) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = net.a(x)
    found: Tensor = y.float()
    return found


EQUAL = [
    clone_before_write, write_to_half, write_through_views, every_second, made_by_assignment,
    filled_by_parts, bool_mask, number_of_a_buffer, parts_of_a_vector, outer_product,
    shared_in_two_orders, branch_by_value, compiled_branch, returns_its_input, returns_a_buffer,
    short_type,
]  # fmt: skip


@pytest.mark.parametrize("steps", EQUAL, ids=lambda steps: steps.__name__)
def test_equal_to_pytorch(steps: Any) -> None:
    torch.manual_seed(0)
    network = imported_module(Net(steps), SHAPE)
    assert not network.reading().opaque
    assert check_import(network).passed


def softmax_over_samples(net: Any, x: Tensor) -> Tensor:
    return F.softmax(net.a(x), 0)


def own_threshold(net: Any, x: Tensor) -> Tensor:
    return F.softplus(net.a(x) * 5, threshold=1)


def truncated(net: Any, x: Tensor) -> Tensor:
    found: Tensor = net.a(x.to(torch.int32).float())
    return found


def largest_place(net: Any, x: Tensor) -> Tensor:
    found: Tensor = net.a(x).max(1)[1]
    return found


def tied_transposed(net: Any, x: Tensor) -> Tensor:
    return F.linear(net.line(net.a(x).mean((2, 3))), net.line.weight.t())


@pytest.mark.parametrize(
    ("steps", "params"),
    [
        (softmax_over_samples, 224), (own_threshold, 224), (truncated, 224), (largest_place, 224),
        (tied_transposed, 224 + 45),
    ],
)  # fmt: skip
def test_what_has_no_kind_is_stated(steps: Any, params: int) -> None:
    reading = imported_module(Net(steps), SHAPE).reading()
    assert reading.opaque
    assert sum(layer.params for layer in reading.graph.layers) == params


class Idle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.project = nn.Conv2d(16, 64, 1)
        self.spare = nn.Linear(1000, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        self.project(x)
        return x


def test_what_serves_nothing_is_said() -> None:
    notes = imported_module(Idle(), (3, 32, 32)).reading().notes
    assert [note.rule for note in notes] == ["idle-module", "idle-parameters"]
    assert "`project`" in notes[0].message
    assert "1,088 parameters, 1,048,576 multiply" in notes[0].message
    assert notes[0].place is not None
    assert notes[0].place.file == __file__
    assert "`spare` 1,001,000" in notes[1].message


def test_notes_on_values_and_constants() -> None:
    notes = imported_module(Net(branch_by_value), SHAPE).reading().notes
    assert notes[0].rule == "idle-parameters" or notes[-1].rule == "decided-by-values"
    decided = next(note for note in notes if note.rule == "decided-by-values")
    assert decided.place is not None
    assert decided.place.line == branch_by_value.__code__.co_firstlineno + 2
    notes = imported_module(Net(returns_a_buffer), SHAPE).reading().notes
    assert "output 2 depends on no input" in notes[-1].message


def test_layers_know_their_lines() -> None:
    reading = imported_module(Net(write_to_half), SHAPE).reading()
    lines = {origin.calls[0].line for origin in reading.origins if origin.calls}
    first = write_to_half.__code__.co_firstlineno
    assert lines <= set(range(first, first + 5))
    assert len(lines) >= 3


def test_the_module_is_left_as_it_was() -> None:
    module = Net(made_by_assignment).train()
    state = {name: one.clone() for name, one in module.state_dict().items()}
    keys, random = set(vars(module)), torch.get_rng_state()
    imported_module(module, SHAPE).reading()
    assert module.training
    assert set(vars(module)) == keys
    assert not module.a._forward_hooks
    assert not module.a._forward_pre_hooks
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(state[name], one) for name, one in module.state_dict().items())


@pytest.mark.parametrize("seed", range(40))
def test_random_modules(seed: int) -> None:
    assert outcome(seed)[0] in ("equal", "opaque")


class Windows(nn.Module):
    """Stages whose operators no kind stands for, each with an array of another size."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        for width in (8, 8, 16, 16, 8):
            self.stages.append(WindowStage(width))

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.stages:
            x = stage(x)
        return x


class WindowStage(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.LazyConv2d(width, 1)
        self.table = nn.Parameter(torch.rand(width, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(torch.logaddexp(self.project(x), self.table))


def test_what_is_stated_reads_back_from_the_blocks_that_it_stands_in() -> None:
    module = Windows()
    module(torch.rand(1, *SHAPE))
    network = imported_module(module, SHAPE)
    graph = network.graph()
    text = architecture_of(network, graph)
    written = Network(Source("net.yaml", text, None)).graph()
    assert text.count("custom") >= 2
    assert [node.facts.weights for node in written.nodes] == [n.facts.weights for n in graph.nodes]
    assert sum(n.params for n in written.nodes) == sum(p.numel() for p in module.parameters())


class HalfTrainedBias(nn.Module):
    """A bias that is put together of two trained parts and one that is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(6, 12, bias=False)
        self.q_bias, self.v_bias = nn.Parameter(torch.rand(4)), nn.Parameter(torch.rand(4))
        self.register_buffer("k_bias", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        bias = torch.cat((self.q_bias, self.k_bias, self.v_bias))
        return F.linear(x.flatten(2).transpose(1, 2), self.qkv.weight, bias)


def test_a_buffer_in_a_bias_is_not_trained() -> None:
    module = HalfTrainedBias()
    graph = imported_module(module, (6, 5, 5)).graph()
    assert sum(node.params for node in graph.nodes) == 12 * 6 + 4 + 4
    assert sum(node.facts.buffer_values for node in graph.nodes) == 4
    assert sum(node.facts.operations.macs for node in graph.layers) == 25 * 6 * 12


class ManyAxes(nn.Module):
    """Windows of windows, taken apart so that nine axes change their places."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(6)
        self.line = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        batch = x.shape[0]
        x = x.reshape(batch, 6, *[2] * 10).permute(0, 2, 11, 3, 10, 4, 9, 5, 8, 6, 7, 1)
        return self.line(self.norm(x.reshape(batch, -1, 6)))


def test_more_axes_than_a_reshape_has_are_a_row_of_which_the_shapes_are_known() -> None:
    module = ManyAxes()
    network = imported_module(module, (6, 32, 32))
    graph = network.graph()
    assert any(node.kind.is_stated for node in graph.nodes)
    assert sum(node.params for node in graph.nodes) == sum(p.numel() for p in module.parameters())
    assert sum(node.facts.operations.macs for node in graph.layers) == 1024 * 6 * 3
    with pytest.raises(UsageError, match="cannot be compared: of `norm"):
        check_import(network)


def test_an_output_may_be_an_input() -> None:
    def steps(net: Any, x: Tensor) -> Any:
        return x, net.a(x), x.transpose(1, 2)

    checked = check_import(imported_module(Net(steps), SHAPE))
    assert len(checked.outputs) == 3
    assert checked.passed
