"""A connection actor is left without a gap: who understands a move is told nothing twice, who does not is closed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from gstreamer.actors import moves
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import Snapshot
from tests.checker import check
from tests.socket_rig import Rig, rig, until

ONE, TWO = "1001", "1002"
OTHER = "connection:here:1"
PEOPLE, EVENTS = 30, 40


async def known(world: Rig, *others: Rig) -> None:
    """Placement knows these connection actors."""
    world.placement.views = tuple([await each.connection.observe() for each in (world, *others)])


async def test_everybody_goes_elsewhere_and_sees_each_event_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "MOVES_PER_S", 100)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(rig(ONE, TWO))
        other = await stack.enter_async_context(rig(ONE, TWO, name=OTHER, logs=world.logs))
        await known(world, other)
        viewers = {f"viewer {n}": await stack.enter_async_context(world.viewer()) for n in range(PEOPLE)}
        for viewer in viewers.values():
            await viewer.subscribe(ONE)
            await viewer.subscribe(TWO)
        written: dict[str, list[str]] = {ONE: [], TWO: []}

        await world.connection.drain("actor")
        for number in range(EVENTS):
            streamer_id = (ONE, TWO)[number % 2]
            written[streamer_id] += await world.host.say(streamer_id)
            await other.host.deliver(streamer_id)
            await asyncio.sleep(0.05)
        for viewer in viewers.values():
            await viewer.until(lambda one=viewer: sum(map(len, one.events.values())) == EVENTS)  # type: ignore[misc]

        assert check(written, {name: viewer.seen() for name, viewer in viewers.items()}) == []
        assert [viewer.moves for viewer in viewers.values()] == [[other.url]] * PEOPLE
        assert [(viewer.gaps, viewer.closes) for viewer in viewers.values()] == [([], [])] * PEOPLE
        await until(lambda: world.metrics.counts["gstreamer_moves",] == PEOPLE)
        left, taken = await world.connection.observe(), await other.connection.observe()
        assert (left.sockets, left.accepting, left.draining) == (0, False, "actor")
        assert taken.sockets == PEOPLE


async def test_who_does_not_go_is_closed_and_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "STAY_S", 0.1)
    monkeypatch.setattr(moves, "SPREAD_MS", 1)
    async with rig(ONE) as world, rig(ONE, name=OTHER, logs=world.logs) as other:
        await known(world, other)
        async with world.viewer(resume=False) as viewer:
            viewer.obeys = False

            await world.connection.drain("actor")

            await viewer.until(lambda: viewer.closes == [(4005, "moved")])


async def test_nobody_is_sent_where_there_is_no_room_or_on_the_same_node() -> None:
    async with rig(ONE) as world, rig(ONE, name=OTHER, logs=world.logs) as other:
        full = (await other.connection.observe())._replace(capacity=0, node="there")
        neighbour = await other.connection.observe()
        async with world.viewer() as viewer:
            await viewer.subscribe(ONE)
            world.placement.views = (await world.connection.observe(), full, neighbour)
            await world.connection.drain("node")
            await until(lambda: world.connection._moves._no_room)

            await world.host.say(ONE)

            await viewer.until(lambda: len(viewer.events[ONE]) == 1)
            assert viewer.moves == []
            await world.connection.drain("")
            await known(world)
            assert world.placement.views[0].accepting


async def test_a_silent_placement_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "LOOK_S", 0.01)
    async with rig(ONE) as world, rig(ONE, name=OTHER, logs=world.logs) as other:
        await known(world, other)
        asked = 0
        snapshot = world.placement.snapshot

        async def once(after_version: int) -> Snapshot:
            nonlocal asked
            asked += 1
            if asked == 1:
                return await snapshot(after_version)
            raise UnavailableError("placement is away")

        monkeypatch.setattr(world.placement, "snapshot", once)
        await world.connection.drain("actor")
        await until(lambda: asked > 2)
        async with world.viewer() as viewer:
            await viewer.until(lambda: viewer.moves == [other.url])
