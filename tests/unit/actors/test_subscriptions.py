"""Whoever is favoured, watched or was so lately is subscribed once, has a topic and lives, whatever fails."""

from __future__ import annotations

import asyncio

import pytest

from gstreamer.actors.subscriptions import Subscriptions
from gstreamer.core.demand import WATCH_S
from gstreamer.core.errors import RefusedError, TooManyAlikeError, UnavailableError
from tests.subscriptions import CONFIG, OTHER, World, down

BOTH = [("stream.offline", "11"), ("stream.online", "11")]
NOBODY: frozenset[str] = frozenset()


def actor(world: World) -> Subscriptions:
    return Subscriptions(CONFIG, world.ports(), world.time.clock())


async def turn(subscriptions: Subscriptions) -> None:
    """One pass of what runs in the background."""
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()
    await subscriptions.read_scopes()
    await subscriptions.reconcile()
    await subscriptions.settle_residents()


async def test_a_favourite_gets_a_topic_subscriptions_and_a_home() -> None:
    world = World("11")

    await turn(actor(world))

    assert world.topics.names == {"gs.streamer.11"}
    assert world.twitch.shown() == BOTH
    assert world.placement.kept == [frozenset({"11"})]


async def test_a_watched_one_too_once_its_connection_has_said_so() -> None:
    world = World()
    subscriptions = actor(world)
    await subscriptions.watching("connection:a:0", "i", {"11": 1, "not an id": 1})

    await turn(subscriptions)

    assert world.twitch.shown() == BOTH
    assert world.placement.kept[-1] == {"11"}


async def test_ten_who_want_it_cause_one_subscription_each() -> None:
    world = World("11")
    subscriptions = actor(world)
    for number in range(10):
        await subscriptions.watching(f"connection:a:{number}", "i", {"11": 1})

    await turn(subscriptions)
    await turn(subscriptions)

    assert world.twitch.calls.count("subscribe") == 2


async def test_wanting_returns_once_the_topic_is_there() -> None:
    world = World()

    assert await actor(world).want("11") is True
    assert world.topics.names == {"gs.streamer.11"}


@pytest.mark.parametrize("nobody", ["29", "", "x", "1" * 21])
async def test_nobody_is_wanted_who_is_not_there(nobody: str) -> None:
    world = World()

    assert await actor(world).want(nobody) is False
    assert world.topics.names == set()


async def test_what_many_want_is_looked_up_at_once() -> None:
    world = World()
    subscriptions = actor(world)

    wanted = await asyncio.gather(*(subscriptions.want(str(1_000 + number)) for number in range(150)))

    assert all(wanted)
    assert world.twitch.calls.count("users") == 2


async def test_wanting_without_twitch_works_for_whoever_has_a_topic() -> None:
    world = World()
    world.topics.names.add("gs.streamer.11")
    world.twitch.error = down("twitch")
    subscriptions = actor(world)

    assert await subscriptions.want("11") is True
    with pytest.raises(UnavailableError, match="twitch does not answer"):
        await subscriptions.want("12")


async def test_wanting_without_kafka_is_unavailable() -> None:
    world = World()
    world.topics.error = down("kafka")

    with pytest.raises(UnavailableError, match="kafka does not answer"):
        await actor(world).want("11")


async def test_who_was_wanted_but_never_watched_is_let_go() -> None:
    world = World()
    subscriptions = actor(world)
    await subscriptions.want("11")
    await turn(subscriptions)
    assert world.twitch.shown() == BOTH

    world.time.now_s += CONFIG.linger_s
    await turn(subscriptions)

    assert world.twitch.shown() == []
    assert world.placement.kept[-1] == NOBODY


async def test_a_former_favourite_lingers() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)
    world.favourites.ids = NOBODY
    await turn(subscriptions)
    assert world.twitch.shown() == BOTH

    world.time.now_s += CONFIG.linger_s
    await turn(subscriptions)

    assert world.twitch.shown() == []


async def test_a_silent_connection_is_forgotten_in_time() -> None:
    world = World()
    subscriptions = actor(world)
    await subscriptions.watching("connection:a:0", "i", {"11": 1})
    await turn(subscriptions)

    world.time.now_s += WATCH_S + CONFIG.linger_s
    await turn(subscriptions)

    assert world.twitch.shown() == []


async def test_a_restart_adopts_what_is_there() -> None:
    world = World("11")
    await turn(actor(world))

    await turn(actor(world))

    assert world.twitch.calls.count("subscribe") == 2
    assert world.twitch.shown() == BOTH


async def test_a_restart_gives_watchers_time_to_say_so() -> None:
    world = World()
    world.twitch.add("a", "stream.online", "11")
    subscriptions = actor(world)

    await turn(subscriptions)

    assert "a" in world.twitch.held
    assert world.placement.kept == [frozenset({"11"})]


async def test_without_postgres_at_the_start_nothing_is_ended_and_placement_is_not_told() -> None:
    world = World()
    world.twitch.add("a", "stream.online", "11")
    world.favourites.error = down("postgres")
    subscriptions = actor(world)
    await subscriptions.reconcile()
    world.time.now_s += 100_000

    await subscriptions.settle_residents()
    await subscriptions.reconcile()

    assert "a" in world.twitch.held
    assert world.placement.kept == []


async def test_without_postgres_later_the_last_favourites_count() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)
    world.favourites.error = down("postgres")

    with pytest.raises(UnavailableError):
        await subscriptions.read_favourites()
    await subscriptions.reconcile()

    assert world.twitch.shown() == BOTH


async def test_without_kafka_nothing_is_subscribed_and_nothing_ended() -> None:
    world = World("11", "12")
    world.twitch.add("a", "stream.online", "11")
    world.topics.error = down("kafka")
    subscriptions = actor(world)
    await subscriptions.read_favourites()

    with pytest.raises(UnavailableError):
        await subscriptions.settle_residents()
    await subscriptions.reconcile()

    assert world.twitch.shown() == [("stream.online", "11")]


async def test_what_an_outage_cut_short_is_finished_after_it() -> None:
    world = World(*(str(110 + number) for number in range(10)))
    subscriptions = actor(world)
    world.twitch.refusals = [down("twitch")]
    with pytest.raises(UnavailableError):
        await turn(subscriptions)

    await turn(subscriptions)

    assert len(world.twitch.shown()) == 20


async def test_creating_is_paced() -> None:
    world = World(*(str(110 + number) for number in range(10)))

    await turn(actor(world))

    assert sum(world.time.slept) == pytest.approx(1.6)


async def test_an_equal_one_that_our_list_lacks_is_adopted() -> None:
    world = World("11")
    subscriptions = actor(world)
    await subscriptions.reconcile()
    world.twitch.add("late", "stream.online", "11")

    await turn(subscriptions)

    assert world.twitch.shown() == BOTH
    assert "late" in world.twitch.held
    assert (await subscriptions.observe())["subscriptions"] == {"enabled": 4}


async def test_a_conflict_without_an_id_is_found_by_listing() -> None:
    world = World("11")
    subscriptions = actor(world)
    await subscriptions.reconcile()
    world.twitch.add("late", "stream.online", "11")
    world.twitch.hides_conflicting_id = True

    await turn(subscriptions)
    world.time.now_s += 2
    await turn(subscriptions)

    assert (await subscriptions.observe())["subscriptions"] == {"enabled": 4}


async def test_one_of_another_callback_that_stands_in_the_way_is_replaced() -> None:
    world = World("11")
    world.twitch.takes_both_transports = False
    world.twitch.add("old", "stream.online", "11", callback=OTHER)
    world.twitch.add("elsewhere", "stream.online", "99", callback=OTHER)
    subscriptions = actor(world)

    await turn(subscriptions)
    await turn(subscriptions)

    assert world.twitch.shown() == BOTH
    assert "old" not in world.twitch.held
    assert "elsewhere" in world.twitch.held


@pytest.mark.parametrize("refusal", [TooManyAlikeError(429, "maximum"), RefusedError(400, "invalid")])
async def test_a_refusal_is_repeated_only_after_a_while(refusal: RefusedError) -> None:
    world = World("11")
    world.twitch.refusals = [refusal]
    subscriptions = actor(world)
    await turn(subscriptions)
    await turn(subscriptions)
    assert world.twitch.calls.count("subscribe") == 2

    world.time.now_s += 2
    await turn(subscriptions)

    assert world.twitch.shown() == BOTH


async def test_a_dead_one_is_cleared_away_and_made_anew() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)
    dead = next(one for one in world.twitch.held.values() if one.type == "stream.online")

    world.twitch.add(dead.id, "stream.online", "11", status="notification_failures_exceeded")
    subscriptions.revoked(dead.id, "notification_failures_exceeded")
    await turn(subscriptions)
    assert world.twitch.shown() == [("stream.offline", "11")]
    world.time.now_s += 2
    await turn(subscriptions)

    assert world.twitch.shown() == BOTH
    assert dead.id not in world.twitch.held


async def test_a_challenge_that_failed_is_seen_and_tried_again() -> None:
    world = World("11")
    world.twitch.born = "webhook_callback_verification_failed"
    subscriptions = actor(world)
    await turn(subscriptions)
    world.twitch.born = "enabled"

    for _ in range(3):
        world.time.now_s += 2
        await turn(subscriptions)

    assert world.twitch.shown() == BOTH
    assert len(world.twitch.held) == 4


async def test_pending_ones_are_looked_at_more_often() -> None:
    world = World("11")
    world.twitch.born = "webhook_callback_verification_pending"
    subscriptions = actor(world)
    await turn(subscriptions)
    listed = world.twitch.calls.count("subscriptions")

    for _ in range(30):
        world.time.now_s += 1
        await subscriptions.reconcile()

    assert 3 <= world.twitch.calls.count("subscriptions") - listed <= 6


async def test_who_has_no_room_in_the_budget_is_named() -> None:
    world = World("11", "12")
    world.twitch.max_total_cost = 5
    subscriptions = actor(world)
    await turn(subscriptions)

    assert world.twitch.shown() == BOTH
    assert (await subscriptions.observe())["without"] == ["12"]
    assert world.placement.kept[-1] == {"11", "12"}


async def test_placement_is_told_again_now_and_then_and_at_changes() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)
    await subscriptions.settle_residents()
    assert len(world.placement.kept) == 1

    world.time.now_s += 30
    await subscriptions.settle_residents()
    await subscriptions.watching("connection:a:0", "i", {"12": 1})
    await subscriptions.settle_residents()

    assert world.placement.kept[1:] == [frozenset({"11"}), frozenset({"11", "12"})]


async def test_the_loops_outlive_everything_and_say_what_is_wrong() -> None:
    world = World("11")
    for part in (world.twitch, world.topics, world.favourites, world.placement, world.mail):
        part.error = down("it")
    world.placement.error = None
    enough = asyncio.Event()

    async def sleep(delay_s: float) -> None:
        if len(world.time.slept) > 20:
            enough.set()
        await asyncio.sleep(0)
        await world.time.sleep(min(delay_s, 0.5))

    subscriptions = Subscriptions(CONFIG, world.ports(), world.time.clock()._replace(sleep=sleep))
    running = asyncio.create_task(subscriptions.run())
    await enough.wait()
    observed = await subscriptions.observe()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert {name: part["state"] for name, part in observed["parts"].items()} == {
        "favourites": "degraded",
        "scopes": "ok",
        "residents": "ok",
        "reconcile": "degraded",
        "poll": "degraded",
        "look up": "ok",
        "mail": "degraded",
    }
    assert observed["parts"]["reconcile"]["reason"] == "it does not answer"


async def test_it_closes_what_it_works_with_and_leaves_twitch_as_it_is() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)

    await subscriptions.close()

    assert world.twitch.shown() == BOTH
    assert "close" in world.twitch.calls
    assert "close" in world.mail.calls


def test_it_says_what_it_is() -> None:
    assert repr(actor(World())) == "subscriptions n=0"
