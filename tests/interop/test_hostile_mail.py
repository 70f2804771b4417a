"""Handbook `reliability.md` §8, mail: every class of bad input against the running gateway, one row each.

Each row says what must become of it: refused with this code, held for this reason, or capped. After every row an
ordinary mail passes, so the gateway is none the worse for it. What needs minutes of waiting is proved with a short
clock in `tests/unit/doors`; its row here shows that others are served meanwhile.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.ledger.entry import read_entry
from tests.house import ALENA, PER, House
from tests.interop.raw_smtp import Closed, Talk
from tests.world import eventually

pytestmark = [pytest.mark.interop, pytest.mark.slow]

ANNA = "anna@example.test"
HEADER = f"From: {ALENA}\r\nTo: {ANNA}\r\nSubject: [office] Hours\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
MIME = HEADER + "MIME-Version: 1.0\r\n"
PLAIN = (HEADER + "\r\nNine to five.\r\n").encode()
END = b"\r\n.\r\n"
_numbers = count()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The sample office, open, with a mail server outside."""
    with tempfile.TemporaryDirectory(prefix="h") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.outside().start()
            house.opens()
            yield house
            house.is_whole()
            assert 0 == house.closes()
        finally:
            house.ends()


@contextlib.contextmanager
def signed_in(house: House) -> Iterator[Talk]:
    """A session in which Alena has signed in."""
    with Talk(house.base + 465, house.ca) as talk:
        talk.signs_in(ALENA, house.passwords[ALENA])
        yield talk


def hands_in(house: House, content: bytes, end: bytes = END) -> tuple[int, str, bool]:
    """One message, byte for byte; the reply to its end, and whether the door closed behind it."""
    with signed_in(house) as talk:
        talk.addresses(ALENA, ANNA)
        talk.says(content + end)
        code, said = talk.hears()
        talk.sock.settimeout(0.2)
        return code, said, talk.is_left()


def entries(house: House) -> int:
    """How many entries the ledger has of refusals."""
    with opened(Setting(folder=house.folder)) as office:
        said = [read_entry(leaf.entry) for leaf in office.records.since(0, 1 << 30).leaves]
    return sum(1 for one in said if (one.kind, one.outcome) == ("judged", "refused"))


def passes(house: House) -> None:
    """An ordinary mail goes through. Fails otherwise."""
    mark = f"ordinary {next(_numbers)}."
    code, said, _ = hands_in(house, PLAIN.replace(b"Nine to five.", mark.encode()))
    assert 250 == code, said
    assert eventually(lambda: any(mark.encode() in one for one in house.outside().received(ANNA))), mark


# ── what a row does ──────────────────────────────────────────────────────────────────────────────────────────────────


def at_the_end(content: bytes, code: int, *, is_left: bool = True) -> Callable[[House], None]:
    """A message that is answered with this code behind its true end."""

    def play(house: House) -> None:
        before = entries(house)
        found, said, left = hands_in(house, content)
        assert (code, is_left) == (found, left), said
        assert entries(house) > before, "the ledger does not know of it"

    return play


def said(line: bytes | str, code: int, *before: str) -> Callable[[House], None]:
    """A command, and the code it is answered with."""

    def play(house: House) -> None:
        with signed_in(house) as talk:
            for one in before:
                assert 250 == talk.asks(one)[0]
            answer = talk.asks(line)
            assert code == answer[0], answer

    return play


def to_nobody(*addresses: str) -> Callable[[House], None]:
    """Recipients that cannot exist: 501 or 553 at RCPT, and then nothing is sent to anybody."""

    def play(house: House) -> None:
        for address in addresses:
            with signed_in(house) as talk:
                assert 250 == talk.asks(f"MAIL FROM:<{ALENA}>")[0]
                answer = talk.asks(f"RCPT TO:<{address}>")
                assert answer[0] in (501, 553), (address, answer)
                assert 250 == talk.asks(f"RCPT TO:<{ANNA}>")[0]
                assert 554 == talk.asks("DATA")[0]

    return play


def refused(content: str | bytes, words: str) -> Callable[[House], None]:
    """A message that is refused with 554 and these words, the session going on."""

    def play(house: House) -> None:
        code, answer, left = hands_in(house, content if isinstance(content, bytes) else content.encode())
        assert (554, False) == (code, left), answer
        assert words in answer, answer

    return play


def held(content: str | bytes, *ambiguities: str, code: str = "ambiguous") -> Callable[[House], None]:
    """A message that is kept and waits for this reason, as `sealgate held list --json` shows it; nothing leaves."""

    def play(house: House) -> None:
        found, answer, _ = hands_in(house, content if isinstance(content, bytes) else content.encode())
        assert 250 == found, answer
        transfer = answer.partition("Kept as ")[2].split(";")[0].split()[0].rstrip(".")
        waiting = [one for one in house.waiting(ANNA) if one.transfer == transfer]
        if not waiting:
            assert eventually(lambda: any(one.transfer == transfer for one in house.waiting(ANNA))), answer
            waiting = [one for one in house.waiting(ANNA) if one.transfer == transfer]
        assert code in waiting[0].codes
        assert [] == [word for word in ambiguities if word not in " ".join(waiting[0].why)], waiting[0].why
        assert not any(transfer.encode() in one for one in house.outside().received(ANNA))  # its Received would say

    return play


# ── rows that need more than a line ──────────────────────────────────────────────────────────────────────────────────


def false_ends(house: House) -> None:
    for end in (b"\n.\n", b"\r.\r", b"\r\n.\n", b"\n.\r\n", b"\0.\0"):
        code, answer, left = hands_in(house, PLAIN + b"x" + end + b"MAIL FROM:<alena@town.test>\r\n")
        assert (554, True) == (code, left), answer


def empty_lines(house: House) -> None:
    code, answer, _ = hands_in(house, PLAIN + b"\r\n" * (16 * 1024 * 1024))
    assert 250 == code, answer


def talks_ahead(house: House) -> None:
    with signed_in(house) as talk:
        talk.says(b"MAIL FROM:<alena@town.test>\r\nRCPT TO:<anna@example.test>\r\n")
        assert 554 == talk.hears()[0]
        assert talk.is_left()


def plaintext_behind_starttls(house: House) -> None:
    with Talk(house.base + 587, house.ca, is_tls_at_once=False) as talk:
        assert 250 == talk.asks("EHLO there.test")[0]
        talk.says(b"STARTTLS\r\nMAIL FROM:<alena@town.test>\r\n")
        assert 554 == talk.hears()[0]
        assert talk.is_left()


def no_handshake(house: House) -> None:
    with socket.create_connection(("127.0.0.1", house.base + 465), timeout=20) as silent:
        passes(house)
        assert b"" == silent.recv(1)


def auth_before_tls(house: House) -> None:
    with Talk(house.base + 587, house.ca, is_tls_at_once=False) as talk:
        assert "AUTH" not in talk.asks("EHLO there.test")[1]
        assert 538 == talk.asks("AUTH PLAIN AGEAYg==")[0]
    with Talk(house.base + 465, house.ca) as talk:
        assert 250 == talk.asks("EHLO there.test")[0]
        assert 501 == talk.asks("AUTH PLAIN " + base64.b64encode(b"\0a\0b\0c").decode())[0]
        assert talk.asks("AUTH PLAIN " + "A" * 20_000)[0] in (500, 501)


def many_recipients(house: House) -> None:
    with signed_in(house) as talk:
        assert 250 == talk.asks(f"MAIL FROM:<{ALENA}>")[0]
        for number in range(1000):
            assert 250 == talk.asks(f"RCPT TO:<citizen{number}@example.test>")[0]
        assert {550, 452} >= {talk.asks(f"RCPT TO:<one-more{number}@example.test>")[0] for number in range(50)}
        assert 554 == talk.asks("DATA")[0]


def noop_flood(house: House) -> None:
    with signed_in(house) as talk:
        codes = []
        with contextlib.suppress(Closed):
            for _ in range(300):
                codes.append(talk.asks("NOOP")[0])
        assert 421 == codes[-1]
        assert len(codes) <= 101


def drips(house: House) -> None:
    with contextlib.ExitStack() as open_:
        for _ in range(20):
            talk = open_.enter_context(signed_in(house))
            talk.addresses(ALENA, ANNA)
            talk.says(b"F")
        passes(house)


def goes_away(house: House) -> None:
    before = len(house.outside().received(ANNA))
    with signed_in(house) as talk:  # before the dot: nothing
        talk.addresses(ALENA, ANNA)
        talk.says(PLAIN)
        talk.resets()
    with signed_in(house) as talk:  # behind it: all or nothing, and all of one only
        talk.addresses(ALENA, ANNA)
        talk.says(PLAIN.replace(b"Nine", b"Reset") + END)
        talk.resets()
    passes(house)
    came = house.outside().received(ANNA)[before:]
    assert all(b"Nine to five" not in one for one in came)
    assert sum(b"Reset to five" in one for one in came) <= 1


def odd_greetings(house: House) -> None:
    with Talk(house.base + 465, house.ca) as talk:
        assert 501 == talk.asks("EHLO " + "a" * 400)[0]
        assert 501 == talk.asks(b"EHLO a\x01b")[0]
        talk.says(b"EHLO a\rb\r\n")
        assert 500 == talk.hears()[0]
        assert talk.is_left()


def null_sender(house: House) -> None:
    with signed_in(house) as talk:  # somebody else's From, from nobody: sender = who signed in
        talk.addresses("", ANNA)
        talk.says(PLAIN.replace(ALENA.encode(), b"jo@town.test") + END)
        assert 554 == talk.hears()[0]
    for _ in range(10):
        with signed_in(house) as talk:
            talk.addresses("", ANNA)
            talk.says(PLAIN + END)
            assert 250 == talk.hears()[0]


def remote_vanishes(_: House) -> None:
    """A server that takes the whole message and says no more: in doubt, and tried again, never forgotten."""
    with an_office_of_its_own() as house:
        remote = _Vanishing(house)
        try:
            transfer = kept(house)
            assert remote.has_vanished.wait(20)
            assert eventually(lambda: "deferred" in house.asks("ledger", "show", transfer, "--json"))
        finally:
            remote.stop()


def remote_unproved(_: House) -> None:
    """A server whose certificate no authority of ours signed: it hears EHLO, and nothing of any message."""
    with an_office_of_its_own() as house, an_office_of_its_own() as other:
        outside = house.outside()
        outside.certificate, outside.key = other.outside().certificate, other.outside().key
        outside.start()
        transfer = kept(house)
        assert eventually(lambda: "deferred" in house.asks("ledger", "show", transfer, "--json"))
        assert "attempted" not in house.asks("ledger", "show", transfer, "--json")
        assert [] == outside.arrivals


def kept(house: House) -> str:
    """An ordinary mail that is accepted: its transfer."""
    code, answer, _ = hands_in(house, PLAIN)
    assert 250 == code, answer
    return answer.partition("Kept as ")[2].split()[0].rstrip(".")


@contextlib.contextmanager
def an_office_of_its_own() -> Iterator[House]:
    """The sample office, open, with nobody outside yet: its next hop is the row's to play."""
    with tempfile.TemporaryDirectory(prefix="h") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.opens()
            yield house
            house.is_whole()
        finally:
            house.ends()


class _Vanishing:
    """Takes everything up to the final dot, then goes."""

    def __init__(self, house: House) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(house.folder / "certs" / "outside.pem", house.folder / "certs" / "outside.key")
        self._listener = socket.create_server(("127.0.0.1", house.base + 2525))
        self.has_vanished = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(20)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                peer.settimeout(10)
                with contextlib.suppress(OSError, ValueError):
                    self._talk(peer)
                peer.close()

    def _talk(self, peer: socket.socket) -> None:
        peer.sendall(b"220 remote\r\n")
        reader = peer.makefile("rb")
        while line := reader.readline():
            if line.upper().startswith(b"EHLO"):
                peer.sendall(
                    b"250-remote\r\n250 STARTTLS\r\n" if not isinstance(peer, ssl.SSLSocket) else b"250 8BITMIME\r\n"
                )
            elif line.upper().startswith(b"STARTTLS"):
                peer.sendall(b"220 go\r\n")
                peer = self._context.wrap_socket(peer, server_side=True)
                reader = peer.makefile("rb")
            elif line.upper().startswith(b"DATA"):
                peer.sendall(b"354 go\r\n")
                while reader.readline() not in (b".\r\n", b""):
                    pass
                self.has_vanished.set()
                peer.close()
                return
            else:
                peer.sendall(b"250 ok\r\n")


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """One class of bad input. `expected` is the handbook's word: refuse, hold or cap."""

    number: str
    what: str
    expected: str
    play: Callable[[House], None]


def multipart(
    *parts: str, head: str = 'Content-Type: multipart/mixed; boundary="b"\r\n', end: str = "--b--\r\n"
) -> str:
    return MIME + head + "\r\n" + "".join(f"--b\r\n{part}\r\n" for part in parts) + end


TEXT = "Content-Type: text/plain\r\n\r\nhello"


def coded(encoding: str, body: str) -> str:
    return multipart(f"Content-Type: application/pdf\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}")


def nested(depth: int) -> str:
    """Multiparts inside each other."""
    body = TEXT
    for level in range(depth):
        body = f'Content-Type: multipart/mixed; boundary="b{level}x"\r\n\r\n--b{level}x\r\n{body}\r\n--b{level}x--'
    return MIME + body + "\r\n"


ROWS = (
    Row("B1", "fake ends: LF.LF, CR.CR, NUL", "refuse", false_ends),
    Row("B2", "a bare CR or LF", "refuse", at_the_end(PLAIN + b"a\nb", 554)),
    Row("B3", "DATA without a CRLF", "refuse", at_the_end(HEADER.encode() + b"\r\n" + b"x" * 1_000_000, 554)),
    Row("B4", "32 MiB of empty lines", "cap", empty_lines),
    Row("B5", "talk before the reply", "refuse", talks_ahead),
    Row("B6", "plaintext behind STARTTLS", "refuse", plaintext_behind_starttls),
    Row("B7", "no handshake", "cap", no_handshake),
    Row("B8", "AUTH before TLS, huge, with NUL", "refuse", auth_before_tls),
    Row("B9", "shell characters, empty local part", "refuse", to_nobody("a;id|sh@c.test", "@c.test", "a`b`@c.test")),
    Row("B10", "routes, %, quoted @, homoglyph", "refuse", to_nobody(
        "@a.test:b@c.test", "a%b@c.test", '"a@b"@c.test', "a!b@c.test", "a@=?utf-8?q?evil.test?=")),
    Row("B11", "more recipients than anybody has", "cap", many_recipients),
    Row("B12", "SIZE and BODY lies", "refuse", said(f"MAIL FROM:<{ALENA}> BODY=BINARYMIME", 501)),
    Row("B12", "a SIZE over the limit", "refuse", said(f"MAIL FROM:<{ALENA}> SIZE=99999999999", 552)),
    Row("B13", "BDAT", "refuse", said("BDAT 10 LAST", 502)),
    Row("B14", "XCLIENT, PROXY", "refuse", said("XCLIENT ADDR=192.0.2.7", 502)),
    Row("B14", "PROXY", "refuse", said("PROXY TCP4 192.0.2.7 192.0.2.8 1 2", 502)),
    Row("B15", "VRFY, ETRN", "refuse", said("VRFY jo", 502)),
    Row("B15", "ETRN", "refuse", said("ETRN town.test", 502)),
    Row("B16", "a flood of NOOP", "cap", noop_flood),
    Row("B17", "dripping connections", "cap", drips),
    Row("B18", "half-closed, reset", "cap", goes_away),
    Row("B19", "a huge HELO, one with controls", "refuse", odd_greetings),
    Row("B20", "raw 8-bit in a command", "refuse", said(b"MAIL FROM:<\xe4@town.test>", 500)),
    Row("B20", "bad UTF-8 in an address", "refuse", said(b"RCPT TO:<\xc3\x28@c.test>", 500, f"MAIL FROM:<{ALENA}>")),
    Row("B21", "a loop", "refuse", refused("Received: by x\r\n" * 60 + PLAIN.decode(), "Been here before")),
    Row("B22", "a flood from the null sender", "cap", null_sender),
    Row("B23", "the remote vanishes behind the end", "cap", remote_vanishes),
    Row("B24", "the remote proves nothing", "hold", remote_unproved),
    Row("B37", "doubled boundary", "hold", held(
        MIME + 'Content-Type: multipart/mixed; boundary="b"; boundary="c"\r\n\r\n--b\r\n' + TEXT + "\r\n--b--\r\n")),
    Row("B37", "doubled Content-Type", "hold", held(
        MIME + "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nhello\r\n")),
    Row("B37", "doubled Content-Transfer-Encoding", "hold", held(
        MIME + "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nhello\r\n")),
    Row("B37", "doubled From", "hold", held(f"From: {ALENA}\r\n" + PLAIN.decode())),
    Row("B38", "a boundary in an encoded word", "hold", held(
        MIME + 'Content-Type: multipart/mixed; boundary="=?us-ascii?q?b?="\r\n\r\n--b\r\n' + TEXT + "\r\n--b--\r\n")),
    Row("B39", "an odd transfer encoding", "hold", held(coded("x-strange", "hello"), "encoding-unknown")),
    Row("B40", "junk in base64, an early =", "hold", held(coded("base64", "aGVs!bG8="))),
    Row("B40", "an early =", "hold", held(coded("base64", "aG==VsbG8="))),
    Row("B41", "broken quoted-printable", "hold", held(coded("quoted-printable", "a=ZZb="))),
    Row("B42", "a part in the preamble", "hold", held(
        MIME + 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--c\r\nContent-Type: text/html\r\n\r\nx\r\n--b\r\n'
        + TEXT + "\r\n--b--\r\n")),
    Row("B42", "a part in the epilogue", "hold", held(
        multipart(TEXT) + "--c\r\nContent-Type: text/html\r\n\r\n<p>x\r\n", "epilogue-part")),
    Row("B42", "unclosed", "hold", held(multipart(TEXT, end=""), "boundary-unclosed")),
    Row("B43", "parts too deep", "cap", refused(nested(30), "nest deeper than 20")),
    Row("B43", "parts too many", "cap", refused(multipart(*[TEXT] * 1100), "more than 1,000 parts")),
    Row("B44", "filename, filename* and name differ", "hold", held(multipart(
        'Content-Type: text/plain; name="a.txt"\r\nContent-Disposition: attachment; filename="b.exe";'
        " filename*=us-ascii''c.txt\r\n\r\nhello"), code="document")),
    Row("B45", "a name with a path, controls or direction marks", "hold", held(multipart(
        'Content-Type: application/x-thing\r\nContent-Disposition: attachment; filename="../../etc/x:y"\r\n\r\nhello'),
        code="document")),
    Row("B46", "a header line without a colon", "refuse", refused(HEADER + "no field\r\n\r\nhello\r\n", "no field")),
    Row("B46", "NUL and bare CR in the header", "refuse", at_the_end(b"X-Odd: a\0b\r\n" + PLAIN, 554)),
    Row("B47", "a flood of comments", "cap", refused(
        HEADER.replace("To: ", "To: " + "(" * 50 + ")" * 50 + " ") + "\r\nhello\r\n", "Comments nest deeper")),
    Row("B47", "a flood of encoded words", "cap", refused(
        HEADER.replace("Subject: ", "Subject: " + ("=?utf-8?q?a?= " * 30 + "\r\n ") * 10) + "\r\n", "encoded words")),
    Row("B48", "CR LF by decoding", "refuse", refused(
        HEADER.replace("Subject: ", "Subject: =?utf-8?q?a=0D=0ABcc:_eve?= ") + "\r\nhello\r\n", "control character")),
    Row("B49", "an odd charset", "hold", held(MIME + "Content-Type: text/plain; charset=utf-7\r\n\r\n", "charset")),
    Row("B50", "message/partial", "refuse", refused(
        MIME + 'Content-Type: message/partial; id="1"; number=1; total=2\r\n\r\nhello\r\n', "fragments")),
    Row("B50", "message/external-body", "refuse", refused(
        MIME + "Content-Type: message/external-body; access-type=local-file; name=x\r\n\r\n", "lies elsewhere")),
    Row("B50", "TNEF", "hold", held(multipart(
        'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+Ig=='),
        code="document")),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.expected}-{row.what}".replace(" ", "-"))
def test_bad_input_is_met_as_expected(row: Row, house: House) -> None:
    """Each class gets its answer, and an ordinary mail passes afterwards."""
    row.play(house)

    passes(house)


def test_text_outside_the_parts_does_not_leave(house: House) -> None:
    """B42: what only some readers show, before the first part or behind the last, is not in what the recipient gets."""
    body = multipart(TEXT).replace("--b", "hidden one\r\n--b", 1) + "hidden two\r\n"
    code, answer, _ = hands_in(house, body.encode())
    assert 250 == code
    transfer = answer.partition("Kept as ")[2].split()[0].rstrip(".").encode()

    assert eventually(lambda: any(transfer in one for one in house.outside().received(ANNA)))
    (came,) = (one for one in house.outside().received(ANNA) if transfer in one)
    assert (True, False) == (b"hello" in came, b"hidden" in came)


def test_every_class_of_mail_has_a_row() -> None:
    """B1 to B24 and B37 to B50: none is left out."""
    wanted = {f"B{number}" for number in (*range(1, 25), *range(37, 51))}

    assert wanted == {row.number for row in ROWS}
    assert {"refuse", "hold", "cap"} == {row.expected for row in ROWS}


def test_what_was_refused_stands_in_the_ledger(house: House) -> None:
    """A refusal is an entry too, with its rule: asking for one that no rule allows is found there afterwards."""
    with signed_in(house) as talk:
        assert 250 == talk.asks(f"MAIL FROM:<{ALENA}>")[0]
        assert 550 == talk.asks("RCPT TO:<day@smithday.test>")[0]

    found = json.loads(house.asks("ledger", "find", "--recipient", "day@smithday.test", "--json", by=PER))

    assert ["refused"] == sorted({leg["outcome"] for leg in found})
