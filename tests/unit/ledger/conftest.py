"""What the ledger's tests share: the handbook's worked vector, a signer and a small true log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.composing import Leaf, Statement, compose
from gateway.ledger.disclosure import disclose
from gateway.ledger.leaf import CLASSES, Table
from gateway.ledger.merkle import Frontier, inclusion, root_of
from gateway.ledger.proof import Evidence, Proof, policy_of

TESTS = Path(__file__).parents[2]
SHARED = TESTS.parents[1] / "shared" / "vectors"
X = bytes(range(16))
SECRETS = {cls: bytes([i]) * 32 for i, cls in enumerate(CLASSES, start=1)}


@dataclass(frozen=True)
class Worked:
    """The worked vector as the handbook prints it, and as our code composes it."""

    expected: dict[str, str]
    table: Table
    statement: Statement
    leaf: Leaf


@pytest.fixture(scope="session")
def worked() -> Worked:
    said = json.loads((TESTS / "vectors" / "ledger" / "worked.json").read_text(encoding="utf-8"))
    values = tuple((cls, tuple((name, value) for name, value in fields)) for cls, fields in said["fields"])
    fields = {cls: tuple(name for name, _ in pairs) for cls, pairs in values}
    table = {"sealed": fields, "shipped": fields}
    statement = Statement(kind="sealed", x=X, leg=0, values=values)
    leaf = compose(statement, time_ms=1767225600123, gateway="gw1", secrets=SECRETS, schema="xfer/1", table=table)
    return Worked(said, table, statement, leaf)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("ledger.town.example/2026", bytes(32))


@pytest.fixture(scope="session")
def log() -> tuple[Leaf, ...]:
    """Nine entries: a genesis, then two legs received, judged, sealed and shipped."""
    said = [Statement(kind="genesis")]
    for leg in (0, 1):
        rcp = ("rcp", (("addr", f"day{leg}@court.test"),))
        first = len(said)
        said += [
            Statement(kind="received", x=X, leg=leg, values=(rcp,)),
            Statement(kind="judged", x=X, leg=leg, values=(("op", (("ruleset", "r1"),)), rcp)),
            Statement(kind="sealed", x=X, leg=leg, values=(rcp,)),
            Statement(kind="shipped", x=X, leg=leg, outcome="delivered", intent=first + 2, values=(rcp,)),
        ]
    return tuple(compose(one, time_ms=1000 + i, gateway="gw1", secrets=SECRETS) for i, one in enumerate(said))


@pytest.fixture(scope="session")
def evidence(log: tuple[Leaf, ...], signer: Signer) -> Evidence:
    """Two entries of that log, one value and one absence disclosed."""
    hashes = [leaf.hash for leaf in log]
    note = signer.sign(format_checkpoint(signer.name, len(log), Frontier().extend(hashes).root()))
    values = (("addr", "day0@court.test"),)
    shown = (
        disclose("shipped", index=4, cls="rcp", field="addr", secret=SECRETS["rcp"], values=values),
        disclose("shipped", index=4, cls="rcp", field="reply", secret=SECRETS["rcp"], values=values),
    )

    def proof(index: int) -> Proof:
        path = inclusion(index, len(log), lambda level, i: root_of(hashes[i << level : (i + 1) << level]))
        disclosures = shown if index == 4 else ()
        return Proof(index=index, entry=log[index].entry, path=path, note=note, disclosures=disclosures)

    return Evidence(proofs=(proof(1), proof(4)), policy=policy_of([signer.vkey]))


@pytest.fixture(scope="session")
def shared_vectors() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared vectors are not beside this checkout")
    return SHARED
