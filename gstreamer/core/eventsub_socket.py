"""One session of Twitch's EventSub WebSocket, without a socket: what comes in, what it means, what is to be done.

Source: TWITCH.md 3.6. Time is an argument. A session lives over a reconnect that Twitch asks for (its subscriptions
carry over); whatever else ends its socket ends the session, and what was subscribed by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

WELCOME_S = 10.0
KEEPALIVE_S = 10
"""Asked of Twitch: how long it may be silent."""
LATE_S = 5.0
"""Granted beyond that: a network is no clock."""
DRAIN_S = 2.0
"""How long an old socket is heard on once its session has moved: what was on its way by it comes only by it."""


CLOSES: Mapping[int, str] = {
    4000: "twitch failed; a new session is all that helps",
    4001: "we sent something, which a client may not: that is a fault of ours",
    4002: "we did not answer a ping: this process is too busy, or the network is",
    4003: "nothing was subscribed within 10 s: helix is slow, or refuses",
    4004: "a move that twitch asked for was not made in 30 s",
    4005: "twitch's network was too slow",
    4006: "twitch's network failed",
    4007: "the address of a move was not the one that twitch gave: that is a fault of ours",
}
"""What Twitch's close codes say (TWITCH.md 3.6). Each ends the session: the seat connects anew, after a back-off."""


class Welcomed(NamedTuple):
    """
    The session is there, or goes on by another socket.

    Attributes:
        session_id: What to subscribe by, within 10 s if it is fresh.
        is_fresh: Whether nothing is subscribed by it yet.
    """

    session_id: str
    is_fresh: bool


class Heard(NamedTuple):
    """
    An event, or the end of a subscription.

    Attributes:
        message_id: Twitch's message id.
        timestamp: Twitch's time of it, RFC 3339.
        subscription: Twitch's subscription object.
        event: Twitch's event object; None where the subscription has ended.
    """

    message_id: str
    timestamp: str
    subscription: dict[str, Any]
    event: dict[str, Any] | None


class Connect(NamedTuple):
    """Open another socket there; what comes on it is told by its number."""

    number: int
    url: str


class Close(NamedTuple):
    """Close this socket."""

    number: int


class Lost(NamedTuple):
    """The session is over, and why; all its subscriptions are gone."""

    reason: str


Told = Welcomed | Heard | Connect | Close | Lost


class Session:
    """
    A session from its first socket (number 0) on.

    Args:
        now_s: The time, any clock that only goes forward.
    """

    def __init__(self, now_s: float) -> None:
        self.session_id = ""
        self._number = 0
        self._next: int | None = None
        self._old: tuple[int, float] | None = None
        self._silent_s = WELCOME_S
        self._deadline_s = now_s + WELCOME_S
        self._is_lost = False

    @property
    def deadline_s(self) -> float:
        """When there is something to do even if nothing comes: see ``passed``."""
        return self._deadline_s if self._old is None else min(self._deadline_s, self._old[1])

    def received(self, number: int, text: str | bytes, now_s: float) -> tuple[Told, ...]:
        """A message came on a socket."""
        is_old = self._old is not None and number == self._old[0]
        if self._is_lost or not (is_old or number in (self._number, self._next)):
            return ()
        metadata, payload = _read(text)
        kind = metadata.get("message_type")
        if number == self._number:
            self._deadline_s = now_s + self._silent_s
        if kind == "session_welcome" and not is_old:
            return self._welcomed(number, _object(payload.get("session")), now_s)
        if kind == "session_reconnect" and number == self._number and self._next is None:
            return self._move(_object(payload.get("session")))
        if kind in ("notification", "revocation"):
            heard = _heard(metadata, payload, kind == "revocation")
            return () if heard is None else (heard,)
        return ()  # a keepalive, or a kind that Twitch has added

    def closed(self, number: int, code: int) -> tuple[Told, ...]:
        """A socket has ended (code 0: without a word)."""
        if self._is_lost:
            return ()
        if self._old is not None and number == self._old[0]:
            self._old = None
            return ()
        if number == self._next:
            # The old socket still serves; Twitch closes it when the time to move is over.
            self._next = None
            return ()
        if number != self._number:
            return ()
        if self._next is not None:
            self._number, self._next = self._next, None
            return ()
        words = f": {CLOSES[code]}" if code in CLOSES else ""
        return self._lose(f"closed with code {code}{words}" if code else "cut")

    def passed(self, now_s: float) -> tuple[Told, ...]:
        """Time has passed: an old socket is closed, and a socket that is silent for too long is dead."""
        if self._is_lost:
            return ()
        told: tuple[Told, ...] = ()
        if self._old is not None and now_s >= self._old[1]:
            told = (Close(self._old[0]),)
            self._old = None
        if now_s < self._deadline_s:
            return told
        return (*told, Close(self._number), *self._lose("silent for too long"))

    def _welcomed(self, number: int, session: Mapping[str, Any], now_s: float) -> tuple[Told, ...]:
        session_id = session.get("id")
        if not isinstance(session_id, str) or not session_id:
            return (Close(number), *self._lose("welcomed without an id"))
        keepalive_s = session.get("keepalive_timeout_seconds")
        self._silent_s = (keepalive_s if isinstance(keepalive_s, int) else KEEPALIVE_S) + LATE_S
        self._deadline_s = now_s + self._silent_s
        is_fresh = not self.session_id
        self.session_id = session_id
        if number == self._number:
            return (Welcomed(session_id, is_fresh),)
        before = () if self._old is None else (Close(self._old[0]),)
        self._old = (self._number, now_s + DRAIN_S)
        self._number, self._next = number, None
        return (Welcomed(session_id, is_fresh), *before)

    def _move(self, session: Mapping[str, Any]) -> tuple[Told, ...]:
        url = session.get("reconnect_url")
        if not isinstance(url, str) or not url.startswith(("wss://", "ws://")):
            return (Close(self._number), *self._lose("asked to reconnect to nowhere"))
        self._next = self._number + 1
        return (Connect(self._next, url),)

    def _lose(self, reason: str) -> tuple[Told, ...]:
        self._is_lost = True
        return (Lost(reason),)


def _read(text: str | bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        message = _object(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}, {}
    return _object(message.get("metadata")), _object(message.get("payload"))


def _heard(metadata: Mapping[str, Any], payload: Mapping[str, Any], is_end: bool) -> Heard | None:
    message_id, timestamp = metadata.get("message_id"), metadata.get("message_timestamp")
    subscription, event = payload.get("subscription"), payload.get("event")
    if not isinstance(message_id, str) or not message_id or not isinstance(subscription, dict):
        return None
    if not is_end and not isinstance(event, dict):
        return None
    stamp = timestamp if isinstance(timestamp, str) else ""
    return Heard(message_id, stamp, subscription, None if is_end else event)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
