"""How long the structure of a graph takes: residual networks of a growing number of layers.

    python benchmarks/structure.py

Seconds of this process for each size, with names and without, beside the seconds in which the
network itself is built from its file. Garbage is not collected, as in the commands.
"""

from __future__ import annotations

import gc
from time import process_time

from cnncalc.analysis.outline import outline
from cnncalc.graph import Graph
from cnncalc.language.load import load


def nameless(found: Graph) -> Graph:
    nodes = [node._replace(name=f"{node.kind.name}_{i}") for i, node in enumerate(found.nodes)]
    return found._replace(nodes=(found.nodes[0], *nodes[1:]))


def seconds(graph: Graph) -> float:
    start = process_time()
    outline(graph)
    return process_time() - start


def main() -> None:
    gc.disable()
    print(f"{'network':16} {'layers':>7} {'built':>7} {'named':>7} {'unnamed':>7}")
    for name, changes in (
        ("vgg16", {}),
        ("resnet50", {}),
        ("inception_v4", {}),
        ("densenet201", {}),
        ("resnet50", {"conv4": 100}),
        ("resnet50", {"conv4": 500}),
        ("resnet164_preactivation", {"n": 190}),
        ("densenet121", {"block3": 700, "growth": 4}),
    ):
        network = load(name)
        start = process_time()
        graph = network.graph(changes)
        built = process_time() - start
        times = seconds(graph), seconds(nameless(graph))
        print(f"{name[:16]:16} {len(graph.layers):7,} {built:7.3f} {times[0]:7.3f} {times[1]:7.3f}")


if __name__ == "__main__":
    main()
