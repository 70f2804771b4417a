"""C2SP tlog-witness: what a log asks of a witness, and what the witness must answer. Both ends, without the network.

old 20852014            the size the witness saw last, as far as the log knows
PlRNCrwHpqhGrupue0L7…   a consistency proof from there, up to 63 hashes, a line each; none for old 0

<checkpoint>
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from gateway.errors import Tampering, Unreadable
from gateway.ledger.checkpoint import LARGEST_NOTE, Checkpoint, parse_checkpoint, parse_note, parse_vkey, verify
from gateway.ledger.merkle import EMPTY_ROOT, HASH_BYTES, is_consistent
from gateway.ledger.strict import base64_text, number, unbase64
from gateway.ledger.succession import Standing, counting

MOST_HASHES = 63
LARGEST_REQUEST = LARGEST_NOTE + 64 * 64
SIZE_TYPE = "text/x.tlog.size"
"""The media type of a conflict's body: the size the witness holds, and a line feed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks: cosign `note`, whose tree begins with the one of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the witness answers; with `OK` it remembers `head` first, then signs `text`."""

    status: HTTPStatus
    words: str
    held: int | None = None
    """The size it holds, where the log has to know it."""
    head: Checkpoint | None = None
    text: str = ""


def format_request(request: Request) -> bytes:
    """The body of a request."""
    lines = [f"old {request.old}", *map(base64_text, request.proof), "", request.note]
    return "\n".join(lines).encode()


def parse_request(untrusted: bytes) -> Request:
    """The request of a body. Raises `Unreadable`."""
    if len(untrusted) > LARGEST_REQUEST:
        raise Unreadable("too large for a request")
    try:
        head, blank, note = untrusted.decode().partition("\n\n")
    except UnicodeDecodeError as why:
        raise Unreadable("not UTF-8") from why
    first, *hashes = head.split("\n")
    word, _, old = first.partition(" ")
    if not blank or word != "old" or len(hashes) > MOST_HASHES:
        raise Unreadable("a request is the old size, up to 63 hashes, an empty line and a checkpoint")
    request = Request(number(old), tuple(unbase64(line, HASH_BYTES) for line in hashes), note)
    if request.proof and not request.old:
        raise Unreadable("from size 0 there is nothing to prove")
    return request


def judge(untrusted: bytes, *, logs: Mapping[str, Standing], held: Mapping[str, Checkpoint]) -> Verdict:
    """What a witness for `logs` (keys by origin, and up to what size they count) that has seen `held` answers.

    1. Read it strictly.                                     400
    2. The origin is known                                   404
    3. and one of its keys signed that counts for this size. 403
    4. It does not go backwards by its own account.          400
    5. What it builds on is what was seen last.              409, with the size
    6. The same size is the same tree.                       409
    7. The proof holds.                                      422
    """
    try:
        request = parse_request(untrusted)  # 1
        text = parse_note(request.note).text
        head = parse_checkpoint(text)
    except Unreadable as why:
        return Verdict(HTTPStatus.BAD_REQUEST, why.cause)
    if head.origin not in logs:  # 2
        return Verdict(HTTPStatus.NOT_FOUND, "this witness does not know the log")
    if not _is_signed(request.note, counting(logs[head.origin], head.size)):  # 3
        was_known = _is_signed(request.note, tuple(logs[head.origin]))
        return Verdict(HTTPStatus.FORBIDDEN, f"{'a retired' if was_known else 'no'} key of the log signed this")
    if request.old > head.size:  # 4
        return Verdict(HTTPStatus.BAD_REQUEST, "the old size is above the new one")
    seen = held.get(head.origin)
    size = seen.size if seen else 0
    if request.old != size:  # 5
        return Verdict(HTTPStatus.CONFLICT, "another size was seen last", held=size)
    if seen and head.size == size and head.root != seen.root:  # 6
        return Verdict(HTTPStatus.CONFLICT, "another root of this size was seen: a fork")
    if not _grew(seen, head, request.proof):  # 7
        return Verdict(HTTPStatus.UNPROCESSABLE_ENTITY, "the proof does not lead from what was seen last to this")
    return Verdict(HTTPStatus.OK, "", head=head, text=text)


def noted(untrusted: bytes, vkeys: Sequence[str], line: str) -> str:
    """What the witness keeps of a request it granted: the text, the lines of the log's own keys, and its own `line`."""
    note = parse_note(parse_request(untrusted).note)
    known = {(key.name, key.id) for key in map(parse_vkey, vkeys)}
    lines = [
        f"\u2014 {name} {base64_text(signature)}\n"
        for name, signature in note.signatures
        if (name, signature[:4]) in known
    ]
    return f"{note.text}\n{''.join(lines)}{line}"


def _is_signed(note: str, vkeys: Sequence[str]) -> bool:
    try:
        return bool(verify(note, vkeys).signers)
    except (Unreadable, Tampering):
        return False


def _grew(seen: Checkpoint | None, head: Checkpoint, proof: Sequence[bytes]) -> bool:
    if head.size == 0:
        return head.root == EMPTY_ROOT and not proof
    if seen is None or seen.size == 0:  # from nothing anything follows
        return not proof
    return is_consistent(seen.size, head.size, seen.root, head.root, proof)
