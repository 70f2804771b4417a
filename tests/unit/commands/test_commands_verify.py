"""The auditor's verifier: true, false or undecided, never a traceback, whatever it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.commands.verdict import check
from gateway.commands.verify import verify
from gateway.engine.attested import Attestations
from gateway.engine.evidence import bundle_of
from gateway.ledger.bundle import read_zip
from gateway.ledger.verify import Verdict
from tests.audited import Past


@pytest.fixture(scope="module")
def bundle(laid_out_once: Past) -> bytes:
    with opened(Setting(folder=laid_out_once.folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        story = attestations.story(laid_out_once.held)
        assert story is not None
        return bundle_of(tuple(attestations.of(story)), office.publication, laid_out_once.ledger_key)


def run(tmp_path: Path, content: bytes, *words: str) -> Result:
    (tmp_path / "bundle").write_bytes(content)
    return CliRunner().invoke(verify, [str(tmp_path / "bundle"), *words])


def test_it_needs_the_file_and_the_key(bundle: bytes, laid_out_once: Past, tmp_path: Path) -> None:
    """True ends with 0, says what the bundle says, and what nobody checked."""
    result = run(tmp_path, bundle, "--key", laid_out_once.ledger_key)

    assert 0 == result.exit_code
    assert result.stdout.startswith("TRUE")
    assert ("jo@town.test" in result.stdout, "What was not checked" in result.stdout) == (True, True)


def test_without_a_key_it_is_undecided(bundle: bytes, tmp_path: Path) -> None:
    """Nobody vouches for the root: that ends with 4 and says how to get on."""
    result = run(tmp_path, bundle)

    assert 4 == result.exit_code
    assert "--key" in result.stdout


def test_anothers_key_proves_nothing(bundle: bytes, tmp_path: Path) -> None:
    """A key of another ledger ends with 1."""
    key = "ledger.town.example/2026+d3bef100+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

    assert 1 == run(tmp_path, bundle, "--key", key).exit_code


def test_what_is_no_key_is_a_usage_error(bundle: bytes, tmp_path: Path) -> None:
    """A key that was mangled on its way says nothing about the bundle."""
    assert 2 == run(tmp_path, bundle, "--key", "town.test/ledger+00000000+AAAA").exit_code


def test_no_flipped_bit_passes(bundle: bytes, laid_out_once: Past) -> None:
    """Every 61st byte of the bundle, flipped, makes it false."""
    passed = [
        at
        for at in range(0, len(bundle), 61)
        if check(bundle[:at] + bytes([bundle[at] ^ 1]) + bundle[at + 1 :], (laid_out_once.ledger_key,)).verdict
        is not Verdict.FALSE
    ]

    assert [] == passed


def test_what_a_false_bundle_says_is_not_told(bundle: bytes, laid_out_once: Past, tmp_path: Path) -> None:
    """Only the steps are shown, so that nobody quotes what is not proved."""
    false = bundle[:-30] + bytes([bundle[-30] ^ 1]) + bundle[-29:]

    told = json.loads(run(tmp_path, false, "--key", laid_out_once.ledger_key, "--json").stdout)

    assert ("false", []) == (told["verdict"], told["says"])


def test_a_single_proof_is_verified_too(bundle: bytes, laid_out_once: Past, tmp_path: Path) -> None:
    """One `.tlog-proof` out of a bundle stands on its own."""
    name, proof = next((name, content) for name, content in read_zip(bundle).items() if name.startswith("proofs/"))

    assert 0 == run(tmp_path, proof, "--key", laid_out_once.ledger_key).exit_code, name


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04" + bytes(400), b"\xff" * 40, b"c2sp.org/tlog-proof@v1\n\n"]
)
def test_what_is_no_bundle_is_false(content: bytes, laid_out_once: Past, tmp_path: Path) -> None:
    """Anything else ends with 1 and one sentence."""
    result = run(tmp_path, content, "--key", laid_out_once.ledger_key)

    assert (1, "FALSE") == (result.exit_code, result.stdout[:5])
