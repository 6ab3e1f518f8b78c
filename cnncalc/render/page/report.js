// The page of a report: its parts put together, and what is pointed at told to all of them.

import { make, say, speak } from "./dom.js";
import { chartRow } from "./charts.js";
import { networkDiagram } from "./diagram.js";
import { embedded, inspector } from "./inspector.js";
import { layerTable } from "./table.js";

const THEMES = [["", "System"], ["light", "Light"], ["dark", "Dark"]];
const KEPT = "cnncalc-theme";

/** Light, dark, or as the system has it; kept where the browser lets us. */
function themeSwitch() {
  const root = document.documentElement;
  const set = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  let kept = "";
  try {
    kept = localStorage.getItem(KEPT) ?? "";
  } catch {
    // a file may have no storage
  }
  set(kept);
  const options = THEMES.map(([value, title]) => {
    const option = make("option", { value }, title);
    option.selected = value === kept;
    return option;
  });
  const select = make("select", { "aria-label": "Colours", change: () => {
    set(select.value);
    try {
      localStorage.setItem(KEPT, select.value);
    } catch {
      // then it holds for this page alone
    }
  } }, ...options);
  return select;
}

function findingList(findings, on) {
  const items = findings.map((one) => make("li", { class: one.severity },
    make("details", {},
      make("summary", {}, make("span", { class: "severity" }, one.severity),
        make("span", {}, one.message)),
      one.excerpt ? make("pre", {}, one.excerpt) : null,
      make("p", {}, one.why),
      one.hint ? make("p", {}, one.hint) : null,
      ...one.fixes.map((fix) => make("p", { class: "fix" }, fix)),
      make("p", { class: "quiet" }, `rule ${one.rule}: ${one.summary}`),
      one.layer ? make("button", { type: "button", click: () => on.choose(one.layer, true) }, "show the layer") : null)));
  return items.length
    ? make("ul", {}, ...items)
    : make("p", { class: "quiet" }, "No rule finds anything.");
}

/**
 * Draw a report into an element.
 *
 * data: what `page_data` gives. explain(number, name): what is said of a layer, or a promise of
 * it; not needed where the data has `explanations`. switcher: whether to offer light and dark.
 * words: the page's own words in another language, by the English ones. beside: whether it stands
 * beside an editor, where the table comes first. chosen(number): hears which layer is chosen.
 */
export function mount(element, data, { explain = null, switcher = true, words = {}, beside = false,
  chosen: chose = () => {} } = {}) {
  speak(words);
  const title = make("div", { class: "title" });
  const figures = make("ul", { class: "figures", "aria-label": say("Totals") });
  const findings = make("section", { class: "findings", "aria-label": say("Findings") });
  const totals = make("section", { class: "totals", "aria-label": say("Totals") });
  const status = make("p", { class: "status", role: "status" });
  const page = { data: {}, version: 0, explain: null, nameOf };
  let chosen = null;
  let said = ""; // by the title, the figures and the totals

  const on = {
    point(number) {
      mark(number);
    },
    choose(number, visibly = false) {
      if (number !== chosen) chose(number);
      chosen = number;
      table.choose(number, visibly);
      diagram.choose(number);
      mark(null);
      table.show();
    },
    block(first, last) {
      table.block(first, last);
    },
    told(text) {
      status.textContent = text;
    },
  };
  const table = layerTable(on);
  const diagram = networkDiagram({ ...on, choose: (number) => on.choose(number, true) });
  const charts = chartRow({ ...on, choose: (number) => on.choose(number, true) });
  const panel = inspector({ close: () => {
    on.choose(null);
    table.focused()?.focus();
  } });

  /** Show what is pointed at, or what is chosen where nothing is. */
  function mark(number) {
    const shown = number ?? chosen;
    table.point(number);
    diagram.point(number);
    const layer = shown ? table.layer(shown) : null;
    charts.mark(shown, layer ? layer.prefix + layer.label : "");
    tell(shown);
  }

  /** Say what there is to say of a layer; of the busiest one where none is meant. */
  function tell(number) {
    const busiest = number ? null : page.data.table?.busiest;
    const layer = number || busiest ? table.layer(number || busiest) : null;
    const hint = busiest ? say("The busiest layer. Point at another, or choose one with the arrow keys.") : "";
    panel.show(layer, page, { hint, stays: chosen !== null });
  }

  /** The name of a node of the graph: inputs come first. */
  function nameOf(node) {
    const inputs = page.data.sights?.inputs ?? [];
    if (node < inputs.length) return inputs[node][0];
    const layer = table.layer(node - inputs.length + 1);
    return layer ? layer.prefix + layer.label : "";
  }

  const filter = make("input", { type: "search", placeholder: say("Filter names and kinds"),
    "aria-label": say("Filter layers by name and kind"), input: () => table.filter(filter.value) });
  const fold = (text, open) => make("button", { type: "button", click: () => table.fold(open) }, text);
  const layers = make("section", { class: "table", "aria-label": say("Layers") },
    make("div", { class: "bar-above" }, make("h2", {}, say("Layers")), filter, fold(say("Fold"), false),
      fold(say("Unfold"), true), status),
    table.table);

  /** The name and the totals; where they are what they were, nothing is touched. */
  function head({ name, source, heading, figures: large, totals: sums }) {
    const now = JSON.stringify([name, source, heading, large, sums]);
    if (now === said) return;
    said = now;
    title.replaceChildren(make("h1", {}, name), make("p", { class: "source" }, source),
      make("p", { class: "heading" }, heading));
    figures.replaceChildren(...large.map(([value, what]) =>
      make("li", {}, make("b", {}, value), make("span", {}, say(what)))));
    totals.replaceChildren(make("h2", {}, say("Totals")), make("table", {}, make("tbody", {},
      ...sums.map(([about, value, parts]) => make("tr", {}, make("th", { scope: "row" }, say(about)),
        make("td", { class: "number" }, value), make("td", { class: "quiet" }, parts))))));
  }

  function add(more) {
    Object.assign(page.data, more);
    page.version += 1;
    const now = page.data;
    if (more.name !== undefined) head(now);
    if (more.table) table.fill(more.table);
    if (more.charts) charts.fill(more.charts);
    if (more.diagram !== undefined) diagram.panel.hidden = !more.diagram;
    if (more.diagram) {
      diagram.fill(more.diagram, (number) => nameOf(number + (now.table?.first ?? 1) - 1));
    }
    if (more.findings) findings.replaceChildren(make("h2", {}, say("Findings")), findingList(more.findings, on));
    if (more.explanations) page.explain = embedded(more.explanations);
    else if (explain) page.explain = explain;
    if (now.table) tell(chosen);
  }

  function update(fresh) {
    const name = chosen ? table.layer(chosen)?.name : null;
    chosen = null;
    page.data = {};
    add(fresh);
    chosen = name ? table.number(name) : null;
    on.choose(chosen);
  }

  diagram.panel.hidden = true; // until there is one; that of the text before stays till the next
  element.classList.add("report");
  element.classList.toggle("beside", beside);
  const panes = make("div", { class: "panes" }, layers, panel.panel);
  panes[beside ? "append" : "prepend"](diagram.panel);
  element.replaceChildren(make("header", {}, title, switcher ? themeSwitch() : null), figures,
    ...(beside ? [panes, charts.panel] : [charts.panel, panes]), findings, totals);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || chosen === null) return;
    on.choose(null);
    table.focused()?.focus({ preventScroll: true });
  });
  new ResizeObserver(() => panel.place(element)).observe(element);
  update(data);
  return { update, add, select: (number) => on.choose(number, true) };
}
