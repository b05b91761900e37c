"""Whether Twitch knows a user: questions that come together go out together, and answers are remembered."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection

from gstreamer.core.errors import GStreamerError, UnavailableError

AT_ONCE = 100
GATHER_S = 0.01
KNOWN_S, UNKNOWN_S = 86_400.0, 60.0
REMEMBERED = 50_000


class Lookups:
    """
    A cache before Get Users.

    Args:
        ask: Which of at most 100 ids Twitch knows.
        clock: Monotonic seconds.
    """

    def __init__(
        self, ask: Callable[[Collection[str]], Awaitable[Collection[str]]], clock: Callable[[], float]
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._answers: OrderedDict[str, tuple[bool, float]] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def exists(self, user_id: str) -> bool:
        """
        Whether Twitch knows this user.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        known, until_s = self._answers.get(user_id, (False, 0.0))
        if until_s > self._clock():
            return known
        future = self._waiting.get(user_id)
        if future is None:
            future = self._waiting[user_id] = asyncio.get_running_loop().create_future()
            if len(self._waiting) == 1:
                self._start()
        # Shielded, for others may wait for the same answer.
        return await asyncio.shield(future)

    def _start(self) -> None:
        task = asyncio.create_task(self._gather())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _gather(self) -> None:
        await asyncio.sleep(GATHER_S)
        waiting, self._waiting = self._waiting, {}
        ids = list(waiting)
        for start in range(0, len(ids), AT_ONCE):
            asked = ids[start : start + AT_ONCE]
            try:
                found = frozenset(await self._ask(asked))
            except GStreamerError as error:
                for one in asked:
                    _fail(waiting[one], UnavailableError(str(error)))
                continue
            for one in asked:
                self._remember(one, known=one in found)
                if not waiting[one].done():
                    waiting[one].set_result(one in found)

    def _remember(self, user_id: str, *, known: bool) -> None:
        self._answers[user_id] = (known, self._clock() + (KNOWN_S if known else UNKNOWN_S))
        self._answers.move_to_end(user_id)
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)


def _fail(future: asyncio.Future[bool], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        # Whoever asked may be gone by now; that is no accident to be logged.
        future.exception()
