"""`sealgate retention run`: destroy what is due, and keep the certificates.

The order to a running gateway is unsigned: the rules in force decide, two people may have signed them, and each entry
names the rule and the set. What is named here is looked at again by the one who writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click
import msgspec

from gateway.commands.disposal import disposing
from gateway.commands.holdings import looking
from gateway.commands.office import alone, opened, rules_of_office, writing
from gateway.commands.outsiders import consult_witnesses
from gateway.commands.retention.certifying import begin, certify
from gateway.commands.retention.plan import fates_on, today
from gateway.commands.setting import Setting
from gateway.doors.bringing import bring
from gateway.doors.orders import Dispose
from gateway.engine.forgetting.disposing import MOST_LEGS, Cleared
from gateway.engine.health.marks import Duty, Mark, Marks
from gateway.errors import Misconfigured

Let = Callable[[Sequence[str]], Cleared]


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did."""

    papers: int
    """Copies that lost their papers."""
    values: int
    """Copies, questions and uploads that lost values of their entries."""
    certificates: tuple[str, ...]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def run(setting: Setting, as_json: bool) -> None:
    """Destroy what is due today; through the gateway if one runs here. What a crash interrupted is finished first."""
    with opened(setting) as office:
        begin(office)
    with _letting(setting) as (total, let):
        streams = _due(setting)
        while streams:
            cleared = let(streams[:MOST_LEGS])
            total, streams = _sum(total, cleared), streams[max(cleared.looked_at, 1) :]
    with opened(setting) as office:
        certificates, is_whole = certify(office)
        head = office.records.since(0, 0).head
        mark = Mark(at_ms=office.clock.now_ms(), size=head.size if head else 0)
        Marks(setting.var / "marks").make(Duty.RETENTION, mark)
    if not is_whole:
        click.echo("sealgate: the ledger is not published yet; the next run writes the certificate", err=True)
    ran = Ran(papers=total.papers, values=total.values, certificates=tuple(map(str, certificates)))
    click.echo(msgspec.json.encode(ran) if as_json else "\n".join(_told(ran)))


def _due(setting: Setting) -> tuple[str, ...]:
    """The streams of which something goes today."""
    with opened(setting) as office, looking(office) as looker:
        rulebook = rules_of_office(office).rulebook
        found = fates_on(office, looker, rulebook, today(office, rulebook))
        return tuple(each[0].holding.stream for each in found if any(fate.goes for fate in each))


def _sum(one: Cleared, other: Cleared) -> Cleared:
    return Cleared(
        erasures=(*one.erasures, *other.erasures),
        papers=one.papers + other.papers,
        values=one.values + other.values,
    )


@contextmanager
def _letting(setting: Setting) -> Iterator[tuple[Cleared, Let]]:
    """Who lets go: the gateway that runs here, or, when none does, this process; and what was finished first.

    Raises `Misconfigured`.
    """
    finished = _ask(setting, ())
    if finished is not None:
        yield finished, lambda streams: _ask(setting, streams) or _gone(setting)
        return
    with alone(setting), opened(setting, is_writing=True) as office:
        rules = rules_of_office(office)
        asyncio.run(consult_witnesses(office, rules))
        with writing(office, rules) as scribe, disposing(office, scribe) as work:
            yield work.finish(), work.dispose


def _ask(setting: Setting, streams: Sequence[str]) -> Cleared | None:
    """Bring it to the gateway that runs here; None if none does. Raises `Misconfigured`."""
    try:
        answer = asyncio.run(bring(Dispose(streams=tuple(streams)), setting.var))
    except FileNotFoundError:
        if not setting.var.is_dir():
            raise Misconfigured(f"{setting.folder} is not an office folder (--office DIR)") from None
        return None
    except ConnectionError:  # the socket of a gateway that was killed
        return None
    if not answer.is_done:
        raise Misconfigured(answer.sentence)
    papers, values, looked_at, *erasures = answer.subjects
    return Cleared(erasures=tuple(erasures), papers=int(papers), values=int(values), looked_at=int(looked_at))


def _gone(setting: Setting) -> NoReturn:
    raise Misconfigured(f"the gateway of {setting.folder} ended meanwhile; what it had begun, its next start finishes")


def _told(ran: Ran) -> Iterator[str]:
    if ran.papers or ran.values:
        yield f"Destroyed: the papers of {_copies(ran.papers)}, and values of {_copies(ran.values)}."
    else:
        yield "Nothing was due."
    yield from (f"Certificate: {one}" for one in ran.certificates)


def _copies(count: int) -> str:
    return f"{count:,} {'copy' if count == 1 else 'copies'}"
