"""Tensors of a recording run: what each stands for, and which memory it looks at."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import torch

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.reading.program import Constant, Op, dense_strides, part_name

Value = Op | Constant


class ViewStep(NamedTuple):
    """One operation on the way from a tensor to a view of it."""

    name: str
    """`reshape`, `permute`, `slice` or `expand`."""
    options: Mapping[str, Any]
    shape: tuple[int, ...]
    """Of its result."""


class Memory:
    """One storage. All tensors that look at it hold this object.

    A write makes a new version: the root's value is replaced, and every view works out its own
    from the root's when it is read next.
    """

    __slots__ = ("computed", "owned", "root", "stand_in", "value", "version")

    def __init__(self, root: Carrier, computed: bool, owned: bool) -> None:
        self.root = root
        """The tensor that the storage was made for."""
        self.computed = computed
        """Whether it depends on the network's input."""
        self.owned = owned
        """Whether a write may go to the storage itself; a parameter's is the original module's."""
        self.value: Value | None = None
        """What the root stands for; of constants it is made when asked for."""
        self.version = 0
        self.stand_in: torch.Tensor | None = None
        """A storage without data in the place of one that was constant before."""


class Carrier(torch.Tensor):
    """A tensor that the user's `forward` handles: shape and type, and what it stands for.

    Attributes:
        held: the tensor with the values of a constant; without data where it is computed.
        memory: what it looks at.
        parent: the tensor that it is a view of; `None` of a root.
        steps: the way from the parent's value; `None` where no operations of ours lead there.
        cached: its value, of version `seen` of the memory.
        stored_as, role, sources, frozen: of a constant, as those of `Constant`.
    """

    held: torch.Tensor
    memory: Memory
    parent: Carrier | None
    steps: tuple[ViewStep, ...] | None
    cached: Value | None
    seen: int
    stored_as: str
    frozen: bool
    role: str
    sources: Mapping[str, int] | None
    shadow: torch.Tensor | None

    # calls go to the dispatch mode directly
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> Carrier:
        """A carrier of a tensor, which has no memory yet."""
        self: Carrier = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=torch.device("cpu"),
        )
        self.held = inner
        self.parent = None
        self.steps = ()
        self.cached = None
        self.seen = -1
        self.stored_as = ""
        self.frozen = False
        self.role = "literal"
        self.sources = None
        self.shadow = None
        return self

    def __init__(self, inner: torch.Tensor) -> None:
        """Everything is done in `__new__`."""

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Outside of a recording run: the operator on what the carriers carry."""
        return func(*mapped(args, held_by), **mapped(kwargs or {}, held_by))

    def __repr__(self) -> str:  # type: ignore[override]
        return f"tensor(..., size={tuple(self.shape)}, dtype={self.dtype})"

    def tolist(self) -> Any:
        """Values of a constant.

        Raises:
            ValueNeededError: it is computed.
        """
        return known_values(self).tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """Values of a constant.

        Raises:
            ValueNeededError: it is computed.
        """
        return known_values(self).numpy()


class ValueNeededError(Exception):
    """The forward pass asks for the value of a tensor that depends on the network's input."""


def held_by(value: Any) -> Any:
    """The tensor in a carrier; anything else as it is."""
    return value.held if isinstance(value, Carrier) else value


def known_values(carrier: Carrier) -> torch.Tensor:
    """The values of a tensor that has some.

    Raises:
        ValueNeededError: it is computed, and the run has no values.
    """
    if carrier.held.is_meta:
        raise ValueNeededError
    return carrier.held


def mapped(value: Any, change: Any) -> Any:
    """A structure of arguments with every leaf changed."""
    if isinstance(value, (list, tuple)):
        found = [mapped(one, change) for one in value]
        if hasattr(value, "_fields"):
            return type(value)(*found)
        return type(value)(found)
    if isinstance(value, dict):
        return {key: mapped(one, change) for key, one in value.items()}
    return change(value)


def leaves(value: Any) -> list[Any]:
    """The leaves of a structure of arguments, in order."""
    if isinstance(value, (list, tuple)):
        return [leaf for one in value for leaf in leaves(one)]
    if isinstance(value, Mapping):
        return [leaf for one in value.values() for leaf in leaves(one)]
    return [value]


def constant(inner: torch.Tensor, name: str = "", role: str = "literal") -> Carrier:
    """A carrier of a stored array; its values stay where they are."""
    carrier = Carrier(inner)
    carrier.memory = Memory(carrier, False, False)
    carrier.stored_as, carrier.role = name, role
    return carrier


def constant_value(carrier: Carrier) -> Constant:
    """What a carrier of a constant stands for, with the values that it has now."""
    inner = carrier.held
    if carrier.memory.owned and not inner.is_meta:
        inner = inner.clone()

    def read() -> Any:
        if inner.is_meta:
            raise UsageError("its weights are on the meta device and have no values")
        values = inner.cpu()
        return (values.float() if values.dtype in NARROW else values).numpy()

    sources, form = carrier.sources, None
    if carrier.role == "literal":
        sources = sources or {}
    elif sources is not None:
        sources, form = _sources(carrier)
    return Constant(carrier.stored_as, tuple(carrier.shape), carrier.role, read, sources, form)


def _sources(carrier: Carrier) -> tuple[Mapping[str, int], Hashable]:
    """The stored arrays that a constant is made of, and in which order it has their values."""
    root = carrier.memory.root
    sources = carrier.sources or {}
    if carrier.memory.owned or root.role == "literal" or not root.stored_as:
        return sources, ("computed", id(carrier.memory))
    sizes, strides = tuple(carrier.shape), carrier.stride()
    name, start = root.stored_as, int(carrier.storage_offset()) - int(root.storage_offset())
    pairs = [(s, t) for s, t in zip(sizes, strides, strict=True) if s != 1]
    own = [(s, t) for s, t in zip(root.shape, root.stride(), strict=True) if s != 1]
    dense = [t for _, t in pairs] == dense_strides([s for s, _ in pairs])
    if carrier.numel() == root.numel():
        return {name: root.numel()}, None if dense or pairs == own else ("strides", tuple(pairs))
    if any(stride == 0 for _, stride in pairs):
        return sources, ("repeated", tuple(pairs))
    part = part_name(name, start, [s for s, _ in pairs], [t for _, t in pairs])
    return {part: carrier.numel()}, None


NARROW = (torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2)
"""Types that NumPy does not have."""
