"""What is asked of confined processes and what they answer: msgpack, each shape closed.

Content that is small stands inside an order; larger content comes beside it as a descriptor. An answer that holds both
a value and its opposite, or neither, is nonsense and is treated like a crash.
"""

from __future__ import annotations

import msgspec

from gateway.intake.fault import Fault
from gateway.scrub.plan import Cleaned, Held, Plan
from gateway.skeleton import Limits, Skeleton


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every order has: content that is small; larger content comes beside it as a descriptor."""

    content: bytes = b""


class SkeletonOrder(Order, frozen=True, kw_only=True):
    """Find the parts of a mail."""

    limits: Limits


class EncryptOrder(Order, frozen=True, kw_only=True):
    """Seal to one certificate."""

    certificate: bytes


class DocumentOrder(Order, frozen=True, kw_only=True):
    """Look into a document, or clean it."""

    name: str
    media: str
    plan: Plan


class DrillOrder(Order, frozen=True, kw_only=True):
    """Misbehave on purpose."""

    name: str


class LaunchOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of the hall: start a process of this module on the socket that comes beside."""

    module: str
    arguments: tuple[str, ...] = ()


class SkeletonAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of the two."""

    skeleton: Skeleton | None = None
    fault: Fault | None = None


class DocumentAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of the two; the clean copy comes beside it as a descriptor."""

    cleaned: Cleaned | None = None
    held: Held | None = None


class VerifyAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is wrong with a clean copy; nothing if it may leave."""

    problems: tuple[str, ...]


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first words of a process: what confines it, and what it tried and could not do."""

    mechanisms: tuple[str, ...]
    denied: tuple[str, ...]


encode = msgspec.msgpack.Encoder().encode
