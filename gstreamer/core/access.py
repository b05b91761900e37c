"""What is asked of the actor that has our access to Twitch: our own token, and points of our rate limit."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from gstreamer.core.limiter import Allowance


class AppToken(NamedTuple):
    """Our own token at Twitch, and until when (Unix seconds) it is to be used; kept out of ``repr``."""

    token: str
    until_s: float

    def __repr__(self) -> str:
        return f"AppToken(until {self.until_s:.0f})"


class Spent(NamedTuple):
    """
    What a process says of the points that it was given since it last said so.

    Attributes:
        points: How many were used for calls that have been answered, or never will be.
        unused: How many come back.
        allowance: What the last answer said of the bucket.
        refused: Whether a call was refused for want of points.
    """

    points: int
    unused: int
    allowance: Allowance
    refused: bool


class Lease(NamedTuple):
    """Points that may be used for ``for_s`` seconds; if there are none, there will be some after ``wait_s``."""

    points: int
    for_s: float
    wait_s: float


class AccessPeer(Protocol):
    """The actor ``twitch``, as every process that calls Twitch sees it."""

    async def app_token(self, refused: str) -> AppToken:
        """
        Our own token; many who ask at once cause one request.

        Args:
            refused: Fingerprint of a token that Twitch refused, which is not given out again; or empty.

        Raises:
            RefusedError: Twitch does not know our client id or secret.
            UnavailableError: Twitch does not answer.
        """

    async def admit(self, caller: str, wanted: int, spent: Spent) -> Lease:
        """Points of the application's bucket, ``wanted`` at most, after taking note of what was spent."""

    async def told(self, caller: str, spent: Spent) -> None:
        """Take note of what was spent."""
