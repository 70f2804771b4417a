"""What no single value can show: files that are missing, words used in one file and defined in another, things twice.

The first pass gathers the names each file defines, however broken the rest; so a slip in one file is reported once and
does not make every use of its words elsewhere look wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.catalogue.texts import LANGUAGES
from gateway.judge import entrance, words
from gateway.judge.places import Path
from gateway.judge.problems import Problem, did_you_mean
from gateway.judge.reading import FORMS, Reader, Vocabularies, address_key
from gateway.judge.shapes import Expect, Gaps, LabelsFile, PartnersFile, PeopleFile, Shape, TestFile, TransfersFile
from gateway.judge.stationshapes import GatewayFile, MetadataFile, ProtectionFile, RetentionFile, RoutesFile
from gateway.transfer import Way

FILES: Mapping[str, type[Shape]] = {
    "people.toml": PeopleFile,
    "labels.toml": LabelsFile,
    "partners.toml": PartnersFile,
    "transfers.toml": TransfersFile,
    "metadata.toml": MetadataFile,
    "protection.toml": ProtectionFile,
    "routes.toml": RoutesFile,
    "retention.toml": RetentionFile,
    "gateway.toml": GatewayFile,
}
TEST = ".test.toml"
SOON = timedelta(days=30)
SFTP_MESSAGE_BYTES = (34_000, 261_120)
"""What every SFTP client may send, and the most that ours takes (DESIGN §9)."""

_SCANNER = re.compile(r"/[!-~]{1,100}|(127\.0\.0\.1|\[::1\]|localhost):[0-9]{1,5}", re.ASCII)
LONGEST_PAST, LONGEST_ROW = words.Duration(count=92, unit="d"), words.Duration(count=1, unit="d")
"""How far back the watch remembers habits, and a row of the same."""
_BY_MAIL = re.compile(r"\be-?mail|\bby mail\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """All files in their shapes, and consistent with each other."""

    pages: Mapping[str, Reader]
    people: PeopleFile
    labels: LabelsFile
    partners: PartnersFile
    transfers: TransfersFile
    metadata: MetadataFile
    protection: ProtectionFile
    routes: RoutesFile
    retention: RetentionFile
    gateway: GatewayFile
    expects: tuple[tuple[str, int, Gaps, Expect], ...]


def open_pages(files: Mapping[str, str], problems: list[Problem]) -> Mapping[str, Reader]:
    """Every file as TOML. A file that is missing, or that we do not know, is a problem."""
    pages: dict[str, Reader] = {}
    for name in sorted({*FILES, *files}):
        page = Reader(name, problems)
        if name not in files:
            page.tell(1, 1, "this file is missing")
        elif name not in FILES and not (name.endswith(TEST) and len(name) > len(TEST)):
            page.tell(1, 1, f"not a rule file{did_you_mean(name, FILES)}")
        elif page.parse(files[name]):
            pages[name] = page
    return pages


def take_folder(pages: Mapping[str, Reader], problems: list[Problem], *, on: date | None) -> Folder | None:
    """The folder, if nothing is wrong with it. Warnings do not keep it from loading."""
    known = _vocabularies(pages)
    taken = {name: pages[name].take(shape, known) for name, shape in FILES.items() if name in pages}
    tests = {name: page.take(TestFile, known) for name, page in pages.items() if name.endswith(TEST)}
    _check_ids(pages)
    match tuple(taken.get(name) for name in FILES):
        case (
            PeopleFile() as people,
            LabelsFile() as labels,
            PartnersFile() as partners,
            TransfersFile() as transfers,
            MetadataFile() as metadata,
            ProtectionFile() as protection,
            RoutesFile() as routes,
            RetentionFile() as retention,
            GatewayFile() as gateway,
        ):
            pass
        case _:
            return None
    _check_people(pages["people.toml"], people, on)
    _check_labels(pages["labels.toml"], labels)
    _check_partners(pages["partners.toml"], partners, people, gateway)
    _check_transfers(pages["transfers.toml"], transfers, on)
    _check_stations(pages, labels, protection, routes)
    _check_office(pages["gateway.toml"], gateway)
    _check_limits(pages["gateway.toml"], gateway)
    _check_backup(pages["gateway.toml"], gateway)
    _check_witnesses(pages["gateway.toml"], gateway)
    _check_alarms(pages["gateway.toml"], gateway)
    _check_scan(pages, gateway, transfers)
    expects = tuple(expect for name, test in tests.items() if test for expect in _expects(pages[name], test))
    if any(not problem.is_warning for problem in problems):
        return None
    return Folder(
        pages=pages,
        people=people,
        labels=labels,
        partners=partners,
        transfers=transfers,
        metadata=metadata,
        protection=protection,
        routes=routes,
        retention=retention,
        gateway=gateway,
        expects=expects,
    )


# ── the names each file defines ──────────────────────────────────────────────────────────────────────────────────────


def _vocabularies(pages: Mapping[str, Reader]) -> Vocabularies:
    roles = _keys(pages, "people.toml", "role")
    groups = _texts(pages, "partners.toml", "groups")
    partners = _keys(pages, "partners.toml", "partner")
    return {
        "role": roles,
        "role:who": roles | {words.OUTSIDER},
        "label": _texts(pages, "labels.toml", "labels"),
        "purpose": _texts(pages, "labels.toml", "purposes"),
        "person": frozenset(address.lower() for address in _keys(pages, "people.toml", "person")),
        "partner": partners,
        "group": groups,
        "group:to": groups | {words.STAFF, words.STRANGERS} | {words.PARTNER + partner for partner in partners},
        "fact": frozenset(words.FACTS),
        "way": frozenset(way.value for way in Way),
        "power": frozenset(words.POWERS),
        "way to sign in": frozenset(entrance.WAYS),
    }


def _keys(pages: Mapping[str, Reader], name: str, key: str) -> frozenset[str]:
    table = pages[name].table.get(key) if name in pages else None
    return frozenset(table) if isinstance(table, dict) else frozenset()


def _texts(pages: Mapping[str, Reader], name: str, key: str) -> frozenset[str]:
    listed = pages[name].table.get(key) if name in pages else None
    entries: Iterable[object] = listed if isinstance(listed, list) else [listed]
    return frozenset(entry for entry in entries if isinstance(entry, str))


# ── file by file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_ids(pages: Mapping[str, Reader]) -> None:
    """An id names one rule in the whole folder, for ever: it stands in the ledger."""
    seen: dict[str, str] = {words.GATEWAY_NOTE: "the gateway"}
    for name in ("transfers.toml", "metadata.toml", "protection.toml", "routes.toml", "retention.toml"):
        if name not in pages:
            continue
        for path, rule_id in _ids(pages[name]):
            if rule_id in seen:
                pages[name].say(path, f'id "{rule_id[:60]}" is already used by {seen[rule_id]}')
            else:
                seen[rule_id] = f"rules/{name}:{pages[name].line(path)}"


def _ids(page: Reader) -> Iterable[tuple[Path, str]]:
    for verb, entries in page.table.items():
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            rule_id = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(rule_id, str) and rule_id.isprintable():
                yield (verb, place, "id"), rule_id


def _check_people(page: Reader, people: PeopleFile, on: date | None) -> None:
    seen: set[str] = set()
    for key in page.table["person"] if isinstance(page.table["person"], dict) else ():
        address = address_key(key)
        table = people.person[address]
        paths: list[tuple[str, Path]] = [(address, ("person", key))]
        paths += [(alias, ("person", key, "also", place)) for place, alias in enumerate(table.also)]
        _once(page, paths, seen, "address")
        if not entrance.left_by(people.role[role].sign_in for role in table.roles):
            page.say(("person", key, "roles"), f"{table.name}'s roles leave no way to sign in that suits all of them")
        if on and on <= table.until < on + SOON:
            page.say(("person", key, "until"), f"{table.name}'s account ends on {table.until}", is_warning=True)
    if words.OUTSIDER in people.role:
        page.say(("role", words.OUTSIDER), f'"{words.OUTSIDER}" is built in', is_key=True)
    publishing = {role for role, table in people.role.items() if "publish" in table.powers}
    if sum(not publishing.isdisjoint(table.roles) for table in people.person.values()) < 2:
        page.say(("role",), 'fewer than two people hold "publish": what needs two cannot be published', is_warning=True)


def _check_labels(page: Reader, labels: LabelsFile) -> None:
    _once(page, [(label, ("labels", place)) for place, label in enumerate(labels.labels)], set(), "label")
    _once(page, [(name, ("purposes", place)) for place, name in enumerate(labels.purposes)], set(), "purpose")
    for kind in ("subject", "purpose", "folder", "guid"):
        tags: dict[str, object] = getattr(labels.spotting, kind)
        paths: list[tuple[str, Path]] = [(tag.casefold(), ("spotting", kind, tag)) for tag in tags]
        _once(page, paths, set(), "tag")
        for tag in tags:
            if not tag.strip():
                page.say(("spotting", kind, tag), "an empty tag would match everything", is_key=True)


def _check_partners(page: Reader, partners: PartnersFile, people: PeopleFile, gateway: GatewayFile) -> None:
    for place, group in enumerate(partners.groups):
        if group in (words.STAFF, words.STRANGERS):
            page.say(("groups", place), f'"{group}" is built in')
    _once(page, [(group, ("groups", place)) for place, group in enumerate(partners.groups)], set(), "group")
    addresses, domains = set(people.person), set(gateway.office.domains)
    for key, table in partners.partner.items():
        path: Path = ("partner", key)
        _once(page, [(one, (*path, "addresses", n)) for n, one in enumerate(table.addresses)], addresses, "address")
        _once(page, [(one, (*path, "domains", n)) for n, one in enumerate(table.domains)], domains, "domain")
        if table.agreement and table.agreement.until < table.agreement.signed:
            page.say((*path, "agreement", "until"), "the agreement ends before it is signed")
        if table.verified:
            holder = people.person[table.verified.by]
            if not any("vouch" in people.role[role].powers for role in holder.roles):
                page.say((*path, "verified", "by"), f'{holder.name} does not hold the power "vouch"')
            if _BY_MAIL.search(table.verified.how):
                page.say((*path, "verified", "how"), "an address is never verified by e-mail: a forger would answer")


def _check_transfers(page: Reader, transfers: TransfersFile, on: date | None) -> None:
    for place, allow in enumerate(transfers.allow):
        if on and on <= allow.until < on + SOON:
            page.say(("allow", place, "until"), f'"{allow.id}" ends on {allow.until}', is_warning=True)
    half_life = transfers.half_life
    if not half_life.warn.seconds <= half_life.watch.seconds <= half_life.remove.seconds:
        page.say(("half-life",), "[half-life] warns first, then watches, then removes: each later than the one before")
    if not any(words.STAFF in allow.to for allow in transfers.allow):
        page.tell(1, 1, "no [[allow]] reaches staff: nothing from outside, and nothing between colleagues, comes in",
                  is_warning=True)  # fmt: skip


def _check_stations(
    pages: Mapping[str, Reader], labels: LabelsFile, protection: ProtectionFile, routes: RoutesFile
) -> None:
    for label in labels.labels:
        if label not in protection.floor:
            pages["protection.toml"].say(("floor",), f'[floor] needs "{label}": every label has a floor', is_key=True)
    _check_ways_out(pages, protection, routes)
    if routes.mail.park_from not in labels.labels:
        pages["routes.toml"].say(
            ("mail",), 'mail needs "park-from": no label is called "confidential" here', is_key=True
        )


def _check_ways_out(pages: Mapping[str, Reader], protection: ProtectionFile, routes: RoutesFile) -> None:
    """One way out for each recipient: what stood in a file first never decides."""
    if routes.mail.via != "mx" and not FORMS["host:port"][0].fullmatch(routes.mail.via):
        pages["routes.toml"].say(("mail", "via"), 'via is "mx", or a host and a port such as "relay.town.test:587"')
    _once(
        pages["routes.toml"],
        [(route.partner, ("route", place, "partner")) for place, route in enumerate(routes.route)],
        set(),
        "a route to",
    )
    page, seen = pages["protection.toml"], set[str]()
    for place, hop in enumerate(protection.hop):
        _once(page, [(one, ("hop", place, "to", n)) for n, one in enumerate(hop.to)], seen, "a [[hop]] to")
        if hop.level == "pin" and not hop.pin and routes.mail.via == "mx":
            page.say(("hop", place), '[[hop]] of level "pin" needs "pin", or a named host in via', is_key=True)


def _check_office(page: Reader, gateway: GatewayFile) -> None:
    """What the machine must know: a zone of its calendar, a language we have words in; and what nobody else may see."""
    office = gateway.office
    try:
        ZoneInfo(office.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        page.say(("office", "zone"), f'no time zone is called "{office.zone[:60]}"; write one such as "Europe/London"')
    for place, listen in enumerate(gateway.door.health.listen if gateway.door.health else ()):
        if not listen.startswith(("127.", "[::1]:", "localhost:")):
            page.say(("door", "health", "listen", place), "the health door is for this machine alone: 127.0.0.1")
    if office.language not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        page.say(("office", "language"), f'there are no texts in "{office.language[:60]}"; there are: {known}')


def _check_backup(page: Reader, gateway: GatewayFile) -> None:
    """One custodian can leave, or lose a key, and with them would go everything the backups hold."""
    backup = gateway.backup
    if backup is not None and len({address_key(one) for one in backup.custodians}) == 1:
        page.say(("backup", "custodians"), '"custodians" names one person; name two, or nobody can replace them')


def _check_witnesses(page: Reader, gateway: GatewayFile) -> None:
    if gateway.ledger.wait_for_witness and not gateway.ledger.witnesses:
        page.say(("ledger", "wait-for-witness"), '"wait-for-witness" needs "witnesses": nobody would ever cosign')


def _check_limits(page: Reader, gateway: GatewayFile) -> None:
    least, most = SFTP_MESSAGE_BYTES
    if not least <= gateway.limits.sftp_message_bytes <= most:
        page.say(("limits", "sftp-message-bytes"), f'"sftp-message-bytes" must be {least} to {most}: what clients send')


def _check_alarms(page: Reader, gateway: GatewayFile) -> None:
    """What is counted is bounded; and what only repeats what was seen before is no alarm."""
    alarms = gateway.alarms
    if alarms.past.seconds > LONGEST_PAST.seconds:
        page.say(("alarms", "past"), f'"past" is at most {LONGEST_PAST}: so long habits are kept in memory')
    for key, much in (("volume", alarms.volume), ("collections", alarms.collections)):
        if much.times < 2:
            page.say(("alarms", key, "times"), '"times" is 2 at least: once what was seen before is no alarm')
    for key, within in (("refusals", alarms.refusals.within), ("sign-ins", alarms.sign_ins.within)):
        if within.seconds > LONGEST_ROW.seconds:
            page.say(("alarms", key, "within"), f'"within" is at most {LONGEST_ROW}')


def _check_scan(pages: Mapping[str, Reader], gateway: GatewayFile, transfers: TransfersFile) -> None:
    """A scanner sees everything in clear, so it is on this machine; and what asks for one must have one."""
    if gateway.scan is not None:
        if not _SCANNER.fullmatch(gateway.scan.clamd):
            said = 'clamd is the path of its socket, or a port on this machine such as "127.0.0.1:3310"'
            pages["gateway.toml"].say(("scan", "clamd"), said)
        return
    for verb in ("allow", "forbid", "require", "never"):
        for place, rule in enumerate(getattr(transfers, verb)):
            for key in ("when", "unless"):
                if "virus-found" in getattr(rule, key, ()):
                    said = f'"{rule.id}" asks for "virus-found", but gateway.toml has no scan: nobody would ever know'
                    pages["transfers.toml"].say((verb, place, key), said)


def _expects(page: Reader, test: TestFile) -> Iterable[tuple[str, int, Gaps, Expect]]:
    for place, expect in enumerate(test.expect):
        for key in ("from", "to", "on"):
            field = key + "_" if key == "from" else key
            if getattr(expect, field) is None and getattr(test.default, field) is None:
                page.say(("expect", place), f'[[expect]] needs "{key}", here or in default', is_key=True)
        yield page.name, page.line(("expect", place)), test.default, expect


def _once(page: Reader, found: Sequence[tuple[str, Path]], seen: set[str], noun: str) -> None:
    for name, path in found:
        if name in seen:
            page.say(path, f'{noun} "{name}" is listed twice, or belongs to somebody else')
        seen.add(name)
