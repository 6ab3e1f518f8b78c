"""Write timm.json: networks of timm, read from one recorded run and held against PyTorch.

    python tests/reference/take_timm.py [--only NAME ...] [--module FILE ...] [--check] [--print]

Of every file of `timm.models` some networks are taken, on random weights. A row holds the
input, the layers, trained parameters and multiply-accumulates, what differs from PyTorch's own
(`sum(p.numel())` with those that serve nothing, and `FlopCounterMode` halved), and with `--check`
the largest difference of the outputs after the network was written as an architecture file and
that file was run in NumPy on the network's own weights, beside PyTorch. A refused network has its
message. Needs timm and torchvision.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import os
import re
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from cnncalc.diagnostics import SpecError, UsageError  # noqa: E402
from cnncalc.exchange.checking import check_import  # noqa: E402
from cnncalc.exchange.converting import architecture_of  # noqa: E402
from cnncalc.exchange.torch.reader import imported_module  # noqa: E402
from cnncalc.language.network import Network  # noqa: E402
from cnncalc.language.text.source import Source  # noqa: E402

for _operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, _operator):
        torch.library.define(f"torchvision::{_operator}", "(Tensor a, Tensor b, float c) -> Tensor")

import timm  # noqa: E402

FILE = Path(__file__).parent / "timm.json"
EACH = 3
"""Families of a file of timm that are taken."""
LARGEST = 60_000_000
"""Parameters of the networks that are taken."""
CHECKED = 3_000_000_000
"""Multiply-accumulates of those that are run in NumPy."""


def names(modules: list[str]) -> Iterator[str]:
    """The networks that are taken: of each family of a file the one with the shortest name."""
    for module in sorted(timm.list_modules()):
        if modules and module not in modules:
            continue
        families: dict[str, list[str]] = {}
        for name in timm.list_models(module=module):
            families.setdefault(re.split(r"[_\d]", name)[0], []).append(name)
        for family in sorted(families)[:EACH]:
            for name in sorted(families[family], key=lambda name: (len(name), name))[:4]:
                if size(name) <= LARGEST:
                    yield name
                    break


def size(name: str) -> int:
    """Parameters of a network, which is made without memory."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return sum(p.numel() for p in timm.create_model(name).parameters())
        except Exception:  # some need values while they are made
            return 0


def row(name: str, check: bool) -> dict[str, Any]:
    """A network's row."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = timm.create_model(name).eval()
    shape = tuple(model.default_cfg.get("input_size", (3, 224, 224)))
    network = imported_module(model, shape, name)
    began = time.process_time()
    try:
        reading = network.reading()
    except (SpecError, UsageError) as error:
        return {"input": list(shape), "refused": str(error)}
    seconds = time.process_time() - began
    layers = reading.graph.layers
    macs = sum(layer.facts.operations.macs or 0 for layer in layers)
    params = sum(layer.params or 0 for layer in layers)
    wrong = []
    held = sum(p.numel() for p in model.parameters())
    idle = sum(count for _, count in reading.unused)
    if params + idle != held:
        wrong.append(f"{params:,} + {idle:,} parameters, not {held:,}")
    theirs = operations(model, shape)
    if theirs != macs:
        wrong.append(f"{macs:,} MACs, not {theirs}")
    opaque = sorted({layer.name for layer in layers if layer.kind.name == "custom"})
    found: dict[str, Any] = {
        "input": list(shape), "layers": len(layers), "params": params, "unused": idle,
        "macs": macs, "opaque": len(opaque), "wrong": wrong, "seconds": round(seconds, 2),
    }  # fmt: skip
    try:
        text = architecture_of(network, reading.graph)
        written = Network(Source("<written>", text, None)).graph()
        found["lines"] = len([one for one in text.splitlines() if one.strip() and one[0] != "#"])
        if check and macs <= CHECKED and not opaque:
            found["difference"] = float(f"{check_import(network, graph=written).largest:.1e}")
    except (SpecError, UsageError, KeyError, ValueError, RuntimeError) as error:
        found["write"] = f"{type(error).__name__}: {error}"[:300]
    return found


def operations(model: Any, shape: tuple[int, ...]) -> int | None:
    """What PyTorch counts for one sample."""
    counter = FlopCounterMode(display=False)
    try:
        meta = copy.deepcopy(model).to("meta")
        with torch.no_grad(), counter, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta(torch.zeros(1, *shape, device="meta"))
    except Exception:
        return None
    return int(counter.get_total_flops()) // 2


def main() -> None:
    """Take the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--module", nargs="*", default=[])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--print", action="store_true", help="do not write")
    options = parser.parse_args()
    rows: dict[str, Any] = {}
    if FILE.exists() and (options.only or options.module):
        rows = json.loads(FILE.read_text(encoding="utf-8"))["rows"]
    for name in options.only or names(options.module):
        try:
            rows[name] = row(name, options.check)
        except Exception as error:  # a defect of ours, which the table has to show
            rows[name] = {"crash": f"{type(error).__name__}: {error}"[:300]}
        print(name, json.dumps(rows[name]), flush=True)
        gc.collect()
    if not options.print:
        text = ",\n".join(f"  {json.dumps(n)}: {json.dumps(rows[n])}" for n in sorted(rows))
        versions = json.dumps({"torch": torch.__version__, "timm": timm.__version__})
        FILE.write_text(f'{{"versions": {versions}, "rows": {{\n{text}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
