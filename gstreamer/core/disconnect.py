"""Why a socket ends, as WebSocket close codes that say whether to come back."""

from __future__ import annotations

import enum


class Disconnect(enum.IntEnum):
    """Close codes of ``gstreamer.v1``: 4000-4499 come back (with back-off), 4500-4999 do not."""

    SHUTDOWN = 4000
    SLOW_CONSUMER = 4001
    NO_PONG = 4002
    NOT_WELCOMED = 4003
    SERVER_FULL = 4004
    MOVED = 4005
    TICKET_EXPIRED = 4006
    BAD_TICKET = 4500
    SESSION_ENDED = 4501
    PROTOCOL_ERROR = 4502
    MESSAGE_TOO_LARGE = 4503
    TOO_MANY_MESSAGES = 4504
    TOO_MANY_CONNECTIONS = 4505
    ORIGIN_REFUSED = 4506

    @property
    def reconnect(self) -> bool:
        """Whether the client should dial again."""
        return self < 4500

    @property
    def reason(self) -> str:
        """The close frame's text, e.g. ``slow consumer``."""
        return self.name.lower().replace("_", " ")
