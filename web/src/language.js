// What the editor knows of the language: completion and hover, from the JSON Schema and the
// reference of layer kinds, both made by the program.
import { syntaxTree } from "@codemirror/language";
import { code, make } from "./elements.js";

const COMMON = ["conv", "batch_norm", "relu", "max_pool", "linear", "add", "concat"]; // offered first
const LISTS = ["layers", "blocks"]; // keys of a file that hold layers
const NAMING = ["from", "share", "like"]; // keys whose value is the name of a layer

/** Completion and hover for a language (`language.json`) and the shipped networks' names. */
export function knowledge({ schema, layers, words }, networks) {
  const kinds = new Map(layers.map((kind) => [kind.kind, kind]));
  const common = schema.$defs.layer.anyOf.find((form) => form.properties).properties;
  const keys = schema.properties;

  /** Where a word stands: at the file's keys, as a layer, as an option of a kind, as a value. */
  function place(state, position) {
    const around = keysAround(state, position);
    const [top] = around;
    const last = around.at(-1);
    if (!top) return { at: "top" };
    if (last.value) {
      // `max_pool: |` has a main option, `filters: |` is one of the kind around it
      const kind = kinds.get(around.at(-2)?.key) ?? null;
      const main = kinds.get(last.key);
      const option = kind?.options.find(({ name }) => name === last.key) ?? main?.options.find(({ main }) => main);
      return { at: "value", key: last.key, option };
    }
    const kind = kinds.get(last.key);
    if (kind && !last.listed) return { at: "options", kind };
    const main = kind?.options.find((option) => option.main);
    if (kind && !/branches/.test(main?.takes ?? "")) return { at: "value", key: last.key, option: main };
    if (!LISTS.includes(top.key)) return { at: "value", key: last.key };
    if (top.key === "blocks" && around.length === 1 && !last.listed) return { at: "header" };
    return { at: last.listed ? "layer" : "beside" };
  }

  function complete(context) {
    const word = context.matchBefore(/[A-Za-z_]\w*/);
    const from = word?.from ?? context.pos;
    const before = context.state.sliceDoc(Math.max(0, from - 2), from);
    if (!word && !context.explicit && !/(^|[-[{:,]) $|[[{]$/.test(before)) return null;
    const options = offered(context.state, from);
    return options.length ? { from, options, validFor: /^\w*$/ } : null;
  }

  function offered(state, position) {
    const where = place(state, position);
    const mine = own(state);
    if (where.at === "header") return [];
    if (where.at === "top") return entries(keys, (name) => (LISTS.includes(name) ? `${name}:\n  ` : `${name}: `));
    if (where.at === "options") return where.kind.options.map((option) => optionEntry(where.kind, option));
    if (where.at === "layer" || where.at === "beside") {
      const blocks = [...mine.blocks].map(([label, inner]) => ({ label, type: "function", detail: `(${inner.join(", ")})`, boost: 1 }));
      const listed = [...blocks, ...layers.map(kindEntry)];
      return where.at === "layer" ? listed : [...entries(common, (name) => `${name}: `), ...listed];
    }
    if (where.key === "extends") return networks.map((label) => ({ label, type: "constant" }));
    if (NAMING.includes(where.key)) return mine.names.map((label) => ({ label, type: "variable" }));
    return [
      ...choices(where.option),
      ...[...mine.values].map((label) => ({ label, type: "variable", boost: 1 })),
      ...words.map((label) => ({ label, type: "keyword" })),
      ...mine.names.map((label) => ({ label, type: "text" })),
    ];
  }

  function hover(view, position) {
    const line = view.state.doc.lineAt(position);
    for (const match of line.text.matchAll(/[A-Za-z_]\w*/g)) {
      const from = line.from + match.index;
      const end = from + match[0].length;
      if (position < from || position > end) continue;
      const dom = explained(view.state, from, match[0]);
      return dom && { pos: from, end, above: true, create: () => ({ dom }) };
    }
    return null;
  }

  /** What is to be said of a word; nothing of a comment or of prose. */
  function explained(state, from, word) {
    if (syntaxTree(state).resolveInner(from, 1).name === "Comment") return null;
    const where = place(state, from);
    if (where.at === "top") return keys[word] ? told(word, keys[word].description) : null;
    if (where.at === "options") {
      const option = where.kind.options.find(({ name }) => name === word);
      return option ? optionTold(where.kind, option) : null;
    }
    if (where.at !== "layer" && where.at !== "beside") return null;
    if (kinds.has(word)) return kindTold(kinds.get(word));
    if (common[word]) return told(word, common[word].description);
    const inner = own(state).blocks.get(word);
    return inner ? told(`${word}(${inner.join(", ")})`) : null;
  }

  return { complete, hover, place };
}

/**
 * The keys of the mappings around a position, outermost first: the key, whether the position is
 * in its plain value on the same line, and whether it begins an item of a list there.
 */
function keysAround(state, position) {
  const line = state.doc.lineAt(position);
  const before = state.sliceDoc(line.from, position);
  const indent = position - line.from;
  const dashed = /(^|\s)-\s+$/.test(before);
  const blank = !/[^\s-]/.test(before);
  if (blank && indent === 0) return [];
  // blanks belong to no node: what was written last before them tells where they are
  const from = /\s$/.test(before) || !before ? state.sliceDoc(0, position).trimEnd().length : position;
  const found = [];
  let bracket = "";
  for (let node = syntaxTree(state).resolveInner(from, -1); node; node = node.parent) {
    if (!bracket && /^Flow/.test(node.name) && closesBehind(state, node, position)) bracket = node.name;
    if (node.name !== "Pair") continue;
    const key = node.getChild("Key");
    if (!key || position <= key.to) continue; // the word is the key itself
    const start = state.doc.lineAt(key.from);
    const same = start.number === line.number;
    if (!same && blank && key.from - start.from >= indent) continue; // another key beside it
    const inner = /[[{]/.test(state.sliceDoc(key.to, position));
    const listed = !found.length && (bracket ? bracket === "FlowSequence" : dashed);
    const name = state.sliceDoc(key.from, key.to).replace(/\s*\(.*$/s, "");
    found.unshift({ key: name, listed, value: !found.length && same && !inner && !dashed });
  }
  return found;
}

/** Whether brackets are still open at a position. */
function closesBehind(state, node, position) {
  const sign = state.sliceDoc(node.to - 1, node.to);
  return node.from < position && (position < node.to || !/[\]}]/.test(sign));
}

/** What the file itself gives names: values of expressions, blocks with parameters, layers. */
function own(state) {
  const values = new Set();
  const blocks = new Map();
  const names = new Set();
  syntaxTree(state).iterate({
    enter(node) {
      if (node.name !== "Pair") return;
      const key = node.node.getChild("Key");
      if (!key) return;
      const word = state.sliceDoc(key.from, key.to);
      const above = keysAround(state, key.from).map((one) => one.key);
      if (above.length === 1 && above[0] === "parameters") values.add(word);
      if (above.length === 1 && above[0] === "blocks") {
        const [, name, , inner] = /^(\w+)\s*(\((.*)\))?/s.exec(word) ?? [];
        const parameters = (inner ?? "").split(",").map((part) => part.split("=")[0].trim()).filter(Boolean);
        if (name) blocks.set(name, parameters);
        for (const parameter of parameters) values.add(parameter);
      }
      if (word === "name" && above.length) names.add(state.sliceDoc(key.to + 1, node.to).trim());
    },
  });
  return { values, blocks, names: [...names] };
}

const entries = (properties, apply) =>
  Object.entries(properties)
    .filter(([, value]) => value.description)
    .map(([label, value]) => ({ label, type: "property", info: value.description, apply: apply(label) }));

const kindEntry = (kind) => ({
  label: kind.kind,
  type: "class",
  detail: kind.family,
  boost: COMMON.includes(kind.kind) ? 1 : 0,
  info: () => kindTold(kind),
  apply: kind.example,
});

const optionEntry = (kind, option) => ({
  label: option.name,
  type: "property",
  detail: option.takes,
  info: () => optionTold(kind, option),
  apply: `${option.name}: `,
  boost: option.required ? 2 : 0,
});

/** The words that an option takes, as its reference names them. */
const choices = (option) =>
  (/^one of ([\w, ]+)$/.exec(option?.takes ?? "")?.[1] ?? "")
    .split(", ")
    .filter(Boolean)
    .map((label) => ({ label, type: "constant", boost: 2 }));

/** A text with its `code` in code. */
const prose = (text) => text.split(/`([^`]*)`/).map((part, index) => (index % 2 ? code(part) : part));

const told = (head, ...texts) =>
  make("div", { class: "told" }, make("strong", { text: head }), ...texts.filter(Boolean).map((text) => make("p", {}, ...prose(text))));

function optionTold(kind, option) {
  const preset = option.required
    ? "required"
    : option.default_from
      ? `default: that of ${option.default_from}`
      : option.default === null
        ? "optional"
        : `default ${JSON.stringify(option.default)}`;
  return told(`${kind.kind} · ${option.name}`, option.help, `${option.takes} (${preset})`);
}

/** A layer kind as its reference has it. */
function kindTold(kind) {
  const paragraphs = kind.description.split(/\n\s*\n/).map((part) => part.replace(/\s*\n\s*/g, " "));
  const found = told(kind.kind, ...paragraphs);
  const options = kind.options.map((option) => make("li", {}, code(option.name), " ", ...prose(option.help)));
  if (options.length) found.append(make("ul", {}, ...options));
  found.append(make("pre", { text: `- ${kind.example}` }));
  return found;
}
