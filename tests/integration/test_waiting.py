"""However many sockets are slow, what waits for all of them is bounded: chat goes first, then the slowest sockets."""

from __future__ import annotations

from contextlib import AsyncExitStack

from gstreamer.core.events import EventClass
from tests.checker import check
from tests.client import Viewer
from tests.socket_rig import Rig, rig, until

ONE = "1001"
BOUND = 2_000_000
SLOW = 4


async def stalled(world: Rig, stack: AsyncExitStack) -> Viewer:
    """A viewer whose program does not read for now."""
    viewer = await stack.enter_async_context(world.viewer())
    await viewer.subscribe(ONE)
    assert viewer._ws is not None
    viewer._ws.transport.pause_reading()
    return viewer


def go_on(viewer: Viewer) -> None:
    assert viewer._ws is not None
    viewer._ws.transport.resume_reading()


async def test_chat_goes_first_and_nobody_is_closed_for_it() -> None:
    async with rig(ONE, queue_bytes=100_000_000, queues_bytes=BOUND) as world, AsyncExitStack() as stack:
        viewers = [await stalled(world, stack) for _ in range(SLOW)]
        waiting = world.connection._desk.waiting
        critical: list[str] = []
        while world.metrics.counts["gstreamer_dropped", "chat"] < 50:
            await world.host.say(ONE, 20, pad=20_000, event_class=EventClass.CHAT)
            critical += await world.host.say(ONE, pad=100)
            assert waiting.bytes <= BOUND

        for viewer in viewers:
            go_on(viewer)
        for viewer in viewers:
            await viewer.until(lambda one=viewer: one.positions[ONE] == f"e1:{world.logs[ONE].head}")  # type: ignore[misc]
            assert set(critical) <= {event["id"] for event in viewer.events[ONE]}
            assert {lag["class"] for lag in viewer.lagged} == {"chat"}
            assert viewer.closes == []
        await until(lambda: waiting.bytes == 0)


async def test_the_slowest_are_closed_when_nothing_can_be_left_out_and_miss_nothing() -> None:
    async with rig(ONE, queue_bytes=100_000_000, queues_bytes=BOUND) as world, AsyncExitStack() as stack:
        viewers = [await stalled(world, stack) for _ in range(SLOW)]
        waiting = world.connection._desk.waiting
        said: list[str] = []
        crowded = False
        while waiting.closed == 0:
            said += await world.host.say(ONE, 2, pad=20_000)
            crowded = crowded or not (await world.connection.observe()).accepting
            assert waiting.bytes <= BOUND

        for viewer in viewers:
            go_on(viewer)
        said += await world.host.say(ONE)
        for viewer in viewers:
            await viewer.until(lambda one=viewer: len(one.events[ONE]) >= len(said))  # type: ignore[misc]

        assert crowded
        assert check({ONE: said}, {str(n): viewer.seen() for n, viewer in enumerate(viewers)}) == []
        assert 1 <= sum(viewer.closes == [(4001, "slow consumer")] for viewer in viewers) <= SLOW
        await until(lambda: waiting.bytes == 0)
        assert (await world.connection.observe()).accepting
