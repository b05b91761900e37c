"""Our own token, held until shortly before its end; many who need a new one at once cause one request.

A token that Twitch refused is named by its fingerprint, so that no token is ever an argument of an actor.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from gstreamer.core.access import AppToken


def fingerprint(token: str) -> str:
    """What names a token without telling it; empty for none."""
    return hashlib.sha256(token.encode()).hexdigest()[:16] if token else ""


class AppTokens:
    """
    The token of one process.

    Args:
        ask: Gives a token that is not the one of that fingerprint.
        now_s: Unix seconds.
    """

    def __init__(self, ask: Callable[[str], Awaitable[AppToken]], now_s: Callable[[], float]) -> None:
        self._ask = ask
        self._now_s = now_s
        self._held = AppToken("", 0.0)
        self._turn = asyncio.Lock()

    async def get(self, refused: str = "") -> AppToken:
        """
        The token.

        Args:
            refused: Fingerprint of one that Twitch answered with 401: it is not given out again.

        Raises:
            UnavailableError: Twitch does not answer.
            RefusedError: Twitch does not know the client id or the secret.
        """
        async with self._turn:
            if self._now_s() >= self._held.until_s or fingerprint(self._held.token) == refused:
                self._held = await self._ask(refused)
            return self._held
