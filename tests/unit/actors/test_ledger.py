"""What was not heard is told again, and a later decision is never replaced by an earlier one."""

from __future__ import annotations

import asyncio

from gstreamer.actors.ledger import Ledger
from gstreamer.core.placement import Assign, Assignment
from gstreamer.core.ports import HostStatus, Owner
from tests.unit.actors.test_placement import Cluster, FakeConnection, FakeHost

HOST, OTHER, CONNECTION = "streamers:a:0", "streamers:b:0", "connection:a:0"


class World(Cluster):
    """Two hosts and a connection actor, all up."""

    def __init__(self, overlap_s: float = 0.0) -> None:
        super().__init__("a", "b")
        for name in (HOST, OTHER):
            self.hosts[name] = FakeHost(name, "")
        self.connections[CONNECTION] = FakeConnection(CONNECTION, "a")
        self.changes = 0
        self.ledger = Ledger(self, self, "p1", self.incarnation, self.changed, overlap_s)

    def incarnation(self, name: str) -> str:
        found = self.hosts.get(name) or self.connections.get(name)
        return found.incarnation if found is not None and found.alive else ""

    def changed(self) -> None:
        self.changes += 1

    def assign(self, streamer_id: str, host: str = HOST, previous: Assignment | None = None) -> Assign:
        return Assign(streamer_id, host, self.incarnation(host), previous)

    async def status(self, host: str = HOST) -> HostStatus:
        return await self.hosts[host].observe()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_owner_is_given_out_once_its_host_has_heard() -> None:
    world = World()
    world.hosts[HOST].deaf = True
    await world.ledger.assign([world.assign("7")])
    await settle()
    before = world.ledger.owner("7")

    world.hosts[HOST].deaf = False
    world.ledger.host_says(await world.status())
    await settle()

    assert before is None
    assert world.ledger.owner("7") == Owner("7", HOST, 0)
    assert world.changes == 1


async def test_an_owner_whose_host_has_died_is_not_given_out() -> None:
    world = World()
    await world.ledger.assign([world.assign("7")])
    await settle()

    world.hosts[HOST].die()

    assert world.ledger.owner("7") is None


async def test_a_decision_that_is_not_durable_does_not_stand() -> None:
    world = World()
    world.writable = False

    await world.ledger.assign([world.assign("7"), world.assign("8")])
    nothing = world.ledger.assignments()
    world.writable = True
    await world.ledger.assign([world.assign("7")])
    await settle()

    assert nothing == ()
    assert [held.streamer_id for held in world.ledger.assignments()] == ["7"]


async def test_a_moved_streamer_is_released_where_it_was() -> None:
    world = World()
    await world.ledger.assign([world.assign("7")])
    await settle()
    (held,) = world.ledger.assignments()

    await world.ledger.assign([world.assign("7", OTHER, held)])
    await settle()

    assert world.hosts[HOST].owned == {}
    assert world.hosts[OTHER].owned == {"7": Owner("7", OTHER, 1)}


async def test_a_former_owner_goes_on_beside_the_new_one_for_a_while() -> None:
    world = World(overlap_s=60.0)
    await world.ledger.assign([world.assign("7")])
    await settle()
    (held,) = world.ledger.assignments()

    await world.ledger.assign([world.assign("7", OTHER, held)])
    world.ledger.host_says(await world.status(HOST))
    await settle()

    assert world.hosts[HOST].owned == {"7": Owner("7", HOST, 0)}
    assert world.ledger.owner("7") == Owner("7", OTHER, 1)


async def test_a_connection_actor_is_told_until_it_has_heard() -> None:
    world = World()
    world.ledger.connection_up(CONNECTION, knows_nothing=True)
    world.connections[CONNECTION].deaf = True
    await world.ledger.assign([world.assign("7")])
    world.ledger.tell()
    await settle()
    world.connections[CONNECTION].deaf = False

    world.ledger.tell()
    await settle()
    world.ledger.tell()
    await settle()

    assert world.connections[CONNECTION].told == [Owner("7", HOST, 0)]


async def test_what_changes_while_a_connection_actor_is_told_is_told_next() -> None:
    world = World()
    world.ledger.connection_up(CONNECTION, knows_nothing=True)
    await world.ledger.assign([world.assign("7")])
    world.ledger.tell()
    (held,) = world.ledger.assignments()
    await world.ledger.assign([world.assign("7", OTHER, held)])
    await settle()

    world.ledger.tell()
    await settle()

    assert world.connections[CONNECTION].told[-1] == Owner("7", OTHER, 1)


async def test_a_connection_actor_that_is_gone_is_told_nothing() -> None:
    world = World()
    world.ledger.connection_up(CONNECTION, knows_nothing=True)
    world.ledger.connection_gone(CONNECTION)

    await world.ledger.assign([world.assign("7")])
    world.ledger.tell()
    await settle()

    assert world.connections[CONNECTION].told == []


async def test_a_host_that_owns_by_a_later_decision_is_believed() -> None:
    world = World()
    await world.ledger.assign([world.assign("7")])
    await settle()
    world.hosts[OTHER].owned = {"7": Owner("7", OTHER, 9)}

    world.ledger.host_says(await world.status(OTHER))
    await settle()

    assert world.ledger.owner("7") == Owner("7", OTHER, 9)
    assert world.hosts[HOST].owned == {}


async def test_a_host_that_owns_by_an_earlier_decision_is_told_to_stop() -> None:
    world = World()
    await world.ledger.assign([world.assign("6"), world.assign("7")])
    await settle()
    world.hosts[OTHER].owned = {"7": Owner("7", OTHER, 0)}

    world.ledger.host_says(await world.status(OTHER))
    await settle()

    assert world.hosts[OTHER].owned == {}
    assert world.ledger.owner("7") == Owner("7", HOST, 1)


async def test_a_released_streamer_is_forgotten_and_its_host_told() -> None:
    world = World()
    await world.ledger.assign([world.assign("7")])
    await settle()
    (held,) = world.ledger.assignments()

    world.ledger.release(held)
    await settle()

    assert world.hosts[HOST].owned == {}
    assert len(world.ledger) == 0
