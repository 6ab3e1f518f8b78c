"""Requests of the page and what the package answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from calculator.controls import controls
from calculator.notes import line_of, notes
from cnncalc.analysis.report import BYTES, Settings
from cnncalc.api import Report, report
from cnncalc.api.reports import known_layers_of, known_of
from cnncalc.api.subject import Asked as Subject
from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.layers.options import INTEGER_LIMIT
from cnncalc.render import numbers
from cnncalc.render.page import explanation, page_data
from cnncalc.rules.base import Limits
from cnncalc.rules.lint import lint

LABEL = "network.yaml"
"""What the text in the editor is called in messages, where it is no shipped network's."""

Body = Mapping[str, Any]


class Calculator:
    """Answers one request after the other; what layers have in common is worked out once."""

    def __init__(self) -> None:
        self.memo = Memo()
        self.last: tuple[Asked, Network, Report] | None = None

    def answer(self, request: str) -> str:
        """The answer to a request, both JSON; `ask` in the request says what is wanted.

        An answer carries `diagnostics` where the text is no network, and `refused` where what
        is asked cannot be.
        """
        body = json.loads(request)
        try:
            found = ASKED[body["ask"]](self, body)
        except SpecError as error:
            found = {"diagnostics": findings(error.diagnostics, label(body))}
        except UsageError as error:
            found = {"refused": {"message": str(error), "hint": error.hint}}
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    def network(self, body: Body) -> Network:
        """The network that the text describes, parsed.

        Raises:
            SpecError: it is none.
        """
        self.memo.trim()
        return Network(source(body), self.memo)

    def report(self, body: Body) -> tuple[Network, Report]:
        """What is to be said of a network; what was said last is kept.

        Raises:
            SpecError: it cannot be built.
            UsageError: an unknown type.
        """
        asked = Asked(body["text"], label(body), settings(body))
        if self.last is None or self.last[0] != asked:
            network = self.network(body)
            self.last = (asked, network, report(network, None, None, asked.settings))
        return self.last[1:]

    def known(self, body: Body, error: SpecError) -> Report | None:
        """What is known of a network with mistakes; `None` where nothing is.

        Raises:
            UsageError: an unknown type.
        """
        try:
            network = self.network(body)
        except SpecError:
            return None
        chosen = settings(body)
        return known_of(Subject(network, None, {}, chosen, label(body)), error)

    def shown(self, body: Body) -> Report:
        """What the table shows: a network's report, or what is known of it.

        Raises:
            SpecError: nothing is known of it.
            UsageError: an unknown type.
        """
        try:
            return self.report(body)[1]
        except SpecError as error:
            found = self.known(body, error)
            if found is None:
                raise
            return found


class Asked(NamedTuple):
    """What a report depends on."""

    text: str
    label: str
    settings: Settings


def source(body: Body) -> Source:
    """The text in the editor.

    Raises:
        SpecError: it is too large.
    """
    return Source.decode(label(body), body["text"].encode("utf-8", "surrogatepass"))


def settings(body: Body) -> Settings:
    """Batch and type.

    Raises:
        UsageError: an unknown type, or no number of samples.
    """
    batch, dtype = body.get("batch", 1), body.get("dtype", "float32")
    if dtype not in BYTES:
        raise UsageError(f"unknown type `{dtype}`", f"one of {', '.join(BYTES)}")
    if not isinstance(batch, int) or not 1 <= batch <= INTEGER_LIMIT:
        raise UsageError("the batch is a whole number from 1 to 2^31 − 1")
    return Settings(batch, dtype)


def label(body: Body) -> str:
    """What the text goes by."""
    return str(body.get("name") or LABEL)


def findings(found: Sequence[Diagnostic], own: str) -> list[dict[str, Any]]:
    """Findings as plain data; each has the place in the editor's text that it is about.

    That of a finding in a file that is extended is where the text uses it, or nowhere.
    """
    return [{**finding.to_dict(), "here": _here(finding, own)} for finding in found]


def _here(finding: Diagnostic, own: str) -> dict[str, int] | None:
    places = [finding.place, *finding.used]
    here = [place for place in places if place is not None and place.file == own]
    if not here:
        return None
    line, column, end_line, end_column = here[0][1:]
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _report(calculator: Calculator, body: Body) -> dict[str, Any]:
    """The report's table and totals; of a text that is no network what is wrong, and controls."""
    try:
        _, made = calculator.report(body)
    except SpecError as error:
        wrong = findings(error.diagnostics, label(body))
        known = calculator.known(body, error)
        found = {} if known is None else {"report": page_data(known, parts=("table",))}
        return {**found, "diagnostics": wrong, **_controls(calculator, body)}
    return {"report": page_data(made, parts=("table",))}


def _beside(calculator: Calculator, body: Body) -> dict[str, Any]:
    """What stands beside the table: findings, the lines' notes, and the controls."""
    network, made = calculator.report(body)
    return {
        "diagnostics": findings(made.diagnostics, label(body)),
        "notes": notes(made, label(body)),
        "controls": controls(network),
    }


def _controls(calculator: Calculator, body: Body) -> dict[str, Any]:
    """The controls of a file that is no network, where so much of it can be read."""
    try:
        return {"controls": controls(calculator.network(body))}
    except SpecError:
        return {}


def _parts(calculator: Calculator, body: Body) -> dict[str, Any]:
    """What else the report's page shows, which takes its time."""
    return {"report": page_data(calculator.shown(body), parts=body["parts"])}


def _explain(calculator: Calculator, body: Body) -> dict[str, Any]:
    """What is said of one layer when it is pointed at."""
    made, number = calculator.shown(body), body["number"]
    if made.mistaken:
        known = known_layers_of(made)
        name = made.layers[number - 1].name
        if name not in known.layers.names:
            return {}
        made, number = known, known.layers[name].number
    return {"explanation": explanation(made, number)}


def _findings(calculator: Calculator, body: Body) -> dict[str, Any]:
    """All findings, with fixes of which each has been tried."""
    chosen = settings(body)
    limits = Limits(batch=chosen.batch, width=BYTES[chosen.dtype])
    calculator.memo.trim()
    found = lint(source(body), None, None, limits, calculator.memo)
    return {"diagnostics": findings(found, label(body))}


def _write(calculator: Calculator, body: Body) -> dict[str, Any]:
    """The report, or the network, in one of the formats of files."""
    from calculator.writing import FORMATS

    form = FORMATS[body["format"]]
    return {"text": form.write(*calculator.report(body)), "type": form.type}


def _check(calculator: Calculator, body: Body) -> dict[str, Any]:
    """One axis of a sliding kernel."""
    from calculator.axis import axis

    return axis(body)


def _slide(calculator: Calculator, body: Body) -> dict[str, Any]:
    """A kernel that slides over a map."""
    from calculator.sliding import sliding

    return sliding(body)


def _open(calculator: Calculator, body: Body) -> dict[str, Any]:
    """A file of another tool, as an architecture file."""
    from calculator.opening import opened

    return opened(body)


def _fit(calculator: Calculator, body: Body) -> dict[str, Any]:
    """Whether the network fits a device."""
    from calculator.fitting import fit

    return fit(calculator.report(body)[1], body)


def _changes(calculator: Calculator, body: Body) -> dict[str, Any]:
    """What changed from another text to this one, layer by layer, and in the totals."""
    from calculator.changes import changes

    _, before = Calculator().report({**body, "text": body["before"], "name": ""})
    return changes(before, calculator.report(body)[1])


def _lines(calculator: Calculator, body: Body) -> dict[str, Any]:
    """The line that makes each layer, `null` for one of a file that is extended."""
    found = label(body)
    made = calculator.shown(body)
    return {"lines": [line_of(layer.node, found) for layer in made.layers]}


def _predict(calculator: Calculator, body: Body) -> dict[str, Any]:
    """Whether a typed shape is a layer's output."""
    from calculator.predicting import predicted

    return predicted(calculator.report(body)[1], body)


def _outcome(calculator: Calculator, body: Body) -> dict[str, Any]:
    """What a text makes of one of its lines: the shape behind it, or why there is none."""
    wanted = body["line"]
    try:
        _, made = Calculator().report(body)
    except SpecError as error:
        here = [one for one in error.diagnostics if one.place and one.place.line == wanted]
        told = (here or list(error.diagnostics))[0]
        return {"message": told.message}
    shapes = [
        layer.output_shape for layer in made.layers if line_of(layer.node, label(body)) == wanted
    ]
    return {"shape": numbers.shape(shapes[-1])} if shapes else {"message": ""}


ASKED: Mapping[str, Callable[[Calculator, Body], dict[str, Any]]] = {
    "report": _report,
    "beside": _beside,
    "parts": _parts,
    "explain": _explain,
    "findings": _findings,
    "write": _write,
    "check": _check,
    "slide": _slide,
    "open": _open,
    "fit": _fit,
    "changes": _changes,
    "lines": _lines,
    "predict": _predict,
    "outcome": _outcome,
}
"""What can be asked."""
