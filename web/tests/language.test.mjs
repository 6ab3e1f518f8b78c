// Where a word stands in a file: `|` marks it. Run by tests/web/test_editor.py, which writes
// `language.json` with the program; LANGUAGE is its path.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { yaml } from "@codemirror/lang-yaml";
import { syntaxTree } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { knowledge } from "../src/language.js";

const known = knowledge(JSON.parse(readFileSync(process.env.LANGUAGE, "utf8")), ["resnet50"]);

const ROWS = [
 ["|", "top"],
  ["na|", "top"],
  ["name: x\nin|put: [3, 4]", "top"],
 ["layers:\n  - co|", "layer"],
  ["layers:\n  - |", "layer"],
 ["layers:\n  - co|nv: {filters: 3}", "layer"],
  ["layers:\n  - conv: {filters: 3, ker|nel: 3}", "options conv"],
  ["layers:\n  - conv: {|", "options conv"],
  ["layers:\n  - conv: {filters: 3, |}", "options conv"],
 ["layers:\n  - conv: {filters: wi|dth}", "value filters"],
  ["layers:\n  - linear: cl|asses", "value linear"],
 ["layers:\n  - relu\n    na|me: x", "beside"],
  ["layers:\n  - linear: 10\n    na|me: x", "beside"],
  ["layers:\n  - linear: 10\n    |", "beside"],
 ["layers:\n  - add: [[co|nv: 3], []]", "layer"],
  ["layers:\n  - add:\n      - [re|lu]", "layer"],
 ["layers:\n  - {con|v: 3, name: x}", "beside"],
  ["layers:\n  - {conv: 3, na|me: x}", "beside"],
  ["layers:\n  - {conv: 3, from: x|}", "value from"],
 ["extends: re|snet", "value extends"],
  ["blocks:\n  st|age(a):\n    - relu", "header"],
  ["blocks:\n  stage(a):\n    - re|lu", "layer"],
 ["blocks:\n  stage(a):\n    - conv:\n        fil|ters: 3", "options conv"],
 ["layers:\n  - conv:\n      filters: 3\n      |", "options conv"],
 ["parameters: {a|: 1}", "value parameters"],
  ["layers:\n  - relu\n|", "top"],
  ["layers:\n  - relu\n  - |\n  - tanh", "layer"],
 ["layers:\n  - upsample: {mode: ne|}", "value mode"],
];

/** A file's state and the beginning of the word at its mark. */
function marked(text) {
  const position = text.indexOf("|");
  const doc = text.replace("|", "");
  let state;
  // a state parses for some milliseconds: not always enough for a parser that has just been loaded
  do state = EditorState.create({ doc, extensions: [yaml()] });
  while (syntaxTree(state).length < doc.length);
  let start = position;
  while (/\w/.test(doc[start - 1] ?? "")) start--;
  return { state, start, position };
}

for (const [text, wanted] of ROWS) {
  test(JSON.stringify(text), () => {
    const { state, start } = marked(text);
    const found = known.place(state, start);
    assert.equal([found.at, found.kind?.kind ?? found.key].filter(Boolean).join(" "), wanted);
  });
}

/** The words that are offered at a mark. */
function offered(text) {
  const { state, position } = marked(text);
  const matchBefore = (pattern) => {
    const word = state.sliceDoc(0, position).match(new RegExp(`${pattern.source}$`))?.[0];
    return word ? { from: position - word.length } : null;
  };
  const found = known.complete({ state, pos: position, explicit: true, matchBefore });
  return (found?.options ?? []).map((option) => option.label);
}

const OFFERED = [
  ["layers:\n  - c|", ["conv", "concat", "max_pool"]],
  ["layers:\n  - conv: {f|}", ["filters", "kernel", "bias"]],
  ["layers:\n  - upsample: {mode: |}", ["nearest", "linear"]],
  ["extends: |", ["resnet50"]],
  ["|", ["input", "layers", "extends"]],
  ["parameters: {width: 3}\nlayers:\n  - linear: w|", ["width", "channels", "make_divisible"]],
  ["blocks:\n  stage(filters):\n    - relu\nlayers:\n  - s|", ["stage", "sigmoid"]],
  ["layers:\n  - {conv: 3, name: down1}\n  - {relu, from: |}", ["down1"]],
];

for (const [text, wanted] of OFFERED) {
  test(`offers ${wanted} at ${JSON.stringify(text)}`, () => {
    const found = offered(text);
    for (const word of wanted) assert.ok(found.includes(word), `${word} is not in ${found.slice(0, 20)}`);
  });
}
