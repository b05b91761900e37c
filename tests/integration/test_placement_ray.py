"""On a real Ray: whatever of the ws side is killed comes back, and each streamer keeps exactly one owner.

The actor `twitch` is here too, since a process can start one Ray only: killed, it fails nobody who calls Twitch.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeVar

import pytest
import ray

from gstreamer.actors.handles import NAMESPACE, Handles
from gstreamer.actors.spawn.ground import REST, actor_options
from gstreamer.actors.spawn.rest import TwitchAccessActor
from gstreamer.actors.spawn.ws import ensure_placement
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ids import PLACEMENT, TWITCH
from gstreamer.core.ports import Owner, Snapshot
from gstreamer.core.topics import TopicSpec, streamer_topic_config
from gstreamer.kafka.admin import Admin
from tests.ray_local import LocalRay, kill, pids, ray_local, until
from tests.twitch import CREDENTIALS, Place, client_of

__all__ = ["ray_local"]

T = TypeVar("T")
STREAMERS = ("9000001", "9000002", "9000003")


@pytest.fixture(scope="module")
def ws_side(ray_local: LocalRay) -> Iterator[None]:
    """Placement, and all that it makes."""

    async def make_topics() -> None:
        admin = Admin(ray_local.bootstrap)
        await admin.ensure([TopicSpec(f"gs.streamer.{one}", streamer_topic_config()) for one in STREAMERS], 1)
        await admin.close()

    asyncio.run(make_topics())
    ensure_placement()
    yield
    ray.kill(ray.get_actor(PLACEMENT, namespace=NAMESPACE))


@pytest.fixture
async def handles(ws_side: None) -> Handles:
    found = Handles()
    await ready(found)
    return found


async def eventually(ask: Callable[[], Awaitable[T | None]]) -> T:
    """What it answers once it answers something; being unavailable is no answer."""
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await ask()
            except UnavailableError:
                answer = None
            if answer is not None:
                return answer
            await asyncio.sleep(0.05)


async def ready(handles: Handles, after: str = "") -> Snapshot:
    """A snapshot with a host, and with a connection actor that accepts and is not that incarnation."""

    async def ask() -> Snapshot | None:
        shown = await handles.placement().snapshot(-1)
        fresh = [view for view in shown.connections if view.accepting and view.incarnation != after]
        return shown if shown.hosts and fresh else None

    return await eventually(ask)


async def located(handles: Handles, streamer_id: str, above: int = -1) -> Owner:
    """Its owner, once it has a generation above that."""

    async def ask() -> Owner | None:
        owner = await handles.placement().locate(streamer_id)
        return owner if owner.generation > above else None

    return await eventually(ask)


async def incarnation(handles: Handles, other_than: str = "") -> str:
    async def ask() -> str | None:
        found = str((await handles.placement().observe())["incarnation"])
        return found if found != other_than else None

    return await eventually(ask)


async def test_the_whole_ws_side_comes_up_by_name(handles: Handles) -> None:
    shown = await ready(handles)
    (connection,), (host,) = shown.connections, shown.hosts

    assert connection.name == f"connection:{connection.node}:0"
    assert host.name == f"streamers:{host.node}:0"
    assert (await handles.connection(connection.name).observe()).incarnation == connection.incarnation
    assert (await handles.host(host.name).observe()).incarnation == host.incarnation


async def test_a_streamer_is_reached_by_its_id(handles: Handles) -> None:
    streamer = handles.streamer(STREAMERS[0])

    joined = await eventually(lambda: streamer.join("connection:test:0", "i", None))

    assert joined.complete
    assert joined.batch.streamer_id == STREAMERS[0]


async def test_placement_that_was_killed_finds_all_as_it_was(handles: Handles) -> None:
    before = [await located(handles, one) for one in STREAMERS]
    first = await incarnation(handles)
    others = pids("ConnectionActor") | pids("StreamerHostActor")

    kill("PlacementActor")
    await incarnation(handles, other_than=first)
    after = [await located(handles, one) for one in STREAMERS]

    assert after == before
    assert pids("ConnectionActor") | pids("StreamerHostActor") == others


async def test_the_streamers_of_a_killed_host_get_higher_generations(handles: Handles) -> None:
    before = [await located(handles, one) for one in STREAMERS]

    kill("StreamerHostActor")
    after = [await located(handles, owner.streamer_id, above=owner.generation) for owner in before]

    status = await handles.host(after[0].host).observe()
    assert set(after) <= set(status.owners)


async def test_a_killed_connection_actor_is_back_under_its_name(handles: Handles) -> None:
    (before,) = (await ready(handles)).connections

    kill("ConnectionActor")
    (after,) = (await ready(handles, after=before.incarnation)).connections

    assert (after.name, after.port) == (before.name, before.port)


async def test_stop_leaves_none_of_them(handles: Handles) -> None:
    await handles.placement().stop()

    await until(lambda: not pids("ConnectionActor") | pids("StreamerHostActor"))


# The actor twitch


@pytest.fixture
async def access(ray_local: LocalRay, place: Place) -> AsyncIterator[Handles]:
    """Handles of actors of which `twitch` lives, and speaks to the double."""
    environment = {
        **{name: value for name, value in os.environ.items() if name.startswith("GSTREAMER_")},
        "GSTREAMER_TWITCH__CLIENT_ID": CREDENTIALS.client_id,
        "GSTREAMER_TWITCH__CLIENT_SECRET": "test-secret",
        "GSTREAMER_TWITCH__ID_URL": f"{place.url}/oauth2",
        "GSTREAMER_TWITCH__API_URL": f"{place.url}/helix",
    }
    options = {**actor_options(TWITCH, {REST: 1}), "runtime_env": {"env_vars": environment}}
    ray.remote(TwitchAccessActor).options(**options).remote()
    found = Handles()
    await answering(found)
    yield found
    ray.kill(ray.get_actor(TWITCH, namespace=NAMESPACE))


async def answering(handles: Handles) -> None:
    """Return once the actor answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                await handles.twitch().observe()
            except UnavailableError:
                await asyncio.sleep(0.05)
            else:
                return


async def test_two_clients_use_its_token_and_its_points_and_do_without_it(place: Place, access: Handles) -> None:
    clients = [client_of(place.url, access=access.twitch()) for _ in range(2)]
    going = True

    async def keep_asking(number: int) -> None:
        done = 0
        while going:
            await clients[number % 2].search_channels(f"p{number}x{done}")
            done += 1

    first, second = await asyncio.gather(*(client.app_token() for client in clients))
    assert first == second
    asking = [asyncio.create_task(keep_asking(number)) for number in range(4)]
    await enough(place, asking)
    observed = await access.twitch().observe()
    assert observed["limit"] == 800
    assert observed["left"] < 800

    before = pids("TwitchAccessActor")
    kill("TwitchAccessActor")
    await enough(place, asking)
    await until(lambda: pids("TwitchAccessActor") - before, 60)
    await answering(access)
    await enough(place, asking)
    going = False
    await asyncio.gather(*asking)
    for client in clients:
        await client.close()

    assert (await place.calls())[("app", "/helix/search/channels")][1] == 0


async def enough(place: Place, asking: list[asyncio.Task[None]]) -> None:
    """Return once some more calls have come, of which none failed."""
    path = ("app", "/helix/search/channels")
    had = (await place.calls()).get(path, (0, 0))[0]
    async with asyncio.timeout(60):
        while (await place.calls()).get(path, (0, 0))[0] < had + 40:
            assert not any(task.done() for task in asking)
            await asyncio.sleep(0.02)


async def test_what_twitch_refuses_arrives_as_itself(place: Place, access: Handles) -> None:
    await place.order("faults", outage_s=60)
    token = await asyncio.gather(*(access.twitch().app_token("") for _ in range(2)), return_exceptions=True)

    assert all(isinstance(one, UnavailableError) for one in token)
    assert "503" in str(token[0])
