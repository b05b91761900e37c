"""The client protocol ``gstreamer.v1``: what clients may say, what we say, and when.

Every message is one JSON text frame. A client's message that breaks the protocol itself raises
``ProtocolBreachError`` (the socket closes); one that asks for what cannot be raises ``BadMessageError`` (an
``error`` answers it, the socket stays). Unknown fields are ignored. Every transition of a socket is in
``TRANSITIONS``. docs/protocol.md is the page for client authors; tests/contract/ holds each message.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from gstreamer.core.errors import BadMessageError, BadPositionError, ProtocolBreachError
from gstreamer.core.filters import TIERS, TypeFilter, filter_of
from gstreamer.core.ids import Position, is_streamer_id, parse_position

SUBPROTOCOL = "gstreamer.v1"
MAX_MESSAGE_BYTES = 65_536
MAX_TYPES = 50
MAX_BITS = 1_000_000_000
MAX_REFUSED = 100
"""Errors that one hello can cause: 64 KiB of nonsense must not be answered by more than itself."""

HELLO_TIMEOUT_S = 10.0
PING_INTERVAL_S = 25

_TYPE = re.compile(r"-?[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){0,6}(\.\*)?|\*")
_WORD_CHARS = 64


class State(enum.Enum):
    """Where a socket stands."""

    OPENED = "opened"
    WELCOMED = "welcomed"
    CLOSING = "closing"
    CLOSED = "closed"


class Move(enum.Enum):
    """What can happen to a socket."""

    HELLO = "hello"
    REQUEST = "request"
    CLOSE = "close"
    LOST = "lost"


TRANSITIONS: Mapping[tuple[State, Move], State] = {
    (State.OPENED, Move.HELLO): State.WELCOMED,
    (State.OPENED, Move.CLOSE): State.CLOSING,
    (State.OPENED, Move.LOST): State.CLOSED,
    (State.WELCOMED, Move.REQUEST): State.WELCOMED,
    (State.WELCOMED, Move.CLOSE): State.CLOSING,
    (State.WELCOMED, Move.LOST): State.CLOSED,
    # What a client still says after our close frame left is on its way already: ignored.
    (State.CLOSING, Move.HELLO): State.CLOSING,
    (State.CLOSING, Move.REQUEST): State.CLOSING,
    (State.CLOSING, Move.CLOSE): State.CLOSING,
    (State.CLOSING, Move.LOST): State.CLOSED,
}


def after(state: State, move: Move) -> State:
    """
    The state that follows.

    Raises:
        ProtocolBreachError: If that may not happen in this state, e.g. a second hello.
    """
    following = TRANSITIONS.get((state, move))
    if following is None:
        raise ProtocolBreachError(f"{move.value} is not allowed when the socket is {state.value}")
    return following


class Want(NamedTuple):
    """A subscription as asked for: after which position (None: from now) and which events."""

    position: Position | None
    types: TypeFilter


class Hello(NamedTuple):
    """
    The first message: leave to be here, and what to go on with.

    Attributes:
        ticket: Whatever was given as one; ``core.auth.read_ticket`` judges it.
        resume: The readable wishes, by streamer.
        refused: The others (at most ``MAX_REFUSED``), each with the streamer if that could be read.
    """

    ticket: object
    resume: dict[str, Want]
    refused: tuple[tuple[str | None, BadMessageError], ...]


class Subscribe(NamedTuple):
    """A wish for a streamer's events."""

    streamer_id: str
    want: Want


class Unsubscribe(NamedTuple):
    """The end of a wish."""

    streamer_id: str


class Pong(NamedTuple):
    """The answer to a ping."""


Message = Hello | Subscribe | Unsubscribe | Pong


def parse(text: bytes | str) -> Message:
    """
    The client's message that ``text`` is.

    Raises:
        ProtocolBreachError: Not JSON, not an object, or without a ``type`` of text.
        BadMessageError: ``unknown_type``, ``bad_request`` or ``bad_position``.
    """
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ProtocolBreachError("message is not json") from None
    kind = fields.get("type") if isinstance(fields, dict) else None
    if not isinstance(kind, str):
        raise ProtocolBreachError("message is not an object with a type")
    if kind == "hello":
        return _hello(fields)
    if kind == "subscribe":
        return Subscribe(_streamer_id(fields), _want(fields))
    if kind == "unsubscribe":
        return Unsubscribe(_streamer_id(fields))
    if kind == "pong":
        return Pong()
    raise BadMessageError("unknown_type", f"unknown type {kind[:_WORD_CHARS]!r}")


def _hello(fields: Mapping[str, object]) -> Hello:
    resume = fields.get("resume")
    wants: dict[str, Want] = {}
    refused: list[tuple[str | None, BadMessageError]] = []
    if isinstance(resume, dict):
        for streamer_id, value in resume.items():
            try:
                wish = value if isinstance(value, dict) else {"position": value}
                wants[_streamer_id({"streamer_id": streamer_id})] = _want(wish)
            except BadMessageError as error:
                refused.append((streamer_id if is_streamer_id(streamer_id) else None, error))
    elif resume is not None:
        refused.append((None, BadMessageError("bad_request", "resume is an object of positions by streamer id")))
    return Hello(fields.get("ticket"), wants, tuple(refused[:MAX_REFUSED]))


def _streamer_id(fields: Mapping[str, object]) -> str:
    streamer_id = fields.get("streamer_id")
    if isinstance(streamer_id, str) and is_streamer_id(streamer_id):
        return streamer_id
    raise BadMessageError("bad_request", "streamer_id is a text of 1 to 20 digits")


def _want(fields: Mapping[str, object]) -> Want:
    position = fields.get("position")
    types = fields.get("types")
    try:
        after = None if position is None else parse_position(position)
    except BadPositionError as error:
        raise BadMessageError("bad_position", str(error)) from None
    names = None if types is None else _types(types)
    return Want(after, filter_of(names, _min_bits(fields.get("min_bits")), _min_tier(fields.get("min_tier"))))


def _types(types: object) -> list[str]:
    if isinstance(types, list) and 0 < len(types) <= MAX_TYPES:
        names = [name for name in types if isinstance(name, str) and _TYPE.fullmatch(name)]
        if len(names) == len(types):
            return names
    raise BadMessageError("bad_request", f"types is a list of 1 to {MAX_TYPES} event types such as channel.*")


def _min_bits(bits: object) -> int:
    if bits is None:
        return 0
    if type(bits) is int and 0 <= bits <= MAX_BITS:
        return bits
    raise BadMessageError("bad_request", f"min_bits is a whole number from 0 to {MAX_BITS}")


def _min_tier(tier: object) -> int:
    if tier is None:
        return 0
    if isinstance(tier, str) and tier in TIERS:
        return TIERS[tier]
    raise BadMessageError("bad_request", f"min_tier is one of the texts {', '.join(TIERS)}")


def welcome(connection_id: str, user_id: str, resume_ticket: str, ping_interval_s: int = PING_INTERVAL_S) -> bytes:
    """The socket is open for this user."""
    return orjson.dumps(
        {
            "type": "welcome",
            "connection_id": connection_id,
            "user_id": user_id,
            "ping_interval_s": ping_interval_s,
            "resume_ticket": resume_ticket,
        }
    )


class Gap(NamedTuple):
    """The first and the last missing position, both missing."""

    first: Position
    last: Position


def subscribed(streamer_id: str, position: Position, gap: Gap | None) -> bytes:
    """What follows is exactly what lies after ``position``."""
    recovery: object = "complete"
    if gap is not None:
        recovery = {"gap": {"from": str(gap.first), "to": str(gap.last)}}
    return orjson.dumps(
        {"type": "subscribed", "streamer_id": streamer_id, "position": str(position), "recovery": recovery}
    )


def unsubscribed(streamer_id: str, position: Position | None) -> bytes:
    """No more of this streamer; up to ``position`` all was sent (null if it was not subscribed)."""
    return orjson.dumps(
        {
            "type": "unsubscribed",
            "streamer_id": streamer_id,
            "position": None if position is None else str(position),
        }
    )


def events(streamer_id: str, position: Position, encoded: Sequence[bytes]) -> bytes:
    """Events, encoded by their host, with the position that the client's cursor moves to."""
    return b'{"type":"events","streamer_id":"%b","position":"%b","events":[%b]}' % (
        streamer_id.encode(),
        str(position).encode(),
        b",".join(encoded),
    )


def lagged(streamer_id: str, event_class: str, first: Position, last: Position, count: int) -> bytes:
    """``count`` events of the class in this range were left out for this socket."""
    return orjson.dumps(
        {
            "type": "lagged",
            "streamer_id": streamer_id,
            "class": event_class,
            "from": str(first),
            "to": str(last),
            "count": count,
        }
    )


def state(name: str, since: str, reason: str, streamer_id: str | None = None) -> bytes:
    """``live``, ``catching_up``, ``degraded`` or ``grant_revoked``: of a streamer, or of the whole socket."""
    fields = {"type": "state", "state": name, "since": since, "reason": reason}
    return orjson.dumps(fields if streamer_id is None else {**fields, "streamer_id": streamer_id})


def move(url: str, ticket: str, after_ms: int) -> bytes:
    """Open a socket there after this time, and close this one once welcomed."""
    return orjson.dumps({"type": "move", "url": url, "ticket": ticket, "after_ms": after_ms})


def error(code: str, message: str, streamer_id: str | None = None) -> bytes:
    """A request was refused; the socket stays open."""
    fields = {"type": "error", "code": code, "message": message}
    return orjson.dumps(fields if streamer_id is None else {**fields, "streamer_id": streamer_id})


PING = b'{"type":"ping"}'
