"""What Twitch has, brought nearer to what is wanted, one step at a time.

Invariant: nothing of another callback is touched, but for one that stands in the way of ours.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from gstreamer import log
from gstreamer.actors.wiring import Clock, Config, Platform
from gstreamer.core.backoff import Retries
from gstreamer.core.errors import AlreadySubscribedError, RefusedError, TooManyAlikeError
from gstreamer.core.ports import Counting
from gstreamer.core.subscriptions import ENABLED, PENDING, Budget, Existing, Plan, Wanted, condition_of, plan
from gstreamer.twitch.models import Subscription

LIST_S = 300.0
PENDING_S = 1.0
CREATES_AT_ONCE = 8
CREATES_PER_S = 10.0
"""Below Twitch's 800 calls a minute, which the api replicas share."""
RETRY_BASE_S, RETRY_CAP_S = 2.0, 300.0

_log = log.get("subscriptions")


class Reconciler:
    """
    Keeps the list of what Twitch has, and changes it.

    Args:
        config: What is set.
        twitch: Twitch.
        metrics: Where statuses and cost are shown.
        clock: Its time.
    """

    def __init__(self, config: Config, twitch: Platform, metrics: Counting, clock: Clock) -> None:
        self._config = config
        self._twitch = twitch
        self._metrics = metrics
        self._clock = clock
        self._retries: Retries[Wanted] = Retries(RETRY_BASE_S, RETRY_CAP_S)
        self._existing: dict[str, Existing] = {}
        self._budget = Budget(0, 0)
        self._without: tuple[str, ...] = ()
        self._list_at_s = float("-inf")
        self._list_after_s = PENDING_S
        self.listed = False

    def __len__(self) -> int:
        return len(self._existing)

    @property
    def without(self) -> frozenset[str]:
        """The streamers that the cost budget has no room for."""
        return frozenset(self._without)

    def observe(self) -> dict[str, Any]:
        """How it stands."""
        return {
            "listed": self.listed,
            "subscriptions": dict(Counter(one.status for one in self._existing.values())),
            "cost": self._budget.total_cost,
            "max_cost": self._budget.max_total_cost,
            "without": list(self._without),
        }

    def subscribed(self) -> Iterable[str]:
        """The streamers that have a subscription of ours, some more than once."""
        for one in self._existing.values():
            if one.callback == self._config.webhook.callback and one.wanted is not None:
                yield one.wanted.streamer_id

    async def refresh(self) -> None:
        """
        List what Twitch has, if that is due.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        if self._clock.monotonic() >= self._list_at_s:
            await self._list()

    async def settle(self, streamers: Sequence[str], untouched: Collection[str]) -> None:
        """
        Delete and create what the plan says.

        Args:
            streamers: Whoever shall be subscribed, the most important first.
            untouched: Streamers for whom nothing is created or deleted now.

        Raises:
            UnavailableError: Twitch does not answer; what has been done stays done.
        """
        existing = [
            one for one in self._existing.values() if one.wanted is None or one.wanted.streamer_id not in untouched
        ]
        todo = plan(streamers, self._config.families, existing, self._config.webhook.callback, self._budget)
        try:
            for one in todo.delete:
                await self._end(one)
            await self._create(todo)
        finally:
            self._show(todo)

    def revoked(self, subscription_id: str, status: str) -> None:
        """Twitch has ended a subscription: it is made anew, after a wait that grows with each time."""
        found = self._existing.get(subscription_id)
        if found is None or not found.active:
            return
        _log.warning("subscription revoked", subscription_id=subscription_id, status=status, type=found.type)
        self._existing[subscription_id] = found._replace(status=status or "revoked", cost=0)
        self._budget = self._budget.spend(-found.cost)
        if found.wanted is not None:
            self._retries.fail(found.wanted, self._clock.monotonic(), self._clock.roll())

    async def end(self, subscription_id: str) -> None:
        """
        End a subscription, whether it is in our list or not.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        await self._twitch.unsubscribe(subscription_id)
        gone = self._existing.pop(subscription_id, None)
        if gone is not None:
            self._budget = self._budget.spend(-gone.cost)

    async def _list(self) -> None:
        listing = await self._twitch.subscriptions()
        now_s = self._clock.monotonic()
        before, self._existing = self._existing, {one.id: _existing(one) for one in listing.subscriptions}
        self._budget = Budget(listing.total_cost, listing.max_total_cost)
        for one in self._existing.values():
            key = one.wanted
            if key is None or one.callback != self._config.webhook.callback:
                continue
            if one.status == ENABLED:
                self._retries.succeed(key)
            elif not one.active and (one.id not in before or before[one.id].active):
                _log.warning("subscription is dead", subscription_id=one.id, status=one.status, type=one.type)
                self._retries.fail(key, now_s, self._clock.roll())
        if not self.listed:
            self.listed = True
            _log.info("subscriptions listed", count=len(self._existing), cost=self._budget.total_cost)
        # Twitch tells nobody that a challenge was answered: while any is open, its list is asked more often.
        open_ones = any(one.status == PENDING for one in self._existing.values())
        self._list_after_s = min(LIST_S, self._list_after_s * 2) if open_ones else LIST_S
        self._list_at_s = now_s + self._list_after_s

    async def _end(self, one: Existing) -> None:
        await self.end(one.id)
        _log.info("subscription deleted", subscription_id=one.id, status=one.status, type=one.type)

    async def _create(self, todo: Plan) -> None:
        self._retries.keep({*todo.create, *todo.adopted})
        now_s = self._clock.monotonic()
        due = [key for key in todo.create if self._retries.is_due(key, now_s)]
        for start in range(0, len(due), CREATES_AT_ONCE):
            some = due[start : start + CREATES_AT_ONCE]
            results = await asyncio.gather(*map(self._create_one, some), return_exceptions=True)
            self._list_after_s = PENDING_S
            self._list_at_s = self._clock.monotonic() + PENDING_S
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            if start + CREATES_AT_ONCE < len(due):
                await self._clock.sleep(len(some) / CREATES_PER_S)

    async def _create_one(self, key: Wanted) -> None:
        kind = key.kind
        try:
            made = await self._twitch.subscribe(kind.type, kind.version, condition_of(key), self._config.webhook)
        except AlreadySubscribedError as error:
            await self._adopt(key, error.subscription_id)
        except RefusedError as error:
            self._retries.fail(key, self._clock.monotonic(), self._clock.roll())
            words = "three like it exist already" if isinstance(error, TooManyAlikeError) else str(error)
            _log.warning("subscription refused", streamer_id=key.streamer_id, type=kind.type, reason=words)
        else:
            self._existing[made.subscription.id] = _existing(made.subscription)
            self._budget = Budget(made.total_cost, made.max_total_cost)

    async def _adopt(self, key: Wanted, subscription_id: str) -> None:
        found = await self._twitch.subscription(subscription_id) if subscription_id else None
        if found is None:
            # Twitch did not tell which: its list will.
            self._retries.fail(key, self._clock.monotonic(), self._clock.roll())
        elif found.callback == self._config.webhook.callback:
            self._existing[found.id] = _existing(found)
            _log.info("subscription adopted", subscription_id=found.id, type=found.type)
        else:
            # It stands in our way and delivers to an address that our application has left.
            await self._twitch.unsubscribe(found.id)
            _log.warning(
                "subscription of another callback deleted", subscription_id=found.id, callback=found.callback
            )

    def _show(self, todo: Plan) -> None:
        if todo.without != self._without and len(todo.without) != len(self._without):
            _log.warning("cost budget has no room for all", without=len(todo.without))
        self._without = todo.without
        statuses = Counter(one.status for one in self._existing.values())
        for status in {*statuses, ENABLED, PENDING}:
            self._metrics.gauge("gstreamer_subscriptions", statuses[status], status)
        self._metrics.gauge("gstreamer_subscription_cost", self._budget.total_cost)


def _existing(found: Subscription) -> Existing:
    condition = tuple(sorted((name, value) for name, value in found.condition.items() if value))
    return Existing(found.id, found.status, found.type, found.version, condition, found.callback, found.cost)
