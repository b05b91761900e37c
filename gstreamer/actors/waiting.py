"""What waits for all slow sockets of a connection actor: bounded as a whole, at the cost of the slowest.

Invariant: once told of every change, no more than ``max_bytes`` wait. Chat goes first, from every queue; where that
is not enough the sockets for which most waits are closed with SLOW_CONSUMER, and come back by position.
"""

from __future__ import annotations

from gstreamer.actors.viewer import Viewer
from gstreamer.core.disconnect import Disconnect
from gstreamer.log import get

RELIEVED = 0.8
"""Down to which part of the bound it is brought, so that it is not done for each event."""
CROWDED = 0.9
"""From which part of the bound on no new socket is taken."""

_log = get("connection")


class Waiting:
    """
    The queues of one connection actor.

    Args:
        max_bytes: What may wait in all of them.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: dict[Viewer, int] = {}
        self.bytes = 0
        self.closed = 0

    @property
    def is_crowded(self) -> bool:
        """Whether a new socket would be one too many."""
        return self.bytes > CROWDED * self._max_bytes

    def update(self, viewer: Viewer) -> None:
        """Something was queued or taken for this viewer."""
        self._count(viewer)
        if self.bytes > self._max_bytes:
            self._relieve()

    def _count(self, viewer: Viewer) -> None:
        now = 0 if viewer.queue is None else len(viewer.queue)
        self.bytes += now - self._held.get(viewer, 0)
        if now:
            self._held[viewer] = now
        else:
            self._held.pop(viewer, None)

    def _relieve(self) -> None:
        before = self.bytes
        slowest = sorted(self._held, key=self._held.__getitem__, reverse=True)
        for viewer in slowest:
            viewer.thin()
            self._count(viewer)
        closed = 0
        for viewer in slowest:
            if self.bytes <= RELIEVED * self._max_bytes:
                break
            viewer.close(Disconnect.SLOW_CONSUMER)
            self._count(viewer)
            closed += 1
        self.closed += closed
        _log.warning("too much waits for slow sockets", bytes=before, left=self.bytes, closed=closed)
