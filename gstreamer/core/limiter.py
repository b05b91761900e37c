"""A rate limit's bucket as we believe it to be: how many calls may go out now, learned from answers' headers.

The bucket is the other side's, refills steadily, and may be used by others too. Invariant: what we believe to be in
it, together with what is under way, is never more than it holds, so far as answers and its refill tell; so a lone
user of a bucket is never refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

LIMIT = "ratelimit-limit"
REMAINING = "ratelimit-remaining"
RESET = "ratelimit-reset"

REFILL_S = 60.0
"""A bucket that is empty is full again after so long."""

ASSUMED = 800
"""What a bucket holds, until an answer has said it."""

BLIND = 20
"""Calls that may be under way before the first answer."""

LOST_S = 30.0
"""What has been given out and not been heard of for so long was used, or never will be."""


class Allowance(NamedTuple):
    """
    The state of a bucket by one answer.

    Attributes:
        limit: Points that it holds; 0 if the answer did not say.
        remaining: Points left; None if the answer did not say.
        reset_s: Unix time when it is full again; None if the answer did not say.
    """

    limit: int
    remaining: int | None
    reset_s: float | None


UNKNOWN = Allowance(0, None, None)


class Bucket:
    """
    What we believe of one bucket. Times are Unix seconds; a clock that is set back refills nothing.

    Args:
        share: How much of the bucket and of its refill may be used here; at least one point is.
    """

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._limit = 0
        self._points = float(BLIND)
        self._at_s: float | None = None
        self._closed_until_s = 0.0
        self._out: deque[tuple[float, int]] = deque()

    @property
    def limit(self) -> int:
        """Points that it holds, as the last answer said; 0 before the first."""
        return self._limit

    @property
    def outstanding(self) -> int:
        """Points that were given out and not heard of since."""
        return sum(points for _, points in self._out)

    def left(self, now_s: float) -> int:
        """Points that may be given out now."""
        self._refill(now_s)
        return 0 if now_s < self._closed_until_s else max(0, int(self._points))

    def take(self, wanted: int, now_s: float) -> int:
        """Give out as many points as there are, ``wanted`` at most, and return how many that is."""
        given = min(wanted, self.left(now_s))
        if given > 0:
            self._points -= given
            self._out.append((now_s, given))
        return given

    def wait_s(self, points: int, now_s: float) -> float:
        """How long it takes until that many points may be given out, if nobody else takes any before."""
        self._refill(now_s)
        missing_s = max(0.0, (points - self._points) / self._rate())
        return max(missing_s, self._closed_until_s - now_s, 0.0)

    def told(self, points: int, allowance: Allowance, now_s: float, *, refused: bool = False) -> None:
        """
        Learn from an answer.

        Args:
            points: How many of the points that were given out it accounts for.
            allowance: What its headers say.
            now_s: When it came.
            refused: Whether it is a refusal for want of points.
        """
        self._refill(now_s)
        first = self._limit == 0
        self._heard_of(points)
        if allowance.limit > 0:
            self._limit = allowance.limit
        if allowance.remaining is not None:
            # What is under way may be in that number already; to count it again errs on the safe side.
            believed = float(allowance.remaining - self.outstanding)
            self._points = believed if first else min(self._points, believed)
        if refused:
            # No clock of ours that is wrong can make this longer than a whole refill.
            self._points = min(self._points, 0.0)
            self._closed_until_s = now_s + min(wait_s(allowance, now_s), REFILL_S)
        self._points = min(self._points, self._most())

    def returned(self, points: int, now_s: float) -> None:
        """Take back points that were given out and not used."""
        self._refill(now_s)
        self._points = min(self._points + self._heard_of(points), self._most())

    def _refill(self, now_s: float) -> None:
        passed_s = 0.0 if self._at_s is None else now_s - self._at_s
        self._at_s = now_s
        if passed_s < 0:
            # The clock was set back: what was counted by it would last for as long.
            passed_s = 0.0
            self._out = deque((min(at_s, now_s), given) for at_s, given in self._out)
            self._closed_until_s = min(self._closed_until_s, now_s + REFILL_S)
        while self._out and self._out[0][0] <= now_s - LOST_S:
            self._out.popleft()
        self._points = min(self._points + passed_s * self._rate(), self._most())

    def _heard_of(self, points: int) -> int:
        """Forget that these were given out, the oldest first; how many there were."""
        left = points
        while left > 0 and self._out:
            at_s, given = self._out.popleft()
            if given > left:
                self._out.appendleft((at_s, given - left))
            left -= min(given, left)
        return points - left

    def _rate(self) -> float:
        return max(1.0, (self._limit or ASSUMED) * self._share) / REFILL_S

    def _most(self) -> float:
        holds = max(1.0, self._limit * self._share) if self._limit else float(BLIND)
        return holds - self.outstanding


def read_allowance(headers: Mapping[str, str]) -> Allowance:
    """The bucket's state by an answer's headers (names in lower case); what is not a number is not there."""
    limit, remaining, reset = (_number(headers.get(name)) for name in (LIMIT, REMAINING, RESET))
    return Allowance(limit or 0, remaining, reset)


def is_exhausted(status: int, allowance: Allowance) -> bool:
    """Whether a refusal is the rate limit's: status 429 with points left is a refusal for good."""
    return status == 429 and not allowance.remaining


def wait_s(allowance: Allowance, now_s: float, default_s: float = 1.0) -> float:
    """How long an exhausted bucket wants to be left alone; ``default_s`` if it did not say. Never negative."""
    return default_s if allowance.reset_s is None else max(0.0, allowance.reset_s - now_s)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and len(text) <= 15 and text.isascii() and text.isdigit() else None
