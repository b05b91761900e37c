"""Leaving a connection actor without a gap: its viewers are sent to others, a few at a time.

Invariants: a viewer is told where to go only when somebody there has room by placement's last snapshot, and is served
here until it has gone; one that does not go in time is closed with MOVED, which means come back. No more than
``MOVES_PER_S`` are sent in a second, and each goes at a moment of its own, so that nobody is stormed.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Iterator
from typing import Protocol

from gstreamer.actors.viewer import Viewer
from gstreamer.core import protocol
from gstreamer.core.auth import FIRST_TICKET_S, Ticket, sign_ticket
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import UnavailableError
from gstreamer.core.placement import choose_connection
from gstreamer.core.ports import ConnectionView, Draining, PlacementPeer, Snapshot
from gstreamer.core.urls import SocketUrls
from gstreamer.log import get

MOVES_PER_S = 500
"""Handshakes that one actor's leaving causes elsewhere; an actor takes several thousand a second (DESIGN.md)."""
STEP_S = 0.1
LOOK_S = 1.0
"""How old the loads may be by which viewers are sent."""
SPREAD_MS = 1_000
STAY_S = 15.0
"""How long after its moment a viewer is still served here; its ticket lives twice as long."""

_log = get("connection")


class Options(Protocol):
    """Of what actor this is."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def node(self) -> str:
        """Its node."""

    @property
    def ticket_key(self) -> bytes:
        """Signs tickets."""

    @property
    def urls(self) -> SocketUrls:
        """How sockets are reached."""


class Moves:
    """
    Sends viewers elsewhere for as long as that is wanted.

    Args:
        options: Of what actor this is.
        viewers: Everybody who is here.
        placement: Knows who has room.
        now_ms: The wall clock, for tickets.
    """

    def __init__(
        self,
        options: Options,
        viewers: Callable[[], Iterator[Viewer]],
        placement: PlacementPeer,
        now_ms: Callable[[], int],
    ) -> None:
        self._options, self._viewers, self._placement, self._now_ms = options, viewers, placement, now_ms
        self._wanted = asyncio.Event()
        self._due: dict[Viewer, float] = {}
        self._snapshot: Snapshot | None = None
        self._looked_at = float("-inf")
        self._no_room = False
        self.draining: Draining = ""
        self.sent = 0

    def set(self, draining: Draining) -> None:
        """Begin to send viewers elsewhere, or stop that: who has been sent goes all the same."""
        if draining == self.draining:
            return
        self.draining = draining
        if draining:
            _log.info("viewers are sent elsewhere", connection=self._options.name, draining=draining)
            self._wanted.set()
        else:
            _log.info("viewers stay", connection=self._options.name)
            self._wanted.clear()
            self._due.clear()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._wanted.wait()
            await self._look()
            now = asyncio.get_running_loop().time()
            self._send_some(now)
            self._close_overdue(now)
            await asyncio.sleep(STEP_S)

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + LOOK_S:
            return
        self._looked_at = now
        try:
            self._snapshot = await self._placement.snapshot(-1)
        except UnavailableError as error:
            _log.info("viewers are sent by older loads", connection=self._options.name, reason=str(error))

    def _send_some(self, now: float) -> None:
        here = [viewer for viewer in self._viewers() if viewer.user_id is not None]
        self._due = {viewer: self._due[viewer] for viewer in here if viewer in self._due}
        waiting = [viewer for viewer in here if viewer not in self._due]
        for viewer in waiting[: round(MOVES_PER_S * STEP_S)]:
            chosen = self._chosen(viewer)
            if chosen is None:
                self._tell_no_room(len(waiting))
                return
            self._no_room = False
            after_ms = random.randrange(SPREAD_MS)  # noqa: S311 - jitter is no secret
            self._due[viewer] = now + after_ms / 1_000 + STAY_S
            viewer.send(
                protocol.move(self._options.urls.of(chosen.node, chosen.port), self._ticket(viewer, chosen), after_ms)
            )
            self.sent += 1

    def _chosen(self, viewer: Viewer) -> ConnectionView | None:
        if self._snapshot is None:
            return None
        others = tuple(
            view
            for view in self._snapshot.connections
            if view.name != self._options.name and (self.draining == "actor" or view.node != self._options.node)
        )
        roll = random.random()  # noqa: S311 - spreads load
        return choose_connection(self._snapshot._replace(connections=others), viewer.user_id or "", roll)

    def _ticket(self, viewer: Viewer, chosen: ConnectionView) -> str:
        now_ms = self._now_ms()
        expires_ms = now_ms + FIRST_TICKET_S * 1_000
        nonce = secrets.token_urlsafe(12)
        user_id, session_id = viewer.user_id or "", viewer.session_id
        ticket = Ticket("first", user_id, session_id, chosen.name, now_ms, expires_ms, nonce, viewer.reads_chat)
        return sign_ticket(self._options.ticket_key, ticket)

    def _tell_no_room(self, count: int) -> None:
        if not self._no_room:
            _log.warning("nobody has room for viewers", connection=self._options.name, viewers=count)
        self._no_room = True

    def _close_overdue(self, now: float) -> None:
        for viewer, due in tuple(self._due.items()):
            if now >= due:
                viewer.close(Disconnect.MOVED)
