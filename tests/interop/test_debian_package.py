"""The Debian package: built twice it is the same, and what is in it runs with Debian's own Python and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT

PYTHON = Path("/usr/bin/python3")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.skipif(
        not (shutil.which("dpkg-deb") and PYTHON.exists() and (ROOT / ".venv").exists()),
        reason="this needs Debian, and a .venv made by make",
    ),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("one"))


def built(folder: Path) -> Path:
    subprocess.run([ROOT / "scripts" / "deb", folder], check=True, capture_output=True, cwd=ROOT)
    (made,) = folder.glob("sealgate_*.deb")
    return made


def test_the_same_commit_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    """Whoever builds it again can tell that nobody put anything in."""
    assert package.read_bytes() == built(tmp_path).read_bytes()


def test_it_runs_with_debians_own_python(package: Path, tmp_path: Path) -> None:
    """Unpacked anywhere, the whole demonstration is as it should be."""
    subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    python = tmp_path / "usr" / "lib" / "sealgate" / "bin" / "python3"

    shown = subprocess.run(
        [python, "-I", "-m", "gateway.commands.main", "demo"], capture_output=True, text=True, cwd="/"
    )

    assert (0, "Nothing is left behind." in shown.stdout) == (shown.returncode, True), shown.stdout + shown.stderr


def test_it_holds_no_path_of_the_machine_it_was_built_on(package: Path, tmp_path: Path) -> None:
    """Nor the name of the checkout: it is read by strangers."""
    subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    ours = [tmp_path / "usr" / "bin" / "sealgate", *(tmp_path / "usr/lib/sealgate").rglob("sealgate-*.dist-info/*")]

    assert [] == [path.name for path in ours if path.is_file() and str(ROOT).encode() in path.read_bytes()]
