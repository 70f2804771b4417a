"""One writer of a real office, as a program to be killed: appends, tells each receipt, publishes, notes the anchor."""

from __future__ import annotations

from pathlib import Path

from gateway.commands.office import anchors_of, opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.entries import Write
from gateway.engine.scribe import Scribe, _Job
from gateway.errors import Failure
from gateway.facts import Consulted, Receipt
from tests.chaos.faults import tell

BATCHES = 3


def main(folder: str) -> None:
    """Append a few batches on this very thread; tell size and note of each receipt."""
    try:
        with opened(Setting(folder=Path(folder)), is_writing=True) as office:
            rules = rules_of_office(office)
            scribe = scribe_of(office, rules, lambda why: None)
            for number in range(BATCHES):
                receipt = append(scribe, f"consulted/{number}", office.clock.random(8).hex())
                tell(f"{receipt.stream} {receipt.version} {receipt.checkpoint.encode().hex()}")
                assert scribe.head is not None
                office.publication.publish(scribe.head)
                anchors_of(office, rules).note(scribe.head)
    except Failure:
        pass  # as the gateway would: it stops, and the next start decides


def append(scribe: Scribe, stream: str, question: str) -> Receipt:
    """One append without the scribe's thread: strace counts the calls of one. Raises its failure."""
    told: list[tuple[Receipt, ...] | BaseException] = []
    fact = Consulted(by="per", question=question, why="", size=0)
    scribe._commit([_Job((Write(stream=stream, facts=(fact, fact)),), told.append)], [])
    (result,) = told
    if isinstance(result, BaseException):
        raise result
    return result[0]
