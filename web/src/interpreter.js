// Pyodide with the packages in their place: started by the page's worker, and by the build before
// it takes the snapshot.

const FOLDER = "/packages";

/**
 * Start the interpreter.
 *
 * `load` is Pyodide's `loadPyodide`, `library` the address of the standard library, `modules` the
 * file that `compiling.py` wrote; `snapshot` a memory to start from and `create` then Pyodide's
 * module factory.
 */
export async function start({ load, library, modules, snapshot, create, options = {} }) {
  const found = await load({
    stdLibURL: library,
    lockFileContents: JSON.stringify(NO_PACKAGES),
    packageBaseUrl: "./",
    ...(snapshot ? { _loadSnapshot: snapshot, createPyodideModule: large(create, snapshot) } : {}),
    ...options,
  });
  unpack(found.FS, await modules);
  // the files are fewer than those that the snapshot was taken with
  if (snapshot) found.runPython(FORGET);
  if (!snapshot) found.runPython(`import sys; sys.path.insert(0, "${FOLDER}")`);
  return found;
}

// (`importlib.invalidate_caches` would import what reads packages' metadata)
const FORGET = `
import sys
for _finder in sys.path_importer_cache.values():
    if _finder is not None:
        _finder.invalidate_caches()
`;

// Pyodide's own list names packages on other hosts; none of them is wanted.
const NO_PACKAGES = {
  info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", version: "", python: "3.14.2" },
  packages: {},
};

/**
 * Pyodide's module with room for a snapshot: it starts with a fixed memory and does not grow it by
 * itself (pyodide/pyodide#6254). What is allocated here is overwritten by the snapshot.
 */
function large(create, snapshot) {
  return async (settings) => {
    const module = await create(settings);
    const { length } = await snapshot;
    while (module.HEAP8.length < length) {
      if (!module._malloc(1 << 22)) throw new Error("not enough memory");
    }
    return module;
  };
}

/** Write the files of `modules` (see `compiling.py`) below the packages' folder. */
function unpack(FS, data) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  let position = 4 + length;
  const made = new Set();
  for (const [name, size] of header) {
    const path = `${FOLDER}/${name}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(folder)) FS.mkdirTree(folder);
    made.add(folder);
    FS.writeFile(path, data.subarray(position, position + size), { canOwn: true });
    position += size;
  }
}
