"""A record of a streamer's log: the raw webhook body, and in its headers all that is needed to route it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MESSAGE_ID = "message-id"
SUBSCRIPTION_ID = "subscription-id"
EVENT_TYPE = "type"
EVENT_VERSION = "version"
TWITCH_TIMESTAMP = "twitch-timestamp"
RECEIVED_MS = "received-ms"
"""Header names. received-ms is the replica's clock at the first byte, Unix milliseconds in decimal digits."""


class Record(NamedTuple):
    """
    A record as read from Kafka.

    Attributes:
        topic: Its topic.
        partition: Its partition.
        offset: Its offset there.
        time_ms: The broker's append time, Unix milliseconds.
        key: The record key (the streamer id), or None.
        value: The raw body of Twitch's notification.
        headers: Text headers by name (last one wins); undecodable bytes are replaced.
    """

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes
    headers: Mapping[str, str]


class Outgoing(NamedTuple):
    """A record to be written; the broker gives it its offset and time."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
