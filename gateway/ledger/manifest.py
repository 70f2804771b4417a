"""What stands beside an answer that leaves the office: what was asked, by whom, as of which ledger, and what the file
says.

A C2SP signed-note under the ledger's own key. Its first line is not the key's name, so that no reader of checkpoints
can take one for a checkpoint. A spreadsheet shows guarded cells; here are their true values, as far as there is room,
and the digest of all values as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import Tampering, Unreadable
from gateway.ledger import jcs
from gateway.ledger.checkpoint import Signer, parse_note, parse_vkey
from gateway.ledger.strict import base64_text

FIRST = "sealgate-answer/v1"
MOST_GUARDED = 256
LONGEST_GUARDED = 96
"""Characters: 256 such cells and all else stay below the 64 KiB of a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An answer, as the ledger's key vouches for it."""

    query: str
    by: str
    role: str
    why: str
    at_ms: int
    origin: str
    size: int
    """The ledger's when it was asked."""
    root: bytes
    count: int
    """Rows."""
    form: str
    file_sha256: str
    values_sha256: str
    """Of the true values: one JSON object a row, each followed by a line feed, as `--jsonl` writes them."""
    guarded: tuple[tuple[int, str, str], ...] = ()
    """Row from 1, column and true value of each cell that is not written as it is, as far as there is room."""

    def signed(self, signer: Signer) -> str:
        """The note."""
        return signer.sign(f"{FIRST}\n{jcs.encode(self._said()).decode()}\n")

    def _said(self) -> dict[str, jcs.Json]:
        kept: list[jcs.Json] = [
            list(one) for one in self.guarded if len(one[2]) <= LONGEST_GUARDED and one[2].isprintable()
        ]
        return {
            "as_of": {"origin": self.origin, "root": base64_text(self.root), "size": self.size},
            "at": self.at_ms,
            "by": self.by,
            "count": self.count,
            "file_sha256": self.file_sha256,
            "form": self.form,
            "guarded": kept[:MOST_GUARDED],
            "query": _line(self.query),
            "role": self.role,
            "values_sha256": self.values_sha256,
            "why": _line(self.why),
        }


def read(untrusted: str, vkeys: Sequence[str]) -> dict[str, jcs.Json]:
    """What a manifest says, signed by one of `vkeys`. Raises `Unreadable`, or `Tampering` where none of them did."""
    note = parse_note(untrusted)
    lines = note.text.split("\n")
    if len(lines) != 3 or lines[0] != FIRST or lines[2]:
        raise Unreadable("this is no manifest of an answer")
    known = {(key.name, key.id): key for key in map(parse_vkey, vkeys)}
    for name, line in note.signatures:
        key = known.get((name, line[:4]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(line[4:], note.text.encode())
        except InvalidSignature as why:
            raise Tampering(f"the signature of {name} is false") from why
        return dict(jcs.parse_object(lines[1].encode()))
    raise Tampering("none of the keys signed it")


def _line(text: str) -> str:
    """On one line of a note, where no control character may stand."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
