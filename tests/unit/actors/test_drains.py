"""A node or connection actor is left by viewers and streamers, never for nowhere, and it can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gstreamer.actors.placement import Placement
from gstreamer.cli.placement import lines
from gstreamer.core.errors import RejectedError
from gstreamer.core.ports import Drained
from tests.unit.actors.test_placement import Cluster, running, until

A, B = "connection:a:0", "connection:b:0"


@asynccontextmanager
async def settled(cluster: Cluster) -> AsyncIterator[Placement]:
    """A placement that has seen an actor of each kind on each node."""
    async with running(cluster) as placement:
        await seen(placement, len(cluster.alive), len(cluster.alive))
        yield placement


async def seen(placement: Placement, connections: int, hosts: int) -> None:
    shown = await placement.snapshot(-1)
    while (len(shown.connections), len(shown.hosts)) != (connections, hosts):
        shown = await placement.snapshot(shown.version)


async def done(placement: Placement, target: str) -> None:
    async with asyncio.timeout(10):
        while not (await placement.drained(target)).done:
            await asyncio.sleep(0.001)


async def test_a_node_that_drains_gets_nothing_new_and_gives_its_streamers_away() -> None:
    cluster = Cluster("a", "b")
    async with settled(cluster) as placement:
        for number in range(10):
            await placement.locate(str(number))
        cluster.connections[A].sockets = 3
        await placement.drain("a", wanted=True)

        await until(lambda: cluster.connections[A].draining == "node")
        await until(lambda: {owner.host for owner in cluster.owners().values()} == {"streamers:b:0"})
        while (await placement.drained("a")).sockets != 3:
            await asyncio.sleep(0.001)
        cluster.connections[A].sockets = 0
        await done(placement, "a")
        await placement.locate("new")

        assert cluster.owners()["new"].host == "streamers:b:0"
        assert len(cluster.owners()) == 11
        assert (await placement.explain())["draining"] == ["a"]
        assert A in cluster.connections
        assert any("streamer 0 to streamers:b:0: node a is left" in line for line in lines(await placement.why()))


async def test_a_drain_survives_placement_and_the_actor() -> None:
    cluster = Cluster("a", "b")
    async with settled(cluster) as placement:
        await placement.drain("a", wanted=True)
        await until(lambda: cluster.connections[A].draining == "node")

    async with running(cluster, incarnation="p2") as placement:
        await seen(placement, 2, 1)  # the host of the node has nothing, and is given up
        assert (await placement.explain())["draining"] == ["a"]
        cluster.connections[A].die()
        cluster.connections[A].restart()

        await until(lambda: cluster.connections[A].draining == "node")


async def test_a_drain_is_undone() -> None:
    cluster = Cluster("a", "b")
    async with settled(cluster) as placement:
        await placement.drain("a", wanted=True)
        await until(lambda: cluster.connections[A].draining == "node")

        await placement.drain("a", wanted=False)

        await until(lambda: cluster.connections[A].draining == "")
        await seen(placement, 2, 2)


async def test_an_actor_that_was_left_is_made_anew() -> None:
    cluster = Cluster("a", "b")
    async with settled(cluster) as placement:
        before = cluster.connections[A]
        before.sockets = 1
        await placement.drain(A, wanted=True)
        await until(lambda: before.draining == "actor")
        assert not (await placement.drained(A)).done

        before.sockets = 0
        await done(placement, A)

        await until(lambda: cluster.connections.get(A) not in (None, before))
        assert before.stopped
        assert cluster.connections[A].draining == ""
        assert await placement.drained(B) == Drained(0, 0, True)


@pytest.mark.parametrize(
    ("target", "words"),
    [("a", "nobody else takes the viewers of a"), ("c", "there is no node or connection actor c")],
)
async def test_what_cannot_be_left_is_refused_in_words(target: str, words: str) -> None:
    async with settled(Cluster("a")) as placement:
        with pytest.raises(RejectedError, match=words):
            await placement.drain(target, wanted=True)


async def test_two_nodes_are_not_sent_to_each_other() -> None:
    cluster = Cluster("a", "b")
    async with settled(cluster) as placement:
        await placement.drain("a", wanted=True)
        await until(lambda: cluster.connections[A].draining == "node")
        await until(lambda: len(cluster.hosts) == 1)

        with pytest.raises(RejectedError, match="nobody else"):
            await placement.drain("b", wanted=True)
