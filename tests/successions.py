"""A log whose keys follow each other, small enough to be proved from its entries."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.composing import Statement, compose
from gateway.ledger.merkle import inclusion, leaf_hash, root_of
from gateway.ledger.proof import Proof
from gateway.ledger.statement import genesis_statement, key_added_statement, key_retired_statement

NAME = "ledger.town.test/2026"
A, B, C, EVIL = (Signer(NAME, bytes([number]) * 32) for number in range(1, 5))


@dataclass
class Log:
    """A log small enough to be proved from its entries."""

    entries: list[bytes] = field(default_factory=list)

    def says(self, statement: Statement) -> int:
        self.entries.append(compose(statement, time_ms=1_000 * len(self.entries), gateway="gw1", secrets={}).entry)
        return len(self.entries) - 1

    def note(self, *signers: Signer) -> str:
        hashes = [leaf_hash(entry) for entry in self.entries]
        text = format_checkpoint(NAME, len(hashes), root_of(hashes))
        return f"{text}\n" + "".join(signer.line(text) for signer in signers)

    def proof(self, index: int, *signers: Signer) -> Proof:
        hashes = [leaf_hash(entry) for entry in self.entries]
        path = inclusion(index, len(hashes), lambda level, at: root_of(hashes[at << level : at + 1 << level]))
        return Proof(index=index, entry=self.entries[index], path=path, note=self.note(*signers))


def begun() -> Log:
    """A log with its first entry, to be signed by A."""
    log = Log()
    log.says(genesis_statement(NAME, (A.vkey,)))
    return log


def added(log: Log, signer: Signer, *by: Signer) -> Proof:
    return log.proof(log.says(key_added_statement(signer.vkey, len(log.entries) + 1)), *by)


def retired(log: Log, signer: Signer, *by: Signer) -> Proof:
    return log.proof(log.says(key_retired_statement(signer.vkey, len(log.entries) + 1)), *by)
