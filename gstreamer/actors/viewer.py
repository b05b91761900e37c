"""One viewer's socket: what it may say when, and what waits for it while it is slow.

It writes shared frames as they are for as long as its transport takes them; then a ``SendQueue`` stands between,
until that is empty again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from websockets.datastructures import Headers
from websockets.frames import CloseCode

from gstreamer.actors.socket import Socket
from gstreamer.core import protocol
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import BadMessageError, ProtocolBreachError
from gstreamer.core.events import Event
from gstreamer.core.frames import text_frame
from gstreamer.core.ids import Position
from gstreamer.core.protocol import Hello, Message, Move, Pong, State
from gstreamer.core.ring import pieces
from gstreamer.core.send_queue import SendQueue

MESSAGE_BYTES = 65_536
_PING = text_frame(protocol.PING)


class Desk(Protocol):
    """Whom a viewer's socket turns to."""

    def opened(self, viewer: Viewer, headers: Headers) -> None:
        """The handshake is done."""

    def greeted(self, viewer: Viewer, hello: Hello) -> None:
        """The viewer has said hello."""

    def requested(self, viewer: Viewer, message: Message) -> None:
        """A welcomed viewer wants something."""

    def caught_up(self, viewer: Viewer) -> None:
        """All that waited for a slow socket has been written."""

    def thinned(self, event_class: str, count: int) -> None:
        """So many events were left out for a slow socket."""

    def queued(self, viewer: Viewer) -> None:
        """More or less waits for a slow socket than before."""

    def ended(self, viewer: Viewer, code: int) -> None:
        """The socket is over."""


class Viewer:
    """
    The receiver of a ``Socket``.

    Args:
        socket: The socket.
        desk: Whom it turns to.
        number: Which socket of this process it is.
        queue_bytes: How much may wait while it is slow.
    """

    __slots__ = (
        "_desk",
        "_queue_bytes",
        "address",
        "number",
        "queue",
        "reads_chat",
        "session_id",
        "socket",
        "state",
        "unanswered",
        "user_id",
        "write",
    )

    write: Callable[[bytes], None]

    def __init__(self, socket: Socket, desk: Desk, number: int, queue_bytes: int) -> None:
        self.socket = socket
        self.number = number
        self.address: str | None = None
        self.user_id: str | None = None
        self.session_id = ""
        self.reads_chat = False
        self.state = State.OPENED
        self.queue: SendQueue | None = None
        self.unanswered = 0
        self._desk = desk
        self._queue_bytes = queue_bytes

    def close(self, code: Disconnect) -> None:
        """Begin to close; it gets nothing more."""
        if self.queue is not None:
            self.queue.clear()
        self.socket.close(code, code.reason)

    def thin(self) -> None:
        """Leave out the chat that waits, if any does."""
        if self.queue is not None:
            self.queue.thin()
            self._tell_left_out(self.queue)

    def send(self, message: bytes, streamer_id: str | None = None) -> None:
        """Send a message, behind what waits (of its streamer); nothing once it is closing."""
        if self.state is not State.WELCOMED:
            return
        if self.queue is None:
            self.write(text_frame(message))
        else:
            self.queue.push_message(message, streamer_id)
            self._check()

    def send_events(self, streamer_id: str, position: Position, events: Sequence[Event]) -> None:
        """Send events (none: the cursor's move) that are for this viewer alone, or that it is too slow to share."""
        if self.queue is not None:
            self.queue.push_events(streamer_id, position, events)
            self._check()
            return
        for part, to in pieces(events, position.offset, MESSAGE_BYTES):
            place = Position(position.epoch, to)
            if self.state is not State.WELCOMED:
                return
            if self.queue is None:
                self.write(text_frame(protocol.events(streamer_id, place, [event.encoded for event in part])))
            else:
                self.queue.push_events(streamer_id, place, part)
                self._check()

    def ping(self, allowed: int) -> None:
        """Ask for a sign of life, unless so many were asked for in vain."""
        if self.unanswered >= allowed:
            self.close(Disconnect.NO_PONG if self.queue is None else Disconnect.SLOW_CONSUMER)
            return
        self.unanswered += 1
        if self.queue is None:
            self.write(_PING)
        else:
            self.send(protocol.PING)

    def on_open(self, headers: Headers) -> None:
        """See ``Receiver``."""
        self.write = self.socket.write
        self._desk.opened(self, headers)

    def on_text(self, text: bytes) -> None:
        """See ``Receiver``."""
        try:
            message = protocol.parse(text)
            self.state = protocol.after(self.state, Move.HELLO if isinstance(message, Hello) else Move.REQUEST)
        except ProtocolBreachError:
            self.close(Disconnect.PROTOCOL_ERROR)
        except BadMessageError as error:
            if self.state is State.WELCOMED:
                self.send(protocol.error(error.code, error.detail))
            else:
                self.close(Disconnect.PROTOCOL_ERROR)
        else:
            if isinstance(message, Hello):
                self._desk.greeted(self, message)
            else:
                if isinstance(message, Pong):
                    self.unanswered = 0
                self._desk.requested(self, message)

    def on_binary(self, payload: bytes) -> None:
        """See ``Receiver``."""
        self.close(Disconnect.PROTOCOL_ERROR)

    def on_pause(self) -> None:
        """See ``Receiver``."""
        if self.queue is None:
            self.queue = SendQueue(self._queue_bytes)

    def on_resume(self) -> None:
        """See ``Receiver``; writing may pause it again at any time."""
        queue, self.queue = self.queue, None
        while queue is not None and self.queue is None:
            message = queue.take(MESSAGE_BYTES)
            if message is None:
                self._desk.queued(self)
                self._desk.caught_up(self)
                return
            self.write(text_frame(message))
        self.queue = queue
        self._desk.queued(self)

    def on_end(self, code: int) -> None:
        """See ``Receiver``."""
        self.state = protocol.after(self.state, Move.LOST if code == CloseCode.ABNORMAL_CLOSURE else Move.CLOSE)
        self.queue = None
        self._desk.queued(self)
        self._desk.ended(self, code)

    def _check(self) -> None:
        queue = self.queue
        if queue is not None:
            self._tell_left_out(queue)
            if queue.overflows:
                self.close(Disconnect.SLOW_CONSUMER)
            self._desk.queued(self)

    def _tell_left_out(self, queue: SendQueue) -> None:
        for event_class, count in queue.left_out.items():
            self._desk.thinned(event_class.label, count)
        queue.left_out.clear()
