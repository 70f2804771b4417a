"""The session without a socket: order, bounds, and when a file is a file (handbook `files.md` §1-4, §13)."""

from __future__ import annotations

import struct

import pytest

from gateway.doors.sftp.answers import EXTENSIONS
from gateway.doors.sftp.attributes import Attributes, write_attributes
from gateway.doors.sftp.handles import Ration
from gateway.doors.sftp.session import Bounds
from gateway.doors.sftp.status import Client
from gateway.doors.sftp.wire import MAX_DATA, Breach, Flags, Kind
from gateway.errors import StoreAway, StoreBroken
from tests.unit.doors.sftp_talk import PUT, RESUME, Talk, frame, string, talk
from tests.unit.doors.sftp_tree import ACME, LABEL, MemoryFile, MemoryTree, Office

FILE = ACME / "plan.pdf"


@pytest.mark.parametrize("asked", [3, 6, 0xFFFFFFFF, 0])
def test_it_is_version_3_whatever_is_asked(asked: int) -> None:
    """INIT gets version 3 and the four extensions, and nothing else."""
    answer = Talk().hello(asked)

    offered = b"".join(string(name) + string(data) for name, data in EXTENSIONS)
    assert (Kind.VERSION, 3, offered) == (answer.kind, answer.id, answer.body)
    assert 4 == len(EXTENSIONS)


def test_what_is_put_is_kept_as_it_was_sent() -> None:
    """OPEN, WRITE, CLOSE: the bytes are complete under their name, with the time FSETSTAT said."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    t.write(handle, 0, b"one ")
    t.write(handle, 4, b"two")
    t.fset(handle, mtime=86400)

    assert 0 == t.close(handle).code
    assert b"one two" == t.office.complete(FILE)
    assert 86400 == t.office.files[FILE].mtime


def test_writes_may_come_in_any_order() -> None:
    """rclone and sshfs write positions, not streams: what matters is that nothing is missing at the end."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    for at in (6, 0, 3):
        t.write(handle, at, b"abcdefghi"[at : at + 3])

    assert 0 == t.close(handle).code
    assert b"abcdefghi" == t.office.complete(FILE)


def test_a_hole_is_refused_at_close() -> None:
    """A file with a part that never came is not complete, and the client is told."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    t.write(handle, 0, b"abc")
    t.write(handle, 6, b"ghi")

    answer = t.close(handle)

    assert (3, "Parts of the file are missing") == (answer.code, answer.text[:29])
    assert ([], [FILE]) == (t.office.completed(), t.office.abandoned)


def test_close_after_a_failed_write_makes_no_file() -> None:
    """OpenSSH sends CLOSE after a WRITE that failed; further writes do not heal it either."""
    t = talk(office=Office(quota=10))
    handle = t.open("/to/Acme/plan.pdf").handle
    t.write(handle, 0, b"12345")
    failed = t.write(handle, 5, b"more than the quota")
    t.write(handle, 5, b"67")

    assert (4, "Your quota is used up.") == (failed.code, failed.text)
    assert 4 == t.close(handle).code
    assert ([], [FILE]) == (t.office.completed(), t.office.abandoned)


def test_a_store_that_fails_poisons_the_upload_and_says_later() -> None:
    """A failure while writing is told in its public words, and the handle stays poisoned."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    t.office.fault = StoreAway("disk full at sector 9")

    failed = t.write(handle, 0, b"x")

    assert (4, StoreAway.public) == (failed.code, failed.text)
    assert 4 == t.close(handle).code
    assert [] == t.office.completed()


def test_a_store_that_is_broken_ends_everything() -> None:
    """What must stop the process is not turned into an answer."""
    t = talk()
    t.office.fault = StoreBroken("fsync failed")

    with pytest.raises(StoreBroken):
        t.ask(Kind.STAT, string("/to"))


@pytest.mark.parametrize(("promised", "sent", "kept"), [(6, 6, True), (6, 5, False), (6, 7, False)])
def test_a_promised_size_is_compared(promised: int, sent: int, kept: bool) -> None:
    """lftp says the size with FSETSTAT before CLOSE: another size is no file."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    t.write(handle, 0, b"x" * sent)
    t.fset(handle, size=promised, mtime=5)

    assert kept == (t.close(handle).code == 0)
    assert kept == bool(t.office.completed())


def test_truncating_to_nothing_starts_again() -> None:
    """sshfs empties an open file with FSETSTAT: what was written before is gone."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    t.write(handle, 0, b"old content")
    t.fset(handle, size=0)
    t.write(handle, 0, b"new")

    assert 0 == t.close(handle).code
    assert b"new" == t.office.complete(FILE)


def test_a_connection_that_drops_completes_nothing() -> None:
    """Only CLOSE completes: `end` abandons what is open, and the end was not a clean one."""
    t = talk()
    t.write(t.open("/to/Acme/plan.pdf").handle, 0, b"all of it")

    t.end(was_clean=True)

    assert ([], [FILE], [False]) == (t.office.completed(), t.office.abandoned, t.office.departures)


def test_a_session_that_ends_with_nothing_open_ends_cleanly() -> None:
    """Names may settle at once after a clean end."""
    t = talk()
    t.close(t.open("/to/Acme/plan.pdf").handle)
    t.end(was_clean=True)

    assert [True] == t.office.departures


def test_an_upload_cut_at_every_byte_is_never_complete() -> None:
    """Whatever prefix of an upload arrives, nothing is complete before the last byte of its CLOSE."""
    script = frame(Kind.INIT, struct.pack(">I", 3))
    first = (0).to_bytes(7, "big") + b"\x01"
    script += frame(Kind.OPEN, struct.pack(">I", 1) + string("/to/Acme/plan.pdf") + struct.pack(">II", PUT, 0))
    script += frame(Kind.WRITE, struct.pack(">I", 2) + string(first) + struct.pack(">Q", 0) + string(b"content"))
    script += frame(Kind.CLOSE, struct.pack(">I", 3) + string(first))
    for cut in range(len(script) + 1):
        t = Talk()
        t.hear(script[:cut])
        t.end()

        assert ([FILE] if cut == len(script) else []) == t.office.completed(), cut


def test_answers_keep_the_order_of_the_requests() -> None:
    """A slow read between two quick requests is answered between them (WinSCP sends CLOSE before acks are read)."""
    office = Office(files={FILE: MemoryFile(bytearray(b"content"))})
    t = talk(office=office, tree=MemoryTree(office, reads_are_slow=True))
    reading, writing = t.open("/to/Acme/plan.pdf", Flags.READ).handle, t.open("/to/Acme/new").handle
    burst = t.request(Kind.WRITE, string(writing), struct.pack(">Q", 0), string(b"x"))
    burst += t.request(Kind.READ, string(reading), struct.pack(">QI", 0, 9))
    burst += t.request(Kind.CLOSE, string(writing))
    burst += t.request(Kind.SETSTAT, string("/to/Acme/new"), write_attributes(Attributes(mtime=9)))

    answers = t.hear(burst)

    assert [Kind.STATUS, Kind.DATA, Kind.STATUS, Kind.STATUS] == [answer.kind for answer in answers]
    assert sorted(answer.id for answer in answers) == [answer.id for answer in answers]
    assert (b"x", 9) == (office.complete(ACME / "new"), office.files[ACME / "new"].mtime)


def test_a_full_draft_is_given_time_before_the_next_request() -> None:
    """Back-pressure in: after a write that leaves the draft full, its room is awaited, and nothing is lost."""
    t = talk(office=Office(buffer=4))
    handle = t.open("/to/Acme/plan.pdf").handle
    burst = b"".join(
        t.request(Kind.WRITE, string(handle), struct.pack(">Q", at), string(b"abcd")) for at in range(0, 40, 4)
    )

    assert [0] * 10 == [answer.code for answer in t.hear(burst)]
    assert 0 == t.close(handle).code
    assert b"abcd" * 10 == t.office.complete(FILE)


def test_it_takes_no_request_while_answers_wait() -> None:
    """Back-pressure out: a peer that does not read gets a bounded heap of answers, whatever it asks."""
    office = Office(files={FILE: MemoryFile(bytearray(4 << 20))})
    t = talk(office=office, bounds=Bounds(out_bytes=1 << 20))
    handle = t.open("/to/Acme/plan.pdf", Flags.READ).handle
    for at in range(64):
        t.session.feed(t.request(Kind.READ, string(handle), struct.pack(">QI", at, 4 << 20)))

    assert None is t.session.work_now()
    assert 1 << 20 <= len(t.session.take()) < (1 << 20) + MAX_DATA + 100
    assert t.session.waiting > 0


def test_a_huge_read_is_answered_short() -> None:
    """READ of 96 MiB gets what fits one answer; a READ at 2^63-1 gets the end of the file."""
    t = talk(office=Office(files={FILE: MemoryFile(bytearray(1 << 20))}))
    handle = t.open("/to/Acme/plan.pdf", Flags.READ).handle

    assert MAX_DATA == len(t.read(handle, 0, 96 << 20).data)
    assert 1 == t.read(handle, 2**63 - 1, 1).code


def test_a_write_far_out_is_refused_and_poisons() -> None:
    """An offset past the cap is no sparse file."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle

    assert 4 == t.write(handle, 2**63 - 1, b"x").code
    assert 4 == t.close(handle).code


@pytest.mark.parametrize(("length", "is_refused"), [(261_120, False), (261_121, True), (0, True), (0x7FFFFFFF, True)])
def test_a_message_is_bounded_on_its_length_word(length: int, is_refused: bool) -> None:
    """261,120 bytes are taken; one more is refused before any of it has come."""
    t = talk()
    t.session.feed(struct.pack(">I", length))

    if is_refused:
        with pytest.raises(Breach):
            t.session.work_now()
    else:
        assert None is t.session.work_now()


@pytest.mark.parametrize(("length", "is_refused"), [(34_000, False), (34_001, True)])
def test_an_office_may_take_smaller_messages(length: int, is_refused: bool) -> None:
    """`sftp-message-bytes` in gateway.toml: enforced on the length word, kept in what is read, and said by `limits`."""
    t = talk(office=Office(files={FILE: MemoryFile(bytearray(1 << 20))}), bounds=Bounds(message_bytes=34_000))
    assert (34_000, 32_976, 32_976, 64) == struct.unpack(">4Q", t.extended("limits@openssh.com").body)
    handle = t.open("/to/Acme/plan.pdf", Flags.READ).handle
    assert 32_976 == len(t.read(handle, 0, 96 << 20).data)
    t.session.feed(struct.pack(">I", length))

    if is_refused:
        with pytest.raises(Breach):
            t.session.work_now()
    else:
        assert None is t.session.work_now()


@pytest.mark.parametrize("size", [33_999, 261_121])
def test_no_door_is_made_for_messages_nobody_sends(size: int) -> None:
    """Every client may send 34,000 bytes, and ours takes no more than it was built for."""
    with pytest.raises(ValueError, match="34000 to 261120"):
        Bounds(message_bytes=size)


def test_the_largest_write_is_taken() -> None:
    """What `limits` says may be written can be written, one byte more cannot."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle

    assert 0 == t.write(handle, 0, bytes(MAX_DATA)).code
    assert 5 == t.write(handle, MAX_DATA, bytes(MAX_DATA + 1)).code


def test_a_write_of_nothing_makes_no_content() -> None:
    """An empty WRITE far out leaves an empty file: not one of zeros up to there, which would fill the memory."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    assert 0 == t.write(handle, 1 << 20, b"").code

    assert 0 == t.close(handle).code
    assert b"" == t.office.complete(FILE)


def test_close_after_an_unreadable_write_makes_no_file() -> None:
    """A WRITE that is too large to be read lost its bytes all the same: the file it belongs to is not taken."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    t.write(handle, 0, b"beginning")
    assert 5 == t.write(handle, 9, bytes(MAX_DATA + 1)).code

    assert 5 == t.close(handle).code
    assert ([], [FILE]) == (t.office.completed(), t.office.abandoned)


def test_the_65th_handle_is_refused_and_names_are_not_reused() -> None:
    """64 handles are open at once; a closed one makes room, under a name never given before."""
    t = talk()
    handles = [t.ask(Kind.OPENDIR, string("/to")).handle for _ in range(64)]

    assert 4 == t.ask(Kind.OPENDIR, string("/to")).code
    assert 0 == t.close(handles[7]).code
    assert t.ask(Kind.OPENDIR, string("/to")).handle not in handles
    assert 4 == t.close(handles[7]).code


def test_a_person_shares_one_ration_of_handles() -> None:
    """Sessions of one person together have so many handles; a session that ends gives its back."""
    ration = Ration(2)
    one, two = talk(ration=ration), talk(ration=ration)
    one.open("/to/Acme/a")
    two.open("/to/Acme/b")

    assert 4 == one.open("/to/Acme/c").code
    two.end()
    assert b"" != one.open("/to/Acme/c").handle


@pytest.mark.parametrize("kind", [0, 19, 20, 21, 22, 99, 199, 255])
def test_links_and_unknown_requests_are_unsupported(kind: int) -> None:
    """READLINK, SYMLINK, LINK, BLOCK and nonsense get OP_UNSUPPORTED, and the session goes on."""
    t = talk()

    assert 8 == t.ask(kind, string("/to"), string("/etc/passwd")).code
    assert Kind.ATTRS == t.ask(Kind.STAT, string("/to")).kind


@pytest.mark.parametrize("name", ["copy-data", "hardlink@openssh.com", "lsetstat@openssh.com", "", "x" * 200])
def test_extensions_that_are_not_offered_are_unsupported(name: str) -> None:
    """An extension nobody offered does nothing."""
    assert 8 == talk().extended(name, string("/to"), b"\0" * 50).code


def test_limits_say_what_is_enforced() -> None:
    """limits@openssh.com: packet, read, write, handles."""
    answer = talk().extended("limits@openssh.com")

    assert (261_120, 260_096, 260_096, 64) == struct.unpack(">4Q", answer.body)


def test_statvfs_is_the_quota() -> None:
    """statvfs@openssh.com: block size, total and free of the person's quota."""
    answer = talk(office=Office(quota=8 << 20)).extended("statvfs@openssh.com", string("/to/Acme"))

    assert (4096, 4096, 2048, 1024, 1024) == struct.unpack(">11Q", answer.body)[:5]


def test_fsync_is_for_uploads() -> None:
    """fsync@openssh.com on an upload is OK; on what is not open for writing it is refused."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    folder = t.ask(Kind.OPENDIR, string("/to")).handle

    assert 0 == t.extended("fsync@openssh.com", string(handle)).code
    assert 4 == t.extended("fsync@openssh.com", string(folder)).code


def test_rename_replaces_only_where_posix_rename_asks() -> None:
    """RENAME never overwrites; posix-rename@openssh.com does."""
    t = talk(office=Office(files={ACME / name: MemoryFile(bytearray(name.encode())) for name in ("a", "b")}))

    assert 4 == t.ask(Kind.RENAME, string("/to/Acme/a"), string("/to/Acme/b")).code
    assert 0 == t.extended("posix-rename@openssh.com", string("/to/Acme/a"), string("/to/Acme/b")).code
    assert [ACME / "b"] == list(t.office.files)


def test_resume_goes_on_where_it_stopped() -> None:
    """Without TRUNC the bytes that are there count; with APPEND offsets do not."""
    t = talk()
    t.write(t.open("/to/Acme/plan.pdf").handle, 0, b"half")
    t.end()
    t = talk(office=t.office)
    resumed = t.open("/to/Acme/plan.pdf", RESUME).handle
    t.write(resumed, 4, b" and half")
    t.close(resumed)
    appended = t.open("/to/Acme/plan.pdf", RESUME | Flags.APPEND).handle
    t.write(appended, 0, b"!")

    assert 0 == t.close(appended).code
    assert b"half and half!" == t.office.complete(FILE)


@pytest.mark.parametrize(
    ("flags", "code"), [(0, 4), (Flags.CREATE, 4), (Flags.APPEND, 4), (Flags.READ | Flags.APPEND, 4), (Flags.WRITE, 2)]
)
def test_odd_ways_to_open_are_refused(flags: int, code: int) -> None:
    """Neither reading nor writing, appending without writing, writing what is not there: no."""
    assert code == talk().open("/to/Acme/plan.pdf", flags).code


def test_exclusive_means_new() -> None:
    """EXCL refuses a name that is taken."""
    t = talk()
    t.close(t.open("/to/Acme/plan.pdf", PUT | Flags.EXCLUSIVE).handle)

    assert 4 == t.open("/to/Acme/plan.pdf", PUT | Flags.EXCLUSIVE).code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"mtime": 77}, 0),
        ({"mode": 0o777}, 0),
        ({"size": 7}, 0),
        ({"size": 6}, 3),
        ({}, 0),
        ({"size": 7, "mtime": 77}, 0),
    ],
)
def test_setstat_keeps_the_time_ignores_rights_and_never_cuts(said: dict[str, int], code: int) -> None:
    """By path: mtime is kept, mode ignored, a size must be what it is."""
    t = talk(office=Office(files={FILE: MemoryFile(bytearray(b"content"))}))

    answer = t.ask(Kind.SETSTAT, string("/to/Acme/plan.pdf"), write_attributes(Attributes(**said)))

    assert code == answer.code
    assert (b"content", said.get("mtime", 1_700_000_000)) == (
        bytes(t.office.files[FILE].content),
        t.office.files[FILE].mtime,
    )


def test_what_is_being_written_has_its_size_so_far() -> None:
    """FSTAT on an upload says what has come; on a folder's handle it is refused."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle
    t.write(handle, 0, b"12345")
    answer = t.ask(Kind.FSTAT, string(handle))

    assert (Kind.ATTRS, 5) == (answer.kind, int.from_bytes(answer.body[4:12], "big"))
    assert 4 == t.ask(Kind.FSTAT, string(t.ask(Kind.OPENDIR, string("/")).handle)).code


def test_an_upload_can_be_read_back_only_if_opened_so() -> None:
    """sshfs opens for both; a plain upload is not readable, a folder neither."""
    t = talk()
    both, writing = t.open("/to/Acme/a", PUT | Flags.READ).handle, t.open("/to/Acme/b").handle
    t.write(both, 0, b"abc")

    assert b"bc" == t.read(both, 1, 10).data
    assert 4 == t.read(writing, 0, 1).code
    assert 4 == t.write(t.open("/to/Acme/a", Flags.READ).handle, 0, b"x").code


def test_a_large_folder_is_told_in_small_pages() -> None:
    """2,000 names come in answers of at most 32 KiB, each once, and then the end."""
    t = talk(office=Office(files={ACME / f"file {i:04}.txt": MemoryFile() for i in range(2000)}))
    handle = t.ask(Kind.OPENDIR, string("/to/Acme")).handle
    counts = []
    while (answer := t.ask(Kind.READDIR, string(handle))).kind == Kind.NAME:
        assert len(answer.body) <= 32 * 1024
        counts.append(int.from_bytes(answer.body[:4], "big"))

    assert (1, 2001) == (answer.code, sum(counts))  # and the label


def test_realpath_climbs_in_words_and_nothing_else_does() -> None:
    """`cd ..` works, at the top it stays; `..` in any other request is refused."""
    t = talk()
    answer = t.ask(Kind.REALPATH, string("/to/Acme/../../../from/./x//"))

    assert string("/from/x") == answer.body[4:15]
    assert string("/") == t.ask(Kind.REALPATH, string("")).body[4:9]
    assert 3 == t.ask(Kind.STAT, string("/to/../from")).code
    assert 3 == t.ask(Kind.RENAME, string("/to/Acme/a"), string("/to/Acme/../b")).code


def test_folders_are_the_rules_business() -> None:
    """MKDIR and RMDIR are refused with a sentence; a folder that is there already says so."""
    t = talk()

    assert 3 == t.ask(Kind.MKDIR, string("/to/Acme/mine"), write_attributes(Attributes())).code
    assert 4 == t.ask(Kind.MKDIR, string(str(LABEL)), write_attributes(Attributes())).code
    assert "Folders are labels; the rules name them." == t.ask(Kind.RMDIR, string("/to/Acme")).text


@pytest.mark.parametrize(
    ("client", "code"),
    [
        (Client.WINSCP, 3),
        (Client.CYBERDUCK, 3),
        (Client.OPENSSH, 3),
        (Client.FILEZILLA, 4),
        (Client.PUTTY, 4),
        (Client.OTHER, 4),
    ],
)
def test_a_refusal_at_open_has_the_code_this_client_shows(client: Client, code: int) -> None:
    """WinSCP shows the sentence with 3, FileZilla and psftp with 4 only."""
    answer = talk(client=client).open("/to/Globex/plan.pdf")

    assert (code, "No rule lets you send to Globex") == (answer.code, answer.text[:31])


@pytest.mark.parametrize(
    "message",
    [
        frame(Kind.STAT, struct.pack(">I", 7) + string("/to") + b"extra"),
        frame(Kind.STAT, struct.pack(">II", 7, 9) + b"short"),
        frame(Kind.OPEN, struct.pack(">I", 7) + string("/to/Acme/x") + struct.pack(">II", PUT, 0x40)),
        frame(Kind.OPEN, struct.pack(">I", 7) + string("/to/Acme/x") + struct.pack(">III", PUT, 0x80000000, 17)),
        frame(Kind.READ, struct.pack(">I", 7) + string(b"h" * 257) + bytes(12)),
        frame(Kind.WRITE, struct.pack(">I", 7) + string(b"h") + bytes(8) + struct.pack(">I", 99)),
    ],
)
def test_what_cannot_be_read_is_answered_and_forgotten(message: bytes) -> None:
    """BAD_MESSAGE with the request's id, nothing done, and the session goes on."""
    t = talk()
    (answer,) = t.hear(message)

    assert (7, 5) == (answer.id, answer.code)
    assert {} == t.office.files
    assert Kind.ATTRS == t.ask(Kind.STAT, string("/to")).kind


def test_bytes_behind_a_write_are_not_part_of_it() -> None:
    """rclone 1.60 sends its whole buffer behind a short piece: the length counts, the rest is dropped."""
    t = talk()
    handle = t.open("/to/Acme/plan.pdf").handle

    assert 0 == t.ask(Kind.WRITE, string(handle), struct.pack(">Q", 0), string(b"short"), b"rest of the buffer").code
    assert 0 == t.close(handle).code
    assert b"short" == t.office.complete(FILE)


@pytest.mark.parametrize(
    "raw",
    [
        frame(Kind.OPEN, bytes(20)),
        frame(Kind.INIT, b"\0\0"),
        frame(Kind.INIT, bytes(4)) + frame(Kind.INIT, bytes(4)),
        frame(Kind.INIT, bytes(4)) + frame(Kind.STAT, b"\0\0"),
    ],
    ids=["no INIT", "short INIT", "second INIT", "no id"],
)
def test_what_is_not_the_protocol_ends_the_session(raw: bytes) -> None:
    """Before INIT nothing else, after it no other, and never a request without an id."""
    with pytest.raises(Breach):
        Talk().hear(raw)
