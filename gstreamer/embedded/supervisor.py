"""Starts the parts in parallel, says when each is ready, starts again what dies, and stops all of it in order.

Runs below the keeper, on the main thread: every child is tied to the life of the thread that started it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gstreamer.core.errors import GStreamerError
from gstreamer.embedded import children, processes
from gstreamer.embedded.console import Console
from gstreamer.embedded.parts import Part

_WATCH_S = 0.2
_BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_STEADY_S = 60.0
"""A part that lived for so long is started again without delay when it dies."""


class Crew(NamedTuple):
    """
    The parts of an install.

    Attributes:
        first: Independent of each other; started together.
        last: Needs all of them, and waits for them by itself: it is started as soon as they are prepared.
    """

    first: Sequence[Part]
    last: Part


class Supervisor:
    """
    Runs a crew until it is told to stop.

    Args:
        crew: What runs.
        console: Where it says so.
        remember: Told the pid of each child.
        on_ready: Called once, when everything is ready; prints the last lines.
        clean_up: Called when everything is ended at once, since the keeper that would do it is gone.
    """

    def __init__(
        self,
        crew: Crew,
        console: Console,
        remember: Callable[[int], None],
        on_ready: Callable[[float], None],
        clean_up: Callable[[], None],
    ) -> None:
        self._crew = crew
        self._console = console
        self._remember = remember
        self._on_ready = on_ready
        self._clean_up = clean_up
        self._stopping = asyncio.Event()
        self._started_at: dict[str, float] = {}
        self._deaths: dict[str, int] = {}

    async def run(self) -> int:
        """Start, watch, stop; the exit code."""
        children.adopt_orphans()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        loop.add_signal_handler(signal.SIGQUIT, self._end_at_once)
        work = asyncio.create_task(self._start_and_watch())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        code = 0
        if work.done():
            stopping.cancel()
            code = 1
            self._console.error(_sentence(work.exception()))
        else:
            self._console.line("stopping; Ctrl-C again stops at once")
            work.cancel()
        await self._stop()
        return code

    async def _start_and_watch(self) -> None:
        begun = time.monotonic()
        # The driver is told where the others are, so they choose their ports first.
        async with asyncio.TaskGroup() as group:
            for part in self._crew.first:
                group.create_task(asyncio.to_thread(part.prepare))
        async with asyncio.TaskGroup() as group:
            for part in (*self._crew.first, self._crew.last):
                group.create_task(self._first_start(part, begun))
        self._on_ready(time.monotonic() - begun)
        async with asyncio.TaskGroup() as group:
            for part in (*self._crew.first, self._crew.last):
                group.create_task(self._watch(part))
            group.create_task(self._reap())

    async def _first_start(self, part: Part, begun: float) -> None:
        note = await self._run(part)
        self._console.part(part.name, time.monotonic() - begun, note)

    async def _start(self, part: Part) -> float:
        begun = time.monotonic()
        await asyncio.to_thread(part.prepare)
        await self._run(part)
        return time.monotonic() - begun

    async def _run(self, part: Part) -> str:
        self._remember(part.spawn().pid)
        note = await asyncio.to_thread(part.wait_ready)
        self._started_at[part.name] = time.monotonic()
        return note

    async def _watch(self, part: Part) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            process = part.process
            if process is not None and process.poll() is not None:
                await self._start_again(part, f"ended with {children.ended(process)}")

    async def _start_again(self, part: Part, why: str) -> None:
        while True:
            if time.monotonic() - self._started_at.get(part.name, 0) > _STEADY_S:
                self._deaths[part.name] = 0
            deaths = self._deaths.get(part.name, 0)
            self._deaths[part.name] = deaths + 1
            delay = _BACKOFF_S[min(deaths, len(_BACKOFF_S) - 1)]
            self._console.line(f"{part.name:<12} {why}; starting it again in {delay:.0f} s")
            await asyncio.sleep(delay)
            if part is self._crew.last:
                # Ray's processes that outlived their driver would hold its ports.
                own = [one.process.pid for one in self._crew.first if one.process is not None]
                await asyncio.to_thread(processes.kill_descendants, own)
            try:
                took = await self._start(part)
            except GStreamerError as error:
                why = f"did not start ({error})"
                await asyncio.to_thread(part.stop)
            else:
                self._console.line(f"{part.name:<12} ready again after {took:.1f} s")
                return

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(1)
            own = [part.process for part in (*self._crew.first, self._crew.last) if part.process is not None]
            processes.reap([process.pid for process in own])

    async def _stop(self) -> None:
        """The driver first, since it needs the others to end well; then the others together."""
        await asyncio.to_thread(self._crew.last.stop)
        await asyncio.gather(*(asyncio.to_thread(part.stop) for part in self._crew.first))
        await asyncio.to_thread(processes.kill_descendants)

    def _end_at_once(self) -> None:
        processes.kill_descendants()
        self._clean_up()
        os._exit(1)


def _sentence(error: BaseException | None) -> str:
    """What a person is told about a failure: the first one, where several parts failed together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) if isinstance(error, GStreamerError) else f"{type(error).__name__}: {error}"
