"""What has to be done so that the subscriptions that shall exist do.

Rules: a streamer is subscribed whole or, where the cost budget has no room, not at all; who is wanted least goes
without. What moves to another transport is made there before it is ended here. Nothing of another place is touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from gstreamer.core.statuses import CONDUIT_DELETED
from gstreamer.core.subscriptions import Budget, Existing, Wanted, needs_grant

SWAPS = 25
"""Streamers that are moved old one first in one plan, where the budget has no room for both."""

Keys = Mapping[str, Sequence[Wanted]]


class Delivery(NamedTuple):
    """
    Where subscriptions deliver.

    Attributes:
        to: The place of streamers' subscriptions; empty if there is none at the moment, so that none are made.
        callback: The place of those about our application.
        ours: Every place whose subscriptions are ours.
        sound: Whether ``to`` takes whatever comes, so that an older place may be left for it.
    """

    to: str
    callback: str
    ours: frozenset[str]
    sound: bool = True

    def place_of(self, key: Wanted) -> str:
        """Where this one shall deliver."""
        return self.to if key.streamer_id else self.callback


class Demanded(NamedTuple):
    """
    What shall exist.

    Attributes:
        keys: The subscriptions of each streamer, the most important first; those of our application under "".
        ranks: How much each streamer is wanted; a lower one makes room for a higher.
        free: Streamers whose subscriptions cost nothing, since they have authorised us.
    """

    keys: Keys
    ranks: Mapping[str, int]
    free: Collection[str] = ()

    def cost_of(self, key: Wanted) -> int:
        """What making this one will cost, as far as that can be known before it is made."""
        return 0 if needs_grant(key) or key.streamer_id in self.free else 1


class Plan(NamedTuple):
    """
    What has to be done.

    Attributes:
        create: Subscriptions to be made, by priority.
        delete: Subscriptions to be ended: not wanted, dead, second to an equal one, or left for another place.
        swap: Subscriptions to be ended although what replaces them is made only afterwards.
        adopted: What fulfils each wanted one that is there.
        moving: What fulfils a wanted one at a place that is to be left.
        without: Streamers that the budget has no room for: they are polled.
    """

    create: tuple[Wanted, ...]
    delete: tuple[Existing, ...]
    swap: tuple[Existing, ...]
    adopted: Mapping[Wanted, Existing]
    moving: Mapping[Wanted, Existing]
    without: tuple[str, ...]


def plan(
    demanded: Demanded,
    existing: Iterable[Existing],
    delivery: Delivery,
    budget: Budget,
    young: Collection[str] = (),
) -> Plan:
    """
    What leads from the subscriptions that exist to those that shall.

    Args:
        demanded: What shall exist.
        existing: Everything that Twitch has, oldest first.
        delivery: Where it shall deliver; what delivers elsewhere is not ours to touch.
        budget: Cost of all that exists.
        young: Ids of those that deliver for so short a time that what they replace is still needed.
    """
    found = _Found()
    keys = {key for each in demanded.keys.values() for key in each}
    for one in existing:
        key = one.wanted
        # Nobody else's: what it belonged to is gone for all.
        if key is not None and (one.place in delivery.ours or one.status == CONDUIT_DELETED):
            found.sort(one, key, wanted=key in keys, at_home=one.place == delivery.place_of(key))
    found.leave(young, sound=delivery.sound)
    budget = budget.spend(-sum(one.cost for one in found.delete))
    return _Rationing(demanded, delivery, budget, found).plan()


class _Found:
    """What exists, sorted by what is to become of it."""

    def __init__(self) -> None:
        self.adopted: dict[Wanted, Existing] = {}
        self.moving: dict[Wanted, Existing] = {}
        self.delete: list[Existing] = []

    def sort(self, one: Existing, key: Wanted, *, wanted: bool, at_home: bool) -> None:
        if not one.active or not wanted:
            self.delete.append(one)
            return
        kept = self.adopted if at_home else self.moving
        held = kept.get(key)
        if held is None:
            kept[key] = one
        elif one.enabled and not held.enabled:
            kept[key] = one
            self.delete.append(held)
        else:
            self.delete.append(one)

    def leave(self, young: Collection[str], *, sound: bool) -> None:
        """End what delivers elsewhere and has been replaced for long enough."""
        for key in list(self.moving):
            new = self.adopted.get(key)
            if new is not None and new.enabled and new.id not in young and sound:
                self.delete.append(self.moving.pop(key))


class _Rationing:
    """The budget, given out from the most wanted streamer on."""

    def __init__(self, demanded: Demanded, delivery: Delivery, budget: Budget, found: _Found) -> None:
        self._demanded = demanded
        self._delivery = delivery
        self._budget = budget
        self._found = found
        self._create: list[Wanted] = []
        self._swap: list[Existing] = []
        self._swapped = 0
        self._without: list[str] = []
        self._evicted: set[str] = set()
        self._least = tuple(demanded.keys)[::-1]
        self._in_overlap = any(key in found.adopted for key in found.moving)

    def plan(self) -> Plan:
        """Go through everybody."""
        for streamer_id, keys in self._demanded.keys.items():
            if streamer_id in self._evicted:
                continue
            missing = [key for key in keys if key not in self._found.adopted and self._delivery.place_of(key)]
            cost = sum(map(self._demanded.cost_of, missing))
            if self._make_room(streamer_id, cost):
                self._budget = self._budget.spend(cost)
                self._create += missing
            elif not self._move(missing):
                self._without.append(streamer_id)
        return Plan(
            tuple(self._create),
            tuple(self._found.delete),
            tuple(self._swap),
            self._found.adopted,
            self._found.moving,
            (*self._without, *(one for one in self._demanded.keys if one in self._evicted)),
        )

    def _make_room(self, streamer_id: str, cost: int) -> bool:
        """Whether there is room for so much, after those who are wanted less have given up theirs."""
        if self._budget.has_room(cost) or not streamer_id:
            return True
        rank = self._demanded.ranks.get(streamer_id, 0)
        names: list[str] = []
        victims: list[Existing] = []
        after = self._budget
        for one in takewhile(lambda other: self._demanded.ranks.get(other, 0) < rank, self._least):
            if after.has_room(cost):
                break
            costly = [] if one in self._evicted else self._costly(one)
            if costly:
                names.append(one)
                victims += costly
                after = after.spend(-sum(each.cost for each in costly))
        if not after.has_room(cost):
            return False
        self._budget = after
        self._evict(names, victims)
        return True

    def _costly(self, streamer_id: str) -> list[Existing]:
        found = map(self._found.adopted.get, self._demanded.keys[streamer_id])
        return [one for one in found if one is not None and one.cost]

    def _evict(self, names: Iterable[str], victims: Sequence[Existing]) -> None:
        self._evicted.update(names)
        self._found.delete += victims
        for key in [one.wanted for one in victims]:
            assert key is not None
            del self._found.adopted[key]

    def _move(self, missing: Sequence[Wanted]) -> bool:
        """Whether a streamer without room is served elsewhere: moved there old one first, or left for later."""
        old = [self._found.moving[key] for key in missing if key in self._found.moving]
        if len(old) < len(missing):
            return False
        # Room comes by itself where others are about to leave their old places.
        if not self._in_overlap and self._swapped < SWAPS:
            self._swapped += 1
            self._swap += old
            self._create += missing
            for key in missing:
                del self._found.moving[key]
        return True
