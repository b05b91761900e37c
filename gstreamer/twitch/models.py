"""What Twitch answers: tolerant models, so that a field it adds tomorrow breaks nothing.

Ids are strings. An unset time comes as an empty text and is None here. Unknown enum values stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gstreamer.core.errors import UnavailableError
from gstreamer.core.subscriptions import conduit_place


def _no_empty(value: object) -> object:
    return None if value == "" else value


def _scopes(value: object) -> object:
    """Scopes as a list: refresh answers have been seen with a text in place of the array, and with null."""
    if isinstance(value, str):
        return value.split()
    return () if value is None else value


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """A field that is a text; empty if it is something else, or not there."""
    found = fields.get(name)
    return found if isinstance(found, str) else ""


Time = Annotated[datetime | None, BeforeValidator(_no_empty)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
Scopes = Annotated[tuple[str, ...], BeforeValidator(_scopes)]


class Answer(BaseModel):
    """Base of all: frozen, ignores what it does not know, and keeps input out of error texts."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)


Kind = TypeVar("Kind", bound=Answer)


def parse(kind: type[Kind], body: Mapping[str, Any]) -> Kind:
    """
    The model of an answer.

    Raises:
        UnavailableError: It is not what Twitch documents; the text tells no value of it.
    """
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False)[:3])
        raise UnavailableError(f"twitch's answer is not as documented: {wrong}") from None


class Token(Answer):
    """An answer of the token endpoint. Its secrets stay out of ``repr``."""

    access_token: str = Field(repr=False)
    expires_in: int = 0
    refresh_token: str = Field("", repr=False)
    scope: Scopes = ()


class Validation(Answer):
    """Whose token it is; ``user_id`` is empty for an app token."""

    client_id: str
    user_id: Text = ""
    login: Text = ""
    scopes: Scopes = ()
    expires_in: int = 0


class User(Answer):
    """A Twitch account."""

    id: str
    login: str
    display_name: str
    broadcaster_type: Text = ""
    description: Text = ""
    profile_image_url: Text = ""
    created_at: Time = None


class Stream(Answer):
    """A stream that is live now."""

    id: str
    user_id: str
    user_login: Text = ""
    user_name: Text = ""
    type: Text = ""
    game_id: Text = ""
    game_name: Text = ""
    title: Text = ""
    viewer_count: int = 0
    started_at: Time = None
    language: Text = ""
    thumbnail_url: Text = ""


class Channel(Answer):
    """What a channel shows whether live or not."""

    broadcaster_id: str
    broadcaster_login: Text = ""
    broadcaster_name: Text = ""
    broadcaster_language: Text = ""
    game_id: Text = ""
    game_name: Text = ""
    title: Text = ""
    content_classification_labels: tuple[str, ...] = ()


class FoundChannel(Answer):
    """A result of the channel search."""

    id: str
    broadcaster_login: str
    display_name: str
    game_name: Text = ""
    is_live: bool = False
    thumbnail_url: Text = ""
    title: Text = ""
    started_at: Time = None


class FollowedChannel(Answer):
    """A channel that a person follows."""

    broadcaster_id: str
    broadcaster_login: Text = ""
    broadcaster_name: Text = ""
    followed_at: Time = None


class Subscription(Answer):
    """An EventSub subscription; ``transport`` never carries the secret."""

    id: str
    status: str
    type: str
    version: str
    condition: dict[str, str] = {}
    transport: dict[str, Any] = {}
    created_at: Time = None
    cost: int = 0

    @property
    def callback(self) -> str:
        """Where a webhook subscription delivers; empty for other transports."""
        return text_of(self.transport, "callback")

    @property
    def place(self) -> str:
        """Where it delivers: a callback, or a conduit as ``core.subscriptions`` writes it; empty for a session."""
        conduit_id = text_of(self.transport, "conduit_id")
        return conduit_place(conduit_id) if conduit_id else self.callback


class SubscriptionPage(Answer):
    """A page of subscriptions with the cost of all; ``cursor`` is empty on the last one."""

    data: tuple[Subscription, ...]
    total: int = 0
    total_cost: int = 0
    max_total_cost: int = 0
    pagination: dict[str, Any] = {}

    @property
    def cursor(self) -> str:
        """Where the next page starts, or empty text."""
        return str(self.pagination.get("cursor") or "")


class ConduitRow(Answer):
    """A conduit."""

    id: str
    shard_count: int = 0


class ConduitPage(Answer):
    """Conduits, all of them or the one that a call was about."""

    data: tuple[ConduitRow, ...]


class Shard(Answer):
    """A shard of a conduit, and where it hands on what comes."""

    id: str
    status: Text = ""
    transport: dict[str, Any] = {}

    @property
    def callback(self) -> str:
        """The webhook that it hands on to; empty if it does not."""
        return text_of(self.transport, "callback")


class ShardPage(Answer):
    """A page of shards; ``errors`` names those that Twitch did not take."""

    data: tuple[Shard, ...] = ()
    errors: tuple[dict[str, Any], ...] = ()
    pagination: dict[str, Any] = {}
