"""The JSON that the api answers and takes: ids are strings, times RFC 3339 UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gstreamer.core import shown
from gstreamer.core.shown import Shown
from gstreamer.store.accounts import Person

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Id = Annotated[str, Field(description="A Twitch user id.")]


class Shape(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """Base of what is taken: closed to unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Problem(Shape):
    """A refusal (RFC 9457); ``detail`` says what to do."""

    type: str
    title: str
    status: int
    detail: str


class Chat(Shape):
    """Where a streamer's chat is to be had, and why there."""

    mode: Literal["native", "embed"]
    reason: str


class Streamer(Shape):
    """A streamer; what is live of it is as of ``position`` (null: no log runs, Twitch was asked).

    ``delivery`` is ``polled`` where Twitch's cost budget has no room: changes are found by asking, up to two minutes
    late.
    """

    id: Id
    login: str
    display_name: str
    avatar_url: str
    live: bool
    started_at: Time | None
    title: str | None
    category: str | None
    viewers: int | None
    chat: Chat
    position: str | None
    delivery: Literal["events", "polled"]


class Streamers(Shape):
    """A list of streamers."""

    streamers: list[Streamer]


class Favourite(Streamer):
    """A favourite streamer."""

    added_at: Time


class Events(Shape):
    """A page of events as sockets are told them (docs/events.md), and where the next one begins."""

    events: list[dict[str, Any]]
    next: str | None


class Day(Shape):
    """A streamer's day in UTC: events by type, the most viewers that were counted, and seconds that a stream ran."""

    date: str
    events: dict[str, int]
    peak_viewers: int
    live_s: int


class Stats(Shape):
    """Days on which anything happened, oldest first."""

    days: list[Day]


class Favourites(Shape):
    """A person's favourites, in their order."""

    favourites: list[Favourite]


class Imported(Favourites):
    """Favourites after an import, and how many it added; ``left_out`` had no room."""

    added: int
    left_out: int


class Order(Asked):
    """The order of favourites; those that are not named follow."""

    order: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=1_000)]


class Me(Shape):
    """The person who is signed in."""

    id: Id
    login: str
    display_name: str
    avatar_url: str
    scopes: list[str]
    grant: Literal["ok", "revoked"]
    operator: bool


class Session(Shape):
    """A signed-in browser."""

    id: str
    created_at: Time
    last_seen_at: Time
    user_agent: str
    current: bool


class Sessions(Shape):
    """A person's signed-in browsers, the last used first."""

    sessions: list[Session]


class SocketTicket(Shape):
    """Leave to open one socket at ``url`` before ``expires_at``."""

    url: str
    ticket: str
    expires_at: Time


class Message(Asked):
    """A message to a chat; ``reply_to`` is the id of the message that it answers."""

    text: str = Field(description="At most 500 characters.")
    reply_to: Annotated[str | None, Field(min_length=1, max_length=100)] = None


class Sent(Shape):
    """A message that Twitch took; it is shown once its event has come."""

    message_id: str


class Emote(Shape):
    """An emote; what goes into the template's places."""

    id: str
    name: str
    formats: list[str]
    scales: list[str]
    themes: list[str]


class Emotes(Shape):
    """Emotes; ``template`` is the address of a picture, with places for id, format, theme_mode and scale."""

    template: str
    emotes: list[Emote]


class Badge(Shape):
    """A badge's picture in three sizes."""

    set_id: str
    id: str
    title: str
    url_1x: str
    url_2x: str
    url_4x: str


class Badges(Shape):
    """Badges."""

    badges: list[Badge]


class Part(Shape):
    """How a part is, since when, and why in words."""

    state: Literal["ok", "degraded", "down"]
    since: Time
    reason: str


class Snapshot(Shape):
    """Which of placement's snapshots is in use, and how long ago placement was heard; null before the first."""

    version: int | None
    age_s: float | None


class Health(Shape):
    """How this install is, as the replica that answers sees it."""

    status: Literal["ok", "degraded", "down"]
    simulator: bool
    snapshot: Snapshot
    parts: dict[str, Part]


Preferences = dict[str, Any]
"""The page's own JSON object."""


def rfc3339(time: datetime) -> str:
    """A time as the api writes it: UTC, to the millisecond."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def streamer(person: Person, seen: Shown, chat: shown.Chat) -> dict[str, Any]:
    """The members of a Streamer."""
    return {**person._asdict(), **seen._asdict(), "chat": Chat(**chat._asdict())}
