"""The subscriptions actor against Twitch's double: restarts, conflicts, limits and outages leave what is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from gstreamer.actors.subscriptions import Subscriptions
from gstreamer.actors.wiring import Clock, Config
from gstreamer.twitch.client import Twitch, Webhook
from gstreamer.twitch.conduits import Conduits
from gstreamer.twitch.http import Application, Patience
from tests.subscriptions import World
from tests.twitch import QUIET, SECRET, Callback, Place, Uncounted, callback, double

ONE, TWO = "1000001", "1000002"
FAMILIES = ("online", "offline", "update", "raid")


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with double() as running:
        yield running


@pytest.fixture
async def to() -> AsyncIterator[Callback]:
    async with callback() as kept:
        yield kept


def actor(
    world: World,
    place: Place,
    to: Callback,
    linger_s: float = 600.0,
    transport: Literal["webhook", "conduit"] = "webhook",
) -> Subscriptions:
    application = Application("test-client", "test-secret", f"{place.url}/oauth2", f"{place.url}/helix")
    client = Twitch(application, Uncounted(), Patience(tries=1, rate_wait_s=0))
    config = Config(Webhook(to.url, SECRET), FAMILIES, linger_s, "gs.streamer.", 1, "test-client", transport)

    async def soon(delay_s: float) -> None:
        await asyncio.sleep(min(delay_s, 0.02))

    world.mail.read = nothing  # type: ignore[method-assign]
    # Its own clock runs fast, so that its waits are over soon; the double's does not.
    loop = asyncio.get_running_loop()
    clock = Clock(lambda: loop.time() * 100, sleep=soon)
    return Subscriptions(config, world.ports()._replace(twitch=client, conduits=Conduits(client)), clock)


async def nothing(wait_s: float) -> list[object]:
    await asyncio.sleep(wait_s)
    return []


@asynccontextmanager
async def running(subscriptions: Subscriptions) -> AsyncIterator[None]:
    task = asyncio.create_task(subscriptions.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await subscriptions.close()


async def until(place: Place, condition: Callable[[list[dict[str, object]]], bool]) -> list[dict[str, object]]:
    """The double's subscriptions of streamers, once they are as they shall be."""
    async with asyncio.timeout(20):
        while True:
            listed = (await place.state())["subscriptions"]
            found = [one for one in listed if "client_id" not in one["condition"]]
            if condition(found):
                return list(found)
            await asyncio.sleep(0.02)


def all_enabled(count: int) -> Callable[[list[dict[str, object]]], bool]:
    return lambda found: len(found) == count and all(one["status"] == "enabled" for one in found)


async def test_wanting_a_streamer_brings_its_events(place: Place, to: Callback) -> None:
    subscriptions = actor(World(), place, to)

    async with running(subscriptions):
        assert await subscriptions.want(ONE) is True
        assert await subscriptions.want("999") is False
        await until(place, all_enabled(4))
        await place.order("happen", act="start", user_id=ONE)
        await to.until(lambda: len(to.notifications) == 1)

    assert to.notifications[0][1]["event"]["broadcaster_user_id"] == ONE


async def test_a_restart_keeps_every_subscription(place: Place, to: Callback) -> None:
    world = World(ONE, TWO)
    async with running(actor(world, place, to)):
        before = await until(place, all_enabled(8))

    world.favourites.ids = frozenset({ONE, TWO, "1000003"})
    async with running(actor(world, place, to)):
        after = await until(place, all_enabled(12))

    assert {one["id"] for one in before} <= {one["id"] for one in after}


async def test_ends_of_subscriptions_are_made_good(place: Place, to: Callback) -> None:
    async with running(actor(World(ONE), place, to)):
        before = await until(place, all_enabled(4))
        await place.order("revoke", user_id=ONE, status="notification_failures_exceeded")

        after = await until(
            place,
            lambda found: all_enabled(4)(found) and not {one["id"] for one in before} & {one["id"] for one in found},
        )

    assert len(after) == 4


async def test_a_callback_that_comes_up_late_is_subscribed_in_the_end(place: Place, to: Callback) -> None:
    to.answers_challenges = False
    async with running(actor(World(ONE), place, to)):
        await until(place, lambda found: any(str(one["status"]).endswith("failed") for one in found))

        to.answers_challenges = True
        await until(place, all_enabled(4))


async def test_an_outage_and_a_rate_limit_are_waited_out(place: Place, to: Callback) -> None:
    world = World(ONE)
    subscriptions = actor(world, place, to)
    await place.order("faults", outage_s=60)
    async with running(subscriptions):
        await _until_part(subscriptions, "reconcile", "state", "degraded")
        # What it says of its end is believed, so it has to end then.
        await place.order("faults", throttle_s=5)
        await _until_part(subscriptions, "reconcile", "reason", "rate limit is used up")

        await until(place, all_enabled(4))
        await _until_part(subscriptions, "reconcile", "state", "ok")


async def test_copies_are_taken_away(place: Place, to: Callback) -> None:
    async with callback() as former:
        await place.subscribe(former, "stream.online", ONE)
        async with running(actor(World(ONE), place, to)):
            found = await until(place, all_enabled(5))

    # Another callback's is not ours to touch, as long as it does not stand in the way.
    assert sum(one["transport"]["callback"] == former.url for one in found) == 1  # type: ignore[index]


async def test_three_alike_elsewhere_do_not_stop_the_rest(place: Place, to: Callback) -> None:
    webhooks = [Webhook(f"{to.url}?{number}", SECRET) for number in range(3)]
    for webhook in webhooks:
        await place.twitch.subscribe("stream.online", "1", {"broadcaster_user_id": ONE}, webhook)

    async with running(actor(World(ONE, TWO), place, to)):
        found = await until(place, all_enabled(3 + 3 + 4))

    ours = [one for one in found if one["transport"]["callback"] == to.url]  # type: ignore[index]
    assert sorted(str(one["type"]) for one in ours if ONE in one["condition"].values()) == [  # type: ignore[attr-defined]
        "channel.raid",
        "channel.update",
        "stream.offline",
    ]


async def test_the_budget_decides_who_is_without() -> None:
    async with double(QUIET._replace(max_total_cost=10)) as place, callback() as to:
        subscriptions = actor(World(*(str(1_000_000 + number) for number in range(5))), place, to)
        async with running(subscriptions):
            await until(place, all_enabled(8))
            observed = await subscriptions.observe()

    assert (observed["cost"], observed["max_cost"], len(observed["without"])) == (10, 10, 3)


async def test_two_at_once_make_no_copies(place: Place, to: Callback) -> None:
    world = World(ONE, TWO)
    async with running(actor(world, place, to)), running(actor(world, place, to)):
        await until(place, all_enabled(8))

    assert len((await place.twitch.subscriptions()).subscriptions) == 8 + 2


def by(method: str, count: int) -> Callable[[list[dict[str, object]]], bool]:
    """All deliver, and by this transport alone."""
    return lambda found: (
        all_enabled(count)(found) and {one["transport"]["method"] for one in found} == {method}  # type: ignore[index]
    )


async def test_a_conduit_is_made_once_and_brings_what_a_streamer_does(place: Place, to: Callback) -> None:
    world = World(ONE)
    async with running(actor(world, place, to, transport="conduit")):
        before = await until(place, by("conduit", 4))
    async with running(actor(world, place, to, transport="conduit")):
        await place.order("happen", act="start", user_id=ONE)
        await to.until(lambda: len(to.notifications) == 1)
        after = await until(place, by("conduit", 4))

    assert [one["id"] for one in before] == [one["id"] for one in after]
    (conduit,) = await Conduits(place.twitch).all()
    (shard,) = await Conduits(place.twitch).shards(conduit.id)
    assert (shard.id, shard.status, shard.callback) == ("0", "enabled", to.url)


async def test_a_conduit_that_was_ended_is_made_anew(place: Place, to: Callback) -> None:
    conduits = Conduits(place.twitch)
    async with running(actor(World(ONE), place, to, transport="conduit")):
        before = await until(place, by("conduit", 4))
        (conduit,) = await conduits.all()

        await conduits.end(conduit.id)
        await conduits.end(conduit.id)
        after = await until(place, lambda found: by("conduit", 4)(found) and found[0]["id"] != before[0]["id"])

    assert not {one["id"] for one in before} & {one["id"] for one in after}


async def test_shards_that_were_disabled_are_assigned_again(place: Place, to: Callback) -> None:
    conduits = Conduits(place.twitch)
    async with running(actor(World(ONE), place, to, transport="conduit")):
        before = await until(place, by("conduit", 4))
        (conduit,) = await conduits.all()
        await conduits.resize(conduit.id, 2)
        refused = await conduits.assign(conduit.id, ["0", "7"], Webhook(f"{to.url}/nowhere", SECRET))

        async with asyncio.timeout(20):
            while [(one.callback, one.status) for one in await conduits.shards(conduit.id)] != [(to.url, "enabled")]:
                await asyncio.sleep(0.1)

    assert len(refused) == 1
    assert (await conduits.all())[0].shard_count == 1
    assert [one["id"] for one in await until(place, by("conduit", 4))] == [one["id"] for one in before]


async def test_the_transport_is_changed_there_and_back(place: Place, to: Callback) -> None:
    world = World(ONE, TWO)
    async with running(actor(world, place, to)):
        await until(place, by("webhook", 8))
    async with running(actor(world, place, to, transport="conduit")):
        await until(place, by("conduit", 8))
    async with running(actor(world, place, to)):
        await until(place, by("webhook", 8))
        async with asyncio.timeout(20):
            while await Conduits(place.twitch).all():
                await asyncio.sleep(0.1)


async def test_viewers_are_counted(place: Place, to: Callback) -> None:
    world = World(ONE)
    await place.order("happen", act="start", user_id=ONE)
    subscriptions = actor(world, place, to)
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()

    await subscriptions.poll()

    await subscriptions.close()
    assert [record.topic for record in world.records.sent] == [f"gs.streamer.{ONE}"]


async def _until_part(subscriptions: Subscriptions, name: str, field: str, words: str) -> None:
    async with asyncio.timeout(20):
        while words not in (await subscriptions.observe())["parts"].get(name, {}).get(field, ""):
            await asyncio.sleep(0.01)
