// What a unit sees: maps with windows on them. Windows come as patterns (see sights.py) and are
// looked up here for the unit that is pointed at.

import { draw, make, plainKey } from "./dom.js";

const FEW = 40; // maps of as many units at most are drawn with a grid

/** First and last unit that `unit` sees through a window; null: nothing. */
function seen(window, unit) {
  const [step, , ...spans] = window;
  const span = spans[step === null ? unit : unit % spans.length];
  if (!span) return null;
  const shift = step === null ? 0 : Math.floor(unit / spans.length) * step;
  return [span[0] + shift, span[1] + shift];
}

/** What a unit sees of a map on each axis, with the distance of what is read; null: nothing. */
function look(sights, windows, unit, sizes) {
  if (windows === null) return sizes.map((size) => [0, size - 1, 1]);
  const found = [];
  for (const [axis, number] of windows.entries()) {
    const window = sights.windows[number];
    const span = window && seen(window, unit[axis] ?? 0);
    if (!span) return null;
    found.push([...span, window[1]]);
  }
  return found;
}

/** Height and width on the drawing; a third axis is told in words. */
function plane(list, one) {
  return list.length > 1 ? list.slice(-2) : list.length ? [one, list[0]] : [one, one];
}

function mapped(sizes, window, mark) {
  const [height, width] = plane(sizes, 1);
  const side = Math.max(height, width);
  const margin = side * 0.09 + 0.4;
  const box = [-margin - (side - width) / 2, -margin - (side - height) / 2,
    side + 2 * margin, side + 2 * margin];
  const parts = [draw("rect", { class: "map", x: 0, y: 0, width, height })];
  if (side <= FEW && side > 1) {
    let path = "";
    for (let x = 1; x < width; x++) path += `M${x} 0V${height}`;
    for (let y = 1; y < height; y++) path += `M0 ${y}H${width}`;
    parts.push(draw("path", { class: "grid", d: path }));
  }
  if (window) {
    const [[top, bottom, down], [left, right, across]] = plane(window, [0, 0, 1]);
    parts.push(draw("rect", { class: mark, x: left, y: top,
      width: right - left + 1, height: bottom - top + 1 }));
    const read = (Math.floor((bottom - top) / down) + 1) * (Math.floor((right - left) / across) + 1);
    if ((down > 1 || across > 1) && read <= 400) {
      for (let y = top; y <= bottom; y += down)
        for (let x = left; x <= right; x += across)
          parts.push(draw("rect", { class: "read", x, y, width: 1, height: 1 }));
    }
  }
  return draw("svg", { viewBox: box.join(" "), "aria-hidden": "true" }, ...parts);
}

// a range is not broken into lines
const range = ([first, last]) => (first === last ? `${first}` : `${first}\u2060…\u2060${last}`);

function told(window) {
  if (!window) return "sees nothing of it";
  return window.length ? window.map(range).join(" × ").replaceAll("-", "−") : "sees all of it";
}

/** The figure of a layer: what a unit of it sees of the inputs, and of its own input; null: unknown. */
export function sightFigure(sights, number, nameOf) {
  const first = sights.inputs.length;
  const [fields, own] = sights.layers[number - 1];
  const sizes = sights.sizes[number + first - 1];
  const maps = [sizes, ...own.map(([node]) => sights.sizes[node])];
  if (maps.some((map) => map.includes(null))) return null;
  const unit = sizes.map((size) => Math.floor((size - 1) / 2));
  const figure = make("div", { class: "sights" });
  const status = make("p", { class: "unit", "aria-live": "polite" });

  function one(title, mapSizes, window, mark) {
    return make("figure", {}, mapped(mapSizes, window, mark),
      make("figcaption", {}, make("b", {}, title), make("span", {}, told(window))));
  }

  function render() {
    const parts = fields.map((windows, input) => {
      const [name, shape] = sights.inputs[input];
      return one(`${name} ${shape}`, sights.sizes[input],
        look(sights, windows, unit, sights.sizes[input]), "field");
    });
    for (const [node, windows] of own) {
      if (node < first && own.length === 1 && first === 1) continue; // it is the network's input
      const given = sights.sizes[node];
      parts.push(one(nameOf(node), given, look(sights, windows, unit, given), "window"));
    }
    const here = unit.map((at) => [at, at, 1]);
    const output = mapped(sizes, sizes.length ? here : [], "here");
    if (sizes.length) output.classList.add("movable");
    parts.push(make("figure", { class: "output" }, output,
      make("figcaption", {}, make("b", {}, "its output"),
        make("span", {}, sizes.length ? `unit ${unit.join(", ")}` : "flat"))));
    figure.replaceChildren(...parts);
    status.textContent = "";
  }

  function move(axis, by) {
    const place = unit.length - 1 - axis;
    if (place < 0) return;
    unit[place] = Math.min(Math.max(unit[place] + by, 0), sizes[place] - 1);
    render();
    status.textContent = `unit ${unit.join(", ")}: ${fields.map((windows, input) =>
      told(look(sights, windows, unit, sights.sizes[input]))).join("; ")}`;
  }

  function follow(event) {
    const output = event.target.closest("svg.movable");
    if (!output) return;
    const point = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(output.getScreenCTM().inverse());
    const places = [point.x, point.y];
    for (const axis of [0, 1]) {
      const place = unit.length - 1 - axis;
      if (place >= 0) unit[place] = Math.min(Math.max(Math.floor(places[axis]), 0), sizes[place] - 1);
    }
    render();
  }

  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, -1], ArrowDown: [1, 1] };
  figure.addEventListener("pointermove", follow);
  figure.addEventListener("pointerdown", follow);
  if (sizes.length) {
    figure.tabIndex = 0;
    figure.setAttribute("role", "application");
    figure.setAttribute("aria-label", "What a unit sees; arrow keys move the unit");
    figure.addEventListener("keydown", (event) => {
      if (!steps[event.key] || !plainKey(event)) return;
      event.preventDefault();
      move(...steps[event.key]);
    });
  }
  render();
  return make("div", {}, figure, status);
}
