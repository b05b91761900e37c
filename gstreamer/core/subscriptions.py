"""EventSub subscriptions as values: what shall exist for a streamer, what Twitch has, and what it costs.

Rule: one subscription for each type and condition, however many people want the streamer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gstreamer.core.catalogue import CATALOGUE, granted_families, sources
from gstreamer.core.eventsub import streamer_of
from gstreamer.core.statuses import ACTIVE, ENABLED

SHARD_DISABLED = "conduit.shard.disabled"


APPLICATION = ("user.authorization.revoke", "user.authorization.grant")
"""What Twitch tells about our application itself, whoever is wanted."""


class Wanted(NamedTuple):
    """A subscription that shall exist; the condition's fields are sorted by name."""

    type: str
    version: str
    condition: tuple[tuple[str, str], ...]

    @property
    def streamer_id(self) -> str:
        """Whom it is about; empty if it is about our application."""
        return streamer_of(self.type, dict(self.condition)) or ""


class Existing(NamedTuple):
    """
    A subscription that Twitch has.

    Attributes:
        id: Twitch's id of it.
        status: Twitch's word.
        type: Subscription type.
        version: Its version.
        condition: The condition's fields that are set, sorted by name.
        place: Where it delivers: a callback, or a conduit (``conduit_place``); empty for what is neither.
        cost: What it costs.
    """

    id: str
    status: str
    type: str
    version: str
    condition: tuple[tuple[str, str], ...]
    place: str
    cost: int

    @property
    def active(self) -> bool:
        """Whether it delivers, or is about to."""
        return self.status in ACTIVE

    @property
    def enabled(self) -> bool:
        """Whether it delivers."""
        return self.status == ENABLED

    @property
    def wanted(self) -> Wanted | None:
        """What it would fulfil, or None if it is of a type that we do not know."""
        return Wanted(self.type, self.version, self.condition) if self.type in CATALOGUE else None


class Budget(NamedTuple):
    """The cost of all subscriptions and the most that it may be; 0 as the most: not known, so no bound."""

    total_cost: int
    max_total_cost: int

    def spend(self, cost: int) -> Budget:
        """The budget after so much more (or less)."""
        return self._replace(total_cost=max(0, self.total_cost + cost))

    def has_room(self, cost: int) -> bool:
        """Whether so much more fits."""
        return cost <= 0 or self.max_total_cost == 0 or self.total_cost + cost <= self.max_total_cost


def wanted_of(streamer_id: str, families: Iterable[str], scopes: frozenset[str] = frozenset()) -> tuple[Wanted, ...]:
    """
    The subscriptions of one streamer.

    Args:
        streamer_id: The streamer.
        families: Those that need no authorisation, by name.
        scopes: What the streamer has granted us.
    """
    names = (*families, *granted_families(scopes))
    return tuple(
        Wanted(source.type, source.version, tuple((field, streamer_id) for field in sorted(source.fields)))
        for family in names
        for source in sources(family)
    )


def wanted_of_application(client_id: str, *, shards: bool) -> tuple[Wanted, ...]:
    """
    The subscriptions about our application.

    Args:
        client_id: Our application.
        shards: Whether a conduit's shards are to be watched too.
    """
    types = (*APPLICATION, SHARD_DISABLED) if shards else APPLICATION
    return tuple(Wanted(one, "1", (("client_id", client_id),)) for one in types)


def needs_grant(key: Wanted) -> bool:
    """Whether it rests on a grant of the streamer's."""
    kind = CATALOGUE.get(key.type)
    return kind is not None and bool(kind.scopes)


def conduit_place(conduit_id: str) -> str:
    """How a conduit is written as the place of a subscription."""
    return f"conduit:{conduit_id}"
