"""Where output goes and in which signs: pipes that close, narrow and ASCII terminals, odd names."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Outcome

from cnncalc.cli import COMMANDS, GROUPS
from cnncalc.render.escape import legible

Run = Callable[..., Outcome]
Write = Callable[..., Path]


def process(
    *arguments: str, encoding: str | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A process of the command line, piped."""
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), *sys.path]))
    if encoding:
        environment["PYTHONIOENCODING"] = encoding
    command = [sys.executable, "-m", "cnncalc", *arguments]
    return subprocess.run(
        command, capture_output=True, env=environment, cwd=folder, timeout=120, check=False
    )


# -- options that would do nothing -------------------------------------------------------------

REFUSED = [
    ("analyze lenet5 --format json --columns name", "`--columns`"),
    ("analyze lenet5 --format json --depth 1", "`--depth`"),
    ("analyze lenet5 --format json --layout channels-last", "`--layout`"),
    ("analyze lenet5 --format json --kinds conv", "`--kinds`"),
    ("analyze lenet5 --format json --with-input", "`--with-input`"),
    ("verify lenet5 --sort time", "`--profile`"),
    ("validate lenet5 --diff --format json", "`--diff`"),
    ("validate lenet5 --diff --statistics", "`--diff`"),
    ("validate lenet5 --statistics --format sarif", "text and json"),
    ("validate lenet5 --statistics --format github", "text and json"),
    ("analyze lenet5 --kinds cnv", "did you mean `conv`?"),
]


@pytest.mark.parametrize(("arguments", "part"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(arguments: str, part: str, run: Run) -> None:
    shown = run(*arguments.split())
    assert (shown.status, shown.out) == (2, "")
    assert part in shown.err


def test_export_refuses_the_same(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    assert run("export", "lenet5", "--depth", "1", "-o", path).status == 2
    assert not path.exists()


def test_csv_and_markdown_obey_columns(run: Run) -> None:
    chosen = ("--columns", "macs,name,field")
    rows = list(csv.reader(io.StringIO(run("analyze", "lenet5", "--format", "csv", *chosen).out)))
    assert rows[0] == ["macs", "name", "receptive_field", "stride"]
    assert rows[1] == ["117600", "conv1", "5x5", "1x1"]
    text = run("analyze", "lenet5", "--format", "markdown", *chosen).out
    assert "| MACs | Layer | Receptive field |" in text
    assert "| 117,600 | conv1 | 5 |" in text


def test_statistics_count_as_the_summary_does(run: Run, write: Write) -> None:
    """A finding in a block that is used four times is one finding, in both."""
    path = write(
        "input: [3, 31, 31]\nblocks:\n  half: [{conv: [4, 2, 2]}]\nlayers:\n"
        "  - half\n  - relu\n  - half\n  - relu\n"
    )
    data = json.loads(run("validate", path, "--statistics", "--format", "json").out)
    counts = [row["count"] for row in data["statistics"]]
    assert sum(counts) == sum(data["summary"].values()) == len(data["diagnostics"]) > 0


# -- the notes' table of VGG-16 ----------------------------------------------------------------

NOTES = [  # CS231n course notes: the volumes with their values, and the weights without biases
    ("224×224×3", "150,528", ""),
    ("224×224×64", "3,211,264", "1,728"), ("224×224×64", "3,211,264", "36,864"),
    ("112×112×64", "802,816", ""),
    ("112×112×128", "1,605,632", "73,728"), ("112×112×128", "1,605,632", "147,456"),
    ("56×56×128", "401,408", ""),
    ("56×56×256", "802,816", "294,912"), ("56×56×256", "802,816", "589,824"),
    ("56×56×256", "802,816", "589,824"),
    ("28×28×256", "200,704", ""),
    ("28×28×512", "401,408", "1,179,648"), ("28×28×512", "401,408", "2,359,296"),
    ("28×28×512", "401,408", "2,359,296"),
    ("14×14×512", "100,352", ""),
    ("14×14×512", "100,352", "2,359,296"), ("14×14×512", "100,352", "2,359,296"),
    ("14×14×512", "100,352", "2,359,296"),
    ("7×7×512", "25,088", ""),
    ("4096", "4,096", "102,760,448"), ("4096", "4,096", "16,777,216"),
    ("1000", "1,000", "4,096,000"),
]  # fmt: skip


def test_the_notes_table(run: Run) -> None:
    shown = run(
        "analyze", "vgg16", "--with-input", "--kinds", "conv,max_pool,linear",
        "--layout", "channels-last", "--columns", "output,activations,weights", "--exact",
    )  # fmt: skip
    lines = [line.split() for line in shown.out.splitlines()]
    first = next(place for place, line in enumerate(lines) if line[:1] == ["output"])
    table = [line for line in lines[first + 2 :] if line and line[0][0].isdigit()]
    assert table[: len(NOTES)] == [[cell for cell in row if cell] for row in NOTES]
    assert "21 of 40 layers" in shown.out


# -- narrow terminals --------------------------------------------------------------------------


@pytest.mark.parametrize("width", [12, 20, 30, 44, 60, 79])
@pytest.mark.parametrize("command", ["analyze resnet18", "zoo", "verify lenet5 --profile"])
def test_nothing_goes_unannounced(
    width: int, command: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = run(*command.split()).out
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = run(*command.split()).out
    titles = ["layer", "kind", "output", "sees", "params", "MACs", "memory"]
    if command == "zoo":
        titles = ["name", "year", "input", "params", "MACs", "depth", "sees", "source"]
    elif command != "analyze resnet18":
        titles = ["layer", "kind", "time", "share", "GFLOP/s", "memory"]
    text = " ".join(narrow.split())
    for title in titles:
        assert title in wide
        assert title in text or f"{title[:2]}…" in text, title


# -- terminals that lack signs -----------------------------------------------------------------

PLAIN = [
    "analyze lenet5", "analyze vgg16 --depth 1", "zoo", "rules", "rules dilation-gridding",
    "layers", "layers conv", "check --input 10 --kernel 3 --stride 2", "verify lenet5",
    "validate alexnet", "analyze lenet5 --format markdown",
]  # fmt: skip


@pytest.mark.parametrize("command", PLAIN)
def test_ascii_forms(command: str) -> None:
    found = process(*command.split(), encoding="ascii")
    assert found.stdout.isascii()
    assert b"?" not in found.stdout
    assert b"Traceback" not in found.stderr


def test_arithmetic_survives_ascii() -> None:
    found = process(*["check", "--input", "10", "--kernel", "3"], encoding="ascii")
    assert b"10 - 3 = 7" in found.stdout
    assert b"(10 + 2*0 - 3) / 1 + 1 = 8" in found.stdout


def test_ascii_keeps_columns_and_data(write: Write) -> None:
    path = str(write("name: 漢字\ninput: [3, 8, 8]\nlayers: [{conv: [4, 3], name: 漢}]"))
    table = process("analyze", path, encoding="ascii").stdout.decode("ascii").splitlines()
    assert table[0] == "????"
    utf8 = process("analyze", path, encoding="utf-8").stdout.decode().splitlines()
    from rich.cells import cell_len

    assert [len(line) for line in table] == [cell_len(line) for line in utf8]
    data = process("analyze", path, "--format", "json", encoding="ascii").stdout
    assert data.isascii()
    assert json.loads(data)["layers"][0]["name"] == "漢"
    rows = process("analyze", path, "--format", "csv", encoding="ascii").stdout
    assert rows == process("analyze", path, "--format", "csv", encoding="utf-8").stdout
    assert "漢" in rows.decode("utf-8")


def test_other_encodings_keep_what_they_can() -> None:
    assert legible("3×3 − 1 · a…", "latin-1") == "3×3 - 1 · a~"
    assert legible("2·3 · 4", "ascii") == "2*3 | 4"
    assert legible("a · `x · Φ(x)` · [1] · [2]", "ascii") == "a | `x * F(x)` | [1] * [2]"
    assert legible("Pólya H₀ ﬁ", "ascii") == "Polya H0 ?"


# -- names that are no UTF-8 -------------------------------------------------------------------

NAME = b"odd\xff.yaml"


@pytest.fixture
def odd(tmp_path: Path) -> str:
    path = os.path.join(os.fsencode(tmp_path), NAME)
    try:
        with open(path, "wb") as stream:
            stream.write(b"input: [3, 10, 10]\nlayers:\n  - conv: [4, 3, 2]\n  - relu\n")
    except OSError:
        pytest.skip("this file system takes no such name")
    return os.fsdecode(path)


FORMATS = [
    *[("analyze", format_) for format_ in ("table", "json", "csv", "markdown")],
    *[("validate", format_) for format_ in ("text", "json", "github", "sarif")],
]


@pytest.mark.parametrize(("command", "format_"), FORMATS)
def test_odd_names(command: str, format_: str, odd: str, tmp_path: Path) -> None:
    shown = process(command, odd, "--format", format_)
    assert (shown.returncode, shown.stderr) == (0, b"")
    text = shown.stdout.decode("utf-8")  # no byte of the name as it is
    if format_ == "sarif":
        assert "odd%FF.yaml" in text
    elif (command, format_) != ("analyze", "csv"):
        assert r"odd\xff" in text.replace("\\\\", "\\")
    target = tmp_path / "out"
    assert process(command, odd, "--format", format_, "-o", str(target)).returncode == 0
    assert target.read_bytes() == shown.stdout


@pytest.mark.parametrize("ending", ["md", "json", "csv"])
def test_odd_names_exported(ending: str, odd: str) -> None:
    target = f"{odd}.{ending}"
    shown = process("export", odd, "-o", target)
    assert shown.returncode == 0
    assert rb"odd\xff" in shown.stderr
    with open(target, encoding="utf-8") as stream:
        assert stream.read()


def test_a_patch_names_the_file_itself(odd: str) -> None:
    shown = process("validate", odd, "--diff", "--unsafe")
    assert shown.stdout.startswith(b"--- ")
    assert NAME in shown.stdout


# -- pipes and help ----------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize(
    "command", ["validate vgg16", "validate alexnet --format json", "analyze --help", "--help",
                "analyze resnet152", "rules", "zoo vgg16"],
)  # fmt: skip
def test_a_closed_pipe_is_no_finding(command: str) -> None:
    script = f'"{sys.executable}" -m cnncalc {command} | true; exit ${{PIPESTATUS[0]}}'
    for _ in range(2):
        found = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
        assert (found.returncode, found.stderr) == (0, b"")


def test_help_is_in_groups(run: Run) -> None:
    text = run("--help").out
    places = [text.index(f"\n{group}:\n") for group in GROUPS]
    assert places == sorted(places)
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)
    for name in COMMANDS:
        assert f"\n  {name} " in text


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_is_ascii(name: str, run: Run) -> None:
    """click writes it, and would write UTF-8 to a terminal that has asked for another."""
    assert run(name, "--help").out.isascii()
