"""By webhook or by conduit, and from one to the other: what is subscribed is served all the time, once in the end."""

from __future__ import annotations

import pytest

from gstreamer.actors.subscriptions import Subscriptions
from gstreamer.actors.wiring import Config
from gstreamer.core.errors import RefusedError
from tests.subscriptions import APPLICATION, BY_CONDUIT, CALLBACK, CONFIG, OTHER, World

BOTH = [("stream.offline", "11"), ("stream.online", "11")]
PLACE = "conduit:conduit-1"
WITH_SHARDS = ["conduit.shard.disabled", *APPLICATION]


def actor(world: World, config: Config = BY_CONDUIT) -> Subscriptions:
    return Subscriptions(config, world.ports(), world.time.clock())


async def turn(subscriptions: Subscriptions, times: int = 1) -> None:
    for _ in range(times):
        await subscriptions.read_favourites()
        await subscriptions.settle_residents()
        await subscriptions.read_scopes()
        await subscriptions.reconcile()


async def unsure(subscriptions: Subscriptions) -> list[str]:
    """Those whose log may lack something, as long as nobody has looked."""
    return list((await subscriptions.observe())["unsure"])


async def turns(world: World, subscriptions: Subscriptions, seconds: float) -> None:
    """Let time pass, with a turn every few seconds."""
    until_s = world.time.now_s + seconds
    while world.time.now_s < until_s:
        world.time.now_s += 5
        await turn(subscriptions)


async def served_by_conduit(world: World) -> Subscriptions:
    subscriptions = actor(world)
    await turns(world, subscriptions, 10)
    assert world.twitch.shown(PLACE) == BOTH
    return subscriptions


async def test_a_conduit_is_made_once_and_what_is_about_us_comes_by_webhook() -> None:
    world = World("11")

    await served_by_conduit(world)

    assert world.conduits.calls.count("make") == 1
    assert world.conduits.held["conduit-1"]["0"].callback == CALLBACK
    assert world.twitch.shown() == []
    assert world.twitch.about_us() == WITH_SHARDS
    assert all(one.callback == CALLBACK for one in world.twitch.held.values() if "client_id" in one.condition)


async def test_nothing_is_subscribed_before_a_shard_answers() -> None:
    world = World("11")
    world.conduits.answers = False
    subscriptions = actor(world)

    await turn(subscriptions)
    assert world.twitch.shown(PLACE) == []
    world.conduits.shard("conduit-1", "0")
    await turns(world, subscriptions, 5)

    assert world.twitch.shown(PLACE) == BOTH
    assert world.conduits.calls.count("assign") == 1


async def test_a_shard_that_never_answers_is_assigned_again_now_and_then() -> None:
    world = World("11")
    world.conduits.answers = False

    await turns(world, actor(world), 300)

    assert 4 <= world.conduits.calls.count("assign") <= 12


async def test_a_restart_finds_the_conduit_by_listing() -> None:
    world = World("11")
    await served_by_conduit(world)
    made = dict(world.twitch.held)

    await turns(world, actor(world), 10)

    assert world.twitch.held == made
    assert (world.conduits.calls.count("make"), world.conduits.calls.count("assign")) == (1, 1)


async def test_a_conduit_that_was_made_before_a_crash_and_has_no_shards_is_taken() -> None:
    world = World("11")
    world.conduits.add("left")

    await turns(world, actor(world), 10)

    assert world.twitch.shown("conduit:left") == BOTH
    assert world.conduits.calls.count("make") == 0


async def test_a_new_address_is_one_call_and_no_subscription() -> None:
    world = World("11")
    await served_by_conduit(world)
    made = {name for name, one in world.twitch.held.items() if one.place == PLACE}
    world.conduits.shard("conduit-1", "0", OTHER)

    await turns(world, actor(world), 10)

    assert {name for name, one in world.twitch.held.items() if one.place == PLACE} == made
    assert world.conduits.held["conduit-1"]["0"].callback == CALLBACK
    assert world.conduits.calls.count("assign") == 2


async def test_a_conduit_of_something_else_is_left_alone() -> None:
    world = World("11")
    world.conduits.add("theirs")
    world.conduits.shard("theirs", "0", "https://bot.example/hook")

    await served_by_conduit(world)

    assert world.conduits.held["theirs"]["0"].callback == "https://bot.example/hook"


async def test_a_new_secret_is_told_to_every_shard_once_at_the_start() -> None:
    world = World("11")
    await served_by_conduit(world)

    await turns(world, actor(world, BY_CONDUIT._replace(rotating=True)), 400)

    assert world.conduits.calls.count("assign") == 2


async def test_more_shards_are_a_call_for_the_count_and_one_for_all_that_are_new() -> None:
    world = World("11")
    await served_by_conduit(world)

    await turns(world, actor(world, BY_CONDUIT._replace(shards=3)), 10)

    assert set(world.conduits.held["conduit-1"]) == {"0", "1", "2"}
    assert (world.conduits.calls.count("resize"), world.conduits.calls.count("assign")) == (1, 2)


async def test_a_disabled_shard_is_assigned_again_as_soon_as_twitch_says_so_and_somebody_looks_what_was_missed() -> (
    None
):
    world = World("11")
    subscriptions = await served_by_conduit(world)
    made = dict(world.twitch.held)
    world.conduits.shard("conduit-1", "0", status="notification_failures_exceeded")

    subscriptions.shard_disabled()
    await turns(world, subscriptions, 10)

    assert world.conduits.held["conduit-1"]["0"].status == "enabled"
    assert world.twitch.held == made
    assert await unsure(subscriptions) == ["11"]


async def test_a_disabled_shard_that_nobody_told_of_is_found_by_listing() -> None:
    world = World("11")
    subscriptions = await served_by_conduit(world)
    world.conduits.shard("conduit-1", "0", status="notification_failures_exceeded")

    await turns(world, subscriptions, 310)

    assert world.conduits.held["conduit-1"]["0"].status == "enabled"
    assert await unsure(subscriptions) == ["11"]


async def test_a_deleted_conduit_is_made_anew_with_all_that_delivered_there() -> None:
    world = World("11")
    subscriptions = await served_by_conduit(world)
    del world.conduits.held["conduit-1"]
    for event_type, _ in BOTH:
        subscriptions.revoked(world.twitch.die(event_type, "conduit_deleted"), "conduit_deleted")

    await turns(world, subscriptions, 10)

    assert world.twitch.shown("conduit:conduit-2") == BOTH
    assert world.twitch.shown(PLACE) == []
    assert await unsure(subscriptions) == ["11"]
    assert (await subscriptions.observe())["died"] == {"conduit_deleted": 2}


async def test_a_refusal_has_the_conduit_looked_at() -> None:
    world = World("11")
    subscriptions = await served_by_conduit(world)
    looked = world.conduits.calls.count("all")
    world.favourites.ids = frozenset({"11", "12"})
    world.twitch.refusals = [RefusedError(400, "no such conduit")]

    await turn(subscriptions)
    await turn(subscriptions)

    assert world.conduits.calls.count("all") == looked + 1


async def test_webhook_to_conduit_makes_each_before_the_old_one_is_ended() -> None:
    world = World("11")
    await turns(world, actor(world, CONFIG), 10)
    assert world.twitch.shown() == BOTH
    subscriptions = actor(world)

    await turns(world, subscriptions, 10)
    assert (world.twitch.shown(), world.twitch.shown(PLACE)) == (BOTH, BOTH)
    assert (await subscriptions.observe())["moving"] == 2
    await turns(world, subscriptions, CONFIG.overlap_s + 5)

    assert (world.twitch.shown(), world.twitch.shown(PLACE)) == ([], BOTH)
    assert (await subscriptions.observe())["moving"] == 0
    assert await unsure(subscriptions) == []


async def test_the_old_ones_stay_while_not_every_shard_answers() -> None:
    world = World("11")
    await turns(world, actor(world, CONFIG), 10)
    world.conduits.answers = False
    subscriptions = actor(world, BY_CONDUIT._replace(shards=2))
    await turn(subscriptions)
    world.conduits.shard("conduit-1", "0")

    await turns(world, subscriptions, 2 * CONFIG.overlap_s)
    assert (world.twitch.shown(), world.twitch.shown(PLACE)) == (BOTH, BOTH)
    world.conduits.shard("conduit-1", "1")
    await turns(world, subscriptions, 2 * CONFIG.overlap_s)

    assert world.twitch.shown() == []


async def test_conduit_to_webhook_ends_the_conduit_once_nothing_delivers_there() -> None:
    world = World("11")
    await served_by_conduit(world)
    subscriptions = actor(world, CONFIG)

    await turns(world, subscriptions, 10)
    assert (world.twitch.shown(), world.twitch.shown(PLACE)) == (BOTH, BOTH)
    assert "conduit-1" in world.conduits.held
    await turns(world, subscriptions, CONFIG.overlap_s + 5)

    assert (world.twitch.shown(), world.twitch.shown(PLACE)) == (BOTH, [])
    assert world.conduits.held == {}
    assert world.twitch.about_us() == APPLICATION


async def test_a_twitch_that_takes_one_at_a_time_loses_the_old_one_first_and_somebody_looks_what_was_missed() -> None:
    world = World("11")
    await turns(world, actor(world, CONFIG), 10)
    world.twitch.takes_both_transports = False
    subscriptions = actor(world)

    await turns(world, subscriptions, 10)

    assert (world.twitch.shown(), world.twitch.shown(PLACE)) == ([], BOTH)
    assert await unsure(subscriptions) == ["11"]


async def test_the_old_one_goes_first_also_where_twitch_does_not_say_which_it_is() -> None:
    world = World("11")
    await turns(world, actor(world, CONFIG), 10)
    world.twitch.takes_both_transports = False
    world.twitch.hides_conflicting_id = True

    await turns(world, actor(world), 10)

    assert (world.twitch.shown(), world.twitch.shown(PLACE)) == ([], BOTH)


async def test_a_refusal_between_the_old_one_and_the_new_one_is_made_good() -> None:
    world = World("11")
    await turns(world, actor(world, CONFIG), 10)
    world.twitch.takes_both_transports = False
    subscriptions = actor(world)
    world.twitch.refusals_after_conflict = [RefusedError(500, "not now"), RefusedError(500, "not now")]
    await turn(subscriptions, 2)
    assert world.twitch.shown(PLACE) == []

    await turns(world, subscriptions, 10)

    assert world.twitch.shown(PLACE) == BOTH
    assert await unsure(subscriptions) == ["11"]


@pytest.mark.parametrize("config", [CONFIG, BY_CONDUIT], ids=["webhook", "conduit"])
async def test_it_says_how_it_delivers(config: Config) -> None:
    world = World("11")
    subscriptions = actor(world, config)
    await turns(world, subscriptions, 10)

    observed = await subscriptions.observe()

    shards = {"enabled": 1} if config is BY_CONDUIT else {}
    assert (observed["transport"], observed["shards"]) == (config.transport, shards)
