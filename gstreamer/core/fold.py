"""What is true of a streamer now, folded from its events: live, title, category, viewers, and as of which position.

Invariant: a state at a position, and the events after it, give exactly the state at a later position; so a page
that holds one and receives the other never has to ask again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

ONLINE = "stream.online"
OFFLINE = "stream.offline"
UPDATE = "channel.update"
VIEWERS = "gs.viewers"


class Mark(NamedTuple):
    """Where an event stands in the log, and its record time."""

    position: str
    time_ms: int


class StreamerState(NamedTuple):
    """
    A streamer as its log tells it; None is what no event has set yet (Helix fills that).

    Attributes:
        live: Whether a stream runs.
        started_at: When it started, as Twitch wrote it; None while offline.
        title: The channel's title.
        category: The channel's category.
        viewers: Viewers at the last count; None while offline.
        position: ``epoch:offset`` as of which all of it is true.
        stream_id: Twitch's id of the stream that runs; None while offline.
        switched: The last event that said whether a stream runs.
        updated: The last event that set title or category.
    """

    live: bool | None
    started_at: str | None
    title: str | None
    category: str | None
    viewers: int | None
    position: str | None
    stream_id: str | None = None
    switched: Mark | None = None
    updated: Mark | None = None


UNKNOWN = StreamerState(None, None, None, None, None, None)


def fold(
    state: StreamerState, event_type: str, data: Mapping[str, Any], position: str, time_ms: int = 0
) -> StreamerState:
    """The state after one more event; a field that is missing or of the wrong type leaves what was known."""
    state = state._replace(position=position)
    if event_type in (ONLINE, OFFLINE):
        live = event_type == ONLINE
        return state._replace(
            live=live,
            started_at=_text(data.get("started_at")) if live else None,
            viewers=None,
            stream_id=_text(data.get("id")) if live else None,
            switched=Mark(position, time_ms),
        )
    if event_type == UPDATE:
        title, category = _text(data.get("title")), _text(data.get("category_name"))
        return state._replace(
            title=state.title if title is None else title,
            category=state.category if category is None else category,
            updated=Mark(position, time_ms),
        )
    if event_type == VIEWERS and state.live is not False:
        count = data.get("viewer_count")
        return state._replace(viewers=count) if type(count) is int and count >= 0 else state
    return state


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
