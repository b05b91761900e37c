"""Which records of a streamer's log repeat an earlier one: a pure function of the log, for every reader alike.

Rule: a record repeats an earlier one if its message id, or what it says, stands at an earlier offset of the same
topic within 15 min of record time (Twitch resends within 10). The verdict on a record depends on the two windows
before it and on nothing else: one for message ids, and one more because an online or offline is compared with the
last one that was no resend, and an equal event of another subscription with those of the window before it. So a
reader that starts two windows before a record decides on it as any other does (docs/adr/0030, 0140). Record time is
the broker's; no wall clock is read. It may step back by ``SLACK_MS``.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections import OrderedDict, deque
from typing import Any, NamedTuple

import orjson

from gstreamer.core.fold import OFFLINE, ONLINE
from gstreamer.core.records import EVENT_TYPE, MESSAGE_ID, SUBSCRIPTION_ID, Record

WINDOW_MS = 15 * 60_000
SAME_SWITCH_MS = 30_000
"""Two switches of one kind, one of them without a stream id, are one within this."""
PAIR_MS = 60_000
"""Equal events of two subscriptions pair within this."""
SLACK_MS = 60_000
FILL_WINDOWS = 2

KEY_BYTES = 200
"""Memory of one key: 16-byte digest, dict and deque slots, a share of its time (measured: tests/benchmarks)."""
RUN_BYTES = 500
"""Memory of one event that equal ones of other subscriptions may pair with, for two subscriptions."""

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


class _Run:
    """
    Equal events with no pause between them that is longer than a pair's.

    The n-th of a subscription is the n-th one kept, if there is that one and it is recent enough, else one more that
    is kept. So each subscription has had all before a place among the kept ones, and none after it.
    """

    __slots__ = ("begin_ms", "had", "kept", "kept_before", "last_ms")

    def __init__(self, now: int) -> None:
        self.begin_ms = self.last_ms = now
        self.kept: list[int] = []  # a deque takes more at once than nearly all need
        self.kept_before = 0
        self.had: dict[str, int] = {}

    def repeats(self, subscription: str, now: int, pair_ms: int) -> bool:
        """Whether the next of this subscription is one that another subscription has brought."""
        old = 0
        while old < len(self.kept) and now - self.kept[old] > pair_ms:
            old += 1
        del self.kept[:old]
        self.kept_before += old
        place = max(self.had.get(subscription, 0), self.kept_before)
        self.had[subscription] = place + 1
        if place < self.kept_before + len(self.kept):
            return True
        self.kept.append(now)
        return False


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
        # By what each says, the one that was seen last at the end.
        self._runs: OrderedDict[bytes, _Run] = OrderedDict()
        # Where a run began is seen by whoever reads from a window before: so it pairs for so long, and then no more.
        self._pair_ms = min(PAIR_MS, window_ms // 4)
        self._run_ms = window_ms - self._pair_ms

    @property
    def size_bytes(self) -> int:
        """About how much memory the windows take."""
        return len(self._seen) * KEY_BYTES + len(self._runs) * RUN_BYTES

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
        if resent:
            return True
        if event_type in _SWITCHES:
            return self._repeats_switch(event_type, _stream_id(record.value), now)
        subscription = record.headers.get(SUBSCRIPTION_ID)
        if not subscription:  # what gstreamer found by itself
            return False
        said = _said(event_type, record.value)
        return said is not None and self._pairs(said, subscription, now)

    def _pairs(self, said: bytes, subscription: str, now: int) -> bool:
        """Whether what is said pairs with what another subscription said a moment before."""
        run = self._runs.get(said)
        if run is None or now - run.last_ms > self._pair_ms:
            run = self._runs[said] = _Run(now)
        self._runs.move_to_end(said)
        run.last_ms = max(run.last_ms, now)
        if now - run.begin_ms > self._run_ms:
            run.kept.clear()
            return False
        return run.repeats(subscription, now, self._pair_ms)

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
        runs_before_ms = before_ms + self._window_ms - self._pair_ms
        while self._runs and next(iter(self._runs.values())).last_ms < runs_before_ms:
            self._runs.popitem(last=False)


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


def _said(event_type: str, value: bytes) -> bytes | None:
    """A digest of what an event says, in whatever order it says so; None for a body that has no event."""
    event = _event(value)
    if event is None:
        return None
    try:
        canonical = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nested deeper than an encoder goes
        return None
    return hashlib.blake2b(event_type.encode() + b" " + canonical, digest_size=16).digest()


def _event_field(value: bytes, name: str) -> str | None:
    """A text field of the event inside a body; None for a body that has none, or that is no JSON."""
    event = _event(value)
    field = None if event is None else event.get(name)
    return field if isinstance(field, str) and field else None


def _event(value: bytes) -> dict[str, Any] | None:
    """Twitch's event object inside a body; None for a body that has none, or that is no JSON."""
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    event = body.get("event") if isinstance(body, dict) else None
    return event if isinstance(event, dict) else None
