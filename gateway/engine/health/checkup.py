"""Is the office well? What was looked at goes in as values; out come findings, each with the command that mends it.

Nothing here looks at anything itself: `commands/soundings` does. So every sentence can be tried without a broken disk.
A finding is `wrong` when something does not work, or will not before anybody looks again; what only comes is a `note`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.engine.lawmaking.petitions import Petition
from gateway.engine.lawmaking.rulewatch import FolderState, Standing
from gateway.judge.expiries import Expiry

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FORECAST_DAYS: Mapping[str, int] = {"key": 90, "certificate": 30, "host-key": 30}
"""How long ahead what ends is told; everything else `FORECAST_OTHERS`. A key takes its owner longest to renew."""
FORECAST_OTHERS = 30
URGENT_DAYS = 14
"""A certificate or key that ends sooner than this is wrong already: whoever renews it should have."""
LEAST_FREE = 0.1
"""Of a disk; below that is a finding though there is room for the largest message still."""
SLOW_SYNC_MS = 500
SKEW_MS = 5 * 60_000
HELD_MS = DAY_MS
PUBLISHED_LAG = 1_000
"""So many entries may be written before the folder of the published ledger has them."""
FORGETFUL = frozenset({"tmpfs", "ramfs"})
DISTANT = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "glusterfs"})
MOST_EXPOSED: Mapping[str, float] = {"sealgate.service": 1.2, "sealgate-doctor.service": 1.2}
MOST_EXPOSED_ALONE = 0.4
"""Of a unit without a network. The gates of the tests are the same."""
RELOAD = "systemctl reload sealgate"
NEW_PAIR = "install -m 644 NEW.pem certs/gateway.pem && install -m 600 NEW.key certs/gateway.key"
NTP = "timedatectl set-ntp true"


class Grade(StrEnum):
    """How bad it is."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    check: str
    grade: Grade
    sentence: str
    mend: str = ""
    """A command; empty when there is nothing to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a door shows, against what it should."""

    place: str
    names: tuple[str, ...]
    host: str
    is_own_authority: bool
    """Issued by the development authority of `init`."""
    is_public: bool
    """Some door that shows it listens elsewhere than on this machine."""
    is_served: bool | None = None
    """Whether the running gateway shows this one; None if none runs."""

    @property
    def is_for_host(self) -> bool:
        """True if a program that connects to the host accepts the name."""
        return self.host in self.names or f"*.{self.host.partition('.')[2]}" in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The file system under `var/`."""

    place: str
    kind: str
    free_bytes: int
    total_bytes: int
    needed_bytes: int
    """What the largest message takes."""
    sync_ms: float | None
    """How long one small durable write took; None: it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """A file or folder that others can use, or that is not ours."""

    place: str
    mode: int
    should_be: int
    owner: str
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """How far the ledger is, and what of it is open."""

    size: int
    published: int
    in_doubt: int
    """Legs whose delivery began and of which nobody knows how it ended."""
    oldest_held_ms: int | None
    held: int


# ── rules, and what ends ─────────────────────────────────────────────────────────────────────────────────────────────


def rules(state: FolderState, proposals: int, missing: Sequence[Petition] = ()) -> Iterator[Finding]:
    """The folder against what is in force."""
    match state.standing:
        case Standing.PUBLISHED:
            yield fine("rules", f"Rules {state.in_force[:12]} are in force, as the folder has them.")
        case Standing.EDITED:
            sentence = (
                "The rule folder was edited since it was published. The edit has no effect until it is published."
            )
            yield wrong("rules", sentence, "sealgate rules diff")
        case Standing.BROKEN:
            sentence = f"The rule folder does not load ({state.problems[0]}). What is in force stays in force."
            yield wrong("rules", sentence, "sealgate rules check")
    if proposals:
        sentence = f"{_counted(proposals, 'set of rules waits', 'sets of rules wait')} for a second signature."
        yield note("rules", sentence, "sealgate rules proposals")
    for one in missing:
        sentence = f"The proposal {one.id}, signed by {one.by}, is in the ledger and lies in var/proposals no more."
        yield wrong("rules", sentence, f"sealgate rules withdraw {one.id}")


def endings(found: Sequence[Expiry], today: date) -> Iterator[Finding]:
    """What ends by itself soon, or has ended."""
    told = 0
    for one in found:
        left = one.days_left(today)
        if left > FORECAST_DAYS.get(one.kind, FORECAST_OTHERS):
            continue
        told += 1
        grade = wrong if left < 0 or (one.kind in FORECAST_DAYS and left < URGENT_DAYS) else note
        yield grade(
            "expiry",
            f"{_KINDS.get(one.kind, one.kind)} {one.what} {_ends(one.last, left)}.",
            NEW_PAIR if one.kind == "certificate" else _renewed(one.mend),
        )
    if not told:
        yield fine("expiry", f"Nothing ends within {FORECAST_OTHERS} days, and no key within {FORECAST_DAYS['key']}.")


_KINDS: Mapping[str, str] = {
    "rule": "The rule",
    "person": "The account of",
    "agreement": "The agreement with",
    "verification": "The verification of",
    "metadata": "The exception for metadata",
    "host-key": "The pinned host key of",
    "hold": "The legal hold",
    "key": "The key of",
    "certificate": "The certificate",
    "review": "The time to sign off everybody's rights in",
}


def _ends(last: date, left: int) -> str:
    if left < 0:
        return f"ended on {last:%-d %B %Y}"
    when = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
    return f"ends {when}, on {last:%-d %B %Y}"


def _renewed(mend: str) -> str:
    """A command for `file:line`; what is a command already stays one."""
    file, colon, line = mend.rpartition(":")
    if not colon or not line.isdecimal():
        return mend
    return f"editor +{line} {file} && sealgate rules publish"


# ── certificates and keys ────────────────────────────────────────────────────────────────────────────────────────────


def certificate(one: Certificate) -> Iterator[Finding]:
    """Whether it fits the doors. That it loads, with its key and within its dates, was seen before."""
    told = 0
    for is_so, sentence, mend in (
        (
            not one.is_for_host,
            f"{one.place} is not for {one.host}, the name the doors greet with: mail programs will refuse it.",
            f"openssl x509 -noout -ext subjectAltName -in {one.place}",
        ),
        (
            one.is_own_authority and one.is_public,
            f"A door open to the network shows {one.place}, which only the development authority of `sealgate init` "
            "vouches for. Put one that everybody trusts in its place.",
            f"install -m 644 NEW.pem {one.place} && install -m 600 NEW.key {_key_beside(one.place)} && {RELOAD}",
        ),
        (
            one.is_served is False,
            f"The running gateway shows another certificate than {one.place}: it was not reloaded, or it refused.",
            RELOAD,
        ),
    ):
        if is_so:
            told += 1
            yield wrong("certificate", sentence, mend)
    if not told:
        shown = ", and the doors show it" if one.is_served else ""
        yield fine("certificate", f"{one.place} and its key fit each other and the name {one.host}{shown}.")


def _key_beside(place: str) -> str:
    return place.removesuffix(".pem") + ".key"


def credentials(missing: Mapping[str, str]) -> Iterator[Finding]:
    """Routes whose secret cannot be read: by id, why."""
    for partner, why in missing.items():
        yield wrong(
            "credentials",
            f"The route to {partner} has no key to sign in with: {why}.",
            f"sealgate people route-key {partner}",
        )


# ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────


def clock(now_ms: int, last_entry_ms: int | None, *, is_synchronised: bool | None) -> Iterator[Finding]:
    """This machine's clock against the ledger's last entry, and what the kernel says of it."""
    behind_ms = (last_entry_ms or 0) - now_ms
    if behind_ms > SKEW_MS:
        yield wrong("clock", f"The clock is {behind_ms // 60_000:,} minutes behind the ledger's last entry.", NTP)
    elif is_synchronised is False:
        sentence = "The kernel says that nothing keeps this clock right, and rules end on its days."
        yield note("clock", sentence, NTP)
    else:
        yield fine("clock", "The clock is not behind the ledger.")


def disk(one: Disk) -> Iterator[Finding]:
    """Room, durability, and a kind of file system that keeps."""
    largest, where = f"du -xh -d 2 {one.place} | sort -h | tail", f"findmnt -T {one.place}"
    free = f"{one.free_bytes / 2**30:.1f} GiB are free under {one.place}"
    told: list[Finding] = []
    if one.free_bytes < one.needed_bytes:
        sentence = f"Only {free}: the doors take nothing in until there is room for the largest message."
        told.append(wrong("disk", sentence, largest))
    elif one.free_bytes < LEAST_FREE * one.total_bytes:
        told.append(wrong("disk", f"Only {free}, less than a tenth of the disk.", largest))
    if one.kind in FORGETFUL:
        told.append(
            wrong("disk", f"{one.place} lies on {one.kind}: a power cut takes all of it, the ledger too.", where)
        )
    if one.kind in DISTANT:
        sentence = f"{one.place} lies on {one.kind}, where neither SQLite's locks nor fsync can be relied upon."
        told.append(wrong("disk", sentence, where))
    if one.sync_ms is None:
        told.append(wrong("disk", f"A small file could not be made durable in {one.place}.", "journalctl -k -p err"))
    elif one.sync_ms > SLOW_SYNC_MS:
        sentence = f"Making a small file durable took {one.sync_ms:.0f} ms, and every acknowledgement waits that long."
        told.append(note("disk", sentence, "journalctl -k -p err"))
    yield from told or [fine("disk", f"{free}, on {one.kind or 'an unknown file system'}.")]


def permissions(loose: Sequence[Loose]) -> Iterator[Finding]:
    """What others could read, change or own."""
    for one in loose:
        if not one.is_ours:
            sentence = f"{one.place} belongs to another user than {one.owner}, whom the gateway runs as."
            yield wrong("permissions", sentence, f"chown {one.owner}: {one.place}")
        if one.mode & ~one.should_be:
            does = "change" if one.mode & 0o022 else "read"
            sentence = f"Others can {does} {one.place} (mode {one.mode:04o})."
            yield wrong("permissions", sentence, f"chmod {one.should_be & one.mode:04o} {one.place}")
    if not loose:
        yield fine("permissions", "Nobody else can read the keys and the records, or change the rules.")


def units(scores: Mapping[str, float]) -> Iterator[Finding]:
    """How exposed systemd finds each unit that is installed, of 10; a drop-in may have opened what ours shuts."""
    weak = {unit: score for unit, score in scores.items() if score > MOST_EXPOSED.get(unit, MOST_EXPOSED_ALONE)}
    for unit, score in weak.items():
        most = MOST_EXPOSED.get(unit, MOST_EXPOSED_ALONE)
        sentence = f"{unit} scores {score} for exposure, and {most} is the most it should: something loosened it."
        yield wrong("units", sentence, f"systemctl cat {unit}; systemd-analyze security {unit}")
    if scores and not weak:
        shown = ", ".join(f"{unit} {score}" for unit, score in scores.items())
        yield fine("units", f"The units are as tight as shipped ({shown}).")


def walls(breaches: Sequence[str], mechanisms: Sequence[str]) -> Iterator[Finding]:
    """What a confined process could still do when it tried everything."""
    if not breaches:
        yield fine("workshop", f"A confined process tried everything and could do nothing ({', '.join(mechanisms)}).")
        return
    sentence = f"Documents are held: a confined process could still {', '.join(breaches)}."
    kernel = "grep -E 'SECCOMP|LANDLOCK' /boot/config-$(uname -r); cat /sys/kernel/security/lsm"
    yield wrong("workshop", sentence, kernel)


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────────


def ledger(one: LedgerState, now_ms: int) -> Iterator[Finding]:
    """How far it is published, and what waits for somebody."""
    if one.size - one.published > PUBLISHED_LAG:
        sentence = f"Of {one.size:,} entries only {one.published:,} are published: auditors cannot see the others."
        yield wrong("ledger", sentence, "journalctl -u sealgate -g 'ledger not published'")
    else:
        yield fine("ledger", f"{one.size:,} entries, {one.published:,} of them published; it contains every anchor.")
    if one.in_doubt:
        legs = _counted(one.in_doubt, "delivery", "deliveries")
        sentence = f"{legs} began and nobody knows how it ended: ask the recipient, then release or refuse."
        yield wrong("ledger", sentence, "sealgate held list")
    if one.oldest_held_ms is not None:
        days = (now_ms - one.oldest_held_ms) // DAY_MS
        waits = f"{_counted(one.held, 'leg waits', 'legs wait')} for a person"
        if now_ms - one.oldest_held_ms > HELD_MS:
            yield wrong("held", f"{waits}, the oldest for {_counted(days, 'day', 'days')}.", "sealgate held list")
        else:
            yield note("held", f"{waits}, none for more than a day.", "sealgate held list")


def regular(check: str, done: tuple[str, str], last_ms: int | None, now_ms: int, *, hours: int, mend: str) -> Finding:
    """Something that must be `done` ("a backup", "made") again and again, by when it last ended well."""
    what, was = done
    if last_ms is None:
        return wrong(check, f"{what} has never been {was}.", mend)
    age = max(0, now_ms - last_ms) // HOUR_MS
    ago = f"{_counted(age, 'hour', 'hours')} ago" if age < 48 else f"{age // 24} days ago"
    if age > hours:
        return wrong(check, f"{what} was last {was} {ago}; it should be every {hours} hours.", mend)
    return fine(check, f"{what} was {was} {ago}.")


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def fine(check: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(check=check, grade=Grade.FINE, sentence=sentence)


def note(check: str, sentence: str, mend: str) -> Finding:
    """It comes."""
    return Finding(check=check, grade=Grade.NOTE, sentence=sentence, mend=mend)


def wrong(check: str, sentence: str, mend: str) -> Finding:
    """It is so, and must not be."""
    return Finding(check=check, grade=Grade.WRONG, sentence=sentence, mend=mend)


def _counted(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"
