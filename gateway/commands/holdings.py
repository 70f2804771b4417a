"""What is left of everything an office ever took in, for whoever looks: put together from its concrete parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from gateway.commands.office import Office
from gateway.engine.attested import Attestations
from gateway.engine.forgetting.disposing import Looker
from gateway.keep import Blobs
from gateway.keep.beside import BlobsBeside


@contextmanager
def looking(office: Office) -> Iterator[Looker]:
    """What sees everything and changes nothing; beside a running gateway or without one."""
    with closing(office.blobs()) as blobs:
        yield looker_of(office, blobs)


def looker_of(office: Office, blobs: Blobs) -> Looker:
    """What sees everything, over blobs that are open already."""
    return Looker(
        records=office.records,
        archive=office.archive,
        attestations=Attestations(office.records, office.archive, office.keyring),
        blobs=BlobsBeside(blobs, office.records),
    )
