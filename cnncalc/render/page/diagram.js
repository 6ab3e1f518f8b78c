// The network as a diagram: places come with the data, this draws them, scrolls and zooms.

import { draw, make, plainKey } from "./dom.js";

const KINDS = ["edge", "edge skip", "edge named"];
const STEP = 1.25;
const LEAST = 0.25;
const LEGIBLE = 0.6;
const MOST = 3;

/** The diagram; `on.point(number)`, `on.choose(number)`, `on.block(first, last)` hear of it. */
export function networkDiagram(on) {
  const view = make("div", { class: "view" });
  const button = (label, text, deed) =>
    make("button", { type: "button", "aria-label": label, title: label, click: deed }, text);
  const tools = make("div", { class: "tools" },
    button("Smaller", "−", () => zoom(1 / STEP)), button("Larger", "+", () => zoom(STEP)),
    button("Fit the width", "⤢", () => fit()));
  const panel = make("section", { class: "diagram", "aria-label": "Diagram" },
    make("h2", {}, "Diagram"), tools, view);
  let svg = null;
  let size = [1, 1];
  let scale = 1;
  let strips = [];
  let byNumber = new Map();
  let marked = { chosen: [], pointed: [] };

  function fill(data, nameOf) {
    size = data.size;
    strips = [];
    byNumber = new Map();
    marked = { chosen: [], pointed: [] };
    const frames = data.frames.map(frame);
    const edges = data.edges.map(([path, kind]) => draw("path", { class: KINDS[kind], d: path }));
    const cards = data.cards.map((one) => card(one, nameOf));
    const labels = data.labels.map(([x, y, text]) => draw("text", { class: "shape", x, y: y + 3 }, text));
    svg = draw("svg", { role: "group", "aria-label": "The network's layers from top to bottom",
      viewBox: `0 0 ${size[0]} ${size[1]}` }, ...frames, ...edges, ...cards, ...labels);
    if (strips.length) strips[0].setAttribute("tabindex", "0");
    view.replaceChildren(svg);
    fit();
  }

  function frame([x, y, width, height, title, times, first, last]) {
    const parts = [draw("rect", { x, y, width, height, rx: 8 })];
    if (times > 1) {
      parts.unshift(draw("rect", { class: "behind", x: x + 4, y: y + 4, width, height, rx: 8 }));
      parts.push(draw("text", { class: "times", x: x + width - 8, y: y + 15 }, `×${times}`));
    }
    if (title) parts.push(draw("text", { class: "title", x: x + 9, y: y + 15 }, title));
    return draw("g", { class: times > 1 ? "frame run" : "frame", click: () => on.block(first, last) }, ...parts);
  }

  function card([x, y, width, height, inside], nameOf) {
    const parts = [draw("rect", { class: "card", x, y, width, height, rx: 5 })];
    for (const [top, tall, family, text, note, layers] of inside) {
      const label = [draw("text", { x: x + 11, y: top + tall / 2 + 4 }, text)];
      if (note) label.push(draw("text", { class: "note", x: x + width - 8, y: top + tall / 2 + 4 }, note));
      const shape = draw("rect", { class: "strip", x: x + 0.5, y: top + 0.5, width: width - 1, height: tall - 1, rx: 4.5 });
      const edge = draw("rect", { class: "family", x: x + 3, y: top + 4, width: 3, height: tall - 8, rx: 1.5 });
      if (!layers.length) {
        parts.push(draw("g", { class: "layer input", "data-family": family }, shape, edge, ...label));
        continue;
      }
      const rounds = layers.length > 1 ? `, and in ${layers.length - 1} more rounds` : "";
      const group = draw("g", { class: top === y ? "layer" : "layer soft", "data-family": family,
        role: "button", tabindex: "-1", "aria-pressed": "false",
        "aria-label": `${nameOf(layers[0])}: ${text}${rounds}` }, shape, edge, ...label);
      group.layers = layers;
      for (const number of layers) byNumber.set(number, group);
      strips.push(group);
      parts.push(group);
    }
    return draw("g", {}, ...parts);
  }

  function resize(to) {
    scale = Math.min(Math.max(to, LEAST), MOST);
    svg?.setAttribute("width", size[0] * scale);
    svg?.setAttribute("height", size[1] * scale);
  }

  function zoom(by, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    const [left, top, before] = [view.scrollLeft + x, view.scrollTop + y, scale];
    resize(scale * by);
    view.scrollLeft = (left * scale) / before - x;
    view.scrollTop = (top * scale) / before - y;
  }

  function fit() {
    resize(Math.min(Math.max((view.clientWidth - 2) / size[0], LEGIBLE), 1.15));
  }

  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  let drag = null;
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) {
      drag = [event.clientX, event.clientY, view.scrollLeft, view.scrollTop, false];
    }
  });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = [event.clientX - drag[0], event.clientY - drag[1]];
    if (!drag[4] && Math.hypot(x, y) < 4) return;
    drag[4] = true;
    view.classList.add("dragged");
    view.scrollLeft = drag[2] - x;
    view.scrollTop = drag[3] - y;
  });
  addEventListener("pointerup", () => {
    setTimeout(() => view.classList.remove("dragged"));
    if (drag?.[4]) view.addEventListener("click", (event) => event.stopPropagation(), { capture: true, once: true });
    setTimeout(() => { drag = null; });
  });

  const target = (event) => event.target.closest("g.layer")?.layers;
  view.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") on.point(target(event)?.[0] ?? null);
  });
  view.addEventListener("pointerleave", () => on.point(null));
  view.addEventListener("click", (event) => {
    const layers = target(event);
    if (!layers) return;
    event.stopPropagation();
    take(byNumber.get(layers[0]));
  }, true);
  view.addEventListener("keydown", (event) => {
    const at = strips.indexOf(event.target);
    if (at < 0 || !plainKey(event)) return;
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1,
      Home: 0, End: strips.length - 1, Enter: at, " ": at }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (strips[to]) take(strips[to]);
  });

  function take(group) {
    for (const one of strips) if (one.getAttribute("tabindex") === "0") one.setAttribute("tabindex", "-1");
    group.setAttribute("tabindex", "0");
    group.focus({ preventScroll: true });
    on.choose(group.layers[0]);
  }

  function mark(name, number) {
    for (const group of marked[name]) {
      group.classList.remove(name);
      if (name === "chosen") group.setAttribute("aria-pressed", "false");
    }
    const group = number && byNumber.get(number);
    marked[name] = group ? [group] : [];
    if (!group) return;
    group.classList.add(name);
    if (name === "chosen") group.setAttribute("aria-pressed", "true");
    const box = group.getBBox();
    const [top, bottom] = [box.y * scale, (box.y + box.height) * scale];
    if (top < view.scrollTop || bottom > view.scrollTop + view.clientHeight) {
      view.scrollTop = (top + bottom - view.clientHeight) / 2;
    }
    const [left, right] = [box.x * scale, (box.x + box.width) * scale];
    if (left < view.scrollLeft || right > view.scrollLeft + view.clientWidth) {
      view.scrollLeft = (left + right - view.clientWidth) / 2;
    }
  }

  return { panel, fill, fit, point: (number) => mark("pointed", number), choose: (number) => mark("chosen", number) };
}
