"""Points of a shared bucket that a process has got in advance, so that it does not ask for each call.

How many it asks for follows how many it used: a busy process asks seldom, an idle one holds nothing back from others.
"""

from __future__ import annotations

from gstreamer.core.access import Lease, Spent
from gstreamer.core.limiter import UNKNOWN, Allowance

MOST = 32
"""Points that a process asks for at a time."""


class Leased:
    """The points of one process. Times are of any one clock, in seconds."""

    def __init__(self) -> None:
        self._left = 0
        self._until_s = 0.0
        self._ask = 1
        self._used_up = False
        self._taken = 0
        self._answered = 0
        self._allowance = UNKNOWN
        self._refused = False

    def take(self, now_s: float) -> bool:
        """Whether a call may go; takes a point if so."""
        if self._left == 0 or now_s >= self._until_s:
            return False
        self._left -= 1
        self._taken += 1
        self._used_up = self._left == 0
        return True

    def told(self, allowance: Allowance, *, refused: bool = False) -> None:
        """A call was answered, or never will be; a refusal makes the points that are left worthless."""
        self._answered += 1
        if allowance.remaining is not None:
            self._allowance = allowance
        self._refused = self._refused or refused

    def wanted(self, waiting: int) -> int:
        """How many points to ask for, where so many calls wait for one."""
        return min(MOST, max(1, waiting, self._ask))

    def report(self) -> Spent:
        """What there is to say of points so far; what is left is given back, and teaches how many to ask for."""
        self._ask = min(MOST, self._ask * 2) if self._used_up else max(1, self._ask // 2)
        self._used_up = False
        spent = min(self._answered, self._taken)
        said = Spent(spent, self._left, self._allowance, self._refused)
        self._taken -= spent
        self._left, self._answered, self._allowance, self._refused = 0, 0, UNKNOWN, False
        return said

    def granted(self, lease: Lease, now_s: float) -> None:
        """New points, after ``report`` has given the old ones back."""
        self._left = lease.points
        self._until_s = now_s + lease.for_s
