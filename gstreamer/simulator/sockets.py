"""EventSub's WebSocket in the simulation: sessions that are welcomed, kept alive, moved and closed as Twitch does.

Source: TWITCH.md 3.6. A session is one place for subscriptions; the socket below it may be exchanged (reconnect).
"""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from gstreamer import log
from gstreamer.simulator.faults import timestamp

KEEPALIVE_S = 10
KEEPALIVES = range(10, 601)
SUBSCRIBE_S = 10.0
GRACE_S = 30.0

INBOUND, UNUSED, GRACE_OVER, BAD_RECONNECT = 4001, 4003, 4004, 4007
STATUS = {
    INBOUND: "websocket_received_inbound_traffic",
    UNUSED: "websocket_connection_unused",
    GRACE_OVER: "websocket_failed_to_reconnect",
    4000: "websocket_internal_error",
    4002: "websocket_failed_ping_pong",
    4005: "websocket_network_timeout",
    4006: "websocket_network_error",
}
"""What becomes of a session's subscriptions, by the code that its socket was closed with."""

_log = log.get("simulator")


class Session:
    """A session; ``socket`` is None between two sockets."""

    def __init__(self, session_id: str, keepalive_s: float) -> None:
        self.id = session_id
        self.keepalive_s = keepalive_s
        self.connected_at = timestamp()
        self.socket: web.WebSocketResponse | None = None
        self.quiet = asyncio.Event()
        self.moving_to = ""

    def shown(self, status: str, reconnect_url: str | None) -> dict[str, Any]:
        """As Twitch's messages show it."""
        return {
            "id": self.id,
            "status": status,
            "keepalive_timeout_seconds": self.keepalive_s if status == "connected" else None,
            "reconnect_url": reconnect_url,
            "connected_at": self.connected_at,
        }


class Sockets:
    """
    Every session.

    Args:
        used: Whether a session has an enabled subscription (or serves a shard).
        ended: Told the id of a session that is over, and the status of what it carried.
        subscribe_s: How long a session may have none.
        keepalive_s: How long it is quiet, for those who do not ask for another time.
        grace_s: How long a session has to move.
    """

    def __init__(
        self,
        used: Callable[[str], bool],
        ended: Callable[[str, str], None],
        subscribe_s: float = SUBSCRIBE_S,
        keepalive_s: float = KEEPALIVE_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._keepalive_s = keepalive_s
        self._grace_s = grace_s
        self._used = used
        self._ended = ended
        self._subscribe_s = subscribe_s
        self._sessions: dict[str, Session] = {}
        self._moves: dict[str, Session] = {}

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [web.get("/ws", self.connect)]

    def is_open(self, session_id: str) -> bool:
        """Whether there is such a session."""
        return session_id in self._sessions

    def connected_at(self, session_id: str) -> str:
        """Since when there is a session."""
        return self._sessions[session_id].connected_at

    def ids(self) -> list[str]:
        """Every session, the oldest first."""
        return list(self._sessions)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """A socket, from its welcome to its end."""
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        session = await self._session(request, socket)
        if session is None:
            await socket.close(code=BAD_RECONNECT, message=b"invalid reconnect")
            return socket
        tasks = [asyncio.create_task(self._keep_alive(session, socket))]
        if not session.moving_to:
            tasks.append(asyncio.create_task(self._expect_use(session)))
        session.moving_to = ""
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self.close(session.id, INBOUND, socket)
                    break
        finally:
            for task in tasks:
                task.cancel()
            if session.socket is socket:
                self._end(session, STATUS.get(socket.close_code or 0, "websocket_disconnected"))
        return socket

    async def send(self, session_id: str, kind: str, payload: dict[str, Any], **metadata: str) -> bool:
        """Send a message to a session; whether it went out."""
        session = self._sessions.get(session_id)
        if session is None or session.socket is None or session.socket.closed:
            return False
        about = {
            "message_id": metadata.pop("message_id", "") or str(uuid.uuid4()),
            "message_type": kind,
            "message_timestamp": metadata.pop("message_timestamp", "") or timestamp(),
            **metadata,
        }
        try:
            await session.socket.send_str(json.dumps({"metadata": about, "payload": payload}))
        except (ConnectionError, RuntimeError):
            return False
        session.quiet.set()
        return True

    async def move(self, session_id: str, url: str) -> bool:
        """Ask a session to reconnect; its old socket is closed when the grace is over. Whether there is one."""
        session = self._sessions.get(session_id)
        if session is None or session.socket is None:
            return False
        session.moving_to = secrets.token_hex(8)
        self._moves[session.moving_to] = session
        where = f"{url}?reconnect={session.moving_to}"
        old = session.socket
        await self.send(session_id, "session_reconnect", {"session": session.shown("reconnecting", where)})
        asyncio.get_running_loop().call_later(self._grace_s, self._grace_over, session, old)
        return True

    async def close(self, session_id: str, code: int, socket: web.WebSocketResponse | None = None) -> bool:
        """Close a session's socket with one of Twitch's codes, or cut it (0); whether there is one."""
        session = self._sessions.get(session_id)
        socket = socket or (session.socket if session is not None else None)
        if session is None or socket is None:
            return False
        if session.socket is socket:
            self._end(session, STATUS.get(code, "websocket_disconnected"))
        if code == 0:
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()
        else:
            await socket.close(code=code, message=STATUS.get(code, "").encode())
        return True

    async def shut(self) -> None:
        """Close every socket."""
        for session in list(self._sessions.values()):
            if session.socket is not None:
                await session.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _session(self, request: web.Request, socket: web.WebSocketResponse) -> Session | None:
        token = request.query.get("reconnect", "")
        if token:
            session = self._moves.pop(token, None)
            if session is None or not self.is_open(session.id):
                return None
        else:
            asked = request.query.get("keepalive_timeout_seconds", "")
            keepalive_s = int(asked) if asked.isdigit() and int(asked) in KEEPALIVES else self._keepalive_s
            session = Session(secrets.token_urlsafe(20), keepalive_s)
            self._sessions[session.id] = session
        session.socket = socket
        await self.send(session.id, "session_welcome", {"session": session.shown("connected", None)})
        return session

    async def _keep_alive(self, session: Session, socket: web.WebSocketResponse) -> None:
        while session.socket is socket:
            session.quiet.clear()
            try:
                # A little early, as Twitch does: whoever waits to the second must not be disappointed.
                async with asyncio.timeout(session.keepalive_s * 0.9):
                    await session.quiet.wait()
            except TimeoutError:
                await self.send(session.id, "session_keepalive", {})

    async def _expect_use(self, session: Session) -> None:
        await asyncio.sleep(self._subscribe_s)
        if not self._used(session.id):
            await self.close(session.id, UNUSED)

    def _grace_over(self, session: Session, old: web.WebSocketResponse) -> None:
        if session.socket is old and self.is_open(session.id):
            self._moves.pop(session.moving_to, None)
            asyncio.ensure_future(self.close(session.id, GRACE_OVER))  # noqa: RUF006 - it ends by itself
        elif not old.closed:
            asyncio.ensure_future(old.close(code=GRACE_OVER))  # noqa: RUF006 - it ends by itself

    def _end(self, session: Session, status: str) -> None:
        if self._sessions.pop(session.id, None) is not None:
            session.socket = None
            _log.info("websocket session ended", session_id=session.id, status=status)
            self._ended(session.id, status)
