"""What no committed file may hold, and what every reference must be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from gateway.commands.main import sealgate
from tests import readme, reference
from tests.readme import under as verbs_under

ADDRESS = re.compile(r"\bhttps?://([^\s/\"'<>)`:]+)")
NAMES_NOT_PLACES = re.compile(
    r"(.*\.)?(test|example|invalid)"  # RFC 2606: nobody's
    r"|localhost|127\.0\.0\.1|\{.*"
    r"|schemas\.(openxmlformats\.org|microsoft\.com)|purl\.(org|oclc\.org)|www\.w3\.org|ns\.adobe\.com"  # XML names
)
MACHINE_PATH = re.compile(r"(?<![\w.-])/(home|root|Users|work|mnt|workspace)/\w")
CODE = ("gateway", "scripts", "rules", "systemd", ".ci")

RFC = re.compile(r"\bRFCs?\b(?P<rest>[^\n]{0,24})")
RFC_FORM = re.compile(r" \d{3,5}\b(?: §[A-Z0-9]+(?:\.[A-Z0-9]+)*)?(?! ?(?:sec|§))")
RFC_GLUED = re.compile(r"\bRFC[-_]?\d")

CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache"}

DOCS = ("README.md", "SECURITY.md", "certs/README.md", "tests/README.md", "docs")
SPAN = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
MAKE = re.compile(r"(?:^|[`\n$;&] ?)make ([a-z][a-z-]*)")
VERB = re.compile(r"(?:^|[`\n$;&|] ?|bin/)sealgate (?:--office \S+ )?([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")


def test_code_holds_no_address_to_fetch_from(root: Path) -> None:
    """No code names a place on the network; names that only look like one are XML namespaces and reserved domains."""
    found = [
        f"{path.relative_to(root)}: {match.group()}"
        for path in _files(root, *CODE, "Makefile", "pyproject.toml")
        for match in ADDRESS.finditer(path.read_text("utf-8", "replace"))
        if not NAMES_NOT_PLACES.fullmatch(match.group(1))
    ]

    assert [] == found


def test_nothing_names_a_path_of_one_machine(root: Path) -> None:
    """No committed text knows whose home or workplace it was written in."""
    found = [
        f"{path.relative_to(root)}: {match.group()}"
        for path in _files(root, *CODE, *DOCS, "Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt")
        for match in MACHINE_PATH.finditer(path.read_text("utf-8", "replace"))
    ]

    assert [] == found


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-build.txt"])
def test_pins_are_exact_and_hold_no_address(name: str, root: Path) -> None:
    """Every requirement is one version with a hash, and none says where to get it."""
    text = (root / name).read_text("utf-8")
    pins = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.lstrip().startswith("#")]

    assert pins
    assert [] == [pin for pin in pins if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", pin)]
    assert "://" not in text
    assert "--find-links" not in text
    assert "--index-url" not in text


def test_no_private_key_is_in_the_tree(root: Path) -> None:
    """No file we ship holds a private key, whatever its name."""
    marker = "-----BEGIN " + "PRIVATE KEY-----"
    files = _files(root, *CODE, "certs", "tests", "docs")

    assert [] == [str(path) for path in files if not _ignored(path) and marker in path.read_text("utf-8", "replace")]


def test_references_to_standards_are_well_formed(house: Any) -> None:
    """A standard is cited so that it can be found: `RFC 5321` or `RFC 5321 §4.5.2`."""
    wrong = [
        f"{module.name}: {match.group()}"
        for module in house
        for match in (*RFC.finditer(module.text), *RFC_GLUED.finditer(module.text))
        if match.re is RFC_GLUED or not RFC_FORM.match(match["rest"])
    ]

    assert [] == wrong


def test_every_command_in_the_documents_exists(root: Path) -> None:
    """Each `make` target and each `sealgate` verb a document shows can be run."""
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    missing = []
    for path in _files(root, *DOCS):
        spans = "\n".join(SPAN.findall(path.read_text("utf-8", "replace")))
        missing += [f"{path.name}: make {name}" for name in MAKE.findall(spans) if name not in targets]
        missing += [f"{path.name}: sealgate {' '.join(verb)}" for verb in VERB.findall(spans) if not _is_verb(*verb)]

    assert [] == missing


def _is_verb(name: str, under: str) -> bool:
    verbs = {verb.name: verb for verb in verbs_under(sealgate)}
    verb = verbs.get(name)
    if isinstance(verb, click.Group) and under:
        return under in [one.name for one in verbs_under(verb)]
    return verb is not None


def _files(root: Path, *names: str) -> Iterator[Path]:
    for name in names:
        place = root / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in found if path.is_file() and not CACHES & set(path.parts))


def _ignored(path: Path) -> bool:
    return path.suffix in {".key", ".pem", ".pyc"}


def test_the_reference_is_what_the_product_says(root: Path) -> None:
    """`python -m tests.reference` was run after the last change of a verb, a rule key, a sentence or a gauge."""
    written = {path.name: path.read_text("utf-8") for path in (root / "docs" / "reference").iterdir()}

    assert reference.pages() == written


def test_the_readme_lists_the_verbs_there_are(root: Path) -> None:
    """`python -m tests.readme` was run after the last change of a verb."""
    text = (root / "README.md").read_text("utf-8")

    assert readme.with_part(text, "verbs", readme.verbs()) == text
