"""The administrator's door: a socket in the office's own folder, for the verbs that act.

Who may open the socket is the file system's affair; who acts is not: every order but a question to the ledger is signed
by a person with their password, and root is nobody's second signature. One JSON object a line, both ways.
"""

from __future__ import annotations

import asyncio
import logging
import pwd
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.catalogue.texts import Texts
from gateway.doors.bringing import LARGEST, NAME, Near
from gateway.doors.orders import (
    Admit,
    Answer,
    AnyOrder,
    BreakGlass,
    Carried,
    Consult,
    Contain,
    Dispose,
    Lift,
    Look,
    Looked,
    OwnWord,
    Publish,
    Refuse,
    Release,
    Review,
    Revoke,
    Sign,
    SignedOrder,
    Snapshot,
    Withdraw,
)
from gateway.engine.containment.contained import Contained
from gateway.engine.couriers import Couriers
from gateway.engine.emergencies import Emergencies
from gateway.engine.forgetting.disposals import Disposals
from gateway.engine.glass import Broken
from gateway.engine.lawmaking.proposals import Proposal
from gateway.engine.lawmaking.rulemaking import Enacted, Rulemaking
from gateway.engine.orders import RIGHTS, Orders, Refused
from gateway.engine.response.containing import Containing
from gateway.engine.safekeeping.snapshots import Snapshots
from gateway.engine.signing_in import SignIn
from gateway.errors import Failure
from gateway.transfer import Party, TransferId

log = logging.getLogger(__name__)

PATIENCE_S = 60.0


@dataclass(slots=True, kw_only=True)
class Counter:
    """Takes orders, whoever brings them: the socket, or a command in the same process."""

    orders: Orders
    rulemaking: Rulemaking
    emergencies: Emergencies
    couriers: Couriers
    signing_in: SignIn
    containing: Containing
    snapshots: Snapshots | None = None
    """Copies the records while they are written; None where no gateway runs."""
    disposals: Disposals | None = None
    """Lets go what is due, in the process that writes; None where no gateway runs."""

    async def take(self, order: AnyOrder, *, uid: int) -> Answer:
        """Carry an order out; `uid` is whose process brought it.

        A failure of ours becomes an answer too: its `cause` is for the administrator.
        """
        try:
            if isinstance(order, Look | Snapshot | Dispose) or (isinstance(order, Consult) and not order.by):
                return await self._unsigned(order, uid)
            signer = await self._signer(order.by, order.secret_password)
            if signer is None:
                return _no(self._say("answer.who"))
            return await self._signed(order, signer)
        except Failure as why:
            return _no(why.cause)
        except Exception:  # a bug met by one order; whoever brought it hears that it is ours
            log.exception("order failed")
            return _no(self._say("answer.failed"))

    async def _unsigned(self, order: Consult | Look | Snapshot | Dispose, uid: int) -> Answer:
        if isinstance(order, Snapshot):
            return await self._snapshot(order)
        if isinstance(order, Dispose):
            return await self._dispose(order)
        if isinstance(order, Look):
            self.orders.look()
            return Answer(is_done=True, sentence=self._say("answer.looking"))
        fact = await self.orders.consult(f"operator:{_user(uid)}", order.question, order.why)
        return Answer(is_done=True, sentence=self._say("answer.written"), subjects=(str(fact.size),))

    async def _snapshot(self, order: Snapshot) -> Answer:
        if self.snapshots is None:
            return _no(self._say("answer.no-gateway.copy"))
        if order.manifest:
            note = await self.snapshots.sign(order.manifest)
            return Answer(is_done=True, sentence=self._say("answer.signed"), subjects=(note,))
        told = await self.snapshots.turn(goes_on=order.goes_on)
        sentence = self._say("answer.copied") if told.is_whole else self._say("answer.copying")
        return Answer(is_done=told.is_whole, sentence=sentence, subjects=(str(told.done), str(told.of)))

    async def _dispose(self, order: Dispose) -> Answer:
        if self.disposals is None:
            return _no(self._say("answer.no-gateway.dispose"))
        cleared = await self.disposals.dispose(order.streams)
        counts = tuple(map(str, (cleared.papers, cleared.values, cleared.looked_at)))
        return Answer(is_done=True, sentence=self._say("answer.let-go"), subjects=(*counts, *cleared.erasures))

    async def _signed(self, order: SignedOrder, signer: Party) -> Answer:
        match order:
            case Consult(question=question, why=why):
                fact = await self.orders.consult(signer.person, question, why)
                return _done(self._say("answer.written"), str(fact.size), signer.person)
            case Release(transfer=transfer, leg=leg, why=why):
                done = await self.orders.release(TransferId(transfer), leg, signer, why)
                return _of_legs(done, self._say("answer.released", name=signer.name))
            case Refuse(transfer=transfer, leg=leg, why=why):
                done = await self.orders.refuse(TransferId(transfer), leg, signer, why)
                return _of_legs(done, self._say("answer.refused", name=signer.name))
            case OwnWord() | BreakGlass() | Review():
                return await self._of_one(order, signer)
            case Contain() | Lift() | Looked():
                return await self._of_incident(order, signer)
            case Admit(certificate=certificate, how=how):
                admitted = await self.orders.admit(certificate, signer, how)
                if isinstance(admitted, Refused):
                    return _no(admitted.sentence)
                first = admitted[0]
                sentence = self._say("answer.admitted", fingerprint=first.fingerprint, standing=first.standing)
                return _done(sentence, *(fact.address for fact in admitted))
            case Revoke(fingerprint=fingerprint, why=why):
                revoked = await self.orders.revoke(fingerprint, signer, why)
                if isinstance(revoked, Refused):
                    return _no(revoked.sentence)
                sentence = self._say("answer.revoked", fingerprint=fingerprint)
                return _done(sentence, *(fact.address for fact in revoked))
            case Publish():
                return await self._publish(order, signer)
            case Carried(told=told, why=why):
                second = await self._signer(order.second, order.secret_second_password)
                carried = await self.couriers.take(told, signer, second, why)
                if isinstance(carried, Refused):
                    return _no(carried.sentence)
                return _done(self._say("answer.written"), carried)
            case Sign(proposal=proposal, why=why):
                return _of_rules(await self.rulemaking.sign(proposal, signer, why), self.texts)
            case Withdraw(proposal=proposal):
                dropped = await self.rulemaking.withdraw(proposal, signer)
                if isinstance(dropped, Refused):
                    return _no(dropped.sentence)
                return _done(self._say("answer.withdrawn", proposal=dropped.id), dropped.digest)

    async def _of_one(self, order: OwnWord | BreakGlass | Review, signer: Party) -> Answer:
        """About one transfer: the sender's own answer, and emergencies."""
        match order:
            case OwnWord(transfer=transfer, leg=leg, is_yes=is_yes):
                answer = self.orders.confirm if is_yes else self.orders.withdraw
                said = self._say("answer.confirmed") if is_yes else self._say("answer.taken-back")
                return _of_legs(await answer(TransferId(transfer), leg, signer), said)
            case BreakGlass(transfer=transfer, leg=leg, label=label, why=why):
                second = await self._signer(order.second, order.secret_second_password)
                if second is None:
                    return _no(self._say("answer.glass.second"))
                broken = await self.emergencies.break_glass(TransferId(transfer), leg, (signer, second), why, label)
                return _of_glass(broken, self.texts, signed=True)
            case Review(of=of, why=why) if of.startswith(RIGHTS):
                signed_off = await self.orders.sign_off(signer, of, why)
                if isinstance(signed_off, Refused):
                    return _no(signed_off.sentence)
                return Answer(
                    is_done=True, sentence=self._say("answer.signed-off", name=signer.name, of=of), subjects=(of,)
                )
            case Review(of=of, why=why):
                return _of_glass(await self.emergencies.review(of, signer, why), self.texts, signed=False)

    async def _of_incident(self, order: Contain | Lift | Looked, signer: Party) -> Answer:
        match order:
            case Contain(what=what, who=who, why=why):
                stopped = await self.containing.contain(what, who, signer, why)
                return _of_containment(stopped, self._say("answer.contained"))
            case Lift(containment=containment, why=why):
                lifted = await self.containing.lift(containment, signer, why)
                return _of_containment(lifted, self._say("answer.lifted"))
            case Looked(alarm=alarm, why=why):
                seen = await self.containing.looked(alarm, signer, why)
                if isinstance(seen, Refused):
                    return _no(seen.sentence)
                return Answer(
                    is_done=True, sentence=self._say("answer.looked", name=signer.name), subjects=(seen.alarm.id,)
                )

    async def _publish(self, order: Publish, signer: Party) -> Answer:
        """What may come into force, and whose word it needs, is `engine.lawmaking.rulemaking`'s to say."""
        signers = [signer]
        if order.second:
            second = await self._signer(order.second, order.secret_second_password)
            if second is None or second.person == signer.person:
                return _no(self._say("answer.rules.second"))
            signers.append(second)
        return _of_rules(await self.rulemaking.publish(order.files, signers, order.why), self.texts)

    @property
    def texts(self) -> Texts:
        """What is answered with: the office's language."""
        return self.orders.rules.texts

    def _say(self, code: str, **given: str) -> str:
        return self.texts.say(code, **given)

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
        with Near(self._folder) as path:
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
            return _no(self._counter.texts.say("answer.no-order"))
        return await self._counter.take(order, uid=uid)


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


def _of_rules(done: Enacted | Proposal | Refused, texts: Texts) -> Answer:
    match done:
        case Refused(sentence=sentence):
            return _no(sentence)
        case Enacted(published=published):
            sentence = texts.say("answer.rules.in-force", digest=published.digest)
            return Answer(is_done=True, sentence=sentence, subjects=(published.digest,))
        case Proposal(id=proposal_id):
            sentence = texts.say("answer.rules.waits", proposal=proposal_id)
            return Answer(is_done=False, sentence=sentence, subjects=(done.digest,), proposal=proposal_id)


def _of_containment(done: Contained | Refused, said: str) -> Answer:
    if isinstance(done, Refused):
        return _no(done.sentence)
    return Answer(is_done=True, sentence=said, subjects=(done.order.id,))


def _of_glass(done: Broken | Refused, texts: Texts, *, signed: bool) -> Answer:
    if isinstance(done, Refused):
        return _no(done.sentence)
    allow = done.allow
    if not signed:
        said = texts.say("answer.glass.reviewed", by=done.reviewed_by)
        return Answer(is_done=True, sentence=said, subjects=(allow.id,))
    code = "answer.glass.broken.next" if allow.is_for_next else "answer.glass.broken"
    return Answer(is_done=True, sentence=texts.say(code), subjects=(allow.id,))


def _done(sentence: str, *subjects: str) -> Answer:
    return Answer(is_done=True, sentence=sentence, subjects=subjects)


def _no(sentence: str) -> Answer:
    return Answer(is_done=False, sentence=sentence)
