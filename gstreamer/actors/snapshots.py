"""Placement's newest snapshot, as replicas follow it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from gstreamer import log
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import PlacementPeer, Snapshot

RETRY_S = 0.5


class SnapshotFollower:
    """
    The newest snapshot of placement, followed by long poll; placement's absence leaves the last one in use.

    Args:
        placement: Whom to ask.
        clock: Monotonic seconds.
        sleep: How to wait between tries while placement does not answer.
    """

    def __init__(
        self,
        placement: PlacementPeer,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._placement = placement
        self._clock = clock
        self._sleep = sleep
        self._snapshot: Snapshot | None = None
        self._heard = 0.0
        self._first = asyncio.Event()
        self._log = log.get("placement")

    @property
    def snapshot(self) -> Snapshot | None:
        """The last snapshot that was heard; None before the first."""
        return self._snapshot

    def age_s(self) -> float | None:
        """Seconds since placement last answered, which is above 5 only when it is away; None before the first."""
        return None if self._snapshot is None else self._clock() - self._heard

    async def first(self, timeout_s: float) -> Snapshot:
        """
        The snapshot, waiting for the first one.

        Raises:
            UnavailableError: If none has come in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._first.wait()
        except TimeoutError:
            raise UnavailableError("placement has not answered yet") from None
        assert self._snapshot is not None
        return self._snapshot

    async def run(self) -> None:
        """Follow until cancelled."""
        away = False
        while True:
            try:
                after = -1 if self._snapshot is None else self._snapshot.version
                self._snapshot = await self._placement.snapshot(after)
            except UnavailableError as error:
                if not away:
                    self._log.warning("placement does not answer", reason=str(error))
                away = True
                await self._sleep(RETRY_S)
                continue
            if away:
                self._log.info("placement answers again", version=self._snapshot.version)
            away = False
            self._heard = self._clock()
            self._first.set()
