"""A verifier that shares no code with ours, in Go with its standard library alone, comes to the same verdicts."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands.ledger import ledger
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.commands.verdict import check
from gateway.engine.attested import Attestations
from gateway.engine.evidence import Choice, bundle_of
from gateway.ledger import jcs
from gateway.ledger.bundle import read_zip, write_zip
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.strict import base64_text
from gateway.ledger.verify import Verdict
from tests.audited import Past, laid_out
from tests.unit.engine.engine_world import Office, in_the_office
from tests.unit.engine.test_engine_dayclosing import (
    CLERK,
    COURT,
    MONDAY,
    NOBODY,
    answering,
    closer,
    later,
    sealed_for,
)

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed: no second verifier to agree with"),
]

SOURCE = Path(__file__).parent / "go" / "verify" / "main.go"
BESIDE = SOURCE.with_name("beside.go")
STEP = 499
"""Every so many bytes one is flipped; a prime, so that it falls on all kinds of places."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture(scope="module")
def bundle(past: Past) -> bytes:
    with opened(Setting(folder=past.folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        story = attestations.story(past.delivered)
        assert story is not None
        shows = Choice(hide=("net",))
        return bundle_of(tuple(attestations.of(story)), office.publication, past.ledger_key, shows=shows)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory, past: Past) -> Callable[[bytes], bool]:
    """Whether the Go program finds a bundle true."""
    folder = tmp_path_factory.mktemp("go")
    program = folder / "verify"
    build = ["go", "build", "-o", str(program), str(SOURCE), str(BESIDE)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == done.returncode, done.stderr

    def verdict(untrusted: bytes, key: str = past.ledger_key) -> bool:
        (folder / "bundle").write_bytes(untrusted)
        told = subprocess.run([program, folder / "bundle", key], capture_output=True, timeout=20, check=False)
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


# ── what lies beside the proofs ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificate(past: Past, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Of an erasure, in an office of its own: the others' bundles lead to the ledger as it was."""
    folder = tmp_path_factory.mktemp("erased")
    shutil.copytree(past.folder, folder / "office")
    (folder / "password").write_text(past.passwords["per@town.test"])
    words = ["erase", "class", past.delivered, "--leg", "0", "--class", "rcp", "--class", "net", "--basis", "a test"]
    signed = ["--as", "per@town.test", "--password-file", str(folder / "password")]
    out = ["--despite", "record", "--certificate", str(folder / "certificate")]
    done = CliRunner().invoke(ledger, [*words, *signed, *out], obj=Setting(folder=folder / "office"))
    assert 0 == done.exit_code, done.output
    return (folder / "certificate").read_bytes()


def test_both_find_a_certificate_true(certificate: bytes, past: Past, theirs: Callable[[bytes], bool]) -> None:
    """Orders, disposals, and the way from the head before to the head after."""
    assert (True, True) == (ours(certificate, past), theirs(certificate))


@pytest.mark.parametrize("change", ["consistency", "pairs", "before"])
def test_both_find_a_certificate_that_lies(
    change: str, certificate: bytes, past: Past, theirs: Callable[[bytes], bool]
) -> None:
    """A way that leads elsewhere, entries that do not belong together, another head before."""
    said = json.loads(read_zip(certificate)["erasure.json"])
    lies = {"consistency": said["consistency"][1:], "pairs": [said["pairs"][0][::-1]], "before": said["before"] + "x"}
    lie = rewritten(certificate, "erasure.json", jcs.encode({**said, change: lies[change]}))

    assert (False, False) == (ours(lie, past), theirs(lie))


@in_the_office()
async def _an_absence(office: Office) -> None:
    """Several intents over three days, one of them empty."""
    for number, address in enumerate((COURT, CLERK, COURT, "judge@court.test"), start=1):
        await sealed_for(office, address, number)
    await later(office, 2)
    await sealed_for(office, COURT, 9)
    await later(office, 3)
    await closer(office).turn()
    with tempfile.TemporaryDirectory() as folder:
        answers = answering(office, folder)
        days = (MONDAY, date(2026, 11, 25))
        _ABSENCES.update({name: answers.bundle(name, *days) for name in (NOBODY, COURT, CLERK)})
    _KEYS.append(office.signer.vkey)


_ABSENCES: dict[str, bytes] = {}
_KEYS: list[str] = []


def test_both_find_absence_and_presence_true(past: Past, theirs: Callable[..., bool]) -> None:
    """Whoever got nothing, one thing, and several; each lie about them is false to both."""
    _an_absence()
    key = _KEYS[0]
    for bundle in _ABSENCES.values():
        assert (Verdict.TRUE, True) == (check(bundle, (key,)).verdict, theirs(bundle, key))
        said = json.loads(read_zip(bundle)["absence.json"])
        for lie in _lies(said):
            told = rewritten(bundle, "absence.json", jcs.encode(lie))
            assert (Verdict.FALSE, False) == (check(told, (key,)).verdict, theirs(told, key)), lie


def _lies(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A day left out, a line left out, another key, another span."""
    monday, *rest = said["days"]
    yield {**said, "days": rest}
    yield {**said, "days": [{**monday, "lines": monday["lines"][:-1]}, *rest]}
    yield {**said, "days": [{**monday, "lines": monday["lines"][1:]}, *rest]}
    yield {**said, "days": [{**monday, "key": base64_text(bytes(32))}, *rest]}
    yield {**said, "to": "2026-11-26"}
