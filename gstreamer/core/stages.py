"""When events passed the stages of this process, by message id, for the last ten minutes: for ``gstreamer trace``."""

from __future__ import annotations

from collections import deque

KEEP_MS = 10 * 60_000
MAX_EVENTS = 50_000


class Stages:
    """
    A ring of message ids with the time of each stage, bounded by age and by number.

    Args:
        keep_ms: How long an event is remembered after its first stage.
        max_events: How many are; the oldest go first.
    """

    def __init__(self, keep_ms: int = KEEP_MS, max_events: int = MAX_EVENTS) -> None:
        self._keep_ms = keep_ms
        self._max_events = max_events
        self._times: dict[str, dict[str, int]] = {}
        self._order: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._times)

    def mark(self, message_id: str, stage: str, now_ms: int) -> None:
        """An event passed a stage; only the first time counts."""
        times = self._times.get(message_id)
        if times is None:
            self._forget(now_ms)
            times = self._times[message_id] = {}
            self._order.append((now_ms, message_id))
        times.setdefault(stage, now_ms)

    def of(self, message_id: str) -> dict[str, int]:
        """The stages that this event passed, with Unix milliseconds; empty if it is not known (any more)."""
        return dict(self._times.get(message_id, ()))

    def _forget(self, now_ms: int) -> None:
        while self._order and (self._order[0][0] < now_ms - self._keep_ms or len(self._order) >= self._max_events):
            del self._times[self._order.popleft()[1]]
