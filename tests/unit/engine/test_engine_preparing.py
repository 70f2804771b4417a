"""Preparing a copy: what a part says of its characters reaches its scrubber, and texts follow the ids that change."""

from __future__ import annotations

import asyncio
import email
import re
from email import policy
from typing import cast

from gateway.engine.clock import SystemClock
from gateway.engine.contents import Content
from gateway.engine.preparing import Preparing
from gateway.engine.vault import Vault
from gateway.engine.workshop import CleanResult, Workshop
from gateway.intake.mail import skeleton
from gateway.journey import LegJourney
from gateway.scrub import document
from gateway.scrub.messageid import MessageIds
from gateway.scrub.plan import Held, Plan
from gateway.skeleton import Limits, Skeleton
from gateway.transfer import Address, Leg, Party, Recipient, Transfer, Way, transfer_id
from tests.corpus import mail_messages, png_file


class Bench:
    """The stations' own code where a confined process would run it; remembers as what things came."""

    mechanisms: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.medias: list[str] = []

    async def clean(self, content: bytes, *, name: str, media: str, plan: Plan) -> CleanResult:
        """See `Workshop.clean`."""
        self.medias.append(media)
        result = document.clean(content, name=name, media=media, plan=plan)
        return CleanResult(b"", result) if isinstance(result, Held) else CleanResult(*result)


ANN = Party(person="ann", address=Address(local="ann", domain="town.example"), name="Ann")
BOB = Recipient(address=Address(local="bob", domain="court.example"))
TRANSFER = Transfer(
    id=transfer_id(bytes(16)), way=Way.MAIL, sender=ANN, items=(), legs=(Leg(ordinal=0, recipient=BOB),),
    received_ms=0, label="", purpose="",
)  # fmt: skip


def copied(message: bytes) -> tuple[bytes, list[str]]:
    """The clean copy of a message, and what its documents were declared to be."""
    bench = Bench()
    preparing = Preparing(
        vault=cast(Vault, None),
        workshop=cast(Workshop, bench),
        clock=SystemClock(),
        host="gw.town.example",
        ids=MessageIds(secret_key=bytes(32), domains=("town.example",)),
    )
    read = skeleton(message, Limits())
    assert isinstance(read, Skeleton)
    content = Content(message, read)
    cleaned = asyncio.run(preparing.clean(TRANSFER, content, Plan()))
    copy = preparing.compose(TRANSFER, LegJourney(leg=TRANSFER.legs[0]), content, cleaned, bytes(32))
    return b"".join(copy.whole()), bench.medias


def test_the_charset_goes_along() -> None:
    """A scrubber is told what its part was declared to be, characters included."""
    _, medias = copied(mail_messages.outlook().content)

    assert ["text/html; charset=iso-8859-1", "image/png", "image/gif", "image/jpeg"] == medias


def test_a_page_nobody_had_to_clean_follows_the_new_ids() -> None:
    """Its pictures are shown although nothing else in it changed."""
    page = b"<p>Hello</p><img src=cid:logo@pc.lan>"
    message = (
        b"From: a@town.example\r\nTo: b@court.example\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/related; boundary=b; start=\"<page@pc.lan>\"\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\nContent-ID: <page@pc.lan>\r\n\r\n" + page + b"\r\n--b\r\n"
        b"Content-Type: image/png\r\nContent-ID:\r\n <logo@pc.lan>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + email.base64mime.body_encode(png_file.plain(), eol="\r\n").encode() + b"--b--\r\n"
    )  # fmt: skip

    copy, _ = copied(message)

    mail = email.message_from_bytes(copy, policy=policy.default)
    html, picture = mail.iter_parts()
    assert b"pc.lan" not in copy
    assert f"<p>Hello</p><img src=cid:{str(picture['Content-ID'])[1:-1]}>" == html.get_content().rstrip("\n")
    assert mail.get_param("start") == html["Content-ID"]
    assert re.fullmatch("<[0-9a-f]{16}@[0-9a-f]{16}>", str(html["Content-ID"]))


def test_a_text_that_refers_to_nothing_is_a_slice() -> None:
    """Ordinary plain text leaves as it was written, not in base64."""
    message = b"From: a@town.example\r\nTo: b@court.example\r\n\r\nSee cid 12.\r\n"

    assert copied(message)[0].endswith(b"\r\n\r\nSee cid 12.\r\n")
