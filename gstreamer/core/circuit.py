"""A circuit breaker: while the other side is down, calls fail at once, and now and then one of them tries.

Every change of state is in this module. Closed: calls go. Open: none goes. Half-open: one goes at a time, and its
outcome closes or opens the circuit.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from gstreamer.core import backoff


class State(enum.Enum):
    """How a circuit is."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Policy(NamedTuple):
    """
    When it opens, and for how long.

    Attributes:
        failures: So many in a row, with no success between them, open it.
        base_s: How long the first opening lasts, at most; each further one in a row may last twice as long.
        cap_s: The longest opening.
        probe_s: A probe that is not heard of for so long is taken for lost.
    """

    failures: int = 5
    base_s: float = 1.0
    cap_s: float = 10.0
    probe_s: float = 30.0


class Circuit:
    """
    The circuit of one other side.

    Args:
        policy: When it opens, and for how long.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or Policy()
        self._failed = 0
        self._openings = 0
        self._opened_s = 0.0
        self._until_s = 0.0
        self._probe_until_s: float | None = None

    def state(self, now_s: float) -> State:
        """How it is."""
        if self._openings == 0:
            return State.CLOSED
        return State.OPEN if now_s < self._until_s else State.HALF_OPEN

    def opened_s(self) -> float | None:
        """Since when it has not been closed; None if it is."""
        return self._opened_s if self._openings else None

    def wait_s(self, now_s: float) -> float:
        """How long it takes until a call may try; 0 if one may now."""
        if self.state(now_s) is State.HALF_OPEN:
            return max(0.0, (self._probe_until_s or now_s) - now_s)
        return max(0.0, self._until_s - now_s) if self._openings else 0.0

    def enter(self, now_s: float) -> bool:
        """Whether a call may go; each one that may has to tell its outcome."""
        if self.wait_s(now_s) > 0:
            return False
        if self._openings:
            self._probe_until_s = now_s + self._policy.probe_s
        return True

    def abandoned(self) -> None:
        """A call was broken off: its outcome tells nothing, and another may try."""
        self._probe_until_s = None

    def succeeded(self) -> None:
        """A call was answered: the other side is there."""
        self._failed, self._openings, self._probe_until_s = 0, 0, None

    def failed(self, now_s: float, roll: float) -> None:
        """
        A call was not answered.

        Args:
            now_s: When that was known.
            roll: A random number in [0, 1), so that many processes do not try at the same moment.
        """
        self._failed += 1
        state = self.state(now_s)
        # What fails while it is open was under way before, and tells nothing new.
        if state is State.OPEN or (state is State.CLOSED and self._failed < self._policy.failures):
            return
        if state is State.CLOSED:
            self._opened_s = now_s
        self._openings += 1
        self._probe_until_s = None
        policy = self._policy
        self._until_s = now_s + backoff.delay_s(self._openings, 0.5 + roll / 2, policy.base_s, policy.cap_s)
