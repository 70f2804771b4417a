"""Words for proofs: a broken `never` as a message somebody could send, and how to see it decided."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from gateway.catalogue.texts import ENGLISH
from gateway.facts import Truth
from gateway.judge import words
from gateway.judge.phrases import both, capital, known_in_words
from gateway.judge.problems import Problem
from gateway.judge.prove import Broken, Example, prove
from gateway.judge.rulebook import Rulebook
from gateway.judge.universe import STAFF
from gateway.transfer import Way

_SOMEBODY = "somebody@elsewhere.invalid"  # RFC 2606 §2: nobody's, so no partner's


def broken_line(rulebook: Rulebook, broken: Broken) -> str:
    """Which `never` is broken, and by what."""
    example = broken.example
    if example is None:
        return f"{broken.never.id} could not be proved in reasonable time, so it counts as broken."
    first, *others = (rule.id for rule in broken.allows)
    also = f" So {'does' if len(others) == 1 else 'do'} {_named(others)}." if others else ""
    return (
        f"{broken.never.id} is broken: {_sender(example)} could send {ENGLISH.a(capital(example.label))} paper to "
        f"{_recipient(rulebook, example)} {_by(example.by)}{f' for {example.purpose}' if example.purpose else ''}"
        f"{_while(example)}: {first} allows it and nothing forbids it.{also}"
    )


def command(rulebook: Rulebook, example: Example) -> str:
    """The command line that has this very message decided."""
    given = {"--from": _from(example), "--to": _to(rulebook, example), "--label": example.label, "--by": example.by,
             "--for": example.purpose}  # fmt: skip
    options = [f"{name} {shlex.quote(value)}" for name, value in given.items() if value]
    options += [f"--fact {name}={'yes' if truth else 'no'}" for name, truth in example.facts]
    return " ".join(("sealgate rules explain", *options))


def as_row(rulebook: Rulebook, broken: Broken) -> dict[str, object]:
    """A broken `never` for a program."""
    example = broken.example
    message = example and {
        "from": _from(example),
        "to": _to(rulebook, example),
        "label": example.label,
        "by": example.by,
        "for": example.purpose,
        "facts": dict(example.facts),
    }
    return {
        "rule": broken.never.id,
        "place": broken.never.place,
        "because": broken.never.because,
        "sentence": broken_line(rulebook, broken),
        "allows": [rule.id for rule in broken.allows],
        "message": message,
    }


def kept(found: Rulebook | tuple[Problem, ...]) -> Rulebook | tuple[Problem, ...]:
    """What was read, if it keeps every `never`; else the broken ones, as things to mend in the folder."""
    if not isinstance(found, Rulebook):
        return found
    broken = tuple(
        Problem(file="transfers.toml", line=one.never.line, column=1, text=broken_line(found, one))
        for one in prove(found).broken
    )
    return broken or found


def _sender(example: Example) -> str:
    return example.person.name if example.person else "somebody outside"


def _from(example: Example) -> str:
    return example.person.address if example.person else _SOMEBODY


def _recipient(rulebook: Rulebook, example: Example) -> str:
    address = _to(rulebook, example)
    if example.partner:
        return f"{address} ({example.partner.name})"
    return f"{address} ({'a colleague' if example.to == STAFF else 'no partner'})"


def _to(rulebook: Rulebook, example: Example) -> str:
    """An address that belongs there; a partner that has none is reached in its box."""
    partner = example.partner
    if partner and partner.domains:
        return f"anyone@{partner.domains[0]}"
    if partner:
        return partner.addresses[0] if partner.addresses else words.PARTNER + partner.id
    if example.to == STAFF:
        colleagues = sorted(one.address for one in rulebook.people.everyone)
        others = [address for address in colleagues if address != _from(example)]
        return next(iter(others or colleagues), _SOMEBODY)
    return _SOMEBODY


def _by(way: Way) -> str:
    return "by SFTP" if way is Way.SFTP else f"by {way}"


def _while(example: Example) -> str:
    facts = [known_in_words(name, (Truth.YES if truth else Truth.NO,)) for name, truth in example.facts]
    return f", while {both(facts)}" if facts else ""


def _named(ids: Sequence[str]) -> str:
    return both([*ids[:5], f"{len(ids) - 5} more"] if len(ids) > 5 else ids)
