"""A client's WebSocket relayed to the connection actor that its ticket names.

The relay reads the client's hello, finds the actor, and passes messages both ways with back-pressure; the actor owns
the socket and every rule of the protocol. Close codes pass both ways. An actor that is gone ends the socket with
4000, so that the client comes back and resumes elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Callable
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from gstreamer import log
from gstreamer.core import protocol, relay
from gstreamer.core.auth import Ticket, read_ticket
from gstreamer.core.browser import client_address
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import BadMessageError, InvalidTicketError, ProtocolBreachError
from gstreamer.core.placement import choose_connection
from gstreamer.core.ports import ConnectionView, Snapshot

OPEN_S = 5.0
MAX_EVENT_BYTES = 4 * 2**20
QUEUED_MESSAGES = 8
"""Messages of the actor that wait for a slow client, before the actor's own side of the socket counts as slow."""
ABNORMAL = frozenset({1005, 1006, 1015})
"""Codes that say how a socket ended, but may not be sent."""
GOING_AWAY = 1001

_log = log.get("websocket")
_quiet = logging.getLogger("websockets.client")


class RelayOptions(NamedTuple):
    """
    What a relay needs to know.

    Attributes:
        ticket_key: Reads tickets.
        relay_key: Signs what it says of its clients.
        trusted_proxies: How many proxies append to X-Forwarded-For; 0: no address is known for sure.
        tls: Trusts the connection actors' certificate, or None where they speak plain TCP.
    """

    ticket_key: bytes
    relay_key: bytes
    trusted_proxies: int
    tls: ssl.SSLContext | None = None


class _ClosedError(Exception):
    """The client's socket shall end with this code, or has ended with it."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Relay:
    """
    The ASGI application.

    Args:
        options: What it needs to know.
        snapshot: What placement has published last.
        now_ms: Unix milliseconds.
        roll: Random numbers in [0, 1).
    """

    def __init__(
        self,
        options: RelayOptions,
        snapshot: Callable[[], Snapshot | None],
        now_ms: Callable[[], int],
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._options, self._snapshot, self._now_ms, self._roll = options, snapshot, now_ms, roll

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "websocket":
            await self._serve(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"upgrade", b"websocket"), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 426, "headers": headers})
            await send({"type": "http.response.body", "body": b"open a websocket here\n"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        offered = scope["subprotocols"]
        agreed = protocol.SUBPROTOCOL if protocol.SUBPROTOCOL in offered else None
        await send({"type": "websocket.accept", "subprotocol": agreed})
        try:
            if offered and agreed is None:
                raise _refused(Disconnect.PROTOCOL_ERROR)
            hello = await _hello(receive)
            view = self._find(_ticket(self._options.ticket_key, hello, self._now_ms()))
            await self._relay(view, hello, scope, receive, send)
        except _ClosedError as closed:
            if closed.code not in ABNORMAL:
                await _close(send, closed)

    def _find(self, ticket: Ticket) -> ConnectionView:
        """The connection actor that a ticket opens: the one it names, or for a resume one with room."""
        snapshot = self._snapshot()
        if snapshot is None:
            raise _refused(Disconnect.SHUTDOWN)
        if ticket.kind == "resume":
            chosen = choose_connection(snapshot, ticket.user_id, self._roll())
            if chosen is None:
                raise _refused(Disconnect.SERVER_FULL)
            return chosen
        named = [view for view in snapshot.connections if view.name == ticket.connection and view.port]
        if not named:
            raise _refused(Disconnect.TICKET_EXPIRED)
        return named[0]

    async def _relay(self, view: ConnectionView, hello: str, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        address = ""
        if self._options.trusted_proxies:
            peer = scope.get("client")
            address = client_address(
                peer[0] if peer else "", headers.getlist("x-forwarded-for"), self._options.trusted_proxies
            )
        relayed = relay.Relayed(address, headers.get("origin"))
        try:
            upstream = await connect(
                f"{'ws' if self._options.tls is None else 'wss'}://{view.address}:{view.port}/",
                additional_headers={
                    relay.HEADER: relay.sign_relayed(self._options.relay_key, relayed, self._now_ms())
                },
                subprotocols=[Subprotocol(protocol.SUBPROTOCOL)],
                ssl=self._options.tls,
                compression=None,
                ping_interval=None,
                proxy=None,
                open_timeout=OPEN_S,
                close_timeout=OPEN_S,
                max_size=MAX_EVENT_BYTES,
                max_queue=QUEUED_MESSAGES,
                logger=_quiet,
            )
        except (OSError, InvalidHandshake, InvalidMessage) as error:
            _log.warning("connection actor cannot be reached", connection=view.name, reason=str(error))
            raise _refused(Disconnect.SHUTDOWN) from None
        await _both_ways(upstream, hello, receive, send)


async def _both_ways(upstream: ClientConnection, hello: str, receive: Receive, send: Send) -> None:
    """Relay until either side ends; the code that the client's socket ends with is raised."""
    client = asyncio.create_task(_from_client(upstream, hello, receive))
    actor = asyncio.create_task(_from_actor(upstream, send))
    code, reason = GOING_AWAY, ""
    try:
        done, _ = await asyncio.wait((client, actor), return_when=asyncio.FIRST_COMPLETED)
        await (actor if actor in done else client)
    except _ClosedError as closed:
        if closed.code not in ABNORMAL:
            code, reason = closed.code, closed.reason
        raise
    finally:
        client.cancel()
        actor.cancel()
        await asyncio.gather(client, actor, return_exceptions=True)
        await upstream.close(code, reason)


async def _from_client(upstream: ClientConnection, hello: str, receive: Receive) -> None:
    try:
        await upstream.send(hello)
        while True:
            text = await _text(receive)
            await upstream.send(text)
    except ConnectionClosed:
        # The other direction knows the code.
        await asyncio.Event().wait()


async def _from_actor(upstream: ClientConnection, send: Send) -> None:
    while True:
        try:
            text = await upstream.recv(decode=True)
        except ConnectionClosed as ended:
            if ended.rcvd is None or ended.rcvd.code in ABNORMAL:
                raise _refused(Disconnect.SHUTDOWN) from None
            raise _ClosedError(ended.rcvd.code, ended.rcvd.reason) from None
        try:
            await send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):
            raise _ClosedError(1006) from None  # the client has gone; ASGI servers say so in either way


async def _hello(receive: Receive) -> str:
    try:
        async with asyncio.timeout(protocol.HELLO_TIMEOUT_S):
            return await _text(receive)
    except TimeoutError:
        raise _refused(Disconnect.NOT_WELCOMED) from None


async def _text(receive: Receive) -> str:
    """The client's next message."""
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise _ClosedError(message.get("code") or 1005)
    text = message.get("text")
    if text is None:
        raise _refused(Disconnect.PROTOCOL_ERROR)
    if len(text) > protocol.MAX_MESSAGE_BYTES or len(text.encode()) > protocol.MAX_MESSAGE_BYTES:
        raise _refused(Disconnect.MESSAGE_TOO_LARGE)
    return str(text)


def _ticket(key: bytes, hello: str, now_ms: int) -> Ticket:
    try:
        message = protocol.parse(hello)
        if not isinstance(message, protocol.Hello):
            raise _refused(Disconnect.PROTOCOL_ERROR)
        return read_ticket(key, message.ticket, now_ms)
    except (ProtocolBreachError, BadMessageError):
        raise _refused(Disconnect.PROTOCOL_ERROR) from None
    except InvalidTicketError as error:
        raise _refused(Disconnect(error.code)) from None


def _refused(code: Disconnect) -> _ClosedError:
    return _ClosedError(code, code.reason)


async def _close(send: Send, closed: _ClosedError) -> None:
    try:
        await send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})
    except (OSError, RuntimeError):
        return  # it has gone meanwhile
