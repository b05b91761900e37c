"""Which EventSub subscriptions shall exist, and what has to be done so that they do.

Rule: one subscription for each (streamer, family), however many people want the streamer; a streamer is
subscribed whole or, where the cost budget has no room, not at all. Nothing of another callback is touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

ENABLED = "enabled"
PENDING = "webhook_callback_verification_pending"
_ACTIVE = frozenset({ENABLED, PENDING})

WATCH_S = 90.0
"""A connection actor that has not said for so long what is watched there is taken for gone."""


class Kind(NamedTuple):
    """What a family is at Twitch: subscription type, version, and the condition field that names the streamer."""

    type: str
    version: str
    field: str


FAMILIES: Mapping[str, Kind] = {
    "online": Kind("stream.online", "1", "broadcaster_user_id"),
    "offline": Kind("stream.offline", "1", "broadcaster_user_id"),
    "update": Kind("channel.update", "2", "broadcaster_user_id"),
    "raid": Kind("channel.raid", "1", "to_broadcaster_user_id"),
    "raid_out": Kind("channel.raid", "1", "from_broadcaster_user_id"),
}
"""The families that need nobody's authorisation, by their names in TWITCH__FAMILIES."""

_OURS = frozenset((kind.type, kind.field) for kind in FAMILIES.values())


class Wanted(NamedTuple):
    """A subscription that shall exist."""

    streamer_id: str
    kind: Kind


class Existing(NamedTuple):
    """
    A subscription that Twitch listed.

    Attributes:
        id: Twitch's id of it.
        status: Twitch's word.
        type: Subscription type.
        version: Its version.
        condition: The condition's fields that are set, by name.
        callback: Where it delivers.
        cost: What it costs.
    """

    id: str
    status: str
    type: str
    version: str
    condition: tuple[tuple[str, str], ...]
    callback: str
    cost: int

    @property
    def active(self) -> bool:
        """Whether it delivers, or is about to."""
        return self.status in _ACTIVE

    @property
    def wanted(self) -> Wanted | None:
        """What it would fulfil, or None if it is none of the families'."""
        if len(self.condition) != 1:
            return None
        ((field, streamer_id),) = self.condition
        if (self.type, field) not in _OURS:
            return None
        return Wanted(streamer_id, Kind(self.type, self.version, field))


class Budget(NamedTuple):
    """The cost of all subscriptions and the most that it may be; 0 as the most: not known, so no bound."""

    total_cost: int
    max_total_cost: int

    def spend(self, cost: int) -> Budget:
        """The budget after so much more (or less)."""
        return self._replace(total_cost=max(0, self.total_cost + cost))

    def has_room(self, cost: int) -> bool:
        """Whether so much more fits."""
        return self.max_total_cost == 0 or self.total_cost + cost <= self.max_total_cost


class Plan(NamedTuple):
    """
    What has to be done.

    Attributes:
        create: Subscriptions to be made, by priority.
        delete: Subscriptions to be ended: not wanted, dead, or second to an equal one.
        adopted: What fulfils each wanted one that is there.
        without: Streamers that the budget has no room for: they are polled.
    """

    create: tuple[Wanted, ...]
    delete: tuple[Existing, ...]
    adopted: Mapping[Wanted, Existing]
    without: tuple[str, ...]


def condition_of(wanted: Wanted) -> dict[str, str]:
    """The condition object of a create call."""
    return {wanted.kind.field: wanted.streamer_id}


def wanted_of(streamer_id: str, families: Iterable[str]) -> tuple[Wanted, ...]:
    """The subscriptions of one streamer."""
    return tuple(Wanted(streamer_id, FAMILIES[family]) for family in families)


def plan(
    streamers: Sequence[str],
    families: Sequence[str],
    existing: Iterable[Existing],
    callback: str,
    budget: Budget,
) -> Plan:
    """
    What leads from the subscriptions that exist to those that shall.

    Args:
        streamers: Whoever shall be subscribed, the most important first.
        families: What of each.
        existing: Everything that Twitch lists, oldest first.
        callback: Our callback; what delivers elsewhere is not ours to touch.
        budget: Cost of all that exists.
    """
    wanted = {one: wanted_of(one, families) for one in streamers}
    keys = {key for each in wanted.values() for key in each}
    adopted: dict[Wanted, Existing] = {}
    delete: list[Existing] = []
    for one in existing:
        key = one.wanted
        if key is None or one.callback != callback:
            continue
        held = adopted.get(key)
        if not one.active or key not in keys:
            delete.append(one)
        elif held is None:
            adopted[key] = one
        elif held.status != ENABLED and one.status == ENABLED:
            adopted[key] = one
            delete.append(held)
        else:
            delete.append(one)
    budget = budget.spend(-sum(one.cost for one in delete))
    create: list[Wanted] = []
    without: list[str] = []
    for streamer_id, each in wanted.items():
        missing = [key for key in each if key not in adopted]
        # What one will cost is known only once it is made: 1, or 0 where the streamer authorised us.
        if budget.has_room(len(missing)):
            budget = budget.spend(len(missing))
            create += missing
        else:
            without.append(streamer_id)
    return Plan(tuple(create), tuple(delete), adopted, tuple(without))


class Demand:
    """
    Which streamers are wanted, by whom, and which live on for a while although nobody wants them any more.

    Args:
        linger_s: How long a streamer nobody wants lives on.
    """

    def __init__(self, linger_s: float) -> None:
        self._linger_s = linger_s
        self._favoured: frozenset[str] = frozenset()
        self._watched: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}
        self._until: dict[str, float] = {}

    def favour(self, streamer_ids: Iterable[str], now_s: float) -> None:
        """Exactly these are somebody's favourites."""
        favoured = frozenset(streamer_ids)
        self._linger(self._favoured - favoured, now_s, self._linger_s)
        self._favoured = favoured

    def watch(self, connection: str, incarnation: str, streamer_ids: Iterable[str], now_s: float) -> None:
        """Exactly these are watched at that connection actor, for ``WATCH_S`` unless it says so again."""
        self._expire(now_s)
        key = (connection, incarnation)
        watched = frozenset(streamer_ids)
        _, before = self._watched.pop(key, (0.0, frozenset[str]()))
        self._linger(before - watched, now_s, self._linger_s)
        if watched:
            self._watched[key] = (now_s + WATCH_S, watched)

    def touch(self, streamer_id: str, now_s: float) -> None:
        """Somebody asked for this one and will say soon that it is watched or favoured."""
        self._linger((streamer_id,), now_s, max(WATCH_S, self._linger_s))

    def inherit(self, streamer_ids: Collection[str], now_s: float) -> None:
        """These were subscribed before we started: whoever wants them may not have said so yet."""
        self._linger(streamer_ids, now_s, max(WATCH_S, self._linger_s))

    def ranked(self, now_s: float) -> tuple[str, ...]:
        """Who shall live now, each once: watched, then favoured, then those that linger; by id within each."""
        self._expire(now_s)
        watched = frozenset[str]().union(*(ids for _, ids in self._watched.values()))
        order = (watched, self._favoured, self._until.keys())
        return tuple(dict.fromkeys(one for ids in order for one in sorted(ids, key=_by_id)))

    def _linger(self, streamer_ids: Collection[str], now_s: float, for_s: float) -> None:
        for one in streamer_ids:
            self._until[one] = max(self._until.get(one, 0.0), now_s + for_s)

    def _expire(self, now_s: float) -> None:
        for key, (until_s, ids) in list(self._watched.items()):
            if until_s <= now_s:
                del self._watched[key]
                self._linger(ids, until_s, self._linger_s)
        self._until = {one: until_s for one, until_s in self._until.items() if until_s > now_s}


def _by_id(streamer_id: str) -> tuple[int, str]:
    return len(streamer_id), streamer_id
