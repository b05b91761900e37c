"""What a replica does beside requests: sessions with sockets are kept, those over are ended, grants are checked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gstreamer import log
from gstreamer.core.errors import UnavailableError
from gstreamer.deployments.api.context import Parts
from gstreamer.grants.endings import ENDED, GRANT_REVOKED
from gstreamer.grants.keeper import CLAIMED
from gstreamer.store.chat_sends import KEPT

SWEEP_S = 60.0
CHECK_S = 2.0
"""So soon is a grant checked that Twitch has raised doubts about; looking costs one read of an index."""

USE_S = 1_200.0
AWAY_S = 30.0
TOUCHED = 1_000

Sleep = Callable[[float], Awaitable[None]]


async def sweep(parts: Parts) -> None:
    """
    End the sessions that are over, and those of dead grants that could not be ended then; forget old messages' keys.

    Raises:
        UnavailableError: Postgres or Kafka does not answer.
    """
    await parts.endings.end(await parts.accounts.over(parts.now(), parts.config.lifetime), ENDED)
    await parts.endings.end(await parts.accounts.of_dead_grants(), GRANT_REVOKED)
    await parts.sending.forget(parts.now() - KEPT)


async def count_use(parts: Parts) -> None:
    """
    Write down that the sessions with an open socket are used: who only watches is not signed out.

    Raises:
        UnavailableError: Postgres does not answer.
    """
    used = sorted(await parts.sockets.sessions())
    for start in range(0, len(used), TOUCHED):
        await parts.accounts.touch(used[start : start + TOUCHED], parts.now())


async def check_grants(parts: Parts) -> None:
    """
    Validate every grant that is due.

    Raises:
        UnavailableError: Postgres, Kafka or Twitch does not answer.
    """
    while await parts.keeper.check_due() == CLAIMED:
        pass


async def run(parts: Parts, sleep: Sleep = asyncio.sleep) -> None:
    """Keep all of it up until cancelled."""
    use_s = min(USE_S, parts.config.lifetime.idle_s / 3)
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat("use", lambda: count_use(parts), use_s, sleep))
        group.create_task(_repeat("sessions", lambda: sweep(parts), SWEEP_S, sleep))
        group.create_task(_repeat("grants", lambda: check_grants(parts), CHECK_S, sleep))


async def _repeat(name: str, act: Callable[[], Awaitable[None]], every_s: float, sleep: Sleep) -> None:
    logger = log.get("api")
    while True:
        pause_s = every_s
        try:
            await act()
        except UnavailableError as error:
            logger.warning("upkeep put off", of=name, reason=str(error))
            pause_s = max(every_s, AWAY_S)
        except Exception:
            logger.exception("upkeep failed", of=name)
        await sleep(pause_s)
