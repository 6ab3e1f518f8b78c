// The package in a worker: requests in, answers out, one after the other.
import { loadPyodide } from "../pyodide/pyodide.mjs";
import create from "../pyodide/pyodide.asm.mjs";
import { start } from "./interpreter.js";

const FILES = new URL("../pyodide/", self.location.href).href;

/** A file that the build deflated. */
async function inflated(name) {
  const response = await fetch(FILES + name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  const stream = response.body.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function started() {
  const interpreter = await start({
    load: loadPyodide,
    create,
    library: `${FILES}python_stdlib.zip`,
    modules: inflated("modules.z"),
    snapshot: inflated("snapshot.z"),
    options: { indexURL: FILES },
  });
  return interpreter.globals.get("answer");
}

const answer = started();
answer.then(
  () => self.postMessage({ ready: true }),
  (error) => self.postMessage({ broken: String(error?.message ?? error) }),
);

self.onmessage = async ({ data: { id, body } }) => {
  let ask;
  try {
    ask = await answer;
  } catch {
    return; // told already
  }
  try {
    self.postMessage({ id, answer: ask(JSON.stringify(body)) });
  } catch (error) {
    self.postMessage({ id, failure: String(error?.message ?? error).slice(-2000) });
  }
};
