"""Python files without the name of a network: what is in them, without running them."""

from __future__ import annotations

import ast
import os

from cnncalc.diagnostics import UsageError

LARGEST = 2 * 1024 * 1024
MODULES = ("Module", "LightningModule", "Model", "Sequential", "BaseModel", "BaseModule")
"""Last names of classes whose subclasses are networks."""

LISTED = 12


def unnamed(path: str) -> UsageError:
    """What to say to a Python file that is given without a name."""
    tree = _parsed(path)
    if tree is None:
        return UsageError(
            f"{path} is Python: name what makes the network",
            f"as in {path}:Net; its code is run",
        )
    if _is_config(tree):
        return UsageError(
            f"{path} is a configuration of OpenMMLab (mmdetection, mmsegmentation)",
            "their builder makes the network of it: name a function of yours that returns "
            "`MODELS.build(cfg.model)`, file.py:NAME, or export it to ONNX",
        )
    classes, functions = _networks(tree), _makers(tree)
    where = _dotted(path) if _is_relative(tree) else path
    if not classes and not functions:
        return UsageError(
            f"{path} is Python, and defines no class or function that could make a network",
            f"name one of the file that does, as in {path}:Net",
        )
    best = classes[-1] if classes else functions[-1]
    what = "a PyTorch file" if _imports(tree, "torch") else "a Python file"
    if not _imports(tree, "torch") and (_imports(tree, "keras") or _imports(tree, "tensorflow")):
        what = "a Keras file"
    names = classes or functions
    kind = "classes" if classes else "functions"
    text = ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")
    hint = f"{where}:{best}" + (f"; its {kind}: {text}" if len(names) > 1 else "")
    if where != path:
        hint += "\n(it imports its neighbours: run from the folder that holds the package)"
    return UsageError(f"{path} is {what}: name the {'class' if classes else 'function'}", hint)


def imports_keras(where: str) -> bool:
    """Whether a file, or the file of a dotted name, imports Keras or TensorFlow."""
    path = where if where.endswith(".py") else os.path.join(*where.split(".")) + ".py"
    if not os.path.isfile(path):
        return False
    tree = _parsed(path)
    return tree is not None and any(
        _imports(tree, name) for name in ("keras", "tensorflow", "tf_keras")
    )


def _parsed(path: str) -> ast.Module | None:
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}") from None
    if len(text) > LARGEST:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_config(tree: ast.Module) -> bool:
    """Whether it assigns `model = dict(type=...)`."""
    for step in tree.body:
        if isinstance(step, ast.Assign) and isinstance(step.value, ast.Call | ast.Dict):
            names = [one.id for one in step.targets if isinstance(one, ast.Name)]
            if "model" in names and _types(step.value):
                return True
    names = [one.id for s in tree.body if isinstance(s, ast.Assign) for one in s.targets
             if isinstance(one, ast.Name)]  # fmt: skip
    return "_base_" in names


def _types(value: ast.Call | ast.Dict) -> bool:
    if isinstance(value, ast.Dict):
        return any(isinstance(one, ast.Constant) and one.value == "type" for one in value.keys)
    called = isinstance(value.func, ast.Name) and value.func.id == "dict"
    return called and any(one.arg == "type" for one in value.keywords)


def _networks(tree: ast.Module) -> list[str]:
    """Classes that are modules, those that other classes of the file use in front."""
    found: list[str] = []
    for step in tree.body:
        if isinstance(step, ast.ClassDef):
            bases = [_last(base) for base in step.bases]
            if any(base in MODULES or base in found for base in bases):
                found.append(step.name)
    used = {
        one.id
        for step in tree.body
        if isinstance(step, ast.ClassDef)
        for one in ast.walk(step)
        if isinstance(one, ast.Name) and one.id != step.name
    }
    return [name for name in found if name in used] + [name for name in found if name not in used]


def _last(base: ast.expr) -> str:
    if isinstance(base, ast.Attribute):
        return base.attr
    return base.id if isinstance(base, ast.Name) else ""


def _makers(tree: ast.Module) -> list[str]:
    """Functions that can be called without arguments."""
    found = []
    for step in tree.body:
        if isinstance(step, ast.FunctionDef) and not step.name.startswith("_"):
            needed = len(step.args.args) - len(step.args.defaults)
            if needed <= 0 and not step.args.posonlyargs:
                found.append(step.name)
    return found


def _imports(tree: ast.Module, name: str) -> bool:
    for step in tree.body:
        if isinstance(step, ast.Import) and any(
            one.name.partition(".")[0] == name for one in step.names
        ):
            return True
        if isinstance(step, ast.ImportFrom) and (step.module or "").partition(".")[0] == name:
            return True
    return False


def _is_relative(tree: ast.Module) -> bool:
    return any(isinstance(step, ast.ImportFrom) and step.level for step in tree.body)


def _dotted(path: str) -> str:
    """The module's name inside its package: `unet/unet_model.py` is `unet.unet_model`.

    Folders with an `__init__.py` belong to the package, and at least the one that it lies in.
    """
    folder, name = os.path.split(os.path.abspath(path))
    parts = [os.path.splitext(name)[0]]
    while True:
        folder, package = os.path.split(folder)
        if not package:
            break
        parts.insert(0, package)
        if not os.path.isfile(os.path.join(folder, "__init__.py")):
            break
    return ".".join(parts)
