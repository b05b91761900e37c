"""Helix' rate limits in the simulation: a bucket for our own token, one for each person, and what was called.

``GET /simulator/calls`` shows the calls by bucket and path, and how many of them were refused for want of points;
calls during an outage have the bucket ``outage``.
``POST /simulator/rates`` (class Rates) sets what buckets hold; full ones and new counts begin with it.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

POINTS = 800
"""Calls a minute that a bucket allows."""

CHAT_POINTS = 100
"""The same for messages to chats, which have buckets of their own."""

CHAT_PATH = "/helix/chat/messages"

Points = Annotated[int, Field(ge=1, le=100_000)]


class Rates(BaseModel):
    """An order: calls a minute of our own bucket, of each person's, and of each person's messages to chats."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: Points = POINTS
    user: Points = POINTS
    chat: Points = CHAT_POINTS


class Bucket:
    """Points that refill over a minute."""

    def __init__(self, points: int) -> None:
        self._points = points
        self._left = float(points)
        self._at_s = time.monotonic()

    def take(self) -> bool:
        """Whether a call is allowed; takes a point if so."""
        now_s = time.monotonic()
        self._left = min(self._points, self._left + (now_s - self._at_s) * self._points / 60)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def headers(self) -> dict[str, str]:
        """What Twitch tells about it."""
        full_in_s = (self._points - self._left) * 60 / self._points
        return ratelimit_headers(self._points, int(self._left), full_in_s)


class Meter:
    """
    Every bucket, and the calls that came.

    Args:
        points: What a bucket holds.
    """

    def __init__(self, points: int = POINTS) -> None:
        self._rates = Rates(app=points, user=points)
        self._buckets: dict[str, Bucket] = {}
        self._calls: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()

    def order(self, rates: Rates) -> None:
        """Begin anew with these rates."""
        self._rates = rates
        self._buckets.clear()
        self._calls.clear()
        self._refused.clear()

    def arrived(self, user_id: str, path: str) -> str:
        """Count a call; the name of its bucket."""
        whose = user_id or "app"
        bucket = f"chat:{whose}" if path == CHAT_PATH else whose
        self._calls[bucket, path] += 1
        return bucket

    def turned_away(self, path: str) -> None:
        """Count a call that came during an outage, under the bucket ``outage``."""
        self._calls["outage", path] += 1

    def admit(self, bucket: str, path: str) -> tuple[bool, dict[str, str]]:
        """Whether a call is allowed, and the headers of its answer."""
        if bucket not in self._buckets:
            rates = self._rates
            points = rates.chat if bucket.startswith("chat:") else rates.app if bucket == "app" else rates.user
            self._buckets[bucket] = Bucket(points)
        held = self._buckets[bucket]
        allowed = held.take()
        if not allowed:
            self.refuse(bucket, path)
        return allowed, held.headers()

    def refuse(self, bucket: str, path: str) -> None:
        """Count a call that was refused for want of points."""
        self._refused[bucket, path] += 1

    def rows(self) -> list[dict[str, Any]]:
        """The calls by bucket and path."""
        return [
            {"bucket": bucket, "path": path, "calls": calls, "refused": self._refused[bucket, path]}
            for (bucket, path), calls in sorted(self._calls.items())
        ]


def ratelimit_headers(limit: int, remaining: int, reset_in_s: float) -> dict[str, str]:
    """Twitch's three headers."""
    return {
        "Ratelimit-Limit": str(limit),
        "Ratelimit-Remaining": str(remaining),
        "Ratelimit-Reset": str(int(time.time() + reset_in_s) + 1),
    }
