"""Every event type of Twitch that gstreamer knows: what it is to viewers, who may see it, what it takes to get it.

One table; delivery classes, subscriptions, cuts by role and the pages for client authors come from it. A type that
is not in it flows as a raw event of class critical that everybody may see. Source: Twitch's "EventSub subscription
types" and their scopes (TWITCH.md 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gstreamer.core.events import EventClass, Role

BROADCASTER = ("broadcaster_user_id",)
MODERATED = ("broadcaster_user_id", "moderator_user_id")
CHAT = ("broadcaster_user_id", "user_id")
USER = ("user_id",)
CLIENT = ("client_id",)


class Kind(NamedTuple):
    """
    An event type.

    Attributes:
        type: Twitch's name of it.
        versions: Versions that are known, the one to subscribe to first.
        family: What it is switched on with (``TWITCH__FAMILIES``, or by the streamer's grant).
        conditions: The fields of a condition, each of its alternatives; in ours every one names the streamer.
        scopes: Of the streamer's grant: one of these is enough; none: nobody's authorisation is needed.
        event_class: How it may be thinned.
        audience: The least role that may see it at all.
        restricted: Fields of the event object that only ``restricted_to`` and higher roles may see.
        restricted_to: The least role that may see them.
        key: Field that tells which state it is the newest of; empty for other classes.
        measure: ``bits`` or ``tier``: the field that a client's ``min_bits`` or ``min_tier`` looks at.
    """

    type: str
    versions: tuple[str, ...]
    family: str
    conditions: tuple[tuple[str, ...], ...] = (BROADCASTER,)
    scopes: tuple[str, ...] = ()
    event_class: EventClass = EventClass.CRITICAL
    audience: Role = Role.VIEWER
    restricted: tuple[str, ...] = ()
    restricted_to: Role = Role.MODERATOR
    key: str = ""
    measure: str = ""

    @property
    def reader_scopes(self) -> tuple[str, ...]:
        """Of somebody else's grant, who then reads it over a WebSocket: one of these is enough; none: nobody else."""
        return self.scopes if CHAT in self.conditions or MODERATED in self.conditions else ()

    @property
    def transports(self) -> tuple[str, ...]:
        """The ways by which Twitch delivers it; none for what is gstreamer's own."""
        if not self.conditions:
            return ()
        return ("webhook",) if CLIENT in self.conditions else ("webhook", "conduit", "websocket")

    @property
    def cost(self) -> int:
        """What a subscription costs for a streamer who has not authorised us (0 for one who has)."""
        return 1 if self.conditions and not self.scopes else 0


class Source(NamedTuple):
    """A subscription that a family is made of: each of its condition's fields names the streamer."""

    type: str
    version: str
    fields: tuple[str, ...]


STATE = EventClass.STATE
_WHO_DID_IT = ("moderator_user_id", "moderator_user_login", "moderator_user_name")
_EMAIL = ("email", "email_verified")
_READ_CHAT = ("user:read:chat",)
_SUBSCRIPTIONS = ("channel:read:subscriptions",)
_HYPE = ("channel:read:hype_train",)
_POLLS = ("channel:read:polls", "channel:manage:polls")
_PREDICTIONS = ("channel:read:predictions", "channel:manage:predictions")
_GOALS = ("channel:read:goals",)
_REWARDS = ("channel:read:redemptions", "channel:manage:redemptions")
_CHARITY = ("channel:read:charity",)
_SHOUTOUTS = ("moderator:read:shoutouts", "moderator:manage:shoutouts")
_SHIELD = ("moderator:read:shield_mode", "moderator:manage:shield_mode")
_UNBANS = ("moderator:read:unban_requests", "moderator:manage:unban_requests")
_WARNINGS = ("moderator:read:warnings", "moderator:manage:warnings")
_MODERATE = ("channel:moderate",)
_LOG = ("moderator:read:banned_users", "moderator:manage:banned_users")
"""One of the eight scopes that Twitch wants together here; they are asked for together (``core.signin``)."""
_VIPS = ("channel:read:vips", "channel:manage:vips")
_MODERATORS = ("moderation:read",)
_AUTOMOD = ("moderator:manage:automod",)

_KINDS = (
    # Nobody's authorisation.
    Kind("stream.online", ("1",), "online"),
    Kind("stream.offline", ("1",), "offline"),
    Kind("channel.update", ("2",), "update"),
    Kind("channel.raid", ("1",), "raid", (("to_broadcaster_user_id",), ("from_broadcaster_user_id",))),
    Kind("channel.shared_chat.begin", ("1",), "shared_chat"),
    Kind("channel.shared_chat.update", ("1",), "shared_chat"),
    Kind("channel.shared_chat.end", ("1",), "shared_chat"),
    Kind("user.update", ("1",), "profile", (USER,), restricted=_EMAIL, restricted_to=Role.BROADCASTER),
    # Our own: how many watch, from Get Streams.
    Kind("gs.viewers", ("1",), "viewers", (), event_class=STATE, key="id"),
    # Of our application, not of a streamer.
    Kind("user.authorization.grant", ("1",), "control", (CLIENT,), audience=Role.BROADCASTER),
    Kind("user.authorization.revoke", ("1",), "control", (CLIENT,), audience=Role.BROADCASTER),
    Kind("conduit.shard.disabled", ("1",), "control", (CLIENT,), audience=Role.BROADCASTER),
    # Chat: by the streamer's own grant, or read for a viewer.
    Kind("channel.chat.message", ("1",), "chat", (CHAT,), _READ_CHAT, EventClass.CHAT),
    Kind("channel.chat.notification", ("1",), "chat", (CHAT,), _READ_CHAT),
    Kind("channel.chat.message_delete", ("1",), "chat", (CHAT,), _READ_CHAT),
    Kind("channel.chat.clear_user_messages", ("1",), "chat", (CHAT,), _READ_CHAT),
    Kind("channel.chat.clear", ("1",), "chat", (CHAT,), _READ_CHAT),
    Kind("channel.chat_settings.update", ("1",), "chat", (CHAT,), _READ_CHAT),
    Kind("channel.chat.user_message_hold", ("1",), "held", (CHAT,), _READ_CHAT, audience=Role.BROADCASTER),
    Kind("channel.chat.user_message_update", ("1",), "held", (CHAT,), _READ_CHAT, audience=Role.BROADCASTER),
    Kind("user.whisper.message", ("1",), "whispers", (USER,), ("user:read:whispers",), audience=Role.BROADCASTER),
    # The streamer's grant.
    Kind("channel.subscribe", ("1",), "subs", scopes=_SUBSCRIPTIONS, measure="tier"),
    Kind("channel.subscription.gift", ("1",), "subs", scopes=_SUBSCRIPTIONS, measure="tier"),
    Kind("channel.subscription.message", ("1",), "subs", scopes=_SUBSCRIPTIONS, measure="tier"),
    Kind(
        "channel.subscription.end",
        ("1",),
        "subs",
        scopes=_SUBSCRIPTIONS,
        audience=Role.BROADCASTER,
        measure="tier",
    ),
    Kind("channel.cheer", ("1",), "cheers", scopes=("bits:read",), measure="bits"),
    Kind("channel.bits.use", ("1",), "bits", scopes=("bits:read",), measure="bits"),
    Kind("channel.hype_train.begin", ("2",), "hype_train", scopes=_HYPE),
    Kind("channel.hype_train.progress", ("2",), "hype_train", scopes=_HYPE, event_class=STATE, key="id"),
    Kind("channel.hype_train.end", ("2",), "hype_train", scopes=_HYPE),
    Kind("channel.poll.begin", ("1",), "polls", scopes=_POLLS),
    Kind("channel.poll.progress", ("1",), "polls", scopes=_POLLS, event_class=STATE, key="id"),
    Kind("channel.poll.end", ("1",), "polls", scopes=_POLLS),
    Kind("channel.prediction.begin", ("1",), "predictions", scopes=_PREDICTIONS),
    Kind("channel.prediction.progress", ("1",), "predictions", scopes=_PREDICTIONS, event_class=STATE, key="id"),
    Kind("channel.prediction.lock", ("1",), "predictions", scopes=_PREDICTIONS),
    Kind("channel.prediction.end", ("1",), "predictions", scopes=_PREDICTIONS),
    Kind("channel.goal.begin", ("1",), "goals", scopes=_GOALS),
    Kind("channel.goal.progress", ("1",), "goals", scopes=_GOALS, event_class=STATE, key="id"),
    Kind("channel.goal.end", ("1",), "goals", scopes=_GOALS),
    Kind("channel.channel_points_custom_reward.add", ("1",), "rewards", scopes=_REWARDS),
    Kind("channel.channel_points_custom_reward.update", ("1",), "rewards", scopes=_REWARDS),
    Kind("channel.channel_points_custom_reward.remove", ("1",), "rewards", scopes=_REWARDS),
    Kind(
        "channel.channel_points_custom_reward_redemption.add",
        ("1",),
        "redemptions",
        scopes=_REWARDS,
        restricted=("user_input",),
    ),
    Kind(
        "channel.channel_points_custom_reward_redemption.update",
        ("1",),
        "redemptions",
        scopes=_REWARDS,
        restricted=("user_input",),
    ),
    Kind(
        "channel.channel_points_automatic_reward_redemption.add",
        ("2",),
        "redemptions",
        scopes=_REWARDS,
        restricted=("message",),
    ),
    Kind(
        "channel.ad_break.begin",
        ("1",),
        "ads",
        scopes=("channel:read:ads",),
        restricted=("requester_user_id", "requester_user_login", "requester_user_name"),
    ),
    Kind("channel.charity_campaign.start", ("1",), "charity", scopes=_CHARITY),
    Kind("channel.charity_campaign.progress", ("1",), "charity", scopes=_CHARITY, event_class=STATE, key="id"),
    Kind("channel.charity_campaign.stop", ("1",), "charity", scopes=_CHARITY),
    Kind("channel.charity_campaign.donate", ("1",), "charity", scopes=_CHARITY),
    Kind(
        "channel.follow",
        ("2",),
        "follows",
        (MODERATED,),
        ("moderator:read:followers",),
        audience=Role.MODERATOR,
    ),
    Kind("channel.shoutout.create", ("1",), "shoutouts", (MODERATED,), _SHOUTOUTS, restricted=_WHO_DID_IT),
    Kind("channel.shoutout.receive", ("1",), "shoutouts", (MODERATED,), _SHOUTOUTS),
    # A moderator's business, none of a viewer's.
    Kind("channel.ban", ("1",), "bans", scopes=_MODERATE, audience=Role.MODERATOR),
    Kind("channel.unban", ("1",), "bans", scopes=_MODERATE, audience=Role.MODERATOR),
    Kind("channel.moderate", ("2", "1"), "moderation", (MODERATED,), _LOG, audience=Role.MODERATOR),
    Kind("channel.unban_request.create", ("1",), "unban_requests", (MODERATED,), _UNBANS, audience=Role.MODERATOR),
    Kind("channel.unban_request.resolve", ("1",), "unban_requests", (MODERATED,), _UNBANS, audience=Role.MODERATOR),
    Kind("channel.warning.send", ("1",), "warnings", (MODERATED,), _WARNINGS, audience=Role.MODERATOR),
    Kind("channel.warning.acknowledge", ("1",), "warnings", (MODERATED,), _WARNINGS, audience=Role.MODERATOR),
    Kind(
        "channel.suspicious_user.message",
        ("1",),
        "suspicious_users",
        (MODERATED,),
        ("moderator:read:suspicious_users",),
        audience=Role.MODERATOR,
    ),
    Kind(
        "channel.suspicious_user.update",
        ("1",),
        "suspicious_users",
        (MODERATED,),
        ("moderator:read:suspicious_users",),
        audience=Role.MODERATOR,
    ),
    Kind("channel.shield_mode.begin", ("1",), "shield_mode", (MODERATED,), _SHIELD, audience=Role.MODERATOR),
    Kind("channel.shield_mode.end", ("1",), "shield_mode", (MODERATED,), _SHIELD, audience=Role.MODERATOR),
    Kind("automod.message.hold", ("2", "1"), "automod", (MODERATED,), _AUTOMOD, audience=Role.MODERATOR),
    Kind("automod.message.update", ("2", "1"), "automod", (MODERATED,), _AUTOMOD, audience=Role.MODERATOR),
    Kind("channel.vip.add", ("1",), "vips", scopes=_VIPS, audience=Role.MODERATOR),
    Kind("channel.vip.remove", ("1",), "vips", scopes=_VIPS, audience=Role.MODERATOR),
    Kind("channel.moderator.add", ("1",), "moderators", scopes=_MODERATORS, audience=Role.MODERATOR),
    Kind("channel.moderator.remove", ("1",), "moderators", scopes=_MODERATORS, audience=Role.MODERATOR),
)

CATALOGUE: Mapping[str, Kind] = {kind.type: kind for kind in _KINDS}
"""Every type by its name."""

CHAT_GRANT = frozenset({"channel:bot", "user:bot", "user:read:chat"})
"""What a streamer has granted whose chat comes by webhook or conduit, read as the streamer (TWITCH.md 4.B)."""

OPEN_FAMILIES = ("online", "offline", "update", "raid", "raid_out", "shared_chat")
"""The families that need nobody's authorisation, as ``TWITCH__FAMILIES`` names them."""

GRANTED_FAMILIES = (
    "chat",
    "subs",
    "cheers",
    "hype_train",
    "polls",
    "predictions",
    "goals",
    "redemptions",
    "ads",
    "charity",
    "follows",
    "shoutouts",
)
"""The families that come with a streamer's grant: whatever its scopes allow. ``bits`` would repeat ``cheers``."""


def sources(family: str) -> tuple[Source, ...]:
    """
    The subscriptions that a family is made of.

    Raises:
        KeyError: There is no family of this name.
    """
    if family == "raid_out":
        return (Source("channel.raid", "1", ("from_broadcaster_user_id",)),)
    found = tuple(
        Source(kind.type, kind.versions[0], kind.conditions[0])
        for kind in _KINDS
        if kind.family == family and kind.conditions
    )
    if not found:
        raise KeyError(family)
    return found


def granted_families(scopes: frozenset[str]) -> tuple[str, ...]:
    """The families that a streamer with these scopes has opened to us."""
    return tuple(family for family in GRANTED_FAMILIES if _opens(family, scopes))


def class_of(event_type: str) -> EventClass:
    """The delivery class of an event type; a type that gstreamer does not know is critical."""
    kind = CATALOGUE.get(event_type)
    return EventClass.CRITICAL if kind is None else kind.event_class


def _opens(family: str, scopes: frozenset[str]) -> bool:
    if family == "chat":
        return scopes >= CHAT_GRANT
    return all(scopes & set(kind.scopes) for kind in _KINDS if kind.family == family)
