"""The names of things: streamers, positions, actors. Everything from outside is checked here once."""

from __future__ import annotations

import re
from typing import NamedTuple

from gstreamer.core.errors import BadPositionError

_STREAMER_ID = re.compile(r"[0-9]{1,20}")
_LOGIN = re.compile(r"[a-z0-9_]{1,25}")
_EPOCH = re.compile(r"[A-Za-z0-9_.\-]{1,40}")
_OFFSET = re.compile(r"-1|0|[1-9][0-9]{0,18}")

EPOCH_CHARS = 8
"""How much of Kafka's topic id an epoch carries: 48 bits tell two topics of one name apart."""

PLACEMENT = "placement"
SUBSCRIPTIONS = "subscriptions"
CHAT = "chat"
STORE_WRITER = "store_writer"
TWITCH = "twitch"


class Position(NamedTuple):
    """
    A place in one streamer's log: the epoch (which log) and the Kafka offset in it.

    Offset -1 is the place before the first event. Positions of different epochs are not ordered.
    """

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"


def parse_position(text: object) -> Position:
    """
    The position that ``epoch:offset`` stands for.

    Raises:
        BadPositionError: If ``text`` is not of that form.
    """
    if isinstance(text, str) and len(text) <= 64:
        epoch, _, offset = text.rpartition(":")
        if _EPOCH.fullmatch(epoch) and _OFFSET.fullmatch(offset):
            return Position(epoch, int(offset))
    raise BadPositionError("a position is '<epoch>:<offset>', as the server gave it")


def epoch_of_topic(topic_id: str) -> str:
    """The epoch of a topic: the short form of Kafka's topic id, new whenever the topic is made anew."""
    return topic_id[:EPOCH_CHARS]


def is_streamer_id(text: object) -> bool:
    """Whether ``text`` can be a Twitch user id: a string of 1 to 20 digits."""
    return isinstance(text, str) and _STREAMER_ID.fullmatch(text) is not None


def is_login(text: object) -> bool:
    """Whether ``text`` can be a Twitch login: 1 to 25 of a-z, 0-9 and underscore."""
    return isinstance(text, str) and _LOGIN.fullmatch(text) is not None


def connection_name(node: str, number: int) -> str:
    """The name of a connection actor: the node it owns sockets on, and its number there."""
    return f"connection:{node}:{number}"


def host_name(node: str, number: int) -> str:
    """The name of a streamer host that packs many streamers."""
    return f"streamers:{node}:{number}"


def single_host_name(streamer_id: str) -> str:
    """The name of the Ray actor of one streamer, where each has its own (``STREAMERS__PER_HOST=1``)."""
    return f"streamer:{streamer_id}"
