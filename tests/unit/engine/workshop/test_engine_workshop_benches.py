"""The workshop as the engine uses it, with real stations in real processes."""

from __future__ import annotations

import asyncio
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gateway.engine.workshop import CleanResult
from gateway.engine.workshop.benches import Benches
from gateway.engine.workshop.memory import Memory
from gateway.intake import mail
from gateway.intake.fault import Fault
from gateway.scrub.personal import Personal
from gateway.scrub.plan import Action, Cleaned, Code, Held, Kind, Plan
from gateway.seal.pen import Unsealed
from gateway.skeleton import Limits

pytestmark = pytest.mark.slow
T = TypeVar("T")

MESSAGE = (
    b"From: a@example.org\r\nTo: b@example.net\r\nSubject: =?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=\r\n"
    b"Content-Type: text/plain; charset=windows-1252\r\n\r\nGood morning.\r\n"
)


def png(*extra: bytes) -> bytes:
    """One grey pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        *((b"tEXt", one) for one in extra),
        (b"IDAT", zlib.compress(b"\0\x80")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def with_benches(story: Callable[[Benches], Awaitable[T]]) -> T:
    async def whole() -> T:
        benches = Benches(limits=Limits(), workers=1)
        try:
            await benches.start()
            return await story(benches)
        finally:
            await benches.close()

    return asyncio.run(whole())


def test_the_walls_hold_and_are_named() -> None:
    """On this machine nothing that is tried succeeds, so documents are opened and the evidence names the mechanisms."""

    async def story(benches: Benches) -> tuple[Any, Any]:
        return benches.breaches, benches.mechanisms

    breaches, mechanisms = with_benches(story)

    assert () == breaches
    assert {"limits", "no-new-privs", "seccomp"} <= set(mechanisms)


@pytest.mark.parametrize("large", [False, True])
def test_a_skeleton_is_what_the_scanner_finds(large: bool) -> None:
    """Small or large, bytes or anonymous file, and with codecs that were loaded before the walls went up."""
    message = MESSAGE + b"And so on, and so on.\r\n" * (10_000 if large else 1)

    async def story(benches: Benches) -> tuple[Any, Any]:
        with Memory(message) as memory:
            return await benches.skeleton(message), await benches.skeleton(memory)

    expected = mail.skeleton(message, Limits())

    assert (expected, expected) == with_benches(story)


def test_a_fault_is_a_value() -> None:
    """A certain no from the scanner comes back as it is."""

    async def story(benches: Benches) -> Any:
        return await benches.skeleton(b"From: a\nno CRLF")

    assert isinstance(with_benches(story), Fault)


class Ann:
    """A recipient with GnuPG."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._gpg("--quick-gen-key", "Ann <ann@a.test>", "future-default", "default", "never")
        self.certificate = self._gpg("--export", "ann@a.test")

    def opens(self, message: bytes) -> bytes:
        return self._gpg("--decrypt", stdin=message)

    def _gpg(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self._home), "--batch", "--no-tty", "--pinentry-mode", "loopback"]
        return subprocess.run(
            [*command, "--passphrase", "", *arguments], input=stdin, capture_output=True, check=True
        ).stdout


@pytest.fixture(scope="module")
def ann() -> Iterator[Ann]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    with tempfile.TemporaryDirectory(prefix="sg-") as home:  # short: an agent's socket path may have 108 bytes
        yield Ann(Path(home))
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)


@pytest.mark.parametrize("size", [10, 300_000])
def test_the_recipient_reads_what_was_encrypted(ann: Ann, size: int) -> None:
    """What the pen wrote in its worker opens with the certificate's key, byte for byte."""
    plain = b"x" * size

    async def story(benches: Benches) -> bytes:
        return await benches.encrypt(plain, ann.certificate)

    assert plain == ann.opens(with_benches(story))


def test_a_certificate_that_is_none_seals_nothing() -> None:
    """The pen's refusal is `Unsealed`, for which another pen may be tried."""

    async def story(benches: Benches) -> None:
        with pytest.raises(Unsealed):
            await benches.encrypt(b"plain", b"not a certificate")
        with pytest.raises(Unsealed):
            await benches.encrypt(b"plain", bytes(100_000))

    with_benches(story)


@pytest.mark.parametrize("as_memory", [False, True])
def test_a_document_is_cleaned_and_verified(as_memory: bool) -> None:
    """The text chunk is gone, the picture is not, and the counts say what went."""

    async def story(benches: Benches) -> CleanResult:
        dirty = png(b"Author\0Ann Example")
        with Memory(dirty) as memory:
            document = memory if as_memory else dirty
            return await benches.clean(document, name="a.png", media="image/png", plan=Plan())

    content, outcome = with_benches(story)

    assert png() == content
    assert isinstance(outcome, Cleaned)
    assert outcome.findings


def test_a_document_of_no_known_kind_is_held() -> None:
    """What no scrubber knows waits, and nothing of it comes back."""

    async def story(benches: Benches) -> CleanResult:
        return await benches.clean(b"\0\1\2\3", name="a.bin", media="", plan=Plan())

    content, outcome = with_benches(story)

    assert b"" == content
    assert isinstance(outcome, Held)


def test_what_waits_for_a_decision_says_what_for() -> None:
    """A plan that holds names what it found."""

    async def story(benches: Benches) -> CleanResult:
        plan = Plan(said=tuple((kind, Action.HOLD) for kind in Kind))
        return await benches.clean(png(b"Author\0Ann Example"), name="a.png", media="image/png", plan=plan)

    outcome = with_benches(story).outcome

    assert isinstance(outcome, Held)
    assert Code.ASK is outcome.code
    assert outcome.findings


def test_a_document_is_inspected() -> None:
    """Looking changes nothing and reports counts."""

    async def story(benches: Benches) -> Any:
        return await benches.inspect(png(b"Author\0Ann Example"), name="a.png", media="image/png")

    inspection = with_benches(story)

    assert inspection.held is None
    assert inspection.findings


def test_identifiers_are_counted_where_the_document_is_opened() -> None:
    """The count crosses the wall, and nothing of what was counted does; unasked, nobody looks."""
    table = b"name,account\r\nAnna,GB82 WEST 1234 5698 7654 32\r\n"

    async def story(benches: Benches) -> tuple[CleanResult, CleanResult]:
        asked = await benches.clean(table, name="a.csv", media="text/csv", plan=Plan(counts_personal=True))
        return asked, await benches.clean(table, name="a.csv", media="text/csv", plan=Plan())

    asked, unasked = with_benches(story)

    assert Cleaned(personal=Personal(high=1)) == asked.outcome
    assert Cleaned() == unasked.outcome
    assert table == asked.content


def test_where_the_walls_do_not_hold_documents_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a confined process could do anything it tried, no document is opened."""

    async def story(benches: Benches) -> tuple[Any, Any]:
        monkeypatch.setattr("gateway.engine.workshop.probe.EVERYTHING", ("something no process can be denied",))
        held = await benches.clean(png(), name="a.png", media="image/png", plan=Plan())
        return held.outcome, benches.mechanisms

    outcome, mechanisms = with_benches(story)

    assert isinstance(outcome, Held)
    assert () == mechanisms
