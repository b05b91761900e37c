"""Which records of a streamer's log repeat an earlier one: a pure function of the log, for every reader alike.

Rule: a record repeats an earlier one if its message id, or what it says, stands at an earlier offset of the same
topic within 15 min of record time (Twitch resends within 10). The verdict on a record depends on the two windows
before it and on nothing else: one for message ids, and one more because an online or offline is compared with the
last one that was no resend. So a reader that starts two windows before a record decides on it as any other does
(docs/adr/0030). Record time is the broker's; no wall clock is read. It may step back by ``SLACK_MS``.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections import deque
from typing import NamedTuple

import orjson

from gstreamer.core.fold import OFFLINE, ONLINE
from gstreamer.core.records import EVENT_TYPE, MESSAGE_ID, Record

WINDOW_MS = 15 * 60_000
SAME_SWITCH_MS = 30_000
"""Two switches of one kind, one of them without a stream id, are one within this."""
SLACK_MS = 60_000
FILL_WINDOWS = 2

KEY_BYTES = 200
"""Memory of one key: 16-byte digest, dict and deque slots, a share of its time (measured: tests/benchmarks)."""

_SWITCHES = frozenset({ONLINE, OFFLINE})
_CHAT_TYPES = frozenset({"channel.chat.message", "channel.chat.notification", "channel.chat.message_delete"})
_CHAT_ID = re.compile(rb'"message_id"\s*:\s*"([^"\\]{1,200})"')


class Verdict(enum.Enum):
    """
    What becomes of a record.

    FILLS: it lies too early for a sure verdict, and was only remembered. REPEATS: it is dropped. NEW: it counts.
    """

    FILLS = 0
    REPEATS = 1
    NEW = 2


class _Switch(NamedTuple):
    """The last online or offline that was no resend, and the stream id last named by such a one."""

    type: str
    time_ms: int
    stream_id: str | None
    named_ms: int


class Dedup:
    """
    The windows of one log, which takes its records in offset order.

    Nothing inside the window is ever evicted, so memory follows the traffic: ``size_bytes`` is for an alarm.

    Args:
        begin_ms: The reader was given every record from this record time on; None if it began with the log.
        window_ms: The window.
    """

    def __init__(self, begin_ms: int | None, window_ms: int = WINDOW_MS) -> None:
        self._window_ms = window_ms
        self._sure_from_ms = None if begin_ms is None else begin_ms + FILL_WINDOWS * window_ms
        # Newest record time of each key. The deque has each key once, in order of first sight: a key that was seen
        # again holds those behind it up to one window longer, which costs memory and changes no verdict.
        self._seen: dict[bytes, int] = {}
        self._order: deque[bytes] = deque()
        self._switch: _Switch | None = None

    @property
    def size_bytes(self) -> int:
        """About how much memory the windows take."""
        return len(self._seen) * KEY_BYTES

    def take(self, record: Record) -> Verdict:
        """The verdict on the log's next record."""
        repeats = self._repeats(record)
        if self._sure_from_ms is not None:
            if record.time_ms < self._sure_from_ms:
                return Verdict.FILLS
            self._sure_from_ms = None
        return Verdict.REPEATS if repeats else Verdict.NEW

    def _repeats(self, record: Record) -> bool:
        now = record.time_ms
        self._forget(now - self._window_ms - SLACK_MS)
        event_type = record.headers.get(EVENT_TYPE, "")
        message_id = record.headers.get(MESSAGE_ID)
        resent = message_id is not None and self._saw(b"m" + message_id.encode(), now)
        if event_type in _CHAT_TYPES:
            chat_id = _chat_id(record.value)
            return (chat_id is not None and self._saw(event_type.encode() + b" " + chat_id, now)) or resent
        if event_type in _SWITCHES and not resent:
            return self._repeats_switch(event_type, _stream_id(record.value), now)
        return resent

    def _repeats_switch(self, event_type: str, stream_id: str | None, now: int) -> bool:
        last = self._switch
        if last is None or last.type != event_type:
            self._switch = _Switch(event_type, now, stream_id, now)
            return False
        known = last.stream_id if now - last.named_ms <= self._window_ms else None
        if stream_id is not None and known is not None:
            repeats = stream_id == known
        else:
            repeats = now - last.time_ms <= min(SAME_SWITCH_MS, self._window_ms)
        if stream_id is None and repeats:
            self._switch = _Switch(event_type, now, known, last.named_ms)
        else:
            self._switch = _Switch(event_type, now, stream_id, now)
        return repeats

    def _saw(self, key: bytes, now: int) -> bool:
        """Whether the key stands within the window before ``now``; from here on it does."""
        digest = hashlib.blake2b(key, digest_size=16).digest()
        before = self._seen.get(digest)
        if before is None:
            self._seen[digest] = now
            self._order.append(digest)
            return False
        if now > before:
            self._seen[digest] = now
        return now - before <= self._window_ms

    def _forget(self, before_ms: int) -> None:
        while self._order and self._seen[self._order[0]] < before_ms:
            del self._seen[self._order.popleft()]


def _chat_id(value: bytes) -> bytes | None:
    """
    The chat message's id.

    A quote inside a JSON text is escaped, so a match is a key of that name; only where it is not the only one does
    the body have to be decoded. Chat is most of a log, and a takeover reads 45 minutes of it.
    """
    found: list[bytes] = _CHAT_ID.findall(value)
    if len(found) == 1:
        return found[0]
    text = _event_field(value, "message_id")
    return None if text is None else text.encode()


def _stream_id(value: bytes) -> str | None:
    return _event_field(value, "id")


def _event_field(value: bytes, name: str) -> str | None:
    """A text field of the event inside a body; None for a body that has none, or that is no JSON."""
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    event = body.get("event") if isinstance(body, dict) else None
    field = event.get(name) if isinstance(event, dict) else None
    return field if isinstance(field, str) and field else None
