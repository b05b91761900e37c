"""What a grant in use asks of Twitch, as a protocol."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gstreamer.twitch.models import Token, Validation


class SignIn(Protocol):
    """Twitch's OAuth endpoints (``twitch.oauth.OAuth``, which says what each raises)."""

    def authorize_url(self, redirect_uri: str, scopes: Iterable[str], state: str) -> str:
        """Where a browser goes to sign in."""

    async def exchange_code(self, code: str, redirect_uri: str) -> Token:
        """The tokens that a code stands for."""

    async def validate(self, access_token: str) -> Validation:
        """Whose token it is."""

    async def refresh(self, refresh_token: str) -> Token:
        """A new pair."""

    async def revoke(self, token: str) -> None:
        """End a token."""
