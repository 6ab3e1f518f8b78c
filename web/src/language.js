// What the editor knows of the language: completion and hover, from the JSON Schema and the
// reference of layer kinds, both made by the program.
import { syntaxTree } from "@codemirror/language";
import { make } from "./elements.js";

const HEADER = /^\s*([A-Za-z_]\w*)\s*(?:\(([^)]*)\))?\s*$/;

/** Completion and hover for a language (`language.json`) and the shipped networks' names. */
export function knowledge({ schema, layers, words }, networks) {
  const kinds = new Map(layers.map((kind) => [kind.kind, kind]));
  const common = schema.$defs.layer.anyOf.find((form) => form.properties).properties;
  const keys = schema.properties;

  /** What the file itself gives names: parameters, blocks with theirs, layers. */
  function own(state) {
    const text = state.doc.toString();
    const parameters = [...text.matchAll(/^parameters:\s*\{([^}]*)/gm)].flatMap(([, inner]) => inner.match(/[A-Za-z_]\w*(?=\s*:)/g) ?? []);
    const block = /^parameters:[ \t]*\n((?:[ \t]+.*\n?)*)/m.exec(text);
    for (const [, name] of block?.[1].matchAll(/^[ \t]+([A-Za-z_]\w*)\s*:/gm) ?? []) parameters.push(name);
    const blocks = new Map();
    const body = /^blocks:[ \t]*\n((?:[ \t]+.*\n?|\s*\n|#.*\n)*)/m.exec(text)?.[1] ?? "";
    for (const [, name, , inner] of body.matchAll(/^ {1,4}([A-Za-z_]\w*)(\(([^)]*)\))?:/gm)) {
      blocks.set(name, (inner ?? "").split(",").map((part) => part.split("=")[0].trim()).filter(Boolean));
    }
    const names = [...text.matchAll(/\bname:\s*([A-Za-z_][\w]*)/g)].map(([, name]) => name);
    return { parameters, blocks, names: [...new Set(names)] };
  }

  /** What stands at a position: `top`, `layer`, `options`, `beside` or `value`, and of what. */
  function place(state, position) {
    const found = around(state, position);
    const path = found.path;
    if (!path.length && !found.listed) return { at: found.value ? "value" : "top", key: found.value, path };
    const last = path.at(-1);
    if (kinds.has(last) && !found.listed) {
      return found.value ? { at: "value", kind: last, key: found.value, path } : { at: "options", kind: last, path };
    }
    if (path[0] === "layers" || path[0] === "blocks") {
      if (found.value) return { at: "value", kind: kinds.has(found.value) ? found.value : null, key: found.value, path };
      return { at: found.inside ? "beside" : "layer", path };
    }
    return { at: "value", key: last ?? found.value, path };
  }

  function complete(context) {
    const word = context.matchBefore(/[A-Za-z_]\w*/);
    if (!word && !context.explicit && !/[-\[{:,] ?$/.test(context.state.sliceDoc(Math.max(0, context.pos - 2), context.pos))) return null;
    const from = word?.from ?? context.pos;
    const options = offered(context.state, from);
    return options.length ? { from, options, validFor: /^\w*$/ } : null;
  }

  function offered(state, position) {
    const where = place(state, position);
    const mine = own(state);
    if (where.at === "top") return entries(keys, "property", (name) => (name in { layers: 1, blocks: 1 } ? `${name}:\n  ` : `${name}: `));
    if (where.at === "options") return kindOptions(kinds.get(where.kind));
    if (where.at === "layer" || where.at === "beside") {
      const listed = [
        ...layers.map((kind) => ({ label: kind.kind, type: "class", detail: kind.family, info: () => told(kind), apply: kind.example })),
        ...[...mine.blocks].map(([label, inner]) => ({ label, type: "function", detail: `(${inner.join(", ")})`, boost: 1 })),
      ];
      return where.at === "beside" ? [...entries(common, "property", (name) => `${name}: `), ...listed] : listed;
    }
    if (where.key === "extends") return networks.map((name) => ({ label: name, type: "constant" }));
    if (["from", "share", "like"].includes(where.key)) return mine.names.map((label) => ({ label, type: "variable" }));
    const option = kinds.get(where.kind)?.options.find((one) => one.name === where.key);
    const choices = option ? (option.takes.match(/`([^`]+)`/g) ?? []).map((one) => ({ label: one.slice(1, -1), type: "constant" })) : [];
    const inner = [...mine.blocks.values()].flat();
    return [
      ...choices,
      ...[...new Set([...mine.parameters, ...inner])].map((label) => ({ label, type: "variable", boost: 1 })),
      ...words.map((label) => ({ label, type: "keyword" })),
      ...mine.names.map((label) => ({ label, type: "text" })),
    ];
  }

  function hover(view, position) {
    const line = view.state.doc.lineAt(position);
    for (const match of line.text.matchAll(/[A-Za-z_]\w*/g)) {
      const from = line.from + match.index;
      if (position < from || position > from + match[0].length) continue;
      const shown = explained(view.state, from, match[0]);
      return shown && { pos: from, end: from + match[0].length, above: true, create: () => ({ dom: shown }) };
    }
    return null;
  }

  /** What is to be said of a word at a position; nothing of a comment or of prose. */
  function explained(state, from, word) {
    if (/comment/i.test(syntaxTree(state).resolveInner(from, 1).name)) return null;
    const where = place(state, from);
    if (where.at === "top") return keys[word] ? said(word, keys[word].description) : null;
    if (where.at === "options") {
      const option = kinds.get(where.kind).options.find((one) => one.name === word);
      return option ? optionTold(where.kind, option) : null;
    }
    if (where.at === "value") return null;
    if (kinds.has(word)) return told(kinds.get(word));
    if (common[word]) return said(word, common[word].description);
    const inner = own(state).blocks.get(word);
    return inner ? said(`${word}(${inner.join(", ")})`, "") : null;
  }

  return { complete, hover };
}

function entries(properties, type, apply) {
  return Object.entries(properties)
    .filter(([, value]) => value.description)
    .map(([label, value]) => ({ label, type, detail: "", info: value.description, apply: apply(label) }));
}

function kindOptions(kind) {
  return kind.options.map((option) => ({
    label: option.name,
    type: "property",
    detail: option.takes,
    info: () => optionTold(kind.kind, option),
    apply: `${option.name}: `,
    boost: option.required ? 2 : 0,
  }));
}

const code = (text) => make("code", { text });

/** A text with its `code` in code. */
function prose(text) {
  return text.split(/`([^`]*)`/).map((part, index) => (index % 2 ? code(part) : part));
}

const said = (head, text) => make("div", { class: "told" }, make("strong", { text: head }), make("p", {}, ...prose(text ?? "")));

function optionTold(kind, option) {
  const preset = option.required ? "required" : option.default_from ? `default: ${option.default_from}` : option.default === null ? "optional" : `default ${JSON.stringify(option.default)}`;
  return make(
    "div",
    { class: "told" },
    make("strong", { text: `${kind} · ${option.name}` }),
    make("p", {}, ...prose(option.help)),
    make("p", { class: "quiet" }, ...prose(`${option.takes} (${preset})`)),
  );
}

/** A layer kind as its reference has it. */
function told(kind) {
  const parts = kind.description.split(/\n\s*\n/).map((part) => make("p", {}, ...prose(part.replace(/\s*\n\s*/g, " "))));
  const options = kind.options.map((option) => make("li", {}, code(option.name), " ", ...prose(option.help)));
  return make("div", { class: "told" }, make("strong", { text: kind.kind }), ...parts, make("ul", {}, ...options), make("pre", { text: `- ${kind.example}` }));
}

/**
 * The keys around a position, outermost first; `listed` inside brackets or at a dash, `value` the
 * key whose value the position is in, `inside` in a mapping that has begun.
 */
function around(state, position) {
  const before = state.sliceDoc(state.doc.lineAt(position).from, position);
  const flow = inFlow(before);
  const outer = inBlock(state, position, before);
  const path = [...outer.path, ...flow.path];
  if (flow.depth) return { path, listed: flow.listed, value: flow.value, inside: !flow.listed };
  return { ...outer, path };
}

/** Where in brackets and braces the end of a line's beginning is. */
function inFlow(before) {
  const stack = [];
  let key = null;
  for (const match of before.matchAll(/"[^"]*"|'[^']*'|#.*|[[\]{},]|([A-Za-z_]\w*)\s*:(?=\s|$)/g)) {
    const sign = match[0];
    if (sign === "[" || sign === "{") {
      stack.push({ sign, key });
      key = null;
    } else if (sign === "]" || sign === "}") {
      stack.pop();
      key = null;
    } else if (sign === ",") key = null;
    else if (match[1]) key = match[1];
  }
  const path = stack.map((entry) => entry.key).filter(Boolean);
  const top = stack.at(-1);
  // after `- name: value` outside brackets the line itself tells the value, see `inBlock`
  return { path, depth: stack.length, listed: top?.sign === "[" && key === null, value: stack.length ? key : null };
}

/** The keys around a line by their indentation, and what stands before the position in it. */
function inBlock(state, position, before) {
  const line = state.doc.lineAt(position);
  const keyed = /^(\s*(?:- +)*)([A-Za-z_]\w*)(?:\([^)]*\))?\s*:\s+/.exec(before);
  const dashed = /^(\s*)((?:- +)*)/.exec(before);
  let indent = dashed[0].length;
  const path = [];
  let listed = /- *$/.test(before) || dashed[2].length > 0;
  let near = listed && !keyed ? dashed[1].length + 1 : indent;
  for (let number = line.number - 1; number > 0 && near > 0; number--) {
    const text = state.doc.line(number).text;
    const head = /^(\s*(?:- +)*)([A-Za-z_]\w*)\s*(?:\([^)]*\))?\s*:/.exec(text);
    if (!head || /^\s*#/.test(text)) continue;
    const column = head[1].length;
    if (column >= near) continue;
    path.unshift(head[2]);
    near = /^\s*/.exec(text)[0].length || 0;
    if (column === 0) break;
    near = head[1].includes("-") ? head[1].indexOf("-") : column;
    if (near === 0) near = 1;
  }
  const value = keyed && !/[[{]/.test(before.slice(keyed[0].length)) ? keyed[2] : null;
  if (keyed && /[[{]/.test(before.slice(keyed[0].length))) return { path, listed, value: null, inside: false };
  return { path, listed, value, inside: !listed && indent > 0 };
}
