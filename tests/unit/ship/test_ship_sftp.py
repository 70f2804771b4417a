"""The file carrier against a real server on loopback: what lies there after each failure, and what it is called."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncssh
import pytest

from gateway.errors import StoreAway, Tampering
from gateway.facts import Receipt
from gateway.ship import InDoubt, Never, NotNow, Outcome, Taken
from gateway.ship.sftp import SftpCarrier
from tests.unit.ship.sftp_partner import (
    CONTENT,
    HASTY,
    NAME,
    PART,
    PATIENT,
    RECEIPT,
    TODAY,
    TRANSFER,
    Partner,
    key,
    parcel,
    route,
    run,
    send,
    settle,
)  # fmt: skip


@pytest.fixture
def partner(tmp_path: Path) -> Partner:
    (tmp_path / "in").mkdir()
    return Partner(tmp_path / "in")


def push(partner: Partner, content: bytes = CONTENT, *, sweeps: bool = False, folder: str = "", **more) -> Outcome:
    async def story() -> Outcome:
        async with partner.open():
            return await send(route(partner.port, sweeps=sweeps, folder=folder), content, **more)

    return run(story())


def settled(partner: Partner, **more) -> Outcome | None:
    async def story() -> Outcome | None:
        async with partner.open():
            return await settle(route(partner.port, **more))

    return run(story())


def code_of(outcome: Outcome | None) -> str:
    assert outcome is not None
    assert not isinstance(outcome, Taken)
    return outcome.reason.code


def test_delivers(partner):
    """A file arrives byte for byte under its name and nothing else lies there; the reply says what was checked."""
    outcome = push(partner)

    assert Taken(reply=f"renamed: {len(CONTENT)} bytes; size and SHA-256 checked", is_notifying=False) == outcome
    assert {NAME: CONTENT} == partner.lies_there()
    assert partner.journal.index("fsync") < partner.journal.index("rename")


def test_shows_what_the_server_proved(partner):
    """The hop is evidence: the pinned key in hex and as people compare it, the address, the cipher."""

    async def story():
        carrier = SftpCarrier(patience=PATIENT)
        async with partner.open(), carrier.line(route(partner.port), RECEIPT, today=TODAY) as line:
            assert not isinstance(line, NotNow)
            return line.hop

    hop = run(story())

    assert ("pin", "key-pinned", "SSH-2.0") == (hop.level, hop.verdict, hop.tls_version)
    assert ("127.0.0.1", partner.port, "aes128-gcm@openssh.com") == (hop.address, hop.port, hop.cipher)
    assert (key("theirs").get_fingerprint(), 64, "") == (hop.matched_name, len(hop.spki_sha256), hop.leaf_sha256)


@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 255 << 10, (255 << 10) + 1])
def test_delivers_any_size(partner, size):
    """Pieces are cut anew, at their edges too; an empty file is a file."""
    content = CONTENT[:1] * size
    chunks = [content[at : at + 1000] for at in range(0, size, 1000)]

    assert isinstance(push(partner, content, chunks=chunks), Taken)
    assert {NAME: content} == partner.lies_there()


def test_delivers_into_a_folder(partner):
    """The route's folder is where the file and its unfinished form go."""
    (partner.folder / "filings").mkdir()

    assert isinstance(push(partner, folder="filings/"), Taken)
    assert CONTENT == (partner.folder / "filings" / NAME).read_bytes()


def test_delivers_to_a_server_that_reads_little_at_a_time(partner):
    """A READ answered with less than was asked is asked again."""
    partner.reads_at_most = 1000

    outcome = push(partner, CONTENT[:20_000])

    assert isinstance(outcome, Taken)
    assert outcome.reply.endswith("size and SHA-256 checked")


def test_delivers_where_nothing_can_be_synced(partner):
    """A server without fsync loses us a promise, not the delivery."""
    partner.refuses["fsync"] = asyncssh.SFTPOpUnsupported("")

    assert isinstance(push(partner), Taken)


def test_says_when_only_the_size_was_compared(partner):
    """What is too large or not allowed to be read back is compared by size, and the reply says so."""
    large = push(partner, read_back_bytes=100)
    (partner.folder / NAME).unlink()
    partner.refuses["open-to-read"] = asyncssh.SFTPPermissionDenied("")
    secret = push(partner)

    assert isinstance(large, Taken)
    assert large.reply.endswith("size checked, too large to read back")
    assert isinstance(secret, Taken)
    assert secret.reply.endswith("size checked, reading back is refused")


def test_counts_as_taken_what_a_sweeper_took(partner):
    """Where the rules say that the partner sweeps, a file that is gone after its rename was taken."""
    partner.after["rename"] = Path.unlink

    outcome = push(partner, sweeps=True)

    assert isinstance(outcome, Taken)
    assert outcome.reply.endswith("; swept")


# ── an existing name ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_never_replaces_a_file(partner):
    """Another file of that name stays as it is, nothing is sent, and trying again would not help."""
    (partner.folder / NAME).write_bytes(b"theirs")

    outcome = push(partner)

    assert isinstance(outcome, Never)
    assert "name-taken" == code_of(outcome)
    assert ({NAME: b"theirs"}, 0) == (partner.lies_there(), partner.journal.count("write"))


def test_never_replaces_a_file_that_came_meanwhile(partner):
    """A name that is taken while we write is seen before the rename, and ours is removed."""
    partner.after["close"] = lambda part: (partner.folder / NAME).write_bytes(b"theirs")

    outcome = push(partner)

    assert isinstance(outcome, Never)
    assert {NAME: b"theirs"} == partner.lies_there()


def test_knows_its_own_bytes(partner):
    """A file of that name with the very same bytes is the delivery; it is not sent twice."""
    (partner.folder / NAME).write_bytes(CONTENT)

    outcome = push(partner)

    assert Taken(reply=f"was there: {len(CONTENT)} bytes, SHA-256 equal", is_notifying=False) == outcome
    assert 0 == partner.journal.count("write")


def test_same_size_is_not_same_bytes(partner):
    """Only the digest makes two files the same."""
    (partner.folder / NAME).write_bytes(bytes(len(CONTENT)))

    assert isinstance(push(partner), Never)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".hidden", "a\nb", "a\u202eb", "x" * 256, "con.txt"])
def test_says_no_name_that_could_mean_another_place(partner, name):
    """A name that is not plainly one file's is never said to a server."""
    outcome = push(partner, name=name)

    assert isinstance(outcome, Never)
    assert ("name-unspeakable", []) == (code_of(outcome), partner.journal)


def test_starts_anew_over_its_own_leftover(partner):
    """What an earlier attempt of this leg left is removed; another leg's is not."""
    (partner.folder / PART).write_bytes(CONTENT[:500])
    (partner.folder / f".{TRANSFER}.1.part").write_bytes(b"x")

    assert isinstance(push(partner), Taken)
    assert {NAME: CONTENT, f".{TRANSFER}.1.part": b"x"} == partner.lies_there()


def test_leaves_alone_what_cannot_be_its_leftover(partner):
    """Something under our temporary name that we cannot have written is not removed."""
    (partner.folder / PART).write_bytes(CONTENT + b"more")

    assert isinstance(push(partner), Never)
    assert {PART: CONTENT + b"more"} == partner.lies_there()


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", ["lstat", "open", "write", "rename"])
def test_gives_up_where_we_may_not(partner, word):
    """Permission denied is permanent, wherever it is said, and what can be removed is removed."""
    partner.refuses[word] = asyncssh.SFTPPermissionDenied("not\x1b[2J you")

    outcome = push(partner)

    assert isinstance(outcome, Never)
    assert ("5.7.1", "SFTP 3 not?[2J you") == (outcome.reason.get("status"), outcome.reply)
    assert {} == partner.lies_there()


def test_gives_up_where_the_folder_does_not_exist(partner):
    """A path that is not there is permanent: an administrator has to look."""
    assert isinstance(push(partner, folder="nowhere"), Never)


@pytest.mark.parametrize("word", ["open", "write", "fsync", "close", "remove"])
def test_tries_again_after_a_plain_failure(partner, word):
    """Version 3 has one status for quota, full disk and all else: it is worth another try."""
    partner.refuses[word] = asyncssh.SFTPFailure("no")
    if word == "remove":
        (partner.folder / PART).write_bytes(b"x")

    outcome = push(partner)

    assert isinstance(outcome, NotNow)
    assert "remote-refused" == code_of(outcome)


def test_leaves_nothing_behind_a_quota(partner):
    """A quota met in the middle is worth another try, and what was written does not eat of it."""
    partner.quota_bytes = 50_000

    outcome = push(partner)

    assert isinstance(outcome, NotNow)
    assert {} == partner.lies_there()


def test_never_names_what_a_server_garbled(partner):
    """A wrong digest is found before the file has its name: it is removed, and tried again."""
    partner.garbles = True

    outcome = push(partner)

    assert isinstance(outcome, NotNow)
    assert ("digest-differs", {}) == (code_of(outcome), partner.lies_there())
    assert 0 == partner.journal.count("rename")


def test_never_names_what_came_short(partner):
    """A size that differs is found before the file has its name."""
    partner.after["close"] = lambda part: part.write_bytes(CONTENT[:-1])

    outcome = push(partner)

    assert isinstance(outcome, NotNow)
    assert ("size-differs", {}) == (code_of(outcome), partner.lies_there())


def test_stops_when_the_parcel_is_not_what_was_sealed(partner):
    """Bytes that are not the parcel's never get a name, and sending stops until a person has looked."""
    with pytest.raises(Tampering):
        push(partner, chunks=[CONTENT[:-1], b"!"])

    assert {} == partner.lies_there()


def test_leaves_nothing_when_our_store_fails(partner):
    """When our own bytes fail us in the middle, the fault comes out as itself and nothing is left there."""

    async def chunks():
        yield CONTENT
        raise StoreAway("disk")

    with pytest.raises(StoreAway):
        push(partner, chunks=chunks())

    assert {} == partner.lies_there()


def test_needs_the_receipt_of_its_own_transfer(partner):
    """Another transfer's receipt permits nothing."""
    other = Receipt(stream="T-" + "B" * 26, version=3, indexes=(4,), size=5, checkpoint="")

    async def story():
        carrier = SftpCarrier(patience=PATIENT)
        async with partner.open(), carrier.line(route(partner.port), RECEIPT, today=TODAY) as line:
            await line.deliver(parcel(), NAME, [CONTENT], other)  # type: ignore[union-attr]

    with pytest.raises(ValueError, match="receipt"):
        run(story())


# ── silence, cuts and doubt ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", ["lstat", "open", "write", "fsync", "close", "read"])
def test_silence_before_the_rename_is_surely_not_delivered(partner, word):
    """Each wait has its patience; before the rename its end means another try."""
    partner.stalls.add(word)

    outcome = push(partner, patience=HASTY)

    assert isinstance(outcome, NotNow)
    assert ("connection-lost", "silence") == (code_of(outcome), outcome.reason.get("detail"))


def test_silence_after_the_rename_is_a_doubt(partner):
    """A rename that is never answered may have happened."""
    partner.stalls.add("rename")

    outcome = push(partner, patience=HASTY)

    assert isinstance(outcome, InDoubt)
    assert "reply-lost" == code_of(outcome)


@pytest.mark.parametrize("word", ["write", "close"])
def test_a_cut_before_the_rename_is_surely_not_delivered(partner, word):
    """A connection that breaks while the file has no name yet means another try."""
    partner.cuts_after = word

    outcome = push(partner)

    assert isinstance(outcome, NotNow)
    assert NAME not in partner.lies_there()


def test_a_doubt_is_settled_by_the_digest(partner):
    """The reply to the rename is lost; looking finds the very bytes there: delivered, and sent once."""
    partner.cuts_after = "rename"
    outcome = push(partner)
    partner.cuts_after = ""

    assert isinstance(outcome, InDoubt)
    assert Taken(reply=f"lies there: {len(CONTENT)} bytes, SHA-256 equal", is_notifying=False) == settled(partner)
    assert 1 == partner.journal.count("rename")


@pytest.mark.parametrize("sweeps", [False, True])
def test_settles_an_attempt_that_never_was_renamed(partner, sweeps):
    """The unfinished file is the proof that it never got its name: it may be sent."""
    (partner.folder / PART).write_bytes(CONTENT)

    assert settled(partner, sweeps=sweeps) is None


def test_settles_an_attempt_of_which_nothing_is_there(partner):
    """Nothing there where nobody sweeps: it was not delivered. Where somebody does, nobody knows."""
    assert settled(partner) is None
    assert "swept-or-never-there" == code_of(settled(partner, sweeps=True))


def test_keeps_a_doubt_that_looking_does_not_end(partner):
    """Another file there, one that may not be read, a line that breaks: still in doubt."""
    (partner.folder / NAME).write_bytes(b"theirs")
    other = settled(partner)
    (partner.folder / NAME).write_bytes(CONTENT)
    partner.refuses["open-to-read"] = asyncssh.SFTPPermissionDenied("")
    unread = settled(partner)

    assert isinstance(other, InDoubt)
    assert isinstance(unread, InDoubt)
    assert ("name-taken", "cannot-compare") == (code_of(other), code_of(unread))


def test_gone_after_the_rename_is_a_doubt_unless_the_partner_sweeps(partner):
    """The server said OK and the file is gone, which nobody told us to expect: a person looks."""
    partner.after["rename"] = Path.unlink

    outcome = push(partner)

    assert isinstance(outcome, InDoubt)
    assert "gone-after-rename" == code_of(outcome)


def test_changed_after_the_rename_is_a_doubt(partner):
    """What lies under the name after an OK must be what we put there."""
    partner.after["rename"] = lambda path: path.write_bytes(b"processed")

    assert "changed-after-rename" == code_of(push(partner))


def test_a_sweeper_of_unfinished_files_is_a_doubt(partner):
    """All of it was there, and somebody took it before it had its name."""
    partner.after["close"] = Path.unlink

    assert "part-gone" == code_of(push(partner))


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_takes_no_more_than_the_server_answers(partner):
    """A server that stops answering stops us reading: a few MiB are on their way, never the file."""
    taken = []

    async def chunks():
        for number in range(400):
            taken.append(number)
            yield bytes(64 << 10)

    partner.stalls.add("write")

    assert isinstance(push(partner, bytes(400 * (64 << 10)), chunks=chunks(), patience=HASTY), NotNow)
    assert 40 < len(taken) < 80


def test_asks_for_few_lines_at_a_time(partner):
    """A partner's server is not met by all our waiting files at once."""
    most = 0

    async def one(carrier: SftpCarrier, open_lines: list[int]) -> None:
        nonlocal most
        async with carrier.line(route(partner.port), RECEIPT, today=TODAY):
            open_lines.append(1)
            most = max(most, len(open_lines))
            await asyncio.sleep(0)
            open_lines.pop()

    async def story() -> None:
        carrier, open_lines = SftpCarrier(patience=PATIENT), list[int]()
        async with partner.open(), asyncio.TaskGroup() as group:
            for _ in range(9):
                group.create_task(one(carrier, open_lines))

    run(story())

    assert 1 <= most <= 4


def test_closes_when_it_is_cancelled(partner):
    """Cancelling a delivery closes its connection; what was written has no name."""
    partner.stalls.add("fsync")

    async def story() -> bool:
        async with partner.open(), asyncio.TaskGroup() as group:
            delivery = group.create_task(send(route(partner.port)))
            await partner.stalled.wait()
            delivery.cancel()
        return delivery.cancelled()

    assert run(story())
    assert [PART] == list(partner.lies_there())
