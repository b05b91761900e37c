"""Lookups that are asked for in the same moment go out as one call; each asker gets the answers to its own.

A call that fails, fails for those who asked for something in it, and for nobody else; that Twitch does not know
something is an answer too. Nothing is remembered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from gstreamer.core.ports import Counting

GATHER_S = 0.005
AT_ONCE = 100
"""Keys that one call takes."""

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Gathering(Generic[Key, Found]):
    """
    One kind of lookup.

    Args:
        ask: What is found of at most 100 keys, by key; what is not in it does not exist.
        count: Where the keys that a call served besides are counted.
    """

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[dict[Key, Found]]], count: Counting) -> None:
        self._ask = ask
        self._count = count
        self._asked: dict[Key, asyncio.Future[Found | None]] = {}
        self._unsent: list[Key] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, keys: Iterable[Key]) -> dict[Key, Found]:
        """
        What is found of these keys, by key.

        Raises:
            GStreamerError: What a call that one of them was in failed with.
        """
        futures = {key: self._future(key) for key in dict.fromkeys(keys)}
        # Waiting does not cancel what others wait for too, and an error is taken by whoever still waits.
        if futures:
            await asyncio.wait(futures.values())
        found = {key: future.result() for key, future in futures.items()}
        return {key: value for key, value in found.items() if value is not None}

    def _future(self, key: Key) -> asyncio.Future[Found | None]:
        if (future := self._asked.get(key)) is not None:
            self._count.count("gstreamer_twitch_shared_lookups")
            return future
        future = self._asked[key] = asyncio.get_running_loop().create_future()
        self._unsent.append(key)
        if len(self._unsent) == 1:
            self._start(self._gather())
        return future

    async def _gather(self) -> None:
        await asyncio.sleep(GATHER_S)
        keys, self._unsent = self._unsent, []
        for start in range(0, len(keys), AT_ONCE):
            self._start(self._send(keys[start : start + AT_ONCE]))

    async def _send(self, keys: Sequence[Key]) -> None:
        try:
            found = await self._ask(keys)
        except Exception as error:  # whatever it is, those who asked are waiting for it
            for key in keys:
                future = self._asked.pop(key)
                future.set_exception(error)
                # Whoever asked may be gone by now; that is no accident to be logged.
                future.exception()
            return
        for key in keys:
            self._asked.pop(key).set_result(found.get(key))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
