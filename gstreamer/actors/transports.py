"""Where subscriptions deliver: to our webhook, or to a conduit whose shards lead there.

Invariant: what the conduit is and how its shards stand is what Twitch lists; nothing of it is remembered elsewhere.
A conduit is ours if a shard of it leads to a callback like ours, or if it leads nowhere; others are not touched.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from gstreamer import log
from gstreamer.actors.wiring import Clock, ConduitCalls, Config
from gstreamer.core.backoff import Retries
from gstreamer.core.errors import NotFoundError
from gstreamer.core.statuses import ENABLED, PENDING
from gstreamer.core.subscription_plan import Delivery
from gstreamer.core.subscriptions import Wanted
from gstreamer.twitch.client import Transport
from gstreamer.twitch.conduits import Conduit
from gstreamer.twitch.models import Shard

PENDING_S, PENDING_CAP_S = 1.0, 60.0
REPAIR_BASE_S, REPAIR_CAP_S = 2.0, 300.0

_log = log.get("subscriptions")


class _Known(NamedTuple):
    conduit: Conduit
    shards: tuple[Shard, ...]

    def leads_to(self, callback: str) -> bool:
        return any(shard.callback == callback for shard in self.shards)

    def is_like_ours(self, callback: str) -> bool:
        found = [shard.callback for shard in self.shards if shard.callback]
        return not found or any(urlsplit(one).path == urlsplit(callback).path for one in found)


class Transports:
    """
    The place that subscriptions deliver to, kept in order.

    Args:
        config: What is set.
        conduits: Twitch's conduits.
        clock: Its time.
    """

    def __init__(self, config: Config, conduits: ConduitCalls, clock: Clock) -> None:
        self._webhook = config.webhook
        self._wants_conduit = config.transport == "conduit"
        self._shard_ids = tuple(str(number) for number in range(config.shards))
        self._repairs_all = config.rotating
        self._conduits = conduits
        self._clock = clock
        self._ours: dict[str, _Known] = {}
        self._conduit: Conduit | None = None
        self._statuses: dict[str, str] = {}
        self._suspected = True
        self._lost = False
        self._look_at_s = 0.0
        self._look_after_s = PENDING_S
        self._repairs: Retries[str] = Retries(REPAIR_BASE_S, REPAIR_CAP_S)
        self.named = config.transport

    @property
    def delivery(self) -> Delivery:
        """Where subscriptions deliver, as it is known now."""
        callback = self._webhook.callback
        ours = frozenset({callback, *(known.conduit.place for known in self._ours.values())})
        if not self._wants_conduit:
            return Delivery(callback, callback, ours)
        enabled = sum(status == ENABLED for status in self._statuses.values())
        to = self._conduit.place if self._conduit is not None and enabled else ""
        return Delivery(to, callback, ours, sound=enabled == len(self._shard_ids))

    @property
    def wants_conduit(self) -> bool:
        """Whether a conduit is the transport."""
        return self._wants_conduit

    def transport_of(self, key: Wanted) -> Transport:
        """What a subscription is made with."""
        if self._wants_conduit and key.streamer_id and self._conduit is not None:
            return self._conduit
        return self._webhook

    def observe(self) -> dict[str, Any]:
        """How it stands: the transport, and of a conduit how many of its shards have which status."""
        found: dict[str, int] = {}
        for status in self._statuses.values():
            found[status] = found.get(status, 0) + 1
        return {"transport": self.named, "shards": found}

    def suspect(self, *, lost: bool = False) -> None:
        """Something may be wrong with the conduit: look soon; ``lost``: events may have been lost by it."""
        self._suspected = True
        self._lost = self._lost or lost

    async def refresh(self, places: Collection[str], *, listed: bool) -> bool:
        """
        Bring the conduit into order, if it is time to look.

        Args:
            places: Where what exists delivers.
            listed: Whether subscriptions have just been listed, which is the pace of looking.

        Returns:
            Whether events may have been lost that from now on come again.

        Raises:
            UnavailableError: Twitch does not answer.
            RefusedError: Twitch has no conduit for us.
        """
        now_s = self._clock.monotonic()
        if self._wants_conduit:
            if not (listed or self._suspected or (self._open() and now_s >= self._look_at_s)):
                return False
            await self._look()
            await self._keep_one(places)
        elif self._suspected or (listed and self._ours):
            await self._look()
        await self._end_empty(places)
        self._suspected = False
        back = self._lost and self.delivery.sound
        self._lost = self._lost and not back
        return back

    def _open(self) -> bool:
        """Whether some shard is not enabled (yet)."""
        return any(status != ENABLED for status in self._statuses.values())

    async def _look(self) -> None:
        ours: dict[str, _Known] = {}
        held = "" if self._conduit is None else self._conduit.id
        for conduit in await self._conduits.all():
            try:
                known = _Known(conduit, await self._conduits.shards(conduit.id))
            except NotFoundError:
                continue
            if conduit.id == held or known.is_like_ours(self._webhook.callback):
                ours[conduit.id] = known
        self._ours = ours

    async def _keep_one(self, places: Collection[str]) -> None:
        known = self._chosen(places)
        if known is None:
            self._lost = self._lost or self._conduit is not None
            known = _Known(await self._conduits.make(len(self._shard_ids)), ())
            self._ours[known.conduit.id] = known
            _log.info("conduit made", conduit_id=known.conduit.id, shards=len(self._shard_ids))
        elif known.conduit.shard_count != len(self._shard_ids):
            resized = await self._conduits.resize(known.conduit.id, len(self._shard_ids))
            known = known._replace(conduit=resized)
            _log.info("conduit resized", conduit_id=resized.id, shards=len(self._shard_ids))
        self._conduit = known.conduit
        await self._mend(known)

    def _chosen(self, places: Collection[str]) -> _Known | None:
        held = None if self._conduit is None else self._ours.get(self._conduit.id)
        if held is not None:
            return held
        callback = self._webhook.callback
        by_worth = sorted(
            self._ours.values(), key=lambda one: (not one.leads_to(callback), one.conduit.place not in places)
        )
        return by_worth[0] if by_worth else None

    async def _mend(self, known: _Known) -> None:
        """Have every shard lead to our webhook, by one call."""
        now_s = self._clock.monotonic()
        found = {shard.id: shard for shard in known.shards}
        statuses = {one: self._status(found.get(one)) for one in self._shard_ids}
        if self._statuses and any(status not in (ENABLED, PENDING) for status in statuses.values()):
            self._lost = True
        wrong = [one for one, status in statuses.items() if status != ENABLED and self._repairs.is_due(one, now_s)]
        wrong = list(self._shard_ids) if self._repairs_all else wrong
        for one, status in statuses.items():
            if status == ENABLED:
                self._repairs.succeed(one)
        if wrong:
            refused = await self._conduits.assign(known.conduit.id, wrong, self._webhook)
            _log.info("conduit shards assigned", conduit_id=known.conduit.id, shards=len(wrong), refused=len(refused))
            self._repairs_all = False
            for one in wrong:
                # While its challenge is open it is not assigned again before this wait is over.
                self._repairs.fail(one, now_s, max(0.5, self._clock.roll()))
            statuses |= dict.fromkeys(wrong, PENDING)
            self._look_after_s = PENDING_S
        else:
            self._look_after_s = min(PENDING_CAP_S, self._look_after_s * 2)
        self._look_at_s = now_s + self._look_after_s
        self._statuses = statuses

    def _status(self, shard: Shard | None) -> str:
        if shard is None or not shard.callback:
            return "unassigned"
        return shard.status if shard.callback == self._webhook.callback else "elsewhere"

    async def _end_empty(self, places: Collection[str]) -> None:
        """End conduits of ours that nothing delivers to any more."""
        for name, known in list(self._ours.items()):
            is_kept = self._wants_conduit and self._conduit is not None and self._conduit.id == name
            if not is_kept and known.leads_to(self._webhook.callback) and known.conduit.place not in places:
                await self._conduits.end(name)
                del self._ours[name]
                _log.info("conduit ended", conduit_id=name)
