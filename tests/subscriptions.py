"""The subscriptions actor's surroundings as fakes: Twitch in memory, topics, log, mail, favourites, placement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from gstreamer.actors.wiring import Clock, Config, Ports
from gstreamer.core.errors import AlreadySubscribedError, GStreamerError, NotFoundError, UnavailableError
from gstreamer.core.fold import StreamerState
from gstreamer.core.records import Outgoing, Record
from gstreamer.core.statuses import ACTIVE, PENDING
from gstreamer.core.topics import TopicSpec
from gstreamer.twitch.client import Created, Listing, Transport, Webhook
from gstreamer.twitch.conduits import Conduit
from gstreamer.twitch.models import Channel, Shard, Stream, Subscription, User
from tests.twitch import SECRET, Uncounted

CALLBACK = "https://here.example/eventsub"
OTHER = "https://there.example/eventsub"
CLIENT = "our-client"
CONFIG = Config(Webhook(CALLBACK, SECRET), ("online", "offline"), 600.0, "gs.streamer.", 1, CLIENT)
BY_CONDUIT = CONFIG._replace(transport="conduit")
APPLICATION = ["user.authorization.grant", "user.authorization.revoke"]


class Faulty:
    """Raises ``error`` at each call while it is set."""

    def __init__(self) -> None:
        self.error: GStreamerError | None = None
        self.calls: list[str] = []

    def called(self, name: str) -> None:
        self.calls.append(name)
        if self.error is not None:
            raise self.error


class FakeTwitch(Faulty):
    """Knows users whose id begins with 1; enables what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, Subscription] = {}
        self.live: list[Stream] = []
        self.channel: dict[str, Channel] = {}
        self.refusals: list[GStreamerError] = []
        self.refusals_after_conflict: list[GStreamerError] = []
        self.max_total_cost = 10_000
        self.hidden_cost = 0
        self.unlisted: set[str] = set()
        self.born = "enabled"
        self.hides_conflicting_id = False
        self.takes_both_transports = True
        self.authorised: set[str] = set()
        self.made = 0

    async def users(self, ids: Iterable[str] = ()) -> tuple[User, ...]:
        self.called("users")
        return tuple(User(id=one, login="x", display_name="X") for one in ids if one.startswith("1"))

    async def streams(self, user_ids: Iterable[str]) -> tuple[Stream, ...]:
        self.called("streams")
        asked = set(user_ids)
        return tuple(stream for stream in self.live if stream.user_id in asked)

    async def channels(self, ids: Iterable[str]) -> tuple[Channel, ...]:
        self.called("channels")
        return tuple(self.channel[one] for one in ids if one in self.channel)

    async def subscriptions(self) -> Listing:
        self.called("subscriptions")
        listed = tuple(one for name, one in self.held.items() if name not in self.unlisted)
        return Listing(listed, self._cost(), self.max_total_cost)

    async def subscription(self, subscription_id: str) -> Subscription | None:
        self.called("subscription")
        return None if subscription_id in self.unlisted else self.held.get(subscription_id)

    async def subscribe(
        self, event_type: str, version: str, condition: dict[str, str], transport: Transport
    ) -> Created:
        self.called("subscribe" if "client_id" not in condition else "subscribe application")
        if self.refusals and "client_id" not in condition:
            raise self.refusals.pop(0)
        by = {name: text for name, text in transport.body().items() if name != "secret"}
        for one in self.held.values():
            alike = (one.type, one.condition) == (event_type, condition) and one.status in ACTIVE
            if alike and (one.transport == by or not self.takes_both_transports):
                self.refusals += self.refusals_after_conflict
                self.refusals_after_conflict = []
                raise AlreadySubscribedError(409, "exists", "" if self.hides_conflicting_id else one.id)
        self.made += 1
        status = self.born if by["method"] == "webhook" else "enabled"
        made = Subscription(
            id=f"made-{self.made}",
            status=status,
            type=event_type,
            version=version,
            condition=condition,
            transport=by,
            cost=int(status in ACTIVE and condition.get("broadcaster_user_id") not in self.authorised),
        )
        self.held[made.id] = made
        return Created(made, self._cost(), self.max_total_cost)

    async def unsubscribe(self, subscription_id: str) -> None:
        self.called("unsubscribe")
        self.held.pop(subscription_id, None)

    async def close(self) -> None:
        self.calls.append("close")

    def add(
        self,
        name: str,
        event_type: str,
        streamer_id: str,
        status: str = "",
        callback: str = CALLBACK,
        version: str = "1",
    ) -> Subscription:
        """A subscription that is there."""
        status = status or self.born
        made = self.held[name] = Subscription(
            id=name,
            status=status,
            type=event_type,
            version=version,
            condition={"broadcaster_user_id": streamer_id},
            transport={"method": "webhook", "callback": callback},
            cost=int(status in ACTIVE),
        )
        return made

    def die(self, event_type: str, status: str) -> str:
        """End the one of this type as Twitch does; its id."""
        (found,) = [one for one in self.held.values() if one.type == event_type]
        self.held[found.id] = found.model_copy(update={"status": status, "cost": 0})
        return found.id

    def shown(self, place: str = CALLBACK) -> list[tuple[str, str]]:
        """Type and streamer of what delivers to us."""
        return sorted(
            (one.type, one.condition["broadcaster_user_id"])
            for one in self.held.values()
            if one.place == place and one.status in ACTIVE and "broadcaster_user_id" in one.condition
        )

    def about_us(self) -> list[str]:
        """The types that are about our application."""
        return sorted(one.type for one in self.held.values() if one.condition.get("client_id") == CLIENT)

    def _cost(self) -> int:
        return self.hidden_cost + sum(one.cost for one in self.held.values())


class FakeConduits(Faulty):
    """Conduits whose shards are enabled at once, unless ``answers`` is off."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, dict[str, Shard]] = {}
        self.counts: dict[str, int] = {}
        self.answers = True

    async def all(self) -> tuple[Conduit, ...]:
        self.called("all")
        return tuple(Conduit(name, self.counts[name]) for name in self.held)

    async def make(self, shards: int) -> Conduit:
        self.called("make")
        return self.add(f"conduit-{self.calls.count('make')}", shards)

    async def resize(self, conduit_id: str, shards: int) -> Conduit:
        self.called("resize")
        self.counts[conduit_id] = shards
        return Conduit(conduit_id, shards)

    async def end(self, conduit_id: str) -> None:
        self.called("end")
        del self.held[conduit_id]

    async def shards(self, conduit_id: str) -> tuple[Shard, ...]:
        self.called("shards")
        if conduit_id not in self.held:
            raise NotFoundError(404, "no such conduit")
        return tuple(self.held[conduit_id].values())

    async def assign(self, conduit_id: str, shard_ids: Iterable[str], webhook: Webhook) -> tuple[str, ...]:
        self.called("assign")
        for one in shard_ids:
            self.shard(conduit_id, one, webhook.callback, "enabled" if self.answers else PENDING)
        return ()

    def add(self, name: str, shards: int = 1) -> Conduit:
        """A conduit that is there, without shards."""
        self.held[name], self.counts[name] = {}, shards
        return Conduit(name, shards)

    def shard(self, conduit_id: str, name: str, callback: str = CALLBACK, status: str = "enabled") -> None:
        """Have a shard stand like this."""
        transport = {"method": "webhook", "callback": callback}
        self.held[conduit_id][name] = Shard(id=name, status=status, transport=transport)


class FakeScopes(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.granted_by: dict[str, frozenset[str]] = {}

    async def granted(self, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        self.called("granted")
        return {one: self.granted_by[one] for one in user_ids if one in self.granted_by}


class FakeTopics(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    async def ensure(self, specs: Iterable[TopicSpec], replication_factor: int) -> None:
        names = {spec.name for spec in specs}
        if names:
            self.called("ensure")
        self.names |= names

    async def topic_id(self, topic: str) -> str | None:
        self.called("topic_id")
        return "an id" if topic in self.names else None


class FakeLog(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Outgoing] = []

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        self.called("send")
        self.sent.append(record)
        return len(self.sent)


class FakeMail(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Record] = []
        self.committed: list[int] = []

    async def read(self, wait_s: float) -> list[Record]:
        self.called("read")
        waiting, self.waiting = self.waiting, []
        return waiting

    async def commit(self, records: list[Record]) -> None:
        self.called("commit")
        self.committed += [record.offset for record in records]

    async def close(self) -> None:
        self.calls.append("close")


class FakeFavourites(Faulty):
    def __init__(self, *streamer_ids: str) -> None:
        super().__init__()
        self.ids = frozenset(streamer_ids)

    async def favoured(self) -> frozenset[str]:
        self.called("favoured")
        return self.ids


class FakePlacement(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[frozenset[str]] = []

    async def keep(self, streamer_ids: frozenset[str]) -> None:
        self.called("keep")
        self.kept.append(streamer_ids)


class FakeRevocations(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.over: list[tuple[str, datetime]] = []
        self.doubts: list[str] = []

    async def ended(self, user_id: str, told_at: datetime) -> None:
        self.called("ended")
        self.over.append((user_id, told_at))

    async def doubted(self, user_id: str) -> None:
        self.called("doubted")
        self.doubts.append(user_id)


class FakeStates:
    """What hosts tell of logs."""

    def __init__(self) -> None:
        self.known: dict[str, StreamerState] = {}

    async def states(self, streamer_ids: Iterable[str]) -> dict[str, StreamerState]:
        return {one: self.known[one] for one in streamer_ids if one in self.known}


class FakeClock:
    """Time that stands still until it is moved; sleeping moves it."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.slept: list[float] = []

    async def sleep(self, delay_s: float) -> None:
        self.slept.append(delay_s)
        self.now_s += delay_s

    def clock(self) -> Clock:
        """It as the actor's clock."""
        return Clock(lambda: self.now_s, lambda: self.now_s + 1_700_000_000, self.sleep, lambda: 0.999)


class World:
    """All of them."""

    def __init__(self, *favourites: str) -> None:
        self.twitch = FakeTwitch()
        self.topics = FakeTopics()
        self.records = FakeLog()
        self.mail = FakeMail()
        self.favourites = FakeFavourites(*favourites)
        self.placement = FakePlacement()
        self.revocations = FakeRevocations()
        self.states = FakeStates()
        self.conduits = FakeConduits()
        self.scopes = FakeScopes()
        self.time = FakeClock()

    def ports(self) -> Ports:
        """Them as the actor's ports."""
        return Ports(
            self.twitch,
            self.topics,
            self.records,
            self.mail,
            self.favourites,
            self.placement,
            Uncounted(),
            self.revocations,
            self.states,
            self.conduits,
            self.scopes,
        )


def down(what: str) -> UnavailableError:
    """An outage."""
    return UnavailableError(f"{what} does not answer")
