"""The viewers of a connection actor: who may be here, and what they are subscribed to.

Invariant: a viewer is greeted, welcomed or gone; every open socket is in ``viewers`` until its end is told.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from websockets.datastructures import Headers

from gstreamer.actors.audience import Audience
from gstreamer.actors.fanout import Fanout
from gstreamer.actors.feeds import Feeds, Peers
from gstreamer.actors.socket import Rules, Socket
from gstreamer.actors.viewer import Viewer
from gstreamer.actors.waiting import Waiting
from gstreamer.core import protocol, relay
from gstreamer.core.admission import Admission, Limits, origin_allowed
from gstreamer.core.auth import RESUME_TICKET_S, Ticket, read_ticket, sign_ticket
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import InvalidSignatureError, InvalidTicketError, UnavailableError
from gstreamer.core.filters import role_of
from gstreamer.core.hub import RING_BYTES, Hub
from gstreamer.core.ports import Counting, Sessions
from gstreamer.core.protocol import Hello, Message, Subscribe, Unsubscribe, Want
from gstreamer.core.urls import SocketUrls
from gstreamer.log import get

MESSAGES_A_MINUTE = 120
PONGS_MISSED = 2
GRANT_REVOKED = "grant_revoked"
DEGRADED = "its events are late: nobody runs it at the moment"
UNAVAILABLE = ("unavailable", "this streamer cannot be had at the moment, try again")
UNKNOWN = ("unknown_streamer", "twitch knows no such user")

_log = get("connection")

RULES = Rules(
    subprotocols=(protocol.SUBPROTOCOL,),
    max_message_bytes=protocol.MAX_MESSAGE_BYTES,
    too_large=(Disconnect.MESSAGE_TOO_LARGE, Disconnect.MESSAGE_TOO_LARGE.reason),
    messages_a_minute=MESSAGES_A_MINUTE,
    too_many=(Disconnect.TOO_MANY_MESSAGES, Disconnect.TOO_MANY_MESSAGES.reason),
)


class ConnectionOptions(NamedTuple):
    """
    What a connection actor is and may do.

    Attributes:
        name: Its actor name, ``connection:<node>:<n>``.
        node: Its node.
        address: IP that replicas reach its listener at.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        ticket_key: Signs and reads tickets (``core.auth.derive_key``).
        relay_key: Reads relays' headers (``derive_key`` with ``core.relay.PURPOSE``).
        origins: Origins that may open sockets, lower case.
        limits: Most sockets here, of a user and of an address.
        subscriptions: Most streamers of one socket.
        queue_bytes: What may wait for a slow socket.
        queues_bytes: What may wait for all of them.
        ring_bytes: Events kept of each streamer.
        ping_interval_s: Seconds between two pings of a socket, at most 30.
        tls: Certificate chain and key (PEM files) for wss on the node, or None.
        urls: How sockets are reached from outside, for those that are sent elsewhere.
    """

    name: str
    node: str
    address: str
    host: str
    port: int
    ticket_key: bytes
    relay_key: bytes
    origins: frozenset[str]
    limits: Limits
    subscriptions: int = 500
    queue_bytes: int = 1_048_576
    queues_bytes: int = 268_435_456
    ring_bytes: int = RING_BYTES
    ping_interval_s: int = protocol.PING_INTERVAL_S
    tls: tuple[str, str] | None = None
    urls: SocketUrls = SocketUrls("ws://127.0.0.1:{port}/", "", through_serve=False)


class Desk:
    """
    Takes sockets in and looks after them; ``actors.viewer.Desk``.

    Args:
        incarnation: This process of the connection actor.
        options: What it is and may do.
        peers: The actors that it calls.
        sessions: The ended sessions.
        metrics: Where to count.
        now_ms: The wall clock.
    """

    def __init__(
        self,
        incarnation: str,
        options: ConnectionOptions,
        peers: Peers,
        sessions: Sessions,
        metrics: Counting,
        now_ms: Callable[[], int],
    ) -> None:
        self._incarnation, self._options, self._subscriptions = incarnation, options, peers.subscriptions
        self._sessions, self._metrics, self._now_ms = sessions, metrics, now_ms
        self.hub: Hub[Viewer] = Hub(options.ring_bytes)
        self.admission = Admission(options.name, now_ms(), options.limits)
        self.fanout = Fanout(self.hub, self._ask, self._tell)
        self.feeds = Feeds(options.name, incarnation, self.hub, peers, self.fanout, self._tell_all)
        self.audience = Audience(options.name, incarnation, self.hub, peers.chat)
        self.waiting = Waiting(options.queues_bytes)
        self.is_closing = False
        self._slots: list[set[Viewer]] = [set() for _ in range(options.ping_interval_s)]
        self._greeting: dict[Viewer, float] = {}
        self._wanting: dict[str, dict[Viewer, Want]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0

    def accept(self) -> Socket:
        """A socket for a new connection; one that never says hello is cut, the oldest first if there are many."""
        if len(self._greeting) >= self._options.limits.sockets:
            next(iter(self._greeting)).socket.abort()
        return Socket(self._receive, RULES)

    def viewers(self) -> Iterator[Viewer]:
        """Everybody who is here."""
        yield from tuple(self._greeting)
        for slot in self._slots:
            yield from tuple(slot)

    def tick(self, second: int, now: float) -> None:
        """Ping those whose turn it is, and close those who have not said hello in time."""
        for viewer in tuple(self._slots[second % len(self._slots)]):
            viewer.ping(PONGS_MISSED)
        for viewer, deadline in tuple(self._greeting.items()):
            if now < deadline:
                return
            viewer.close(Disconnect.NOT_WELCOMED)

    def session_ended(self, session_id: str, reason: str) -> None:
        """Close the sockets of a session."""
        for viewer in self.viewers():
            if viewer.session_id == session_id:
                if reason == GRANT_REVOKED:
                    viewer.send(protocol.state(GRANT_REVOKED, self._now_text(), "twitch sign-in has ended"))
                viewer.close(Disconnect.SESSION_ENDED)

    def stop(self) -> None:
        """Ask for no more streamers."""
        for task in self._tasks:
            task.cancel()

    # What sockets tell it (actors.viewer.Desk).

    def opened(self, viewer: Viewer, headers: Headers) -> None:
        """A socket's handshake is done: close it again if it may not be here."""
        address, origin = self._origin_of(viewer, headers)
        viewer.address = address
        refusal = self.admission.enter(address)
        if self.is_closing:
            refusal = Disconnect.SHUTDOWN
        elif not origin_allowed(origin, self._options.origins):
            refusal = Disconnect.ORIGIN_REFUSED
        elif "Sec-WebSocket-Protocol" in headers and viewer.socket.subprotocol is None:
            refusal = Disconnect.PROTOCOL_ERROR
        if refusal is not None:
            viewer.close(refusal)

    def greeted(self, viewer: Viewer, hello: Hello) -> None:
        """A viewer has shown its ticket."""
        now_ms = self._now_ms()
        try:
            ticket = read_ticket(self._options.ticket_key, hello.ticket, now_ms)
            if self._sessions.ended(ticket.session_id):
                raise InvalidTicketError("session has ended", Disconnect.SESSION_ENDED)
            self.admission.admit(ticket, now_ms)
        except InvalidTicketError as error:
            _log.info("socket refused", connection=self._options.name, number=viewer.number, reason=str(error))
            viewer.close(Disconnect(error.code))
            return
        viewer.user_id, viewer.session_id = ticket.user_id, ticket.session_id
        viewer.reads_chat = ticket.reads_chat
        self._greeting.pop(viewer, None)
        self._slots[viewer.number % len(self._slots)].add(viewer)
        resume = ticket._replace(
            kind="resume", connection="", issued_ms=now_ms, expires_ms=now_ms + RESUME_TICKET_S * 1000, nonce=_nonce()
        )
        viewer.send(self._welcome(viewer, resume))
        for refused_id, refusal in hello.refused:
            viewer.send(protocol.error(refusal.code, refusal.detail, refused_id))
        for streamer_id, want in hello.resume.items():
            self._subscribe(viewer, streamer_id, want)

    def requested(self, viewer: Viewer, message: Message) -> None:
        """A viewer changes its subscriptions."""
        if isinstance(message, Subscribe):
            self._subscribe(viewer, message.streamer_id, message.want)
        elif isinstance(message, Unsubscribe):
            self._forget_wish(viewer, message.streamer_id)
            self.fanout.settle(viewer, message.streamer_id)
            position = self.hub.unsubscribe(viewer, message.streamer_id)
            viewer.send(protocol.unsubscribed(message.streamer_id, position), message.streamer_id)
            self.feeds.unwatched(message.streamer_id)
            self.audience.changed(viewer)

    def caught_up(self, viewer: Viewer) -> None:
        """A slow socket takes frames again."""
        for streamer_id in self.hub.subscriptions(viewer):
            self.fanout.catch_up_later(viewer, streamer_id)

    def thinned(self, event_class: str, count: int) -> None:
        """Events were left out for a slow socket."""
        self._metrics.count("gstreamer_dropped", count, event_class)

    def queued(self, viewer: Viewer) -> None:
        """More or less waits for a slow socket."""
        self.waiting.update(viewer)

    def ended(self, viewer: Viewer, code: int) -> None:
        """A socket is over."""
        streamers = tuple(self.hub.subscriptions(viewer))
        self.fanout.forget(viewer)
        self.hub.forget(viewer)
        for streamer_id in tuple(self._wanting):
            self._forget_wish(viewer, streamer_id)
        for streamer_id in streamers:
            self.feeds.unwatched(streamer_id)
        self.audience.changed(viewer)
        self._greeting.pop(viewer, None)
        self._slots[viewer.number % len(self._slots)].discard(viewer)
        if viewer.address is not None:
            self.admission.leave(viewer.address, viewer.user_id)
        self._metrics.count("gstreamer_sockets_closed", 1, str(code))

    def _welcome(self, viewer: Viewer, resume: Ticket) -> bytes:
        return protocol.welcome(
            f"{self._options.name}/{self._incarnation}/{viewer.number}",
            resume.user_id,
            sign_ticket(self._options.ticket_key, resume),
            self._options.ping_interval_s,
        )

    def _subscribe(self, viewer: Viewer, streamer_id: str, want: Want) -> None:
        held = self.hub.subscriptions(viewer)
        wished = sum(viewer in wishes for wishes in self._wanting.values())
        if streamer_id not in held and len(held) + wished >= self._options.subscriptions:
            reason = f"a socket has at most {self._options.subscriptions} subscriptions"
            viewer.send(protocol.error("too_many_subscriptions", reason, streamer_id))
        elif self.feeds.is_followed(streamer_id):
            self._begin(viewer, streamer_id, want)
        else:
            wishes = self._wanting.get(streamer_id)
            if wishes is None:
                wishes = self._wanting[streamer_id] = {}
                task = asyncio.create_task(self._want(streamer_id, wishes), name="want")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            wishes[viewer] = want

    def _begin(self, viewer: Viewer, streamer_id: str, want: Want) -> None:
        first = self.hub.is_idle(streamer_id)
        self.fanout.settle(viewer, streamer_id)
        role = role_of(viewer.user_id, streamer_id)
        answer = self.hub.subscribe(viewer, streamer_id, Want(want.position, want.types._replace(role=role)))
        self.feeds.follow(streamer_id, first=first)
        self.audience.changed(viewer)
        if answer is None:
            self.feeds.ask(streamer_id)
        else:
            self.fanout.answer(streamer_id, [answer])
        if self.feeds.is_degraded(streamer_id):
            self._tell(viewer, streamer_id, "degraded", DEGRADED)

    async def _want(self, streamer_id: str, wishes: dict[Viewer, Want]) -> None:
        """See that a streamer exists, for all who wish for it meanwhile."""
        refusal: tuple[str, str] | None = UNAVAILABLE
        try:
            refusal = None if await self._subscriptions.want(streamer_id) else UNKNOWN
        except UnavailableError as error:
            _log.warning("streamer cannot be had", streamer_id=streamer_id, reason=str(error))
        except Exception:
            _log.exception("asking for a streamer failed", streamer_id=streamer_id)
        del self._wanting[streamer_id]
        for viewer, want in tuple(wishes.items()):
            if refusal is None:
                self._begin(viewer, streamer_id, want)
            else:
                viewer.send(protocol.error(*refusal, streamer_id))

    def _forget_wish(self, viewer: Viewer, streamer_id: str) -> None:
        self._wanting.get(streamer_id, {}).pop(viewer, None)

    def _ask(self, streamer_id: str) -> None:
        self.feeds.ask(streamer_id)

    def _tell(self, viewer: Viewer, streamer_id: str, state: str, reason: str) -> None:
        viewer.send(protocol.state(state, self._now_text(), reason, streamer_id), streamer_id)

    def _tell_all(self, streamer_id: str, state: str, reason: str) -> None:
        for viewer in self.hub.subscribers(streamer_id):
            self._tell(viewer, streamer_id, state, reason)

    def _now_text(self) -> str:
        return (
            datetime.fromtimestamp(self._now_ms() / 1000, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )

    def _receive(self, socket: Socket) -> Viewer:
        self._number += 1
        viewer = Viewer(socket, self, self._number, self._options.queue_bytes)
        self._greeting[viewer] = asyncio.get_running_loop().time() + protocol.HELLO_TIMEOUT_S
        return viewer

    def _origin_of(self, viewer: Viewer, headers: Headers) -> tuple[str, str | None]:
        """The client's address and Origin: of the peer, or of the client that a relay speaks for."""
        address = viewer.socket.peer_address
        origins = headers.get_all("Origin")
        relays = headers.get_all(relay.HEADER)
        if relays:
            try:
                return relay.read_relayed(self._options.relay_key, relays[0], self._now_ms())
            except InvalidSignatureError as error:
                _log.warning("relay refused", address=address, reason=str(error))
                return address, ""
        return address, None if not origins else ",".join(origins)


def _nonce() -> str:
    return secrets.token_urlsafe(12)
