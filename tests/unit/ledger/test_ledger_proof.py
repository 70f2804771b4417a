"""Evidence: the tlog-proof and the bundle read back as written, and in no other spelling."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.bundle import read_zip, write_zip
from gateway.ledger.proof import Evidence, encode_bundle, encode_proof, parse_bundle, parse_proof
from gateway.ledger.strict import base64_text


def test_a_proof_reads_back(evidence) -> None:
    """Entry, place, path, note and disclosures survive."""
    for proof in evidence.proofs:
        assert proof == parse_proof(encode_proof(proof))


def test_a_proof_begins_as_the_format_says(evidence) -> None:
    """First the version, then extra, index and hashes, an empty line, the checkpoint."""
    lines = encode_proof(evidence.proofs[1]).decode().split("\n")
    assert "c2sp.org/tlog-proof@v1" == lines[0]
    assert lines[1].startswith("extra ")
    assert "index 4" == lines[2]
    assert evidence.note.split("\n")[0] == lines[lines.index("") + 1]


def _changed(evidence, old: str, new: str) -> bytes:
    text = encode_proof(evidence.proofs[1]).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [("@v1", "@v2"), ("index 4", "index 04"), ("index 4\n", ""), ("extra ", "extra  "), ("\n\n", "\n"),
    ("index", "Index"),
     ("index 4\n", "index 4\nAAAA\n")],
)  # fmt: skip
def test_another_spelling_of_a_proof_is_unreadable(evidence, old: str, new: str) -> None:
    """Every line is as it must be."""
    with pytest.raises(Unreadable):
        parse_proof(_changed(evidence, old, new))


@pytest.mark.parametrize("untrusted", [b"", b"\xff", b"\n" * 1000, b"x" * (1024 * 1024 + 1)])
def test_what_is_no_proof_is_unreadable(untrusted: bytes) -> None:
    """Other bytes are refused, bounded first."""
    with pytest.raises(Unreadable):
        parse_proof(untrusted)


def test_a_bundle_reads_back(evidence) -> None:
    """A bundle is a function of its evidence, both ways."""
    assert evidence == parse_bundle(encode_bundle(evidence))


def test_a_bundle_holds_what_it_says(evidence) -> None:
    """Every part is there, and the manifest has the digest of each."""
    files = read_zip(encode_bundle(evidence))
    assert {
        "MANIFEST", "README.txt", "checkpoint", "disclosures.json", "policy", "record.json", "entries/1.bin",
        "entries/4.bin",
        "proofs/1.tlog-proof", "proofs/4.tlog-proof",
    } == set(files)  # fmt: skip
    listed = dict(reversed(line.split("  ")) for line in files.pop("MANIFEST").decode().splitlines())
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == listed


@pytest.mark.parametrize(
    "name",
    [
        "MANIFEST",
        "README.txt",
        "checkpoint",
        "disclosures.json",
        "policy",
        "record.json",
        "entries/1.bin",
        "proofs/1.tlog-proof",
    ],
)
def test_a_bundle_whose_parts_do_not_agree_is_unreadable(evidence, name: str) -> None:
    """A part changed, taken out or slipped in makes it no bundle, even in a well-made zip."""
    files = read_zip(encode_bundle(evidence))
    without = {key: content for key, content in files.items() if key != name}
    for others in (without, {**files, name: files[name] + b"\n"}, {**files, "entries/9.bin": b"{}"}):
        with pytest.raises(Unreadable):
            parse_bundle(write_zip(others))


def test_evidence_is_of_one_head_and_in_order(evidence) -> None:
    """Two heads, twice the same entry, or none at all is not evidence."""
    first, second = evidence.proofs
    for proofs in ((), (second, first), (first, first)):
        with pytest.raises(ValueError, match="in order"):
            Evidence(proofs=proofs, policy="")


def test_extra_holds_an_entry_and_a_bounded_list(evidence) -> None:
    """A foreign member, or more disclosures than an entry has fields, is refused."""
    proof = evidence.proofs[1]
    many = replace(proof, disclosures=proof.disclosures[:1] * 65)
    with pytest.raises(Unreadable, match="more disclosures"):
        parse_proof(encode_proof(many))
    extra = jcs.encode({"disclosures": [], "entry": base64_text(proof.entry), "more": 1})
    lines = encode_proof(proof).decode().split("\n")
    lines[1] = "extra " + base64_text(extra)
    with pytest.raises(Unreadable, match="extra holds"):
        parse_proof("\n".join(lines).encode())
