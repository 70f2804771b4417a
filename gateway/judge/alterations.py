"""What else a change of the folder widens: powers, releases, how people sign in, a `never`, and the keys of every file.

Handbook `rules.md` §3 marks them: two people sign if ▲ grows, ▼ shrinks or ◆ changes. What may be sent to whom is not
here; `difference` computes that. A key nobody marks is told and needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from gateway.judge import stationkeys, words
from gateway.judge.phrases import both, day_in_words, either
from gateway.judge.rulebook import Partner, Person, Rulebook
from gateway.judge.rules import Verb
from gateway.judge.scope import LOOKALIKE, Scope
from gateway.judge.stationkeys import Alteration


def alterations(scope: Scope, *, on: date) -> tuple[Alteration, ...]:
    """Everything but sending that is not the same in the two books of a scope; what widens first."""
    before, after = scope.books
    found = [
        *_nevers(before, after),
        *_grants(before, after, on),
        *_people(before, after),
        *_partners(before, after),
        *_recognition(before, after),
        *_patience(before, after),
        *_expectations(before, after),
        *stationkeys.alterations(scope),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (not one.is_wider, one.sentence)))


# ── standing orders ──────────────────────────────────────────────────────────────────────────────────────────────────


def _nevers(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    """A `never` is touched by two people, whichever way."""
    was, now = ({table.id: table for table in book.transfers.never} for book in (before, after))
    for rule_id in sorted({*was, *now}):
        if was.get(rule_id) != now.get(rule_id):
            how = "is new" if rule_id not in was else "is gone" if rule_id not in now else "is changed"
            yield Alteration(sentence=f"The standing order {rule_id} {how}.", is_wider=True)


# ── what people may do beside sending ────────────────────────────────────────────────────────────────────────────────

_A_DAY = timedelta(days=1)
_POWERS = {
    "publish": "publish rules",
    "break-glass": "break the glass",
    "vouch": "vouch for addresses and keys",
    "audit": "audit the ledger",
}


def _grants(before: Rulebook, after: Rulebook, on: date) -> Iterable[Alteration]:
    """Who holds a power or may release what waits for a role, and until when."""
    was, now = _granted(before, before, after), _granted(after, before, after)
    moved: dict[tuple[str, str, date, bool], list[str]] = {}
    for address, what, label in sorted({*was, *now}):
        old, new = (max(book.get((address, what, label), date.min), on - _A_DAY) for book in (was, now))
        if old != new:
            moved.setdefault((address, what, new, new > old), []).append(label)
    for (address, what, until, is_wider), labels in moved.items():
        name = next(found.name for book in (after, before) if (found := book.person(address)))
        papers = both(
            [
                label.capitalize()
                for label in dict.fromkeys((*after.labels.order, *before.labels.order))
                if label in labels
            ]
        )
        how = "may now" if is_wider else "may no longer"
        ends = "" if until < on else f", to {day_in_words(until)}" if is_wider else f" after {day_in_words(until)}"
        yield Alteration(sentence=f"{name} {how} {what.format(papers=papers)}{ends}.", is_wider=is_wider)


def _granted(book: Rulebook, *books: Rulebook) -> Mapping[tuple[str, str, str], date]:
    """Who may do what beside sending, with which label, and to which day."""
    asked = {
        demand.removeprefix(words.APPROVAL)
        for one in books
        for rule in one.rules
        for demand in rule.then
        if demand.startswith(words.APPROVAL)
    }
    granted: dict[tuple[str, str, str], date] = {}
    for person in book.people.everyone:
        for power in person.powers:
            granted[person.address, _POWERS.get(power, power), ""] = person.until
        for role in asked.intersection(person.roles):
            released = f"release {{papers}} papers that wait for a {role}"
            for label in book.labels.order[: book.labels.rank(book.people.roles[role].may_handle) + 1]:
                granted[person.address, released, label] = person.until
    return granted


def _people(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    """Who comes and goes, how they sign in, whose names they write under, whose papers they may look up."""
    for person in after.people.everyone:
        old = before.person(person.address)
        if old is None:
            yield Alteration(sentence=f"{person.name} ({person.address}) is new.", is_wider=False)
            continue
        yield from _sign_in(person.name, old, person)
        for alias in sorted({*person.also, person.address} - {*old.also, old.address}):
            yield Alteration(sentence=f"{person.name} may now also write as {alias}.", is_wider=True)
        if person.unit and person.unit != old.unit:
            yield Alteration(sentence=f'{person.name} now belongs to the unit "{person.unit}".', is_wider=True)
    for gone in before.people.everyone:
        if after.person(gone.address) is None:
            yield Alteration(sentence=f"{gone.name} ({gone.address}) is no longer here.", is_wider=False)


def _partners(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    """Who comes and goes, how they sign in, and where the gateway writes notes to."""
    for key, partner in after.partners.items():
        old = before.partners.get(key)
        if old is None:
            yield Alteration(sentence=f"{partner.name} is a new partner.", is_wider=False)
            continue
        yield from _sign_in(partner.name, old, partner)
        for address in sorted({*partner.addresses} - {*old.addresses}):
            yield Alteration(sentence=f"The gateway may now write notes to {address}.", is_wider=True)
        yield from _servers(old, partner)
    for key, gone in before.partners.items():
        if key not in after.partners:
            yield Alteration(sentence=f"{gone.name} is no longer a partner.", is_wider=False)


def _servers(old: Partner, new: Partner) -> Iterable[Alteration]:
    """Which mail servers an address is verified with; when nobody verifies it, no letter depends on it."""
    was, now = (frozenset(one.verified.mx) if one.verified else frozenset() for one in (old, new))
    if was == now or new.verified is None:
        return
    only = f"only while its mail goes to {both(sorted(now))}" if now else "wherever its mail goes"
    is_wider = bool(was) and not (now and now <= was)
    yield Alteration(sentence=f"The address of {new.name} counts as verified {only}.", is_wider=is_wider)


def _sign_in(name: str, old: Person | Partner, new: Person | Partner) -> Iterable[Alteration]:
    if old.sign_in != new.sign_in:
        ways = either([way.replace("+code", " and code") for way in new.sign_in])
        yield Alteration(
            sentence=f"{name} now signs in at the file door by {ways}.",
            is_wider=not set(new.sign_in) <= set(old.sign_in),
        )


# ── what is recognised ───────────────────────────────────────────────────────────────────────────────────────────────


def _recognition(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    """How labels are found, and when a fact is yes."""
    if before.labels.spotting != after.labels.spotting:
        yield Alteration(sentence="How labels and purposes are recognised is changed.", is_wider=True)
    was, now = before.transfers.facts, after.transfers.facts
    if was.many_recipients != now.many_recipients:
        yield _counted(after, "many-recipients", f"More than {now.many_recipients} recipients count as many.",
                       is_less=now.many_recipients > was.many_recipients)  # fmt: skip
    if was.lookalike_distance != now.lookalike_distance:
        yield _counted(after, LOOKALIKE, f"An address imitates a partner's within {now.lookalike_distance} letters.",
                       is_less=now.lookalike_distance < was.lookalike_distance)  # fmt: skip
    names, others = ({*book.partner_by_host, *book.partner_by_address} for book in (before, after))
    for name in sorted(names ^ others):
        how = "no longer" if name in names else "now"
        yield _counted(after, LOOKALIKE, f"Addresses that imitate {name} are {how} recognised.", is_less=name in names)
    for name, is_changed in (
        ("personal-data-found", was.personal_data != now.personal_data),
        ("working-hours", was.working_hours != now.working_hours),
    ):
        if is_changed:
            yield Alteration(sentence=f"What counts as {name} is changed.", is_wider=after.asks(name))


def _counted(book: Rulebook, fact: str, sentence: str, *, is_less: bool) -> Alteration:
    """A fact that is yes less often, or more: it widens where a rule narrows by it, or allows by it."""
    live = [rule for rule in book.rules if not rule.is_watched]
    narrows = any(fact in rule.when for rule in live if rule.verb is not Verb.ALLOW)
    frees = any(fact in (rule.when if rule.verb is Verb.ALLOW else rule.unless) for rule in live)
    return Alteration(sentence=sentence, is_wider=narrows if is_less else frees)


def _patience(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    """How long a broken glass may go unreviewed, and an allow unused."""
    was, now = before.transfers, after.transfers
    for what, old, new in (
        ("A broken glass is reviewed within", was.break_glass.review, now.break_glass.review),
        ("The owner of an unused allow is told after", was.half_life.warn, now.half_life.warn),
        ("An unused allow is put on trial after", was.half_life.watch, now.half_life.watch),
        ("An unused allow is proposed for removal after", was.half_life.remove, now.half_life.remove),
    ):
        if old != new:
            yield Alteration(sentence=f"{what} {new}, not {old}.", is_wider=new.seconds > old.seconds)


def _expectations(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    """Whoever takes an expectation out takes out what would have stopped the next mistake: at least it is told."""
    wanted = {expect.that for _, _, _, expect in after.expects}
    for _, _, _, expect in before.expects:
        if expect.that not in wanted:
            yield Alteration(sentence=f'No longer expected: "{expect.that}".', is_wider=False)
