"""A WebSocket server connection: bytes of a transport to messages, and back.

The handshake and all control frames are ``websockets``' sans-IO core's; text messages go out as frames that the
caller has built (``core.frames``), by ``write``, which is the transport's own. Invariant: the receiver's
``on_end`` is called once, and nothing is to be written after it.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, cast

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import SEND_EOF
from websockets.protocol import State as WireState
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

CUT_AFTER_S = 5.0
"""A peer that does not end its side of a closed socket within this is cut off."""
WINDOW_S = 60.0
FRAMES_PER_MESSAGE = 10
"""Control frames and fragments have a limit of their own: that of messages times this."""

_Utf8 = codecs.getincrementaldecoder("utf-8")
_quiet = logging.getLogger("websockets.server")


class Receiver(Protocol):
    """What happens on a socket, for whoever owns it."""

    def on_open(self, headers: Headers) -> None:
        """The handshake is done; the request's headers."""

    def on_text(self, text: bytes) -> None:
        """A whole text message, valid UTF-8."""

    def on_binary(self, payload: bytes) -> None:
        """A whole binary message."""

    def on_pause(self) -> None:
        """The transport's buffer is full: write no more for now."""

    def on_resume(self) -> None:
        """The transport's buffer has room again."""

    def on_end(self, code: int) -> None:
        """The socket is over, with this close code (1006: cut); it may never have been opened."""


class Rules(NamedTuple):
    """
    What a peer may do.

    Attributes:
        subprotocols: Names to agree on, the preferred one first.
        max_message_bytes: Largest message.
        too_large: Close code (and reason) for a larger one.
        messages_a_minute: Most messages a minute; 0: any number.
        too_many: Close code (and reason) for more.
    """

    subprotocols: tuple[str, ...] = ()
    max_message_bytes: int = 65_536
    too_large: tuple[int, str] = (CloseCode.MESSAGE_TOO_BIG, "message too big")
    messages_a_minute: int = 0
    too_many: tuple[int, str] = (CloseCode.POLICY_VIOLATION, "too many messages")


class _Wire(ServerProtocol):
    """The sans-IO core, with our close codes."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(
            subprotocols=[Subprotocol(name) for name in rules.subprotocols],
            max_size=rules.max_message_bytes,
            logger=_quiet,
        )
        self._too_large = rules.too_large

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """The first of ours that is offered; none is no error here, since the owner refuses by close code."""
        return next((name for name in self.available_subprotocols or () if name in subprotocols), None)

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; a close frame may come between the fragments of a message (RFC 6455, 5.4)."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        """End the socket for a breach of the framing."""
        if code == CloseCode.MESSAGE_TOO_BIG:
            code, reason = self._too_large
        super().fail(code, reason)


class Socket(asyncio.Protocol):
    """
    One connection; ``asyncio`` calls it.

    Args:
        receive: Makes the receiver of this socket.
        rules: What the peer may do.
    """

    __slots__ = (
        "_cut",
        "_decoder",
        "_frames",
        "_messages",
        "_parts",
        "_receiver",
        "_rules",
        "_transport",
        "_window",
        "_wire",
        "write",
    )

    write: Callable[[bytes], None]
    """Write a whole frame; the transport's own method, so that a delivery costs one call."""

    def __init__(self, receive: Callable[[Socket], Receiver], rules: Rules) -> None:
        self._rules = rules
        self._wire = _Wire(rules)
        self._receiver: Receiver | None = receive(self)
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._window, self._messages, self._frames = 0.0, 0, 0

    @property
    def is_open(self) -> bool:
        """Whether messages may be written."""
        return self._wire.state is WireState.OPEN

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._wire.subprotocol

    @property
    def peer_address(self) -> str:
        """The peer's address; empty if the transport does not know it."""
        name = None if self._transport is None else self._transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake; a socket that is not open yet is cut."""
        if self._wire.state is WireState.OPEN:
            self._wire.send_close(code, reason)
            self._send()
            self._end(code)
        elif self._wire.state is WireState.CONNECTING:
            self.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the peer is there."""
        # uvloop's transports derive from no class of asyncio.
        self._transport = cast("asyncio.Transport", transport)
        self.write = self._transport.write

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes of the peer."""
        self._wire.receive_data(data)
        self._handle()

    def eof_received(self) -> None:
        """asyncio: the peer sends no more."""
        self._wire.receive_eof()
        self._handle()
        self._end(CloseCode.ABNORMAL_CLOSURE)
        self._cut_later()

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: it is over."""
        if self._cut is not None:
            self._cut.cancel()
        received = self._wire.close_rcvd
        self._end(CloseCode.ABNORMAL_CLOSURE if received is None else received.code)
        self._receiver = None

    def pause_writing(self) -> None:
        """asyncio: the buffer is full."""
        if self._receiver is not None:
            self._receiver.on_pause()

    def resume_writing(self) -> None:
        """asyncio: the buffer has room."""
        if self._receiver is not None:
            self._receiver.on_resume()

    def _handle(self) -> None:
        self._send()  # a pong goes before what the messages behind its ping cause
        for event in self._wire.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame) and self.is_open:
                self._frame(event)
        self._send()
        if not self.is_open and self._wire.close_sent is not None:
            self._end(self._wire.close_sent.code)

    def _shake_hands(self, request: Request) -> None:
        self._wire.send_response(self._wire.accept(request))
        self._send()
        if self.is_open and self._receiver is not None:
            self._receiver.on_open(request.headers)
        # The parser holds the request for as long as the socket lives: 2 KB of headers that nobody reads again.
        request.headers.clear()

    def _frame(self, frame: Frame) -> None:
        if not self._may_go_on(frame):
            self.close(*self._rules.too_many)
        elif frame.opcode is Opcode.TEXT:
            self._text(frame)
        elif frame.opcode is Opcode.BINARY:
            self._binary(frame)
        elif frame.opcode is Opcode.CONT and self._parts is not None:
            self._continuation(frame, self._parts)

    def _may_go_on(self, frame: Frame) -> bool:
        if self._rules.messages_a_minute == 0:
            return True
        now = asyncio.get_running_loop().time()
        if now - self._window >= WINDOW_S:
            self._window, self._messages, self._frames = now, 0, 0
        self._frames += 1
        self._messages += frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY
        most = self._rules.messages_a_minute
        return self._messages <= most and self._frames <= most * FRAMES_PER_MESSAGE

    def _text(self, frame: Frame) -> None:
        if frame.fin:
            payload = bytes(frame.data)
            if self._is_utf8(_Utf8(), payload, final=True) and self._receiver is not None:
                self._receiver.on_text(payload)
        else:
            self._decoder = _Utf8()
            self._parts = []
            self._continuation(frame, self._parts)

    def _binary(self, frame: Frame) -> None:
        if frame.fin and self._receiver is not None:
            self._receiver.on_binary(bytes(frame.data))
        else:
            self._parts = []
            self._continuation(frame, self._parts)

    def _continuation(self, frame: Frame, parts: list[bytes]) -> None:
        part = bytes(frame.data)
        if self._decoder is not None and not self._is_utf8(self._decoder, part, final=frame.fin):
            return
        parts.append(part)
        if frame.fin:
            is_text = self._decoder is not None
            self._parts = self._decoder = None
            if self._receiver is not None:
                (self._receiver.on_text if is_text else self._receiver.on_binary)(b"".join(parts))

    def _is_utf8(self, decoder: codecs.IncrementalDecoder, part: bytes, *, final: bool) -> bool:
        """Whether the text is valid so far; if not, the socket has failed."""
        try:
            decoder.decode(part, final)
        except UnicodeDecodeError:
            self._wire.fail(CloseCode.INVALID_DATA, "invalid utf-8")
            return False
        return True

    def _send(self) -> None:
        """Write what the sans-IO core wants to be written."""
        transport = self._transport
        if transport is None:
            return
        for data in self._wire.data_to_send():
            if data is not SEND_EOF and data:
                transport.write(data)
            elif transport.can_write_eof() and not transport.is_closing():
                # Half-closed, not closed: with bytes of the peer unread, a close would be a reset, and the peer
                # would never see our close frame.
                transport.write_eof()
        if self._wire.close_expected():
            self._cut_later()

    def _cut_later(self) -> None:
        if self._cut is None and self._transport is not None:
            self._cut = asyncio.get_running_loop().call_later(CUT_AFTER_S, self._transport.abort)

    def _end(self, code: int) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.on_end(code)
