"""A network on a microcontroller as data, Markdown, CSV, and its plan as a drawing."""

from __future__ import annotations

from typing import Any

from cnncalc.deployment.arena import Plan
from cnncalc.deployment.deploy import Deployment
from cnncalc.deployment.patches import Patches
from cnncalc.deployment.program import Program
from cnncalc.render import escape
from cnncalc.render.csv import written
from cnncalc.render.deploy import channels_first
from cnncalc.render.drawing.svg import FONTS, GROUND, INK, LINE, QUIET, text
from cnncalc.render.markdown import table
from cnncalc.render.numbers import exact, human_bytes, shape

SCHEMA = "cnncalc.deploy/1"

COLOURS = (
    "#fbe3b8", "#c3e0f5", "#cdebd2", "#f6c5bb", "#d9cff0", "#dbe6ee", "#f3e2a9", "#bfe3dd",
)  # fmt: skip


def deploy_dict(found: Deployment) -> dict[str, Any]:
    """The JSON of a deployment; bytes, and shapes channels first."""
    program = found.program
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "name": program.name,
        "target": "tflm",
        "dtype": program.dtype,
        "inputs": [list(channels_first(program.tensors[n].shape)) for n in program.inputs],
        "head": found.head,
        "tail": found.tail.total,
        "tail_x86": found.tail_x86.total,
        "arena": found.arena,
        "flash": found.flash_bytes,
        "liveness": found.plan.liveness,
        "macs": found.macs,
        "tail_pieces": found.tail._asdict(),
        "tail_x86_pieces": found.tail_x86._asdict(),
        "flash_pieces": found.flash._asdict() if found.file_size is None else None,
        "same_padding_head": found.same_head,
        "stated_plan": found.stated,
        "missing": list(found.missing),
        "operators": [_operator(found, number) for number in range(len(program.operators))],
        "buffers": buffers(found.plan),
    }
    if found.search is not None:
        search = found.search
        data["plan"] = {
            "head": search.plan.head, "bound": search.bound, "optimal": search.optimal,
            "orders_proven": search.orders_proven, "order": list(search.order),
            "buffers": buffers(search.plan),
        }  # fmt: skip
    if found.patches is not None:
        data["patches"] = [_patches(one) for one in found.patches]
        chosen = found.patches_chosen
        data["best_patches"] = None if chosen is None else _patches(chosen)
    if found.budget is not None or found.flash_budget is not None:
        data["budget"] = {"arena": found.budget, "flash": found.flash_budget, "fits": found.fits}
        data["changes"] = [one._asdict() for one in found.changes]
    return data


def _operator(found: Deployment, number: int) -> dict[str, Any]:
    one = found.program.operators[number]
    tensor = found.program.tensors[one.outputs[0]]
    return {
        "operator": one.operator,
        "layers": list(one.layers),
        "activation": one.activation or None,
        "rules": list(one.rules),
        "output_shape": list(channels_first(tensor.shape)),
        "bytes": tensor.bytes,
        "macs": one.macs,
        "scratch": sum(found.scratch[number]),
    }


def buffers(plan: Plan) -> list[dict[str, Any]]:
    """The buffers of a plan; those of inputs belong to no operator and begin before the first."""
    return [
        {
            "operator": None if one.operator < 0 else one.operator,
            "scratch": one.tensor is None,
            "offset": at, "bytes": one.bytes, "first": one.first, "last": one.last,
        }
        for one, at in zip(plan.buffers, plan.offsets, strict=True)
    ]  # fmt: skip


def _patches(one: Patches) -> dict[str, Any]:
    return one._asdict()


TITLES = ("operator", "name", "layers", "output_shape", "bytes", "scratch", "macs", "alive")


def deploy_csv(found: Deployment) -> str:
    """The operators as CSV."""
    rows = []
    for number, one in enumerate(found.program.operators):
        data = _operator(found, number)
        rows.append(
            (
                number, one.operator, escape.cell(" ".join(one.layers)),
                "x".join(map(str, data["output_shape"])), data["bytes"], data["scratch"],
                one.macs, found.alive(number),
            )
        )  # fmt: skip
    return written(TITLES, rows)


def deploy_markdown(found: Deployment) -> str:
    """The operators and what they take, as Markdown."""
    lines = [f"# {escape.markdown(found.program.name)}", ""]
    if found.source:
        lines += [escape.markdown(found.source), ""]
    lines += [
        f"Arena **{human_bytes(found.arena)}** ({exact(found.arena)} bytes: head "
        f"{exact(found.head)}, tail {exact(found.tail.total)}), flash "
        f"**{human_bytes(found.flash_bytes)}** ({exact(found.flash_bytes)} bytes).",
        "",
    ]
    rows = []
    for number, one in enumerate(found.program.operators):
        data = _operator(found, number)
        rows.append(
            (
                str(number), one.operator, escape.markdown(", ".join(one.layers)),
                shape(tuple(data["output_shape"])), exact(data["bytes"]),
                exact(one.macs) if one.macs else "", exact(found.alive(number)),
            )
        )  # fmt: skip
    titles = ["#", "operator", "from", "output", "bytes", "MACs", "alive"]
    lines += table(titles, rows, [True, False, False, True, True, True, True])
    return "\n".join(lines) + "\n"


WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 900, 360, 90, 40, 30


def plan_svg(found: Deployment) -> str:
    """The plan as a drawing: time across, address up, a rectangle a buffer; a better one below."""
    plans = [("as the interpreter places it", found.program, found.plan)]
    search = found.search
    if search is not None and search.plan.head < found.head:
        operators = tuple([found.program.operators[one] for one in search.order])
        better = found.program._replace(operators=operators)
        plans.append(("the better plan", better, search.plan))
    most = max([plan.head for _, _, plan in plans])
    total = TOP + len(plans) * (HEIGHT + TOP + BOTTOM)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {total}" '
        f'width="{LEFT + WIDTH + 20}" height="{total}" font-family="{FONTS}">',
        f'<rect width="100%" height="100%" fill="{GROUND}"/>',
        f'<text x="{LEFT}" y="24" font-size="16" fill="{INK}">{text(found.program.name)}</text>',
    ]
    for number, (title, program, plan) in enumerate(plans):
        parts += _panel(title, program, plan, most, TOP + number * (HEIGHT + TOP + BOTTOM))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(title: str, program: Program, plan: Plan, most: int, top: int) -> list[str]:
    steps = max(len(program.operators), 1)
    across, up = WIDTH / steps, HEIGHT / max(most, 1)
    base = top + TOP + HEIGHT
    parts = [
        f'<text x="{LEFT}" y="{top + 28}" font-size="13" fill="{QUIET}">{title}: '
        f"{exact(plan.head)} bytes, {exact(plan.liveness)} alive at once</text>",
        f'<line x1="{LEFT}" y1="{base}" x2="{LEFT + WIDTH}" y2="{base}" stroke="{LINE}"/>',
    ]
    for share in (0, 1, 2, 3, 4):
        address = plan.head * share // 4
        y = base - address * up
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" font-size="11" fill="{QUIET}" '
            f'text-anchor="end">{human_bytes(address)}</text>'
        )
    for one, at in zip(plan.buffers, plan.offsets, strict=True):
        first = max(one.first, 0)
        x, width = LEFT + first * across, (one.last - first + 1) * across
        y, height = base - (at + one.bytes) * up, one.bytes * up
        fill = "#e4e7eb" if one.tensor is None else COLOURS[one.operator % len(COLOURS)]
        who = _owner(program, one.tensor, one.operator)
        parts.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{max(width, 0.5):.2f}" '
            f'height="{max(height, 0.5):.2f}" fill="{fill}" stroke="{LINE}" stroke-width="0.5">'
            f"<title>{text(who)}: {exact(one.bytes)} bytes at {exact(at)}, operators "
            f"{max(one.first, 0)} to {one.last}</title></rect>"
        )
        if width > 30 and height > 12:
            label = "input" if one.operator < 0 else str(one.operator)
            parts.append(
                f'<text x="{x + width / 2:.1f}" y="{y + height / 2 + 4:.1f}" font-size="11" '
                f'text-anchor="middle" fill="{INK}">{label}</text>'
            )
    parts.append(
        f'<text x="{LEFT}" y="{base + 18}" font-size="11" fill="{QUIET}">operators 0 to '
        f"{steps - 1}, in time</text>"
    )
    return parts


def _owner(program: Program, tensor: int | None, operator: int) -> str:
    if operator < 0:
        return "input"
    one = program.operators[operator]
    name = f"{operator} {one.operator} ({', '.join(one.layers[:3])})"
    return f"scratch of {name}" if tensor is None else name


STYLE = (
    "body{font-family:Helvetica,Arial,sans-serif;margin:2em;color:#1f2933}"
    "table{border-collapse:collapse;font-size:14px}td,th{padding:.2em .8em;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}tr:nth-child(even){background:#f4f5f7}"
    "svg{max-width:100%;height:auto}"
)


def deploy_html(found: Deployment) -> str:
    """One file for any browser: what it takes, the plan, the operators."""
    rows = []
    for number, one in enumerate(found.program.operators):
        data = _operator(found, number)
        numbers = (
            shape(tuple(data["output_shape"])), exact(data["bytes"]),
            exact(one.macs) if one.macs else "", exact(found.alive(number)),
        )  # fmt: skip
        cells = "".join([f'<td class="n">{cell}</td>' for cell in numbers])
        layers = text(", ".join(one.layers))
        rows.append(f"<tr><td>{number}</td><td>{one.operator}</td><td>{layers}</td>{cells}</tr>")
    titles = "".join(
        [f"<th>{one}</th>" for one in ("#", "operator", "from", "output", "bytes", "MACs", "alive")]
    )
    name = text(found.program.name)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>{name}</title><style>{STYLE}</style></head><body>\n<h1>{name}</h1>\n"
        f"<p>{text(found.source or '')}</p>\n"
        f"<p>Arena {exact(found.arena)} bytes (head {exact(found.head)}, tail "
        f"{exact(found.tail.total)}), flash {exact(found.flash_bytes)} bytes.</p>\n"
        f"{plan_svg(found)}<table><thead><tr>{titles}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table></body></html>\n"
    )
