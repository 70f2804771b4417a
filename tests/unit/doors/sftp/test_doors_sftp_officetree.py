"""The office as a tree: what is seen, taken, refused, taken back and collected."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from gateway.doors.sftp.officewords import ABSENT
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import MakeFolder, Opening, Remove, RemoveFolder, Rename, SetTime
from gateway.journey import State
from gateway.ledger.verify import Verdict, verify_bundle
from gateway.transfer import Digest
from tests.unit.doors.office_world import FIRM, PARTNER, PER, RULES, DoorOffice, entry, get, names, path, put, tell
from tests.unit.engine.engine_world import ALENA, DAY, JO, RUTH, Fuse

BOX = f"/to/{FIRM}/office"
NEW = Opening(is_truncated=True, must_be_new=False, may_create=True)
GO_ON = Opening(is_truncated=False, must_be_new=False, may_create=True)
TEXT = b"The terms are agreed.\r\n" * 40


def test_staff_see_what_they_may_use(tmp_path: Path) -> None:
    """Folders follow the rules: a partner, label or purpose that is surely forbidden is absent."""

    async def story(house: DoorOffice) -> None:
        alena, ruth = house.tree(ALENA), house.tree(RUTH)
        assert ["from", "receipts", "to"] == await names(alena, "/")
        assert ["court", FIRM] == await names(alena, "/to")
        assert ["court", FIRM] == await names(alena, "/from") == await names(house.tree(PER), "/from")
        assert [] == await names(ruth, "/to")
        assert Hint.ABSENT is (await ruth.listing(path(f"/to/{FIRM}"))).hint  # type: ignore[union-attr]
        assert "sealed" in await names(house.tree(JO), "/to/court")
        inside = await names(alena, f"/to/{FIRM}")
        assert {"confidential", "office", "general", "_READ ME.txt"} == set(inside)
        assert (await entry(alena, BOX)).is_folder

    tell(tmp_path, story)


def test_partners_see_their_own_boxes(tmp_path: Path) -> None:
    """A partner has an inbox, and an outbox where the rules take something from outside."""

    async def story(house: DoorOffice) -> None:
        firm = house.tree(PARTNER)
        assert ["inbox", "outbox"] == await names(firm, "/")
        assert Hint.ABSENT is (await firm.listing(path("/to"))).hint  # type: ignore[union-attr]

    tell(tmp_path, story)


def test_a_folder_explains_itself(tmp_path: Path) -> None:
    """The page in a folder names who receives, the label, what is taken out and who can grant more."""

    async def story(house: DoorOffice) -> None:
        page = await get(house.tree(), f"{BOX}/_READ ME.txt")
        assert isinstance(page, bytes)
        text = page.decode("utf-8-sig")
        for words in ("Smith & Day", "Label:    office", "comments", "to-counsel", "Ruth Okafor"):
            assert words in text, words
        assert len(page) == (await entry(house.tree(), f"{BOX}/_READ ME.txt")).size

    tell(tmp_path, story)


def test_from_staff_to_partner(tmp_path: Path) -> None:
    """What a clerk drops waits for the partner, who collects it once it was read to its end and closed."""

    async def story(house: DoorOffice) -> None:
        assert None is await put(house.tree(), f"{BOX}/terms.txt", TEXT, mtime=1_600_000_000)
        assert [] == house.transfers()  # its name has not settled
        await house.settles()
        (transfer,) = house.transfers()
        assert [State.OFFERED] == house.states(transfer), house.reasons(transfer)
        firm = house.tree(PARTNER)
        assert ["terms.txt"] == await names(firm, "/inbox")
        assert TEXT == await get(firm, "/inbox/terms.txt", asked=False)
        assert [State.OFFERED] == house.states(transfer)  # the connection went before the CLOSE
        assert TEXT == await get(firm, "/inbox/terms.txt", size=100)
        assert [State.COLLECTED] == house.states(transfer)
        stub = await entry(house.tree(), f"{BOX}/terms.txt")
        assert (len(TEXT), 1_600_000_000) == (stub.size, stub.mtime)
        denied = await get(house.tree(), f"{BOX}/terms.txt")
        assert isinstance(denied, Denied)
        assert "/receipts" in denied.text

    tell(tmp_path, story)


KEPT = """[[allow]]
id = "kept"
to = ["law-firms"]
keep = ["device"]
until = 2027-03-31
owner = "ruth@town.test"
because = "They ask which camera it was."
"""
CURRENT = ("partners.toml", "until = 2026-04-30", "until = 2027-04-30")


def test_what_waits_to_be_collected_is_cleaned_again_when_the_rules_tighten(tmp_path: Path) -> None:
    """P3: cleaned under the rules of last week it is not handed out; a moment later it is there, as today's say."""

    async def story(house: DoorOffice) -> None:
        exif, photo = Image.Exif(), io.BytesIO()
        exif[0x0110] = "Telephone 7"
        Image.linear_gradient("L").resize((32, 32)).save(photo, "jpeg", exif=exif)
        await house.publishes(CURRENT, transfers=RULES, metadata=KEPT)
        await put(house.tree(), f"{BOX}/site.jpg", photo.getvalue())
        await house.settles()
        (transfer,) = house.transfers()
        firm = house.tree(PARTNER)
        assert [State.OFFERED] == house.states(transfer), house.reasons(transfer)

        await house.publishes(CURRENT, transfers=RULES)
        denied = await get(firm, "/inbox/site.jpg")
        await house.comes_to(transfer, State.OFFERED)
        collected = await get(firm, "/inbox/site.jpg")

        assert isinstance(denied, Denied)
        assert isinstance(collected, bytes)
        assert b"Telephone 7" in photo.getvalue()
        assert b"Telephone 7" not in collected
        assert ["offered", "judged", "scrubbed", "sealed", "offered", "collected"] == house.kinds(transfer)[-6:]

    tell(tmp_path, story)


def test_from_partner_to_staff(tmp_path: Path) -> None:
    """What a partner hands in appears for the colleague who answers for them, and for nobody else."""

    async def story(house: DoorOffice) -> None:
        assert None is await put(house.tree(PARTNER), "/outbox/reply.txt", TEXT)
        await house.settles()
        (transfer, *_) = house.transfers()
        assert [State.OFFERED] == house.states(transfer), house.reasons(transfer)
        assert ["reply.txt"] == await names(house.tree(PER), f"/from/{FIRM}")
        assert [] == await names(house.tree(ALENA), f"/from/{FIRM}")
        assert TEXT == await get(house.tree(PER), f"/from/{FIRM}/reply.txt")
        assert [State.COLLECTED] == house.states(transfer)

    tell(tmp_path, story)


def test_a_certain_no_is_said_at_open(tmp_path: Path) -> None:
    """OPEN is refused with the rule's words, and the refusal has its receipt and its entry."""

    async def story(house: DoorOffice) -> None:
        denied = await put(house.tree(), "/to/court/claim.pdf", TEXT)  # general papers do not go to the court
        assert isinstance(denied, Denied)
        assert Hint.REFUSED is denied.hint
        assert 20 < len(denied.text) <= 200
        (transfer,) = house.transfers()
        assert ["received", "judged"] == house.kinds(transfer)
        (text, json, _) = await names(house.tree(), "/receipts")
        assert ("2026-11-23-claim.pdf.txt", "2026-11-23-claim.pdf.json") == (text, json)
        page = await get(house.tree(), f"/receipts/{text}")
        assert isinstance(page, bytes)
        assert "was refused" in page.decode()

    tell(tmp_path, story)


def test_a_refusal_explains_a_folder_that_is_not_shown(tmp_path: Path) -> None:
    """Who may not send there at all does not see the folder, and is told why when they name it."""

    async def story(house: DoorOffice) -> None:
        ruth = house.tree(RUTH)
        assert [] == await names(ruth, "/to")
        denied = await put(ruth, f"{BOX}/a.txt", TEXT)
        assert isinstance(denied, Denied)
        assert Hint.REFUSED is denied.hint
        assert 3 == len(await names(ruth, "/receipts"))
        assert isinstance(nowhere := await put(ruth, "/to/nobody/a.txt", TEXT), Denied)
        assert Hint.ABSENT is nowhere.hint

    tell(tmp_path, story)


def test_a_tag_in_the_name_sets_the_purpose(tmp_path: Path) -> None:
    """What the subject says of a mail, the name says of a file."""

    async def story(house: DoorOffice) -> None:
        assert None is await put(house.tree(), "/to/court/[case] claim.txt", TEXT)
        denied = await house.tree().change(
            Rename(old=path("/to/court/[case] claim.txt"), new=path("/to/court/claim.txt"), may_replace=False)
        )
        assert isinstance(denied, Denied)  # without the tag it is another purpose: the judge was asked again

    tell(tmp_path, story)


def test_winscp_order(tmp_path: Path) -> None:
    """Part file, CLOSE, REMOVE, RENAME, SETSTAT: one transfer, under the final name, with the time that was set."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        assert None is await put(tree, f"{BOX}/a.txt.filepart", TEXT)
        await house.settles()
        assert [] == house.transfers()  # a temporary name never settles
        missing = await tree.change(Remove(path=path(f"{BOX}/a.txt")))
        assert isinstance(missing, Denied)
        old, new = path(f"{BOX}/a.txt.filepart"), path(f"{BOX}/a.txt")
        assert None is await tree.change(Rename(old=old, new=new, may_replace=False))
        house.clock.at_ms += 4_000
        assert None is await tree.change(SetTime(path=new, mtime=1_500_000_000))
        await house.settles(4_000)
        assert [] == house.transfers()  # each change starts the five seconds anew
        await house.settles(1_000)
        (transfer,) = house.transfers()
        assert "a.txt" == house.journey(transfer).transfer.items[0].name
        assert 1_500_000_000 == (await entry(tree, f"{BOX}/a.txt")).mtime
        assert ["_READ ME.txt", "a.txt", "general"] == sorted(await names(tree, BOX))

    tell(tmp_path, story)


def test_a_clean_end_settles_at_once(tmp_path: Path) -> None:
    """Whoever leaves in order has finished naming; whoever was cut off may come back."""

    async def story(house: DoorOffice) -> None:
        cut, clean = house.tree(), house.tree()
        await put(cut, f"{BOX}/cut.txt", TEXT)
        await put(clean, f"{BOX}/clean.txt", TEXT)
        await cut.leave(was_clean=False)
        await clean.leave(was_clean=True)
        await house.settles(0)
        assert ["clean.txt"] == [house.journey(one).transfer.items[0].name for one in house.transfers()]

    tell(tmp_path, story)


def test_removing_before_it_settles_withdraws(tmp_path: Path) -> None:
    """It was acknowledged, so the ledger tells that it was taken back; it goes nowhere."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/a.txt", TEXT)
        assert None is await tree.change(Remove(path=path(f"{BOX}/a.txt")))
        await house.settles(60_000)
        (transfer,) = house.transfers()
        assert ["received", "recalled"] == house.kinds(transfer)
        assert "a.txt" not in await names(tree, BOX)

    tell(tmp_path, story)


def test_removing_before_pickup_recalls(tmp_path: Path) -> None:
    """Until the partner has it, deleting the stub takes it back; afterwards it only tidies the view."""

    async def story(house: DoorOffice) -> None:
        tree, firm = house.tree(), house.tree(PARTNER)
        await put(tree, f"{BOX}/a.txt", TEXT)
        await put(tree, f"{BOX}/b.txt", TEXT)
        await house.settles()
        await get(firm, "/inbox/b.txt")
        assert None is await tree.change(Remove(path=path(f"{BOX}/a.txt")))
        assert None is await tree.change(Remove(path=path(f"{BOX}/b.txt")))
        assert {State.RECALLED, State.COLLECTED} == {house.states(one)[0] for one in house.transfers()}
        assert ["b.txt"] == await names(firm, "/inbox")

    tell(tmp_path, story)


def test_what_was_recalled_is_not_opened(tmp_path: Path) -> None:
    """Whoever still holds what they were shown before it was taken back gets nothing: the store is asked again."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.txt", TEXT)
        await house.settles()
        (offer,) = await house.offices.shelf.offered_to_partner(FIRM)
        assert await house.offices.shelf.open(offer)
        await house.tree().change(Remove(path=path(f"{BOX}/a.txt")))

        assert None is await house.offices.shelf.open(offer)
        assert () == await house.offices.shelf.offered_to_partner(FIRM)
        assert ABSENT == await get(house.tree(PARTNER), "/inbox/a.txt")

    tell(tmp_path, story)


def test_overwriting(tmp_path: Path) -> None:
    """Before the hand-over the new content takes the old one's place; after it, it is a transfer of its own."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/a.txt", b"first")
        await put(tree, f"{BOX}/a.txt", b"second")
        await house.settles()
        await put(tree, f"{BOX}/a.txt", b"third one")
        await house.settles()
        offered = [one for one in house.transfers() if house.states(one) == [State.OFFERED]]
        assert [b"second", b"third one"] == [house.content(one).encode() for one in offered]
        assert ["a.txt", "a (2).txt"] == await names(house.tree(PARTNER), "/inbox")
        assert 9 == (await entry(tree, f"{BOX}/a.txt")).size

    tell(tmp_path, story)


def test_the_quota(tmp_path: Path) -> None:
    """Nobody stages more than their share, and what is taken back gives it free again."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        denied = await put(tree, f"{BOX}/big.bin", bytes(2 << 20))
        assert isinstance(denied, Denied)
        assert Hint.FULL is denied.hint
        space = await tree.space(path(BOX))
        assert not isinstance(space, Denied)
        assert space.free_bytes < space.total_bytes
        assert None is await tree.change(Remove(path=path(f"{BOX}/big.bin")))
        space = await tree.space(path(BOX))
        assert not isinstance(space, Denied)
        assert space.free_bytes == space.total_bytes

    tell(tmp_path, story)


def test_an_incomplete_file_is_shown_resumed_and_sent_once(tmp_path: Path) -> None:
    """What a dropped connection leaves is shown with its size, goes on from there, and only then is a file."""

    async def story(house: DoorOffice) -> None:
        tree, content = house.tree(), bytes(range(256)) * 3000
        first = await tree.write(path(f"{BOX}/a.bin"), NEW)
        assert not isinstance(first, Denied)
        first.write(0, memoryview(content)[:600_000])
        await first.room()
        await first.abandon()
        await house.settles(60_000)
        assert [] == house.transfers()
        assert 600_000 == (await entry(tree, f"{BOX}/a.bin")).size
        unread = await get(tree, f"{BOX}/a.bin")
        assert isinstance(unread, Denied)
        again = await tree.write(path(f"{BOX}/a.bin"), GO_ON)
        assert not isinstance(again, Denied)
        assert 600_000 == again.size
        again.write(600_000, memoryview(content)[600_000:])
        assert None is await again.complete(mtime=None)
        await house.settles()
        (transfer, *_) = house.transfers()  # and a note: nobody can look into such a file
        assert Digest.of(content) == house.journey(transfer).transfer.items[0].digest
        assert [] == list((tmp_path / "staging").iterdir())

    tell(tmp_path, story)


def test_going_on_with_what_settles(tmp_path: Path) -> None:
    """A file that is opened again before it was handed over is a draft again: one transfer, with all of it."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/a.txt", TEXT)
        draft = await tree.write(path(f"{BOX}/a.txt"), GO_ON)
        assert not isinstance(draft, Denied)
        assert len(TEXT) == draft.size
        await house.settles(60_000)
        assert [State.RECALLED] == [house.states(one)[0] for one in house.transfers()]  # what it was is taken back
        draft.write(len(TEXT), memoryview(b"And more."))
        assert None is await draft.complete(mtime=None)
        await house.settles()
        last = house.transfers()[-1]
        assert [State.OFFERED] == house.states(last)
        assert TEXT + b"And more." == house.content(last).encode()

    tell(tmp_path, story)


IN_PLACE = [
    pytest.param(b"Anew, and longer.", False, True, id="longer: all of it was written anew"),
    pytest.param(b"Anew.", True, True, id="shorter, and of the size that was promised"),
    pytest.param(b"Anew.", False, False, id="shorter: the rest may be meant to stay"),
]


@pytest.mark.parametrize(("content", "is_sized", "is_taken"), IN_PLACE)
def test_writing_over_what_was_handed_over(tmp_path: Path, content: bytes, is_sized: bool, is_taken: bool) -> None:
    """scp overwrites without emptying: a new version, if it can be no part of the old one."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/a.txt", b"Before this.")
        await house.settles()
        draft = await tree.write(path(f"{BOX}/a.txt"), GO_ON)
        assert not isinstance(draft, Denied)
        assert 0 == draft.size
        draft.write(0, memoryview(content))
        assert is_taken == (await draft.complete(mtime=None, is_sized=is_sized) is None)
        await house.settles()
        sent = [house.content(one).encode() for one in house.transfers()]
        assert ([b"Before this.", content] if is_taken else [b"Before this."]) == sent

    tell(tmp_path, story)


def test_nothing_follows_what_was_handed_over(tmp_path: Path) -> None:
    """What is to be appended would arrive alone, and pass for the whole file."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/a.txt", TEXT)
        await house.settles()
        assert isinstance(await tree.write(path(f"{BOX}/a.txt"), replace(GO_ON, is_appended=True)), Denied)

    tell(tmp_path, story)


def test_a_time_that_is_said_while_the_file_is_open(tmp_path: Path) -> None:
    """sshfs says it by the path, before the file is closed: it counts, and not for the next file of that name."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        for said, shown in ((1_600_000_000, 1_600_000_000), (None, house.clock.now_ms() // 1000)):
            draft = await tree.write(path(f"{BOX}/a.txt"), NEW)
            assert not isinstance(draft, Denied)
            draft.write(0, memoryview(TEXT))
            if said:
                assert None is await tree.change(SetTime(path=path(f"{BOX}/a.txt"), mtime=said))
            assert None is await draft.complete(mtime=None)
            assert shown == (await entry(tree, f"{BOX}/a.txt")).mtime

    tell(tmp_path, story)


def test_stubs_go_after_a_while(tmp_path: Path) -> None:
    """A stub is for finding what one sent; after two weeks the receipts and the ledger remember."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/a.txt", TEXT)
        await house.settles()
        house.clock.at_ms += 13 * DAY
        await tree.leave(was_clean=True)
        assert "a.txt" in await names(tree, BOX)
        house.clock.at_ms += 2 * DAY
        await tree.leave(was_clean=True)
        assert "a.txt" not in await names(tree, BOX)

    tell(tmp_path, story)


def test_one_draft_a_name(tmp_path: Path) -> None:
    """A second session cannot write into what the first one is writing, nor remove or replace it."""

    async def story(house: DoorOffice) -> None:
        one, two = house.tree(), house.tree()
        draft = await one.write(path(f"{BOX}/a.txt"), NEW)
        assert not isinstance(draft, Denied)
        assert isinstance(await two.write(path(f"{BOX}/a.txt"), NEW), Denied)
        assert isinstance(await two.change(Remove(path=path(f"{BOX}/a.txt"))), Denied)
        await put(two, f"{BOX}/b.txt", TEXT)
        onto = Rename(old=path(f"{BOX}/b.txt"), new=path(f"{BOX}/a.txt"), may_replace=True)
        assert isinstance(await two.change(onto), Denied)
        await draft.abandon()
        assert not isinstance(await two.write(path(f"{BOX}/a.txt"), NEW), Denied)

    tell(tmp_path, story)


def test_renaming_over_something(tmp_path: Path) -> None:
    """A plain rename never replaces; posix-rename takes back what was there and had not been handed over."""

    async def story(house: DoorOffice) -> None:
        tree, old, new = house.tree(), path(f"{BOX}/new.txt"), path(f"{BOX}/a.txt")
        await put(tree, f"{BOX}/a.txt", b"first")
        await put(tree, f"{BOX}/new.txt", b"second")
        assert isinstance(await tree.change(Rename(old=old, new=new, may_replace=False)), Denied)
        assert None is await tree.change(Rename(old=old, new=new, may_replace=True))
        await house.settles()
        by_state = {house.states(one)[0]: house.content(one) for one in house.transfers()}
        assert {State.RECALLED: "first", State.OFFERED: "second"} == by_state
        assert isinstance(await tree.change(Rename(old=new, new=old, may_replace=True)), Denied)

    tell(tmp_path, story)


def test_a_temporary_name_that_stays(tmp_path: Path) -> None:
    """After an hour its sender is told and nothing was sent."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.txt.part", TEXT)
        await house.settles(61 * 60_000)
        expired = [one for one in house.transfers() if house.states(one) == [State.EXPIRED]]
        assert 1 == len(expired)
        assert 1 == len(house.notes_about(expired[0]))
        page = await get(house.tree(), "/receipts/2026-11-23-a.txt.part.txt")
        assert isinstance(page, bytes)
        assert "not finished" in page.decode()

    tell(tmp_path, story)


def test_a_cut_file_waits(tmp_path: Path) -> None:
    """A PDF that stops in the middle was CLOSEd all the same: it is held, and its receipt says why."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.pdf", b"%PDF-1.7\n" + TEXT)
        await house.settles()
        (transfer, *_) = house.transfers()
        assert [State.HELD] == house.states(transfer)
        page = await get(house.tree(), "/receipts/2026-11-23-a.pdf.txt")
        assert isinstance(page, bytes)
        assert "This file waits." in page.decode()

    tell(tmp_path, story)


def test_a_receipt_proves(tmp_path: Path) -> None:
    """The receipt for machines carries the bundle that anybody with the public key can verify."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.txt", TEXT)
        await house.settles()
        assert house.scribe.head
        house.publication.publish(house.scribe.head)
        page = await get(house.tree(), "/receipts/2026-11-23-a.txt.json")
        assert isinstance(page, bytes)
        receipt = json.loads(page)
        assert (Digest.of(TEXT).sha256, "offered") == (receipt["sha256_in"], receipt["state"])
        report = verify_bundle(base64.b64decode(receipt["bundle"]), [house.signer.vkey])
        assert Verdict.TRUE is report.verdict

    tell(tmp_path, story)


def test_what_cannot_be_made_or_changed(tmp_path: Path) -> None:
    """Folders, pages and receipts are the gateway's; a file outside a partner's folder is refused with a sentence."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        for change in (
            MakeFolder(path=path("/to/elsewhere")),
            RemoveFolder(path=path(f"/to/{FIRM}")),
            Remove(path=path(f"/to/{FIRM}")),
            Remove(path=path(f"/to/{FIRM}/_READ ME.txt")),
            MakeFolder(path=path(f"/to/{FIRM}")),
        ):
            assert isinstance(await tree.change(change), Denied), change
        for place in ("/a.txt", "/receipts/a.txt", "/to/a.txt", f"/to/{FIRM}/_READ ME.txt", f"{BOX}/.DS_Store"):
            assert isinstance(await put(tree, place, TEXT), Denied), place
        assert [] == house.transfers()

    tell(tmp_path, story)


def test_a_restart(tmp_path: Path) -> None:
    """What settled, what settles and what is incomplete are all there again, and go on."""

    async def first(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/done.txt", TEXT, mtime=1_600_000_000)
        await house.settles()
        draft = await tree.write(path(f"{BOX}/half.txt"), NEW)
        assert not isinstance(draft, Denied)
        draft.write(0, memoryview(TEXT))
        await draft.abandon()
        await put(tree, f"{BOX}/settling.txt", TEXT)

    async def second(house: DoorOffice) -> None:
        tree = house.tree()
        assert {"done.txt", "half.txt", "settling.txt"} <= set(await names(tree, BOX))
        assert (len(TEXT), 1_600_000_000) == (
            (await entry(tree, f"{BOX}/half.txt")).size,
            (await entry(tree, f"{BOX}/done.txt")).mtime,
        )
        await house.settles()
        assert 2 == len(house.transfers())
        await house.settles(25 * 3_600_000)
        await tree.leave(was_clean=True)
        assert "half.txt" not in await names(tree, BOX)
        assert [] == list((tmp_path / "staging").iterdir())

    async def both() -> None:
        house = DoorOffice(tmp_path)
        for story in (first, second):
            async with asyncio.timeout(20), house.opens():
                await story(house)
            house.is_whole()

    asyncio.run(both())


@pytest.mark.slow
def test_dying_anywhere(tmp_path: Path) -> None:
    """After OK to CLOSE exactly one transfer follows, at whatever border the power fails; before it, at most one."""

    async def one(blows_at: int) -> bool:
        house = DoorOffice(tmp_path / str(blows_at), fuse=Fuse(blows_at))
        said: list[Denied | None] = []

        async def story() -> None:
            tree = house.tree()
            said.append(await put(tree, f"{BOX}/a.txt", TEXT))
            await tree.leave(was_clean=True)
            await house.settles()

        async with asyncio.timeout(20), house.opens():
            await house.until_it_dies(story())
        is_blown = house.fuse.is_blown.is_set()
        house.has(Fuse())
        async with asyncio.timeout(20), house.opens():
            await house.settles(16 * 60_000)
            sent = [one for one in house.transfers() if house.states(one) == [State.OFFERED]]
            assert len(sent) == 1 if said else len(sent) <= 1, blows_at
        house.is_whole()
        return is_blown

    async def all_borders() -> int:
        blows_at = 1
        while await one(blows_at):
            blows_at += 1
        return blows_at

    assert asyncio.run(all_borders()) > 10
