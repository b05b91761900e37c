"""A count of viewers, found by asking, as a record of the streamer's log: ``gs.viewers``, of class state."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from gstreamer.core.fold import VIEWERS
from gstreamer.core.records import (
    EVENT_TYPE,
    EVENT_VERSION,
    MESSAGE_ID,
    RECEIVED_MS,
    SUBSCRIPTION_ID,
    TWITCH_TIMESTAMP,
    Outgoing,
)
from gstreamer.twitch.models import Stream

PERIOD_S = 60


def viewers_record(topic: str, partition: int, stream: Stream, now_s: float) -> Outgoing:
    """
    The record of one count.

    Its id names the minute, so that two who count at once say it once.
    """
    event = {
        "id": stream.id,
        "broadcaster_user_id": stream.user_id,
        "broadcaster_user_login": stream.user_login,
        "broadcaster_user_name": stream.user_name,
        "viewer_count": stream.viewer_count,
    }
    message_id = f"gs-viewers-{stream.user_id}-{stream.id}-{int(now_s // PERIOD_S)}"
    headers = {
        MESSAGE_ID: message_id,
        SUBSCRIPTION_ID: "",
        EVENT_TYPE: VIEWERS,
        EVENT_VERSION: "1",
        TWITCH_TIMESTAMP: f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%dT%H:%M:%S}Z",
        RECEIVED_MS: str(int(now_s * 1_000)),
    }
    value = json.dumps({"event": event}, separators=(",", ":")).encode()
    encoded = tuple((name, text.encode()) for name, text in headers.items())
    return Outgoing(topic, partition, stream.user_id.encode(), value, encoded)
