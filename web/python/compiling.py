"""Run by the build inside Pyodide: modules become bytecode, as the page's interpreter reads it.

`/in` has the packages, `/library` Pyodide's own files; `/out` gets `library.zip`, the standard
library, and `modules`: a header in JSON with the paths and sizes of files, then their contents.
"""

import importlib._bootstrap_external as bootstrap
import json
import os
import zipfile


def compiled(name, data):
    """The bytecode of a module, in the form of a `.pyc` file."""
    code = compile(data, name, "exec", dont_inherit=True, optimize=0)
    return bytes(bootstrap._code_to_timestamp_pyc(code, 0, len(data)))


def ready(entries, folder):
    """Files as the page gets them: modules as bytecode, the rest as it is."""
    for name, data in entries:
        if name.endswith(".py"):
            yield f"{name}c", compiled(f"{folder}/{name}", data)
        else:
            yield name, data


def files(top):
    """Paths below a folder, and what is in each file."""
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as stream:
                yield os.path.relpath(path, top), stream.read()


with zipfile.ZipFile("/library/python_stdlib.zip") as source:
    library = [
        (entry.filename, source.read(entry)) for entry in source.infolist() if not entry.is_dir()
    ]
with zipfile.ZipFile("/out/library.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
    for name, data in ready(library, "/lib"):
        target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)

modules = list(ready(files("/in"), "/packages"))
header = json.dumps([(name, len(data)) for name, data in modules]).encode()
with open("/out/modules", "wb") as stream:
    stream.write(len(header).to_bytes(4, "little"))
    stream.write(header)
    for _, data in modules:
        stream.write(data)
