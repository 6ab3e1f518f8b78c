"""Other inputs of a network that cannot be built for this one: where its branches would meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Diagnostic
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.language.network import Network
from cnncalc.shapes import Shape

NEAR = 64
"""How far from an input size others are tried."""

TRIED_LAYERS = 6_000
"""How many layers may be built in all to find an input that fits."""


class InputSizes:
    """Tries inputs on the whole network; several change alike."""

    def __init__(
        self,
        network: Network,
        elaboration: Elaboration,
        shapes: Mapping[str, Shape],
        parameters: Mapping[str, Any] | None,
    ) -> None:
        self.network = network
        self.parameters = parameters
        self.shapes = shapes
        self.shape = next(iter(shapes.values()))
        self.cost = len(elaboration.forms) + 20
        self.left = TRIED_LAYERS
        self.open = {_key(one) for one in elaboration.diagnostics if one.shapes}
        self.others = {_key(one) for one in elaboration.diagnostics} - self.open
        self._known: dict[Shape, bool] = {}

    def fits(self, shape: Shape) -> bool:
        """Whether every branch meets on an input, and nothing else breaks."""
        known = self._known.get(shape)
        if known is None:
            self.left -= self.cost
            if self.left < 0:
                return False
            shapes = {name: (one[0], *shape[1:]) for name, one in self.shapes.items()}
            tried = self.network.elaborate(self.parameters, shapes)
            left = {_key(finding) for finding in tried.diagnostics}
            built = tried.graph is not None or bool(self.others)
            known = self._known[shape] = built and left <= self.others
        return known

    def nearest(self) -> list[Shape]:
        """The nearest smaller and larger input that fit, as few axes changed as can be."""
        found = []
        for sign in (-1, 1):
            by_axis = [self._alike(size, sign) for size in self.shape[1:]]
            if None not in by_axis:
                shape = (self.shape[0], *(size for size in by_axis if size is not None))
                if shape != self.shape and self.fits(shape):
                    found.append(shape)
                    continue
            uniform = self._uniform(sign)
            if uniform is not None:
                found.append(uniform)
        return found

    def _alike(self, size: int, sign: int) -> int | None:
        """The nearest size that fits on all axes alike: axes are seldom treated otherwise."""
        axes = len(self.shape) - 1
        for other in range(size, size + sign * (NEAR + 1), sign):
            if 2 * other <= size:
                break  # at a fraction of the size a map may shrink to one unit, which fits all
            if self.fits((self.shape[0], *(other,) * axes)):
                return other
        return None

    def _uniform(self, sign: int) -> Shape | None:
        """The nearest input with all axes changed by as much."""
        for step in range(1, NEAR + 1):
            other = (self.shape[0], *(size + sign * step for size in self.shape[1:]))
            if 2 * min(other[1:]) <= min(self.shape[1:]):
                return None
            if self.fits(other):
                return other
        return None


def name_sizes(
    network: Network,
    elaboration: Elaboration,
    shapes: Mapping[str, Shape],
    parameters: Mapping[str, Any] | None,
) -> tuple[Diagnostic, ...]:
    """Mismatches that another input would cure are told as such, with the nearest inputs.

    None is looked for where several inputs have sizes of their own.
    """
    shape = next(iter(shapes.values()))
    apart = any(one[1:] != shape[1:] for one in shapes.values())
    if len(shape) < 2 or apart or not elaboration.forms:
        return elaboration.diagnostics
    sizes = InputSizes(network, elaboration, shapes, parameters)
    fitting = ["×".join(map(str, found[1:])) for found in sizes.nearest()]
    size = "×".join(map(str, shape[1:]))
    if not fitting:
        none = f"no input near {size} makes them meet"
        return tuple(
            finding._replace(hint=f"{finding.hint}; {none}" if finding.hint else none)
            if _differ(finding.shapes) and sizes.left >= 0 and not finding.fixes
            else finding
            for finding in elaboration.diagnostics
        )
    return tuple(
        finding._replace(
            rule="odd-upsampling",
            message=f"{finding.message}; an input of {size} is rounded on the way",
            hint=f"an input of {' or '.join(fitting)} fits; "
            "`upsample: {like: …}` or `crop` takes any",
        )
        if finding.shapes
        else finding
        for finding in elaboration.diagnostics
    )


def _differ(shapes: tuple[Shape, ...]) -> bool:
    """Whether shapes that do not go together differ in their positions."""
    return len({shape[1:] for shape in shapes}) > 1


def _key(finding: Diagnostic) -> tuple[object, ...]:
    return finding.rule, finding.place
