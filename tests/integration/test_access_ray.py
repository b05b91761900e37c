"""On a real Ray: the actor `twitch` counts for two clients, and when it is killed nothing of theirs fails."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import ray

from gstreamer.actors.handles import NAMESPACE, Handles
from gstreamer.actors.spawn.ground import REST, actor_options
from gstreamer.actors.spawn.rest import TwitchAccessActor
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ids import TWITCH
from tests.ray_local import LocalRay, kill, pids, ray_local, until
from tests.twitch import CREDENTIALS, Place, client_of

__all__ = ["ray_local"]


@pytest.fixture
async def handles(ray_local: LocalRay, place: Place) -> AsyncIterator[Handles]:
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


async def test_two_clients_use_its_token_and_its_points_and_do_without_it(place: Place, handles: Handles) -> None:
    clients = [client_of(place.url, access=handles.twitch()) for _ in range(2)]
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
    observed = await handles.twitch().observe()
    assert observed["limit"] == 800
    assert observed["left"] < 800

    before = pids("TwitchAccessActor")
    kill("TwitchAccessActor")
    await enough(place, asking)
    await until(lambda: pids("TwitchAccessActor") - before, 60)
    await answering(handles)
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


async def test_what_twitch_refuses_arrives_as_itself(place: Place, handles: Handles) -> None:
    await place.order("faults", outage_s=60)
    token = await asyncio.gather(*(handles.twitch().app_token("") for _ in range(2)), return_exceptions=True)

    assert all(isinstance(one, UnavailableError) for one in token)
    assert "503" in str(token[0])
