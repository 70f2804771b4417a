"""One key of the ledger hands over to another, in entries anybody can check; see `ledger.succession`.

Each step may be taken again after a crash: what stands in the log already is not written a second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.engine.publication import Publication
from gateway.engine.scribe import Scribe
from gateway.errors import Ours
from gateway.keep import Reading
from gateway.ledger import succession
from gateway.ledger.checkpoint import verify
from gateway.ledger.composing import Statement
from gateway.ledger.entry import read_entry
from gateway.ledger.merkle import inclusion
from gateway.ledger.proof import Proof
from gateway.ledger.statement import key_added_statement, key_retired_statement

LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """From the key that signs to its successor, both under the ledger's one name."""

    records: Reading
    publication: Publication
    scribe: Scribe
    old: str
    new: str

    def vouch(self) -> int:
        """The old key vouches for the new one; the entry's index. Blocks. Raises `Failure`."""
        return self._state("add", self.new, key_added_statement(self.new, self._size + 1))

    def retire(self) -> int:
        """The old key signs its last head; the entry's index. Blocks. Raises `Failure`."""
        return self._state("retire", self.old, key_retired_statement(self.old, self._size + 1))

    @property
    def _size(self) -> int:
        return self.scribe.frontier.size

    def _state(self, word: str, key: str, statement: Statement) -> int:
        """Write it unless it stands there, publish it, and its proof beside the checkpoint."""
        if not any(True for _ in self._stated(word, key)):
            self.scribe.state_now(statement)
        index = next(self._stated(word, key))
        if self.scribe.head is None:
            raise Ours("a ledger without a head has no keys")
        self.publication.publish(self.scribe.head)
        proofs = succession.parse(self.publication.succession() or succession.encode(()))
        if index not in [proof.index for proof in proofs]:
            self.publication.succeed(succession.encode((*proofs, self._proof(index))))
        return index

    def _stated(self, word: str, key: str) -> Iterator[int]:
        for leaf in self.records.entries(LOG):
            said = read_entry(leaf.entry)
            if said.kind == "key" and said.public.get(word) == key:
                yield leaf.index

    def _proof(self, index: int) -> Proof:
        note = self.publication.checkpoint() or ""
        size = verify(note, [self.old]).checkpoint.size
        entry = self.records.since(index, 1).leaves[0].entry
        return Proof(index=index, entry=entry, path=inclusion(index, size, self.publication.fetch(size)), note=note)
