"""Who may be here without having said who they are, and which sources must wait.

Promises: there are never more than `full` strangers; beyond `start` room is made with a rising chance by showing out
somebody from the source that has most, not by turning away who comes: whoever has waited longest, but of those who
have only just come whoever has got least far. So neither idle strangers nor a stream of new ones keep people out. A
source that owes enough is turned away; every table is bounded. Time and chance are arguments.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable

from gateway.doors.guard import network_of
from gateway.doors.sftp.settings import Penalties, Startups

FRESH_S = 2.0
"""Signing in takes less; who is here for less has a claim to finish."""


class Stranger:
    """One connection that has not signed in."""

    def __init__(self, source: str, leave: Callable[[], None], progress: Callable[[], int], since: float) -> None:
        self.source = source
        self.since = since
        self.leave = leave
        self.progress = progress


class Strangers:
    """All of them. `now` goes forward, in seconds; `chance` is even in [0, 1)."""

    def __init__(
        self, startups: Startups, penalties: Penalties, *, now: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._startups = startups
        self._penalties = penalties
        self._now = now
        self._chance = chance
        self._here: dict[Stranger, None] = {}
        self._owing: OrderedDict[str, float] = OrderedDict()

    def arrive(self, address: str, leave: Callable[[], None], progress: Callable[[], int]) -> Stranger | None:
        """Somebody is here; None if the source has to wait. `leave` shows out, and must end in `gone`.

        `progress` tells how far they have got: what costs them work counts for them.
        """
        source = network_of(address)
        if self.owes(source) > self._penalties.enforced_from_seconds:
            return None
        if self._is_crowded():
            self._show_out()
        stranger = Stranger(source, leave, progress, self._now())
        self._here[stranger] = None
        return stranger

    def gone(self, stranger: Stranger) -> None:
        """Signed in, or left."""
        self._here.pop(stranger, None)

    def punish(self, address: str, seconds: float) -> None:
        """The source owes so much more."""
        source, now = network_of(address), self._now()
        until = max(self._owing.pop(source, now), now) + seconds
        self._owing[source] = min(until, now + self._penalties.longest_seconds)
        if len(self._owing) > self._penalties.sources:
            self._owing.popitem(last=False)

    def owes(self, address: str) -> float:
        """Seconds."""
        return max(0.0, self._owing.get(network_of(address), 0.0) - self._now())

    def __len__(self) -> int:
        return len(self._here)

    def _is_crowded(self) -> bool:
        count, rule = len(self._here), self._startups
        if count < rule.start:
            return False
        if count >= rule.full:
            return True
        percent = rule.rate_percent + (100 - rule.rate_percent) * (count - rule.start) / (rule.full - rule.start)
        return self._chance() * 100 < percent

    def _show_out(self) -> None:
        count, now = Counter(stranger.source for stranger in self._here), self._now()

        def claim(stranger: Stranger) -> tuple[int, bool, int]:
            is_fresh = now - stranger.since < FRESH_S
            return -count[stranger.source], is_fresh, stranger.progress() if is_fresh else 0

        least = min(self._here, key=claim)  # of equals the first, and whoever came first stands first
        del self._here[least]
        least.leave()
