"""`Benches`: the workshop, put together from its pool and its forge. Satisfies `gateway.engine.workshop.Workshop`."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

from gateway.engine.workshop import CleanResult, LimitMet, WorkshopAway, WorkshopFailed, probe, reading
from gateway.engine.workshop.forge import Forge
from gateway.engine.workshop.frames import BODY_BYTES, Task
from gateway.engine.workshop.hall import Hall, Reach, our_child
from gateway.engine.workshop.memory import Memory
from gateway.engine.workshop.orders import DocumentOrder, EncryptOrder, SkeletonOrder, encode
from gateway.engine.workshop.pool import Pool
from gateway.errors import Unreadable
from gateway.intake.fault import Fault
from gateway.scrub.plan import Code, Held, Inspection, Plan
from gateway.seal.pen import Unsealed
from gateway.skeleton import Limits, Skeleton

T = TypeVar("T")

WORKERS = 2
REQUEST_SECONDS = 20.0
_INLINE_BYTES = BODY_BYTES - 1024
"""What fits into a frame beside everything else in an order."""


class Benches:
    """Must be started before use. `limits` are what the scanner of mail enforces; `reach` finds the hall."""

    def __init__(self, *, limits: Limits, workers: int = WORKERS, reach: Reach = our_child) -> None:
        self._limits = limits
        self._hall = Hall(reach)
        self._pool = Pool(self._hall, "gateway.engine.workshop.worker_main", size=workers, seconds=REQUEST_SECONDS)
        self._forge = Forge(self._hall)

    async def start(self) -> None:
        """Returns when both benches stand and have tried their walls. Raises `WorkshopFailed`."""
        await self._pool.start()
        await self._forge.start()

    async def close(self) -> None:
        """See `Workshop.close`."""
        await self._pool.close()
        await self._forge.close()
        await self._hall.close()

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """See `Workshop.mechanisms`."""
        return () if self.breaches else self._forge.probed.mechanisms

    @property
    def breaches(self) -> tuple[str, ...]:
        """What a confined process tried and could do. Unless there is none, documents are held; `doctor` says why."""
        pool = self._pool.ready.denied if self._pool.ready else ()
        denied = set(pool).intersection(self._forge.probed.denied)
        return tuple(name for name in probe.EVERYTHING if name not in denied)

    @property
    def is_standing(self) -> bool:
        """Whether both benches have somebody at them; they come and go with their hall."""
        return self._pool.is_standing and self._forge.is_standing

    # ── the pool ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def skeleton(self, message: bytes | Memory) -> Skeleton | Fault:
        """See `Workshop.skeleton`."""
        size = len(message)
        with _handed(message, _INLINE_BYTES) as (content, descriptors):
            order = encode(SkeletonOrder(content=content, limits=self._limits))
            return await self._pool.ask(
                Task.SKELETON, order, descriptors, read=lambda frame: reading.skeleton(frame, size)
            )

    async def encrypt(self, plain: bytes | Memory, certificate: bytes) -> bytes:
        """See `Workshop.encrypt`."""
        if len(certificate) > _INLINE_BYTES:
            raise Unsealed("the certificate is too large for the pen")
        with _handed(plain, _INLINE_BYTES - len(certificate)) as (content, descriptors):
            order = encode(EncryptOrder(content=content, certificate=certificate))
            try:
                return await self._pool.ask(
                    Task.ENCRYPT, order, descriptors, read=lambda frame: reading.whole(frame)[:]
                )
            except Unreadable as why:  # the pen refused
                raise Unsealed(why.cause) from None

    # ── the forge ────────────────────────────────────────────────────────────────────────────────────────────────

    async def inspect(self, document: bytes | Memory, *, name: str, media: str) -> Inspection:
        """See `Workshop.inspect`."""
        order = encode(DocumentOrder(name=name, media=media, plan=Plan()))
        with _lent(document) as memory:
            found = await self._or_held(self._forge.work(Task.INSPECT, order, (memory,), read=reading.inspection))
        return Inspection(held=found) if isinstance(found, Held) else found

    async def clean(self, document: bytes | Memory, *, name: str, media: str, plan: Plan) -> CleanResult:
        """See `Workshop.clean`."""
        order = encode(DocumentOrder(name=name, media=media, plan=plan))
        with _lent(document) as memory:
            result = await self._or_held(self._clean(order, memory))
        return CleanResult(b"", result) if isinstance(result, Held) else result

    async def _clean(self, order: bytes, original: Memory) -> CleanResult:
        copy, outcome = await self._forge.work(Task.CLEAN, order, (original,), read=reading.document)
        if copy is None:
            return CleanResult(b"", outcome if isinstance(outcome, Held) else Held(code=Code.DAMAGED))
        with copy:
            if await self._forge.work(Task.VERIFY, order, (original, copy), read=reading.problems):
                return CleanResult(b"", Held(code=Code.UNSUPPORTED))
            return CleanResult(copy.view()[:], outcome)

    async def _or_held(self, work: Coroutine[object, object, T]) -> T | Held:
        """A document that crashes, hangs or exceeds a limit waits, as does every one where the walls do not hold."""
        if self.breaches:
            work.close()
            return Held(code=Code.UNSUPPORTED)
        try:
            return await work
        except WorkshopAway:  # no document's fault
            raise
        except LimitMet:
            return Held(code=Code.LIMIT)
        except (WorkshopFailed, Unreadable):
            return Held(code=Code.DAMAGED)


@contextmanager
def _handed(content: bytes | Memory, inline_bytes: int) -> Iterator[tuple[bytes, tuple[int, ...]]]:
    """The content for an order: inside it while small, else as a descriptor beside it."""
    if isinstance(content, bytes) and len(content) <= inline_bytes:
        yield content, ()
    else:
        with _lent(content) as memory:
            memory.seal()
            yield b"", (memory.descriptor,)


@contextmanager
def _lent(content: bytes | Memory) -> Iterator[Memory]:
    """The content as an anonymous file; ours is closed afterwards, the caller's is not."""
    if isinstance(content, Memory):
        yield content
        return
    with Memory(content) as memory:
        yield memory
