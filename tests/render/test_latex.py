"""LaTeX: stages folded as papers fold them, numbers, and foreign text made harmless."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Outcome, listed, report, zoo_graph

from cnncalc.analysis.report import Report
from cnncalc.language.zoo import names
from cnncalc.render.escape import latex
from cnncalc.render.folding import Label, Several, Term
from cnncalc.render.latex import report_latex
from cnncalc.render.paper_table import stages
from cnncalc.render.rows import ViewOptions

from .test_drawings import HOSTILE
from .test_hostile_names import harmless, net

Run = Callable[..., Outcome]


def text(term: Term) -> str:
    """A term in one line: `[a; b] × 2`, branches `{a | b}`."""
    if isinstance(term, Label):
        return f"{term.text}, {term.stride}" if term.stride else term.text
    inner = (" | " if term.aside else "; ").join(map(text, term.terms))
    times = f" × {term.times}" if term.times > 1 else ""
    return (f"{{{inner}}}" if term.aside else f"[{inner}]") + times


STAGES = [
    # He et al. 2015, table 1
    ("resnet18", "stage1", "3×3 max pool, stride 2; [3×3, 64; 3×3, 64] × 2"),
    ("resnet18", "stage4", "[3×3, 512; 3×3, 512] × 2"),
    ("resnet34", "stage3", "[3×3, 256; 3×3, 256] × 6"),
    ("resnet50", "conv_bn", "7×7, 64, stride 2"),
    ("resnet50", "stage1", "3×3 max pool, stride 2; [1×1, 64; 3×3, 64; 1×1, 256] × 3"),
    ("resnet50", "stage2", "[1×1, 128; 3×3, 128; 1×1, 512] × 4"),
    ("resnet50", "stage3", "[1×1, 256; 3×3, 256; 1×1, 1024] × 6"),
    ("resnet50", "stage4", "[1×1, 512; 3×3, 512; 1×1, 2048] × 3"),
    ("resnet50", "linear", "global avg pool; 1000-d fc"),
    ("resnet152", "stage2", "[1×1, 128; 3×3, 128; 1×1, 512] × 8"),
    # Huang et al. 2016, table 1
    ("densenet121", "dense_block3", "[1×1, 128; 3×3, 32] × 24"),
    ("densenet121", "transition1", "1×1, 128; 2×2 avg pool, stride 2"),
    # Simonyan and Zisserman 2014, table 1
    ("vgg16", "stage3", "[3×3, 256] × 3; 2×2 max pool, stride 2"),
    # Szegedy et al. 2014, table 1
    ("googlenet", "inception_3b",
     "{1×1, 128 | [1×1, 128; 3×3, 192] | [1×1, 32; 3×3, 96] | [3×3 max pool; 1×1, 64]}"),
    # Sandler et al. 2018, table 2 (t, c, n, s of each line) and table 1 (6k)
    ("mobilenet_v2", "stage2", "[1×1, 6k; 3×3 depthwise, 6k; 1×1, 24] × 2"),
    ("mobilenet_v2", "stage4", "[1×1, 6k; 3×3 depthwise, 6k; 1×1, 64] × 4"),
    ("mobilenet_v2", "stage5", "[1×1, 6k; 3×3 depthwise, 6k; 1×1, 96] × 3"),
    # Tan and Le 2019, table 1 (MBConv6, k5x5, 40 channels, 2 layers)
    ("efficientnet_b0", "stage3",
     "[1×1, 6k; 5×5 depthwise, 6k; squeeze excitation, 6k; 1×1, 40] × 2"),
    # Krizhevsky et al. 2012, figure 2
    ("alexnet_original", "conv2", "3×3 max pool, stride 2; 5×5, 256, 2 groups"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "name", "shown"), STAGES)
def test_stages_of_papers(network: str, name: str, shown: str) -> None:
    (stage,) = [one for one in stages(Report(zoo_graph(network))) if one.name == name]
    assert "; ".join(map(text, stage.terms)) == shown


CONV: dict[str, Any] = {"conv": [4, 3, 1, 1]}
FOLDED: list[tuple[list[Any], str]] = [
    ([CONV, "relu", CONV], "[3×3, 4] × 2"),
    ([CONV, {"conv": [8, 3, 2, 1]}], "3×3, 4 / 3×3, 8, stride 2"),
    ([CONV, {"conv": [4, 1]}, CONV, {"conv": [4, 1]}], "[3×3, 4; 1×1, 4] × 2"),
    ([{"add": [[CONV, CONV], [{"conv": [4, 1]}]]}], "[3×3, 4] × 2"),
    ([{"add": [[CONV], [{"conv": [4, 1]}]]}], "{3×3, 4 | 1×1, 4}"),
    ([{"concat": [[CONV], []]}], "3×3, 4"),
    ([{"conv": {"filters": 4, "kernel": [3, 1], "groups": 4}}], "3×1 depthwise, 4"),
    ([{"conv": {"filters": 4, "kernel": 3, "dilation": 2}}], "3×3, 4, dilation 2"),
    ([{"linear": {"features": 6, "each_position": True}}], "6-d fc"),
    (["relu", "batch_norm"], ""),
]


@pytest.mark.parametrize(("layers", "shown"), FOLDED, ids=str)
def test_folding(layers: list[Any], shown: str) -> None:
    found = stages(report(listed((4, 8, 8), layers)))
    assert " / ".join("; ".join(map(text, stage.terms)) for stage in found) == shown


def grouped(document: str) -> bool:
    """Whether the braces that LaTeX takes as such are in pairs."""
    level = 0
    for sign in re.findall(r"\\.|[{}]", document, re.DOTALL):
        level += (sign == "{") - (sign == "}")
        if level < 0:
            return False
    return level == 0


def sound(document: str, lines: int, columns: int = 5) -> None:
    """Every line of the table has its cells, and every environment its end."""
    assert document.isascii()
    assert harmless(document)
    assert grouped(document)
    assert len(re.findall(r"(?<!\\)\$", document)) % 2 == 0
    assert document.count(r"\begin{") == document.count(r"\end{")
    inside = document.partition("\\midrule\n")[2].partition("    \\bottomrule")[0]
    body = [line for line in inside.splitlines() if line.strip() != r"\addlinespace"]
    assert len(body) == lines
    for line in body:
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == columns - 1


@pytest.mark.parametrize("name", names())
def test_shipped_networks(name: str) -> None:
    found = Report(zoo_graph(name))
    lines = stages(found)
    sound(report_latex(found), len(lines))
    sound(report_latex(found, ViewOptions(2, exact=True)), len(stages(found, 2)))
    told = [index for stage in lines for index in stage.nodes]
    assert told == list(range(len(found.graph.inputs), len(found.graph.nodes)))


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name: str) -> None:
    found = report(net(name))
    sound(report_latex(found), len(stages(found)))


SIGNS = [
    ("a_b & 50% $x$ #1 {y}", r"a\_b \& 50\% \$x\$ \#1 \{y\}"),
    ("\\input{x}", r"\textbackslash{}input\{x\}"),
    ("~^", r"\textasciitilde{}\textasciicircum{}"),
    ("[x]*", "{[}x{]}{*}"),
    ("--", "-{}-"),
    ("Szegedy, Müller, Łukasz", r"Szegedy, M\"{u}ller, \L{}ukasz"),
    ("漢", "U+6F22"),
    ("a\u202eb", r"a\textbackslash{}u202eb"),
]


@pytest.mark.parametrize(("written", "escaped"), SIGNS)
def test_signs(written: str, escaped: str) -> None:
    assert latex(written) == escaped


def test_numbers() -> None:
    found = Report(zoo_graph("resnet50"))
    document = report_latex(found)
    assert r"params (M) & MACs (G) \\" in document
    assert re.search(r"^    stage4 & .* & 14\.96 & 0\.81 \\\\$", document, re.MULTILINE)
    assert "25.6M parameters, 4.09G MACs" in document
    assert r"\label{tab:resnet-50}" in document
    exact = report_latex(found, ViewOptions(exact=True))
    cells = re.findall(r"& ([\d,]*) & ([\d,]*) \\\\$", exact, re.MULTILINE)
    sums = [sum(int(row[at].replace(",", "") or 0) for row in cells) for at in (0, 1)]
    assert sums == [found.totals.params, found.totals.macs]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_takes_it(tmp_path: Path) -> None:
    tables = [report_latex(Report(zoo_graph(name))) for name in ("resnet50", "googlenet")]
    tables += [report_latex(report(net(name))) for name in HOSTILE]
    latexed("\\clearpage\n".join(tables), tmp_path)


def latexed(body: str, folder: Path) -> str:
    """What LaTeX says of a document that it takes."""
    (folder / "a.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,amsmath}\\begin{document}\n"
        f"{body}\\end{{document}}\n"
    )
    ran = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"],
        cwd=folder, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-2000:]
    return ran.stdout


@pytest.mark.parametrize("options", [("-o", "table.tex"), ("--format", "latex")])
def test_compare(
    options: tuple[str, str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run("compare", "vgg16", "mobilenet_v2", "--columns", "params,macs", *options)
    assert shown.status == 0
    document = shown.out or (tmp_path / "table.tex").read_text()
    sound(document, 2, 5)
    assert "2 networks, input 3$\\times$224$\\times$224; ratios are to vgg16." in document
    assert r"mobilenet\_v2 & 3.50M & \scriptsize $\times$0.03 &" in document


WIDE = (
    ("vgg16", "mobilenet_v2"),
    ("vgg16", "two_stream", "deeplabv3_mobilenet_v3_large"),
    (
        "vgg16",
        "resnet50",
        "--columns",
        "layers,params,macs,flops,activation_bytes,peak_activation_bytes",
    ),
)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("arguments", WIDE)
def test_a_line_holds_a_comparison(arguments: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    table = run("compare", *arguments, "--format", "latex").out
    assert "Overfull" not in latexed(table, tmp_path)


def test_ratios_are_left_out_where_a_line_has_no_room(run: Run) -> None:
    narrow, wide = [run("compare", *names, "--format", "latex").out for names in WIDE[:2]]
    assert ("ratios" in narrow, "ratios" in wide) == (True, False)
    sound(wide, 3, 5)


def test_export(run: Run, tmp_path: Path) -> None:
    assert run("export", "resnet18", "-o", tmp_path / "net.tex").status == 0
    assert (tmp_path / "net.tex").read_text() == report_latex(Report(zoo_graph("resnet18")))


def test_a_repeated_layer_is_one_term() -> None:
    (stage,) = stages(report(listed((4, 8, 8), [CONV, CONV, CONV])))
    assert stage.terms == (Several((Label("3×3, 4"),), 3),)
