"""A verifier that shares no code with ours, in Go with its standard library alone, comes to the same verdicts."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.commands.asking import attestations_of
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.commands.verify import check
from gateway.engine.evidence import bundle_of
from gateway.ledger.bundle import read_zip, write_zip
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.verify import Verdict
from tests.audited import Past, laid_out

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed: no second verifier to agree with"),
]

SOURCE = Path(__file__).parent / "go" / "verify" / "main.go"
STEP = 499
"""Every so many bytes one is flipped; a prime, so that it falls on all kinds of places."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture(scope="module")
def bundle(past: Past) -> bytes:
    with opened(Setting(folder=past.folder)) as office:
        attestations = attestations_of(office)
        story = attestations.story(past.delivered)
        assert story is not None
        return bundle_of(tuple(attestations.of(story)), office.publication, past.ledger_key, hide=("net",))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory, past: Past) -> Callable[[bytes], bool]:
    """Whether the Go program finds a bundle true."""
    folder = tmp_path_factory.mktemp("go")
    program = folder / "verify"
    build = ["go", "build", "-o", str(program), str(SOURCE)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == done.returncode, done.stderr

    def verdict(untrusted: bytes) -> bool:
        (folder / "bundle").write_bytes(untrusted)
        told = subprocess.run(
            [program, folder / "bundle", past.ledger_key], capture_output=True, timeout=20, check=False
        )
        assert told.returncode in (0, 1), told.stdout
        return told.returncode == 0

    return verdict


def ours(untrusted: bytes, past: Past) -> bool:
    return check(untrusted, (past.ledger_key,)).verdict is Verdict.TRUE


def test_both_find_a_true_bundle_true(bundle: bytes, past: Past, theirs: Callable[[bytes], bool]) -> None:
    """A bundle as the office writes it, values shown, absences shown, one class hidden."""
    assert (True, True) == (ours(bundle, past), theirs(bundle))


def test_both_find_a_flipped_bit(bundle: bytes, past: Past, theirs: Callable[[bytes], bool]) -> None:
    """Wherever a byte is changed, neither believes the bundle."""
    flipped = [bundle[:at] + bytes([bundle[at] ^ 0x20]) + bundle[at + 1 :] for at in range(0, len(bundle), STEP)]

    assert [] == [at * STEP for at, one in enumerate(flipped) if (ours(one, past), theirs(one)) != (False, False)]


def rewritten(bundle: bytes, name: str, content: bytes) -> bytes:
    """A bundle whose container and manifest are in order, by somebody who lies in one file."""
    files = read_zip(bundle) | {name: content}
    del files["MANIFEST"]
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return write_zip(files | {"MANIFEST": "".join(lines).encode()})


@pytest.mark.parametrize("name", ["entries/9.bin", "proofs/9.tlog-proof", "checkpoint", "disclosures.json"])
def test_both_find_a_lie_in_a_bundle_that_looks_in_order(
    name: str, bundle: bytes, past: Past, theirs: Callable[[bytes], bool]
) -> None:
    """One changed file, with a manifest to match, convinces neither."""
    content = read_zip(bundle)[name]
    lie = rewritten(bundle, name, content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])

    assert (False, False) == (ours(lie, past), theirs(lie))


def test_the_fields_are_the_same(theirs: Callable[[bytes], bool]) -> None:
    """The table written down in Go from the handbook is the product's, kind by kind."""
    source = SOURCE.read_text("utf-8")
    expected = {kind: "|".join(" ".join(fields[cls]) for cls in CLASSES) for kind, fields in FIELDS.items()}

    assert [] == [
        kind for kind, table in expected.items() if f'"{kind}":' not in source or json.dumps(table) not in source
    ]
