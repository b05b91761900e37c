"""People's grants in use: tokens are refreshed when Twitch refuses one, and a dead grant ends its person's sessions.

A refresh is single-flight: within a process by sharing it, over the cluster by the row's lock. Nobody uses a pair
before it is stored, and the request that caused a refresh does not break it off by going away.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from gstreamer import log
from gstreamer.core.errors import ConfigurationError, GrantEndedError, GStreamerError, UnavailableError
from gstreamer.core.grants import is_outlived, next_check
from gstreamer.grants.endings import GRANT_REVOKED, Endings
from gstreamer.grants.ports import SignIn
from gstreamer.store.grants import Grants, Tokens

CLAIM = timedelta(minutes=5)
CLAIMED = 20
"""Grants that are checked in one go; they are due again after CLAIM if the process dies meanwhile."""

AT_ONCE = 4
"""Grants that a process checks, or refreshes, at a time: each holds a connection to Postgres while Twitch thinks."""

TURN_S = 10.0
"""The longest wait for one's turn to refresh."""

_T = TypeVar("_T")


class Keeper:
    """
    Uses and checks grants.

    Args:
        grants: Where they are.
        sign_in: Twitch's OAuth.
        endings: Ends sessions.
        now: The time.
        roll: Gives random numbers from [0, 1).
    """

    def __init__(
        self,
        grants: Grants,
        sign_in: SignIn,
        endings: Endings,
        now: Callable[[], datetime],
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._grants = grants
        self._sign_in = sign_in
        self._endings = endings
        self._now = now
        self._roll = roll
        self._log = log.get("grants")
        self._refreshing: dict[tuple[str, str], asyncio.Task[Tokens]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def use(self, user_id: str, call: Callable[[str], Awaitable[_T]]) -> _T:
        """
        What ``call`` gives with the person's access token, which is refreshed once if Twitch refuses it.

        Raises:
            GrantEndedError: The grant is dead, and so are the person's sessions now.
            UnavailableError: Twitch, Postgres or Kafka does not answer.
        """
        tokens = await self._grants.tokens(user_id)
        if tokens is None:
            raise await self._dead(user_id)
        try:
            return await call(tokens.access)
        except GrantEndedError:
            return await call((await self.refreshed(user_id, tokens.access)).access)

    async def refreshed(self, user_id: str, refused: str) -> Tokens:
        """
        Tokens in place of those that Twitch refused.

        Raises:
            GrantEndedError: The grant is dead, and so are the person's sessions now.
            UnavailableError: Twitch, Postgres or Kafka does not answer.
        """
        flight = (user_id, refused)
        # Shared, so that a crowd does not hold every connection to Postgres while it waits for one row.
        task = self._refreshing.get(flight)
        if task is None:
            task = self._refreshing[flight] = asyncio.create_task(self._refreshed(user_id, refused))
            task.add_done_callback(lambda done: self._landed(flight, done))
        return await asyncio.shield(task)

    async def check_due(self) -> int:
        """
        Validate the grants that are due and return how many they were; one that cannot be is due again soon.

        Raises:
            UnavailableError: Postgres, Twitch or Kafka does not answer.
        """
        now = self._now()
        due = await self._grants.claim_due(now, now + CLAIM, CLAIMED)
        gate = asyncio.Semaphore(AT_ONCE)

        async def checked(user_id: str) -> UnavailableError | None:
            async with gate:
                try:
                    await self.is_good(user_id)
                except UnavailableError as outage:
                    return outage
                except GStreamerError as error:
                    self._log.warning("grant not checked", user_id=user_id, reason=str(error))
                return None

        for outage in await asyncio.gather(*map(checked, due)):
            if outage is not None:
                raise outage
        return len(due)

    def next_check(self) -> datetime:
        """When a grant that is good now is to be checked again."""
        return next_check(self._now(), self._roll())

    async def ended(self, user_id: str, told_at: datetime) -> None:
        """
        Act on Twitch's word of ``told_at`` that a person has taken the grant back; it may come more than once.

        Raises:
            UnavailableError: Postgres, Kafka or (for a grant that is younger than the word) Twitch does not answer.
        """
        async with self._grants.locked(user_id) as grant:
            doubted = grant.alive and is_outlived(grant.renewed_at, told_at)
            if grant.alive and not doubted:
                await grant.end(self._now())
                self._log.info("grant ended", user_id=user_id, by="twitch's word")
        if doubted:
            await self.is_good(user_id)
        else:
            await self._endings.end_all(user_id, GRANT_REVOKED)

    async def doubted(self, user_id: str) -> None:
        """
        Have a person's grant checked at once, by whoever checks grants; people without one are fine.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        await self._grants.make_due(user_id, self._now())

    async def revoke(self, user_id: str) -> None:
        """
        Take a person's grant back at Twitch; one that is dead, or that nobody can open any more, is fine.

        Raises:
            UnavailableError: Twitch, Postgres or Kafka does not answer.
        """
        try:
            # An access token that has ended cannot be revoked, though the grant lives: have a fresh one first.
            await self.use(user_id, self._sign_in.validate)
        except GrantEndedError:
            return
        except ConfigurationError as error:
            self._log.warning("grant not taken back", user_id=user_id, reason=str(error))
            return
        tokens = await self._grants.tokens(user_id)
        if tokens is not None:
            await self._sign_in.revoke(tokens.access)
            await self._sign_in.revoke(tokens.refresh)

    async def is_good(self, user_id: str) -> bool:
        """
        Whether Twitch says that a person's grant lives, which counts as its hourly check.

        Raises:
            UnavailableError: Twitch, Postgres or Kafka does not answer.
        """
        try:
            await self.use(user_id, self._sign_in.validate)
        except GrantEndedError:
            return False
        async with self._grants.locked(user_id) as grant:
            await grant.good_until(self.next_check())
        return True

    def _landed(self, flight: tuple[str, str], task: asyncio.Task[Tokens]) -> None:
        del self._refreshing[flight]
        if not task.cancelled():
            # Whoever asked may have gone away; an error that nobody takes is no news to the event loop.
            task.exception()

    async def _refreshed(self, user_id: str, refused: str) -> Tokens:
        try:
            await asyncio.wait_for(self._turns.acquire(), TURN_S)
        except TimeoutError:
            raise UnavailableError("twitch is slow to refresh grants at the moment") from None
        try:
            tokens = await self._locked_refresh(user_id, refused)
        finally:
            self._turns.release()
        if tokens is None:
            raise await self._dead(user_id)
        return tokens

    async def _dead(self, user_id: str) -> GrantEndedError:
        await self._endings.end_all(user_id, GRANT_REVOKED)
        return GrantEndedError(401, "the grant is dead")

    async def _locked_refresh(self, user_id: str, refused: str) -> Tokens | None:
        async with self._grants.locked(user_id) as grant:
            had = grant.tokens()
            if had is None or had.access != refused:
                # Dead, or another process was faster.
                return had
            try:
                token = await self._sign_in.refresh(had.refresh)
            except GrantEndedError:
                await grant.end(self._now())
                self._log.info("grant ended", user_id=user_id, by="a refused refresh")
                return None
            tokens = Tokens(token.access_token, token.refresh_token, tuple(token.scope) or had.scopes)
            await grant.renew(tokens, self.next_check(), self._now())
            return tokens
