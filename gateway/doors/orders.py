"""What is brought to the administrator's door, and what is answered: an order a shape, one JSON object a line.

Every order but a question to the ledger carries who signs it and their password; what it comes to is the engine's.
"""

from __future__ import annotations

import msgspec

from gateway.engine.containment.contained import What
from gateway.engine.couriers import Arrival, Slip


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="verb"):
    """What every order carries: who signs it, with what, and why."""

    by: str = ""
    secret_password: str = ""
    why: str = ""


class Release(Order, frozen=True, kw_only=True, tag="release"):
    """Let a leg that waits be judged again; without `leg`, all of them."""

    transfer: str
    leg: int | None = None


class Refuse(Order, frozen=True, kw_only=True, tag="refuse"):
    """End a leg that waits, and tell its sender."""

    transfer: str
    leg: int | None = None


class OwnWord(Order, frozen=True, kw_only=True, tag="own-word"):
    """Answer what the gateway asked the sender; `is_yes` false takes it back."""

    transfer: str
    leg: int | None = None
    is_yes: bool = True


class BreakGlass(Order, frozen=True, kw_only=True, tag="break-glass"):
    """Let one transfer go in spite of a `forbid` or a missing `allow`; `second` and their password sign too."""

    transfer: str
    leg: int | None = None
    label: str = ""
    second: str = ""
    secret_second_password: str = ""


class Review(Order, frozen=True, kw_only=True, tag="review"):
    """Say what was found when the glass had been broken, or about everybody's rights."""

    of: str = ""


class Admit(Order, frozen=True, kw_only=True, tag="admit"):
    """Take a recipient's certificate in; `how` says how it was verified."""

    certificate: bytes
    how: str = ""


class Revoke(Order, frozen=True, kw_only=True, tag="revoke"):
    """Never use a key again."""

    fingerprint: str


class Publish(Order, frozen=True, kw_only=True, tag="publish"):
    """Bring rule files into force; `second` and their password sign too. If two must and one did, they wait."""

    files: dict[str, str]
    second: str = ""
    secret_second_password: str = ""


class Sign(Order, frozen=True, kw_only=True, tag="sign"):
    """Be the second to sign rules that wait."""

    proposal: str


class Withdraw(Order, frozen=True, kw_only=True, tag="withdraw"):
    """Drop rules that wait for a second signature."""

    proposal: str


class Consult(Order, frozen=True, kw_only=True, tag="consult"):
    """Write down a question to the ledger before it is answered; unsigned, it is the machine's user who asks."""

    question: str


class Carried(Order, frozen=True, kw_only=True, tag="carried"):
    """What a courier carries: handed over, authorised by `second` where the rules make it wait; or arrived."""

    told: Slip | Arrival
    second: str = ""
    secret_second_password: str = ""


class Contain(Order, frozen=True, kw_only=True, tag="contain"):
    """Stop everything from and to somebody, or keep a key from being used, at once."""

    what: What
    who: str


class Lift(Order, frozen=True, kw_only=True, tag="lift"):
    """End a containment: what waited for it is judged again."""

    containment: str


class Looked(Order, frozen=True, kw_only=True, tag="looked"):
    """Say what was found when the watch had sounded an alarm; what it paused goes on."""

    alarm: str


class Dispose(Order, frozen=True, kw_only=True, tag="dispose"):
    """Let go what the retention rules in force let go of these streams; nobody signs, for the rules are signed."""

    streams: tuple[str, ...]


class Look(Order, frozen=True, kw_only=True, tag="look"):
    """Look at everything that waits, now."""


class Snapshot(Order, frozen=True, kw_only=True, tag="snapshot"):
    """Copy the records for a backup, for one turn; nobody signs it, for what it makes stays where it is."""

    goes_on: bool = False
    """Go on with the copy that was begun."""
    manifest: str = ""
    """Nothing of that, but have the ledger's own key sign what the backup holds."""


SignedOrder = (
    Release | Refuse | OwnWord | BreakGlass | Review | Admit | Revoke | Publish | Sign | Withdraw | Consult | Carried
    | Contain | Lift | Looked
)  # fmt: skip
AnyOrder = SignedOrder | Dispose | Look | Snapshot


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What became of an order."""

    is_done: bool
    sentence: str
    subjects: tuple[str, ...] = ()
    """What it was done to: legs, addresses."""
    proposal: str = ""
    """What waits for a second signature now."""
