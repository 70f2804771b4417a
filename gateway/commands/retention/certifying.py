"""The certificates of what the schedule let go, each in `var/certificates`, whatever stopped a run before it wrote one.

`before` is the signed head from when all was certified last: whatever was ordered since must have a certificate.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gateway.commands.office import Office
from gateway.engine.attested import Attestations
from gateway.engine.forgetting.certificate import certificate_of
from gateway.engine.forgetting.disposals import erased_of, let_go_since
from gateway.errors import StoreAway
from gateway.keep.private import replace_file
from gateway.ledger.checkpoint import parse_checkpoint, parse_note

FOLDER, BEFORE = "certificates", "before"
PUBLISHED_S, LOOK_S = 60.0, 0.5
"""A running gateway publishes its ledger once a second, unless the machine is busy."""


def begin(office: Office) -> None:
    """Note the head from before the first run. Raises `Failure`."""
    folder = office.setting.var / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    note = office.publication.checkpoint()
    if note is not None and not (folder / BEFORE).exists():
        replace_file(folder / BEFORE, note.encode())


def certify(office: Office) -> tuple[tuple[Path, ...], bool]:
    """Write every certificate that is missing; those, and whether none is missing any more.

    What the published ledger does not show in time is left to the next run. Raises `Failure`.
    """
    folder = office.setting.var / FOLDER
    before = (folder / BEFORE).read_text("utf-8")
    written: list[Path] = []
    deadline = time.monotonic() + PUBLISHED_S
    for stream, place in _missing(office, before):
        if not _written(office, stream, place, before, deadline):
            return tuple(written), False
        written.append(place)
    replace_file(folder / BEFORE, (office.publication.checkpoint() or before).encode())
    return tuple(written), True


def _missing(office: Office, before: str) -> Iterator[tuple[str, Path]]:
    size = parse_checkpoint(parse_note(before).text).size
    for stream in let_go_since(office.records, office.archive, office.keyring.index_key, size):
        place = office.setting.var / FOLDER / f"{stream.partition('/')[2]}.zip"
        if not place.exists():
            yield stream, place


def _written(office: Office, stream: str, place: Path, before: str, deadline: float) -> bool:
    attestations = Attestations(office.records, office.archive, office.keyring)
    erased = erased_of(office.archive, stream, before)
    while True:
        with suppress(StoreAway):
            replace_file(place, certificate_of(erased, attestations, office.publication, office.signer.vkey))
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
