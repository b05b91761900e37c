"""An actor's loops: steps that are done again and again, whatever happens, and how each of them fares."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from gstreamer.actors.wiring import Clock
from gstreamer.core import backoff
from gstreamer.core.errors import GStreamerError
from gstreamer.log import Logger

BASE_S, CAP_S = 1.0, 30.0


class Health(NamedTuple):
    """How a step fares: ``ok`` or ``degraded``, since when (Unix seconds), and why."""

    state: str
    since: float
    reason: str


class Steps:
    """
    The steps of one actor.

    Args:
        clock: Its time.
        log: Where changes are told.
    """

    def __init__(self, clock: Clock, log: Logger) -> None:
        self._clock = clock
        self._log = log
        self._wake: dict[str, asyncio.Event] = {}
        self.health: dict[str, Health] = {}

    def wake(self, *names: str) -> None:
        """Do these steps soon, unless they wait after a failure."""
        for name in names:
            self._wake.setdefault(name, asyncio.Event()).set()

    async def forever(self, name: str, step: Callable[[], Awaitable[object]], every_s: float) -> None:
        """
        Do a step again and again until cancelled.

        Args:
            name: Of the step.
            step: What is done. What it raises is told and waited out with back-off.
            every_s: The pause after a step that went well; ``wake`` ends it.
        """
        wake = self._wake.setdefault(name, asyncio.Event())
        failures = 0
        while True:
            wake.clear()
            try:
                await step()
            except GStreamerError as error:
                failures += 1
                self._note(name, "degraded", str(error))
            except Exception as error:
                failures += 1
                self._log.exception("step failed", step=name)
                self._note(name, "degraded", f"unexpected {type(error).__name__}")
            else:
                failures = 0
                self._note(name, "ok", "")
            if failures:
                # Waking does not shorten this: whoever wakes us cannot know what is wrong.
                roll = 0.5 + self._clock.roll() / 2
                await self._clock.sleep(backoff.delay_s(failures, roll, BASE_S, CAP_S))
            else:
                await self._pause(wake, every_s)

    async def _pause(self, wake: asyncio.Event, every_s: float) -> None:
        ends = {asyncio.ensure_future(self._clock.sleep(every_s)), asyncio.ensure_future(wake.wait())}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    def _note(self, name: str, state: str, reason: str) -> None:
        held = self.health.get(name)
        if held is None or held.state != state:
            if state != "ok" or held is not None:
                self._log.info("state changed", step=name, state=state, reason=reason)
            self.health[name] = Health(state, self._clock.unix(), reason)
        elif held.reason != reason:
            self.health[name] = held._replace(reason=reason)
