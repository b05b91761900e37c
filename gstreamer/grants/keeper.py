"""People's grants in use: tokens are refreshed when Twitch refuses one, and a dead grant ends its person's sessions.

Twitch wants every stored token validated hourly. A refresh is single-flight by the row's lock, and is not broken off
when the request that caused it goes away: the new pair would be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from gstreamer import log
from gstreamer.core.errors import GrantEndedError, GStreamerError, UnavailableError
from gstreamer.grants.endings import GRANT_REVOKED, Endings
from gstreamer.grants.ports import SignIn
from gstreamer.store.grants import Grants, Tokens

CHECK_EVERY = timedelta(minutes=55)
"""Twitch asks for an hour at most."""

CLAIM = timedelta(minutes=5)
CLAIMED = 20
"""Grants that are checked in one go; they are due again after CLAIM if the replica dies meanwhile."""

_T = TypeVar("_T")


class Keeper:
    """
    Uses and checks grants.

    Args:
        grants: Where they are.
        sign_in: Twitch's OAuth.
        endings: Ends sessions.
        now: The time.
    """

    def __init__(self, grants: Grants, sign_in: SignIn, endings: Endings, now: Callable[[], datetime]) -> None:
        self._grants = grants
        self._sign_in = sign_in
        self._endings = endings
        self._now = now
        self._log = log.get("grants")

    async def use(self, user_id: str, call: Callable[[str], Awaitable[_T]]) -> _T:
        """
        What ``call`` gives with the person's access token, which is refreshed once if Twitch refuses it.

        Raises:
            GrantEndedError: The grant is dead, and so are the person's sessions now.
            UnavailableError: Twitch, Postgres or Kafka does not answer.
        """
        tokens = await self._grants.tokens(user_id)
        if tokens is None:
            await self._endings.end_all(user_id, GRANT_REVOKED)
            raise GrantEndedError(401, "the grant is dead")
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
        return await asyncio.shield(asyncio.ensure_future(self._refreshed(user_id, refused)))

    async def check_due(self) -> int:
        """
        Validate the grants that are due and return how many they were; one that cannot be is due again soon.

        Raises:
            UnavailableError: Postgres, Twitch or Kafka does not answer.
        """
        now = self._now()
        due = await self._grants.claim_due(now, now + CLAIM, CLAIMED)
        for user_id in due:
            try:
                await self._check(user_id)
            except UnavailableError:
                raise
            except GStreamerError as error:
                self._log.warning("grant not checked", user_id=user_id, reason=str(error))
        return len(due)

    async def revoke(self, user_id: str) -> None:
        """
        Take a person's grant back at Twitch; a dead one is fine.

        Raises:
            UnavailableError: Twitch, Postgres or Kafka does not answer.
        """
        try:
            # An access token that has ended cannot be revoked, though the grant lives: have a fresh one first.
            await self.use(user_id, self._sign_in.validate)
        except GrantEndedError:
            return
        tokens = await self._grants.tokens(user_id)
        if tokens is not None:
            await self._sign_in.revoke(tokens.access)
            await self._sign_in.revoke(tokens.refresh)

    async def _check(self, user_id: str) -> None:
        try:
            await self.use(user_id, self._sign_in.validate)
        except GrantEndedError:
            return
        async with self._grants.locked(user_id) as grant:
            await grant.good_until(self._now() + CHECK_EVERY)

    async def _refreshed(self, user_id: str, refused: str) -> Tokens:
        tokens = await self._locked_refresh(user_id, refused)
        if tokens is None:
            await self._endings.end_all(user_id, GRANT_REVOKED)
            self._log.info("grant ended", user_id=user_id)
            raise GrantEndedError(401, "the grant is dead")
        return tokens

    async def _locked_refresh(self, user_id: str, refused: str) -> Tokens | None:
        async with self._grants.locked(user_id) as grant:
            had = grant.tokens
            if had is None or had.access != refused:
                # Dead, or another process was faster.
                return had
            try:
                token = await self._sign_in.refresh(had.refresh)
            except GrantEndedError:
                await grant.end(self._now())
                return None
            tokens = Tokens(token.access_token, token.refresh_token, tuple(token.scope) or had.scopes)
            await grant.renew(tokens, self._now() + CHECK_EVERY, self._now())
            return tokens
