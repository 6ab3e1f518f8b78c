// What is said of the layer that is pointed at: what it sees, and its arithmetic.

import { make, say, texts } from "./dom.js";
import { sightFigure } from "./sight.js";

/** Explanations out of the page's own data (see explanations.py). */
export function embedded(data) {
  const { own, layers, texts: words } = data;
  const read = (value) => {
    if (typeof value === "number") return words[value];
    if (Array.isArray(value)) return value.map(read);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, read(one)]));
  };
  return (number) => {
    const [place, memory, notes] = layers[number - 1];
    const field = [];
    for (let last = layers[number - 1][3]; last; last = last[0] ? layers[last[0] - 1][3] : null) {
      if (last[1]) field.unshift(read(last[1]));
    }
    return { ...read(own[place]), memory: read(memory), notes: read(notes), field };
  };
}

function steps(rows) {
  const body = rows.flatMap(([quantity, formula, numbers, value]) => [
    make("tr", {}, make("th", { scope: "row" }, quantity), make("td", { class: "number" }, value)),
    make("tr", { class: "how" }, make("td", { colspan: 2 },
      make("span", { class: "formula" }, formula),
      numbers ? make("span", { class: "numbers" }, `= ${numbers}`) : null)),
  ]);
  return make("table", { class: "texts steps" }, make("tbody", {}, ...body));
}

function growth(rows) {
  const heads = ["layer", "kernel", "jump", "sees", "start"].map(say);
  const body = rows.map(([name, kernel, jump, grows, ...rest]) => make("tr", {},
    make("th", { scope: "row" }, name, make("span", { class: "numbers" }, grows)),
    ...[kernel, jump, ...rest].map((text) => make("td", { class: "number" }, text))));
  const head = make("tr", {}, ...heads.map((text, at) =>
    make("th", { scope: "col", class: at ? "number" : null }, text)));
  return make("table", { class: "texts" }, make("thead", {}, head), make("tbody", {}, ...body));
}

function part(title, ...content) {
  return make("section", {}, make("h3", {}, say(title)), ...content);
}

function explained(found) {
  const parts = [part("Arithmetic of one sample", steps(found.steps))];
  if (found.product) parts.push(part("As a matrix product", make("p", { class: "formula" }, found.product)));
  parts.push(part("Memory of the batch", steps(found.memory),
    ...found.notes.map((note) => make("p", { class: "quiet" }, note))));
  if (found.otherwise.length) {
    const rows = found.otherwise.map(([what, , params, macs]) => [what, params, macs]);
    parts.push(part("The same output otherwise", texts(["", say("params"), say("MACs")], rows, [1, 2])));
  }
  if (found.field.length) {
    parts.push(part("How its receptive field grows", growth(found.field)));
  }
  parts.push(make("p", { class: "about quiet" }, found.about));
  return parts;
}

const BESIDE = 1080; // pixels of a report from which on the panel stands beside the table

/**
 * The panel; `show(layer, page)` fills it. Where room is short it is a drawer over the lower part of
 * the report, which opens for what `stays` alone.
 */
export function inspector({ close }) {
  const content = make("div", { class: "content" });
  const button = make("button", { type: "button", class: "close", "aria-label": say("Close"), click: close }, "×");
  const panel = make("aside", { class: "inspector", "aria-label": say("The layer pointed at") }, button, content);
  let shown = null;
  let told = "";
  let stays = false;

  /** Open or close the drawer, where the panel is one. */
  function open(wanted) {
    stays = wanted;
    const drawer = panel.popover !== null;
    if (drawer && panel.isConnected && panel.matches(":popover-open") !== wanted) panel.togglePopover(wanted);
    panel.parentElement?.classList.toggle("drawn-out", drawer && wanted);
  }

  /** Stand beside the table or below it, as the report has room. */
  function place(report) {
    const { left, width } = report.getBoundingClientRect();
    if (!width) return void (panel.popover !== null && panel.matches(":popover-open") && panel.hidePopover());
    const drawer = width < BESIDE;
    if (drawer !== (panel.popover !== null)) panel.popover = drawer ? "manual" : null;
    panel.style.setProperty("--drawer-left", `${Math.max(left, 0)}px`);
    panel.style.setProperty("--drawer-width", `${Math.min(width, innerWidth)}px`);
    open(stays);
  }

  async function show(layer, page, { hint = "", stays: kept = false } = {}) {
    panel.classList.toggle("filled", kept);
    open(kept);
    const said = layer && `${page.version} ${layer.number} ${hint}`;
    if (said && said === shown) return;
    shown = said;
    if (layer === null) {
      told = "";
      content.replaceChildren(make("p", { class: "quiet hint" },
        say("Point at a layer, or choose one with the arrow keys, to see its receptive field and its arithmetic.")));
      return;
    }
    const { data, explain } = page;
    const facts = make("dl", {}, ...layer.facts.map(([term, text]) =>
      make("div", {}, make("dt", {}, say(term)), make("dd", {}, text))));
    const head = [
      hint ? make("p", { class: "quiet" }, hint) : null,
      make("h2", {}, make("span", { class: "path" }, layer.prefix), layer.label),
      facts,
      data.sights ? sightFigure(data.sights, layer.number, page.nameOf) : null,
    ].filter(Boolean);
    const waiting = explain ? explain(layer.number, layer.name) : null;
    if (!waiting) return void content.replaceChildren(...head);
    const about = JSON.stringify([hint, layer.prefix, layer.label, layer.facts]);
    // while somebody types, what was said of the same layer stays until more is known
    if (typeof waiting.then === "function" && about !== told) content.replaceChildren(...head);
    told = about;
    const found = await waiting;
    if (shown === said && found) content.replaceChildren(...head, ...explained(found));
  }

  show(null);
  return { panel, show, place };
}
