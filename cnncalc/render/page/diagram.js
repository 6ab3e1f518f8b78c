// The network as a diagram: places come with the data, this draws them, scrolls and zooms.

import { draw, make, plainKey, say } from "./dom.js";

const KINDS = ["wire", "wire skip", "wire named"];
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
    button(say("Smaller"), "−", () => zoom(1 / STEP)), button(say("Larger"), "+", () => zoom(STEP)),
    button(say("Fit the width"), "⤢", () => fit()));
  const panel = make("section", { class: "diagram", "aria-label": say("Diagram") },
    make("h2", {}, say("Diagram")), tools, view);
  let svg = null;
  let size = [1, 1];
  let scale = 1;
  let boxes = [];
  let byNumber = new Map();
  let marked = { chosen: null, pointed: null };

  function fill(data, nameOf) {
    size = data.size;
    boxes = [];
    byNumber = new Map();
    marked = { chosen: null, pointed: null };
    const wires = data.wires.map(([path, kind]) => draw("path", { class: KINDS[kind], d: path,
      "marker-end": kind ? null : "url(#report-arrow)" }));
    const arrow = draw("marker", { id: "report-arrow", viewBox: "0 0 8 8", refX: 7.5, refY: 4,
      markerWidth: 7, markerHeight: 7, orient: "auto" }, draw("path", { d: "M0.5 1L7.5 4L0.5 7z" }));
    const content = draw("g", { transform: `translate(${data.shift.join(" ")})` },
      ...data.frames.map(frame), ...wires, ...data.boxes.map((one) => box(one, nameOf)));
    svg = draw("svg", { role: "group", "aria-label": say("The network's layers from top to bottom"),
      viewBox: `0 0 ${size[0]} ${size[1]}` }, draw("defs", {}, arrow), content);
    if (boxes.length) boxes[0].setAttribute("tabindex", "0");
    view.replaceChildren(svg);
    fit();
  }

  function words([x, y, text, size, anchor, quiet, times]) {
    const often = times > 1
      ? draw("tspan", { class: "times", dx: text ? 4 : 0 }, ` ×${times}`) : null;
    return draw("text", { x, y, "font-size": size, "text-anchor": anchor,
      class: quiet ? "quiet" : null }, text, often);
  }

  function frame([x, y, width, height, title, times, first, last]) {
    return draw("g", { class: "frame", click: () => on.block(first, last) },
      draw("rect", { x, y, width, height, rx: 8 }),
      words([x + 10, y + 16, title, 11, "start", true, times]));
  }

  function box([x, y, width, height, radius, role, lines, layers, output], nameOf) {
    const shape = draw("rect", { x, y, width, height, rx: radius });
    const parts = [shape, ...lines.flatMap((line) => [words(line), " "])];
    if (!layers.length) return draw("g", { class: "box", "data-role": role }, ...parts);
    const more = layers.length > 1 ? ` and ${layers.length - 1} more layers` : "";
    const group = draw("g", { class: output ? "box layer output" : "box layer", "data-role": role,
      role: "button", tabindex: "-1", "aria-pressed": "false",
      "aria-description": `${nameOf(layers[0])}${more}` }, ...parts);
    group.layers = layers;
    for (const number of layers) byNumber.set(number, group);
    boxes.push(group);
    return group;
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
    const at = boxes.indexOf(event.target);
    if (at < 0 || !plainKey(event)) return;
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1,
      Home: 0, End: boxes.length - 1, Enter: at, " ": at }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (boxes[to]) take(boxes[to]);
  });

  function take(group) {
    for (const one of boxes) if (one.getAttribute("tabindex") === "0") one.setAttribute("tabindex", "-1");
    group.setAttribute("tabindex", "0");
    group.focus({ preventScroll: true });
    on.choose(group.layers[0]);
  }

  function mark(name, number) {
    marked[name]?.classList.remove(name);
    if (name === "chosen") marked[name]?.setAttribute("aria-pressed", "false");
    const group = marked[name] = (number && byNumber.get(number)) || null;
    if (!group) return;
    group.classList.add(name);
    if (name === "chosen") group.setAttribute("aria-pressed", "true");
    if (!group.matches(":hover")) show(group);
  }

  /** Bring a box into view, without moving the page. */
  function show(group) {
    const box = group.getBoundingClientRect();
    const around = view.getBoundingClientRect();
    if (box.top < around.top || box.bottom > around.bottom) {
      view.scrollTop += (box.top + box.bottom - around.top - around.bottom) / 2;
    }
    if (box.left < around.left || box.right > around.right) {
      view.scrollLeft += (box.left + box.right - around.left - around.right) / 2;
    }
  }

  return { panel, fill, fit, point: (number) => mark("pointed", number), choose: (number) => mark("chosen", number) };
}
