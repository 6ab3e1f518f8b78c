// A form for who does not write YAML: it edits the text of the file and nothing else.
import { by, make } from "./elements.js";
import { say } from "./texts.js";

/**
 * The form; `language` is the reference of the kinds, `outcome` answers what a text makes of a line:
 * `{shape}` or `{message}`.
 */
export function layerForm(editor, language, outcome) {
  const place = by("layer-form");
  const kinds = language.layers.filter((kind) => !kind.options.some((option) => option.main && /branches/.test(option.takes)));
  let kind = kinds[0];
  let values = {};
  let asked = 0;

  function draw() {
    const select = make("select", { "aria-label": say("kind"), onchange: ({ target }) => choose(target.value) },
      ...kinds.map((one) => make("option", { value: one.kind, text: one.kind, selected: one === kind })));
    const fields = kind.options.map((option) => {
      const preset = option.default === null || option.default === undefined ? "" : JSON.stringify(option.default);
      const input = make("input", { placeholder: preset, title: `${option.help}: ${option.takes}`, value: values[option.name] ?? "", autocomplete: "off", required: option.required });
      input.addEventListener("input", () => {
        values[option.name] = input.value.trim();
        preview();
      });
      return make("label", { class: "control" }, make("span", { text: option.name }), input, make("small", { class: "quiet", text: `${option.help}: ${option.takes}` }));
    });
    const told = make("p", { id: "form-outcome", role: "status" });
    const buttons = make("div", { class: "form-tools" },
      make("button", { type: "button", text: say("addLayer"), onclick: add }),
      make("button", { type: "button", text: say("moveUp"), onclick: () => move(-1) }),
      make("button", { type: "button", text: say("moveDown"), onclick: () => move(1) }),
      make("button", { type: "button", text: say("deleteLayer"), onclick: remove }));
    place.replaceChildren(select, ...fields, told, buttons);
    preview();
  }

  function choose(name) {
    kind = kinds.find((one) => one.kind === name);
    values = {};
    draw();
  }

  /** The layer as the file writes it. */
  function written() {
    const given = Object.entries(values).filter(([, value]) => value);
    if (!given.length) return kind.kind;
    const main = kind.options.find((option) => option.main);
    if (given.length === 1 && given[0][0] === main?.name) return `${kind.kind}: ${given[0][1]}`;
    return `${kind.kind}: {${given.map(([name, value]) => `${name}: ${value}`).join(", ")}}`;
  }

  /** The entry of a list at the cursor: its first and last line and its indent; the last one else. */
  function entry() {
    const lines = editor.text().split("\n");
    const view = editor.view.state;
    let at = view.doc.lineAt(view.selection.main.head).number - 1;
    while (at >= 0 && !/^\s*- /.test(lines[at])) at -= 1;
    if (at < 0) {
      at = lines.length - 1;
      while (at >= 0 && !/^\s*- /.test(lines[at])) at -= 1;
    }
    if (at < 0) return null;
    const indent = /^\s*/.exec(lines[at])[0].length;
    let end = at + 1;
    while (end < lines.length && lines[end].trim() && /^\s*/.exec(lines[end])[0].length > indent) end += 1;
    return { lines, from: at, end, indent };
  }

  function added() {
    const found = entry();
    const lines = found ? [...found.lines] : editor.text().replace(/\n*$/, "").split("\n");
    const indent = " ".repeat(found?.indent ?? 2);
    const line = found ? found.end : lines.length + (/^layers:/m.test(editor.text()) ? 0 : 1);
    if (!found && !/^layers:/m.test(editor.text())) lines.push("layers:");
    lines.splice(line, 0, `${indent}- ${written()}`);
    return { text: lines.join("\n"), line: line + 1 };
  }

  async function preview() {
    const mine = ++asked;
    const { text, line } = added();
    const answer = await outcome(text, line);
    if (mine !== asked || !answer) return;
    by("form-outcome").textContent = answer.shape ? `→ ${answer.shape}` : (answer.message ?? "");
  }

  function add() {
    const { text, line } = added();
    editor.rewrite(text, line);
    preview();
  }

  function move(step) {
    const found = entry();
    if (!found) return;
    const { lines, from, end, indent } = found;
    const own = lines.slice(from, end);
    const rest = [...lines.slice(0, from), ...lines.slice(end)];
    let to = from + (step < 0 ? -1 : 0);
    const starts = (line) => line !== undefined && new RegExp(`^ {${indent}}- `).test(line);
    if (step < 0) {
      while (to >= 0 && !starts(rest[to])) {
        if (!rest[to].trim() || /^\s*/.exec(rest[to])[0].length < indent) return;
        to -= 1;
      }
      if (to < 0) return;
    } else {
      if (!starts(rest[to])) return;
      to += 1;
      while (to < rest.length && rest[to].trim() && /^\s*/.exec(rest[to])[0].length > indent) to += 1;
    }
    rest.splice(to, 0, ...own);
    editor.rewrite(rest.join("\n"), to + 1);
  }

  function remove() {
    const found = entry();
    if (!found) return;
    const { lines, from, end } = found;
    editor.rewrite([...lines.slice(0, from), ...lines.slice(end)].join("\n"), Math.max(from, 1));
  }

  by("form-toggle").addEventListener("click", () => {
    place.hidden = !place.hidden;
    by("form-toggle").setAttribute("aria-expanded", String(!place.hidden));
    if (!place.hidden) draw();
  });
  place.addEventListener("submit", (event) => event.preventDefault());
  return { refresh: () => !place.hidden && preview() };
}
