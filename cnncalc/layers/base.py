"""What a layer kind must state.

A kind declares its options, and from the shapes of its inputs it states `Facts`: the output
shape, the shapes of its weights and buffers, its operations, the windows through which an
output unit sees each input; and beside them what its backward pass keeps. It knows nothing of
tables, files, YAML or receptive fields; every analysis folds these facts over the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple, NoReturn, Self

from cnncalc.diagnostics import Refusal
from cnncalc.layers.options import Option, OptionError
from cnncalc.layers.saved import SavedForBackward
from cnncalc.shapes import IDENTITY, UNKNOWN_SHAPE, UNKNOWN_WINDOW, Shape, Slide, Window, product
from cnncalc.unknown import UNKNOWN, is_known

Windows = tuple[Window, ...]
"""One window per spatial axis."""

NOTHING: Mapping[str, Shape] = {}

UNKNOWN_ARRAYS: Mapping[str, Shape] = {"?": (UNKNOWN,)}
"""The arrays of a layer of which nobody says what it stores."""


def unknown_windows(output: Shape) -> Windows | None:
    """The windows of a layer of which nobody says what its units see; `None` of a flat one."""
    if output is UNKNOWN_SHAPE:
        return (UNKNOWN_WINDOW,)
    return (UNKNOWN_WINDOW,) * (len(output) - 1) or None


Role = Literal["weight", "bias", "scale", "offset", "slope", "mean", "variance"]
"""What an array does to the values that it meets.

A weight is multiplied with many of them and summed, and a bias added to the sum; a scale, an
offset and a slope belong to one value or channel; mean and variance are stored statistics.
"""

USUAL_ROLES: Mapping[str, Role] = {"weight": "weight", "bias": "bias"}

ADDED = ("bias", "offset")
"""Roles of the trained values that are counted as biases."""

SIZE_LIMIT = 2**53
"""No tensor and no weight array may hold more values than this."""


class Operations(NamedTuple):
    """What a layer computes for one sample, each term by itself.

    Every tool adds up another subset of these, so they are kept apart. One comparison, one
    elementary function (exp, tanh, erf, a power, a root) and one of `+ − × ÷` count as one.
    """

    macs: int = 0
    bias: int = 0
    normalization: int = 0
    activation: int = 0
    pooling: int = 0
    elementwise: int = 0

    @property
    def flops(self) -> int:
        """Every arithmetic operation: two a multiply-accumulate and one of the others."""
        terms = self.bias + self.normalization + self.activation + self.pooling
        return 2 * self.macs + terms + self.elementwise


UNKNOWN_OPERATIONS = Operations(*[UNKNOWN] * len(Operations._fields))


class Facts:
    """All that a layer states for given input shapes.

    What is not known is stated as such: `UNKNOWN` in place of a number or of a size,
    `UNKNOWN_ARRAYS`, `UNKNOWN_OPERATIONS`, `UNKNOWN_WINDOW`. An output of which not even the
    number of axes is known is `UNKNOWN_SHAPE`.
    """

    __slots__ = (
        "biases",
        "buffer_values",
        "buffers",
        "elementwise",
        "operations",
        "output",
        "params",
        "roles",
        "slides",
        "values",
        "view",
        "weights",
        "windows",
    )

    def __init__(
        self,
        output: Shape,
        *,
        weights: Mapping[str, Shape] = NOTHING,
        buffers: Mapping[str, Shape] = NOTHING,
        roles: Mapping[str, Role] = USUAL_ROLES,
        operations: Operations = Operations(),
        windows: tuple[Windows | None, ...],
        slides: tuple[Slide, ...] = (),
        view: bool = False,
        elementwise: bool = False,
    ) -> None:
        self.output = output
        """Output shape."""
        self.weights = weights
        """Trainable arrays by name, in PyTorch's order."""
        self.buffers = buffers
        """Arrays that are stored and not trained."""
        self.roles = roles
        """The role of each of these arrays."""
        self.operations = operations
        self.windows = windows
        """For each input, the window on each spatial axis; `None`: all of it is seen."""
        self.slides = slides
        """The kernel that slides over the input, on each spatial axis; none of other layers."""
        self.view = view
        """Whether the output is the input under another shape and owns no bytes."""
        self.elementwise = elementwise
        """Whether the output may be written over the input."""
        self.values = product(output)
        self.params = self.biases = self.buffer_values = 0
        for name, shape in weights.items():
            size = product(shape)
            self.params += size
            if size is UNKNOWN or roles[name] in ADDED:
                self.biases += size
        for shape in buffers.values():
            self.buffer_values += product(shape)

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it is unknown."""
        numbers = (self.values, self.params, self.buffer_values, *self.operations)
        return is_known(numbers) and all(
            [window.is_known for windows in self.windows for window in windows or ()]
        )


class Reference(NamedTuple):
    """An earlier layer that an option names: its place in the graph and its shapes."""

    name: str
    node: int
    output: Shape
    inputs: tuple[Shape, ...]
    kind: Kind | None

    def __str__(self) -> str:
        return self.name


class LayerError(Refusal):
    """No such layer on these shapes, or with these options; `option` is the one to look at."""

    def __init__(
        self, rule: str, message: str, *, output: Shape | None = None, **more: Any
    ) -> None:
        super().__init__(rule, message, **more)
        self.output = output
        """The output shape that the layer would have all the same, where that is certain."""


class Kind:
    """A layer kind; an instance is one set of options, the same for any layer that has them."""

    name: ClassVar[str]
    family: ClassVar[str]
    options: ClassVar[Mapping[str, Option]] = {}
    main: ClassVar[Option | None] = None
    branches: ClassVar[bool] = False
    """Whether the main option is a list of branches; all of them are inputs."""
    verb: ClassVar[str] = "merges"
    """What a kind with branches does with them, in messages."""
    joins: ClassVar[bool] = False
    """Whether branches of any number of channels go together."""
    several: ClassVar[type[Kind] | None] = None
    """The kind of the same name that takes several inputs, where one input is not all it takes."""
    saved: ClassVar[SavedForBackward | None] = None
    """What it keeps for its backward pass, where that depends on no option and no shape."""
    has_weights: ClassVar[bool] = False
    """Whether `share` makes sense."""
    resamples: ClassVar[bool] = False
    """Whether it only resizes a map: interpolation, not a window with weights."""
    is_stated: ClassVar[bool] = False
    """Whether its facts are what somebody states of an operation that is no kind of ours."""
    centres: ClassVar[bool] = False
    """Whether it subtracts the mean of each channel, which cancels a bias before it."""

    def __init_subclass__(cls, name: str | None = None) -> None:
        found = dict(cls.options)  # the family's
        for key, value in vars(cls).items():
            if isinstance(value, Option):
                value.key = value.key or key
                value.attribute = key
                found.pop(value.key, None)
                found[value.key] = value
        cls.main = next((option for option in found.values() if option.main), None)
        if cls.main is not None:
            # in positional order the main option stands first, then a family's, then a kind's own
            found = {cls.main.key: cls.main, **found}
        cls.options = found
        if name is not None:
            cls.name = name
            cls.family = cls.__module__.rpartition(".")[2]

    def __init__(self, values: tuple[Any, ...], rank: int) -> None:
        """Options in declared order, checked already; `rank` is the number of spatial axes."""
        own = self.__dict__
        for (key, option), value in zip(self.options.items(), values, strict=True):
            if value is None and option.like is not None:
                own[option.attribute] = own[option.like]
                continue
            try:
                built = value if value is None else option.type.build(value, rank)
                own[option.attribute] = built
            except OptionError as error:
                raise LayerError(
                    error.rule, f"`{key}` {error.message}", option=key, hint=error.hint
                ) from None

    def __setattr__(self, key: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def changed(self, options: Mapping[str, Any], rank: int) -> Self:
        """The same kind with some options changed.

        Raises:
            LayerError: a value does not go with `rank` spatial axes.
        """
        values = [options.get(key, self.option_value(key)) for key in self.options]
        return type(self)(tuple(values), rank)

    def option_value(self, key: str) -> Any:
        """The value of an option, by the name that it has in a file."""
        return self.__dict__[self.options[key].attribute]

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        """State the facts for the given input shapes.

        Raises:
            LayerError: there is no such layer on these shapes.
        """
        raise NotImplementedError

    @property
    def linear(self) -> bool:
        """Whether the output, at inference, is a linear function of the input and a constant."""
        return False

    def in_words(self, inputs: tuple[Shape, ...]) -> str:
        """What it does to inputs of these shapes, where a formula alone is hard to read."""
        return ""

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        """State what the layer keeps for its backward pass, for shapes that it has facts for."""
        if self.saved is None:
            raise NotImplementedError
        return self.saved

    @property
    def summary(self) -> str:
        """The first line of the kind's description."""
        return (self.__doc__ or "").strip().partition("\n")[0]

    def short_options(self) -> str:
        """The options that matter, as short as a paper writes them: `3×3/2 p1`."""
        parts = ""
        for key, option in self.options.items():
            value = self.option_value(key)
            if option.mark is None or value is None:
                continue
            if option.default is not None and value == option.type.build(
                option.default, len(value) if isinstance(value, tuple) else 0
            ):
                continue
            space = "" if option.mark in ("/", ":") or not parts else " "
            parts += space + option.mark + option.type.brief(value)
        return parts


def spatial(kind: Kind, shape: Shape) -> Shape:
    """The spatial sizes of a map, refusing a flat input."""
    if len(shape) < 2:
        raise LayerError(
            "shape-mismatch",
            f"`{kind.name}` slides over spatial axes, and its input is flat: {list(shape)}",
            hint="put it before `flatten`, or `reshape` the input to channels and sizes",
        )
    return shape[1:]


def pointwise(shape: Shape) -> Windows:
    """The window on each axis of a layer that works at each position by itself."""
    return (IDENTITY,) * (len(shape) - 1)


def single(inputs: tuple[Shape, ...]) -> Shape:
    """The one input of a kind that takes one."""
    (shape,) = inputs
    return shape


def check_divides(groups: int, channels: int, option: str, what: str = "groups") -> None:
    """Refuse groups that do not divide the channels."""
    if channels % groups:
        below = next(d for d in range(min(groups, channels), 0, -1) if channels % d == 0)
        raise LayerError(
            "groups-do-not-divide",
            f"{groups} {what} do not divide {channels} channels",
            option=option,
            hint=f"{below} would",
            instead=str(below),
        )


def check_size(shape: Shape, what: str) -> None:
    """Refuse arrays beyond `SIZE_LIMIT`."""
    if product(shape) > SIZE_LIMIT:
        raise LayerError(
            "limit-exceeded",
            f"{what} {list(shape)} would hold more than 2^53 values",
        )
