"""`cnncalc validate`: files, formats, selections, fixes and exit statuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import Outcome

from cnncalc.rules.registry import RULES

Run = Callable[..., Outcome]
Write = Callable[..., Path]

GOOD = "input: [3, 8, 8]\nlayers:\n  - {conv: {filters: 4, kernel: 7}}\n  - relu\n"
WARNED = "input: [3, 8, 8]\nlayers:\n  - conv: {filters: 4, kernel: 7}\n  - batch_norm\n"
WRONG = "input: [3, 8, 8]\nlayers:\n  - linear: 10\n"


@pytest.fixture(autouse=True)
def outside_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


# -- exit statuses --------------------------------------------------------------------------------

STATUSES = [
    (GOOD, [], 0),
    (WARNED, [], 0),
    (WARNED, ["--strict"], 1),
    (WARNED, ["--strict", "--exit-zero"], 0),
    (WARNED, ["--strict", "--ignore", "bias-before-norm"], 0),
    (WARNED, ["--strict", "--ignore", "warning"], 0),
    (WARNED, ["--strict", "--select", "checkerboard"], 0),
    (WARNED, ["--strict", "--select", "checkerboard,bias-before-norm"], 1),
    (WRONG, [], 1),
    (WRONG, ["--exit-zero"], 0),
    (WRONG, ["--select", "checkerboard"], 1),
    (GOOD, ["--max-params", "1K"], 0),
    (GOOD, ["--max-params", "100"], 1),
    (GOOD, ["--max-macs", "1.5K"], 1),
    (GOOD, ["--max-memory", "1KiB"], 1),
    (GOOD, ["--max-memory", "64KiB", "--batch", "1000"], 1),
    (GOOD, ["--max-params", "many"], 2),
    (GOOD, ["--select", "checkerbord"], 2),
    (GOOD, ["--unsafe"], 2),
    (GOOD, ["--set", "nothing=1"], 2),
]


@pytest.mark.parametrize(("text", "options", "status"), STATUSES)
def test_status(run: Run, write: Write, text: str, options: list[str], status: int) -> None:
    outcome = run("validate", write(text), *options)
    assert outcome.status == status, outcome
    assert (outcome.err == "") == (status != 2)
    assert (outcome.out == "") == (status == 2)


def test_missing_file_is_a_usage_error(run: Run, write: Write, tmp_path: Path) -> None:
    outcome = run("validate", write(WRONG), tmp_path / "none.yaml")
    assert (outcome.status, outcome.out) == (2, "")
    assert "none.yaml" in outcome.err


def test_hint_for_a_rule_that_does_not_exist(run: Run, write: Write) -> None:
    assert (
        "did you mean `checkerboard`?"
        in run("validate", write(GOOD), "--ignore", "checkerbord").err
    )


# -- files ----------------------------------------------------------------------------------------


def test_directories(run: Run, write: Write, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".hidden").mkdir()
    write(WRONG, "a.yaml")
    write(WARNED, "deep/b.yml")
    write(WRONG, ".hidden/c.yaml")
    write("on: push\njobs: {}\n", "workflow.yaml")
    write("no yaml: [", "notes.txt")
    outcome = run("validate", "--format", "json", tmp_path, tmp_path / "a.yaml")
    files = [finding["file"] for finding in json.loads(outcome.out)["diagnostics"]]
    assert files == [
        str(tmp_path / "a.yaml"),
        *[str(tmp_path / "deep" / "b.yml")] * (len(files) - 1),
    ]
    assert len(files) >= 2


def test_directory_without_files(run: Run, tmp_path: Path) -> None:
    assert run("validate", tmp_path).status == 2


def test_shipped_networks_by_name(run: Run) -> None:
    outcome = run("validate", "vgg16", "alexnet", "--select", "warning")
    assert (outcome.status, outcome.out) == (0, "no findings\n")


def test_unreadable_text_is_a_finding(run: Run, write: Write) -> None:
    outcome = run("validate", write(b"input: [3]\nlayers: [\xff]\n"))
    assert outcome.status == 1
    assert "yaml-syntax" in outcome.out


# -- formats --------------------------------------------------------------------------------------


def test_text(run: Run, write: Write) -> None:
    path = write(WARNED)
    out = run("validate", path, "--ignore", "note").out
    assert out.splitlines() == [
        "warning[bias-before-norm]: conv: its bias is cancelled by `batch_norm`, which subtracts "
        "the mean of each channel",
        f" --> {path}:3:5",
        "  |",
        "3 |   - conv: {filters: 4, kernel: 7}",
        "  |     ^^^^",
        "  = fix: `bias: false`: the same network with fewer parameters",
        "",
        "1 warning; `--fix` mends 1",
    ]


def test_wide_characters_are_underlined_where_they_stand(run: Run, write: Write) -> None:
    out = run("validate", write("input: [3, 8, 8]\nlayers:\n  - {name: 卷积, linear: 10}\n")).out
    line, marks = out.splitlines()[3:5]
    assert line.endswith("{name: 卷积, linear: 10}")
    assert marks.index("^") == line.index("linear") + 2


def test_json(run: Run, write: Write) -> None:
    path = write(WARNED)
    data = json.loads(run("validate", path, "--format", "json").out)
    assert data["schema"] == "cnncalc.diagnostics/1"
    finding = next(f for f in data["diagnostics"] if f["rule"] == "bias-before-norm")
    assert {key: finding[key] for key in ("severity", "file", "line", "column", "layer")} == {
        "severity": "warning", "file": str(path), "line": 3, "column": 5, "layer": "conv",
    }  # fmt: skip
    (fix,) = finding["fixes"]
    assert fix["safe"] is True
    (edit,) = fix["edits"]
    assert edit == {
        "line": 3,
        "column": 33,
        "end_line": 3,
        "end_column": 33,
        "text": ", bias: false",
    }
    assert data["summary"]["warnings"] == 1


def test_statistics(run: Run, write: Write) -> None:
    first, second = write(WARNED, "a.yaml"), write(WARNED, "b.yaml")
    out = run("validate", first, second, "--statistics", "--select", "bias-before-norm").out
    assert out.splitlines()[0].split()[:2] == ["2", "bias-before-norm"]
    data = json.loads(run("validate", first, "--statistics", "--format", "json").out)
    assert {"rule": "bias-before-norm", "count": 1}.items() <= data["statistics"][0].items() or len(
        data["statistics"]
    ) > 1


HOSTILE = 'input: [3, 8, 8]\nlayers:\n  - {linear: 10, name: "50%, a::b\\x1b[31m"}\n'


def test_github(run: Run, write: Write) -> None:
    path = write(HOSTILE, "a, 100%: b.yaml")
    (line,) = run("validate", path, "--format", "github").out.splitlines()
    assert line.startswith("::error file=")
    properties, _, message = line[len("::error ") :].partition("::")
    fields = dict(part.split("=", 1) for part in properties.split(","))
    assert fields["file"] == str(path).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    assert (fields["line"], fields["col"], fields["endColumn"]) == ("3", "6", "12")
    assert fields["title"] == "linear-needs-flatten"
    assert message.startswith("50%25, a::b\\x1b[31m: a fully connected layer")
    assert "%0Ahelp: put `flatten` before it" in message
    assert "\x1b" not in line


@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif"])
def test_every_broken_budget_is_told(run: Run, write: Write, format_: str) -> None:
    options = ("--max-params", "100", "--max-macs", "1.5K", "--max-memory", "1KiB")
    outcome = run("validate", write(GOOD), *options, "--format", format_)
    assert outcome.status == 1
    for what in ("592 parameters", "2,352 multiply-accumulates", "bytes of memory"):
        assert outcome.out.count(f"{what}, and the budget is") >= 1
    assert format_ == "sarif" or "the same in" not in outcome.out
    if format_ == "json":
        found = json.loads(outcome.out)["diagnostics"]
        budgets = [one["times"] for one in found if one["rule"] == "budget-exceeded"]
        assert budgets == [1, 1, 1]
    if format_ == "sarif":
        results = json.loads(outcome.out)["runs"][0]["results"]
        assert sum(one["ruleId"] == "budget-exceeded" for one in results) == 3


def test_github_by_itself(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("validate", write(WRONG)).out.startswith("::error file=")
    assert run("validate", write(WRONG), "--format", "text").out.startswith("error[")


SCHEMA = json.loads(
    (Path(__file__).parent / "sarif-2.1.0-subset.schema.json").read_text(encoding="utf-8")
)


# the schema of OASIS as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) carries it
PUBLISHED = json.loads(
    (Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("text", [GOOD, WARNED, WRONG, HOSTILE, "input: ["])
def test_sarif(run: Run, write: Write, text: str) -> None:
    data: dict[str, Any] = json.loads(run("validate", write(text), "--format", "sarif").out)
    jsonschema.Draft4Validator(PUBLISHED).validate(data)
    jsonschema.validate(data, SCHEMA)
    (log,) = data["runs"]
    declared = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    assert declared == list(RULES)
    for result in log["results"]:
        assert declared[result["ruleIndex"]] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert (
            region["endColumn"] >= region["startColumn"] or region["endLine"] > region["startLine"]
        )


def test_sarif_places_are_relative(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write(WRONG, "a b%.yaml")
    monkeypatch.chdir(tmp_path)
    for name in ("a b%.yaml", path):
        data = json.loads(run("validate", name, "--format", "sarif").out)
        location = data["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "a%20b%25.yaml"


def test_sarif_fixes_and_uses(run: Run) -> None:
    data = json.loads(run("validate", "segnet", "--format", "sarif").out)
    jsonschema.Draft4Validator(PUBLISHED).validate(data)
    jsonschema.validate(data, SCHEMA)
    results = {result["ruleId"]: result for result in data["runs"][0]["results"]}
    result = results["bias-before-norm"]
    assert result["occurrenceCount"] == 25
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == ", bias: false"
    assert [place["message"]["text"] for place in result["relatedLocations"]] == ["used here"] * 2


def test_output_file(run: Run, write: Write, tmp_path: Path) -> None:
    target = tmp_path / "found.sarif"
    assert run("validate", write(WRONG), "--format", "sarif", "-o", target).out == ""
    assert json.loads(target.read_text())["version"] == "2.1.0"


# -- fixes ----------------------------------------------------------------------------------------


def test_fix(run: Run, write: Write) -> None:
    path = write(WARNED.replace("\n", "\r\n"))
    path.chmod(0o640)
    outcome = run("validate", path, "--fix", "--ignore", "note")
    assert outcome.status == 0
    assert f"fixed 1 finding in {path}" in outcome.out
    mended = WARNED.replace("kernel: 7}", "kernel: 7, bias: false}").replace("\n", "\r\n")
    assert path.read_bytes() == mended.encode()
    assert path.stat().st_mode & 0o777 == 0o640
    before = path.stat().st_mtime_ns
    assert "fixed" not in run("validate", path, "--fix").out
    assert path.stat().st_mtime_ns == before


def test_fix_keeps_to_the_rules_selected(run: Run, write: Write) -> None:
    path = write(WARNED)
    run("validate", path, "--fix", "--ignore", "bias-before-norm")
    assert path.read_text() == WARNED


def test_unsafe_fixes(run: Run, write: Write) -> None:
    path = write(WRONG)
    assert run("validate", path, "--fix").status == 1
    assert path.read_text() == WRONG
    assert run("validate", path, "--fix", "--unsafe").status == 0
    assert path.read_text() == WRONG.replace("- linear", "- flatten\n  - linear")


def test_diff_writes_nothing(run: Run, write: Write) -> None:
    path = write(WARNED)
    outcome = run("validate", path, "--diff")
    assert outcome.status == 1
    assert path.read_text() == WARNED
    lines = outcome.out.splitlines()
    assert lines[:2] == [f"--- {path}", f"+++ {path}"]
    assert [line for line in lines[2:] if re.match(r"[-+]", line)] == [
        "-  - conv: {filters: 4, kernel: 7}",
        "+  - conv: {filters: 4, kernel: 7, bias: false}",
    ]
    assert run("validate", write(GOOD), "--diff").status == 0


def test_shipped_networks_are_not_written(run: Run) -> None:
    outcome = run("validate", "segnet", "--fix")
    assert outcome.status == 2
    assert "--diff" in outcome.err


def test_fixed_findings_in_json(run: Run, write: Write) -> None:
    path = write(WARNED)
    data = json.loads(run("validate", path, "--fix", "--format", "json").out)
    assert [fixed["rule"] for fixed in data["fixed"]] == ["bias-before-norm"]
    assert data["summary"]["warnings"] == 0
