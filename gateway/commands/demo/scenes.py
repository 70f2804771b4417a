"""The play, scene by scene.

Each does something real, yields its evidence a line at a time, and raises `NotAsItShould` where the gateway did not do
what it promises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from gateway.commands.demo.cast import NotAsItShould, sealgate
from gateway.commands.demo.letter import EXHIBIT, PHOTO, armour, attachment, letter
from gateway.commands.demo.picture import pixels, position
from gateway.commands.demo.stage import Stage
from gateway.commands.held import Waits

JO, RUTH, PER = "jo@town.test", "ruth@town.test", "per@town.test"
COUNSEL = "day@smithday.test"

_ALLOW = 'id = "court-filing"\n'
_CHANGE = 'mixed = "lawful-part"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One step of the play: what the audience is told, and what is done."""

    title: str
    play: Callable[[Stage], Iterator[str]]


def lays_out_an_office(stage: Stage) -> Iterator[str]:
    """`sealgate init`."""
    stage.office.lays_out()
    first_day = stage.office.first_day
    yield f"{len(first_day.accounts)} people, rules, a development CA, and the key auditors verify with:"
    yield first_day.ledger_key


def changes_a_rule(stage: Stage) -> Iterator[str]:
    """`sealgate rules publish`: what the message of the play needs, shown."""
    stage.office.changes("transfers.toml", _ALLOW, f"{_ALLOW}{_CHANGE}\n")
    yield f'rules/transfers.toml, court-filing:  + {_CHANGE}   (the default is "all-or-nothing")'
    yield "Ruth and Per sign. " + stage.office.publishes(RUTH, PER, "The court's registry asked for it.").strip()


def opens_its_doors(stage: Stage) -> Iterator[str]:
    """`sealgate serve`, and the mail server of the outside."""
    stage.outside.listens(stage.office.first_day)
    stage.office.opens()
    ports = stage.office.first_day.ports
    yield f"staff: 127.0.0.1:{ports['submissions']} (TLS) and :{ports['submission']} (STARTTLS)"
    yield f"the mail server outside: 127.0.0.1:{stage.outside.port}, TLS demanded"


def vouches_for_a_key(stage: Stage) -> Iterator[str]:
    """The registry's key, made by gpg, admitted by `sealgate keys import --verified`."""
    public = stage.registry.makes_a_key()
    told = stage.office.does("keys", "import", str(public), "--verified", "read out by phone", by=PER).strip()
    if stage.registry.fingerprint() not in told:
        raise NotAsItShould(f"another key was admitted: {told}")
    yield f"{told} {stage.registry.address} read it out by phone to Per."


def sends_to_three(stage: Stage) -> Iterator[str]:
    """One message, one mail program, three recipients."""
    recipients = (stage.registry.address, COUNSEL, stage.clerk.address)
    stage.remember(stage.office.sends(letter(JO, recipients), recipients))
    yield f"Jo, to {', '.join(recipients)}"
    yield f"250 {stage.sent.reply.splitlines()[0]}"


def refuses_one(stage: Stage) -> Iterator[str]:
    """The first fate: the mail program is told at once, in a sentence."""
    reply = stage.sent.refused.get(COUNSEL, "")
    if not reply.startswith("550 5.7.1 "):
        raise NotAsItShould(f"{COUNSEL} was not refused: {reply or 'accepted'}")
    yield f"{COUNSEL}: {reply}"


def delivers_one(stage: Stage) -> Iterator[str]:
    """The second fate: over TLS, and only the recipient can read it."""
    arrival = stage.outside.received_for(stage.registry.address)
    if not arrival.tls or EXHIBIT in arrival.content:
        raise NotAsItShould("it came in clear")
    yield f"{stage.registry.address}: {len(arrival.content):,} bytes over {arrival.tls}, readable by no server"
    entity = stage.registry.decrypts(armour(arrival.content))
    if attachment(entity, "exhibits.csv") != EXHIBIT:
        raise NotAsItShould("the exhibit changed on its way")
    yield "decrypted with gpg at the receiver; exhibits.csv is what Jo attached, byte for byte"


def forgets_a_place(stage: Stage) -> Iterator[str]:
    """The photo says where it was taken when Jo sends it, and not when it arrives."""
    entity = stage.registry.decrypts(armour(stage.outside.received_for(stage.registry.address).content))
    arrived = attachment(entity, "harbour.jpg")
    before, after = position(PHOTO), position(arrived)
    if before is None or after is not None:
        raise NotAsItShould(f"the photo was taken at {before} and still says {after}")
    if pixels(arrived) != pixels(PHOTO):
        raise NotAsItShould("the picture itself changed")
    yield f"harbour.jpg as Jo sent it: taken at {before[0]:.4f}, {before[1]:.4f} with a {_camera(PHOTO)}"
    yield "harbour.jpg at the receiver: no position, no camera; the picture itself is the same"


def holds_one(stage: Stage) -> Iterator[str]:
    """The third fate: it waits, and says for what."""
    waiting = msgspec.json.decode(stage.office.does("held", "list", "--json"), type=list[Waits])
    mine = [one for one in waiting if one.recipient == stage.clerk.address and one.transfer == stage.sent.transfer]
    if len(mine) != 1 or "no-key" not in mine[0].codes:
        raise NotAsItShould(f"{stage.clerk.address} does not wait for a key: {mine}")
    yield f"{stage.clerk.address}: {mine[0].why[0]}"


def lets_it_go(stage: Stage) -> Iterator[str]:
    """What it waited for comes, and it goes by itself."""
    if any(stage.clerk.address in arrival.recipients for arrival in stage.outside.arrivals):
        raise NotAsItShould("it left before there was a key")
    public = stage.clerk.makes_a_key()
    yield stage.office.does("keys", "import", str(public), "--verified", "met in person", by=PER).strip()
    entity = stage.clerk.decrypts(armour(stage.outside.received_for(stage.clerk.address).content))
    if attachment(entity, "exhibits.csv") != EXHIBIT:
        raise NotAsItShould("the exhibit changed on its way")
    yield f"{stage.clerk.address} has it and can read it; nobody sent it again"


def finds_it(stage: Stage) -> Iterator[str]:
    """`sealgate ledger find`: who got this?"""
    found = stage.office.does("ledger", "find", "--recipient", stage.registry.address, "--why", "a complaint", by=PER)
    line = next((line for line in found.splitlines() if line.startswith(stage.sent.transfer)), "")
    if "delivered" not in line:
        raise NotAsItShould(f"the ledger does not say that it was delivered: {found}")
    yield f"to {stage.registry.address}: {line}"
    yield "the question itself is an entry now"


def proves_it(stage: Stage) -> Iterator[str]:
    """`sealgate ledger prove`, then `verify` with nothing but the bundle and the public key."""
    stage.bundle.parent.mkdir()
    stage.office.does("ledger", "prove", stage.sent.transfer, "--out", str(stage.bundle), by=PER)
    yield f"a bundle of {stage.bundle.stat().st_size:,} bytes, carried to an auditor who has only the public key:"
    yield _verified(stage, expected=0)


def catches_a_flipped_bit(stage: Stage) -> Iterator[str]:
    """One bit of the bundle is turned; `verify` ends with 1 and says so."""
    whole = bytearray(stage.bundle.read_bytes())
    middle = len(whole) // 2
    whole[middle] ^= 1
    stage.bundle.write_bytes(whole)
    yield f"bit 0 of byte {middle:,} turned:"
    yield _verified(stage, expected=1)


def closes(stage: Stage) -> Iterator[str]:
    """SIGTERM drains and ends with 0; then the whole ledger is recomputed."""
    code = stage.office.closes()
    if code:
        raise NotAsItShould(f"serve ended with {code}")
    yield "SIGTERM: drained, ended with 0"
    yield from stage.office.does("ledger", "fsck").splitlines()[:2]


def _verified(stage: Stage, *, expected: int) -> str:
    """The verifier's first line; it runs in no office at all."""
    key = stage.office.first_day.ledger_key
    said = sealgate(["ledger", "verify", str(stage.bundle), "--key", key], expected)
    return said.decode().splitlines()[0]


def _camera(jpeg: bytes) -> str:
    found = re.search(rb"Field camera \d+", jpeg)
    return found.group().decode() if found else "camera"


SCENES: tuple[Scene, ...] = (
    Scene(title="An office is laid out", play=lays_out_an_office),
    Scene(title="Two people change a rule", play=changes_a_rule),
    Scene(title="The gateway opens its doors", play=opens_its_doors),
    Scene(title="Somebody vouches for the registry's key", play=vouches_for_a_key),
    Scene(title="One message goes to three recipients", play=sends_to_three),
    Scene(title="One is refused, and the sender is told why", play=refuses_one),
    Scene(title="One is encrypted, delivered and read", play=delivers_one),
    Scene(title="The photo forgets where it was taken", play=forgets_a_place),
    Scene(title="One is held, and says what it waits for", play=holds_one),
    Scene(title="The key comes, and the mail goes by itself", play=lets_it_go),
    Scene(title="The ledger knows who got it", play=finds_it),
    Scene(title="An auditor verifies it", play=proves_it),
    Scene(title="A flipped bit is caught", play=catches_a_flipped_bit),
    Scene(title="The gateway closes, and its ledger is whole", play=closes),
)
