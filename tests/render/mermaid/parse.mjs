// Reads a JSON list of charts from standard input and writes, for each, what Mermaid's own parser
// says against it (null: nothing) and how many nodes and edges it found.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.argv[2]}/`));
const { JSDOM } = require("jsdom");
const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;

const { default: mermaid } = await import(
  pathToFileURL(require.resolve("mermaid/dist/mermaid.core.mjs"))
);
mermaid.initialize({ startOnLoad: false, suppressErrorRendering: true });

const found = [];
for (const chart of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(chart);
    const nodes = [...db.getVertices().values()].map((vertex) => vertex.text);
    found.push({ error: null, nodes, edges: db.getEdges().length });
  } catch (error) {
    found.push({ error: String(error.message ?? error), nodes: [], edges: 0 });
  }
}
process.stdout.write(JSON.stringify(found));
