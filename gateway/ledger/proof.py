"""What an auditor carries away: a `.tlog-proof` for one entry, a bundle for several.

Both have one spelling only: reading writes again and compares. Nothing in them is a trust root: the reader brings the
key. What is derived (record, disclosures, manifest) is there for people and must agree with what it is derived from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.bundle import read_zip, write_zip
from gateway.ledger.checkpoint import LARGEST_NOTE, parse_checkpoint, parse_note
from gateway.ledger.disclosure import Disclosure
from gateway.ledger.entry import read_entry
from gateway.ledger.merkle import HASH_BYTES
from gateway.ledger.strict import base64_text, number, unbase64

MOST_DISCLOSURES = 64
LARGEST_PROOF = 1024 * 1024
_LONGEST_PATH = 63
_MAGIC = "c2sp.org/tlog-proof@v1"

ATTACHED = (
    "absence.json", "certificate-902.txt", "certificate.txt", "erasure.json", "report.pdf", "succession.json",
    "tsa-chain.pem", "tsa.tsr", "verify.html",
)  # fmt: skip
"""What may lie beside the proofs."""

README = """\
This bundle is evidence from a Sealgate ledger: what happened to a transfer, and when.

  record.json        what the entries say in the open
  disclosures.json   the values that were disclosed; everything else stays sealed
  entries/           the entries, byte for byte as they stand in the ledger
  proofs/            for each, the path that leads from it to the signed head
  checkpoint         the signed head of the ledger
  policy             the key the office signs with, for convenience only
  verify.html        if it is here: checks this bundle in a browser, without a network
  erasure.json       if it is here: what was erased on purpose; certificate.txt says it in words
  absence.json       if it is here: that nothing else went to somebody on some days
  succession.json    if it is here: how the key that signed follows those before it, vouched for by each
  tsa.tsr            if it is here: an outside authority's time stamp (RFC 3161) on checkpoint; with that authority's
                     root certificates, ROOTS, openssl ts -verify -in tsa.tsr -data checkpoint -CAfile ROOTS checks it
  tsa-chain.pem      if it is here: the roots the office trusts for that; get yours from the authority
  certificate-902.txt  if it is here: a form for whoever certifies this record to a court, to be read and signed
  MANIFEST           the SHA-256 of every file here

To verify it, get the office's ledger key from the office itself, by a way you trust (not from this bundle), and run

  sealgate ledger verify BUNDLE --key KEY

Any tool that reads C2SP tlog-proof files can check the files in proofs/ as well.

What a good result means: these entries stood in the ledger that this key signed, and nobody has changed them since.
"Delivered" means that the next server took responsibility for the message, not that somebody read it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One entry, its place, the path to the root of `note`, and what is disclosed of it."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]
    note: str
    disclosures: tuple[Disclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a bundle holds. All proofs lead to the same checkpoint."""

    proofs: tuple[Proof, ...]
    policy: str
    """C2SP tlog-policy text naming the log's key: a hint, never a trust root."""
    readme: str = README
    attached: tuple[tuple[str, bytes], ...] = ()
    """Further files, each by a name of `ATTACHED`, in order of names."""

    def __post_init__(self) -> None:
        names = [name for name, _ in self.attached]
        if names != sorted(set(names)) or not set(names) <= set(ATTACHED):
            raise ValueError("a file that belongs to no bundle")
        indexes = [proof.index for proof in self.proofs]
        if not indexes or indexes != sorted(set(indexes)):
            raise ValueError("a bundle holds at least one entry, each once, in order")
        if len({proof.note for proof in self.proofs}) != 1:
            raise ValueError("all proofs of a bundle lead to one checkpoint")

    @property
    def note(self) -> str:
        """The signed checkpoint."""
        return self.proofs[0].note

    def file(self, name: str) -> bytes | None:
        """A further file; None if there is none of that name."""
        return dict(self.attached).get(name)


def policy_of(vkeys: Sequence[str]) -> str:
    """A policy that names the log's keys and asks for no witness."""
    return "".join(f"log {vkey}\n" for vkey in vkeys) + "quorum none\n"


# ── one entry ────────────────────────────────────────────────────────────────────────────────────────────────────────


def encode_proof(proof: Proof) -> bytes:
    """The bytes of a `.tlog-proof`."""
    extra: dict[str, jcs.Json] = {
        "entry": base64_text(proof.entry),
        "disclosures": [disclosure.to_json() for disclosure in proof.disclosures],
    }
    lines = [_MAGIC, f"extra {base64_text(jcs.encode(extra))}", f"index {proof.index}", *map(base64_text, proof.path)]
    return ("\n".join(lines) + "\n\n" + proof.note).encode()


def parse_proof(untrusted: bytes) -> Proof:
    """The proof of a `.tlog-proof`. Raises `Unreadable`. Nothing is verified yet."""
    if len(untrusted) > LARGEST_PROOF:
        raise Unreadable("larger than a proof may be")
    try:
        head, _, note = untrusted.decode().partition("\n\n")
    except UnicodeDecodeError as why:
        raise Unreadable("not UTF-8") from why
    lines = head.split("\n", _LONGEST_PATH + 4)
    if len(lines) < 3 or lines[0] != _MAGIC or len(lines) > _LONGEST_PATH + 3 or len(note) > LARGEST_NOTE:
        raise Unreadable("not a tlog-proof")
    parse_note(note)
    entry, disclosures = _parse_extra(unbase64(_after("extra ", lines[1])))
    return Proof(
        index=number(_after("index ", lines[2])),
        entry=entry,
        path=tuple(unbase64(line, HASH_BYTES) for line in lines[3:]),
        note=note,
        disclosures=disclosures,
    )


def _parse_extra(untrusted: bytes) -> tuple[bytes, tuple[Disclosure, ...]]:
    extra = jcs.parse_object(untrusted)
    entry, disclosures = extra.get("entry"), extra.get("disclosures")
    if len(extra) != 2 or not isinstance(entry, str) or not isinstance(disclosures, list):
        raise Unreadable("extra holds an entry and its disclosures")
    if len(disclosures) > MOST_DISCLOSURES:
        raise Unreadable("more disclosures than an entry has fields")
    return unbase64(entry), tuple(Disclosure.from_json(one) for one in disclosures)


def _after(word: str, line: str) -> str:
    if not line.startswith(word):
        raise Unreadable(f"no {word.strip()} line")
    return line[len(word) :]


# ── a bundle ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def encode_bundle(evidence: Evidence) -> bytes:
    """The bytes of a bundle: the same evidence always gives the same bytes."""
    files = {
        "README.txt": evidence.readme.encode(),
        "checkpoint": evidence.note.encode(),
        "disclosures.json": jcs.encode([one.to_json() for proof in evidence.proofs for one in proof.disclosures]),
        "policy": evidence.policy.encode(),
        "record.json": _record(evidence),
        **dict(evidence.attached),
    }
    for proof in evidence.proofs:
        files[f"entries/{proof.index}.bin"] = proof.entry
        files[f"proofs/{proof.index}.tlog-proof"] = encode_proof(proof)
    files["MANIFEST"] = _manifest(files)
    return write_zip(files)


def parse_bundle(untrusted: bytes) -> Evidence:
    """The evidence of a bundle. Raises `Unreadable`. Its parts agree with each other; nothing is verified yet."""
    files = read_zip(untrusted)
    try:
        proofs = [parse_proof(content) for name, content in files.items() if name.startswith("proofs/")]
        evidence = Evidence(
            proofs=tuple(sorted(proofs, key=lambda proof: proof.index)),
            policy=files["policy"].decode(),
            readme=files["README.txt"].decode(),
            attached=tuple((name, content) for name, content in files.items() if name in ATTACHED),
        )
        is_canonical = encode_bundle(evidence) == untrusted
    except (KeyError, ValueError) as why:
        raise Unreadable("a bundle lacks a part, or has it twice") from why
    if not is_canonical:
        raise Unreadable("the parts of a bundle do not agree")
    return evidence


def _record(evidence: Evidence) -> bytes:
    checkpoint = parse_checkpoint(parse_note(evidence.note).text)
    entries: list[jcs.Json] = []
    for proof in evidence.proofs:
        said = read_entry(proof.entry)
        line: dict[str, jcs.Json] = {"i": proof.index, "k": said.kind, "t": said.time_ms}
        if said.outcome:
            line["o"] = said.outcome
        if said.x is not None:
            line["x"] = base64_text(said.x)
        if said.leg is not None:
            line["l"] = said.leg
        entries.append(line)
    return jcs.encode({"v": 1, "origin": checkpoint.origin, "size": checkpoint.size, "entries": entries})


def _manifest(files: dict[str, bytes]) -> bytes:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return "".join(lines).encode()
