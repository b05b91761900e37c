"""Our token at Twitch and our application's bucket, for every process: the actor ``twitch``.

It keeps nothing: after a restart it knows nothing of the bucket, gives out a few points, and learns from the answers
that processes tell of. While it is away each process goes on by itself (``twitch.gate``).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from gstreamer.core.access import AppToken, Lease, Spent
from gstreamer.core.limiter import Bucket
from gstreamer.core.ports import Counting
from gstreamer.twitch.app_token import AppTokens

LEASE_S = 2.0
"""So long points may be used after they were given out; then they come back."""

PART = 4
"""Nobody gets more than this part of what is left at a time, so that there is some for the next."""

WAITING_S = 10.0


class TwitchAccess:
    """
    The actor ``twitch``, a plain class; ``core.ports.AccessPeer``.

    Args:
        new_token: Gets a new token of our own.
        metrics: Where the points are shown.
        now_s: Unix seconds.
    """

    def __init__(
        self,
        new_token: Callable[[], Awaitable[AppToken]],
        metrics: Counting,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._metrics = metrics
        self._now_s = now_s
        self._bucket = Bucket()
        self._tokens = AppTokens(lambda _: new_token(), now_s)
        self._unserved: dict[str, tuple[int, float]] = {}

    def __repr__(self) -> str:
        return f"twitch app={self._bucket.left(self._now_s())} waiting={self._waiting()}"

    async def app_token(self, refused: str) -> AppToken:
        """See ``core.ports.AccessPeer.app_token``."""
        return await self._tokens.get(refused)

    async def admit(self, caller: str, wanted: int, spent: Spent) -> Lease:
        """See ``core.ports.AccessPeer.admit``."""
        await self.told(caller, spent)
        now_s = self._now_s()
        left = self._bucket.left(now_s)
        points = self._bucket.take(min(wanted, -(-left // PART)), now_s)
        self._metrics.gauge("gstreamer_twitch_points", self._bucket.left(now_s))
        if points > 0:
            self._unserved.pop(caller, None)
            return Lease(points, LEASE_S, 0.0)
        self._unserved[caller] = (wanted, now_s)
        return Lease(0, 0.0, self._bucket.wait_s(1, now_s))

    async def told(self, caller: str, spent: Spent) -> None:
        """See ``core.ports.AccessPeer.told``."""
        now_s = self._now_s()
        self._bucket.returned(spent.unused, now_s)
        self._bucket.told(spent.points, spent.allowance, now_s, refused=spent.refused)

    async def observe(self) -> dict[str, Any]:
        """How the bucket is believed to be, and how many calls wait for it."""
        now_s = self._now_s()
        return {
            "limit": self._bucket.limit,
            "left": self._bucket.left(now_s),
            "outstanding": self._bucket.outstanding,
            "wait_s": self._bucket.wait_s(1, now_s),
            "waiting": self._waiting(),
        }

    def _waiting(self) -> int:
        """Points that were asked for and not given, by those who have not come back since."""
        since_s = self._now_s() - WAITING_S
        self._unserved = {one: (n, at_s) for one, (n, at_s) in self._unserved.items() if at_s > since_s}
        return sum(wanted for wanted, _ in self._unserved.values())
