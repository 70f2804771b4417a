"""Where hostile bytes are opened: two benches of confined processes that hold no secret and no network.

- The *pool* is a few long-lived workers for our own bounded scanners and for sealing to public keys: a plain message
  costs no fork.
- The *forge* is a fresh interpreter that has imported the parsers of documents. It forks one child a document, and
  another to verify; each dies with its answer.

Both are started by the `hall`, a process of its own that holds no secret: our child, or a unit of its own user under
systemd. `confine` takes everything from a process, `probe` tries whether it is really gone, `frames` is what both
sides say, `orders` what is asked; `hall`, `pool`, `forge` and `peer` are the gateway's side, `hall_main`, `launch`,
`serving`, `worker_main` and `forge_main` the other. A process that dies, hangs or talks nonsense costs its own request
only, and is replaced.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from gateway.engine.workshop.memory import Memory
from gateway.errors import Failure
from gateway.intake.fault import Fault
from gateway.scrub.plan import Cleaned, Held, Inspection, Plan
from gateway.skeleton import Skeleton


class WorkshopFailed(Failure):
    """A confined process died, hung or talked nonsense over this content. It is never tried again at a weaker level."""

    public = "This could not be examined here, so it was not sent."


class LimitMet(WorkshopFailed):
    """The content takes more time or memory than anything honest does."""


class WorkshopAway(WorkshopFailed):
    """No process could take the content just now. It is nobody's fault but ours; later may be different."""

    public = "The gateway cannot examine content right now. Try again in a few minutes."


class CleanResult(NamedTuple):
    """A document's clean copy and what was removed; no content where it is held."""

    content: bytes
    outcome: Cleaned | Held


class Workshop(Protocol):
    """Opens hostile content. What is returned is checked for its form; it is still only what a hostile reader said.

    Any number of calls may wait at once, and any may be cancelled. `Memory` stays the caller's, and is sealed.
    """

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """What confines a document, as probed; empty where documents are not opened at all."""
        ...

    async def skeleton(self, message: bytes | Memory) -> Skeleton | Fault:
        """Where everything is in a mail. Raises `WorkshopFailed`."""
        ...

    async def encrypt(self, plain: bytes | Memory, certificate: bytes) -> bytes:
        """The armoured message only this certificate's key opens. Raises `WorkshopFailed`, `seal.pen.Unsealed`."""
        ...

    async def inspect(self, document: bytes | Memory, *, name: str, media: str) -> Inspection:
        """What stands in a document. What cannot be opened here is held."""
        ...

    async def clean(self, document: bytes | Memory, *, name: str, media: str, plan: Plan) -> CleanResult:
        """The clean copy, looked at again by a second process. What crashes, hangs or exceeds a limit is held."""
        ...

    async def close(self) -> None:
        """End every process; returns when they are gone."""
        ...
