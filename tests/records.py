"""Records and events for tests, with only what a test names set to something of its own."""

from __future__ import annotations

import json
from typing import Any

from gstreamer.core.catalogue import class_of
from gstreamer.core.events import Event
from gstreamer.core.records import EVENT_TYPE, EVENT_VERSION, MESSAGE_ID, TWITCH_TIMESTAMP, Record

STREAMER = "1001"
TOPIC = f"gs.streamer.{STREAMER}"
AT = "2026-11-24T12:00:00.123456789Z"


def record(
    offset: int,
    event_type: str = "channel.cheer",
    event: dict[str, Any] | None = None,
    *,
    message_id: str | None = None,
    time_ms: int | None = None,
    value: bytes | None = None,
    headers: dict[str, str] | None = None,
    topic: str = TOPIC,
) -> Record:
    """A record as the webhook replicas write it; its time is its offset in seconds, unless given."""
    body = {"subscription": {"type": event_type}, "event": {"n": offset} if event is None else event}
    return Record(
        topic,
        0,
        offset,
        offset * 1_000 if time_ms is None else time_ms,
        STREAMER.encode(),
        json.dumps(body).encode() if value is None else value,
        {
            MESSAGE_ID: f"m{offset}" if message_id is None else message_id,
            EVENT_TYPE: event_type,
            EVENT_VERSION: "1",
            TWITCH_TIMESTAMP: AT,
        }
        if headers is None
        else headers,
    )


def event(offset: int, size: int = 10, event_type: str = "channel.cheer") -> Event:
    """An event whose encoded form has ``size`` bytes."""
    return Event(offset, class_of(event_type), event_type, "", f"m{offset}", b"x" * size, 0)
