"""Whether this machine's clock can be believed, judged by the timestamps that Twitch has signed.

A clock that is far off would take every fresh event for a stale one and drop it; so it is compared with the
median of the last signed timestamps, and what cannot be judged is refused (503) so that it comes again.
"""

from __future__ import annotations

from collections import deque
from statistics import median

WINDOW = 20
MAX_SKEW_MS = 300_000


class ClockCheck:
    """
    How far the clock is from the last 20 signed timestamps.

    Only first deliveries are to be noted: a message that is sent again may carry the timestamp of its first
    time, and after an outage such messages come in numbers.
    """

    def __init__(self) -> None:
        self._ahead_ms: deque[int] = deque(maxlen=WINDOW)

    def note(self, signed_ms: int, now_ms: int) -> None:
        """Take one signed timestamp, with what the clock showed when it came."""
        self._ahead_ms.append(now_ms - signed_ms)

    @property
    def ahead_ms(self) -> int | None:
        """How far the clock is ahead of the median (negative: behind); None until 20 timestamps are known."""
        return round(median(self._ahead_ms)) if len(self._ahead_ms) == WINDOW else None

    @property
    def is_off(self) -> bool:
        """Whether the clock is more than 5 minutes off."""
        ahead_ms = self.ahead_ms
        return ahead_ms is not None and abs(ahead_ms) > MAX_SKEW_MS
