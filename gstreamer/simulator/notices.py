"""Notices in a chat of the simulation: subscriptions, gifts, raids, announcements (``channel.chat.notification``).

Each notice carries every field that Twitch names, of which only that of its own kind is not null. Source: TWITCH.md
4.B; the fields are those that both foreign clients of the tests read.
"""

from __future__ import annotations

import random
import uuid
from typing import Any, NamedTuple

from gstreamer.simulator import cast
from gstreamer.simulator.cast import Person

NOTIFICATION = "channel.chat.notification"

_SHARED = (
    "sub",
    "resub",
    "sub_gift",
    "community_sub_gift",
    "gift_paid_upgrade",
    "prime_paid_upgrade",
    "raid",
    "pay_it_forward",
    "announcement",
    "modiversary",
)
KINDS = (
    *_SHARED,
    "unraid",
    "bits_badge_tier",
    "charity_donation",
    "watch_streak",
    *(f"shared_chat_{kind}" for kind in _SHARED),
)
"""What a notice can be about; each is a field of every notice."""


class Notice(NamedTuple):
    """What a notice is about, its details and its words."""

    kind: str
    detail: dict[str, Any]
    words: str


def subscribed(chatter: Person) -> Notice:
    """Somebody subscribed for the first time."""
    detail = {"sub_tier": "1000", "is_prime": False, "duration_months": 1}
    return Notice("sub", detail, f"{chatter.name} subscribed at Tier 1.")


def subscribed_again(chatter: Person, months: int) -> Notice:
    """Somebody shares for how long they have subscribed."""
    detail = {
        "cumulative_months": months,
        "duration_months": 0,
        "streak_months": None,
        "sub_tier": "1000",
        "is_prime": False,
        "is_gift": False,
        **dict.fromkeys(("gifter_is_anonymous", "gifter_user_id", "gifter_user_login", "gifter_user_name")),
    }
    return Notice("resub", detail, f"{chatter.name} subscribed at Tier 1. They've subscribed for {months} months!")


def gave(chatter: Person, recipient: Person) -> Notice:
    """Somebody gave a subscription to somebody else."""
    detail = {
        "duration_months": 1,
        "cumulative_total": 1,
        "sub_tier": "1000",
        "community_gift_id": None,
        **cast.named(recipient, "recipient_"),
    }
    return Notice("sub_gift", detail, f"{chatter.name} gifted a Tier 1 sub to {recipient.name}!")


def gave_to_all(chatter: Person, total: int) -> Notice:
    """Somebody gave subscriptions to whoever is there."""
    detail = {"id": str(uuid.uuid4()), "total": total, "sub_tier": "1000", "cumulative_total": total}
    return Notice("community_sub_gift", detail, f"{chatter.name} is gifting {total} Tier 1 Subs to the community!")


def raided(chatter: Person, viewers: int) -> Notice:
    """Somebody came with their viewers."""
    detail = {**cast.named(chatter), "viewer_count": viewers, "profile_image_url": cast.avatar(chatter)}
    return Notice("raid", detail, f"{viewers} raiders from {chatter.name} have joined!")


def announced() -> Notice:
    """A moderator's announcement: its text is the message."""
    return Notice("announcement", {"color": "PRIMARY"}, "")


def any_notice(dice: random.Random, chatter: Person, other: Person) -> Notice:
    """Something that might happen in a chat."""
    kind = dice.choice(("sub", "resub", "resub", "gift", "gifts", "raid"))
    if kind == "sub":
        return subscribed(chatter)
    if kind == "resub":
        return subscribed_again(chatter, dice.randrange(2, 60))
    if kind == "gift":
        return gave(chatter, other)
    if kind == "gifts":
        return gave_to_all(chatter, dice.choice((5, 10, 20)))
    return raided(chatter, max(1, int(chatter.audience * dice.uniform(0.1, 0.6))))


def event_of(
    notice: Notice, broadcaster: Person, chatter: Person, message: dict[str, Any], looks: dict[str, Any]
) -> dict[str, Any]:
    """
    Twitch's event object of a notice.

    Args:
        notice: What it is about.
        broadcaster: In whose chat.
        chatter: Who is meant.
        message: What they said with it: ``text`` and ``fragments``.
        looks: Their ``color`` and ``badges``.
    """
    return {
        **cast.named(broadcaster, "broadcaster_"),
        **cast.named(chatter, "chatter_"),
        "chatter_is_anonymous": False,
        **looks,
        "system_message": notice.words,
        "message_id": str(uuid.uuid4()),
        "message": message,
        "notice_type": notice.kind,
        **dict.fromkeys(KINDS),
        notice.kind: notice.detail,
        **dict.fromkeys(cast.named(broadcaster, "source_broadcaster_")),
        "source_message_id": None,
        "source_badges": None,
        "is_source_only": None,
    }
