"""The Python client against connection actors: whatever happens to its sockets, each event is given once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gstreamer.client import Client, Ended, Item, Link, Missed, Received, Refused, SignedOutError
from tests.socket_rig import Rig, rig, until

ONE, TWO = "1001", "1002"
OTHER = "connection:here:1"


class Listener:
    """Whoever iterates over a client, with all that came."""

    def __init__(self, world: Rig, **options: object) -> None:
        self.items: list[Item] = []
        self.client = Client(world.dial, backoff_s=(0.01, 0.1), **options)  # type: ignore[arg-type]
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Listener:
        await self.client.__aenter__()
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.client.close()
        if self._task is not None:
            self._task.cancel()

    async def _listen(self) -> None:
        async for item in self.client:
            self.items.append(item)

    def ids(self, streamer_id: str = ONE) -> list[str]:
        return [one.event["id"] for one in self.items if isinstance(one, Received) and one.streamer_id == streamer_id]

    async def has(self, condition: Callable[[], object]) -> None:
        await until(lambda: bool(condition()))

    async def live(self, times: int = 1) -> None:
        await self.has(lambda: sum(one == Link("live", None, "") for one in self.items) >= times)


async def subscribed(world: Rig, streamer_id: str = ONE) -> None:
    await until(lambda: bool(world.connection._desk.hub.subscribers(streamer_id)))


async def test_events_come_in_order_and_a_cut_socket_misses_none() -> None:
    async with rig(ONE, TWO) as world, Listener(world) as listener:
        listener.client.subscribe(ONE)
        await listener.live()
        listener.client.subscribe(TWO, types=["channel.*"])
        await subscribed(world, TWO)
        said = await world.host.say(ONE, 3)
        await world.host.say(TWO)
        await listener.has(lambda: len(listener.ids()) == 3)

        for viewer in world.connection._desk.viewers():
            viewer.socket.abort()
        said += await world.host.say(ONE, 3)
        await listener.live(2)
        kept = await world.host.say(TWO, event_type="channel.raid")

        await listener.has(lambda: len(listener.ids()) == 6 and listener.ids(TWO) == kept)
        assert listener.ids() == said
        assert Link("waiting", 1006, "the connection was lost") in listener.items
        assert listener.client.positions[ONE] == f"e1:{world.logs[ONE].head}"


async def test_a_kept_position_goes_on_where_it_was_or_says_what_is_missing() -> None:
    async with rig(ONE, ring_bytes=2_000) as world:
        world.host.history = 3
        said = await world.host.say(ONE, 10)
        async with Listener(world, positions={ONE: "e1:7"}) as near, Listener(world, positions={ONE: "e1:1"}) as far:
            await near.has(lambda: near.ids() == said[8:])
            await far.has(lambda: any(isinstance(one, Missed) for one in far.items))
            missed = next(one for one in far.items if isinstance(one, Missed))
            await far.has(lambda: len(far.ids()) == 9 - int(missed.last.partition(":")[2]))

    assert missed.first == "e1:2"
    assert far.ids() == said[int(missed.last.partition(":")[2]) + 1 :]


async def test_a_move_is_not_noticed() -> None:
    async with rig(ONE) as world, rig(ONE, name=OTHER, logs=world.logs) as other, Listener(world) as listener:
        world.placement.views = (await world.connection.observe(), await other.connection.observe())
        listener.client.subscribe(ONE)
        await subscribed(world)
        said: list[str] = []

        await world.connection.drain("actor")
        while (await other.connection.observe()).sockets == 0 or (await world.connection.observe()).sockets:
            said += await world.host.say(ONE)
            await other.host.deliver(ONE)
            await asyncio.sleep(0.01)
        said += await world.host.say(ONE)
        await other.host.deliver(ONE)

        await listener.has(lambda: len(listener.ids()) == len(said))
        assert listener.ids() == said
        assert {one.state for one in listener.items if isinstance(one, Link)} == {"live"}


async def test_a_streamer_that_cannot_be_had_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gstreamer.client.client.AGAIN_S", 0.02)
    async with rig(ONE) as world:
        world.subscriptions.down = True
        async with Listener(world) as listener:
            listener.client.subscribe(ONE)
            await listener.has(lambda: any(isinstance(one, Refused) for one in listener.items))

            world.subscriptions.down = False
            await subscribed(world)
            said = await world.host.say(ONE)

            await listener.has(lambda: listener.ids() == said)


async def test_a_session_that_ended_is_the_last_item() -> None:
    async with rig(ONE) as world, Listener(world) as listener:
        listener.client.subscribe("9" * 30)
        await listener.has(lambda: any(isinstance(one, Refused) for one in listener.items))

        world.sessions.end("session-1")

        await listener.has(lambda: listener.items[-1:] == [Ended(4501, "session ended")])


async def test_who_is_signed_out_gets_no_ticket_and_is_told() -> None:
    async with rig(ONE) as world:

        async def dial() -> tuple[str, str]:
            raise SignedOutError("sign in again")

        world.dial = dial  # type: ignore[method-assign]
        async with Listener(world) as listener:
            await listener.has(lambda: listener.items == [Ended(4501, "sign in again")])


async def test_a_server_that_is_away_is_asked_again() -> None:
    async with rig(ONE) as world:
        dial, failures = world.dial, [OSError("away"), OSError("still away")]

        async def later() -> tuple[str, str]:
            if failures:
                raise failures.pop(0)
            return await dial()

        world.dial = later  # type: ignore[method-assign]
        async with Listener(world) as listener:
            await listener.live()
            assert listener.items[:2] == [Link("waiting", 1006, "away"), Link("waiting", 1006, "still away")]
