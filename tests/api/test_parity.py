"""Every command is a function, and every option is on both sides."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import click
import pytest

import cnncalc
from cnncalc import api
from cnncalc.api.network import Network
from cnncalc.cli import COMMANDS, cli

ONLY_COMMANDS = {
    "--help": "Python has `help`",
    "--watch": "it holds the terminal until it is interrupted",
}
"""Options without a keyword."""

ONLY_PYTHON = {
    "yaml": "the command line reads a text from standard input",
    "parameters": "another name of `set`",
    "executor": "an object",
    "workers": "goes with `executor`",
    "progress": "a function; the command line's is its bar",
    "file": "`-o` of `check`, whose `--output` is a size",
}
"""Keywords without an option."""

METHODS = (
    "analyze", "validate", "verify", "memory", "explain", "reconcile", "convert", "export",
    "compare", "diff", "sweep",
)  # fmt: skip
"""Commands of a network."""


def options_of(name: str) -> dict[str, click.Parameter]:
    """The options and arguments of a command, by the keyword they are."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    found: dict[str, click.Parameter] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            longest = max(parameter.opts, key=len)
            if longest in ONLY_COMMANDS:
                continue
            keyword = longest.removeprefix("--").replace("-", "_")
            found["file" if longest == "-o" else keyword] = parameter
        else:
            found[str(parameter.name)] = parameter
    return found


def keywords_of(name: str) -> dict[str, inspect.Parameter]:
    """The keywords of a function."""
    return dict(inspect.signature(getattr(cnncalc, name)).parameters)


def function(name: str) -> Any:
    return getattr(cnncalc, name)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_a_keyword_and_back(name: str) -> None:
    options, keywords = options_of(name), keywords_of(name)
    assert set(options) - set(keywords) - {"nets"} == set()
    assert set(keywords) - set(options) - set(ONLY_PYTHON) - {"net", "nets"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_defaults_are_the_same(name: str) -> None:
    """An option that is left out means the same on both sides."""
    keywords = keywords_of(name)
    for keyword, option in options_of(name).items():
        if not isinstance(option, click.Option) or keyword not in keywords:
            continue
        context = click.Context(cli.get_command(click.Context(cli), name) or cli)
        left_out = option.get_default(context)
        if option.callback is not None or option.multiple or repr(left_out) == "Sentinel.UNSET":
            continue
        own = keywords[keyword].default
        if option.is_flag and option.flag_value is True:
            left_out = bool(left_out)
        assert str(own) == str(left_out) or (own, name) == (1, "sweep"), (name, keyword)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_is_described(name: str) -> None:
    doc = inspect.getdoc(inspect.unwrap(getattr(api, name)))
    assert doc is not None
    described = doc.partition("Args:")[2]
    for keyword in keywords_of(name):
        assert f"{keyword}:" in described or f"{keyword}," in described, keyword


@pytest.mark.parametrize("name", METHODS)
def test_every_question_is_a_method(name: str) -> None:
    method = inspect.signature(getattr(Network, name))
    assert method.parameters == inspect.signature(function(name)).parameters
    assert getattr(Network, name).__doc__ == function(name).__doc__


def test_the_package_shows_all_it_has() -> None:
    assert set(COMMANDS) <= set(dir(cnncalc))
    assert {"load", "Network", "Report", "SpecError", "UsageError", "__version__"} <= set(
        dir(cnncalc)
    )
    assert set(cnncalc.__all__) - {"__version__"} == set(api.__all__) - {"report"}
    assert set(api.__all__) == set(api.HOMES)
    for name in dir(cnncalc):
        assert getattr(cnncalc, name) is not None


def test_looking_imports_nothing_heavy() -> None:
    code = (
        "import sys, cnncalc; dir(cnncalc); cnncalc.load('lenet5').analyze().to_json()\n"
        "print([m for m in ('numpy', 'rich', 'torch', 'keras', 'onnx', 'click') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n", done.stdout


def test_packages_that_are_functions_as_well() -> None:
    assert cnncalc.layers("conv").kind is cnncalc.layers.KINDS["conv"]
    assert [rule.name for rule in cnncalc.rules("bad-value")] == ["bad-value"]
    assert "kind" in inspect.signature(cnncalc.layers).parameters
