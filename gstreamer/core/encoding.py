"""A record of a streamer's log as the one event that all its viewers get, encoded once for each audience.

A record that cannot be one is told by its reason, never by an accident further on: it goes to the dead letters.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import orjson

from gstreamer.core.catalogue import CATALOGUE, Kind
from gstreamer.core.errors import GStreamerError
from gstreamer.core.events import Event, EventClass, Terms
from gstreamer.core.filters import TIERS
from gstreamer.core.ids import Position
from gstreamer.core.records import EVENT_TYPE, EVENT_VERSION, MESSAGE_ID, TWITCH_TIMESTAMP, Outgoing, Record
from gstreamer.core.topics import DEAD_LETTERS

RECONCILED_PREFIX = "gs-"
"""Begins the id of an event that gstreamer found by itself; Twitch's ids never do."""

REASON = "reason"
_SUBJECT_CHARS = 100
_LAST_MS = 253_402_300_799_999


class UnusableRecordError(GStreamerError):
    """
    A record that is no event.

    Args:
        reason: Why, one word of a few: it labels a metric.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"record is unusable: {self.reason}"


class Encoded(NamedTuple):
    """An event, and Twitch's event object inside it (for the fold of live state)."""

    event: Event
    data: dict[str, Any]


def encode(record: Record, streamer_id: str, epoch: str) -> Encoded:
    """
    The event that a record is: the JSON of the protocol, with Twitch's event object unchanged in ``data``.

    Raises:
        UnusableRecordError: no_message_id, no_type, not_json, or no_event.
    """
    message_id = record.headers.get(MESSAGE_ID)
    event_type = record.headers.get(EVENT_TYPE)
    if not message_id:
        raise UnusableRecordError("no_message_id")
    if not event_type:
        raise UnusableRecordError("no_type")
    data = _event_object(record.value)
    kind = CATALOGUE.get(event_type)
    event_class = EventClass.CRITICAL if kind is None else kind.event_class
    said: dict[str, Any] = {
        "id": message_id,
        "type": event_type,
        "version": record.headers.get(EVENT_VERSION) or "1",
        "streamer_id": streamer_id,
        "at": record.headers.get(TWITCH_TIMESTAMP) or _rfc3339(record.time_ms),
        "position": str(Position(epoch, record.offset)),
        "class": event_class.label,
        "data": data,
    }
    if message_id.startswith(RECONCILED_PREFIX):
        said["reconciled"] = True
    try:
        encoded = orjson.dumps(said)
        terms = None if kind is None else _terms(kind, said, data)
    except orjson.JSONEncodeError:  # nested deeper than an encoder goes
        raise UnusableRecordError("not_json") from None
    key = "" if kind is None else _key(kind, data)
    event = Event(record.offset, event_class, event_type, key, message_id, encoded, record.time_ms, terms)
    return Encoded(event, data)


def dead_letter(record: Record, reason: str) -> Outgoing:
    """
    The record as it goes to the dead letters: raw bytes, the reason, and the headers it came with.

    Its key is its place, so that the store writer's copy of the same letter replaces this one.
    """
    key = f"{record.topic}/{record.partition}/{record.offset}".encode()
    headers = [(REASON, reason.encode())]
    headers += [(name, value.encode()) for name, value in record.headers.items() if name != REASON]
    return Outgoing(DEAD_LETTERS, 0, key, record.value, tuple(headers))


def _key(kind: Kind, data: dict[str, Any]) -> str:
    """What a newer event of its kind replaces; empty for an event that replaces none."""
    if kind.event_class is not EventClass.STATE:
        return ""
    return f"{kind.type}:{str(data.get(kind.key, ''))[:_SUBJECT_CHARS]}"


def _terms(kind: Kind, said: dict[str, Any], data: dict[str, Any]) -> Terms | None:
    """Who sees what of it; None if everybody gets it as it is."""
    if not (kind.audience or kind.restricted or kind.measure):
        return None
    whole, cut = kind.audience, b""
    if not data.keys().isdisjoint(kind.restricted):
        whole = kind.restricted_to
        cut = orjson.dumps({**said, "data": {name: data[name] for name in data if name not in kind.restricted}})
    measured = data.get(kind.measure)
    bits = measured if kind.measure == "bits" and type(measured) is int else None
    tier = TIERS.get(measured) if kind.measure == "tier" and isinstance(measured, str) else None
    return Terms(kind.audience, whole, cut, bits, tier)


def _event_object(value: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise UnusableRecordError("not_json") from None
    event = body.get("event") if isinstance(body, dict) else None
    if not isinstance(event, dict):
        raise UnusableRecordError("no_event")
    return event


def _rfc3339(time_ms: int) -> str:
    # A producer may have written any record time; what no calendar has becomes the nearest that one has.
    seconds, rest_ms = divmod(min(max(time_ms, 0), _LAST_MS), 1_000)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest_ms:03}Z"
