"""Each wanted streamer has one living owner whose generation is a durable record, whatever dies, placement too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from gstreamer.actors.placement import LEASE_S, Placement
from gstreamer.actors.roster import Timing, kind_of, node_of
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch, Joined
from gstreamer.core.fold import StreamerState
from gstreamer.core.ids import Position
from gstreamer.core.placement import Node
from gstreamer.core.ports import ConnectionView, Draining, HostStatus, Owner
from gstreamer.core.records import Outgoing

P = TypeVar("P", bound="Process")


class Process:
    """What dies and comes back: its waiting attend calls fail then."""

    def __init__(self, name: str, node: str) -> None:
        self.name = name
        self.node = node
        self.starts = 1
        self.alive = True
        self.stopped = False
        self.deaf = False
        self.death = asyncio.Event()

    @property
    def incarnation(self) -> str:
        return f"{self.name}#{self.starts}"

    def check(self) -> None:
        if not self.alive or self.deaf:
            raise UnavailableError(f"{self.name} is away")

    async def attend(self, caller: str, incarnation: str) -> None:
        self.check()
        await self.death.wait()
        raise UnavailableError(f"{self.name} died")

    async def stop(self) -> None:
        self.check()
        self.stopped = True

    def die(self) -> None:
        self.alive = False
        self.death.set()

    def restart(self) -> None:
        self.starts += 1
        self.alive = True
        self.death = asyncio.Event()


class FakeHost(Process):
    def __init__(self, name: str, node: str) -> None:
        super().__init__(name, node)
        self.owned: dict[str, Owner] = {}

    def restart(self) -> None:
        super().restart()
        self.owned = {}

    async def observe(self) -> HostStatus:
        self.check()
        return HostStatus(self.name, self.node, self.incarnation, tuple(self.owned.values()))

    async def assign(self, owners: tuple[Owner, ...]) -> None:
        self.check()
        for owner in owners:
            if owner.streamer_id not in self.owned or self.owned[owner.streamer_id].generation < owner.generation:
                self.owned[owner.streamer_id] = owner

    async def release(self, owners: tuple[Owner, ...]) -> None:
        self.check()
        for owner in owners:
            held = self.owned.get(owner.streamer_id)
            if held is not None and held.generation <= owner.generation:
                del self.owned[owner.streamer_id]

    async def join(self, connection: str, incarnation: str, streamer_id: str, after: Position | None) -> Joined:
        raise AssertionError

    async def leave(self, connection: str, incarnation: str, streamer_id: str) -> None:
        raise AssertionError

    async def since(self, streamer_id: str, after: Position) -> Joined:
        raise AssertionError

    async def state(self, streamer_ids: tuple[str, ...]) -> dict[str, StreamerState]:
        raise AssertionError


class FakeConnection(Process):
    def __init__(self, name: str, node: str) -> None:
        super().__init__(name, node)
        self.sockets = 0
        self.told: list[Owner] = []
        self.draining: Draining = ""

    def restart(self) -> None:
        super().restart()
        self.draining = ""

    async def observe(self) -> ConnectionView:
        self.check()
        view = ConnectionView(self.name, self.node, "10.0.0.1", 8001, self.incarnation, self.sockets, 10, True)
        return view._replace(accepting=not self.draining, draining=self.draining)

    async def drain(self, draining: Draining) -> None:
        self.check()
        self.draining = draining

    async def moved(self, owners: tuple[Owner, ...]) -> None:
        self.check()
        self.told += owners

    async def deliver(self, host: str, incarnation: str, batches: tuple[Batch, ...]) -> tuple[str, ...]:
        raise AssertionError


class Cluster:
    """Ray and Kafka: nodes, the actors on them, and the log of decisions."""

    def __init__(self, *nodes: str) -> None:
        self.alive = set(nodes)
        self.hosts: dict[str, FakeHost] = {}
        self.connections: dict[str, FakeConnection] = {}
        self.records: list[Outgoing] = []
        self.writable = True
        self.reachable = True
        self.ended: list[str] = []
        self.asked = 0

    # Spawner.

    async def nodes(self) -> tuple[Node, ...]:
        self.asked += 1
        if not self.reachable:
            raise UnavailableError("ray does not answer")
        return tuple(Node(name, 1) for name in sorted(self.alive))

    async def actors(self) -> frozenset[str]:
        return frozenset({"placement", "subscriptions", *self.hosts, *self.connections})

    async def spawn_connection(self, name: str, node: str, number: int) -> None:
        self.connections[name] = FakeConnection(name, node)

    async def spawn_host(self, name: str, node: str) -> None:
        self.hosts[name] = FakeHost(name, node)

    async def end(self, name: str) -> None:
        self.ended.append(name)
        self.hosts.pop(name, None)
        self.connections.pop(name, None)

    # Peers.

    def host(self, name: str) -> FakeHost:
        return self.hosts.get(name) or gone(FakeHost(name, ""))

    def connection(self, name: str) -> FakeConnection:
        return self.connections.get(name) or gone(FakeConnection(name, ""))

    # Log.

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        if not self.writable:
            raise UnavailableError("kafka is away")
        self.records.append(record)
        return len(self.records) - 1

    # What a test looks at.

    def owners(self) -> dict[str, Owner]:
        return {key: owner for host in self.hosts.values() if host.alive for key, owner in host.owned.items()}


def gone(process: P) -> P:
    process.alive = False
    return process


class Counted:
    def __init__(self) -> None:
        self.counts: dict[tuple[str, ...], float] = {}

    def count(self, name: str, n: float = 1, *labels: str) -> None:
        self.counts[(name, *labels)] = self.counts.get((name, *labels), 0) + n

    def gauge(self, name: str, value: float, *labels: str) -> None:
        raise AssertionError

    def observe(self, name: str, value: float, *labels: str) -> None:
        raise AssertionError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ids(*names: str) -> frozenset[str]:
    return frozenset(names)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(
    cluster: Cluster, per_host: int = 0, clock: Clock | None = None, incarnation: str = "p1", locate_s: float = 8.0
) -> AsyncIterator[Placement]:
    timing = Timing(tick_s=0.01, observe_s=0.01, retry_s=0.001, locate_s=locate_s, overlap_s=0.01)
    if clock is not None:
        timing = timing._replace(clock=clock)
    placement = Placement(cluster, cluster, cluster, Counted(), per_host, incarnation, timing)
    task = asyncio.create_task(placement.run())
    try:
        yield placement
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_node_gets_its_actors_and_the_snapshot_shows_them() -> None:
    cluster = Cluster("a", "b")

    async with running(cluster) as placement:
        await until(lambda: len(cluster.connections) == 2 and len(cluster.hosts) == 2)
        shown = await placement.snapshot(-1)
        while len(shown.connections) < 2 or len(shown.hosts) < 2:
            shown = await placement.snapshot(shown.version)

    assert [view.name for view in shown.connections] == ["connection:a:0", "connection:b:0"]
    assert [view.name for view in shown.hosts] == ["streamers:a:0", "streamers:b:0"]


async def test_a_located_streamer_has_a_host_that_was_told_and_a_durable_generation() -> None:
    cluster = Cluster("a")

    async with running(cluster) as placement:
        first = await placement.locate("7")
        second = await placement.locate("8")
        again = await placement.locate("7")

        assert cluster.hosts["streamers:a:0"].owned == {"7": first, "8": second}
    assert first == again == Owner("7", "streamers:a:0", 0)
    assert second.generation == 1
    assert [(record.topic, record.key) for record in cluster.records] == [
        ("gs.placement", b"7"),
        ("gs.placement", b"8"),
    ]
    assert json.loads(cluster.records[0].value)["host"] == "streamers:a:0"


async def test_what_is_kept_lives_and_the_rest_is_released() -> None:
    cluster = Cluster("a")

    async with running(cluster) as placement:
        await placement.keep(ids("1", "2"))
        await until(lambda: cluster.owners().keys() == {"1", "2"})
        await placement.keep(ids("2", "3"))
        await until(lambda: cluster.owners().keys() == {"2", "3"})


async def test_a_located_streamer_lives_until_its_lease_is_over() -> None:
    cluster, clock = Cluster("a"), Clock()

    async with running(cluster, clock=clock) as placement:
        await placement.locate("7")
        await placement.keep(ids("1"))
        await until(lambda: cluster.owners().keys() == {"1", "7"})
        clock.now += LEASE_S + 1
        await placement.keep(ids("1", "2"))
        await until(lambda: cluster.owners().keys() == {"1", "2"})


async def test_a_restarted_host_gets_its_streamers_with_higher_generations() -> None:
    cluster = Cluster("a")

    async with running(cluster) as placement:
        before = await placement.locate("7")
        cluster.hosts["streamers:a:0"].die()
        cluster.hosts["streamers:a:0"].restart()
        await until(lambda: cluster.owners().get("7", before).generation > before.generation)
        after = await placement.locate("7")

    assert after.generation > before.generation
    assert after.host == before.host


async def test_while_its_host_is_away_a_streamer_goes_to_another_and_connections_are_told() -> None:
    cluster = Cluster("a", "b")

    async with running(cluster) as placement:
        await until(lambda: len(cluster.connections) == 2)
        before = await placement.locate("7")
        cluster.hosts[before.host].die()
        await until(lambda: cluster.owners().get("7", before).generation > before.generation)
        after = await placement.locate("7")
        await until(lambda: all(after in each.told for each in cluster.connections.values()))

    assert after.host != before.host


async def test_a_host_that_does_not_answer_is_away_though_it_lives() -> None:
    cluster = Cluster("a", "b")

    async with running(cluster) as placement:
        before = await placement.locate("7")
        cluster.hosts[before.host].deaf = True
        await until(lambda: any("7" in host.owned for host in cluster.hosts.values() if host.name != before.host))
        cluster.hosts[before.host].deaf = False

        await until(lambda: "7" not in cluster.hosts[before.host].owned)


async def test_without_kafka_nothing_is_decided_and_then_all_of_it() -> None:
    cluster = Cluster("a")
    cluster.writable = False

    async with running(cluster) as placement:
        locating = asyncio.create_task(placement.locate("7"))
        await until(lambda: cluster.hosts)
        nothing_yet = cluster.owners()
        cluster.writable = True
        owner = await locating

    assert nothing_yet == {}
    assert owner.generation == 0


async def test_without_a_node_a_streamer_cannot_be_located() -> None:
    async with running(Cluster(), locate_s=0.01) as placement:
        with pytest.raises(UnavailableError, match="no host runs streamer 7 yet"):
            await placement.locate("7")


async def test_a_new_placement_finds_all_as_it_was() -> None:
    cluster = Cluster("a", "b")
    async with running(cluster) as placement:
        await until(lambda: len(cluster.connections) == 2)
        owners = [await placement.locate(str(number)) for number in range(6)]
    written = len(cluster.records)
    for connection in cluster.connections.values():
        connection.told = []

    async with running(cluster, incarnation="p2") as placement:
        again = [await placement.locate(str(number)) for number in range(6)]
        await until(lambda: all(set(each.told) == set(owners) for each in cluster.connections.values()))
        version = (await placement.snapshot(-1)).version

    assert again == owners
    assert len(cluster.records) == written
    assert cluster.ended == []
    assert version > 0


async def test_a_new_placement_releases_nothing_before_it_was_told_what_to_keep() -> None:
    cluster = Cluster("a")
    async with running(cluster) as placement:
        await placement.keep(ids("1", "2"))
        await until(lambda: len(cluster.owners()) == 2)

    async with running(cluster, incarnation="p2") as placement:
        await placement.locate("3")
        kept = set(cluster.owners())
        await placement.keep(ids("1"))
        await until(lambda: cluster.owners().keys() == {"1", "3"})

    assert kept == {"1", "2", "3"}


async def test_of_two_hosts_that_claim_a_streamer_the_later_decision_wins() -> None:
    cluster = Cluster("a", "b")
    async with running(cluster) as placement:
        await until(lambda: len(cluster.hosts) == 2)
        await placement.keep(ids())
    cluster.hosts["streamers:a:0"].owned = {"7": Owner("7", "streamers:a:0", 3)}
    cluster.hosts["streamers:b:0"].owned = {"7": Owner("7", "streamers:b:0", 9)}

    async with running(cluster, incarnation="p2") as placement:
        owner = await placement.locate("7")
        await until(lambda: not cluster.hosts["streamers:a:0"].owned)

    assert owner == Owner("7", "streamers:b:0", 9)


async def test_a_lost_node_takes_its_actors_with_it() -> None:
    cluster = Cluster("a", "b")

    async with running(cluster) as placement:
        await placement.keep(ids("1", "2", "3", "4"))
        await until(lambda: len(cluster.owners()) == 4 and len(cluster.connections) == 2)
        cluster.alive = {"b"}
        cluster.hosts["streamers:a:0"].die()
        cluster.connections["connection:a:0"].die()
        await until(lambda: cluster.hosts.keys() == {"streamers:b:0"} and len(cluster.connections) == 1)
        await until(lambda: len(cluster.hosts["streamers:b:0"].owned) == 4)


async def test_while_ray_is_away_nothing_is_ended() -> None:
    cluster = Cluster("a")

    async with running(cluster) as placement:
        await until(lambda: cluster.hosts)
        cluster.reachable = False
        asked = cluster.asked
        await placement.keep(ids("1"))
        await until(lambda: cluster.asked > asked + 2)

    assert cluster.ended == []
    assert cluster.hosts


async def test_an_actor_that_died_for_good_is_made_again() -> None:
    cluster, clock = Cluster("a"), Clock()

    async with running(cluster, clock=clock) as placement:
        await placement.locate("7")
        del cluster.hosts["streamers:a:0"]
        clock.now += 60
        placement.away("host", "streamers:a:0")
        await until(lambda: cluster.hosts)


async def test_one_per_host_makes_and_ends_an_actor_for_each() -> None:
    cluster = Cluster("a")

    async with running(cluster, per_host=1) as placement:
        owner = await placement.locate("7")
        await placement.keep(ids("8"))
        await until(lambda: cluster.hosts.keys() >= {"streamer:7", "streamer:8"})

    assert owner.host == "streamer:7"


async def test_stop_ends_every_actor_in_good_order() -> None:
    cluster = Cluster("a")

    async with running(cluster) as placement:
        await until(lambda: cluster.hosts and cluster.connections)
        processes = [*cluster.hosts.values(), *cluster.connections.values()]
        await placement.stop()

    assert all(process.stopped for process in processes)
    assert set(cluster.ended) == {"streamers:a:0", "connection:a:0"}
    assert not cluster.hosts


async def test_it_explains_what_it_knows() -> None:
    cluster = Cluster("a")

    async with running(cluster) as placement:
        await placement.locate("7")
        told = await placement.explain()

    assert told["assignments"] == [
        {"streamer_id": "7", "host": "streamers:a:0", "incarnation": "streamers:a:0#1", "generation": 0}
    ]
    assert told["streamers"] == 1
    assert "streamers=1" in repr(placement)


@pytest.mark.parametrize(
    ("name", "kind", "node"),
    [
        ("connection:a:0", "connection", "a"),
        ("streamers:a:3", "host", "a"),
        ("streamer:7", "host", ""),
        ("placement", None, ""),
    ],
)
def test_names_say_what_an_actor_is_and_where(name: str, kind: str | None, node: str) -> None:
    assert (kind_of(name), node_of(name)) == (kind, node)
