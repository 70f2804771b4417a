"""The certificate of an erasure: that it was ordered and done, and that nothing else of the ledger changed.

It lies in a bundle beside the proofs of both entries of every pair. `erasure.json` adds the signed head from before and
the way from there to the bundle's own (RFC 6962 §2.1.2), and names what remains. `certificate.txt` says the same in
words; it has one spelling only, so that the words are checked like the rest.

What it cannot prove: that nobody kept a copy. It proves what the office said it destroyed, when, and on whose word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.errors import Tampering, Unreadable
from gateway.ledger import checkpoint, jcs
from gateway.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_note
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.merkle import HASH_BYTES, is_consistent
from gateway.ledger.proof import Evidence, Proof
from gateway.ledger.strict import base64_text, unbase64
from gateway.transfer import transfer_id

FILE, WORDS = "erasure.json", "certificate.txt"
MOST_PAIRS, MOST_REMAINS = 500, 20
_LONGEST_PATH = 128
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLASSES = {
    "op": "rules and reasons",
    "snd": "who acted",
    "rcp": "the recipient",
    "obj": "the papers' names and digests",
    "net": "addresses of machines",
    "sec": "protection",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What `erasure.json` says."""

    before: str
    """The signed head before the first order."""
    consistency: tuple[bytes, ...]
    pairs: tuple[tuple[int, int], ...]
    """The entry that ordered, and the one that says it is done."""
    pairs_in_all: int
    remains: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """As it is written."""
        return jcs.encode(
            {
                "v": 1,
                "before": self.before,
                "consistency": [base64_text(one) for one in self.consistency],
                "pairs": [list(pair) for pair in self.pairs],
                "in_all": self.pairs_in_all,
                "remains": list(self.remains),
            }
        )

    @classmethod
    def read(cls, untrusted: bytes) -> Certificate:
        """As it was written. Raises `Unreadable`."""
        said = jcs.parse_object(untrusted)
        before, path, pairs = said.get("before"), said.get("consistency"), said.get("pairs")
        in_all, remains = said.get("in_all"), said.get("remains")
        if said.get("v") != 1 or len(said) != 6 or not isinstance(before, str) or not isinstance(in_all, int):
            raise Unreadable("not the certificate of an erasure")
        return cls(
            before=before,
            consistency=tuple(unbase64(one, HASH_BYTES) for one in _texts(path, _LONGEST_PATH)),
            pairs=tuple(_pair(one) for one in _list(pairs, MOST_PAIRS)),
            pairs_in_all=in_all,
            remains=_texts(remains, MOST_REMAINS),
        )


def check(evidence: Evidence, keys: Sequence[str]) -> tuple[bool | None, str]:
    """Whether the certificate holds, None if undecided, and in words why. Raises `Unreadable`.

    1. The head before is the same log's, and signed by a key the reader brings.
    2. The ledger then is the beginning of the ledger now.
    3. Each pair stands in the bundle: ordered after that head, then done, about the same thing.
    4. The words are these.
    """
    certificate = Certificate.read(evidence.file(FILE) or b"")
    now = parse_checkpoint(parse_note(evidence.note).text)
    before = parse_checkpoint(parse_note(certificate.before).text)
    if before.origin != now.origin:  # 1
        return False, "the head before the erasure is another ledger's"
    if keys:
        try:
            signers = checkpoint.verify(certificate.before, keys).signers
        except Tampering as why:
            return False, f"the head before the erasure: {why.cause}"
        if not any(signer.split("+", 1)[0] == now.origin for signer in signers):
            return False, "the head before the erasure is not signed by a key you brought"
    if not is_consistent(before.size, now.size, before.root, now.root, certificate.consistency):  # 2
        return False, "the ledger before the erasure is not the beginning of this one"
    proofs = {proof.index: proof for proof in evidence.proofs}
    for ordered, done in certificate.pairs:  # 3
        if not _belong_together(proofs, ordered, done, before):
            return False, f"entries {ordered} and {done} are not an order and its disposal"
    if evidence.file(WORDS) != words(evidence, certificate).encode():  # 4
        return False, "the certificate's words are not what its entries say"
    count = len(certificate.pairs)
    erasures = "1 erasure was" if count == 1 else f"{count} erasures were"
    return (
        True if keys else None
    ), f"{erasures} ordered and done; the ledger of {before.size} entries goes on in this one"


def words(evidence: Evidence, certificate: Certificate) -> str:
    """The certificate for a person to read."""
    return "\n".join(_lines(evidence, certificate)) + "\n"


def _lines(evidence: Evidence, certificate: Certificate) -> Iterator[str]:
    head, before = (parse_checkpoint(parse_note(note).text) for note in (evidence.note, certificate.before))
    proofs = {proof.index: proof for proof in evidence.proofs}
    first, last = (proofs[certificate.pairs[0][n]] for n in (0, 1)) if certificate.pairs else (None, None)
    yield "CERTIFICATE OF ERASURE"
    yield ""
    yield f"Ledger       {head.origin}"
    if first is not None and last is not None:
        yield f"Ordered      {_instant(read_entry(first.entry).time_ms)}, entry {first.index}"
        yield f"Done         {_instant(read_entry(last.entry).time_ms)}, entry {last.index}"
        yield f"Approved by  {_shown(first, 'snd', 'addr')}"
        yield f"Ground       {_shown(first, 'op', 'reason')}"
    yield ""
    yield "What was destroyed"
    for ordered, done in certificate.pairs:
        yield f"  {_scope(read_entry(proofs[ordered].entry))} (entries {ordered}, {done})"
    if certificate.pairs_in_all > len(certificate.pairs):
        yield f"  and {certificate.pairs_in_all - len(certificate.pairs)} more, each with its two entries in the ledger"
    yield ""
    yield "What remains"
    for one in certificate.remains:
        yield f"  - {one}"
    yield ""
    yield "What this proves"
    yield f"  Before the order the ledger had {before.size:,} entries with the root {before.root.hex()}."
    yield f"  It is, unchanged, the beginning of the ledger of {head.size:,} entries in this bundle: no entry was"
    yield "  altered or taken out. What was destroyed are the values and keys beside the entries, without which no"
    yield "  entry can be matched with a name. To check it, get the ledger's key from the office and run"
    yield "      sealgate ledger verify BUNDLE --key KEY"


def _belong_together(proofs: Mapping[int, Proof], ordered: int, done: int, before: Checkpoint) -> bool:
    if ordered not in proofs or done not in proofs or not before.size <= ordered < done:
        return False
    order, disposal = read_entry(proofs[ordered].entry), read_entry(proofs[done].entry)
    return (
        order.kind == disposal.kind == "disposed"
        and (order.outcome, disposal.outcome) == ("", "")
        and (order.intent, disposal.intent) == (None, ordered)
        and (order.x, order.leg, order.public) == (disposal.x, disposal.leg, disposal.public)
    )


def _scope(said: Entry) -> str:
    """What one order is about, in words."""
    public = said.public
    classes = public.get("classes", [])
    names = ", ".join(_CLASSES.get(str(cls), str(cls)) for cls in classes) if isinstance(classes, list) else ""
    of, leg = "an upload, a key or a fact of the office", ""
    if said.x is not None and said.leg is not None:
        of, leg = transfer_id(said.x), f", recipient {said.leg + 1}"
    entries = "1 entry" if public.get("n") == 1 else f"{public.get('n')} entries"
    match public.get("what"):
        case "payload":
            return f"the papers of {of}{leg}"
        case "shard":
            return f"every value of the {public.get('size')} entries up to the year's end"
        case _:
            return f"{names} in {entries} of {of}{leg}"


def _shown(proof: Proof, cls: str, field: str) -> str:
    found = (one.value for one in proof.disclosures if (one.cls, one.field) == (cls, field))
    value = next(found, None)
    return "".join(char if char.isprintable() else "\ufffd" for char in value) if value else "(not shown)"


def _instant(at_ms: int) -> str:
    try:
        return (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError:  # a hostile bundle may say any number
        return f"{at_ms} ms after 1970"


def _list(untrusted: jcs.Json | None, most: int) -> Sequence[jcs.Json]:
    if not isinstance(untrusted, list) or len(untrusted) > most:
        raise Unreadable("not the certificate of an erasure")
    return untrusted


def _texts(untrusted: jcs.Json | None, most: int) -> tuple[str, ...]:
    found = _list(untrusted, most)
    if not all(isinstance(one, str) for one in found):
        raise Unreadable("not the certificate of an erasure")
    return tuple(str(one) for one in found)


def _pair(untrusted: jcs.Json) -> tuple[int, int]:
    match untrusted:
        case [int(ordered), int(done)]:
            return ordered, done
        case _:
            raise Unreadable("not the certificate of an erasure")
