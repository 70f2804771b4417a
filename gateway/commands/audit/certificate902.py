"""A form for whoever certifies a record of the ledger to a US federal court, with what is known filled in.

It is a form and no certificate: what it says becomes true when somebody who knows it signs it.
"""

from __future__ import annotations

import hashlib
import textwrap
from importlib.resources import files

from gateway.ledger.checkpoint import parse_checkpoint, parse_note
from gateway.ledger.proof import Evidence

CERTIFICATE = "certificate-902.txt"
WIDE = 96


def certificate_902(evidence: Evidence, *, transfer: str, office: str, vkey: str) -> bytes:
    """The form for these entries. The same evidence gives the same bytes."""
    form = (files("gateway.commands") / "court" / CERTIFICATE).read_text("utf-8")
    head = parse_checkpoint(parse_note(evidence.note).text)
    indexes = ", ".join(f"{proof.index:,}" for proof in evidence.proofs)
    digests = [f"    {proof.index:>9,}  {hashlib.sha256(proof.entry).hexdigest()}" for proof in evidence.proofs]
    return form.format(
        office=office,
        transfer=transfer,
        entries=textwrap.fill(indexes, WIDE, subsequent_indent=" " * 22),
        origin=head.origin,
        size=f"{head.size:,}",
        root=head.root.hex(),
        vkey=vkey,
        digests="\n".join(digests),
    ).encode()
