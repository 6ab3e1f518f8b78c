// The layer table: a tree of blocks and layers that folds, sorts and is filtered.

import { make, plainKey, say } from "./dom.js";

const ORDER = [null, "descending", "ascending"];
// columns that give way where room is short, the first one first; a kind then stands below the name
const GIVES_WAY = ["start", "index", "buffers", "activations", "flops", "kind", "memory", "field"];
const PADDING = 14; // pixels around a cell's text

const BREAKS = /(?<=[._])/; // a long name may be broken behind these

/** A name that is broken between its words, where it has to be. */
function broken(name) {
  return name.split(BREAKS).flatMap((part, at) => (at ? [make("wbr"), part] : [part]));
}

let digits = 0;

/** Pixels of a digit in the table's font. */
function digitWidth() {
  if (!digits) {
    const context = document.createElement("canvas").getContext("2d");
    context.font = `13px ${getComputedStyle(document.body).fontFamily}`;
    digits = context.measureText("0").width || 7.5;
  }
  return digits;
}

/** The table; `on.point(number)`, `on.choose(number)` and `on.told(text)` hear what happens. */
export function layerTable(on) {
  // rows that are out of sight are not laid out; that takes blocks in place of a table's boxes,
  // which would lose their roles
  const head = make("thead", { role: "rowgroup" });
  const body = make("tbody", { role: "rowgroup" });
  const table = make("table", { class: "layers", role: "treegrid", "aria-label": say("Layers"),
    "aria-readonly": "true" }, head, body);
  const state = { sort: null, order: null, folds: new Map(), terms: [], chosen: null, pointed: null };
  let columns = [];
  let rows = [];
  let byNumber = [];
  let drawn = ""; // the columns that the titles and the rows' elements are of
  let room = 0; // pixels that the table has
  let asked = false; // whether somebody asked for just these columns: then none gives way
  let names = { least: 0, usual: 0 }; // characters that the names need
  let focused = null;
  let entry = null; // the row that the Tab key leads to

  const isOpen = (row) => state.folds.get(row.name) ?? row.level + 1 < row.open;

  function fill(data) {
    columns = data.columns.map((column, at) => ({ ...column,
      width: Math.max(column.title.length + 1.5, ...data.rows.map((row) => row[4][at].length)) }));
    asked = data.asked;
    names = { least: 0, usual: 0 };
    for (const [level, label] of data.rows) {
      const indent = 2 * level + 3;
      const word = Math.max(...label.split(BREAKS).map((part) => part.length));
      names.least = Math.max(names.least, Math.min(word, 24) + indent);
      names.usual = Math.max(names.usual, Math.min(label.length, 30) + indent);
    }
    measure();
    const now = JSON.stringify(columns.map(({ key, title, number, most }) => [key, title, number, most]));
    const before = now === drawn ? new Map(rows.map((row) => [row.name, row])) : new Map();
    const above = [];
    let number = 0;
    rows = data.rows.map((said) => {
      const [level, label, name, count, cells, values, failed] = said;
      above.length = level;
      const parent = above[level - 1] ?? null;
      const row = { level, label, name, count, cells, values, failed, parent, open: data.open, said: JSON.stringify(said) };
      // what is said of most layers stays the same from one keystroke to the next
      const twin = before.get(name);
      if (twin?.element && twin.said === row.said) {
        row.element = twin.element;
        row.element.row = row;
        before.delete(name);
        if (focused === twin) focused = row;
      }
      row.prefix = parent ? `${parent.prefix}${parent.label}.` : "";
      row.number = count ? null : ++number;
      row.first = number + (count ? 1 : 0);
      row.last = count ? number + count : number;
      row.text = `${row.prefix}${label} ${kind(row)}`.toLowerCase();
      above[level] = row;
      return row;
    });
    byNumber = rows.filter((row) => !row.count);
    if (state.sort && !columns.some((column) => column.key === state.sort)) state.sort = null;
    if (now !== drawn) titles();
    drawn = now;
    arrange();
  }

  /** Columns as wide as their longest texts; those for which there is no room give way. */
  function measure() {
    const digit = digitWidth();
    const pixels = ({ key, width }) => (key === "kind" ? Math.min(width, 18) : width) * digit + PADDING;
    const left = (kept) => room - kept.reduce((sum, column) => sum + pixels(column), 0);
    let kept = columns;
    for (const key of asked ? [] : GIVES_WAY) {
      if (!room || left(kept) >= Math.min(names.usual, 16) * digit) break;
      kept = kept.filter((column) => column.key !== key);
    }
    const least = Math.min(names.least * digit, Math.max(left(kept), 96));
    const tracks = kept.map((column) => (column.key === "kind"
      ? `minmax(${pixels(column).toFixed(1)}px, ${(column.width * digit + PADDING).toFixed(1)}px)`
      : `${pixels(column).toFixed(1)}px`));
    const wanted = [`minmax(${least.toFixed(1)}px, 1fr)`, ...tracks].join(" ");
    if (table.style.getPropertyValue("--columns") !== wanted) table.style.setProperty("--columns", wanted);
    const without = columns.filter((column) => !kept.includes(column)).map((column) => column.key).join(" ");
    if (table.dataset.without !== without) table.dataset.without = without;
  }

  const kind = (row) => row.cells[columns.findIndex((column) => column.key === "kind")] ?? "";

  function titles() {
    const all = [{ key: "name", title: "layer" }, ...columns];
    head.replaceChildren(make("tr", { role: "row" }, ...all.map((column) => {
      const sorted = state.sort === column.key ? state.order : null;
      return make("th", { scope: "col", role: "columnheader", "data-key": column.key,
        "aria-sort": sorted ?? "none", class: classes(column) },
      make("button", { type: "button", click: () => sortBy(column) }, say(column.title)));
    })));
  }

  const classes = ({ number }) => (number ? "number" : null);

  function sortBy(column) {
    const order = column.number ? ORDER : [null, "ascending", "descending"];
    const now = state.sort === column.key ? order.indexOf(state.order) : 0;
    state.order = order[(now + 1) % 3];
    state.sort = state.order ? column.key : null;
    for (const cell of head.rows[0].cells) {
      cell.setAttribute("aria-sort", cell.dataset.key === state.sort ? state.order : "none");
    }
    arrange();
    on.told(state.sort ? `sorted by ${column.title}, ${state.order}` : "in order of execution");
  }

  function hits(row) {
    return state.terms.every((term) => row.text.includes(term));
  }

  /** The rows to be seen, in their order. */
  function visible() {
    const filtered = state.terms.length > 0;
    if (state.sort) {
      const found = rows.filter((row) => (filtered ? !row.count && hits(row) : ends(row)));
      return found.sort(comparison());
    }
    if (!filtered) return rows.filter(inSight);
    const kept = new Set();
    for (const row of byNumber) {
      if (!hits(row)) continue;
      for (let one = row; one && !kept.has(one); one = one.parent) kept.add(one);
    }
    return rows.filter((row) => kept.has(row));
  }

  function inSight(row) {
    for (let one = row.parent; one; one = one.parent) if (!isOpen(one)) return false;
    return true;
  }

  const ends = (row) => inSight(row) && !(row.count && isOpen(row));

  function comparison() {
    const at = columns.findIndex((column) => column.key === state.sort);
    const sign = state.order === "ascending" ? 1 : -1;
    const text = (row) => (at < 0 ? row.prefix + row.label : row.cells[at]);
    const collator = new Intl.Collator(undefined, { numeric: true });
    if (at >= 0 && columns[at].number || rows[0]?.values[at] !== null && at >= 0) {
      return (a, b) => sign * (a.values[at] - b.values[at]) || a.first - b.first;
    }
    return (a, b) => sign * collator.compare(text(a), text(b)) || a.first - b.first;
  }

  function arrange() {
    const shown = visible();
    table.classList.toggle("sorted", state.sort !== null);
    show(shown.map(element));
    if (!shown.includes(focused)) {
      focused = (state.chosen && shown.find((row) => row.number === state.chosen)) || shown[0] || null;
    }
    entry?.setAttribute("tabindex", "-1");
    entry = focused?.element;
    entry?.setAttribute("tabindex", "0");
    if (state.terms.length) {
      const found = shown.filter((row) => !row.count).length;
      on.told(`${found} of ${byNumber.length} layers`);
    }
    mark();
  }

  /** The rows' elements in their order; those that stand right already are not touched. */
  function show(wanted) {
    const kept = new Set(wanted);
    for (const line of [...body.children]) if (!kept.has(line)) line.remove();
    let place = body.firstElementChild;
    for (const line of wanted) {
      if (line === place) place = place.nextElementSibling;
      else body.insertBefore(line, place);
    }
  }

  function element(row) {
    if (!row.element) row.element = build(row);
    if (row.count) {
      const open = String(state.terms.length > 0 || isOpen(row));
      if (row.element.ariaExpanded !== open) row.element.ariaExpanded = open;
    }
    return row.element;
  }

  function build(row) {
    const name = make("th", { scope: "row", role: "rowheader", "data-key": "name" },
      make("span", { class: "caret", "aria-hidden": "true" }),
      make("span", { class: "path" }, ...broken(row.prefix)), make("span", { class: "label" }, ...broken(row.label)),
      make("span", { class: "kind" }, kind(row)));
    name.style.setProperty("--level", row.level);
    const cells = row.cells.map((text, at) => {
      const { key, most } = columns[at];
      const cell = make("td", { role: "gridcell", "data-key": key, class: classes(columns[at]) }, text);
      if (most && row.values[at]) {
        const bar = make("span", { class: "bar", "data-key": key, "aria-hidden": "true" });
        bar.style.width = `${Math.max((100 * row.values[at]) / most, 0.6)}%`;
        cell.append(bar);
      }
      return cell;
    });
    const line = make("tr", { role: "row", class: `${row.count ? "block" : "layer"}${row.failed ? " failed" : ""}`,
      title: row.failed ?? null, "aria-level": row.level + 1, tabindex: "-1" }, name, ...cells);
    line.row = row;
    return line;
  }

  function toggle(row, open = !isOpen(row)) {
    state.folds.set(row.name, open);
    focused = row;
    arrange();
    row.element.focus({ preventScroll: true });
  }

  function focus(row) {
    if (!row) return;
    entry?.setAttribute("tabindex", "-1");
    focused = row;
    entry = row.element;
    entry.setAttribute("tabindex", "0");
    entry.focus();
    if (!row.count) on.choose(row.number);
  }

  const target = (event) => event.target.closest("tr")?.row;
  body.addEventListener("click", (event) => {
    const row = target(event);
    if (!row || getSelection().toString()) return;
    if (row.count) toggle(row);
    else focus(row);
  });
  body.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") on.point(target(event)?.number ?? null);
  });
  body.addEventListener("pointerleave", () => on.point(null));
  body.addEventListener("keydown", (event) => {
    const row = target(event);
    if (!row || !plainKey(event)) return;
    const shown = [...body.rows].map((line) => line.row);
    const at = shown.indexOf(row);
    const open = row.count && isOpen(row);
    const deeds = {
      ArrowDown: () => focus(shown[at + 1]),
      ArrowUp: () => focus(shown[at - 1]),
      Home: () => focus(shown[0]),
      End: () => focus(shown[shown.length - 1]),
      ArrowRight: () => (row.count && !open ? toggle(row, true) : focus(shown[at + 1])),
      ArrowLeft: () => (open ? toggle(row, false) : row.parent?.element && focus(row.parent)),
      Enter: () => (row.count ? toggle(row) : focus(row)),
      " ": () => (row.count ? toggle(row) : focus(row)),
    };
    if (!deeds[event.key]) return;
    event.preventDefault();
    deeds[event.key]();
  });

  /** The row that stands for a layer: its own, or the folded block around it. */
  function standing(number) {
    let row = byNumber[number - 1];
    while (row && !row.element?.isConnected) row = row.parent;
    return row ?? null;
  }

  function mark() {
    for (const line of body.querySelectorAll(".chosen, .pointed")) {
      line.classList.remove("chosen", "pointed");
      line.removeAttribute("aria-selected");
    }
    if (state.pointed) standing(state.pointed)?.element.classList.add("pointed");
    const chosen = state.chosen && standing(state.chosen)?.element;
    if (chosen) {
      chosen.classList.add("chosen");
      chosen.setAttribute("aria-selected", "true");
    }
  }

  function reveal(row) {
    if (!row) return;
    for (let one = row.parent; one; one = one.parent) state.folds.set(one.name, true);
    if (!row.element?.isConnected) arrange();
    row.element?.scrollIntoView({ block: "nearest" });
  }

  // what still does not fit scrolls by itself, and not with the page
  new ResizeObserver(() => {
    const pane = table.parentElement;
    if (!pane) return;
    if (pane.clientWidth !== room) {
      room = pane.clientWidth;
      measure();
    }
    pane.classList.toggle("wide-table", table.scrollWidth > pane.clientWidth + 1);
  }).observe(table);

  return {
    table,
    fill,
    filter(text) {
      state.terms = text.toLowerCase().split(/\s+/).filter(Boolean);
      arrange();
    },
    fold(open) {
      for (const row of rows) if (row.count) state.folds.set(row.name, open);
      arrange();
    },
    point(number) {
      state.pointed = number;
      mark();
    },
    choose(number, visibly) {
      state.chosen = number;
      if (visibly && number) reveal(byNumber[number - 1]);
      mark();
    },
    /** Bring the chosen row into view, once what covers it is there. */
    show() {
      if (state.chosen) standing(state.chosen)?.element.scrollIntoView({ block: "nearest" });
    },
    block(first, last) {
      const row = rows.find((one) => one.first === first && one.last === last && one.count);
      reveal(row ?? byNumber[first - 1]);
      if (row?.element) focus(row);
    },
    /** A layer with what is said of it. */
    layer(number) {
      const row = byNumber[number - 1];
      if (!row) return null;
      const facts = columns.map(({ title, key }, at) => [title, row.cells[at], key])
        .filter(([, text, key]) => text && key !== "index");
      return { ...row, facts };
    },
    number(name) {
      return byNumber.find((row) => row.name === name)?.number ?? null;
    },
    count: () => byNumber.length,
    focused: () => focused?.element,
  };
}
