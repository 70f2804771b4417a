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

from gateway.engine.orders import Orders, Refused
from gateway.engine.signing_in import SignIn
from gateway.errors import Failure
from gateway.judge.expect import run
from gateway.judge.rulebook import Rulebook, read
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


class Admit(Order, frozen=True, kw_only=True, tag="admit"):
    """Take a recipient's certificate in; `how` says how it was verified."""

    certificate: bytes
    how: str = ""


class Revoke(Order, frozen=True, kw_only=True, tag="revoke"):
    """Never use a key again."""

    fingerprint: str


class Publish(Order, frozen=True, kw_only=True, tag="publish"):
    """Bring rule files into force; `second` and their password sign too."""

    files: dict[str, str]
    second: str = ""
    secret_second_password: str = ""


class Consult(Order, frozen=True, kw_only=True, tag="consult"):
    """Write down a question to the ledger before it is answered."""

    question: str


class Look(Order, frozen=True, kw_only=True, tag="look"):
    """Look at everything that waits, now."""


AnyOrder = Release | Refuse | Admit | Revoke | Publish | Consult | Look


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What became of an order."""

    is_done: bool
    sentence: str
    subjects: tuple[str, ...] = ()
    """What it was done to: legs, addresses."""


@dataclass(slots=True, kw_only=True)
class Counter:
    """Takes orders, whoever brings them: the socket, or a command in the same process."""

    orders: Orders
    signing_in: SignIn

    async def take(self, order: AnyOrder, *, uid: int) -> Answer:
        """Carry an order out; `uid` is whose process brought it.

        A failure of ours becomes an answer too: its `cause` is for the administrator.
        """
        try:
            if isinstance(order, Consult | Look):
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

    async def _signed(self, order: Release | Refuse | Admit | Revoke | Publish, signer: Party) -> Answer:
        match order:
            case Release(transfer=transfer, leg=leg, why=why):
                done = await self.orders.release(TransferId(transfer), leg, signer, why)
                return _of_legs(done, f"Released by {signer.name}; it is judged again now.")
            case Refuse(transfer=transfer, leg=leg, why=why):
                done = await self.orders.refuse(TransferId(transfer), leg, signer, why)
                return _of_legs(done, f"Refused by {signer.name}; the sender is told.")
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

    async def _publish(self, order: Publish, signer: Party) -> Answer:
        """Two people who may publish, and a folder without a problem.

        GAP: which changes need only one signature is `rules diff`'s to say; until then every change needs two.
        """
        rulebook = read(order.files)
        if not isinstance(rulebook, Rulebook):
            return _no("\n".join(str(problem) for problem in rulebook))
        missed = run(rulebook)
        if missed:
            return _no("The rules miss their own expectations:\n" + "\n".join(str(miss) for miss in missed))
        second = await self._signer(order.second, order.secret_second_password)
        people = self.orders.rules.rulebook.people.by_address
        if second is None or second.person == signer.person:
            return _no("A change of rules needs a second person who may publish (--second ADDRESS).")
        for one in (signer, second):
            if "publish" not in people[one.person].powers:
                return _no(f"{one.name} may not publish rules.")
        await self.orders.publish(rulebook, (signer.person, second.person), order.why)
        return Answer(is_done=True, sentence=f"In force: {rulebook.digest}", subjects=(rulebook.digest,))

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


def _no(sentence: str) -> Answer:
    return Answer(is_done=False, sentence=sentence)
