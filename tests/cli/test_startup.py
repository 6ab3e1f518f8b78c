"""What the process changes of modules to start fast does not change what they do."""

from __future__ import annotations

import subprocess
import sys

import pytest

TEXTS = ["{a: 1.5, b: 2001-01-01, c: [yes, ~, 0x1f, 1e3, 12:30]}", "a: \x07", "- &x [1]\n- *x"]


def loaded(text: str, late: bool) -> str:
    """What PyYAML's own reader and resolver make of a text, in a fresh process."""
    first = "from cnncalc.startup import start_late; start_late()" if late else ""
    code = f"""
{first}
from importlib.util import find_spec
print(all([find_spec(name) for name in ("ast", "inspect", "pickle", "random")]))
import base64, fractions, inspect, platform, re, uuid, yaml
from rich.color import Color
from rich._ratio import ratio_resolve
from rich.layout import Layout
from rich.markup import render
from rich.style import Style
print(uuid.uuid5(uuid.NAMESPACE_DNS, "a"), platform.platform(), platform.python_compiler())
print(platform.libc_ver(), platform._comparable_version("1.2a3"))
print(type(re.compile("a")).__name__, fractions.Fraction("3/4"), base64.b64encode(b"a"))
print(inspect.signature(render), inspect.cleandoc(" a"), inspect.isfunction(render))
print(render("[bold]a[/bold] [[b]").spans, Color.parse("#01ff20"), Color.parse("rgb(1,2,3)"))
print(render("[@click=f('a', 2)]b[/]").spans, Style.from_meta({{"a": [1]}}).meta)
print(ratio_resolve(10, [Layout(ratio=1), Layout(ratio=2)]), len(Style(link="x")._link_id) > 3)
import ast, pickle, random
print(isinstance(ast.parse("1"), ast.Module), isinstance(fractions.Fraction(1), fractions.Fraction))
print(pickle.loads(pickle.dumps([1])), random.Random(1).random())
try:
    print(yaml.load({text!r}, yaml.SafeLoader))
except yaml.YAMLError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_modules_are_the_same(text: str) -> None:
    assert loaded(text, True) == loaded(text, False)
