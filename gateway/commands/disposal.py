"""Destroying what is due, put together from an office's concrete parts, for the one process that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import msgspec

from gateway.commands.holdings import looker_of
from gateway.commands.office import Office
from gateway.commands.safekeeping.remembering import disposals_of
from gateway.engine.forgetting.disposing import Cleared, Disposing
from gateway.engine.forgetting.erasure import REGISTER, Erasure, is_by_schedule
from gateway.engine.scribe import Scribe
from gateway.keep.files import FileBlobs


def erasure_of(office: Office, scribe: Scribe, blobs: FileBlobs) -> Erasure:
    """What destroys, wherever the office keeps something."""
    from gateway.keep.accounts import Accounts  # a scribe that disposes of nothing needs neither
    from gateway.seal.registrar import Registrar

    return Erasure(
        records=office.writable,
        pen=scribe,
        archive=office.archive,
        keyring=office.keyring,
        blobs=blobs,
        ring=Registrar(office.setting.var / "gnupg"),
        roll=Accounts(office.setting.accounts),
        clock=office.clock,
        copies=disposals_of(office),
    )


@contextmanager
def disposing(office: Office, scribe: Scribe) -> Iterator[Disposing]:
    """What lets go what is due, in the one process that writes here."""
    with closing(office.blobs()) as blobs:
        erasure = erasure_of(office, scribe, blobs)
        yield Disposing(erasure=erasure, looker=looker_of(office, blobs), clock=office.clock, forget=scribe.forget)


def task_of(office: Office, scribe: Scribe) -> Callable[[bytes], bytes]:
    """The scribe's task: given the names of streams, it lets go what is due of them and says what that was."""

    def dispose(given: bytes) -> bytes:
        streams = msgspec.json.decode(given, type=tuple[str, ...])
        with disposing(office, scribe) as work:
            return msgspec.json.encode(work.dispose(streams))

    return dispose


def finish_begun(office: Office, scribe: Scribe) -> Cleared:
    """What the schedule let go when the house went down is finished before anybody comes in."""
    sealed = office.records.register(REGISTER)
    if sealed is None or not is_by_schedule(sealed, office.keyring):
        return Cleared()
    with disposing(office, scribe) as work:
        return work.finish()
