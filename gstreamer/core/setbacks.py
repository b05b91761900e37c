"""Subscriptions that failed, and when, or after what change, each may be made again.

Rule: what rests on a grant that has ended is off until that grant is given anew, and what Twitch refuses for good
until the streamer's grant changes or a day has passed; everything else is tried again after a wait that grows.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from gstreamer.core.backoff import Retries
from gstreamer.core.statuses import Policy, policy_of
from gstreamer.core.subscriptions import Wanted, needs_grant

PERMANENT_S = 86_400.0
RETRY_BASE_S, RETRY_CAP_S = 2.0, 300.0


class Setbacks:
    """
    What failed, by what shall exist.

    Args:
        scopes_of: What a streamer has granted us, as it is known now.
    """

    def __init__(self, scopes_of: Callable[[str], frozenset[str]]) -> None:
        self._scopes_of = scopes_of
        self._retries: Retries[Wanted] = Retries(RETRY_BASE_S, RETRY_CAP_S)
        self._barred: dict[Wanted, tuple[float, frozenset[str]]] = {}
        self._ended: dict[str, frozenset[str]] = {}

    def died(self, key: Wanted, status: str, now_s: float, roll: float) -> None:
        """A subscription has this status now."""
        policy = policy_of(status, granted=needs_grant(key))
        if policy is Policy.RETRIES:
            self._retries.fail(key, now_s, roll)
        elif policy is Policy.NEEDS_PERSON:
            self._ended[key.streamer_id] = self._scopes_of(key.streamer_id)
        elif policy is Policy.PERMANENT:
            self.bar(key, now_s)

    def bar(self, key: Wanted, now_s: float) -> None:
        """Twitch will not have this one."""
        self._barred[key] = (now_s + PERMANENT_S, self._scopes_of(key.streamer_id))

    def fail(self, key: Wanted, now_s: float, roll: float) -> None:
        """It could not be made at the moment."""
        self._retries.fail(key, now_s, roll)

    def succeed(self, key: Wanted) -> None:
        """It stands: its next failure is its first."""
        self._retries.succeed(key)

    def renewed(self, streamer_id: str) -> None:
        """The streamer has just granted us something, even if it is what we had before."""
        self._ended.pop(streamer_id, None)
        self._barred = {key: bar for key, bar in self._barred.items() if key.streamer_id != streamer_id}

    def is_due(self, key: Wanted, now_s: float) -> bool:
        """Whether it may be made now."""
        return not self.is_barred(key, now_s) and self._retries.is_due(key, now_s)

    def is_barred(self, key: Wanted, now_s: float) -> bool:
        """Whether it is off until something changes."""
        until_s, scopes = self._barred.get(key, (now_s, frozenset[str]()))
        return now_s < until_s and scopes == self._scopes_of(key.streamer_id)

    def is_over(self, streamer_id: str) -> bool:
        """Whether what rests on this streamer's grant is off until it is given anew."""
        if streamer_id not in self._ended:
            return False
        # No scopes at all: the grant is known to be dead, and whatever comes after that is a new one.
        return self._scopes_of(streamer_id) in (frozenset(), self._ended[streamer_id])

    def waiting_for(self) -> tuple[str, ...]:
        """The streamers whose grant has to be given anew."""
        return tuple(sorted(filter(self.is_over, self._ended)))

    def keep(self, keys: Container[Wanted]) -> None:
        """Forget failures of all others, and what has been lifted."""
        self._retries.keep(keys)
        self._barred = {key: bar for key, bar in self._barred.items() if key in keys}
        self._ended = {one: self._ended[one] & self._scopes_of(one) for one in self._ended if self.is_over(one)}
