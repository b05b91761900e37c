"""How long to wait before the next try: exponential with full jitter, so that many who failed at once spread out."""

from __future__ import annotations

from collections.abc import Container, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


def delay_s(attempt: int, roll: float, base_s: float, cap_s: float) -> float:
    """
    The wait before try number ``attempt`` (the first retry is 1).

    Args:
        attempt: How many tries have failed in a row, at least 1.
        roll: A random number in [0, 1): where in the span the wait falls.
        base_s: The longest first wait; each further one may be twice as long.
        cap_s: The longest wait of all.
    """
    # 2 ** 63 times any base is over any cap; without the bound a long outage would overflow a float.
    return roll * min(cap_s, base_s * 2.0 ** min(attempt - 1, 63))


class Retries(Generic[Key]):
    """
    When each of many things that failed may be tried again.

    Args:
        base_s: The longest first wait.
        cap_s: The longest wait of all.
    """

    def __init__(self, base_s: float, cap_s: float) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._failed: dict[Key, tuple[int, float]] = {}

    def fail(self, key: Key, now_s: float, roll: float) -> None:
        """This one failed (once more)."""
        attempts, _ = self._failed.get(key, (0, 0.0))
        self._failed[key] = (attempts + 1, now_s + delay_s(attempts + 1, roll, self._base_s, self._cap_s))

    def succeed(self, key: Key) -> None:
        """This one did not fail: its next failure is its first."""
        self._failed.pop(key, None)

    def is_due(self, key: Key, now_s: float) -> bool:
        """Whether this one may be tried now."""
        return self._failed.get(key, (0, now_s))[1] <= now_s

    def keep(self, keys: Container[Key]) -> None:
        """Forget all others."""
        self._failed = {key: failed for key, failed in self._failed.items() if key in keys}
