"""What ordinary mail programs send leaves without what they put in, and shows its reader what it showed before."""

from __future__ import annotations

import email
import re
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.engine.contents import bodies, documents
from gateway.intake.mail import skeleton
from gateway.intake.transferred import decode_part
from gateway.scrub import document
from gateway.scrub.contentid import refers
from gateway.scrub.mail import MailPlan, Replacement, compose
from gateway.scrub.plan import Code, Held, Plan
from gateway.scrub.verify import verify
from gateway.skeleton import Limits, Skeleton
from tests.corpus import gif_file, jpeg_file, png_file
from tests.corpus.canary import found
from tests.corpus.mail_messages import MESSAGES, tnef

VECTORS = Path(__file__).parents[2] / "../shared/vectors/mail-fixtures"
PLAN = MailPlan(received="", seed=b"leg-0-seed-bytes")
each = pytest.mark.parametrize("name", MESSAGES)


def leaving(message: bytes, plan: MailPlan = PLAN) -> bytes | Held | tuple[str, ...]:
    """The copy that leaves, by the stations' own code; why a document waits; or in what ways it reads twice."""
    read = skeleton(message, Limits())
    if not isinstance(read, Skeleton) or read.ambiguities:
        return read.ambiguities if isinstance(read, Skeleton) else (read.code,)
    new: dict[str, bytes] = {}
    for part in (*bodies(read), *documents(read)):
        content = decode_part(message, part)
        assert isinstance(content, bytes)
        if part.media != "text/plain":
            name, media = next(iter(part.names), ""), f"{part.media}; charset={part.charset}"
            result = document.clean(content, name=name, media=media, plan=Plan())
            if isinstance(result, Held):
                return result
            assert () == verify(content, result[0], name=name, media=media, plan=Plan())
            new |= {part.path: result[0]} if result[0] != content else {}
        elif refers(content):
            new[part.path] = content
        if part.media == "text/html" and refers(content):
            new.setdefault(part.path, content)
    replaced = tuple(Replacement(path=path, content=content) for path, content in new.items())
    composed = compose(message, read, MailPlan(received=plan.received, seed=plan.seed, replaced=replaced))
    return b"".join(composed.whole())


def left(message: bytes, plan: MailPlan = PLAN) -> bytes:
    """The copy of one that does not wait."""
    copy = leaving(message, plan)
    assert isinstance(copy, bytes), copy
    return copy


def parsed(message: bytes) -> EmailMessage:
    """The message in somebody else's eyes."""
    read = email.message_from_bytes(message, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def opened(message: bytes) -> bytes:
    """Every byte of a message and of its parts, decoded."""
    parts = [part.get_payload(decode=True) for part in parsed(message).walk() if not part.is_multipart()]
    return b"\n".join([message, *(part for part in parts if isinstance(part, bytes))])


def pictures(message: bytes) -> dict[str, bytes]:
    """The pictures the HTML shows, by the reference it shows them by."""
    mail = parsed(message)
    by_id = {str(part["Content-ID"]).strip("<>"): part.get_content() for part in mail.walk() if part["Content-ID"]}
    page = mail.get_body(("html",))
    assert page is not None
    shown = re.findall(r'src="cid:([^"]+)"', page.get_content())
    return {one: by_id[one] for one in shown if one in by_id}


@each
def test_no_token_is_left(name: str) -> None:
    """Of identity, history and what leads outside nothing leaves: fields, boundaries, Content-IDs, bodies, files."""
    dirty = MESSAGES[name]()

    assert set(dirty.tokens) == found(opened(dirty.content), dirty.words(0, 1, 2, 3, 4))
    assert set() == found(opened(left(dirty.content)), dirty.words(1, 2, 4))


@each
def test_no_token_of_an_attachment_is_left(name: str) -> None:
    """What the pictures held is gone too."""
    copy = opened(left(MESSAGES[name]().content))

    for inner in (png_file.dirty(), gif_file.dirty(), jpeg_file.dirty()):
        assert set() == found(copy, inner.words(1, 2))


@each
def test_what_is_read_stays(name: str) -> None:
    """Subject, texts, quoted text, alternatives of pictures, appointments and cards are still there."""
    dirty = MESSAGES[name]()

    assert set(dirty.words(0)) == found(opened(left(dirty.content)), dirty.words(0))


@each
def test_the_copy_reads_in_one_way(name: str) -> None:
    """Our own scanner finds nothing odd in it, and the parts are nested as they were."""
    before, after = (skeleton(one, Limits()) for one in (MESSAGES[name]().content, left(MESSAGES[name]().content)))

    assert isinstance(before, Skeleton)
    assert isinstance(after, Skeleton)
    assert () == after.ambiguities
    assert [(part.path, part.media) for part in before.parts] == [(part.path, part.media) for part in after.parts]


@each
def test_twice_changes_nothing(name: str) -> None:
    """The copy of the copy is the copy."""
    once = left(MESSAGES[name]().content)

    assert once == left(once)


@pytest.mark.parametrize(("name", "count"), [("outlook", 2), ("thunderbird", 1), ("apple", 1), ("gmail", 1)])
def test_inline_pictures_are_still_shown(name: str, count: int) -> None:
    """The page's references lead to its pictures, under ids that are new for each leg."""
    content = MESSAGES[name]().content

    first, second = pictures(left(content)), pictures(left(content, MailPlan(received="", seed=b"leg-1-seed-bytes")))

    assert count == len(pictures(content)) == len(first)
    assert {png_file.plain(), gif_file.plain()} >= set(first.values()) or name != "outlook"
    assert not set(first) & set(second)


def test_plain_text_follows_the_new_ids() -> None:
    """Outlook writes Content-IDs into plain text: known ones lead on, old ones tell nothing, a person's words stay."""
    plain = parsed(left(MESSAGES["outlook"]().content)).get_body(("plain",))
    assert plain is not None
    text = plain.get_content()

    assert re.search(r"\[cid:[0-9a-f]{16}@[0-9a-f]{16}\]", text)
    assert "see cid:4711 in the register" in text
    assert "caf\u00e9" in text


def test_rich_text_waits() -> None:
    """What only Outlook can open cannot be cleaned here."""
    answer = leaving(tnef().content)

    assert Code.UNKNOWN is getattr(answer, "code", None)


def test_apples_comment_does_not_hold() -> None:
    """RFC 5322 §3.2.2: a quoted bracket does not end a comment; every message of Apple Mail has one."""
    message = MESSAGES["apple"]().content.replace(b"Mail 16.0 ", b"Mail 16.0 \\(3731.700.6\\) ")

    assert isinstance(leaving(message), bytes)


@pytest.mark.slow
def test_mail_of_others() -> None:
    """Of other people's mail some leaves clean, the broken waits, and nothing breaks."""
    if not VECTORS.is_dir():
        pytest.skip("no mail fixtures beside this checkout")
    messages = [
        re.sub(rb"\AFrom [^\r\n]*\r\n", b"", re.sub(rb"\r?\n", b"\r\n", path.read_bytes()))  # kept in mailboxes
        for path in sorted(VECTORS.rglob("*.eml"))
    ]

    answers = [leaving(message) for message in messages]
    again = [leaving(copy) for copy in answers if isinstance(copy, bytes)]

    assert len(again) > len(messages) // 4
    assert [copy for copy in answers if isinstance(copy, bytes)] == again
