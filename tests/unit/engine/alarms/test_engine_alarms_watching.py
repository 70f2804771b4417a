"""The watch in an office: one letter an episode, to who can act; over a restart; and a pause where the rules ask."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gateway.engine.alarms.alarm import STREAM, Alarms, Kind
from gateway.engine.alarms.overhearing import Ear, OverheardWriter
from gateway.engine.alarms.retelling import retold
from gateway.engine.alarms.signs import Sign
from gateway.engine.alarms.telling import Telling
from gateway.engine.alarms.watching import INFORM_AGAIN_MS, Watching
from gateway.engine.reception import Kept
from gateway.errors import StoreAway
from gateway.journey import State
from gateway.judge.rulebook import Rulebook
from gateway.transfer import TransferId
from tests.unit.engine.engine_world import ALENA, COURT, DAY, HOUR, JO, MINUTE, PER, RUTH, Office, in_the_office, rules

FEW = "volume = { hour = 3, times = 2 }"
WRONG = "sign-ins = { wrong = 3 }"
QUIET = '[alarms]\nquiet = "12h"\n'


def watched(*lines: str) -> Rulebook:
    """The sample with other thresholds."""
    return rules(gateway=QUIET + "\n".join(lines) + "\n")


class Watch:
    """The watch of an office, as `commands.watchkeeping` puts it together, and what it wrote."""

    def __init__(self, office: Office) -> None:
        self.office, self.counted = office, list[str]()
        self.ear = Ear(clock=office.clock)
        office.desk.scribe = OverheardWriter(office.writer, self.ear)
        story = office.archive.story(STREAM)
        self.alarms = Alarms(story.facts if story else ())
        self.watching = Watching(
            rules=office.in_force, scribe=office.writer, clock=office.clock, ear=self.ear, alarms=self.alarms,
            containments=office.containments, look=office.runner.look, sounded=self.counted.append, past=self._past,
            telling=Telling(
                rules=office.in_force, notes=office.notes, clock=office.clock, containments=office.containments
            ),
        )  # fmt: skip

    def _past(self, until_ms: int, past_ms: int) -> Iterable[Sign]:
        office = self.office
        return retold(office.records, office.archive, office.keyring.index_key, until_ms=until_ms, past_ms=past_ms)

    def kinds(self) -> list[Kind]:
        return [one.alarm.kind for one in self.alarms.all]

    def letters(self, to: str) -> list[str]:
        """The alarms somebody was sent."""
        contents = [(one, self.office.content(one)) for one in self.office.transfers()]
        return [text for _, text in contents if "Subject: Alarm" in text and f"To: <{to}>" in text]


async def sends(office: Office, count: int, *, sender: str = ALENA) -> list[TransferId]:
    kept = [await office.hands_in(sender=sender) for _ in range(count)]
    return [one.transfer for one in kept if isinstance(one, Kept)]


@in_the_office(rulebook=lambda: watched(FEW))
async def test_an_alarm_goes_by_letter_to_who_can_act(office: Office) -> None:
    """To Ruth and Per, with what was seen and both commands; the ledger has it, and it was counted."""
    await office.trusts(COURT)
    watch = Watch(office)
    await watch.watching.turn()
    await sends(office, 2)
    await watch.watching.turn()
    quiet = watch.kinds()
    await sends(office, 1)
    await watch.watching.turn()
    await office.rests()

    assert ([], [Kind.VOLUME], ["volume"]) == (quiet, watch.kinds(), watch.counted)
    assert ([1, 1], 0) == ([len(watch.letters(who)) for who in (RUTH, PER)], len(watch.letters(ALENA)))
    said = " ".join(watch.letters(RUTH)[0].split())
    (alarm,) = [one.alarm for one in watch.alarms.all]
    assert "Alena Novak handed in 3 transfers within an hour. So far the most was 0." in said
    assert f"sealgate contain person {ALENA} --because '...' --as YOU" in said
    assert f"sealgate contain looked {alarm.id}" in said
    story = office.archive.story(STREAM)
    assert story is not None
    assert Alarms(story.facts).all == watch.alarms.all


@in_the_office(rulebook=lambda: watched(FEW))
async def test_one_episode_is_one_letter(office: Office) -> None:
    """However long it goes on; after half a day of quiet the next is another."""
    await office.trusts(COURT)
    watch = Watch(office)
    for _ in range(5):
        await sends(office, 3)
        await watch.watching.turn()
        office.clock.at_ms += HOUR
    once = len(watch.alarms.all)
    office.clock.at_ms += DAY
    await sends(office, 3)
    office.clock.at_ms += MINUTE
    await sends(office, 12)
    await watch.watching.turn()

    assert (1, 2) == (once, [one.alarm.kind for one in watch.alarms.all].count(Kind.VOLUME))


@in_the_office(rulebook=lambda: watched(FEW))
async def test_a_restart_neither_forgets_nor_repeats(office: Office) -> None:
    """What was usual is read back from the ledger, and what sounded stands there."""
    await office.trusts(COURT)
    first = Watch(office)
    await sends(office, 3)
    await first.watching.turn()
    office.clock.at_ms += MINUTE

    second = Watch(office)
    await second.watching.turn()
    await sends(office, 1)
    await second.watching.turn()

    assert [Kind.VOLUME] == second.kinds()
    assert 4 == second.watching._habits[ALENA].sent.lately(office.clock.now_ms(), HOUR)


@in_the_office(rulebook=lambda: watched(FEW))
async def test_what_had_not_sounded_when_the_process_ended_sounds_at_the_start(office: Office) -> None:
    """The letters were kept, the watch had no turn any more: the next start makes up for it, once."""
    await office.trusts(COURT)
    Watch(office)
    await sends(office, 3)
    office.clock.at_ms += MINUTE

    for _ in range(2):
        again = Watch(office)
        await again.watching.turn()

    assert [Kind.VOLUME] == again.kinds()


@in_the_office(rulebook=lambda: watched('volume = { hour = 3, act = "hold" }'))
async def test_a_pause_holds_what_follows_until_somebody_has_looked(office: Office) -> None:
    """What came before went; what comes is accepted and waits, with a sentence that says why."""
    await office.trusts(COURT)
    watch = Watch(office)
    before = await sends(office, 3)
    await office.rests()
    await watch.watching.turn()
    after = (await sends(office, 1))[0]
    await office.rests()

    assert [[State.SHIPPED]] * 3 == [office.states(one) for one in before]
    assert ([State.HELD], ["paused"]) == (office.states(after), office.reasons(after))
    assert "paused" in office.journey(after).legs[0].judged.reasons[0].code  # type: ignore[union-attr]
    (one,) = office.containments.open
    assert (one.order.id, "") == (watch.alarms.all[0].alarm.pause, one.by)
    assert "is accepted and waits" in watch.letters(RUTH)[0]


@in_the_office(rulebook=lambda: watched('volume = { hour = 3, act = "off" }', "new-recipients = { hour = 2 }"))
async def test_what_is_off_is_silent(office: Office) -> None:
    """And what is not, is not."""
    watch = Watch(office)
    await sends(office, 4)
    await watch.watching.turn()

    assert [] == watch.kinds()


@in_the_office(rulebook=lambda: watched(WRONG))
async def test_a_guessed_password_sounds(office: Office) -> None:
    """Three wrong, one right; whoever it is about is not written to."""
    watch = Watch(office)
    for is_right in (False, False, False, True):
        watch.ear.tried("Ruth@town.test", is_right)
    await watch.watching.turn()
    await office.rests()

    assert [Kind.SIGN_INS] == watch.kinds()
    assert (0, 1) == (len(watch.letters(RUTH)), len(watch.letters(PER)))


@in_the_office(rulebook=lambda: watched(FEW))
async def test_while_the_past_cannot_be_read_it_only_gathers(office: Office) -> None:
    """It does not ask every second; once the past is there, what was heard meanwhile is weighed."""
    await office.trusts(COURT)
    watch, asked = Watch(office), list[int]()

    def away(until_ms: int, past_ms: int) -> Iterable[Sign]:
        asked.append(until_ms)
        raise StoreAway("the disk is away")

    watch.watching.past, past = away, watch.watching.past
    await sends(office, 3)
    with pytest.raises(StoreAway):
        await watch.watching.turn()
    await watch.watching.turn()
    silent = watch.kinds()
    watch.watching.past = past
    office.clock.at_ms += INFORM_AGAIN_MS
    await watch.watching.turn()

    assert (1, [], [Kind.VOLUME]) == (len(asked), silent, watch.kinds())


@in_the_office(rulebook=lambda: watched(FEW, f'tell = ["{JO}"]'))
async def test_the_rules_say_who_is_told(office: Office) -> None:
    """Jo, and nobody else."""
    await office.trusts(COURT)
    watch = Watch(office)
    await sends(office, 3)
    await watch.watching.turn()

    assert ([1, 0, 0]) == [len(watch.letters(who)) for who in (JO, RUTH, PER)]


@in_the_office(rulebook=lambda: watched("refusals = { row = 3 }"))
async def test_refusals_in_a_row_sound(office: Office) -> None:
    """At the door, letter after letter."""
    watch = Watch(office)
    for _ in range(3):
        await office.hands_in(b"", "day@smithday.test")
    await watch.watching.turn()

    assert [Kind.REFUSALS] == watch.kinds()
