"""Run by the build inside Pyodide: modules become bytecode, as the page's interpreter reads it.

`/in` has the packages, `/library` Pyodide's own files. `whole()` writes all of them: `/out` gets
`whole.zip`, the standard library, and `whole`: a header in JSON with the paths and sizes of files,
then their contents. `rest()` writes `library.zip` and `rest`, without the modules in
`imported.json` and without what a page never runs.
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


UNUSED = (
    "cnncalc/cli/", "cnncalc/numerics/", "cnncalc/verification/", "cnncalc/sweeping/",
    "cnncalc/exchange/writing/onnx/",
)  # fmt: skip
"""Parts of the package that need a terminal, NumPy or a framework, which the page has not."""
UNUSED_LIBRARY = (
    "asyncio/", "concurrent/", "curses/", "dbm/", "distutils/", "email/", "ensurepip/", "http/",
    "idlelib/", "lib2to3/", "logging/", "multiprocessing/", "pydoc", "sqlite3/", "test/",
    "tkinter/", "turtle", "unittest/", "urllib/", "venv/", "wsgiref/", "xml/", "xmlrpc/",
    "_pydecimal", "_pydatetime", "_pyrepl/", "ssl", "tarfile", "imaplib", "ftplib", "smtplib",
    "mailbox", "nntplib", "doctest", "pdb", "optparse", "pickletools", "webbrowser", "cProfile",
    "profile", "pstats", "trace", "ctypes/", "compression/", "pathlib/_os", "string/templatelib",
)  # fmt: skip
"""Parts of the standard library for servers, mail, windows and debuggers."""


def library():
    """The files of the standard library."""
    with zipfile.ZipFile("/library/python_stdlib.zip") as source:
        entries = [entry for entry in source.infolist() if not entry.is_dir()]
        return [(entry.filename, source.read(entry)) for entry in entries]


def write(archive, file, kept):
    """Write the standard library and the packages, as far as they are `kept(name, unused)`."""
    with zipfile.ZipFile(f"/out/{archive}", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        chosen = [entry for entry in library() if kept(entry[0], UNUSED_LIBRARY)]
        for name, data in ready(chosen, "/lib"):
            target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    chosen = [entry for entry in files("/in") if kept(entry[0], UNUSED)]
    modules = list(ready(chosen, "/packages"))
    header = json.dumps([(name, len(data)) for name, data in modules]).encode()
    with open(f"/out/{file}", "wb") as stream:
        stream.write(len(header).to_bytes(4, "little"))
        stream.write(header)
        for _, data in modules:
            stream.write(data)


def whole():
    """Write everything."""
    write("whole.zip", "whole", lambda name, unused: True)


def rest():
    """Write what the snapshot does not hold and the page may need."""
    with open("/out/imported.json", encoding="utf-8") as stream:
        imported = set(json.load(stream))
    write(
        "library.zip",
        "rest",
        lambda name, unused: name not in imported and not name.startswith(unused),
    )
