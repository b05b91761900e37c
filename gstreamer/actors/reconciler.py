"""What Twitch has, brought nearer to what is wanted, one step at a time.

Invariant: nothing of another callback or conduit is touched, but for one that stands in the way of ours.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gstreamer import log
from gstreamer.actors.transports import Transports
from gstreamer.actors.wiring import Clock, ConduitCalls, Config, Platform
from gstreamer.core.errors import AlreadySubscribedError, MissingScopeError, RefusedError, TooManyAlikeError
from gstreamer.core.holdings import Holdings
from gstreamer.core.ports import Counting
from gstreamer.core.setbacks import Setbacks
from gstreamer.core.statuses import CONDUIT_DELETED, ENABLED, PENDING
from gstreamer.core.subscription_plan import Demanded, Plan, plan
from gstreamer.core.subscriptions import (
    Budget,
    Existing,
    Wanted,
    needs_grant,
    wanted_of,
    wanted_of_application,
)
from gstreamer.twitch.models import Subscription

LIST_S = 300.0
PENDING_S = 1.0
CREATES_AT_ONCE = 8
CREATES_PER_S = 10.0
"""Below Twitch's 800 calls a minute, which the api replicas share."""

_log = log.get("subscriptions")


class Reconciler:
    """
    Keeps the list of what Twitch has, and changes it.

    Args:
        config: What is set.
        twitch: Twitch.
        conduits: Its conduits.
        metrics: Where statuses and cost are shown.
        clock: Its time.
    """

    def __init__(
        self, config: Config, twitch: Platform, conduits: ConduitCalls, metrics: Counting, clock: Clock
    ) -> None:
        self._config = config
        self._twitch = twitch
        self._metrics = metrics
        self._clock = clock
        self._transports = Transports(config, conduits, clock)
        self._holdings = Holdings()
        self._scopes: Mapping[str, frozenset[str]] = {}
        self._setbacks = Setbacks(lambda streamer_id: self._scopes.get(streamer_id, frozenset()))
        self._gaps: set[Wanted] = set()
        self._unlisted: dict[Wanted, str] = {}
        self._without: tuple[str, ...] = ()
        self._moving = 0
        self._dead: Counter[str] = Counter()
        self._list_at_s = float("-inf")
        self._list_after_s = PENDING_S
        self._unsure: set[str] = set()
        self.listed = False

    def __len__(self) -> int:
        return len(self._holdings)

    @property
    def without(self) -> frozenset[str]:
        """The streamers that the cost budget has no room for."""
        return frozenset(self._without)

    def observe(self) -> dict[str, Any]:
        """How it stands."""
        budget = self._holdings.budget
        return {
            "listed": self.listed,
            "subscriptions": dict(Counter(one.status for one in self._holdings.existing.values())),
            "cost": budget.total_cost,
            "max_cost": budget.max_total_cost,
            "hidden_cost": self._holdings.hidden_cost,
            "without": list(self._without),
            "moving": self._moving,
            "unsure": sorted(self._unsure),
            "died": dict(self._dead),
            "needs_person": list(self._setbacks.waiting_for()),
            **self._transports.observe(),
        }

    def subscribed(self) -> Iterable[str]:
        """The streamers that have a subscription of ours, some more than once."""
        ours = self._transports.delivery.ours
        for one in self._holdings.existing.values():
            if one.place in ours and one.wanted is not None and one.wanted.streamer_id:
                yield one.wanted.streamer_id

    @property
    def unsure(self) -> frozenset[str]:
        """The streamers that were not served for a while, and are again."""
        return frozenset(self._unsure)

    def sure(self, streamer_ids: Collection[str]) -> None:
        """What happened meanwhile to these is known now."""
        self._unsure.difference_update(streamer_ids)

    def granted(self, scopes: Mapping[str, frozenset[str]]) -> None:
        """Exactly this is what streamers have granted us, with an empty set for one who is known to have not."""
        self._scopes = scopes

    def renewed(self, streamer_id: str) -> None:
        """A streamer has just granted us something."""
        self._setbacks.renewed(streamer_id)

    def shard_disabled(self) -> None:
        """Twitch has disabled a shard of a conduit of ours."""
        self._transports.suspect(lost=True)

    async def refresh(self) -> None:
        """
        List what Twitch has, if that is due, and keep the conduit in order.

        Raises:
            UnavailableError: Twitch does not answer.
            RefusedError: Twitch has no conduit for us.
        """
        listed = self._clock.monotonic() >= self._list_at_s
        if listed:
            await self._list()
        places = {one.place for one in self._holdings.existing.values() if one.active}
        if await self._transports.refresh(places, listed=listed):
            self._unsure.update(self.subscribed())

    async def settle(self, ranks: Mapping[str, int], untouched: Collection[str]) -> None:
        """
        Delete and create what the plan says.

        Args:
            ranks: How much each streamer is wanted who shall be subscribed, the most important first.
            untouched: Streamers for whom nothing is created or deleted now.

        Raises:
            UnavailableError: Twitch does not answer; what has been done stays done.
        """
        existing = [one for one in self._holdings.existing.values() if not self._is_untouched(one, untouched)]
        demanded = self._demanded(ranks)
        young = self._holdings.young(self._config.overlap_s, self._clock.monotonic())
        todo = plan(demanded, existing, self._transports.delivery, self._holdings.budget, young)
        try:
            for one in (*todo.delete, *todo.swap):
                await self._end(one)
            self._gaps |= {one.wanted for one in todo.swap if one.wanted is not None}
            await self._create(todo)
        finally:
            self._show(todo)

    def revoked(self, subscription_id: str, status: str) -> None:
        """Twitch has ended a subscription: what is done about it stands in ``core.statuses``."""
        found = self._holdings.died(subscription_id, status or "revoked")
        if found is not None:
            _log.warning("subscription revoked", subscription_id=subscription_id, status=status, type=found.type)
            self._died(found._replace(status=status))

    async def end(self, subscription_id: str) -> None:
        """
        End a subscription, whether it is in our list or not.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        await self._twitch.unsubscribe(subscription_id)
        self._holdings.ended(subscription_id, self._clock.monotonic())

    # What shall exist.

    def _demanded(self, ranks: Mapping[str, int]) -> Demanded:
        shards = self._transports.wants_conduit
        keys: dict[str, Sequence[Wanted]] = {"": wanted_of_application(self._config.client_id, shards=shards)}
        for streamer_id in ranks:
            over = self._setbacks.is_over(streamer_id)
            scopes = frozenset[str]() if over else self._scopes.get(streamer_id, frozenset())
            keys[streamer_id] = wanted_of(streamer_id, self._config.families, scopes)
        wanted = {key for each in keys.values() for key in each}
        self._setbacks.keep(wanted)
        self._gaps &= wanted
        self._unlisted = {key: name for key, name in self._unlisted.items() if key in wanted}
        now_s = self._clock.monotonic()
        keys = {one: [key for key in each if not self._setbacks.is_barred(key, now_s)] for one, each in keys.items()}
        return Demanded(keys, ranks, frozenset(one for one, scopes in self._scopes.items() if scopes))

    def _is_untouched(self, one: Existing, untouched: Collection[str]) -> bool:
        key = one.wanted
        if key is None:
            return False
        # Whether it is still granted is not known before the store has been asked for this streamer.
        return key.streamer_id in untouched or (needs_grant(key) and key.streamer_id not in self._scopes)

    # What is there.

    async def _list(self) -> None:
        listing = await self._twitch.subscriptions()
        now_s = self._clock.monotonic()
        before = dict(self._holdings.existing)
        budget = Budget(listing.total_cost, listing.max_total_cost)
        self._holdings.listed(map(_existing, listing.subscriptions), budget, now_s)
        ours = self._transports.delivery.ours
        for one in self._holdings.existing.values():
            if one.wanted is None or one.place not in ours:
                continue
            if not one.active and (one.id not in before or before[one.id].active):
                _log.warning("subscription is dead", subscription_id=one.id, status=one.status, type=one.type)
                self._died(one)
            self._see(one)
        if not self.listed:
            self.listed = True
            _log.info("subscriptions listed", count=len(self), cost=self._holdings.budget.total_cost)
        # Twitch tells nobody that a challenge was answered: while any is open, its list is asked more often.
        open_ones = any(one.status == PENDING for one in self._holdings.existing.values())
        self._list_after_s = min(LIST_S, self._list_after_s * 2) if open_ones else LIST_S
        self._list_at_s = now_s + self._list_after_s

    def _see(self, one: Existing) -> None:
        """Take note of one that delivers."""
        key = one.wanted
        if key is None or not one.enabled:
            return
        self._setbacks.succeed(key)
        if key in self._gaps:
            self._gaps.discard(key)
            self._unsure.add(key.streamer_id)

    def _died(self, one: Existing) -> None:
        self._dead[one.status] += 1
        if one.status == CONDUIT_DELETED:
            self._transports.suspect(lost=True)
        if one.wanted is not None:
            self._setbacks.died(one.wanted, one.status, self._clock.monotonic(), self._clock.roll())
            if one.wanted.streamer_id:
                self._gaps.add(one.wanted)

    async def _end(self, one: Existing) -> None:
        await self.end(one.id)
        _log.info("subscription deleted", subscription_id=one.id, status=one.status, type=one.type)

    # What is made.

    async def _create(self, todo: Plan) -> None:
        now_s = self._clock.monotonic()
        due = [key for key in todo.create if self._setbacks.is_due(key, now_s)]
        for start in range(0, len(due), CREATES_AT_ONCE):
            some = due[start : start + CREATES_AT_ONCE]
            tries = (self._create_one(key, todo.moving.get(key)) for key in some)
            results = await asyncio.gather(*tries, return_exceptions=True)
            self._list_after_s = PENDING_S
            self._list_at_s = self._clock.monotonic() + PENDING_S
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            if start + CREATES_AT_ONCE < len(due):
                await self._clock.sleep(len(some) / CREATES_PER_S)

    async def _create_one(self, key: Wanted, moving: Existing | None) -> None:
        try:
            await self._make(key)
        except AlreadySubscribedError as error:
            await self._take_over(key, error.subscription_id or ("" if moving is None else moving.id))
        except RefusedError as error:
            self._refused(key, error)

    async def _make(self, key: Wanted) -> None:
        transport = self._transports.transport_of(key)
        made = await self._twitch.subscribe(key.type, key.version, dict(key.condition), transport)
        one = _existing(made.subscription)
        self._holdings.made(one, made.max_total_cost, self._clock.monotonic())
        self._see(one)

    def _refused(self, key: Wanted, error: RefusedError) -> None:
        now_s = self._clock.monotonic()
        if isinstance(error, MissingScopeError) and needs_grant(key):
            self._setbacks.bar(key, now_s)
        else:
            self._setbacks.fail(key, now_s, self._clock.roll())
            # It may be the conduit that is gone.
            self._transports.suspect()
        words = "three like it exist already" if isinstance(error, TooManyAlikeError) else str(error)
        _log.warning("subscription refused", streamer_id=key.streamer_id, type=key.type, reason=words)

    async def _take_over(self, key: Wanted, subscription_id: str) -> None:
        """An equal one exists: adopt it, or end it if it delivers elsewhere."""
        found = await self._twitch.subscription(subscription_id) if subscription_id else None
        delivery = self._transports.delivery
        if found is None and subscription_id and self._unlisted.pop(key, "") == subscription_id:
            # Twitch has lost sight of it, and nobody knows where it delivers; younger than the list it was at first.
            _log.warning("subscription that is not listed ended", subscription_id=subscription_id, type=key.type)
            await self._replace(key, subscription_id)
        elif found is None:
            # Twitch did not tell which: its list will.
            if subscription_id:
                self._unlisted[key] = subscription_id
            self._setbacks.fail(key, self._clock.monotonic(), self._clock.roll())
        elif found.place == delivery.place_of(key):
            one = _existing(found)
            self._holdings.adopted(one, self._clock.monotonic())
            self._see(one)
            _log.info("subscription adopted", subscription_id=found.id, type=found.type)
        elif found.place in delivery.ours:
            # Twitch takes no second one beside it, so the old one has to go first, and somebody look what was missed.
            _log.info("subscription moved old one first", subscription_id=found.id, type=found.type)
            await self._replace(key, found.id)
        else:
            # It stands in our way and delivers to an address that our application has left.
            await self.end(found.id)
            _log.warning("subscription of another place deleted", subscription_id=found.id, place=found.place)

    async def _replace(self, key: Wanted, subscription_id: str) -> None:
        """End one, and only then make what takes its place."""
        await self.end(subscription_id)
        self._gaps.add(key)
        try:
            await self._make(key)
        except RefusedError as error:
            self._refused(key, error)

    def _show(self, todo: Plan) -> None:
        if todo.without != self._without and len(todo.without) != len(self._without):
            _log.warning("cost budget has no room for all", without=len(todo.without))
        if not todo.moving and self._moving:
            _log.info("all subscriptions deliver by this transport", transport=self._config.transport)
        self._without = todo.without
        self._moving = len(todo.moving)
        statuses = Counter(one.status for one in self._holdings.existing.values())
        for status in {*statuses, ENABLED, PENDING}:
            self._metrics.gauge("gstreamer_subscriptions", statuses[status], status)
        self._metrics.gauge("gstreamer_subscription_cost", self._holdings.budget.total_cost)


def _existing(found: Subscription) -> Existing:
    condition = tuple(sorted((name, value) for name, value in found.condition.items() if value))
    return Existing(found.id, found.status, found.type, found.version, condition, found.place, found.cost)
