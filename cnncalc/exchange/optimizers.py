"""Optimizers of frameworks, known by their own classes' modules and told by our names."""

from __future__ import annotations

from typing import Any

from cnncalc.diagnostics import UsageError


def optimizer_name(given: Any) -> str:
    """Our name of an optimizer object of PyTorch or Keras, by its class and its options.

    Raises:
        UsageError: it is no optimizer, or one whose memory is not known.
    """
    for one in type(given).__mro__:
        framework = one.__module__.partition(".")[0]
        if framework == "torch" and one.__module__.startswith("torch.optim"):
            found = _of_torch(one.__name__.lower(), given)
        elif framework in ("keras", "tf_keras"):
            found = _of_keras(one.__name__.lower(), given)
        else:
            continue
        if found is not None:
            return found
    kind = f"{type(given).__module__}.{type(given).__name__}"
    raise UsageError(
        f"{kind} is no optimizer whose memory is known",
        "name one of `cnncalc memory NET --optimizers`",
    )


def _of_torch(name: str, given: Any) -> str | None:
    """The name by the largest options among the parameter groups."""
    groups: list[dict[str, Any]] = given.param_groups

    def some(option: str) -> bool:
        return any([bool(group.get(option)) for group in groups])

    if name == "sgd":
        return ("nesterov" if some("nesterov") else "momentum") if some("momentum") else "sgd"
    if name in ("adam", "adamw"):
        return "amsgrad" if some("amsgrad") else name
    return _of_rmsprop(name, some("momentum"), some("centered"))


def _of_keras(name: str, given: Any) -> str | None:
    def some(option: str) -> bool:
        return bool(getattr(given, option, False))

    if name == "sgd":
        return ("nesterov" if some("nesterov") else "momentum") if some("momentum") else "sgd"
    if name in ("adam", "adamw"):
        return "amsgrad" if some("amsgrad") else name
    return _of_rmsprop(name, some("momentum"), some("centered"))


def _of_rmsprop(name: str, momentum: bool, centered: bool) -> str | None:
    """RMSprop by its options, and those optimizers that have none which count."""
    if name == "rmsprop":
        if momentum and centered:
            return None
        return "rmsprop_momentum" if momentum else "rmsprop_centered" if centered else name
    return name if name in ("adagrad", "adafactor", "lion") else None
