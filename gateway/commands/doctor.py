"""`sealgate doctor`: is the office well, and if not, which command mends it?

Every check stands alone: one that cannot be made is a finding itself and keeps no other from being made.
Exit 0 when nothing is wrong, 1 when something is, 5 when there is no office to look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click
import msgspec

from gateway.commands import antivirus, overdue, soundings
from gateway.commands.abbreviated import MOST
from gateway.commands.assembly import host_of
from gateway.commands.certificates import server_context
from gateway.commands.expiring import expiring
from gateway.commands.hostkey import host_key_at
from gateway.commands.incident.listing import alarms_of, containments_of
from gateway.commands.office import Office, anchors_of, opened, own_head, rules_of_office
from gateway.commands.rulefolder import read_folder
from gateway.commands.safekeeping import standing as safety
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, day, moment
from gateway.engine.health import checkup, incidents, naming
from gateway.engine.health.census import Census
from gateway.engine.health.checkup import Finding, Grade, LedgerState
from gateway.engine.health.marks import Duty, Marks
from gateway.engine.health.separation import separation
from gateway.engine.lawmaking.rulewatch import folder_state
from gateway.engine.workshop.hall import Reach, at, our_child
from gateway.errors import Failure, Misconfigured, RolledBack, RulesInvalid, Tampering
from gateway.journey import State
from gateway.judge.rulebook import Rulebook
from gateway.ledger.entry import read_entry
from gateway.ledger.terms import term

FINDING = 1
VERIFY_HOURS = 26
ROOM = 3 / 2
"""What the largest message takes, against its size: it is kept before and after it was sealed."""
_SIGNS = {Grade.FINE: "ok   ", Grade.NOTE: "soon ", Grade.WRONG: "WRONG"}

Findings = Iterable[Finding]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One finding, as JSON has it."""

    check: str
    grade: str
    sentence: str
    mend: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    is_well: bool
    findings: tuple[Said, ...]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--workshop",
    "workshop_at",
    metavar="SOCKET",
    type=click.Path(path_type=Path),
    help="Try the walls of the workshop that waits here, not of one of our own.",
)
@click.pass_obj
def doctor(setting: Setting, as_json: bool, workshop_at: Path | None) -> None:
    """Look at everything the office needs, and say which command mends what is wrong.

    Changes nothing, and may run while the gateway does. Exit 0 when nothing is wrong, 1 when something is; what only
    comes soon is told and is not wrong yet.
    """
    setting = Setting(folder=setting.folder.absolute())
    soundings.require_our_user(setting)
    found = [
        Said(check=one.check, grade=one.grade, sentence=one.sentence, mend=_placed(one.mend, setting))
        for one in findings(setting, at(workshop_at) if workshop_at else our_child)
    ]
    is_well = all(one.grade != Grade.WRONG for one in found)
    if as_json:
        click.echo(msgspec.json.encode(Diagnosis(is_well=is_well, findings=tuple(found))))
    else:
        click.echo("\n".join(_lines(found)))
    if not is_well:
        raise click.exceptions.Exit(FINDING)


def _lines(found: Sequence[Said]) -> Iterator[str]:
    for one in found:
        yield f"{_SIGNS[Grade(one.grade)]}  {one.check:<12} {one.sentence}"
        if one.mend:
            yield f"{'':<19} {one.mend}"
    wrong = sum(one.grade == Grade.WRONG for one in found)
    yield ""
    yield f"{wrong} of {len(found)} looks found something wrong." if wrong else "The office is well."


def findings(setting: Setting, reach: Reach = our_child) -> Iterator[Finding]:
    """Everything that was looked at."""
    clock = SystemClock()
    yield from _tried("permissions", lambda: checkup.permissions(soundings.loose(setting)))
    yield from _tried("disk", lambda: _disk(setting))
    try:
        with opened(setting) as office:
            looks: dict[str, Callable[[Office], Findings]] = {**dict(LOOKS), "workshop": partial(_walls, reach=reach)}
            for check, look in looks.items():
                yield from _tried(check, partial(look, office))
    except Failure as why:
        yield _failed("office", why)
        yield from _tried("clock", lambda: checkup.clock(clock.now_ms(), None, is_synchronised=_synchronised()))


def _tried(check: str, look: Callable[[], Findings]) -> Iterator[Finding]:
    """What a look finds. One that fails is a finding."""
    try:
        yield from look()
    except Failure as why:
        yield _failed(check, why)
    except OSError as why:
        yield checkup.wrong(check, f"This could not be looked at: {why.strerror}.", f"ls -la {why.filename or '.'}")


def _failed(check: str, why: Failure) -> Finding:
    """Most causes say themselves what to do."""
    match why:
        case RulesInvalid():
            mend = "sealgate rules check"
        case RolledBack():
            mend = "sealgate ledger recover"
        case Tampering():
            mend = "sealgate ledger fsck"
        case _:
            mend = why.cause.rpartition(": ")[2] if any(word in why.cause for word in _COMMANDS) else ""
    return checkup.wrong(check, why.cause, mend or "journalctl -u sealgate -p warning -n 50")


_VERB = re.compile(r"(?:(?<=^)|(?<=&& ))sealgate ")
_COMMANDS = (": sealgate ", ": chmod ", ": chown ")


def _placed(mend: str, setting: Setting) -> str:
    """The command as it works from any folder."""
    here = f"sealgate --office {setting.folder} "
    return (
        _VERB.sub(here, mend)
        .replace(" rules/", f" {setting.folder}/rules/")
        .replace(" certs/", f" {setting.folder}/certs/")
    )


# ── the looks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_force(office: Office) -> Rulebook:
    return rules_of_office(office).rulebook


def _rules(office: Office) -> Findings:
    state = folder_state(_in_force(office).digest, read_folder(office.setting.rules))
    return checkup.rules(state, len(office.proposals.all()), office.missing_proposals)


def _endings(office: Office) -> Findings:
    rulebook = _in_force(office)
    return checkup.endings(expiring(office, rulebook), day(office.clock.now_ms(), office.zone))


def _certificate(office: Office) -> Findings:
    server_context(office.setting.certs, now=moment(office.clock.now_ms()))
    return checkup.certificate(soundings.certificate(office.setting, _in_force(office)))


def _host_key(office: Office) -> Findings:
    if _in_force(office).gateway.door.sftp is not None:
        shown = host_key_at(office.setting.host_key).get_fingerprint()
        yield checkup.fine("host key", f"The file door shows {shown}.")


def _credentials(office: Office) -> Findings:
    return checkup.credentials(soundings.missing_credentials(office.setting, _in_force(office)))


def _dns(office: Office) -> Findings:
    rulebook = _in_force(office)
    if rulebook.routes.mail.via != "mx":
        return ()
    return naming.names(rulebook.gateway.office.domains, host_of(rulebook), soundings.ask_dns)


def _disk(setting: Setting) -> Findings:
    found = read_folder(setting.rules)
    largest = found.gateway.limits.message_bytes if isinstance(found, Rulebook) else 0
    return checkup.disk(soundings.disk(setting.var, needed_bytes=int(largest * ROOM)))


def _clock(office: Office) -> Findings:
    head = office.records.since(0, 0).head
    last = office.records.since(head.size - 1, 1).leaves if head and head.size else ()
    last_ms = read_entry(last[0].entry).time_ms if last else None
    return checkup.clock(office.clock.now_ms(), last_ms, is_synchronised=_synchronised())


def _synchronised() -> bool | None:
    return soundings.is_synchronised()


def _walls(office: Office, reach: Reach = our_child) -> Findings:
    return checkup.walls(*soundings.walls(rules_of_office(office).limits, reach))


def _separation(office: Office) -> Findings:
    shut = soundings.shut_to_gateway()
    return () if shut is None else separation(office.place_of_records, shut)


def _ledger(office: Office) -> Findings:
    head = own_head(office)
    if head is None:
        raise Misconfigured("the ledger is empty; put rules in force with: sealgate rules publish")
    anchors_of(office, rules_of_office(office)).check(head, lambda size: office.publication.root_at(size, head))
    waiting = list(_waiting(office).waiting())
    state = LedgerState(
        size=head.size,
        published=office.publication.size(),
        held=len(waiting),
        in_doubt=sum(one.state is State.PARKED for one in waiting),
        oldest_held_ms=min((one.since_ms for one in waiting), default=None),
    )
    return checkup.ledger(state, office.clock.now_ms())


def _waiting(office: Office) -> Census:
    """The legs of every transfer that ever waited."""
    census, key = Census(), office.keyring.index_key
    waited = [term(key, "outcome", outcome) for outcome in ("quarantined", "unknown")]
    for stream in office.records.find([waited], limit=MOST):
        census.add_all(office.records.entries(stream))
    return census


def _verified(office: Office) -> Findings:
    mark = Marks(office.setting.var / "marks").last(Duty.VERIFIED)
    yield checkup.regular(
        "verified",
        ("The whole ledger", "recomputed"),
        mark.at_ms if mark else None,
        office.clock.now_ms(),
        hours=VERIFY_HOURS,
        mend="sealgate ledger fsck",
    )


LOOKS: tuple[tuple[str, Callable[[Office], Findings]], ...] = (
    ("rules", _rules),
    ("expiry", _endings),
    ("certificate", _certificate),
    ("host key", _host_key),
    ("credentials", _credentials),
    ("dns", _dns),
    ("clock", _clock),
    ("workshop", _walls),
    ("antivirus", antivirus.look),
    ("units", lambda office: checkup.units(soundings.unit_scores())),
    ("separation", _separation),
    ("contained", lambda office: incidents.contained(containments_of(office), office.clock.now_ms())),
    ("alarms", lambda office: incidents.alarms(alarms_of(office))),
    ("ledger", _ledger),
    ("verified", _verified),
    ("retention", overdue.findings),
    ("backup", safety.findings),
)
"""In the order in which they are told."""
