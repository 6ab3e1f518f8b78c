"""Run by the build before the snapshot: each kind of request once, so that all is imported."""

import gc
import json
import sys

from calculator.answers import Calculator
from calculator.writing import FORMATS

from cnncalc.language import zoo
from cnncalc.render.page import PARTS

calculator = Calculator()


def warm():
    """Ask for everything of a small network."""
    with open(zoo.path("vgg16"), encoding="utf-8") as stream:
        text = stream.read()
    axis = {"input": 227, "kernel": 11, "stride": 4, "padding": "0", "dilation": 1, "ceil": False}
    requests = [
        {"ask": "report", "text": text},
        {"ask": "beside", "text": text},
        {"ask": "report", "text": text.replace("kernel", "kernl")},
        {"ask": "parts", "text": text, "parts": [*PARTS]},
        {"ask": "explain", "text": text, "number": 1},
        {"ask": "findings", "text": text},
        {"ask": "check", "mode": "kernel", "width": 80, **axis},
        {"ask": "lines", "text": text},
        {"ask": "predict", "text": text, "number": 1, "typed": "64×222×222"},
        {"ask": "outcome", "text": text, "line": 13},
        {"ask": "changes", "text": text, "before": text.replace("4096", "1024")},
        {"ask": "fit", "text": text, "gib": 8, "optimizer": "adam"},
        {"ask": "slide", "input": 7, "kernel": 3, "stride": 2, "padding": "1", "dilation": 1},
        {"ask": "open", "text": "", "file": "x.yaml", "data": "bmFtZTogeA=="},
        *[{"ask": "write", "text": text, "format": name} for name in FORMATS],
    ]
    for request in requests:
        answer = json.loads(calculator.answer(json.dumps(request)))
        if "refused" in answer:
            raise SystemExit(f"{request['ask']}: {answer['refused']}")


def imported():
    """The files of all modules in memory, below their folder, as JSON."""
    found = []
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        for folder in ("/packages/", "python314.zip/", "/python_stdlib.zip/", ".zip/"):
            if folder in path:
                found.append(path.partition(folder)[2].removesuffix("c"))
                break
    return json.dumps(sorted(set(found)))


warm()
answer = calculator.answer
gc.collect()
gc.freeze()
