"""Builds `sealgate-verify`: the auditor's verifier as a distribution of its own, with `cryptography` and nothing else.

    python scripts/standalone/build.py FOLDER

Takes `gateway/commands/alone.py` and every module it needs, as they stand in this checkout, under the package name
`sealgate_verify`, so that it never meets an installed Sealgate. Of these modules two are written anew for the standard
library and lie beside this file. Anything that would need another library ends the build.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
START = "gateway.commands.alone"
PACKAGE = "sealgate_verify"
WRITTEN_ANEW = {"gateway.ledger.jcs": HERE / "jcs.py", "gateway.ledger.entry": HERE / "entry.py"}
ALLOWED = sys.stdlib_module_names | {"cryptography"}

PROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "sealgate-verify"
version = "{version}"
description = "Verifies evidence from a Sealgate ledger with its public key alone"
readme = "README.md"
license = "Apache-2.0"
requires-python = ">=3.11"
dependencies = ["{cryptography}"]

[project.scripts]
sealgate-verify = "{package}.commands.alone:main"

[tool.hatch.build.targets.wheel]
packages = ["{package}"]
"""

README = """\
# sealgate-verify

Verifies a bundle of evidence, a single `.tlog-proof`, a certificate of erasure or a proof of absence from a Sealgate
ledger. Get the ledger's public key from the office itself, by a way you trust, and run

    sealgate-verify BUNDLE --key KEY

Exit codes: 0 all true, 1 something is false, 4 undecided, 2 a mistake in the command.
"""


def modules() -> dict[str, Path]:
    """Every module the verifier needs, with the file it comes from."""
    found: dict[str, Path] = {}
    waiting = [START]
    while waiting:
        name = waiting.pop()
        place = None if name in found else _file(name)
        if place is None:
            continue
        found[name] = place
        waiting += [name.rpartition(".")[0], *_imported(name, place)]
    return found


def _file(name: str) -> Path | None:
    if name in WRITTEN_ANEW:
        return WRITTEN_ANEW[name]
    path = ROOT.joinpath(*name.split("."))
    return next((one for one in (path / "__init__.py", path.with_suffix(".py")) if name and one.is_file()), None)


def _imported(name: str, place: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(place.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
        else:
            continue
        for one in names:
            top = one.partition(".")[0]
            if top != "gateway" and top not in ALLOWED:
                raise SystemExit(f"{name} needs {top}: the stand-alone verifier may not")
            yield one


def lay_out(folder: Path) -> None:
    """The distribution's sources."""
    for name, place in modules().items():
        parts = [PACKAGE, *name.split(".")[1:]]
        is_package = place.name == "__init__.py"
        target = folder.joinpath(*parts, "__init__.py") if is_package else folder.joinpath(*parts).with_suffix(".py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(re.sub(r"\bgateway(?=\.| import)", PACKAGE, place.read_text("utf-8")), "utf-8")
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    cryptography = next(one for one in told["dependencies"] if one.startswith("cryptography"))
    project = PROJECT.format(version=told["version"], cryptography=cryptography, package=PACKAGE)
    (folder / "pyproject.toml").write_text(project, "utf-8")
    (folder / "README.md").write_text(README, "utf-8")


def build(target: Path) -> Path:
    """The wheel, in `target`."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target.resolve())]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (wheel,) = target.glob("sealgate_verify-*.whl")
    return wheel


if __name__ == "__main__":
    destination = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    destination.mkdir(exist_ok=True)
    print(build(destination))
