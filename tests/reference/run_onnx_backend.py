"""ONNX's own backend tests through the import: what becomes of each, in a word.

    python tests/reference/run_onnx_backend.py [PART]

Every published model is read twice: with all its operands as inputs of the graph, and with all but
the first as stored arrays. What is read is written as an architecture file, and the file is held
against ONNX Runtime. `PART` is a part of the tests' names. The outcomes:

    equal      the same outputs on the same input
    refused    refused in words
    DIFFERS    another network
    TRACEBACK  a defect of ours
"""

from __future__ import annotations

import re
import sys
import tempfile
import traceback
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.checking import check_import
from cnncalc.exchange.converting import architecture_of
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.load import load
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source

DATA = Path(onnx.__file__).parent / "backend/test/data"


def models(part: str = "") -> Iterator[tuple[str, ModelProto]]:
    """Every published model in both forms, by name."""
    for name, model, values in published():
        if part not in name:
            continue
        yield f"{name} inputs", model
        stored = with_constants(model, values)
        if stored is not None:
            yield f"{name} constants", stored


def published() -> Iterator[tuple[str, ModelProto, list[Any]]]:
    """The tests of single operators, which the package makes, and the models that it holds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    for case in cases:
        if case.model is not None and case.data_sets:
            yield case.name, case.model, list(case.data_sets[0][0])
    for file in sorted(DATA.rglob("model.onnx")):
        model = onnx.load(file)
        arrays: list[Any] = []
        for number, _ in enumerate(model.graph.input):
            one = file.parent / "test_data_set_0" / f"input_{number}.pb"
            if one.exists():
                arrays.append(numpy_helper.to_array(TensorProto.FromString(one.read_bytes())))
        yield f"{file.parent.parent.name}/{file.parent.name}", model, arrays


def with_constants(model: ModelProto, values: list[Any]) -> ModelProto | None:
    """The model with a test's values for all inputs but the first."""
    inside = {one.name for one in model.graph.initializer}
    given = [one for one in model.graph.input if one.name not in inside]
    if len(given) < 2 or len(values) < len(given):
        return None
    found = ModelProto()
    found.CopyFrom(model)
    try:
        for one, value in list(zip(given, values, strict=False))[1:]:
            found.graph.initializer.append(numpy_helper.from_array(np.asarray(value), one.name))
    except Exception:
        return None  # a sequence, a string: no tensor that is stored
    kept = [one for one in found.graph.input if one.name == given[0].name]
    del found.graph.input[:]
    found.graph.input.extend(kept)
    return found


def outcome(model: ModelProto, folder: str) -> str:
    """What becomes of one model."""
    path = str(Path(folder) / "model.onnx")
    Path(path).write_bytes(model.SerializeToString())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = load(path)
            assert isinstance(network, Imported)
            graph = network.graph()
            written = Network(Source("written", architecture_of(network, graph), None)).graph()
            if not written.layers:
                return "DIFFERS: no layer"
            found = check_import(network, graph=written)
    except UsageError as error:
        return f"refused: {str(error).replace(path, 'model.onnx')}"
    except SpecError as error:
        return f"refused: {error.diagnostics[0].message}"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        file = Path(where.filename).name
        return f"TRACEBACK {type(error).__name__}: {error} ({file}:{where.lineno})"
    return "equal" if found.passed else f"DIFFERS: {found.largest:.1e}"


def main(part: str = "") -> None:
    """Run all, and print the table and what is wrong."""
    counts: Counter[str] = Counter()
    alike: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models(part):
            found = outcome(model, folder)
            word = re.split(r"[ :]", found)[0]
            counts[word] += 1
            if word != "equal":
                alike[re.sub(r"`[^`]*`|\d+(\.\d+)?(e[-+]\d+)?", "…", found)[:160]].append(name)
    print(sum(counts.values()), dict(counts))
    for found, where in sorted(alike.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(where):5} {found}  {', '.join(where[:6])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
