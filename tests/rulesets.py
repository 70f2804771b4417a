"""Rule folders made up at random, of any size: for properties and for benchmarks. A seed always gives the same one."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "rules"
FACTS = (
    "agreement-current", "address-verified", "recipient-key-known", "transport-verified", "first-contact",
    "personal-data-found", "sender-second-factor", "working-hours",
)  # fmt: skip
THEN = ("encrypt-to-recipient", "strip-metadata", "verified-transport", "second-factor", "delay 5m")


_CHANCES = {
    "allow": (1, 1, 1, 1, 0.3),
    "forbid": (0.7, 0.9, 0.8, 0.5, 0.5),
    "require": (0.3, 0.5, 0.8, 0.3, 0.3),
    "never": (0.3, 0.4, 1, 0.9, 0.5),
}
"""How often a verb says who, to, labels, by and for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large an office is, and how many rules of each verb it has."""

    allows: int
    forbids: int
    requires: int
    nevers: int
    roles: int = 8
    people: int = 40
    groups: int = 8
    partners: int = 30
    labels: int = 4
    purposes: int = 4
    facts: int = len(FACTS)

    @classmethod
    def of(cls, rules: int) -> Size:
        """An office of so many rules: six in ten allow, ten are never lifted."""
        forbids, requires = rules * 15 // 100, rules * 20 // 100
        return cls(allows=rules - forbids - requires - 10, forbids=forbids, requires=requires, nevers=10)


SMALL = Size(
    allows=5, forbids=3, requires=2, nevers=2, roles=3, people=4, groups=2, partners=3, labels=3, purposes=2, facts=3
)
"""Small enough to look at every situation."""


def texts(seed: int, size: Size) -> dict[str, str]:
    """The files of one folder. What no rule is about is the sample's."""
    dice = random.Random(seed)
    sample = {path.name: path.read_text() for path in SAMPLE.glob("*.toml") if not path.name.endswith(".test.toml")}
    labels = [f"label-{number}" for number in range(size.labels)]
    return {
        **sample,
        "people.toml": _people(dice, size, labels),
        "labels.toml": _labels(size, labels),
        "partners.toml": _partners(dice, size),
        "transfers.toml": _transfers(dice, size, labels),
        "metadata.toml": "",
        "protection.toml": 'ways = ["openpgp"]\n[floor]\n'
        + "".join(f'{label} = "verified-transport"\n' for label in labels),
        "routes.toml": f'mail = {{ via = "mx", park-from = "{labels[-1]}" }}\n',
        "retention.toml": '[[keep]]\nid = "all"\nwhat = ["content", "op", "snd", "rcp", "obj", "net", "sec"]\n'
        'for = "1y"\nbecause = "x"\n',
    }


def _people(dice: random.Random, size: Size, labels: Sequence[str]) -> str:
    lines = ["[role]"]
    lines += [f'role-{number} = {{ may-handle = "{dice.choice(labels)}" }}' for number in range(size.roles)]
    lines += ['keeper = { may-handle = "label-0", powers = ["publish", "vouch"] }', "[person]"]
    for number in range(size.people):
        held = json.dumps([f"role-{role}" for role in sorted(dice.sample(range(size.roles), dice.randint(1, 3)))])
        lines.append(f'"p{number}@town.test" = {{ name = "P{number}", roles = {held}, until = 2030-01-01 }}')
    lines += [f'"k{n}@town.test" = {{ name = "K{n}", roles = ["keeper"], until = 2030-01-01 }}' for n in (1, 2)]
    return "\n".join(lines) + "\n"


def _labels(size: Size, labels: Sequence[str]) -> str:
    purposes = [f"purpose-{number}" for number in range(size.purposes)]
    spotting = f'unlabelled = "{labels[-1]}"\nunstated = "purpose-0"\nincoming = "label-0"\n'
    return f"labels = {json.dumps(labels)}\npurposes = {json.dumps(purposes)}\n[spotting]\n{spotting}"


def _partners(dice: random.Random, size: Size) -> str:
    groups = [f"group-{number}" for number in range(size.groups)]
    tables = [f"groups = {json.dumps(groups)}"]
    for number in range(size.partners):
        within = sorted(dice.sample(groups, min(dice.randint(1, 2), len(groups))))
        tables.append(
            f'[partner.office-{number}]\nname = "Office {number}"\ngroups = {json.dumps(within)}\n'
            f'domains = ["office-{number}.test"]\n'
        )
    return "\n".join(tables)


def _transfers(dice: random.Random, size: Size, labels: Sequence[str]) -> str:
    blocks = [_rule(dice, size, labels, "allow", number) for number in range(size.allows)]
    blocks += [_rule(dice, size, labels, "forbid", number) for number in range(size.forbids)]
    blocks += [_rule(dice, size, labels, "require", number) for number in range(size.requires)]
    blocks += [_rule(dice, size, labels, "never", number) for number in range(size.nevers)]
    return "\n".join(blocks)


def _rule(dice: random.Random, size: Size, labels: Sequence[str], verb: str, number: int) -> str:
    """One rule. What narrows leaves clauses out, but not so many that little is left to allow."""
    is_allow = verb == "allow"
    clauses: dict[str, object] = {"id": f"{verb}-{number}", "because": "It is so."}
    roles = [f"role-{role}" for role in range(size.roles)] + (["outsider"] if dice.random() < 0.1 else [])
    targets = [f"group-{group}" for group in range(size.groups)] + ["strangers", "staff"]
    targets += [f"partner:office-{dice.randrange(size.partners)}"]
    values = {
        "who": roles,
        "to": targets,
        "labels": labels,
        "by": ["mail", "sftp", "pickup"],
        "for": [f"purpose-{purpose}" for purpose in range(size.purposes)],
    }
    for (key, known), chance in zip(values.items(), _CHANCES[verb], strict=True):
        if dice.random() < chance:
            clauses[key] = sorted(dice.sample(known, dice.randint(1, max(1, len(known) // 3))))
    facts = dice.sample(FACTS[: size.facts], min(dice.choice((0, 1, 1, 2)), size.facts))
    exempt = dice.randint(0, len(facts)) if not is_allow else 0
    clauses |= {"when": facts[exempt:]} if facts[exempt:] else {}
    clauses |= {"unless": facts[:exempt]} if facts[:exempt] else {}
    if verb == "require":
        clauses["then"] = sorted(dice.sample(THEN, dice.randint(1, 2)))
    lines = [f"{key} = {json.dumps(value)}" for key, value in clauses.items()]
    if is_allow:
        lines += ["until = 2029-01-01", 'owner = "k1@town.test"']
    return "\n".join((f"[[{verb}]]", *lines)) + "\n"
