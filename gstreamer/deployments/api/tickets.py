"""Leave to open a socket, decided here from placement's last snapshot: no request waits for the placement actor."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter

from gstreamer.core.auth import FIRST_TICKET_S, Ticket, sign_ticket
from gstreamer.core.placement import choose_connection
from gstreamer.core.problems import NO_ROOM, ProblemError
from gstreamer.core.signin import READ_CHAT
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed, Viewer

RETRY_S = 2
NONCE_BYTES = 16

routes = APIRouter(prefix="/api/ws-ticket", tags=["live"])


@routes.post("")
async def ticket(parts: Needed, viewer: Viewer) -> shapes.SocketTicket:
    """A url to open a socket at, and a ticket for its first message: good for 30 s, once, at this url."""
    snapshot = parts.snapshots.snapshot
    roll = int.from_bytes(parts.random(4), "big") / 2**32
    chosen = None if snapshot is None else choose_connection(snapshot, viewer.person.id, roll)
    if chosen is None:
        words = "no connection actor has room at the moment; try again in a moment"
        raise ProblemError(503, words, NO_ROOM, headers={"Retry-After": str(RETRY_S)})
    issued_ms = parts.now_ms()
    expires_ms = issued_ms + FIRST_TICKET_S * 1000
    made = Ticket(
        kind="first",
        user_id=viewer.person.id,
        session_id=viewer.session_id,
        connection=chosen.name,
        issued_ms=issued_ms,
        expires_ms=expires_ms,
        nonce=parts.random(NONCE_BYTES).hex(),
        reads_chat=READ_CHAT in viewer.scopes,
    )
    return shapes.SocketTicket(
        url=parts.config.sockets.of(chosen.node, chosen.port),
        ticket=sign_ticket(parts.config.ticket_key, made),
        expires_at=shapes.rfc3339(datetime.fromtimestamp(expires_ms / 1000, UTC)),
    )
