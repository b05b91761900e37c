"""What Twitch asks of a subscription: its type, version and condition, whose grant it needs, and what it costs.

Source: TWITCH.md 3.1, 3.2 and 4; the types themselves are in ``core.catalogue``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gstreamer.core.catalogue import CATALOGUE, CHAT, Kind

CHAT_MESSAGE = "channel.chat.message"
HELD = "held"
SHARD_DISABLED = "conduit.shard.disabled"
_BOT_READER = frozenset({"user:read:chat", "user:bot"})
_BOT_CHANNEL = "channel:bot"
_OPTIONAL = {SHARD_DISABLED: frozenset({"conduit_id"})}

ScopesOf = Callable[[str], frozenset[str]]
"""The scopes that a person has granted to our application."""


class Asker(NamedTuple):
    """Whose token asks: nobody's (the application's own) or a person's, and for what it is good."""

    user_id: str
    scopes: frozenset[str]


def kind_of(event_type: str, version: str, condition: Mapping[str, str]) -> Kind | None:
    """The kind that is asked for, or None if there is no such type, version or condition."""
    kind = CATALOGUE.get(event_type)
    given = frozenset(name for name, value in condition.items() if value) - _OPTIONAL.get(event_type, frozenset())
    if kind is None or version not in kind.versions or given not in map(frozenset, kind.conditions):
        return None
    return kind


def is_authorised(kind: Kind, condition: Mapping[str, str], asker: Asker, granted: ScopesOf) -> bool:
    """Whether the grants that a subscription needs are there."""
    if not kind.scopes:
        return True
    if condition.get("moderator_user_id", "") not in ("", condition.get("broadcaster_user_id")):
        # Nobody here moderates another's channel.
        return False
    wanted = frozenset(kind.scopes)
    subject = _subject(kind, condition)
    if asker.user_id:
        return asker.user_id == subject and bool(wanted & asker.scopes)
    if CHAT in kind.conditions:
        broadcaster = condition.get("broadcaster_user_id", "")
        # What is held back of one's own messages is told without entering the channel.
        own = kind.family == HELD
        may_enter = own or subject == broadcaster or _BOT_CHANNEL in granted(broadcaster)
        return granted(subject) >= _BOT_READER and may_enter
    return bool(wanted & granted(subject))


def cost_of(kind: Kind, condition: Mapping[str, str], granted: ScopesOf) -> int:
    """What it costs: nothing where it needs a grant, or the one that it names has granted us something."""
    if kind.scopes:
        return 0
    return 0 if any(granted(value) for name, value in condition.items() if name != "client_id" and value) else 1


def is_for(subscription: Mapping[str, Any], event_type: str, event: Mapping[str, Any]) -> bool:
    """Whether an event is what a subscription asks for. Who reads and who moderates is not in the event."""
    if subscription["type"] != event_type:
        return False
    kind = CATALOGUE[event_type]
    aside = {"moderator_user_id"} | ({"user_id"} if CHAT in kind.conditions else set())
    return all(event.get(name) == value for name, value in subscription["condition"].items() if name not in aside)


def needs_grant_of(subscription: Mapping[str, Any], user_id: str) -> bool:
    """Whether a subscription lives by a person's grant."""
    kind = CATALOGUE[subscription["type"]]
    condition = subscription["condition"]
    by_channel = CHAT in kind.conditions and subscription["transport"]["method"] != "websocket"
    owners = {_subject(kind, condition)} | ({condition.get("broadcaster_user_id", "")} if by_channel else set())
    return bool(kind.scopes) and user_id in owners


def channel_of(event: Mapping[str, Any]) -> str:
    """The channel that an event is about, by which a conduit chooses a shard."""
    names = ("broadcaster_user_id", "to_broadcaster_user_id", "from_broadcaster_user_id", "user_id")
    return next((str(event[name]) for name in names if event.get(name)), "")


def _subject(kind: Kind, condition: Mapping[str, str]) -> str:
    """Whose grant it is about: the reader, the moderator, or the broadcaster."""
    for name in ("user_id", "moderator_user_id", "broadcaster_user_id"):
        if condition.get(name):
            return condition[name]
    return ""
