// Values along the layers as steps, and the stages' shares as bars.

import { draw, make, say } from "./dom.js";

const TALL = 100;

/** A chart of values over the layers, with what it tells at the layer pointed at. */
function along(title, kind, { values, texts, told, peak, input }, on) {
  const count = values.length;
  const most = Math.max(...values.map((value) => value ?? 0), input ?? 0, 1);
  const high = (value) => TALL - (TALL * (value ?? most)) / most;
  const path = values.map((value, at) => `L${at} ${high(value)}L${at + 1} ${high(value)}`).join("");
  const cursor = draw("rect", { class: "cursor", x: -9, y: 0, width: 1, height: TALL });
  const parts = [
    draw("path", { class: "area", d: `M0 ${TALL}${path}L${count} ${TALL}Z` }),
    draw("path", { class: "line", d: `M${path.slice(1)}` }),
    cursor,
  ];
  if (peak) parts.splice(1, 0, draw("rect", { class: "peak", x: peak - 1, y: 0, width: 1, height: TALL }));
  if (input) parts.push(draw("path", { class: "limit", d: `M0 ${high(input)}H${count}` }));
  const svg = draw("svg", { viewBox: `0 0 ${count} ${TALL}`, preserveAspectRatio: "none",
    role: "img", "aria-label": `${say(title)}: ${told}` }, ...parts);
  const here = make("span", { class: "here" }, told);
  const at = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.min(Math.max(Math.floor(((event.clientX - box.left) / box.width) * count), 0), count - 1) + 1;
  };
  svg.addEventListener("pointermove", (event) => on.point(at(event)));
  svg.addEventListener("pointerleave", () => on.point(null));
  svg.addEventListener("click", (event) => on.choose(at(event)));
  const figure = make("figure", { class: `chart ${kind}` },
    make("figcaption", {}, make("h2", {}, say(title)), here), svg);
  return {
    figure,
    mark(number, name) {
      cursor.setAttribute("x", number ? number - 1 : -9);
      here.textContent = number ? `${texts[number - 1]} in ${name}` : told;
    },
  };
}

const COSTS = [["params", "params"], ["macs", "MACs"], ["memory", "memory"]];

function stageTable(stages, on) {
  const most = COSTS.map((_, cost) => Math.max(...stages.map((stage) => stage.values[cost]), 1));
  const rows = stages.map((stage) => {
    const cells = COSTS.map(([key], cost) => {
      const bar = make("span", { class: "bar", "data-key": key, "aria-hidden": "true" });
      bar.style.width = `${(100 * stage.values[cost]) / most[cost]}%`;
      return make("td", { class: "number" }, stage.texts[cost], stage.values[cost] ? bar : null);
    });
    const name = make("button", { type: "button", click: () => on.block(...stage.layers) }, stage.name);
    return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
  });
  const head = make("tr", {}, make("th", { scope: "col" }, say("stage")),
    ...COSTS.map(([, title]) => make("th", { scope: "col", class: "number" }, say(title))));
  return make("figure", { class: "chart stages" }, make("figcaption", {}, make("h2", {}, say("Stages"))),
    make("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": say("Stages") },
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))));
}

/** The charts of a network. */
export function chartRow(on) {
  const panel = make("section", { class: "charts", "aria-label": say("Charts") });
  let drawn = [];
  return {
    panel,
    fill(charts) {
      drawn = [along("Bytes alive", "alive", charts.alive, on)];
      if (charts.growth) drawn.push(along("Receptive field", "growth", charts.growth, on));
      const held = charts.alive.held.map(([name, bytes]) =>
        make("li", {}, make("span", {}, name), make("b", {}, bytes)));
      drawn[0].figure.append(make("details", { class: "held" },
        make("summary", {}, say("alive at the peak")), make("ul", {}, ...held)));
      panel.replaceChildren(...drawn.map((one) => one.figure), stageTable(charts.stages, on));
    },
    mark(number, name) {
      for (const one of drawn) one.mark(number, name);
    },
  };
}
