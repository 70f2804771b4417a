"""GIF read strictly: known blocks, each with its terminator, and an end."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from gateway.scrub import document
from gateway.scrub.plan import Action, Code, Held, Kind, Plan
from tests.corpus.gif_file import CONTROL, END, FRAME, HEAD, LOOP, blocks, dirty, plain


def cleaned(content: bytes, plan: Plan | None = None) -> bytes:
    """The clean copy."""
    result = document.clean(content, name="logo.gif", media="image/gif", plan=plan or Plan())
    assert not isinstance(result, Held), result
    return result[0]


def test_a_plain_picture_is_not_touched() -> None:
    """Nothing to strip: the same bytes."""
    assert plain() == cleaned(plain())


def test_what_programs_wrote_goes_and_the_picture_stays() -> None:
    """Of the dirty picture the plain one is left: frames, delays and the endless loop."""
    assert plain() == cleaned(dirty().content)


def test_another_reader_sees_the_same_frames() -> None:
    """Pillow decodes both frames alike, and finds the loop and no comment."""
    before, after = (Image.open(io.BytesIO(one)) for one in (dirty().content, cleaned(dirty().content)))

    for frame in range(2):
        before.seek(frame)
        after.seek(frame)
        assert before.convert("RGB").tobytes() == after.convert("RGB").tobytes()
    assert 0 == after.info["loop"]
    assert "comment" not in after.info


def test_of_the_loop_only_the_count_stays() -> None:
    """What else stands in the application block of an animation is dropped."""
    longer = LOOP[:-1] + b"\x05\x02\x01\x02\x03\x04\x00"

    assert plain() == cleaned(plain().replace(LOOP, longer))


def test_text_that_readers_no_longer_draw_waits_or_goes() -> None:
    """A plain-text block is hidden text: held, or stripped where a rule says so."""
    content = HEAD + CONTROL + b"\x21\x01" + blocks(b"twelve bytes" + b"secret") + CONTROL + FRAME + END

    assert Code.ASK is getattr(document.clean(content, plan=Plan()), "code", None)
    assert b"secret" not in cleaned(content, Plan(said=((Kind.HIDDEN, Action.STRIP),)))


@pytest.mark.parametrize(
    "content",
    [
        plain()[:-1],
        plain()[:-4],
        plain()[:11],
        HEAD + END,
        HEAD + b"\x00" + FRAME + END,
        HEAD[:10] + b"\x87" + HEAD[11:] + FRAME + END,
    ],
    ids=["no trailer", "cut in the data", "cut in the head", "no image", "junk between blocks", "colours cut short"],
)
def test_what_is_not_whole_waits(content: bytes) -> None:
    """A picture that ends early, or holds what is no block, is held."""
    assert Code.DAMAGED is getattr(document.clean(content, plan=Plan()), "code", None)
