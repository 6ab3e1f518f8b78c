"""Build the calculator's page into a folder that any static server can serve.

    python web/build.py site/calculator

Needs Node and npm, and pip for the package as a wheel has it. Nothing that is built, and nothing
of other people's packages, is kept in the repository.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent


def build(target: Path, alone: bool = False) -> None:
    """Build the page; `target` is replaced. `alone` where no documentation stands above it."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    _node_packages()
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder) / "packages"
        _python_packages(packages)
        _data(packages, target)
        run("node", "build.mjs", str(packages), str(target.resolve()), "--alone" if alone else "")


def run(*command: str, folder: Path = WEB) -> None:
    """Run a program; what it says is shown where it fails."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.stderr.write(done.stdout.decode(errors="replace")[-4000:])
        raise SystemExit(f"{' '.join(command[:3])} failed")


def _node_packages() -> None:
    """The packages of the lock file, where they are not there yet."""
    kept, wanted = WEB / "node_modules" / ".package-lock.json", WEB / "package-lock.json"
    if not kept.exists() or kept.stat().st_mtime < wanted.stat().st_mtime:
        run("npm", "ci", "--no-audit", "--no-fund")


def _python_packages(folder: Path) -> None:
    """cnncalc as its wheel has it, and what it needs; compiled parts of PyYAML are left out."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile")
    run(*pip, "--target", str(folder), "--requirement", "requirements.txt")
    run(*pip, "--target", str(folder), str(ROOT))
    shutil.copytree(WEB / "python", folder, dirs_exist_ok=True)
    for compiled in (*folder.rglob("*.so"), *folder.rglob("*.pyd")):
        compiled.unlink()
    for other in (*folder.glob("*.dist-info"), *folder.rglob("__pycache__"), folder / "bin"):
        shutil.rmtree(other, ignore_errors=True)


def _data(packages: Path, target: Path) -> None:
    """What the editor knows of the language, and the shipped networks, made by the program."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); from calculator import static; "
    script += "static.write(sys.argv[2])"
    run(sys.executable, "-c", script, str(packages), str(target))
    told = json.loads((target / "zoo.json").read_text(encoding="utf-8"))
    if not told:
        raise SystemExit("no shipped networks were found")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("target", type=Path)
    arguments.add_argument("--alone", action="store_true", help="without a link to documentation")
    given = arguments.parse_args()
    build(given.target, given.alone)
