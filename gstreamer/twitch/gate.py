"""Gates before calls to Helix: a call waits for its bucket here instead of being refused there.

A bucket that one process uses is counted in it; the application's is counted by the actor ``twitch`` for all, whose
points are got in advance. While that actor is away, each process goes on by a share of its own.
"""

from __future__ import annotations

import asyncio
import math
import secrets

from gstreamer import log
from gstreamer.core.access import AccessPeer, Lease
from gstreamer.core.errors import RateLimitedError, UnavailableError
from gstreamer.core.leased import Leased
from gstreamer.core.limiter import Allowance, Bucket
from gstreamer.core.ports import Counting
from gstreamer.twitch.http import Time

LONE_SHARE = 0.25
"""Of the application's bucket, for a process that cannot ask for points: few others can be as busy."""

AWAY_S = 1.0
"""So long nobody is asked after having been found away."""

LEAST_WAIT_S = 0.02


class OwnGate:
    """
    A bucket that is counted in this process; calls pass in the order they came.

    Args:
        clock: Its time.
        longest_s: The longest wait.
        count: Where waits are counted.
        share: How much of the bucket may be used here.
    """

    def __init__(self, clock: Time, longest_s: float, count: Counting, share: float = 1.0) -> None:
        self._time = clock
        self._longest_s = longest_s
        self._count = count
        self._bucket = Bucket(share)
        self._waiting = 0
        self._turn = asyncio.Lock()

    async def enter(self) -> None:
        """See ``http.Gate``."""
        started_s = self._time.now_s()
        # Before the first answer nothing is known: it comes soon, and says more than a guess.
        if self._bucket.limit:
            self._may_wait(self._bucket.wait_s(self._waiting + 1, started_s))
        self._waiting += 1
        try:
            async with self._turn:
                while not self._bucket.take(1, now_s := self._time.now_s()):
                    wait_s = max(self._bucket.wait_s(1, now_s), LEAST_WAIT_S)
                    self._may_wait(wait_s, now_s - started_s)
                    self._count.count("gstreamer_twitch_waits", 1, "waited")
                    await self._time.sleep(wait_s)
        finally:
            self._waiting -= 1

    async def told(self, allowance: Allowance, *, refused: bool) -> None:
        """See ``http.Gate``."""
        self._bucket.told(1, allowance, self._time.now_s(), refused=refused)

    def _may_wait(self, wait_s: float, waited_s: float = 0.0) -> None:
        if waited_s + wait_s > self._longest_s:
            self._count.count("gstreamer_twitch_waits", 1, "refused")
            raise RateLimitedError(math.ceil(wait_s))


class SharedGate:
    """
    The application's bucket, which all processes use.

    Args:
        access: Who counts it.
        clock: Its time.
        longest_s: The longest wait.
        count: Where waits are counted.
    """

    def __init__(self, access: AccessPeer, clock: Time, longest_s: float, count: Counting) -> None:
        self._access = access
        self._time = clock
        self._longest_s = longest_s
        self._count = count
        self._caller = secrets.token_hex(4)
        self._own = OwnGate(clock, longest_s, count, LONE_SHARE)
        self._leased = Leased()
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._away_until_s = 0.0
        self._is_away = False
        self._log = log.get("twitch")

    @property
    def is_away(self) -> bool:
        """Whether whoever counts the bucket did not answer when it was last asked."""
        return self._is_away

    async def enter(self) -> None:
        """See ``http.Gate``."""
        if self._leased.take(self._time.monotonic()) or await self._ask_for_one():
            return
        await self._own.enter()

    async def told(self, allowance: Allowance, *, refused: bool) -> None:
        """See ``http.Gate``."""
        # The own bucket learns along, so that it knows something when it is needed.
        await self._own.told(allowance, refused=refused)
        self._leased.told(allowance, refused=refused)
        if refused and not self._is_away:
            try:
                await self._access.told(self._caller, self._leased.report())
            except UnavailableError as error:
                self._found_away(error)

    async def _ask_for_one(self) -> bool:
        """A point of the shared bucket; False if nobody counts it at the moment."""
        started_s = self._time.monotonic()
        self._waiting += 1
        try:
            async with self._turn:
                while not self._leased.take(now_s := self._time.monotonic()):
                    lease = await self._lease(now_s)
                    if lease is None:
                        return False
                    if lease.points == 0:
                        await self._wait(lease.wait_s, now_s - started_s)
                return True
        finally:
            self._waiting -= 1

    async def _lease(self, now_s: float) -> Lease | None:
        if now_s < self._away_until_s:
            return None
        spent = self._leased.report()
        try:
            lease = await self._access.admit(self._caller, self._leased.wanted(self._waiting), spent)
        except UnavailableError as error:
            self._found_away(error)
            return None
        if self._is_away:
            self._log.info("twitch's bucket is shared again")
        self._is_away = False
        self._leased.granted(lease, self._time.monotonic())
        return lease

    async def _wait(self, wait_s: float, waited_s: float) -> None:
        wait_s = max(wait_s, LEAST_WAIT_S)
        if waited_s + wait_s > self._longest_s:
            self._count.count("gstreamer_twitch_waits", 1, "refused")
            raise RateLimitedError(math.ceil(wait_s))
        self._count.count("gstreamer_twitch_waits", 1, "waited")
        await self._time.sleep(wait_s)

    def _found_away(self, error: UnavailableError) -> None:
        if not self._is_away:
            self._log.warning("twitch's bucket is not shared for now", reason=str(error))
        self._is_away = True
        self._away_until_s = self._time.monotonic() + AWAY_S
