"""Resumes, deaths, slow sockets and crowds: each viewer still gets each event once, in order, or is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gstreamer.actors import fanout, feeds
from gstreamer.core.events import EventClass
from gstreamer.core.ids import Position
from tests.checker import check
from tests.client import Viewer
from tests.socket_rig import Rig, rig, until

ONE, TWO = "1001", "1002"


def told_all(viewer: Viewer, streamer_id: str, said: list[str]) -> None:
    assert check({streamer_id: said}, {"viewer": viewer.seen()}) == []


async def grown(viewer: Viewer, streamer_id: str, count: int) -> None:
    await viewer.until(lambda: len(viewer.events.get(streamer_id, ())) >= count)


async def test_a_cut_viewer_resumes_from_the_ring_without_loss() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        said = await world.host.say(ONE, 3)
        await grown(viewer, ONE, 3)

        await viewer.cut()
        said += await world.host.say(ONE, 3)
        await grown(viewer, ONE, 6)
        said += await world.host.say(ONE)
        await grown(viewer, ONE, 7)

        told_all(viewer, ONE, said)
        assert viewer.gaps == []
        assert world.host.sinces == []
        assert len(viewer.welcomes) == 2


async def test_a_resume_below_the_ring_is_fetched_from_the_host() -> None:
    async with rig(ONE) as world:
        log = world.logs[ONE]
        old = [log.write().message_id for _ in range(10)]
        async with world.viewer() as first:
            await first.subscribe(ONE)  # joined at the head: the ring is empty
            async with world.viewer() as viewer:
                answer = await viewer.subscribe(ONE, "e1:3")
                await grown(viewer, ONE, 6)

                assert (answer["position"], answer["recovery"]) == ("e1:3", "complete")
                assert [event["id"] for event in viewer.events[ONE]] == old[4:]
                assert world.host.sinces == [(ONE, Position("e1", 3))]


async def test_a_resume_that_nobody_can_answer_in_full_gets_the_exact_gap() -> None:
    async with rig(ONE) as world, world.viewer() as first, world.viewer() as viewer:
        for _ in range(10):
            world.logs[ONE].write()
        world.host.history = 3
        await first.subscribe(ONE)

        answer = await viewer.subscribe(ONE, "e1:1")
        await grown(viewer, ONE, 3)

        assert answer["recovery"] == {"gap": {"from": "e1:2", "to": "e1:6"}}
        assert answer["position"] == "e1:6"
        assert [event["position"] for event in viewer.events[ONE]] == ["e1:7", "e1:8", "e1:9"]


async def test_the_first_subscriber_resumes_by_the_join_itself() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        said = [world.logs[ONE].write().message_id for _ in range(6)]

        assert (await viewer.subscribe(ONE, "e1:1"))["recovery"] == "complete"
        await grown(viewer, ONE, 4)

        assert [event["id"] for event in viewer.events[ONE]] == said[2:]
        assert world.host.joins == [(ONE, Position("e1", 1))]
        assert world.host.sinces == []


async def test_many_who_resume_at_once_ask_the_host_together() -> None:
    async with rig(ONE) as world:
        said = [world.logs[ONE].write().message_id for _ in range(20)]
        viewers = [world.viewer() for _ in range(30)]
        for viewer in viewers:
            await viewer.__aenter__()

        await asyncio.gather(*(viewer.subscribe(ONE, f"e1:{at % 10}") for at, viewer in enumerate(viewers)))
        for at, viewer in enumerate(viewers):
            await grown(viewer, ONE, 19 - at % 10)
            assert [event["id"] for event in viewer.events[ONE]] == said[at % 10 + 1 :]
            await viewer.close()

        assert len(world.host.joins) == 1
        assert len(world.host.sinces) <= 10


async def test_a_hole_between_batches_is_joined_again() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        said = await world.host.say(ONE, 2)
        said += [world.logs[ONE].write().message_id]
        world.host.joined[ONE] += 1  # a batch that got lost on its way
        said += await world.host.say(ONE)
        await grown(viewer, ONE, 4)
        said += await world.host.say(ONE)
        await grown(viewer, ONE, 5)

        told_all(viewer, ONE, said)
        assert [after for _, after in world.host.joins] == [None, Position("e1", 1)]


async def test_the_death_of_a_host_loses_nothing() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        said = await world.host.say(ONE, 2)
        old = world.host
        new = world.add_host("streamers:there:0", 2)

        old.die()
        said += [world.logs[ONE].write().message_id]
        await until(lambda: ONE in new.joined)
        said += await new.say(ONE, 2)
        await grown(viewer, ONE, 5)

        told_all(viewer, ONE, said)
        assert viewer.gaps == []


async def test_viewers_are_told_while_nobody_runs_their_streamer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "DEGRADED_S", 0.05)
    async with rig(ONE) as world, world.viewer() as viewer, world.viewer() as late:
        await viewer.subscribe(ONE)
        owner = world.placement.owners.pop(ONE)
        world.host.die()
        await viewer.until(lambda: [one["state"] for one in viewer.states] == ["degraded"])
        await late.subscribe(ONE)
        await late.until(lambda: [one["state"] for one in late.states] == ["degraded"])

        new = world.add_host("streamers:there:0", owner.generation + 1)

        await until(lambda: ONE in new.joined)
        await viewer.until(lambda: [one["state"] for one in viewer.states] == ["degraded", "live"])
        assert viewer.states[0]["streamer_id"] == ONE


async def test_a_log_made_anew_is_told_with_a_gap() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        await world.host.say(ONE, 3)
        await grown(viewer, ONE, 3)
        world.host.die()
        log = world.logs[ONE]
        log.epoch, log.head, log.events = "e2", -1, []
        log.write()

        new = world.add_host("streamers:there:0", 2)
        await until(lambda: ONE in new.joined)
        await new.say(ONE)
        await grown(viewer, ONE, 5)

        assert [gap["recovery"]["gap"] for gap in viewer.gaps] == [{"from": "e1:3", "to": "e2:-1"}]
        assert [event["position"] for event in viewer.events[ONE]][3:] == ["e2:0", "e2:1"]


async def test_a_crowd_shares_each_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[bytes] = []
    frame = fanout.text_frame

    def counted(payload: bytes) -> bytes:
        built.append(payload)
        return frame(payload)

    monkeypatch.setattr(fanout, "text_frame", counted)
    async with rig(ONE) as world:
        viewers = [world.viewer() for _ in range(1_000)]
        for start in range(0, len(viewers), 100):
            await asyncio.gather(*(viewer.__aenter__() for viewer in viewers[start : start + 100]))
        await asyncio.gather(*(viewer.subscribe(ONE) for viewer in viewers))

        said = await world.host.say(ONE, 3)
        said += await world.host.say(ONE, 2)
        for viewer in viewers:
            await grown(viewer, ONE, 5)

        assert check({ONE: said}, {str(number): viewer.seen() for number, viewer in enumerate(viewers)}) == []
        assert len(built) == 2
        await asyncio.gather(*(viewer.close() for viewer in viewers))


async def test_changes_during_a_sliced_flush_keep_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "SLICE", 3)
    async with rig(ONE) as world:
        viewers = [world.viewer() for _ in range(20)]
        for viewer in viewers:
            await viewer.__aenter__()
            await viewer.subscribe(ONE)
        said: list[str] = []
        for turn in range(30):
            said += [world.logs[ONE].write().message_id for _ in range(2)]
            delivering = asyncio.create_task(world.host.deliver(ONE))
            viewer = viewers[turn % 20]
            if viewer._ws is not None:
                await viewer.subscribe(ONE, wait=False)
            await viewers[(turn * 7) % 20].cut()
            await delivering
        for viewer in viewers:
            await grown(viewer, ONE, len(said))

        assert check({ONE: said}, {str(number): viewer.seen() for number, viewer in enumerate(viewers)}) == []
        for viewer in viewers:
            await viewer.close()


async def slow(world: Rig, *streamer_ids: str) -> tuple[Viewer, Any]:
    """A viewer whose program does not read for now, and its side of the socket at the actor."""
    viewer = world.viewer()
    await viewer.__aenter__()
    for streamer_id in streamer_ids:
        await viewer.subscribe(streamer_id)
    assert viewer._ws is not None
    viewer._ws.transport.pause_reading()
    (peer,) = world.connection._desk.viewers()
    return viewer, peer


async def test_a_slow_socket_loses_chat_and_is_told_so() -> None:
    async with rig(ONE, queue_bytes=300_000) as world:
        viewer, peer = await slow(world, ONE)
        said, chat = [], []
        while world.metrics.counts["gstreamer_dropped", "chat"] < 20:
            chat += await world.host.say(ONE, 20, pad=20_000, event_class=EventClass.CHAT)
            said += await world.host.say(ONE, pad=100)
        assert peer.queue is not None

        viewer._ws.transport.resume_reading()  # type: ignore[union-attr]

        await viewer.until(lambda: viewer.positions[ONE] == f"e1:{world.logs[ONE].head}")
        seen = {event["id"] for event in viewer.events[ONE]}
        missing = [one for one in chat if one not in seen]
        assert set(said) <= seen
        assert sum(lag["count"] for lag in viewer.lagged) == len(missing) >= 20
        assert {lag["class"] for lag in viewer.lagged} == {"chat"}
        assert check({ONE: [one for one in said + chat if one in seen]}, {"viewer": viewer.seen()}) == []
        assert peer.queue is None
        said += await world.host.say(ONE)
        await viewer.until(lambda: viewer.events[ONE][-1]["id"] == said[-1])
        await viewer.close()


async def test_a_slow_socket_with_too_many_critical_events_gets_4001_and_resumes() -> None:
    async with rig(ONE, queue_bytes=100_000) as world:
        viewer, _ = await slow(world, ONE)
        said: list[str] = []
        while repr(world.connection).endswith("sockets=1"):
            said += await world.host.say(ONE, 5, pad=20_000)
        viewer._ws.transport.resume_reading()  # type: ignore[union-attr]

        await viewer.until(lambda: len(viewer.welcomes) == 2)
        said += await world.host.say(ONE)
        await grown(viewer, ONE, len(said))

        assert viewer.closes == [(4001, "slow consumer")]
        told_all(viewer, ONE, said)
        await viewer.close()


async def test_a_slow_socket_is_cut_when_it_takes_nothing_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gstreamer.actors.socket.CUT_AFTER_S", 0.05)
    async with rig(ONE, queue_bytes=100_000) as world:
        viewer, peer = await slow(world, ONE)
        while repr(world.connection).endswith("sockets=1"):
            await world.host.say(ONE, 5, pad=20_000)

        await until(lambda: peer.socket._transport.is_closing())
        viewer._ws.transport.resume_reading()  # type: ignore[union-attr]
        await viewer.close()


async def test_a_long_resume_comes_in_pieces_while_others_stay_live() -> None:
    async with rig(ONE, queue_bytes=100_000, ring_bytes=40_000_000) as world, world.viewer() as live:
        await live.subscribe(ONE)
        said: list[str] = []
        for _ in range(400):  # more than the kernel's buffers hold
            said += await world.host.say(ONE, 2, pad=20_000)
            await grown(live, ONE, len(said))
        viewer = world.viewer()
        await viewer.__aenter__()
        peer = next(one for one in world.connection._desk.viewers() if one.number == 2)
        viewer._ws.transport.pause_reading()  # type: ignore[union-attr]
        await viewer.subscribe(ONE, "e1:-1", wait=False)
        await until(lambda: peer.queue is not None)
        said += await world.host.say(ONE, 2, pad=20_000)
        await grown(live, ONE, len(said))

        viewer._ws.transport.resume_reading()  # type: ignore[union-attr]

        await grown(viewer, ONE, len(said))
        told_all(viewer, ONE, said)
        await viewer.until(lambda: [one["state"] for one in viewer.states] == ["catching_up", "live"])
        assert viewer.closes == live.closes == []
        await viewer.close()


async def test_a_batch_is_one_message_of_bounded_size() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        sizes: list[int] = []
        receive = viewer._receive

        async def measured(url: str, text: str | bytes) -> None:
            if json.loads(text)["type"] == "events":
                sizes.append(len(text))
            await receive(url, text)

        viewer._receive = measured  # type: ignore[method-assign]
        await viewer.subscribe(ONE)
        await world.host.say(ONE, 10)
        await world.host.say(ONE, 10, pad=20_000)
        await world.host.say(ONE, 1, pad=200_000)
        await grown(viewer, ONE, 21)

        assert len(sizes) == 1 + 4 + 1
        assert all(size < 66_000 for size in sizes[:-1])
