"""What a client gives to whoever iterates over it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple


class Received(NamedTuple):
    """An event, as docs/events.md describes it; ``event["position"]`` is where to resume after."""

    streamer_id: str
    event: dict[str, Any]


class Missed(NamedTuple):
    """
    Events that will not come.

    Attributes:
        streamer_id: Whose.
        first: First missing position; None if even that is not known.
        last: Last missing position.
        event_class: Of which class they are; None: of any.
        number: How many; None if that is not known.
    """

    streamer_id: str
    first: str | None
    last: str
    event_class: str | None
    number: int | None


class Told(NamedTuple):
    """How a streamer (no id: everything) is: ``live``, ``catching_up``, ``degraded`` or ``grant_revoked``."""

    streamer_id: str | None
    state: str
    since: str
    reason: str


class Refused(NamedTuple):
    """A request that was refused; the socket stays open. ``unavailable`` is asked for again by itself."""

    streamer_id: str | None
    code: str
    message: str


class Link(NamedTuple):
    """The connection itself: it was welcomed (again), or is gone and will be opened again."""

    state: Literal["live", "waiting"]
    code: int | None
    reason: str


class Ended(NamedTuple):
    """The last item: the server wants this client back no more (a code from 4500 on), or the session has ended."""

    code: int
    reason: str


Item = Received | Missed | Told | Refused | Link | Ended
