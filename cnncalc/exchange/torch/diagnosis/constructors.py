"""The calls in the user's code that made the modules of a network."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch

from cnncalc.diagnostics import Edit, Place
from cnncalc.exchange.reading.result import Origin
from cnncalc.exchange.torch.diagnosis.source import PythonFile, bound, is_literal, last_name
from cnncalc.language.text.source import Source, UnreadableError
from cnncalc.spans import OptionSpan, SourceSpan

REGISTERING = ("add_module", "register_module")
LOOPS = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)

OPTIONS = {
    "kernel_size": "kernel", "stride": "stride", "padding": "padding", "dilation": "dilation",
    "groups": "groups", "bias": "bias", "ceil_mode": "ceil", "out_channels": "filters",
    "output_padding": "output_padding", "num_groups": "groups", "p": "rate", "eps": "eps",
    "output_size": "size",
}  # fmt: skip
"""Our kinds' options by the parameters of PyTorch's classes."""


class Construction(NamedTuple):
    """A call that made a module."""

    file: PythonFile
    call: ast.Call
    arguments: Mapping[str, ast.expr]
    """By the names of the class's parameters."""
    editable: str
    """Why it is not edited; empty where it may be."""
    listed: bool
    """Whether it stands in a list of modules, as in `nn.Sequential`."""

    def edit(self, name: str, text: str) -> Edit | None:
        """The edit that gives a parameter another value; `None` where it is no literal."""
        known = self.arguments.get(name)
        if known is None:
            return self.file.argument_added(self.call, name, text)
        return self.file.replaced(known, text) if is_literal(known) else None


class Constructors:
    """Finds the calls that made the modules of a network, as far as they are written out."""

    def __init__(self, root: torch.nn.Module, name: str, source: Source | None) -> None:
        self.root = root
        self.files: dict[str, PythonFile | None] = {}
        if source is not None and source.path is not None:
            self.files[os.path.abspath(source.path)] = PythonFile(source)
        self.own = self.files.get(os.path.abspath(source.path or "")) if source else None
        self.name = name
        self._found: dict[tuple[str, ...], tuple[PythonFile, ast.expr, bool] | None] = {}
        self._counts: dict[int, int] | None = None

    def file(self, path: str) -> PythonFile | None:
        """A file of Python; `None` where it cannot be read."""
        path = os.path.abspath(path)
        if path not in self.files:
            try:
                self.files[path] = PythonFile(Source.read(path))
            except (UnreadableError, OSError):
                self.files[path] = None
        return self.files[path]

    def of(self, path: tuple[str, ...]) -> Construction | None:
        """The call that made the module of a path; `None` where it is not written out."""
        found = self._expression(path)
        if found is None:
            return None
        file, call, repeated = found
        module = self._module(path)
        if not isinstance(call, ast.Call) or module is None:
            return None
        if last_name(call.func) != type(module).__name__:
            return None
        parameters = parameters_of(type(module))
        reason = ""
        if repeated:
            reason = "it is made in a loop"
        elif self._count(call) > 1:
            reason = f"this call made {self._count(call)} modules"
        elif file is not self.own:
            reason = "it stands in another file"
        listed = bool(path[:-1] or path) and isinstance(
            self._module(path[:-1]), torch.nn.Sequential
        )
        return Construction(file, call, bound(call, parameters), reason, listed)

    def span(self, path: tuple[str, ...], used: tuple[Any, ...]) -> SourceSpan | None:
        """Where a module is made, with its options by our kinds' names."""
        found = self.of(path)
        if found is None:
            return None
        place = found.file.place(found.call)
        if found.editable:
            return SourceSpan(place, used=used)
        options = {}
        for parameter, node in found.arguments.items():
            option = OPTIONS.get(parameter)
            if option is not None and is_literal(node):
                options[option] = OptionSpan(found.file.place(node), python_value)
        names = {option: name for name, option in OPTIONS.items()}
        known = set(parameters_of(type(self._module(path))))

        def add(option: str, text: str) -> Edit | None:
            name, value = names.get(option), python_value(text)
            if name is None or name not in known or name in found.arguments or value is None:
                return None
            return found.file.argument_added(found.call, name, value)

        return SourceSpan(place, options, add, used)

    def placed(self, origin: Origin) -> Origin:
        """An operation's origin with the place where its module is made, where that is known."""
        calls = tuple([self.relabelled(call) for call in origin.calls])
        made = self.span(origin.path, calls) if origin.path else None
        if made is None and calls:
            made = SourceSpan(calls[0], used=calls[1:])
        return origin._replace(span=made, calls=calls)

    def relabelled(self, place: Place) -> Place:
        """A place of the user's own file by the name that the caller gave it."""
        own = self.own
        path = None if own is None else own.source.path
        if own is None or path is None or os.path.abspath(place.file) != os.path.abspath(path):
            return place
        return place._replace(file=own.source.label)

    def _module(self, path: tuple[str, ...]) -> torch.nn.Module | None:
        module: Any = self.root
        for part in path:
            module = module._modules.get(part) if isinstance(module, torch.nn.Module) else None
        return module if isinstance(module, torch.nn.Module) else None

    def _count(self, call: ast.Call) -> int:
        """How many modules a call has made."""
        if self._counts is None:
            self._counts = {}
            for name, _ in self.root.named_modules():
                found = self._expression(tuple(name.split("."))) if name else None
                if found is not None:
                    self._counts[id(found[1])] = self._counts.get(id(found[1]), 0) + 1
        return self._counts.get(id(call), 0)

    # -- from a path to an expression -------------------------------------------------------------

    def _expression(self, path: tuple[str, ...]) -> tuple[PythonFile, ast.expr, bool] | None:
        """What a module was made by, its file, and whether that stands in a loop."""
        if path not in self._found:
            self._found[path] = None  # a module that holds itself ends here
            self._found[path] = self._looked_for(path)
        return self._found[path]

    def _looked_for(self, path: tuple[str, ...]) -> tuple[PythonFile, ast.expr, bool] | None:
        if not path:
            return self._of_root()
        parent = self._module(path[:-1])
        if parent is None:
            return None
        listed = self._listed(path)
        if listed is not None:
            return listed
        return self._assigned(type(parent), path[-1])

    def _of_root(self) -> tuple[PythonFile, ast.expr, bool] | None:
        """What the network itself was made by: a variable, or what a function returns."""
        file = self.own
        if file is None:
            return None
        for step in file.tree.body:
            if isinstance(step, ast.Assign) and any(
                isinstance(one, ast.Name) and one.id == self.name for one in step.targets
            ):
                return (file, step.value, False)
            if isinstance(step, ast.FunctionDef) and step.name == self.name:
                return self._returned(file, step)
        return None

    def _returned(
        self, file: PythonFile, function: ast.FunctionDef
    ) -> tuple[PythonFile, ast.expr, bool] | None:
        returns = [one for one in ast.walk(function) if isinstance(one, ast.Return) and one.value]
        if len(returns) != 1:
            return None
        value = returns[0].value
        if isinstance(value, ast.Name):
            for step in function.body:
                if isinstance(step, ast.Assign) and any(
                    isinstance(one, ast.Name) and one.id == value.id for one in step.targets
                ):
                    return (file, step.value, False)
        return None if value is None else (file, value, False)

    def _listed(self, path: tuple[str, ...]) -> tuple[PythonFile, ast.expr, bool] | None:
        """A member of `nn.Sequential(…)`, `nn.ModuleList([…])` or a dictionary of modules."""
        around = self._expression(path[:-1])
        if around is None:
            return None
        file, value, repeated = around
        if not isinstance(value, ast.Call):
            return None
        name = last_name(value.func)
        if name not in ("Sequential", "ModuleList", "ModuleDict"):
            return None
        item = _member(value.args, path[-1])
        return None if item is None else (file, item, repeated)

    def _assigned(self, kind: type, name: str) -> tuple[PythonFile, ast.expr, bool] | None:
        """`self.NAME = …` or `self.add_module("NAME", …)` in a class or one that it extends."""
        for base in kind.__mro__:
            if base.__module__.startswith("torch."):
                return None
            found = self._class(base)
            if found is None:
                continue
            file, definition = found
            for value, repeated in _assignments(definition, name):
                return (file, value, repeated)
        return None

    def _class(self, kind: type) -> tuple[PythonFile, ast.ClassDef] | None:
        # by its functions: two files of one name are one in what Python has imported
        codes = [one.__code__ for one in vars(kind).values() if inspect.isfunction(one)]
        file = self.file(codes[0].co_filename) if codes else None
        if file is None:
            return None
        scope: list[ast.stmt] = file.tree.body
        found: ast.ClassDef | None = None
        for part in kind.__qualname__.split("."):
            if part == "<locals>":
                continue
            step = next(
                (
                    one
                    for one in scope
                    if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == part
                ),
                None,
            )
            if step is None:
                return None
            scope = step.body
            found = step if isinstance(step, ast.ClassDef) else None
        return None if found is None else (file, found)


def parameters_of(kind: type) -> list[str]:
    """The parameters of a class, in order; of one that hands them on, those of its base."""
    names = list(inspect.signature(kind).parameters)
    if names == ["args", "kwargs"] and issubclass(kind, torch.nn.RNNBase):
        return list(inspect.signature(torch.nn.RNNBase).parameters)[1:]
    return names


def _member(given: list[ast.expr], name: str) -> ast.expr | None:
    """The member of that name among the arguments of a container."""
    if len(given) == 1:
        only = given[0]
        if isinstance(only, ast.Call) and last_name(only.func) == "OrderedDict" and only.args:
            only = only.args[0]
        if isinstance(only, ast.Dict):
            for key, value in zip(only.keys, only.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name:
                    return value
            return None
        if isinstance(only, ast.List | ast.Tuple):
            for pair in only.elts:
                if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                    key = pair.elts[0]
                    if isinstance(key, ast.Constant) and key.value == name:
                        return pair.elts[1]
            given = only.elts
    if not name.isdecimal() or any(isinstance(one, ast.Starred) for one in given):
        return None
    place = int(name)
    return given[place] if place < len(given) else None


def _assignments(definition: ast.ClassDef, name: str) -> Iterator[tuple[ast.expr, bool]]:
    """Values that are given to an attribute, the last one first, and whether that is in a loop."""
    found: list[tuple[ast.expr, bool]] = []

    def is_meant(target: ast.expr) -> bool:
        return isinstance(target, ast.Attribute) and target.attr == name

    def given_to(node: ast.AST) -> list[ast.expr]:
        """What a statement gives to the attribute."""
        if isinstance(node, ast.Assign):
            return [node.value] if any(is_meant(one) for one in node.targets) else []
        if isinstance(node, ast.AnnAssign):
            return [node.value] if node.value is not None and is_meant(node.target) else []
        if isinstance(node, ast.Call) and last_name(node.func) in REGISTERING:
            key = node.args[0] if len(node.args) == 2 else None
            return [node.args[1]] if isinstance(key, ast.Constant) and key.value == name else []
        return []

    def visit(node: ast.AST, repeated: bool) -> None:
        found.extend([(value, repeated) for value in given_to(node)])
        inside = repeated or isinstance(node, LOOPS)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(definition, False)
    # `self.x = a if wide else b` stands for one of two: neither is meant for certain
    return iter([one for one in reversed(found) if not isinstance(one[0], ast.IfExp)])


def python_value(text: str) -> str | None:
    """A value of ours as Python writes it; `None` where PyTorch cannot say it."""
    if not text or "[[" in text:
        return None
    if text in ("true", "false"):
        return text.capitalize()
    if text in ("same", "valid"):
        return f'"{text}"'
    if text.startswith("["):
        return f"({text[1:-1]})"
    return text if text.lstrip("-").replace(".", "", 1).isdecimal() else None
