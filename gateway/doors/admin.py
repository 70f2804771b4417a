"""The administrator's door: a socket in the office's own folder, for the verbs that act.

Who may open the socket is the file system's affair; who acts is not: every order but a question to the ledger is signed
by a person with their password, and root is nobody's second signature. One JSON object a line, both ways.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.engine.couriers import Arrival, Couriers, Slip
from gateway.engine.emergencies import Emergencies
from gateway.engine.glass import Broken
from gateway.engine.lawmaking.proposals import Proposal
from gateway.engine.lawmaking.rulemaking import Enacted, Rulemaking
from gateway.engine.orders import RIGHTS, Orders, Refused
from gateway.engine.signing_in import SignIn
from gateway.errors import Failure
from gateway.transfer import Party, TransferId

log = logging.getLogger(__name__)

LARGEST = 4 * 1024 * 1024
PATIENCE_S = 60.0
NAME = "admin.sock"


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


class Look(Order, frozen=True, kw_only=True, tag="look"):
    """Look at everything that waits, now."""


SignedOrder = (
    Release | Refuse | OwnWord | BreakGlass | Review | Admit | Revoke | Publish | Sign | Withdraw | Consult | Carried
)
AnyOrder = SignedOrder | Look


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What became of an order."""

    is_done: bool
    sentence: str
    subjects: tuple[str, ...] = ()
    """What it was done to: legs, addresses."""
    proposal: str = ""
    """What waits for a second signature now."""


@dataclass(slots=True, kw_only=True)
class Counter:
    """Takes orders, whoever brings them: the socket, or a command in the same process."""

    orders: Orders
    rulemaking: Rulemaking
    emergencies: Emergencies
    couriers: Couriers
    signing_in: SignIn

    async def take(self, order: AnyOrder, *, uid: int) -> Answer:
        """Carry an order out; `uid` is whose process brought it.

        A failure of ours becomes an answer too: its `cause` is for the administrator.
        """
        try:
            if isinstance(order, Look) or (isinstance(order, Consult) and not order.by):
                return await self._unsigned(order, uid)
            signer = await self._signer(order.by, order.secret_password)
            if signer is None:
                return _no("Name and password do not fit anybody who may sign orders (--as ADDRESS).")
            return await self._signed(order, signer)
        except Failure as why:
            return _no(why.cause)
        except Exception:  # a bug met by one order; whoever brought it hears that it is ours
            log.exception("order failed")
            return _no("Something went wrong here; the gateway's log says what.")

    async def _unsigned(self, order: Consult | Look, uid: int) -> Answer:
        if isinstance(order, Look):
            self.orders.look()
            return Answer(is_done=True, sentence="Looking.")
        fact = await self.orders.consult(f"operator:{_user(uid)}", order.question, order.why)
        return Answer(is_done=True, sentence="Written down.", subjects=(str(fact.size),))

    async def _signed(self, order: SignedOrder, signer: Party) -> Answer:
        match order:
            case Consult(question=question, why=why):
                fact = await self.orders.consult(signer.person, question, why)
                return Answer(is_done=True, sentence="Written down.", subjects=(str(fact.size), signer.person))
            case Release(transfer=transfer, leg=leg, why=why):
                done = await self.orders.release(TransferId(transfer), leg, signer, why)
                return _of_legs(done, f"Released by {signer.name}; it is judged again now.")
            case Refuse(transfer=transfer, leg=leg, why=why):
                done = await self.orders.refuse(TransferId(transfer), leg, signer, why)
                return _of_legs(done, f"Refused by {signer.name}; the sender is told.")
            case OwnWord() | BreakGlass() | Review():
                return await self._of_one(order, signer)
            case Admit(certificate=certificate, how=how):
                admitted = await self.orders.admit(certificate, signer, how)
                if isinstance(admitted, Refused):
                    return _no(admitted.sentence)
                sentence = f"{admitted[0].fingerprint} is now {admitted[0].standing}."
                return Answer(is_done=True, sentence=sentence, subjects=tuple(fact.address for fact in admitted))
            case Revoke(fingerprint=fingerprint, why=why):
                revoked = await self.orders.revoke(fingerprint, signer, why)
                if isinstance(revoked, Refused):
                    return _no(revoked.sentence)
                sentence = f"{fingerprint} will not be used again."
                return Answer(is_done=True, sentence=sentence, subjects=tuple(fact.address for fact in revoked))
            case Publish():
                return await self._publish(order, signer)
            case Carried(told=told, why=why):
                second = await self._signer(order.second, order.secret_second_password)
                carried = await self.couriers.take(told, signer, second, why)
                if isinstance(carried, Refused):
                    return _no(carried.sentence)
                return Answer(is_done=True, sentence="Written down.", subjects=(carried,))
            case Sign(proposal=proposal, why=why):
                return _of_rules(await self.rulemaking.sign(proposal, signer, why))
            case Withdraw(proposal=proposal):
                dropped = await self.rulemaking.withdraw(proposal, signer)
                if isinstance(dropped, Refused):
                    return _no(dropped.sentence)
                return Answer(is_done=True, sentence=f"Withdrawn: {dropped.id}", subjects=(dropped.digest,))

    async def _of_one(self, order: OwnWord | BreakGlass | Review, signer: Party) -> Answer:
        """About one transfer: the sender's own answer, and emergencies."""
        match order:
            case OwnWord(transfer=transfer, leg=leg, is_yes=is_yes):
                answer = self.orders.confirm if is_yes else self.orders.withdraw
                said = "Confirmed; it is judged again now." if is_yes else "Taken back; it goes nowhere."
                return _of_legs(await answer(TransferId(transfer), leg, signer), said)
            case BreakGlass(transfer=transfer, leg=leg, label=label, why=why):
                second = await self._signer(order.second, order.secret_second_password)
                if second is None:
                    return _no("Breaking the glass needs a second person who may (--second ADDRESS).")
                broken = await self.emergencies.break_glass(TransferId(transfer), leg, (signer, second), why, label)
                return _of_glass(broken, signed=True)
            case Review(of=of, why=why) if of.startswith(RIGHTS):
                signed_off = await self.orders.sign_off(signer, of, why)
                if isinstance(signed_off, Refused):
                    return _no(signed_off.sentence)
                return Answer(is_done=True, sentence=f"Signed off by {signer.name}: {of}.", subjects=(of,))
            case Review(of=of, why=why):
                return _of_glass(await self.emergencies.review(of, signer, why), signed=False)

    async def _publish(self, order: Publish, signer: Party) -> Answer:
        """What may come into force, and whose word it needs, is `engine.lawmaking.rulemaking`'s to say."""
        signers = [signer]
        if order.second:
            second = await self._signer(order.second, order.secret_second_password)
            if second is None or second.person == signer.person:
                return _no("The second signature is nobody's who may sign, or your own (--second ADDRESS).")
            signers.append(second)
        return _of_rules(await self.rulemaking.publish(order.files, signers, order.why))

    async def _signer(self, address: str, secret_password: str) -> Party | None:
        return await self.signing_in.with_password(address, secret_password, "admin") if address else None


class AdminDoor:
    """The socket."""

    def __init__(self, counter: Counter, folder: Path) -> None:
        self._counter = counter
        self._folder = folder
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Take orders from now on."""
        with _near(self._folder) as path:
            path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, path, limit=LARGEST)
            path.chmod(0o600)

    async def close(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()
            (self._folder / NAME).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                untrusted = await reader.readline()
                answer = await self._answer(untrusted, _uid(writer.get_extra_info("socket")))
                writer.write(msgspec.json.encode(answer) + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # it left, dawdled or spoke without end: nothing was ordered, or what was is in the ledger
        finally:
            writer.close()

    async def _answer(self, untrusted: bytes, uid: int) -> Answer:
        try:
            order = msgspec.json.decode(untrusted, type=AnyOrder)
        except msgspec.DecodeError:
            return _no("This is not an order; are both sealgates of the same version?")
        return await self._counter.take(order, uid=uid)


async def bring(order: AnyOrder, folder: Path) -> Answer:
    """Bring an order to the gateway that runs on this folder. Raises `OSError` if none does."""
    with _near(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path, limit=LARGEST)
    try:
        writer.write(msgspec.json.encode(order) + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise ConnectionResetError("the gateway ended before it answered")
        return msgspec.json.decode(line, type=Answer)
    finally:
        writer.close()


class _near:
    """The socket's path in a form short enough for the system's 108 bytes, whatever the folder's."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self) -> Path:
        return Path(f"/proc/self/fd/{self._descriptor}") / NAME

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _uid(peer: socket.socket) -> int:
    """The user of the process at the other end, as the kernel knows it."""
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _of_legs(done: tuple[object, ...] | Refused, sentence: str) -> Answer:
    if isinstance(done, Refused):
        return _no(done.sentence)
    return Answer(is_done=True, sentence=sentence, subjects=tuple(str(getattr(fact, "leg", "")) for fact in done))


def _of_rules(done: Enacted | Proposal | Refused) -> Answer:
    match done:
        case Refused(sentence=sentence):
            return _no(sentence)
        case Enacted(published=published):
            return Answer(is_done=True, sentence=f"In force: {published.digest}", subjects=(published.digest,))
        case Proposal(id=proposal_id):
            sentence = (
                "It widens what may be done, so it waits until a second person who may publish signs: "
                f"sealgate rules sign {proposal_id} --as ADDRESS"
            )
            return Answer(is_done=False, sentence=sentence, subjects=(done.digest,), proposal=proposal_id)


def _of_glass(done: Broken | Refused, *, signed: bool) -> Answer:
    if isinstance(done, Refused):
        return _no(done.sentence)
    allow = done.allow
    if not signed:
        return Answer(is_done=True, sentence=f"Reviewed by {done.reviewed_by}.", subjects=(allow.id,))
    how = "it may be sent again, once, within a day" if allow.is_for_next else "it is judged again now"
    return Answer(is_done=True, sentence=f"The glass is broken: {how}.", subjects=(allow.id,))


def _no(sentence: str) -> Answer:
    return Answer(is_done=False, sentence=sentence)
