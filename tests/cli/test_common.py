"""What all commands share: statuses, variants, standard input, pipes, colours, imports."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from support import SPECS, Outcome

from cnncalc.cli import COMMANDS

Run = Callable[..., Outcome]
Write = Callable[..., Path]

NET = (
    "input: [3, 8, 8]\nparameters: {classes: 5}\nlayers: [conv: [4, 3], flatten, linear: classes]\n"
)


# -- statuses ----------------------------------------------------------------------------------

STATUSES = [
    (["analyze", "lenet5"], 0),
    (["analyze", "lenet5.yaml"], 2),
    (["validate", "lenet5"], 0),
    (["validate", "lenet5", "vgg16"], 0),
    (["zoo"], 0),
    (["zoo", "lenet5"], 0),
    (["layers"], 0),
    (["layers", "conv"], 0),
    (["schema"], 0),
    (["--help"], 0),
    (["--version"], 0),
    (["analyze", "--help"], 0),
    ([], 2),
    (["analize", "lenet5"], 2),
    (["analyze"], 2),
    (["analyze", "lenet5", "vgg16"], 2),
    (["analyze", "--nonsense", "lenet5"], 2),
    (["analyze", "no_such_network"], 2),
    (["analyze", "lenet5", "--format", "pdf"], 2),
    (["analyze", "lenet5", "--batch", "0"], 2),
    (["analyze", "lenet5", "--batch", "many"], 2),
    (["analyze", "lenet5", "--dtype", "float8"], 2),
    (["analyze", "lenet5", "--depth", "0"], 2),
    (["analyze", "lenet5", "--layout", "middle"], 2),
    (["analyze", "lenet5", "--columns", "nothing"], 2),
    (["validate"], 2),
    (["validate", "no_such_network"], 2),
    (["zoo", "no_such_network"], 2),
    (["layers", "no_such_kind"], 2),
    (["export", "lenet5"], 2),
]


@pytest.mark.parametrize(("arguments", "status"), STATUSES, ids=[" ".join(r[0]) for r in STATUSES])
def test_status(arguments: list[str], status: int, run: Run) -> None:
    shown = run(*arguments)
    assert shown.status == status
    if status == 0:
        assert shown.out
        assert shown.err == ""
    else:
        assert "error: " in shown.err or "Usage: " in shown.out


def test_the_nearest_command(run: Run) -> None:
    assert "did you mean `analyze`?" in run("analize", "lenet5").err


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(name: str, run: Run) -> None:
    assert name in run("--help").out
    shown = run(name, "--help")
    assert shown.status == 0
    assert "Usage: " in shown.out


# -- variants ----------------------------------------------------------------------------------

REFUSED = [
    (["--set", "classes"], "must be NAME=VALUE"),
    (["--set", "=3"], "must be NAME=VALUE"),
    (["--set", "2x=3"], "must be NAME=VALUE"),
    (["--set", "clases=3"], "did you mean `classes`?"),
    (["--set", "classes="], "found the end"),
    (["--set", "classes=0x10"], "no number"),
    (["--set", "classes=other"], "nothing is called `other`"),
    (["--set", "classes=1/0"], "division by zero"),
    (["--set", "classes=9**9**9"], "beyond all limits"),
    (["--set", "classes=0"], "from 1 on"),
    (["--set", "classes=2.5"], "whole number"),
    (["--set", "classes=no"], "nothing is called `no`"),
    (["--input", ""], "channels and sizes"),
    (["--input", "3x0x8"], "from 1 on"),
    (["--input", "3x-8x8"], "channels and sizes"),
    (["--input", "3x8x8x8x8"], "channels and sizes"),
    (["--input", "3x8.5"], "channels and sizes"),
    (["--input", "axb"], "channels and sizes"),
    (["--input", "٣x8x8"], "channels and sizes"),
    (["--input", "3x99999999999x8"], "2^31"),
    (["--input", "2147483647x2147483647"], "2^53"),
    (["--input", "3x8"], ""),
    (["--input", "3x2x2"], "does not fit"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[" ".join(r[0]) for r in REFUSED])
def test_variants_refused(arguments: list[str], message: str, run: Run, write: Write) -> None:
    path = write(NET.replace("flatten", "max_pool: [[2, 2]], flatten"))
    shown = run("analyze", path, *arguments)
    assert shown.status == 2
    assert message in shown.err


VARIANTS = [
    ([], [3, 8, 8], 5),
    (["--set", "classes=7"], [3, 8, 8], 7),
    (["--set", "classes=2 * 3"], [3, 8, 8], 6),
    (["--set", "classes=1", "--set", "classes=2"], [3, 8, 8], 2),
    (["--input", "1x10x12"], [1, 10, 12], 5),
    (["--input", "1X10X12"], [1, 10, 12], 5),
    (["--input", "1×10×12"], [1, 10, 12], 5),
    (["--input", "1,10,12"], [1, 10, 12], 5),
]


@pytest.mark.parametrize(
    ("arguments", "input", "classes"), VARIANTS, ids=[" ".join(r[0]) for r in VARIANTS]
)
def test_variants(
    arguments: list[str], input: list[int], classes: int, run: Run, write: Write
) -> None:
    data = json.loads(run("analyze", write(NET), "--format", "json", *arguments).out)
    assert data["inputs"][0]["shape"] == input
    assert data["layers"][-1]["output_shape"] == [classes]
    assert data["parameters"]["classes"] == classes


# -- standard input and output -----------------------------------------------------------------


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("analyze", "validate"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NET.encode())))
        shown = run(command, "-", "--format", "json")
        assert shown.status == 0
        assert json.loads(shown.out)["schema"].startswith("cnncalc.")


def test_standard_input_in_messages(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"input: [3]\nlayers: [rlu]")))
    assert "--> <stdin>:2:10" in run("analyze", "-").err


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """A process of this interpreter."""
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, *arguments], capture_output=True, timeout=60, check=False, **options
    )


def test_a_module_and_a_pipe(plain_environment: dict[str, str]) -> None:
    found = python(
        "-m", "cnncalc", "analyze", "-", "--format", "csv",
        input=NET.encode(), env=plain_environment,
    )  # fmt: skip
    assert (found.returncode, found.stderr) == (0, b"")
    assert len(found.stdout.splitlines()) == 4


@pytest.mark.parametrize("format", ["table", "json", "markdown", "csv"])
def test_a_closed_pipe_ends_quietly(format: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncalc", "analyze", "resnet152", "--format", format],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk() -> None:
    found = python("-m", "cnncalc", "analyze", "lenet5", "-o", "/dev/full")
    assert found.returncode == 2
    assert b"no space left" in found.stderr
    assert b"Traceback" not in found.stderr


def test_a_terminal_of_another_encoding(plain_environment: dict[str, str]) -> None:
    found = python(
        "-m", "cnncalc", "analyze", "lenet5",
        env={**plain_environment, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert found.returncode == 0
    assert b"LeNet-5" in found.stdout


def on_a_terminal(environment: dict[str, str]) -> bytes:
    """What `analyze` writes to a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncalc", "analyze", "lenet5"], stdout=slave, env=environment
    )
    os.close(slave)
    found = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        found += part
    os.close(master)
    assert process.wait(timeout=60) == 0
    return found


def test_colours_on_a_terminal_alone(plain_environment: dict[str, str]) -> None:
    terminal = {**plain_environment, "TERM": "xterm-256color", "COLUMNS": "100"}
    assert b"\x1b[" in on_a_terminal(terminal)
    assert b"\x1b" not in on_a_terminal({**terminal, "NO_COLOR": "1"})
    assert b"\x1b" not in on_a_terminal({**terminal, "TERM": "dumb"})
    assert b"\x1b" not in python("-m", "cnncalc", "analyze", "lenet5", env=terminal).stdout


# -- what is imported --------------------------------------------------------------------------

IMPORTS = [
    (["analyze", "vgg16"], ["numpy", "torch", "difflib", "pathlib"]),
    (["analyze", "vgg16", "--format", "json"], ["numpy", "rich", "csv"]),
    (["analyze", "vgg16", "--format", "csv"], ["numpy", "rich"]),
    (["analyze", "vgg16", "--format", "markdown"], ["numpy", "rich"]),
    (["validate", "vgg16", "--format", "json"], ["numpy", "rich"]),
    (["schema"], ["numpy", "rich"]),
    (["layers"], ["numpy"]),
    (["--version"], ["numpy", "rich"]),
]


@pytest.mark.parametrize(("arguments", "absent"), IMPORTS, ids=[" ".join(r[0]) for r in IMPORTS])
def test_imports(arguments: list[str], absent: list[str]) -> None:
    code = f"""\
import sys
from cnncalc.cli import run
assert run({arguments!r}) == 0
print([name for name in {absent!r} if name in sys.modules], file=sys.stderr)
"""
    found = python("-c", code)
    assert found.stderr.decode().strip() == "[]"


# -- the schema --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    from cnncalc.language.schema import schema

    return jsonschema.Draft202012Validator(schema())


def loaded(text: str) -> object:
    """A file as an editor sees it: YAML 1.2's core types, no dates, no sexagesimals."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag.rpartition(":")[2] in CORE]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    found: object = yaml.load(text, Loader)  # a safe loader
    return found


CORE = ("int", "float", "bool", "null")


def test_the_schema_is_one(run: Run, validator: jsonschema.Draft202012Validator) -> None:
    shown = json.loads(run("schema").out)
    jsonschema.Draft202012Validator.check_schema(shown)
    assert shown == validator.schema
    assert set(shown["properties"]) >= {"input", "layers", "blocks", "parameters", "extends"}


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_schema_takes_every_shipped_file(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    validator.validate(loaded(path.read_text()))


SCHEMA_REFUSES = [
    "[]",
    "{}",
    "input: [3]",
    "layers: [relu]",
    "{input: 3, layers: [relu]}",
    "{input: [], layers: [relu]}",
    "{input: [3, 0], layers: [relu]}",
    "{input: [3, 1, 1, 1, 1], layers: [relu]}",
    "{input: [3], layers: relu}",
    "{input: [3], layers: [[relu]]}",
    "{input: [3], layers: [3]}",
    "{input: [3], layers: [{}]}",
    "{input: [3], layers: [conv]}",
    "{input: [3], layers: [{name: a}]}",
    "{input: [3], layers: [{name: a, from: b}]}",
    "{input: [3], layers: [{relu: , nmae: a}]}",
    "{input: [3], layers: [{linear: 3, form: a}]}",
    "{input: [3], layers: [{relu: , tanh: }]}",
    "{input: [3], layers: [{relu: , head: 3}]}",
    "{input: [3], layers: [{layers: [relu], name: a}]}",
    "{input: [3], layers: [{layers: [relu], tanh: }]}",
    "{input: [3], layers: [conv: {kernel: 3}]}",
    "{input: [3], layers: [conv: {filters: 3, kernel: 3, strid: 3}]}",
    "{input: [3], layers: [conv: {filters: 0, kernel: 3}]}",
    "{input: [3], layers: [conv: {filters: 3, kernel: -1}]}",
    "{input: [3], layers: [conv: {filters: 3, kernel: 2.5}]}",
    "{input: [3], layers: [conv: {filters: 3, kernel: [1, 1, 1, 1]}]}",
    "{input: [3], layers: [linear: [1, true, false, 3]]}",
    "{input: [3], layers: [relu: 3]}",
    "{input: [3], layers: [{relu: , repeat: -1}]}",
    "{input: [3], layers: [{relu: , name: a.b}]}",
    "{input: [3], layers: [{relu: , name: [a]}]}",
    "{input: [3], layers: [add: []]}",
    "{input: [3], layers: [add: [{if: 1}]]}",
    "{input: [3], layers: [add: [[conv]]]}",
    "{input: [3], layers: [upsample: {scale: 2, mode: cubic}]}",
    "{input: [3], layers: [dropout: 2]}",
    "{input: [3], layers: [relu], blocks: [a]}",
    "{input: [3], layers: [relu], blocks: {2a: [relu]}}",
    "{input: [3], layers: [relu], blocks: {a: relu}}",
    "{input: [3], layers: [relu], parameters: {2a: 1}}",
    "{input: [3], layers: [relu], more: 1}",
    "{input: [3], layers: [relu], name: [a]}",
]


@pytest.mark.parametrize("text", SCHEMA_REFUSES)
def test_the_schema_refuses(text: str, validator: jsonschema.Draft202012Validator) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(loaded(text))


@pytest.mark.parametrize("text", SCHEMA_REFUSES)
def test_what_the_schema_refuses_the_program_refuses(text: str, run: Run, write: Write) -> None:
    assert run("validate", write(text)).status == 1


# -- whole numbers ------------------------------------------------------------------------------

WHOLE = [
    # arguments, a part of the message
    (["analyze", "lenet5", "--batch", "1e3"], "`1e3` is no whole number; write 1000"),
    (["analyze", "lenet5", "--batch", "two"], "`two` is no whole number\n"),
    (["analyze", "lenet5", "--batch", "0"], "`0` is not from 1 to 2^31 − 1"),
    (["analyze", "lenet5", "--batch", "9" * 5000], "is not from 1 to 2^31 − 1"),
    (["check", "--input", "1e2", "--kernel", "3"], "`1e2` is no whole number; write 100"),
    (["check", "--input", "9", "--kernel", "3", "--padding", "9" * 12], "beyond the limit"),
    (["check", "--input", "9", "--kernel", "3", "--padding", "9" * 5000], "beyond the limit"),
]


@pytest.mark.parametrize(("arguments", "message"), WHOLE)
def test_a_number_that_is_none(arguments: list[str], message: str, run: Run) -> None:
    shown = run(*arguments)
    assert (shown.status, shown.out) == (2, "")
    assert message in shown.err


def test_the_layout_holds_for_the_input(run: Run) -> None:
    first = run("analyze", "vgg16", "--input", "3x64x96", "--format", "json")
    last = run("analyze", "vgg16", "--input", "64x96x3", "--layout", "channels-last", "--format",
               "markdown")  # fmt: skip
    assert json.loads(first.out)["inputs"][0]["shape"] == [3, 64, 96]
    assert "64×96×3" in last.out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["analyze", "lenet5", "--columns", "zzzz"], "the columns are index, name"),
     (["analyze", "lenet5", "--columns", "nme"], "did you mean `name`?"),
     (["compare", "lenet5", "alexnet", "--columns", "zzzz"], "the totals are"),
     (["analyze", "lenet5", "--convention", "zzzz"], "the conventions are torchinfo"),
     (["sweep", "lenet5", "--best", "zzzz"], "the metrics are"),
     (["zzzz"], "`cnncalc --help` lists them")],
    ids=" ".join,
)  # fmt: skip
def test_word_that_nothing_is_near(run: Run, arguments: list[str], hint: str) -> None:
    outcome = run(*arguments)
    assert outcome.status == 2
    assert hint in outcome.err
    assert "None" not in outcome.err
