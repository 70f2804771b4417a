"""The mail door on loopback: every trap of the handbook's tables, against a client that breaks each rule."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from itertools import product
from typing import Any

import pytest

from gateway.doors import Refusal, Waiting
from gateway.doors.smtp.settings import Role, Settings
from gateway.errors import StoreAway
from gateway.skeleton import Limits
from gateway.transfer import Address, Notify, Recipient
from tests.unit.doors.smtp_world import ANN, KEPT_ID, PASSWORD, FakeReception, plain, world

HEADER = b"From: Ann Novak <a.novak@town.example>\r\nSubject: Plan\r\nMessage-ID: <1@desk.example>\r\n\r\n"
DAY = Recipient(address=Address(local="m.day", domain="smithday.example"))


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def small(**changes: Any) -> Settings:
    given: dict[str, Any] = {"hostname": "gw.town.example", "limits": Limits(message_bytes=64 * 1024)}
    return Settings(**(given | changes))


def test_a_message_is_kept_as_it_was_said() -> None:
    """Content is un-stuffed and byte-exact, the envelope keeps case, xtext and every recipient."""

    async def story() -> None:
        async with world() as w:
            c = await w.signed_in()
            await c.say("MAIL FROM:<Clerk@town.example> RET=HDRS ENVID=Q+2Bx BODY=8BITMIME")
            await c.say("RCPT TO:<M.Day@SmithDay.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;M+2BDay")
            await c.say("RCPT TO:<b@x.example>")
            await c.say("DATA")
            await c.send(HEADER + b"..one\r\ncaf\xc3\xa9\r\n.\r\n")
            assert await c.reply() == f"250 2.0.0 Kept as {KEPT_ID}"
            ((content, said),) = w.reception.kept
            assert HEADER + b".one\r\ncaf\xc3\xa9\r\n" == content
            assert "Clerk@town.example" == str(said.sender.address)
            assert ANN.person == said.sender.person
            assert ["M.Day@SmithDay.example", "b@x.example"] == [str(leg.recipient) for leg in said.legs]
            assert (Notify.SUCCESS, Notify.DELAY) == said.legs[0].notify
            assert (Notify.FAILURE, Notify.DELAY) == said.legs[1].notify
            assert "rfc822;M+2BDay" == said.legs[0].original_recipient
            envelope = said.envelope
            assert ("HDRS", "Q+2Bx", "Plan", True) == (
                envelope.ret,
                envelope.envid,
                envelope.subject,
                envelope.is_eight_bit,
            )

    run(story())


ODD = (b"\r", b"\n", b".", b"\0", b"\r\n", b"\x85")


def test_no_odd_line_end_makes_a_second_message() -> None:
    """B1, P1.4: whatever stands where the end could be, one DATA is one message or none, never a command."""

    async def attack(w: Any, odd: bytes) -> None:
        c = await w.ready_for_data()
        smuggled = b"MAIL FROM:<a.novak@town.example>\r\nRCPT TO:<evil@x.example>\r\nDATA\r\nFrom: x\r\n"
        before = len(w.reception.kept)
        await c.send(HEADER + b"text" + odd + smuggled + b"\r\n.\r\n")
        reply = await c.reply()
        kept = w.reception.kept[before:]
        assert all(["m.day@smithday.example"] == [str(leg.recipient) for leg in said.legs] for _, said in kept)
        assert len(kept) == (1 if reply.startswith("250 ") else 0)
        if odd.replace(b"\r\n", b"").strip(b".\x85"):
            assert reply.startswith(("554 5.6.0 ", "554 5.5.0 ")), (odd, reply)
        if not reply.startswith("250 "):
            assert await c.rest() == ""
        c.writer.close()

    async def story() -> None:
        reception = FakeReception()
        async with world(reception) as w:
            for length in (1, 2, 3):
                for tokens in product(ODD, repeat=length):
                    await attack(w, b"".join(tokens))

    run(story())


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (b"\n.\n", "Line 5 has a bare LF; lines end with CR LF."),
        (b"\r.\r", "Line 5 has a bare CR; lines end with CR LF."),
        (b"\r\n.\n", "Line 6 has a bare LF; lines end with CR LF."),
        (b"\n.\r\n", "Line 5 has a bare LF; lines end with CR LF."),
        (b"\r\n.\r", "Line 6 has a bare CR; lines end with CR LF."),
        (b"\r\n\0.\r\n", "Line 6 has a NUL; lines end with CR LF."),
        (b"x" * 999 + b"\r\n", "Line 5 has more than 998 characters."),
    ],
)
def test_a_false_end_is_read_over_and_refused(end: bytes, sentence: str) -> None:
    """B1, B2: the answer comes after the true end, then the door closes; nothing is kept."""

    async def story() -> None:
        async with world() as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b"text" + end + b"more\r\n")
            await c.send(b".\r\n")
            assert f"554 5.6.0 {sentence}" == await c.reply()
            assert await c.rest() == ""
            assert [True] == [d.is_dropped for d in w.reception.deposits]
            assert [] == w.reception.kept
            ((code, submission),) = w.reception.turned_away
            assert code in ("bare-line-end", "line-too-long")
            assert ["m.day@smithday.example"] == [str(leg.recipient.address) for leg in submission.legs]

    run(story())


def test_what_the_door_turns_away_is_entered_or_not_answered_for_good() -> None:
    """A whole message that is refused is an entry first; while none can be written the sender is asked to try again."""
    from_boss = b"From: boss@town.example\r\n\r\n"

    async def story() -> None:
        async with world() as w:
            c = await w.ready_for_data()
            await c.send(from_boss + b".\r\n")
            assert (await c.reply()).startswith("554 5.7.1 ")
            assert ["from-not-yours"] == [code for code, _ in w.reception.turned_away]
        async with world(FakeReception(refuse_error=StoreAway("full"))) as w:
            c = await w.ready_for_data()
            await c.send(from_boss + b".\r\n")
            assert (await c.reply()).startswith("451 4.3.0 ")
            assert (await c.say("NOOP")).startswith("250 ")

    run(story())


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL FROM:<other@town.example>", "553 5.7.1 You are a.novak@town.example; other@town.example is not yours."),
        ("MAIL FROM:<a@b@town.example>", "501 5.1.7 This address cannot exist: two @ signs."),
        ("MAIL FROM:<a.novak@town.example> SIZE=99999999", "552 5.3.4 The message is over 1 MiB."),
        ("MAIL FROM:<a.novak@town.example> SIZE=1 SIZE=2", "501 5.5.4 Parameter SIZE is given twice."),
        ("MAIL FROM:<a.novak@town.example> BODY=BINARYMIME", "501 5.5.4 The value of BODY is not understood."),
        ("MAIL FROM:<a.novak@town.example> REQUIRETLS", "555 5.5.4 Parameter REQUIRETLS is not offered here."),
        ("MAIL FROM:<a.novak@town.example> SMTPUTF8", "555 5.5.4 Parameter SMTPUTF8 is not offered here."),
        ("MAIL FROM:<a.novak@town.example> AUTH=<>", "501 5.5.4 The value of AUTH is not understood."),
        ("MAIL FROM:a.novak@town.example", "501 5.5.2 Write FROM:<address>."),
        ("RCPT TO:<a@b.example>", "503 5.5.1 Not now: another command comes first."),
        ("DATA", "503 5.5.1 Not now: another command comes first."),
        ("BDAT 10 LAST", "502 5.5.1 This is not offered here."),
        ("XCLIENT ADDR=1.2.3.4", "502 5.5.1 This is not offered here."),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2", "502 5.5.1 This is not offered here."),
        ("VRFY a", "502 5.5.1 This is not offered here."),
        ("ETRN a", "502 5.5.1 This is not offered here."),
        ("FOO", "500 5.5.2 Unknown command."),
        ("", "500 5.5.2 Unknown command."),
        ("EHLO " + "a" * 300, "501 5.5.2 The command is malformed."),
        ("EHLO a\x01b", "501 5.5.2 The command is malformed."),
        ("NOOP " + "a" * 600, "500 5.5.2 The line is too long."),
        ("AUTH PLAIN =", "503 5.5.1 Not now: another command comes first."),
        ("STARTTLS", "503 5.5.1 Not now: another command comes first."),
    ],
)
def test_what_is_wrong_is_said_in_its_words(command: str, reply: str) -> None:
    """B9, B10, B12 to B16, B19: each refused command has its code, and the session goes on."""
    if "AUTH=<>" in command:
        reply = "250 2.1.0 Sender taken."  # RFC 4954 §5: `<>` is its null value

    async def story() -> None:
        async with world() as w:
            c = await w.signed_in()
            assert reply == await c.say(command)
            assert (await c.say("NOOP")).startswith("250 ")

    run(story())


@pytest.mark.parametrize(
    ("address", "reply"),
    [
        ("m.day", "501 5.1.3 This address cannot exist: it has no @ sign."),
        ("@a.example:b@c.example", "501 5.1.3 This address cannot exist: source routes are not taken here."),
        ("a%b@c.example", "501 5.1.3 This address cannot exist: routing with % or ! is not taken here."),
        ('"a@b"@c.example', "501 5.1.3 This address cannot exist: quoted names are not taken here."),
        ("a;id|sh@c.example", "501 5.1.3 This address cannot exist: it holds a character that is not safe"),
        ("a@[127.0.0.1]", "501 5.1.3 This address cannot exist: a domain name is needed, not a network address."),
        ("a@=?utf-8?q?evil.example?=", "501 5.1.3 This address cannot exist"),
    ],
)
def test_a_recipient_that_cannot_exist_stops_the_message(address: str, reply: str) -> None:
    """B9, B10: told at RCPT, and never silently missing from what is sent."""

    async def story() -> None:
        async with world() as w:
            c = await w.signed_in()
            await c.say("MAIL FROM:<a.novak@town.example>")
            assert (await c.say(f"RCPT TO:<{address}>")).startswith(reply)
            assert (await c.say("RCPT TO:<b@x.example>")).startswith("250 ")
            assert (await c.say("DATA")).startswith("554 5.5.1 ")

    run(story())


def test_a_refused_recipient_is_told_at_once_and_judged_again() -> None:
    """P7: RCPT carries the rule's sentence; a client that goes on hands the refusal over with the rest."""
    refusal = Refusal(reasons=(), sentence="The agreement with Smith & Day ended on 30 April 2026. Ask Jo Hart.")

    async def story() -> None:
        async with world(FakeReception(refusals={DAY.key: refusal})) as w:
            c = await w.signed_in()
            await c.say("MAIL FROM:<a.novak@town.example>")
            assert f"550 5.7.1 {refusal.sentence}" == await c.say("RCPT TO:<m.day@smithday.example>")
            assert (await c.say("DATA")).startswith("554 5.5.1 There is no valid recipient.")
            await c.say("RCPT TO:<b@x.example>")
            await c.say("DATA")
            await c.send(HEADER + b".\r\n")
            await c.reply()
            assert ((DAY, refusal),) == w.reception.kept[0][1].refused

    run(story())


def test_a_recipient_named_twice_is_one_leg() -> None:
    """The same address in two spellings of case gets one copy."""

    async def story() -> None:
        async with world() as w:
            c = await w.ready_for_data("m.day@x.example", "M.DAY@x.example", "b@x.example")
            await c.send(HEADER + b".\r\n")
            await c.reply()
            assert ["m.day@x.example", "b@x.example"] == [str(leg.recipient) for leg in w.reception.kept[0][1].legs]

    run(story())


def test_the_recipient_limit_is_inclusive_and_stops_the_message() -> None:
    """B11: the last good number passes; one more is 550 for staff, and nothing may be sent without it."""

    async def story() -> None:
        async with world(settings=small(recipients=3)) as w:
            c = await w.signed_in()
            await c.say("MAIL FROM:<a.novak@town.example>")
            replies = [await c.say(f"RCPT TO:<r{n}@x.example>") for n in range(4)]
            assert ["250", "250", "250", "550"] == [reply[:3] for reply in replies]
            assert (await c.say("DATA")).startswith("554 5.5.1 ")

    run(story())


def test_from_must_be_the_signed_in_persons() -> None:
    """Envelope sender and header From are both checked; every From and Sender counts."""
    headers = {
        b"From: Boss <boss@town.example>\r\n\r\n": "554 5.7.1 You are a.novak@town.example; From says boss@town.",
        b"From: a.novak@town.example\r\nFrom: boss@town.example\r\n\r\n": "554 5.7.1 ",
        b"From: a.novak@town.example, boss@town.example\r\n\r\n": "554 5.7.1 ",
        b"From: a.novak@town.example\r\nSender: boss@town.example\r\n\r\n": "554 5.7.1 ",
        b'From: "a.novak@town.example" <boss@town.example>\r\n\r\n': "554 5.7.1 ",
        b"Subject: none\r\n\r\n": "554 5.6.0 The message has no readable From.",
        b"From: =?utf-8?q?a=40b?= <=?utf-8?q?a=40b?=>\r\n\r\n": "554 5.6.0 The message has no readable From.",
        b"no header at all\r\n": "554 5.6.0 Line 1 of the header is no field.",
        b"\r\nbody only\r\n": "554 5.6.0 ",
        b"From: A.Novak@TOWN.example\r\n\r\n": "250 2.0.0 ",
        b'From: (hi (there)) "Novak, A" <clerk@town.example>\r\n\r\n': "250 2.0.0 ",
        b"Received: x\r\n" * 50 + HEADER: "554 5.4.6 Been here before.",
        b"From: " + b"(" * 6 + b"a.novak@town.example\r\n\r\n": "554 5.6.0 Comments nest deeper than 5.",
    }

    async def story() -> None:
        async with world() as w:
            for header, reply in headers.items():
                c = await w.ready_for_data()
                await c.send(header + b".\r\n")
                assert (await c.reply()).startswith(reply), header
                c.writer.close()

    run(story())


def test_the_null_sender_may_carry_a_receipt_of_their_own() -> None:
    """B22: staff may send from <> if From is theirs; the sender's person is still who signed in."""

    async def story() -> None:
        async with world() as w:
            c = await w.signed_in()
            assert (await c.say("MAIL FROM:<>")).startswith("250 ")
            await c.say("RCPT TO:<b@x.example>")
            await c.say("DATA")
            await c.send(HEADER + b".\r\n")
            assert (await c.reply()).startswith("250 ")
            sender = w.reception.kept[0][1].sender
            assert (ANN.person, None) == (sender.person, sender.address)

    run(story())


def test_waiting_is_told_in_the_first_line() -> None:
    """250 names the transfer and how many wait, the first reason at once and the others below."""
    waiting = (Waiting(recipient=DAY, sentence="no key for m.day@smithday.example. A note follows."),)
    more = (*waiting, Waiting(recipient=DAY, sentence="approval is due."))

    async def story() -> None:
        for given, expected in (
            (waiting, f"250 2.0.0 Kept as {KEPT_ID}; 1 waits: {waiting[0].sentence}"),
            (
                more,
                f"250-2.0.0 Kept as {KEPT_ID}; 2 wait: {waiting[0].sentence}\n"
                "250 2.0.0 m.day@smithday.example: approval is due.",
            ),
        ):
            async with world(FakeReception(waiting=given)) as w:
                c = await w.ready_for_data()
                await c.send(HEADER + b".\r\n")
                assert expected == await c.reply()

    run(story())


def test_a_refused_message_is_dropped_and_told() -> None:
    """A *no* at DATA is 554 with the rule's sentence, and the session goes on."""

    async def story() -> None:
        refusal = Refusal(reasons=(), sentence="Sealed papers do not go by mail (sealed-by-mail).")
        async with world(FakeReception(outcome=refusal)) as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b".\r\n")
            assert f"554 5.7.1 {refusal.sentence}" == await c.reply()
            assert w.reception.deposits[0].is_dropped
            assert (await c.say("NOOP")).startswith("250 ")

    run(story())


@pytest.mark.parametrize("where", ["begin", "write", "accept", "foresee"])
def test_storage_away_is_a_451(where: str) -> None:
    """P5.3: wherever storage fails, the answer is 451 4.3.0 at the right moment and nothing is acknowledged."""
    away = StoreAway("disk")
    reception = FakeReception(room=10 if where == "write" else 1 << 40)
    if where != "write":
        setattr(reception, f"{where}_error", away)

    async def story() -> None:
        async with world(reception) as w:
            c = await w.signed_in()
            await c.say("MAIL FROM:<a.novak@town.example>")
            rcpt = await c.say("RCPT TO:<b@x.example>")
            reply = rcpt if where == "foresee" else await c.say("DATA")
            if reply.startswith("354"):
                await c.send(HEADER + b"text\r\n.\r\n")
                reply = await c.reply()
            assert "451 4.3.0 The gateway cannot keep mail right now. Try again later." == reply
            assert (await c.say("NOOP")).startswith("250 ")
            if where == "foresee":
                assert (await c.say("DATA")).startswith("554 ")

    run(story())


def test_a_bug_shows_a_number_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """An exception's text reaches neither peer nor log; the door closes, for what follows may be a body."""

    async def story() -> None:
        async with world(FakeReception(accept_error=RuntimeError("secret /srv/path"))) as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b".\r\n")
            reply = await c.reply()
            assert "451 4.3.0 Something went wrong here. Nothing was sent. (incident 0000000000)" == reply
            assert await c.rest() == ""

    run(story())
    assert "secret" not in caplog.text
    assert "incident=0000000000 error=RuntimeError" in caplog.text


def test_nothing_is_taken_before_tls_and_sign_in() -> None:
    """B8: 530 and 538 with no hint; AUTH is offered inside TLS only, and what was said before TLS is forgotten."""

    async def story() -> None:
        async with world() as w:
            c = await w.client(implicit=False)
            await c.reply()
            hello = await c.say("EHLO desk.example")
            assert "AUTH" not in hello
            assert "STARTTLS" in hello
            assert await c.say("AUTH PLAIN " + plain("a.novak", PASSWORD)) == "538 5.7.11 Start TLS first."
            assert await c.say("MAIL FROM:<a.novak@town.example>") == "530 5.7.0 Start TLS first."
            assert (await c.say("STARTTLS")).startswith("220 ")
            await c.start_tls()
            assert (await c.say("MAIL FROM:<a.novak@town.example>")).startswith("503 ")
            hello = await c.say("EHLO desk.example")
            assert "AUTH PLAIN LOGIN" in hello
            assert "STARTTLS" not in hello
            assert await c.say("MAIL FROM:<a.novak@town.example>") == "530 5.7.0 Sign in first."
            assert [] == w.reception.tried
            for never in ("PIPELINING", "CHUNKING", "BINARYMIME", "VRFY", "ETRN", "SMTPUTF8"):
                assert never not in hello

    run(story())


def test_plaintext_behind_starttls_ends_the_conversation() -> None:
    """B6, CVE-2024-34083: what came in clear is never read as if it had come inside TLS."""

    async def story() -> None:
        async with world() as w:
            c = await w.client(implicit=False)
            await c.reply()
            await c.say("EHLO desk.example")
            await c.send(b"STARTTLS\r\nNOOP\r\n")
            assert (await c.reply()).startswith("554 5.5.0 ")
            assert await c.rest() == ""

    run(story())


def test_a_handshake_that_never_comes_ends() -> None:
    """B7: after 220 a peer has a few seconds for TLS, on either port."""

    async def story() -> None:
        async with world(settings=small(handshake_seconds=0.2)) as w:
            c = await w.client(implicit=False)
            await c.reply()
            await c.say("EHLO desk.example")
            await c.say("STARTTLS")
            assert await c.rest() == ""
            reader, writer = await asyncio.open_connection("127.0.0.1", w.implicit_port)
            assert b"" == await asyncio.wait_for(reader.read(), 5)
            writer.close()

    run(story())


@pytest.mark.parametrize(
    ("mechanism", "replies"),
    [
        (["AUTH PLAIN " + plain("a.novak", PASSWORD)], ["235 2.7.0 Signed in."]),
        (["AUTH plain", plain("a.novak", PASSWORD)], ["334 ", "235 2.7.0 Signed in."]),
        (
            ["AUTH LOGIN", base64.b64encode(b"a.novak").decode(), base64.b64encode(PASSWORD.encode()).decode()],
            ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 Signed in."],
        ),
        (["AUTH PLAIN " + plain("a.novak", "wrong")], ["535 5.7.8 Name or password is wrong."]),
        (["AUTH PLAIN " + plain("nobody", PASSWORD)], ["535 5.7.8 Name or password is wrong."]),
        (["AUTH PLAIN Ym9zcwBhLm5vdmFrAHg="], ["501 5.5.2 The sign-in could not be read."]),  # boss, a.novak, x
        (["AUTH PLAIN " + base64.b64encode(b"a\0b\0c\0d").decode()], ["501 5.5.2 The sign-in could not be read."]),
        (["AUTH PLAIN %%%"], ["501 5.5.2 The sign-in could not be read."]),
        (["AUTH PLAIN", "*"], ["334 ", "501 5.7.0 Sign-in cancelled."]),
        (["AUTH LOGIN", "="], ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"]),
        (["AUTH CRAM-MD5"], ["504 5.5.4 Sign in with PLAIN or LOGIN."]),
        (["AUTH PLAIN " + "A" * 12_400], ["500 5.5.2 The line is too long."]),
    ],
)
def test_signing_in(mechanism: list[str], replies: list[str]) -> None:
    """RFC 4954: both mechanisms, with and without an initial response; wrong and unknown read the same."""

    async def story() -> None:
        async with world() as w:
            c = await w.client()
            await c.reply()
            await c.say("EHLO desk.example")
            assert replies == [await c.say(line) for line in mechanism]

    run(story())


def test_guessing_ends_the_conversation() -> None:
    """After three wrong passwords the door closes."""

    async def story() -> None:
        async with world() as w:
            c = await w.client()
            await c.reply()
            await c.say("EHLO desk.example")
            for _ in range(3):
                assert (await c.say("AUTH PLAIN " + plain("a.novak", "guess"))).startswith("535 ")
            assert await c.rest() == ""

    run(story())


@pytest.mark.parametrize(
    "ahead", [b"NOOP\r\nNOOP\r\n", b"NOOP\r\nQ", b"EHLO a\r\nMAIL FROM:<a.novak@town.example>\r\n"]
)
def test_who_talks_ahead_is_left(ahead: bytes) -> None:
    """B5: PIPELINING is not offered; bytes that wait when a reply is due end the conversation unread."""

    async def story() -> None:
        async with world() as w:
            c = await w.client(implicit=False)
            await c.reply()
            await c.send(ahead)
            assert (await c.reply()).startswith("554 5.5.0 ")
            assert await c.rest() == ""

    run(story())


def test_commands_behind_the_end_of_a_message_drop_it() -> None:
    """B5: a peer that goes on behind the dot gets neither the message kept nor the commands read."""

    async def story() -> None:
        async with world() as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b".\r\nQUIT\r\n")
            assert (await c.reply()).startswith("554 5.5.0 ")
            assert await c.rest() == ""
            assert [] == w.reception.kept

    run(story())


@pytest.mark.parametrize("line", [b"NOOP\nNOOP\r\n", b"NO\0OP\r\n", b"NOOP\rX\r\n", b"NOOP \xff\r\n"])
def test_a_command_ends_with_crlf_and_is_ascii(line: bytes) -> None:
    """B2, B20: a bare CR or LF, a NUL or raw 8-bit in a command is the last the door reads."""

    async def story() -> None:
        async with world() as w:
            c = await w.client(implicit=False)
            await c.reply()
            await c.send(line)
            assert (await c.reply()).startswith("500 5.5.2 A command is ASCII")
            assert await c.rest() == ""

    run(story())


def test_no_line_end_in_64_kib_ends() -> None:
    """B3, B19: a line without end costs 64 KiB and the connection."""

    async def story() -> None:
        async with world() as w:
            c = await w.client(implicit=False)
            await c.reply()
            await c.send(b"A" * (70 * 1024))
            assert (await c.reply()).startswith("500 5.5.2 No CR LF in 64 KiB")

    run(story())


def test_floods_of_junk_and_noop_end() -> None:
    """B16: twenty commands that are none, or a hundred that do nothing, are answered 421."""

    async def story() -> None:
        async with world(settings=small(idle_commands=30)) as w:
            for command, count in (("FOO", 19), ("NOOP", 30)):
                c = await w.client(implicit=False)
                await c.reply()
                for _ in range(count):
                    assert not (await c.say(command)).startswith("421")
                assert (await c.say(command)).startswith("421 4.7.0 ")
                assert await c.rest() == ""

    run(story())


def test_the_size_limit_holds_to_the_byte() -> None:
    """The last good size is kept; one byte more is 552, read to its end; the session goes on."""
    limit = 64 * 1024

    async def story() -> None:
        async with world(settings=small()) as w:
            room = limit - len(HEADER)
            lines = b"x" * 62 + b"\r\n"
            body = lines * (room // 64 - 1)
            body += b"y" * (room - len(body) - 2) + b"\r\n"
            c = await w.ready_for_data()
            await c.send(HEADER + body + b".\r\n")
            assert (await c.reply()).startswith("250 ")
            await c.say("MAIL FROM:<a.novak@town.example>")
            await c.say("RCPT TO:<b@x.example>")
            await c.say("DATA")
            await c.send(HEADER + b"z" + body + b".\r\n")
            assert (await c.reply()).startswith("552 5.3.4 ")
            assert (await c.say("NOOP")).startswith("250 ")
            assert [limit] == [len(content) for content, _ in w.reception.kept]

    run(story())


def test_a_message_without_end_is_cut_off() -> None:
    """B3, B4: empty lines for ever, or no line at all, end at twice the limit; nothing is kept."""

    async def story() -> None:
        async with world(settings=small()) as w:
            for flood in (b"\r\n" * 1024, b"A" * 2048):
                c = await w.ready_for_data()
                replied = asyncio.get_running_loop().create_task(c.reply())
                while not replied.done():
                    try:
                        await c.send(flood)
                    except ConnectionError:
                        break
                    await asyncio.sleep(0)
                assert (await replied)[:9] in ("552 5.3.4", "554 5.6.0", "")
                assert w.reception.deposits[-1].is_dropped
            assert [] == w.reception.kept

    run(story())


def test_a_peer_that_drips_is_left() -> None:
    """B17: silence within DATA or between commands has an end."""

    async def story() -> None:
        async with world(settings=small(data_seconds=0.1, command_seconds=0.1)) as w:
            c = await w.ready_for_data()
            await c.send(b"From: a")
            assert (await c.reply()).startswith("421 4.4.2 ")
            assert w.reception.deposits[0].is_dropped
            c = await w.client(implicit=False)
            await c.reply()
            assert (await c.reply()).startswith("421 4.4.2 ")

    run(story())


def test_who_goes_before_the_dot_leaves_nothing() -> None:
    """P5.4: a message whose end never came is dropped."""

    async def story() -> None:
        async with world() as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b"half")
            c.writer.close()
            while not w.reception.deposits[0].is_dropped:
                await asyncio.sleep(0)
            assert [] == w.reception.kept

    run(story())


@pytest.mark.parametrize("way", ["half-close", "reset"])
def test_who_goes_after_the_dot_cannot_cut_the_commit(way: str) -> None:
    """B18, P5.4: closing or resetting behind the dot changes nothing about a message that is being kept."""

    async def story() -> None:
        gate = asyncio.Event()
        async with world(FakeReception(gate=gate)) as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b".\r\n")
            await w.reception.accepting.wait()
            if way == "half-close":
                c.writer.close()
            else:
                c.writer.transport.abort()
            await asyncio.sleep(0)
            gate.set()
            await asyncio.wait_for(w.reception.done.wait(), 5)
            assert 1 == len(w.reception.kept)
            assert not w.reception.deposits[0].is_dropped

    run(story())


def test_a_door_that_closes_leaves_the_deposit_to_the_engine() -> None:
    """P5.4: a session cut off while the engine commits must not take back what it handed over."""

    async def story() -> None:
        gate = asyncio.Event()
        async with world(FakeReception(gate=gate)) as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b".\r\n")
            await w.reception.accepting.wait()
            await w.door.close(0)
            assert not w.reception.deposits[0].is_dropped
            gate.set()
            await asyncio.wait_for(w.reception.done.wait(), 5)
            assert 1 == len(w.reception.kept)

    run(story())


def test_a_half_closed_peer_still_gets_its_answer() -> None:
    """B18: outside TLS a peer may stop talking and still hear the reply."""

    async def story() -> None:
        async with world() as w:
            c = await w.client(implicit=False)
            await c.reply()
            await c.send(b"NOOP\r\n")
            c.writer.write_eof()
            assert (await c.reply()).startswith("250 ")

    run(story())


def test_outsiders_are_answered_and_never_relayed() -> None:
    """Port 25: our people "later", everybody else "no"; no AUTH, and never a message."""

    async def story() -> None:
        settings = small(role=Role.INBOUND, domains=("town.example",))
        async with world(settings=settings) as w:
            c = await w.client(implicit=False)
            await c.reply()
            await c.say("EHLO mx.example")
            assert (await c.say("AUTH PLAIN =")).startswith("502 ")
            await c.say("MAIL FROM:<x@y.example>")
            assert (await c.say("RCPT TO:<a.novak@Town.example>")).startswith("454 4.7.1 ")
            assert (await c.say("RCPT TO:<b@x.example>")).startswith("550 5.7.1 ")
            assert (await c.say("DATA")).startswith("554 5.5.1 ")
            assert [] == w.reception.deposits

    run(story())


def test_a_closing_door_waits_for_a_message_and_ends_the_idle() -> None:
    """An idle conversation hears 421 at once; a message on its way in is kept first."""

    async def story() -> None:
        gate = asyncio.Event()
        async with world(FakeReception(gate=gate)) as w:
            busy = await w.ready_for_data()
            idle = await w.client(implicit=False)
            await idle.reply()
            await busy.send(HEADER + b".\r\n")
            await w.reception.accepting.wait()
            closing = asyncio.get_running_loop().create_task(w.door.close(5))
            assert (await idle.reply()).startswith("421 4.3.2 ")
            gate.set()
            assert (await busy.reply()).startswith("250 ")
            assert (await busy.reply()).startswith("421 ")
            await closing

    run(story())


def test_one_source_gets_its_share_of_connections() -> None:
    """One network cannot take all conversations there are."""

    async def story() -> None:
        async with world(settings=small(connections_per_source=2)) as w:
            held = [await w.client(implicit=False) for _ in range(2)]
            assert ["220", "220"] == [(await c.reply())[:3] for c in held]
            extra = await w.client(implicit=False)
            assert (await extra.reply()).startswith("421 4.7.0 ")

    run(story())
