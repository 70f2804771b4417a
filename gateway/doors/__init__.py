"""Where the outside touches us: a thin skin per protocol.

A door speaks its protocol, bounds and parses what comes in, and asks the engine's `Reception` everything else. It
knows no rule, no store and no key. Doors are strangers to each other.
"""

from gateway.engine.reception import Deposit, Kept, Reception, Refusal, Submission, Waiting

__all__ = ["Deposit", "Kept", "Reception", "Refusal", "Submission", "Waiting"]
