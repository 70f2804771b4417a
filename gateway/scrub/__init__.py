"""What must not leave with the document: one scrubber per family, all of one shape.

`document` sniffs what a file really is and hands it to the scrubber of its family; `families` is the one ordered tuple
of them. A scrubber looks (`inspect`) and makes a clean copy (`clean`); neither reads a clock, draws a random number or
opens a file, and cleaning twice changes nothing. What is not on an allow-list is dropped where it is a leaf and holds
the document where it is a container. What no scrubber knows waits for a person: it never passes.

To add a family: a type in `sniff`, a module with the two verbs, a row in `families`, a dirty file in `tests/corpus`.
"""

from __future__ import annotations

from typing import Protocol

from gateway.scrub.plan import Cleaned, Held, Inspection, Plan, Sink, Window


class Child(Protocol):
    """What a scrubber may ask of its surroundings. A nested document goes through the whole tuple again, on the same
    budget; so scrubbers stay strangers."""

    @property
    def charset(self) -> str:
        """What the document's declared type says of its characters; empty if nothing."""
        ...

    @property
    def plan(self) -> Plan:
        """The plan of the whole; where one only looks, a plan that strips everything but what a leg's keeps."""
        ...

    def clean(self, content: bytes) -> tuple[bytes, Cleaned] | Held:
        """The nested document's clean copy under the plan of the whole."""
        ...

    def spend(self, inflated_bytes: int) -> None:
        """Count bytes that really were inflated; raises `Stuck` at the limit."""
        ...

    def remember(self, value: str, *, is_kept: bool) -> None:
        """Note a value that was removed, or that the plan keeps, for the verifier. It goes nowhere else."""
        ...


class Scrubber(Protocol):
    """One family's two verbs. Both may raise `gateway.scrub.plan.Stuck`, which `document` turns into `Held`."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """What stands in `src`, without changing it."""
        ...

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """Append the clean copy of `src` to `out`; on `Held` whatever was appended is void."""
        ...
