// The page's scripts and styles, Pyodide's files, and the Python packages as the worker loads them.
//
//     node build.mjs PACKAGES TARGET [--alone]
//
// Python modules are compiled once, here, by the very Pyodide that runs them, and the interpreter's
// memory after importing them is kept as a snapshot: the page starts from it.
import { build } from "esbuild";
import { createHash, randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { deflateSync } from "node:zlib";
import { loadPyodide } from "pyodide";

const [packages, target, alone] = process.argv.slice(2);
const web = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const pyodide = join(web, "node_modules", "pyodide");

const scripts = join(target, "scripts");
const nonce = randomBytes(12).toString("base64url");
await bundle();
await python();
page();
serviceWorker();

/** Scripts and styles, bundled and minified. */
async function bundle() {
  await build({
    entryPoints: {
      page: join(web, "src/page.js"),
      worker: join(web, "src/worker.js"),
      style: join(web, "src/style.css"),
    },
    outdir: scripts,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    alias: { "cnncalc-report": join(packages, "cnncalc/render/page") },
    external: ["*/pyodide.mjs", "*/pyodide.asm.mjs"],
    charset: "utf8",
    logLevel: "warning",
  });
}

/**
 * Pyodide, its standard library and the packages compiled, and the snapshot.
 *
 * The snapshot holds the modules that were imported before it was taken: the page gets the files of
 * the others alone.
 */
async function python() {
  const folder = join(target, "pyodide");
  mkdirSync(folder);
  for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"]) {
    cpSync(join(pyodide, name), join(folder, name));
  }
  const work = join(target, "packing");
  mkdirSync(work);
  await compile(work);
  const snapshot = await takeSnapshot(work);
  for (const [name, file] of [["library.zip", "python_stdlib.zip"], ["rest", "modules.z"]]) {
    const data = readFileSync(join(work, name));
    writeFileSync(join(folder, file), file.endsWith(".z") ? deflateSync(data, { level: 9 }) : data);
  }
  rmSync(work, { recursive: true });
  writeFileSync(join(folder, "snapshot.z"), deflateSync(snapshot, { level: 9 }));
}

/** An interpreter that sees the packages, Pyodide's files and the folder of what is made. */
async function builder(work) {
  const interpreter = await loadPyodide({ packageBaseUrl: pyodide });
  const { FS } = interpreter;
  for (const [name, root] of [["in", packages], ["library", pyodide], ["out", work]]) {
    FS.mkdir(`/${name}`);
    FS.mount(FS.filesystems.NODEFS, { root }, `/${name}`);
  }
  interpreter.runPython(readFileSync(join(web, "python/compiling.py"), "utf8"));
  return interpreter;
}

/** Compile the standard library into a zip, and the packages into one file for `unpack`. */
async function compile(work) {
  (await builder(work)).runPython("whole()");
}

/** The interpreter's memory once the package has answered each kind of request. */
async function takeSnapshot(work) {
  const { start } = await import("./src/interpreter.js");
  const interpreter = await start({
    load: loadPyodide,
    library: join(work, "whole.zip"),
    modules: new Uint8Array(readFileSync(join(work, "whole"))),
    options: { _makeSnapshot: true },
  });
  interpreter.runPython(readFileSync(join(web, "python/warming.py"), "utf8"));
  writeFileSync(join(work, "imported.json"), interpreter.runPython("imported()"));
  (await builder(work)).runPython("rest()");
  return interpreter.makeMemorySnapshot();
}

/** The page itself, with its policy: nothing but its own files. */
function page() {
  const made = readFileSync(join(target, "first.json"), "utf8").replaceAll("<", "\\u003c");
  rmSync(join(target, "first.json"));
  let text = readFileSync(join(web, "src/index.html"), "utf8").replaceAll("{{nonce}}", nonce);
  text = text.replace("{{first}}", () => made);
  if (alone) text = text.replace(/ *<a class="button" id="documentation".*\n/, "");
  writeFileSync(join(target, "index.html"), text);
  for (const name of ["icon.svg", "manifest.webmanifest"]) {
    cpSync(join(web, "src", name), join(target, name));
  }
}

/** The service worker, with the list of all files and a version that is their hash. */
function serviceWorker() {
  const files = readdirSync(target, { recursive: true })
    .map((name) => join(target, name))
    .filter((path) => statSync(path).isFile())
    .sort();
  const hash = createHash("sha256");
  for (const path of files) hash.update(relative(target, path)).update(readFileSync(path));
  const names = files.map((path) => relative(target, path).replace(/(^|\/)index\.html$/, "$1"));
  const text = readFileSync(join(web, "src/service.js"), "utf8");
  const head = `const VERSION = ${JSON.stringify(hash.digest("hex").slice(0, 16))};\n`;
  const list = `const FILES = ${JSON.stringify(names.map((name) => `./${name}`))};\n`;
  writeFileSync(join(target, "service.js"), head + list + text);
}
