"""What `cnncalc validate` costs a file, on top of reading it.

    python benchmarks/validate.py [--files 1000]

Examines that many architecture files in one process: the shipped networks in turn, each under
a name of its own, and generated files with mistakes. Prints milliseconds a file for reading
(opening, decoding, composing the YAML) and for the rest: parsing, building the network, and
every rule.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

from cnncalc.diagnostics import SpecError
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.text.source import Source
from cnncalc.rules.lint import lint
from cnncalc.rules.registry import RULES

SPECS = Path(__file__).resolve().parent.parent / "specs"


def texts() -> list[str]:
    """Shipped files that extend no other, and both examples of every rule."""
    shipped = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.yaml"))]
    examples = [text for rule in RULES.values() for text in (rule.fails, rule.passes)]
    return [*shipped, *examples]


def main() -> None:
    """Print the medians and the means."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--files", type=int, default=1000)
    options = parser.parse_args()
    reading, examining = [], []
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, text in enumerate(islice(cycle(texts()), options.files)):
            path = Path(folder, f"net{number}.yaml")
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        memo = Memo()  # one for all, as `cnncalc validate` has
        lint(Source.read(paths[0]), memo=memo)
        gc.collect()
        gc.freeze()
        for path in paths:
            start = time.perf_counter()
            source = Source.read(path)
            with suppress(SpecError):  # no YAML: reading it has cost what it costs
                source.compose()
            middle = time.perf_counter()
            found += len(lint(source, memo=memo))
            end = time.perf_counter()
            reading.append(middle - start)
            # `lint` composes the text once more
            examining.append(max(end - middle - (middle - start), 0.0))
    for name, seconds in (("reading", reading), ("validating", examining)):
        mean, median = statistics.fmean(seconds) * 1e3, statistics.median(seconds) * 1e3
        print(
            f"{name:<11} mean {mean:6.2f} ms   median {median:6.2f} ms   "
            f"slowest {max(seconds) * 1e3:6.1f} ms a file"
        )
    print(f"{options.files:,} files, {found:,} findings, {sum(reading + examining):.2f} s in all")


if __name__ == "__main__":
    main()
