"""The network as a diagram: places for cards, frames, edges and labels, from top to bottom."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.escape import plain
from cnncalc.render.page.blocks import Card, Frame, Link, Strip, nested
from cnncalc.render.page.layout import GAP, Layout, Spot, n
from cnncalc.render.rows import View

BESIDE, LANE, ROUND = 14, 9, 8
"""The distance of the first arc from all boxes, of arcs from each other; their corners' radius."""
MARGIN = 8


def diagram(report: Report, view: View) -> dict[str, Any]:
    """Where everything stands, in pixels.

    - `size`: width and height
    - `frames`: `[x, y, width, height, title, times, first, last]`: blocks and runs, with the
      numbers of their first and last layer
    - `cards`: `[x, y, width, height, strips]`, a strip `[y, height, family, text, note, layers]`
    - `edges`: `[path, kind]`: 0 a tensor, 1 one that skips others, 2 one that is only named
    - `labels`: `[x, y, text]`: shapes where they change
    """
    graph = report.graph
    found = nested(graph)

    def told(index: int) -> str:
        return numbers.shape(graph.nodes[index].facts.output, view.channels_last)

    layout = Layout(graph, found, told)
    inputs = [Card(Strip((index,), f"{plain(graph.nodes[index].name)} {told(index)}", "", "input"))
              for index in graph.inputs]  # fmt: skip
    head = [layout.measure(card) for card in inputs]
    size = layout.measure(found.stack)
    wide = sum([one.width for one in head]) + MARGIN * (len(head) - 1)
    axis = MARGIN + max(size.axis, wide / 2)
    x = axis - wide / 2
    for card, one in zip(inputs, head, strict=True):
        layout.card(card, x + one.axis, MARGIN)
        x += one.width + MARGIN
    top = MARGIN + head[0].height + GAP
    if len(inputs) == 1:
        layout.last = told(0)  # its card tells it
    layout.stack(found.stack, axis, top, told=True)
    bottom = top + size.height
    layout.label(axis, bottom + GAP / 2, told(len(graph.nodes) - 1))
    right = max(axis + size.width - size.axis, axis + wide / 2, *layout.ends)
    lanes = _arcs(layout, found.links, found.drawn, right + BESIDE)
    return {
        "size": [n(right + BESIDE + LANE * lanes + MARGIN), n(bottom + GAP + MARGIN)],
        "frames": [_frame(frame, place, layout.first) for frame, place in layout.frames],
        "cards": layout.cards,
        "edges": layout.edges,
        "labels": layout.labels,
    }


def _frame(frame: Frame, place: tuple[float, float, float, float], first: int) -> list[Any]:
    numbered = [frame.lo - first + 1, frame.hi - first + 1]
    return [*map(n, place), frame.title, frame.times, *numbered]


def _arcs(layout: Layout, links: tuple[Link, ...], drawn: dict[int, int], x: float) -> int:
    """Draw what skips others as arcs to the right of all boxes; as many lanes as that takes.

    Short arcs run inside of long ones.
    """
    ends: dict[tuple[Spot, Spot], bool] = dict.fromkeys(layout.jumps, False)
    for link in links:
        pair = layout.spots[drawn[link.source]], layout.spots[drawn[link.target]]
        if pair[0].middle < pair[1].middle:
            ends[pair] = link.named and ends.get(pair, True)
    lanes: list[list[tuple[float, float]]] = []
    for here, there in sorted(ends, key=lambda pair: pair[1].middle - pair[0].middle):
        top, bottom = here.middle, there.middle
        lane = 0
        while lane < len(lanes) and any(top <= high and low <= bottom for low, high in lanes[lane]):
            lane += 1
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((top, bottom))
        kind = 2 if ends[here, there] else 1
        layout.edges.append([_arc(here, there, x + lane * LANE), kind])
    return len(lanes)


def _arc(here: Spot, there: Spot, x: float) -> str:
    """Out to the right, down, and back, with round corners."""
    top, bottom = here.middle, there.middle
    radius = min(ROUND, (bottom - top) / 2)
    return (
        f"M{n(here.right)} {n(top)}H{n(x - radius)}Q{n(x)} {n(top)} {n(x)} {n(top + radius)}"
        f"V{n(bottom - radius)}Q{n(x)} {n(bottom)} {n(x - radius)} {n(bottom)}H{n(there.right)}"
    )
