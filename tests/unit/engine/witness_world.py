"""Real witnesses behind real doors on loopback, and an office's side of the round in which it asks them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.doors.witness import WitnessDoor
from gateway.engine.clock import Clock
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.outsiders.vouching import Outsider, Vouching
from gateway.engine.outsiders.witness import Witness
from gateway.engine.publication import Publication
from gateway.errors import Failure
from gateway.keep.witnessed import Witnessed
from gateway.ship.web import Web
from tests.unit.engine.engine_world import Office

WEB = Web(patience_s=10)


@dataclass
class Round:
    """One office's side, and what stopped it."""

    office: Office
    folder: Path
    fatal: list[Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publication = Publication(self.folder / "ledger", self.office.records, self.office.signer.vkey)
        self.anchors = Anchors(self.folder / "anchors", vkey=self.office.signer.vkey, published=self.folder / "ledger")

    def vouching(self, *witnesses: Outsider) -> Vouching:
        return Vouching(
            witnesses=lambda: witnesses, publication=self.publication, anchors=self.anchors,
            vkey=self.office.signer.vkey, clock=self.office.clock, web=WEB, place=self.folder / "witnesses.json",
            signed=lambda: self.office.scribe.head, on_fatal=self.fatal.append,
        )  # fmt: skip

    async def grows(self) -> int:
        """Some entries more, published; the size."""
        await self.office.accepts()
        head = self.office.scribe.head
        assert head is not None
        self.publication.publish(head)
        return head.size


@asynccontextmanager
async def witness(
    office: Office, folder: Path, *vkeys: str, clock: Clock | None = None
) -> AsyncIterator[tuple[Outsider, Witness]]:
    """A witness of its own, which vouches for these logs; how it is named in the rules, and itself."""
    kept = Witnessed.made(folder / "witness", name=f"{folder.name}.test/witness", entropy=os.urandom)
    for vkey in vkeys:
        kept.vouch_for(vkey)
    one = Witness(kept, clock or office.clock)
    door = WitnessDoor(one)
    port = await door.listen("127.0.0.1", 0)
    try:
        yield Outsider(at=f"http://127.0.0.1:{port}", key=one.cosigner.vkey), one
    finally:
        await door.close()


def places(tmp_path: Path) -> Callable[[str], Path]:
    def place(name: str) -> Path:
        (tmp_path / name).mkdir(exist_ok=True, mode=0o700)
        return tmp_path / name

    return place
