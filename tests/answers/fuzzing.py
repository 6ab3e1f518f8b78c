"""Networks put through every writer, reader and format; what came of each, in a word.

`python -m answers.fuzzing 0:2000` runs seeds and prints how many of each outcome there were.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import numpy as np
from support import same_network

from answers.random_networks import drawn
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.architecture import architecture
from cnncalc.exchange.checking import check_import
from cnncalc.exchange.converting import (
    architecture_of,
    keras_of,
    outline_of,
    pytorch_of,
    says,
)
from cnncalc.exchange.load import load as load_any
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.numerics.weights.generated import generate

TOLERANCE = 1e-4

Subject = tuple[Network, Graph]


def yaml(subject: Subject) -> str:
    """An architecture file with blocks."""
    text = architecture_of(*subject)
    again = Network(Source("written.yaml", text, None)).graph()
    return "equal" if same_network(again, subject[1]) else "DIFFERS"


def blocks(subject: Subject) -> str:
    """The blocks that were found say the network: nothing had to be written out."""
    text = architecture(outline_of(*subject))
    return "equal" if says(text, subject[1]) else "DIFFERS"


def flat_yaml(subject: Subject) -> str:
    """An architecture file with a line for each layer."""
    text = architecture_of(*subject, flat=True)
    again = Network(Source("written.yaml", text, None)).graph()
    return "equal" if same_network(again, subject[1]) else "DIFFERS"


def _drawn(graph: Graph) -> list[dict[str, np.ndarray]]:
    return generate(graph, np.dtype(np.float32))  # type: ignore[return-value]


def _told(difference: float) -> str:
    return "equal" if difference <= TOLERANCE else "DIFFERS"


def pytorch(subject: Subject) -> str:
    """PyTorch code, run by PyTorch."""
    from cnncalc.exchange.writing.pytorch.running import pytorch_difference

    text = pytorch_of(*subject)
    return _told(pytorch_difference(subject[1], _drawn(subject[1]), text, 0, batch=2))


def pytorch_read(subject: Subject) -> str:
    """PyTorch code, read back: the same totals."""
    from cnncalc.exchange.writing.pytorch.running import last_class

    text = pytorch_of(*subject)
    name = last_class(text).__name__
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.py")
        Path(path).write_text(text)
        shapes = subject[1].input_shapes
        given = next(iter(shapes.values())) if len(shapes) == 1 else tuple(shapes.values())
        module = load_any(f"{path}:{name}")
        if len(shapes) > 1:
            return "skipped: several inputs"
        again = module.graph(None, given)
    return "equal" if _totals(again) == _totals(subject[1]) else "DIFFERS"


def _totals(graph: Graph) -> tuple[int, int]:
    """Parameters and multiply-accumulates of what the outputs need: nothing else is read."""
    needed = set(graph.outputs)
    for index in range(len(graph.nodes) - 1, -1, -1):
        if index in needed:  # a layer whose size alone is read is none of the program's
            needed.update(graph.nodes[index].inputs)
    nodes = [graph.nodes[index] for index in needed]
    owners = [(index, graph.nodes[index].shares) for index in needed]
    lenders = {index if shares is None else shares for index, shares in owners}
    params = sum(graph.nodes[index].params for index in lenders)
    return params, sum(node.facts.operations.macs for node in nodes)


def keras(subject: Subject) -> str:
    """Keras code, run by Keras."""
    from cnncalc.exchange.writing.keras.running import keras_difference

    text = keras_of(*subject)
    return _told(keras_difference(subject[1], _drawn(subject[1]), text, 0, batch=2))


def onnx(subject: Subject) -> str:
    """An ONNX model, run by onnxruntime."""
    from cnncalc.exchange.writing.onnx.writer import onnx_difference, onnx_model

    arrays = _drawn(subject[1])
    model = onnx_model(subject[1], arrays)
    return _told(onnx_difference(subject[1], arrays, model.SerializeToString(), 0))


def onnx_read(subject: Subject) -> str:
    """An ONNX model, read back and held against onnxruntime; the same parameters."""
    from cnncalc.exchange.writing.onnx.writer import onnx_model

    model = onnx_model(subject[1], _drawn(subject[1]))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.onnx")
        Path(path).write_bytes(model.SerializeToString())
        network = load_any(path)
        again = network.graph()
        if _totals(again) != _totals(subject[1]):
            return f"DIFFERS: {_totals(subject[1])} are {_totals(again)}"
        told = _told(check_import(network).largest)  # type: ignore[arg-type]
        text = architecture_of(network, again)
        third = Network(Source("written.yaml", text, None)).graph()
    return told if same_network(third, again) else "DIFFERS: as a file"


def formats(subject: Subject) -> str:
    """Every format of `export`."""
    from cnncalc.cli import run

    with tempfile.TemporaryDirectory() as folder, redirect_stderr(StringIO()) as said:
        file = os.path.join(folder, "net.yaml")
        Path(file).write_text(subject[0].source.text)
        for ending in ("svg", "html", "md", "csv", "tex", "dot", "mmd", "json"):
            for more in (["--depth", "1"], ["--style", "blocks"], []):
                if more and (ending == "json" or (more[0] == "--style" and ending != "svg")):
                    continue
                status = run(["export", file, "-o", os.path.join(folder, f"x.{ending}"), *more])
                if status != 0 or "Traceback" in said.getvalue():
                    last = said.getvalue().strip().splitlines()[-1:]
                    return f"TRACEBACK {ending} {more}: {last}"
    return "equal"


WAYS: tuple[Callable[[Subject], str], ...] = (
    yaml, blocks, flat_yaml, pytorch, pytorch_read, keras, onnx, onnx_read, formats,
)  # fmt: skip


def outcome(way: Callable[[Subject], str], subject: Subject) -> str:
    """What came of one way: `equal`, `refused: ...`, `DIFFERS`, `TRACEBACK ...`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return way(subject)
    except UsageError as error:
        return f"refused: {error}"
    except SpecError as error:
        return f"REFUSED FILE: {error.diagnostics[0].message}"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return f"TRACEBACK {type(error).__name__}: {error} ({place})"


def subject_of(text: str) -> Subject:
    """A network and its graph."""
    network = Network(Source("net.yaml", text, None))
    return network, network.graph()


def main(seeds: range, names: list[str]) -> None:
    """Run seeds and print the table of outcomes."""
    ways = [way for way in WAYS if not names or way.__name__ in names]
    table: dict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[tuple[str, str], list[int]] = defaultdict(list)
    for seed in seeds:
        subject = subject_of(drawn(seed))
        for way in ways:
            found = outcome(way, subject)
            word = found.partition(":")[0].partition(" ")[0]
            table[way.__name__][word] += 1
            if word != "equal":
                alike = re.sub(r"`[^`]*`|\d+", "…", found)[:150]
                examples[way.__name__, alike].append(seed)
    for name, counter in table.items():
        print(name, dict(counter))
    for (name, found), where in sorted(examples.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(where):5} {name}: {found}  seeds {where[:5]}")


if __name__ == "__main__":
    first, _, last = sys.argv[1].partition(":")
    main(range(int(first), int(last)), sys.argv[2:])
