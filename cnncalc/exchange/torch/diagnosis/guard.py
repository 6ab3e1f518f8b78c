"""Stands between a recording run and PyTorch: what refuses is taken down, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.torch.diagnosis import modules, operators
from cnncalc.exchange.torch.diagnosis.mistake import Mistake
from cnncalc.exchange.torch.recording.carriers import Carrier, ValueNeededError, leaves

if TYPE_CHECKING:
    from cnncalc.exchange.torch.recording.recorder import Recorder, Signature

MOST = 50
"""Mistakes of one run; what comes behind them is not looked at."""


class StoppedError(Exception):
    """Behind a mistake nothing is certain: the run ends there."""


class Guard:
    """Collects the mistakes of a run."""

    def __init__(self, recorder: Recorder, module: torch.nn.Module) -> None:
        self.recorder = recorder
        self.module = module
        self.mistakes: list[Mistake] = []
        self._inside = 0
        """How many watched modules are running, which know more than their operators."""
        for part in module.modules():
            explain = modules.diagnosis(part)
            if explain is not None:
                # on the copy alone; its class is left as it is
                part.forward = partial(self._run, part, explain, part.forward)

    def _run(
        self,
        part: torch.nn.Module,
        explain: Callable[[modules.Refused], Mistake | None],
        forward: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """A module's own `forward`; where it refuses, what it would give all the same."""
        self._inside += 1
        try:
            return forward(*args, **kwargs)
        except (ValueNeededError, StoppedError):
            raise
        except Exception:
            mistake = self._of_module(part, explain, [*args, *kwargs.values()])
            if mistake is None:
                raise
        finally:
            self._inside -= 1
        return self._go_on(mistake, [*args, *kwargs.values()])

    def _of_module(
        self,
        part: torch.nn.Module,
        explain: Callable[[modules.Refused], Mistake | None],
        given: Sequence[Any],
    ) -> Mistake | None:
        tensors = [one for one in leaves(list(given)) if isinstance(one, Carrier)]
        if not tensors:
            return None
        scope = self.recorder.scope()
        value = self.recorder.value(tensors[0])
        shape = tuple(tensors[0].shape)
        source = value if isinstance(value, Op) else None
        while source is not None and source.name == "reshape":
            source = source.inputs[0] if isinstance(source.inputs[0], Op) else None
        before = source.shape if source is not None else shape
        return explain(
            modules.Refused(
                part,
                scope.path,
                self.recorder.lines.here(),
                shape,
                before,
                source is not None and source.name == "input",
                tuple([tuple(one.shape) for one in tensors]),
            )
        )

    def operator(
        self, signature: Signature, args: Any, kwargs: Any, error: Exception
    ) -> torch.Tensor | None:
        """What an operator in `forward` would give, which PyTorch refuses; `None`: not known.

        Raises:
            StoppedError: it is known what is wrong, and not what comes behind it.
        """
        if self._inside:
            return None
        name = signature.name.partition(".")[2]
        explain = operators.DIAGNOSES.get(name)
        if explain is None:
            return None
        given = [*args, *kwargs.values()]
        tensors = [one for one in leaves(given) if isinstance(one, Carrier)]
        others = [one for one in given if not isinstance(one, torch.Tensor)]
        others = [
            one for one in others
            if not (isinstance(one, (list, tuple)) and any(isinstance(x, Carrier) for x in one))
        ]  # fmt: skip
        mistake = explain(
            operators.RefusedOperator(
                name,
                self.recorder.lines.here(),
                self.recorder.scope().path,
                tuple([tuple(one.shape) for one in tensors]),
                tuple(others),
                str(error),
                tuple([self._upsampled(one) for one in tensors]),
            )
        )
        if mistake is None:
            return None
        return self._go_on(mistake, given, "reshape" if explain is operators.view else "")

    def _upsampled(self, tensor: Carrier) -> operators.Upsampling | None:
        """The transposed convolution that gave a map its size."""
        value: Any = self.recorder.value(tensor)
        sizes = tuple(tensor.shape)[2:]
        while isinstance(value, Op) and value.inputs and tuple(value.shape[2:]) == sizes:
            module = self._module(value.origin.path)
            if getattr(module, "transposed", False):
                made: Any = module
                return operators.Upsampling(value.origin.path, made.stride, made.output_padding)
            value = value.inputs[0]
        return None

    def _module(self, path: Sequence[str]) -> torch.nn.Module | None:
        found: Any = self.module
        for part in path:
            found = found._modules.get(part) if isinstance(found, torch.nn.Module) else None
        return found if isinstance(found, torch.nn.Module) else None

    def _go_on(self, mistake: Mistake, given: Sequence[Any], name: str = "") -> torch.Tensor:
        """What the run goes on with; `name` is the operation that it stands for, if one is known.

        Raises:
            StoppedError: that is not certain.
        """
        self.mistakes.append(mistake)
        if mistake.shape is None or len(self.mistakes) >= MOST:
            raise StoppedError
        tensors = [one for one in leaves(list(given)) if isinstance(one, Carrier)]
        dtype = next((one.dtype for one in tensors if one.is_floating_point()), torch.float32)
        return self.recorder.stand_in(tensors, mistake.shape, dtype, name)
