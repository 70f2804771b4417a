"""The carrier against a real server on loopback: what is proved first, what is said, and what each failure means."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import pytest

from gateway.errors import Tampering
from gateway.facts import Receipt
from gateway.seal.hop import Demand, Level, demand
from gateway.seal.parcel import Packing
from gateway.ship import InDoubt, Never, NotNow, Outcome, Slip, Taken, Target
from gateway.ship.dial import Patience
from gateway.ship.smtp import SmtpCarrier
from gateway.transfer import Address, BlobId, Notify, Parcel, Seal, transfer_id

T = TypeVar("T")
TRANSFER = transfer_id(bytes(16))
SILENCE = b"..."
RECEIPT = Receipt(stream=TRANSFER, version=3, indexes=(4,), size=5, checkpoint="")
PATIENT = Patience(connect_s=5, greeting_s=5, reply_s=5, data_s=5, block_s=5, end_s=5, content_s=10)
HASTY = Patience(connect_s=5, greeting_s=5, reply_s=0.15, data_s=0.15, block_s=5, end_s=0.15, content_s=10)
MAIL = b"Subject: x\r\n\r\n.dot\r\n..two\r\nend\r\n"
SLIP = Slip(sender=Address(local="jo", domain="town.test"), recipient=Address(local="ann", domain="mx.test"))


def run(story: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(20):
            return await story

    return asyncio.run(bounded())


def parcel(content: Iterable[bytes]) -> Parcel:
    packing = Packing(content)
    for _ in packing:
        pass
    return packing.parcel(transfer=TRANSFER, leg=0, blob=BlobId("0" * 32), seal=Seal.TRANSPORT)


def asked(authority, level: Level = Level.VERIFIED, **more) -> Demand:
    return demand(level=level, domain="mx.test", ca_pem=authority.pem, **more)


def at(sink) -> tuple[Target, ...]:
    return (Target(host="mx.test", port=sink.port, addresses=("127.0.0.1",), is_tls_at_once=sink.is_tls_at_once),)


async def send(carrier: SmtpCarrier, sink, wanted: Demand, content: bytes = MAIL, slip: Slip = SLIP) -> Outcome:
    async with carrier.line(wanted, at(sink), RECEIPT) as line:
        if isinstance(line, NotNow):
            return line
        return await line.deliver(parcel([content]), slip, [content], RECEIPT)


def send_once(sink, wanted: Demand, content: bytes = MAIL, slip: Slip = SLIP) -> Outcome:
    async def story() -> Outcome:
        is_silent = SILENCE in sink.replies.values()
        carrier = SmtpCarrier(name="gate.test", patience=HASTY if is_silent else PATIENT)
        async with sink.open():
            outcome = await send(carrier, sink, wanted, content, slip)
            await carrier.close()
            return outcome

    return run(story())


def test_delivers(sink, authority):
    """A message arrives dot-stuffed, byte for byte, and the reply and the proof come back as evidence."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open(), carrier.line(asked(authority), at(sink), RECEIPT) as line:
            assert not isinstance(line, NotNow)
            outcome = await line.deliver(parcel([MAIL]), SLIP, [MAIL], RECEIPT)
            return outcome, line.hop

    outcome, hop = run(story())

    assert Taken(reply="250 2.0.0 taken", is_notifying=True) == outcome
    assert MAIL.replace(b"\r\n.", b"\r\n..") + b".\r\n" == sink.contents[0]
    assert [b"EHLO gate.test", b"STARTTLS"] == sink.clear
    assert b"MAIL FROM:<jo@town.test> SIZE=%d" % len(MAIL) == sink.told[1]
    assert ("mx.test", "TLSv1.3", "private-ca") == (hop.matched_name, hop.tls_version, hop.verdict)
    assert (64, 64, "127.0.0.1") == (len(hop.leaf_sha256), len(hop.spki_sha256), hop.address)


def test_delivers_with_tls_at_once(good, authority, sink):
    """Where TLS is there from the first byte, nothing at all is said in clear."""
    sink.is_tls_at_once = True

    assert isinstance(send_once(sink, asked(authority)), Taken)
    assert [] == sink.clear


def test_passes_on_what_the_sender_asked(sink, authority):
    """The wishes of RFC 3461 go on to a server that offers DSN; the null sender stays one."""
    slip = Slip(
        sender=None, recipient=Address(local="ann", domain="mx.test"), is_eight_bit=True, ret="HDRS", envid="Q+2B1",
        notify=(Notify.SUCCESS, Notify.FAILURE), original_recipient="rfc822;ann@mx.test",
    )  # fmt: skip

    assert isinstance(send_once(sink, asked(authority), slip=slip), Taken)
    assert b"MAIL FROM:<> BODY=8BITMIME SIZE=%d RET=HDRS ENVID=Q+2B1" % len(MAIL) == sink.told[1]
    assert b"RCPT TO:<ann@mx.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ann@mx.test" == sink.told[2]


def test_says_nothing_a_server_does_not_know(sink, authority):
    """Without DSN and SIZE on offer neither is said, and the sender hears of success from us."""
    sink.offers = ("8BITMIME",)
    slip = Slip(sender=SLIP.sender, recipient=SLIP.recipient, notify=(Notify.SUCCESS,), ret="FULL")

    assert Taken(reply="250 2.0.0 taken", is_notifying=False) == send_once(sink, asked(authority), slip=slip)
    assert [b"MAIL FROM:<jo@town.test>", b"RCPT TO:<ann@mx.test>"] == sink.told[1:3]


# ── no proof, no byte ────────────────────────────────────────────────────────────────────────────────────────────────


def _unproved(outcome: Outcome) -> str:
    assert isinstance(outcome, NotNow)
    assert outcome.reason.code == "tls-unproved"
    assert outcome.reason.get("status") == "4.7.5"
    return outcome.reason.get("why")


def _said_nothing(sink) -> bool:
    """True if no word of a transaction was said, in clear or under TLS."""
    words = {line.split()[0] for line in (*sink.clear, *sink.told)}
    return words <= {b"EHLO", b"STARTTLS"} and not sink.contents


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ({"EHLO-CLEAR": b"250-sink\r\n250 SIZE\r\n"}, "starttls-not-offered"),
        ({"EHLO": b"502 what\r\n"}, "starttls-not-offered"),
        ({"STARTTLS": b"454 4.7.0 not now\r\n"}, "starttls-refused"),
        ({"STARTTLS": b"554 5.7.0 never\r\n"}, "starttls-refused"),
        ({"STARTTLS": b""}, "handshake-failed"),
        ({"STARTTLS": b"220 go\r\n250 injected\r\n"}, "handshake-failed"),
    ],
)
def test_stripped_tls_waits(sink, authority, replies, why):
    """A server, or somebody before it, that withholds or breaks STARTTLS gets our name and nothing else (B24)."""
    sink.replies = replies

    assert why == _unproved(send_once(sink, asked(authority)))
    assert _said_nothing(sink)


@pytest.mark.parametrize(
    ("names", "until_days", "why"),
    [
        (("other.test",), 9999, "name-differs"),
        (("*.mx.test",), 9999, "name-differs"),
        (("mx.test",), -10, "chain-unverified"),
    ],
)
def test_wrong_certificate_waits(authority, sink, names, until_days, why):
    """A certificate for another name, or one that has expired, proves nothing (B24)."""
    sink.context = authority.server(*names, until_days=until_days)

    assert why == _unproved(send_once(sink, asked(authority)))
    assert _said_nothing(sink)


def test_unknown_authority_waits(sink):
    """A certificate from an authority nobody named proves nothing."""
    assert "chain-unverified" == _unproved(send_once(sink, demand(level=Level.BEST, domain="mx.test")))
    assert _said_nothing(sink)


def test_other_key_than_pinned_waits(sink, authority):
    """Where a key is pinned, a good certificate with another key proves nothing."""
    assert "pin-differs" == _unproved(send_once(sink, asked(authority, Level.PIN, spki_sha256=("0" * 64,))))
    assert _said_nothing(sink)


def test_encrypt_level_takes_any_certificate(sink):
    """Where the rules ask for encryption alone, the evidence says that nothing was verified."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open(), carrier.line(demand(level=Level.ENCRYPT, domain="mx.test"), at(sink), RECEIPT) as line:
            assert not isinstance(line, NotNow)
            return line.hop.verdict

    assert "encrypted-only" == run(story())


def test_forged_refusal_before_proof_is_not_final(sink, authority):
    """A permanent refusal heard before the proof is anybody's word: it waits, it does not bounce."""
    sink.replies = {"GREETING": b"554 5.7.1 go away\r\n"}

    outcome = send_once(sink, asked(authority))

    assert isinstance(outcome, NotNow)
    assert "greeting-refused" == outcome.reason.code


def test_next_target_is_tried(sink, authority):
    """A server that cannot be reached is passed over for the next one of the domain."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            dead = Target(host="dead.test", port=1, addresses=("127.0.0.1",))
            async with carrier.line(asked(authority), (dead, *at(sink)), RECEIPT) as line:
                return line.hop.host if not isinstance(line, NotNow) else line

    assert "mx.test" == run(story())


def test_unreachable_waits(authority):
    """A server that does not listen is tried again later."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        dead = Target(host="dead.test", port=1, addresses=("127.0.0.1",))
        async with carrier.line(asked(authority), (dead,), RECEIPT) as line:
            return line

    outcome = run(story())

    assert isinstance(outcome, NotNow)
    assert "unreachable" == outcome.reason.code


# ── what each answer means ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    ("reply", "kind", "status"),
    [
        (b"550 5.1.1 nobody here\r\n", Never, "5.1.1"),
        (b"550 5.1.1\r\n", Never, "5.1.1"),
        (b"554 nobody here\r\n", Never, "5.0.0"),
        (b"550 2.0.0 confused\r\n", Never, "5.0.0"),
        (b"451-4.7.1 later\r\n451 4.7.1 please\r\n", NotNow, "4.7.1"),
        (b"421 4.3.2 closing\r\n", NotNow, "4.3.2"),
    ],
)
def test_refusals(sink, authority, word, reply, kind, status):
    """5xx is final and 4xx is not, at every step, with the server's own words as evidence."""
    sink.replies = {word: reply}

    outcome = send_once(sink, asked(authority))

    assert isinstance(outcome, kind)
    assert isinstance(outcome, Never | NotNow)
    assert ("remote-refused", status) == (outcome.reason.code, outcome.reason.get("status"))
    assert outcome.reply.startswith(reply[:3].decode())


FAULTS = [
    (b"", "closed"),
    (SILENCE, "silence"),
    (b"250-and", "flood"),
    (b"hello, world\r\n", "garbage"),
    (b"999 odd\r\n", "garbage"),
    (b"250 " + b"x" * 5000 + b"\r\n", "flood"),
]


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("reply", "why"), FAULTS)
def test_faults_before_the_content_are_surely_not_delivered(sink, authority, word, reply, why):
    """Whatever a server does before the end of the message, it has not got it (B23)."""
    sink.replies = {word: reply}

    outcome = send_once(sink, asked(authority))

    assert isinstance(outcome, NotNow)
    assert ("connection-lost", why) == (outcome.reason.code, outcome.reason.get("detail"))
    assert [] == sink.contents


@pytest.mark.parametrize(("reply", "why"), [*FAULTS, (b"354 again\r\n", "garbage")])
def test_faults_behind_the_dot_are_in_doubt(sink, authority, reply, why):
    """Once the end is sent, a server that gives no readable answer may have the message (B23)."""
    sink.replies = {"END": reply}

    outcome = send_once(sink, asked(authority))

    assert isinstance(outcome, InDoubt)
    assert why == outcome.reason.get("detail")
    assert 1 == len(sink.contents)


def test_drop_within_the_content_is_surely_not_delivered(sink, authority):
    """A connection that breaks within the content leaves no doubt: the end was never written."""
    sink.replies = {"DROP-AT": b"65536"}
    content = b"x" * 70 + b"\r\n"

    outcome = send_once(sink, asked(authority), content * 200_000)

    assert isinstance(outcome, NotNow)
    assert [] == sink.contents


def test_two_answers_at_once_end_the_conversation(sink, authority):
    """A reply that comes before its question would be taken for the answer to the next: the line is given up."""
    sink.replies = {"MAIL": b"250 ok\r\n250 and the next\r\n"}

    outcome = send_once(sink, asked(authority))

    assert isinstance(outcome, NotNow)
    assert outcome.reason.get("detail") in ("early", "garbage")
    assert [] == sink.contents


def test_after_answers_that_do_not_fit_nothing_more_is_said(sink, authority):
    """A server that may be waiting for content, its answers one behind, never hears of the next message."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            sink.replies = {"DATA": b"250 2.0.0 whatever\r\n"}
            first = await send(carrier, sink, asked(authority))
            sink.replies = {}
            second = await send(carrier, sink, asked(authority))
            await carrier.close()
            return first, second

    first, second = run(story())

    assert isinstance(first, NotNow)
    assert ("connection-lost", "garbage") == (first.reason.code, first.reason.get("detail"))
    assert isinstance(second, Taken)
    assert 2 == sink.connections


# ── several commands in one write ────────────────────────────────────────────────────────────────────────────────────


def test_commands_go_together_where_the_server_offers_it(pipelined, authority):
    """MAIL, RCPT and DATA leave in one write (RFC 2920): no answer is waited for in between."""
    pipelined.replies = {"MAIL": SILENCE}

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=HASTY)
        async with pipelined.open():
            outcome = await send(carrier, pipelined, asked(authority))
            return outcome, pipelined.unread

    outcome, unread = run(story())

    assert isinstance(outcome, NotNow)
    assert b"RCPT TO:<ann@mx.test>\r\nDATA\r\n" == unread


def test_a_refused_recipient_leaves_a_lone_dot(pipelined, authority):
    """A server that takes DATA although it refused the recipient gets a lone dot, and nobody a message."""
    pipelined.replies = {"RCPT": b"550 5.1.1 nobody here\r\n"}

    outcome = send_once(pipelined, asked(authority))

    assert isinstance(outcome, Never)
    assert ("remote-refused", "5.1.1") == (outcome.reason.code, outcome.reason.get("status"))
    assert (1, []) == (pipelined.lone_dots, pipelined.contents)


@pytest.mark.parametrize("reply", [b"", SILENCE, b"421 4.3.2 closing\r\n", b"hm\r\n"])
def test_what_fails_at_the_lone_dot_changes_nothing(pipelined, authority, reply):
    """It was refused before; only the line is given up."""
    pipelined.replies = {"RCPT": b"550 5.1.1 nobody here\r\n", "END": reply}

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=HASTY)
        async with pipelined.open():
            first = await send(carrier, pipelined, asked(authority))
            pipelined.replies = {}
            second = await send(carrier, pipelined, asked(authority))
            await carrier.close()
            return first, second

    first, second = run(story())

    assert isinstance(first, Never)
    assert isinstance(second, Taken)
    assert 2 == pipelined.connections


def test_no_dot_to_a_recipient_without_a_sender(pipelined, authority):
    """A server that refused the sender but took the recipient and DATA is left: the dot might send an empty message."""
    pipelined.replies = {"MAIL": b"550 5.7.1 not you\r\n"}

    outcome = send_once(pipelined, asked(authority))

    assert isinstance(outcome, Never)
    assert (0, []) == (pipelined.lone_dots, pipelined.contents)


def test_a_refusal_heard_before_the_line_broke_counts(pipelined, authority):
    """A server that refuses and closes has refused for good, not lost the connection."""
    pipelined.replies = {"MAIL": b"550 5.7.1 not you\r\n", "RCPT": b""}

    outcome = send_once(pipelined, asked(authority))

    assert isinstance(outcome, Never)
    assert "5.7.1" == outcome.reason.get("status")


def test_reply_is_shown_in_printable_ascii(sink, authority):
    """A reply is kept as evidence without the power to forge a log line or break a terminal."""
    sink.replies = {"RCPT": b"550 5.1.1 na\xc3\xafve \x1b[31m\x07\r\n"}

    outcome = send_once(sink, asked(authority))

    assert isinstance(outcome, Never)
    assert "550 5.1.1 na\\xefve \\x1b[31m\\x07" == outcome.reply


# ── what is never sent ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("offers", "slip", "code"),
    [
        (("DSN",), Slip(sender=None, recipient=SLIP.recipient, is_eight_bit=True), "8bit-unsupported"),
        (("8BITMIME",), Slip(sender=None, recipient=SLIP.recipient, is_utf8=True), "utf8-unsupported"),
        (("8BITMIME",), Slip(sender=None, recipient=Address(local="ä", domain="mx.test")), "utf8-unsupported"),
        (("SIZE 10",), SLIP, "too-large"),
        (("DSN",), Slip(sender=None, recipient=Address(local="a> X=<b", domain="mx.test")), "address-unspeakable"),
    ],
)
def test_what_a_server_cannot_take_is_not_begun(sink, authority, offers, slip, code):
    """What a server says it cannot take ends the leg before a transaction begins."""
    sink.offers = offers

    outcome = send_once(sink, asked(authority), slip=slip)

    assert isinstance(outcome, Never)
    assert code == outcome.reason.code
    assert _said_nothing(sink)


@pytest.mark.parametrize("content", [b"a\n.\nb\r\n", b"a\rb\r\n", b"no end", b""])
def test_content_that_is_not_canonical_never_ends(sink, authority, content):
    """Bytes that some server might read as two messages are never completed (P1.4)."""
    outcome = send_once(sink, asked(authority), content)

    assert isinstance(outcome, Never)
    assert "not-canonical" == outcome.reason.code
    assert [] == sink.contents


def test_other_bytes_than_the_sealed_ones_stop_everything(sink, authority):
    """If what is read is not the parcel that the ledger knows, its end is never written and the engine stops."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open(), carrier.line(asked(authority), at(sink), RECEIPT) as line:
            assert not isinstance(line, NotNow)
            await line.deliver(parcel([MAIL]), SLIP, [MAIL, b"more\r\n"], RECEIPT)

    with pytest.raises(Tampering):
        run(story())
    assert [] == sink.contents


def test_another_transfers_receipt_opens_nothing(sink, authority):
    """The receipt has to be of this transfer."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        other = Receipt(stream="T-OTHER", version=1, indexes=(), size=0, checkpoint="")
        async with sink.open(), carrier.line(asked(authority), at(sink), RECEIPT) as line:
            assert not isinstance(line, NotNow)
            await line.deliver(parcel([MAIL]), SLIP, [MAIL], other)

    with pytest.raises(ValueError, match="another transfer"):
        run(story())
    assert _said_nothing(sink)


# ── many messages ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_warm_line_is_used_again(sink, authority):
    """Messages for one server under one demand share a connection, also after a refused one."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            first = await send(carrier, sink, asked(authority))
            sink.replies = {"RCPT": b"550 no\r\n"}
            second = await send(carrier, sink, asked(authority))
            sink.replies = {}
            third = await send(carrier, sink, asked(authority))
            await carrier.close()
            return [type(outcome) for outcome in (first, second, third)]

    assert [Taken, Never, Taken] == run(story())
    assert 1 == sink.connections


def test_another_demand_gets_another_line(sink, authority):
    """A connection proved under one demand never serves another."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            await send(carrier, sink, demand(level=Level.ENCRYPT, domain="mx.test"))
            await send(carrier, sink, asked(authority))
            await carrier.close()

    run(story())
    assert 2 == sink.connections


@pytest.mark.parametrize("reply", [b"", b"421 4.4.2 idle\r\n", b"hm\r\n"])
def test_a_stale_line_is_replaced(sink, authority, reply, monkeypatch):
    """A line that idled and whose server went away is no failure: a fresh one takes over before anything is said."""
    monkeypatch.setattr("gateway.ship.smtp.PROBE_AFTER_S", 0.0)

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            await send(carrier, sink, asked(authority))
            sink.replies = {"RSET": reply}
            outcome = await send(carrier, sink, asked(authority))
            await carrier.close()
            return outcome

    assert isinstance(run(story()), Taken)
    assert 2 == sink.connections


def test_only_a_line_that_just_took_a_message_is_not_probed(sink, authority):
    """RSET is spared where the last answer was a yes a moment ago; after a refusal it ends what is left behind."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            await send(carrier, sink, asked(authority))
            sink.replies = {"END": b"451 4.3.0 later\r\n"}
            await send(carrier, sink, asked(authority))
            before = sink.told.count(b"RSET")
            await send(carrier, sink, asked(authority))
            await carrier.close()
            return before, sink.told.count(b"RSET")

    assert (0, 1) == run(story())
    assert 1 == sink.connections


async def _two_over_one_line(carrier, sink, wanted, replies: dict[str, bytes]) -> Outcome:
    """The second outcome, where the server answers the second message with `replies`."""
    assert isinstance(await send(carrier, sink, wanted), Taken)
    sink.replies = replies
    outcome = await send(carrier, sink, wanted)
    sink.replies = {}
    return outcome


@pytest.mark.parametrize(
    ("replies", "is_stale"),
    [
        ({"MAIL": b""}, True),
        ({"MAIL": b"421 4.4.2 idle\r\n"}, True),
        ({"MAIL": b"hm\r\n"}, False),
        ({"MAIL": b"451 4.3.0 later\r\n"}, False),
        ({"RCPT": b""}, False),
        ({"DATA": b""}, False),
        ({"RCPT": b"421 4.4.2 idle\r\n"}, False),
    ],
)
def test_a_line_lost_before_its_first_answer_is_stale(sink, authority, replies, is_stale):
    """A warm line that nobody probed and whose server had left is told apart from every other trouble."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            second = await _two_over_one_line(carrier, sink, asked(authority), replies)
            third = await send(carrier, sink, asked(authority))
            await carrier.close()
            return second, third

    second, third = run(story())

    assert isinstance(second, NotNow)
    assert is_stale == second.is_line_stale
    assert isinstance(third, Taken)


def test_a_fresh_line_is_never_stale(sink, authority):
    """A server that closes a new connection at MAIL has a reason: trying at once would not help."""
    sink.replies = {"MAIL": b""}

    outcome = send_once(sink, asked(authority))

    assert isinstance(outcome, NotNow)
    assert not outcome.is_line_stale


def test_a_server_that_left_meanwhile_makes_its_line_stale(sink, authority):
    """Between lending a line and the first byte the ledger is written; a server may leave in that moment."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            await send(carrier, sink, asked(authority))
            async with carrier.line(asked(authority), at(sink), RECEIPT) as line:
                assert not isinstance(line, NotNow)
                sink.say(b"421 4.3.2 going down\r\n")
                while line.proved.wire.is_open:
                    await asyncio.sleep(0)
                return await line.deliver(parcel([MAIL]), SLIP, [MAIL], RECEIPT)

    outcome = run(story())

    assert isinstance(outcome, NotNow)
    assert outcome.is_line_stale
    assert 1 == len(sink.contents)


def test_after_a_stale_line_the_next_has_answered(sink, authority):
    """What ended one line may have ended the others: none is lent again before it answers."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            async with carrier.line(asked(authority), at(sink), RECEIPT):
                await send(carrier, sink, asked(authority))
            await send(carrier, sink, asked(authority))
            stale = await _two_over_one_line(carrier, sink, asked(authority), {"MAIL": b""})
            before = sink.told.count(b"RSET")
            outcome = await send(carrier, sink, asked(authority))
            await carrier.close()
            return stale.is_line_stale, before, outcome

    is_stale, before, outcome = run(story())

    assert is_stale
    assert isinstance(outcome, Taken)
    assert before + 1 == sink.told.count(b"RSET")
    assert 2 == sink.connections


def test_connections_to_one_server_are_bounded(sink, authority, monkeypatch):
    """However many deliveries wait, one server sees a bounded number of connections."""
    monkeypatch.setattr("gateway.ship.smtp.MAX_CONNECTIONS", 2)

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            await asyncio.gather(*(send(carrier, sink, asked(authority)) for _ in range(8)))
            await carrier.close()

    run(story())
    assert (8, 2) == (len(sink.contents), sink.connections)


def test_a_line_carries_a_bounded_number_of_messages(sink, authority, monkeypatch):
    """After its share of messages a connection is closed, and the next one is fresh."""
    monkeypatch.setattr("gateway.ship.smtp.MAX_MESSAGES", 2)

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            for _ in range(5):
                await send(carrier, sink, asked(authority))
            await carrier.close()

    run(story())
    assert 3 == sink.connections


def test_nothing_is_remembered_of_servers_no_longer_used(sink, authority, monkeypatch):
    """An idle connection is closed in time and its pool forgotten."""
    monkeypatch.setattr("gateway.ship.smtp.IDLE_S", 0.0)

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            await send(carrier, sink, asked(authority))
            while carrier._pools:
                await asyncio.sleep(0)
            await send(carrier, sink, asked(authority))

    run(story())
    assert 2 == sink.connections


def test_large_content_waits_for_the_reader(sink, authority):
    """Content is read no faster than the server takes it: memory does not grow with the message."""
    taken = 0
    furthest = 0

    def on_content(size: int) -> None:
        nonlocal taken
        taken = size

    sink.on_content = on_content
    piece = b"x" * 1022 + b"\r\n"

    async def pieces():
        nonlocal furthest
        for number in range(16 * 1024):
            furthest = max(furthest, number * len(piece) - taken)
            yield piece

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        whole = parcel(piece for _ in range(16 * 1024))
        async with sink.open(), carrier.line(asked(authority), at(sink), RECEIPT) as line:
            assert not isinstance(line, NotNow)
            return await line.deliver(whole, SLIP, pieces(), RECEIPT)

    assert isinstance(run(story()), Taken)
    assert furthest < 10 * 1024 * 1024  # the kernel's socket buffers hold some megabytes, but never all 16


def test_cancelling_closes_the_line(sink, authority):
    """A delivery that is cut off leaves no half transaction for the next one."""

    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            sink.replies = {"END": SILENCE}
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await send(carrier, sink, asked(authority))
            sink.replies = {}
            return await send(carrier, sink, asked(authority))

    assert isinstance(run(story()), Taken)
    assert 2 == sink.connections


def test_a_probe_hears_the_proof_and_says_nothing_of_anybody(sink, authority):
    """The server proves itself to our name alone: no sender, no recipient, no content, and the line is given up."""
    proved = _probed(sink, asked(authority))

    assert (Level.VERIFIED, "private-ca") == (proved.level, proved.verdict)
    assert {b"EHLO", b"STARTTLS", b"QUIT"} >= {line.split()[0] for line in (*sink.clear, *sink.told)}
    assert [] == list(sink.contents)


def test_a_probe_of_a_server_that_cannot_prove_itself_says_why(sink, authority):
    """The same reason a delivery would wait for."""
    assert "pin-differs" == _unproved(_probed(sink, asked(authority, Level.PIN, spki_sha256=("0" * 64,))))
    assert _said_nothing(sink)


def _probed(sink, wanted: Demand):
    async def story():
        carrier = SmtpCarrier(name="gate.test", patience=PATIENT)
        async with sink.open():
            return await carrier.probe(wanted, at(sink))

    return run(story())
