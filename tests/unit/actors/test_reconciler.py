"""What streamers grant us is subscribed as long as they do, and each status is followed as the table says."""

from __future__ import annotations

import pytest

from gstreamer.actors.reconciler import LIST_S
from gstreamer.actors.subscriptions import SCOPES_S, Subscriptions
from gstreamer.core.errors import MissingScopeError, UnavailableError
from gstreamer.core.setbacks import PERMANENT_S
from tests.subscriptions import APPLICATION, CONFIG, World, down

OPEN = ["stream.offline", "stream.online"]
CHEERS = frozenset({"bits:read"})
CHAT = frozenset({"channel:bot", "user:bot", "user:read:chat"})


def actor(world: World) -> Subscriptions:
    return Subscriptions(CONFIG, world.ports(), world.time.clock())


async def turn(subscriptions: Subscriptions) -> None:
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()
    await subscriptions.read_scopes()
    await subscriptions.reconcile()


async def turns(world: World, subscriptions: Subscriptions, seconds: float, step_s: float = 5) -> None:
    """Let time pass, with a turn every few seconds."""
    until_s = world.time.now_s + seconds
    while world.time.now_s < until_s:
        world.time.now_s += step_s
        await turn(subscriptions)


def types(world: World) -> list[str]:
    return [event_type for event_type, _ in world.twitch.shown()]


async def granting(world: World, scopes: frozenset[str] = CHEERS) -> Subscriptions:
    world.scopes.granted_by["11"] = scopes
    subscriptions = actor(world)
    await turn(subscriptions)
    return subscriptions


async def test_what_a_streamer_has_granted_is_subscribed_beside_what_everybody_may_have() -> None:
    world = World("11", "12")

    await granting(world)

    assert world.twitch.shown() == [
        ("channel.cheer", "11"),
        ("stream.offline", "11"),
        ("stream.offline", "12"),
        ("stream.online", "11"),
        ("stream.online", "12"),
    ]


async def test_chat_of_a_streamer_who_let_us_in_is_read_as_the_streamer() -> None:
    world = World("11")

    await granting(world, CHAT)

    (chat,) = [one for one in world.twitch.held.values() if one.type == "channel.chat.message"]
    assert chat.condition == {"broadcaster_user_id": "11", "user_id": "11"}


async def test_a_new_grant_is_subscribed_as_soon_as_the_api_tells_of_it() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)
    world.scopes.granted_by["11"] = CHEERS
    await turn(subscriptions)
    assert types(world) == OPEN

    await subscriptions.granted("11")
    await turn(subscriptions)

    assert types(world) == ["channel.cheer", *OPEN]


async def test_a_grant_that_changed_unseen_is_found_in_time() -> None:
    world = World("11")
    subscriptions = await granting(world)
    del world.scopes.granted_by["11"]

    await turns(world, subscriptions, SCOPES_S + 5)

    assert types(world) == OPEN


async def test_only_new_streamers_are_asked_about_in_between() -> None:
    world = World("11")
    subscriptions = await granting(world)
    asked = world.scopes.calls.count("granted")
    await subscriptions.read_scopes()
    assert world.scopes.calls.count("granted") == asked

    world.scopes.granted_by["12"] = CHEERS
    world.favourites.ids = frozenset({"11", "12"})
    await turn(subscriptions)

    assert ("channel.cheer", "12") in world.twitch.shown()


async def test_a_restart_ends_nothing_that_rests_on_a_grant_before_it_has_read_the_grants() -> None:
    world = World("11")
    await granting(world)
    world.scopes.error = down("postgres")
    subscriptions = actor(world)
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()
    with pytest.raises(UnavailableError):
        await subscriptions.read_scopes()

    await subscriptions.reconcile()

    assert types(world) == ["channel.cheer", *OPEN]


async def test_a_grant_that_has_ended_takes_along_what_rests_on_it_and_no_more() -> None:
    world = World("11")
    subscriptions = await granting(world)

    subscriptions.revoked(world.twitch.die("channel.cheer", "authorization_revoked"), "authorization_revoked")
    await turns(world, subscriptions, 600)

    assert types(world) == OPEN
    observed = await subscriptions.observe()
    assert (observed["needs_person"], observed["died"]) == (["11"], {"authorization_revoked": 1})


async def test_what_needs_no_grant_is_made_anew_although_a_grant_has_ended() -> None:
    world = World("11")
    subscriptions = await granting(world)
    subscriptions.revoked(world.twitch.die("stream.online", "authorization_revoked"), "authorization_revoked")

    await turns(world, subscriptions, 10)

    assert types(world) == ["channel.cheer", *OPEN]


async def test_a_grant_that_is_given_anew_brings_everything_back() -> None:
    world = World("11")
    subscriptions = await granting(world)
    subscriptions.revoked(world.twitch.die("channel.cheer", "authorization_revoked"), "authorization_revoked")
    await turn(subscriptions)

    await subscriptions.granted("11")
    await turn(subscriptions)

    assert types(world) == ["channel.cheer", *OPEN]
    assert (await subscriptions.observe())["needs_person"] == []


async def test_a_scope_that_twitch_does_not_see_is_not_asked_for_again_and_again() -> None:
    world = World("11")
    world.scopes.granted_by["11"] = CHEERS
    subscriptions = actor(world)
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()
    await subscriptions.reconcile()
    world.twitch.refusals = [MissingScopeError(403, "subscription missing proper authorization")]

    await turns(world, subscriptions, 3_600, 60)
    assert types(world) == OPEN
    await subscriptions.granted("11")
    await turn(subscriptions)

    assert types(world) == ["channel.cheer", *OPEN]


async def test_what_twitch_ends_for_good_is_tried_again_after_a_day() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)

    subscriptions.revoked(world.twitch.die("stream.online", "version_removed"), "version_removed")
    await turns(world, subscriptions, PERMANENT_S - 1_000, 1_000)
    assert types(world) == ["stream.offline"]
    await turns(world, subscriptions, 3_000, 1_000)

    assert types(world) == OPEN


async def test_an_end_that_nobody_told_of_is_found_by_listing() -> None:
    world = World("11")
    subscriptions = actor(world)
    await turn(subscriptions)
    world.twitch.die("stream.online", "user_removed")

    await turns(world, subscriptions, LIST_S + 5)

    assert types(world) == ["stream.offline"]


async def test_two_alike_become_one() -> None:
    world = World("11")
    for name in ("a", "b", "c"):
        world.twitch.add(name, "stream.online", "11")

    await turns(world, actor(world), 10)

    assert types(world) == OPEN


async def test_what_is_about_us_is_no_orphan_and_is_made_once() -> None:
    world = World()

    await turns(world, actor(world), 10)
    await turns(world, actor(world), 1_000, 100)

    assert world.twitch.about_us() == APPLICATION
    assert world.twitch.calls.count("subscribe application") == 2


async def test_who_is_watched_by_more_takes_the_place_of_one_who_is_watched_by_fewer() -> None:
    world = World()
    world.twitch.max_total_cost = 4
    subscriptions = actor(world)
    await subscriptions.watching("connection:a:0", "i", {"11": 1})
    await turn(subscriptions)
    assert world.twitch.shown() == [("stream.offline", "11"), ("stream.online", "11")]

    await subscriptions.watching("connection:a:0", "i", {"11": 1, "12": 40})
    await turn(subscriptions)

    assert world.twitch.shown() == [("stream.offline", "12"), ("stream.online", "12")]
    assert await subscriptions.polled() == {"11"}


async def test_what_twitch_counts_and_does_not_list_is_told() -> None:
    world = World("11")
    world.twitch.hidden_cost = 3
    subscriptions = actor(world)

    await turn(subscriptions)

    assert (await subscriptions.observe())["hidden_cost"] == 3


async def test_one_that_twitch_has_lost_sight_of_is_replaced_once_that_is_sure() -> None:
    world = World("11")
    world.twitch.add("lost", "stream.online", "11")
    world.twitch.unlisted.add("lost")
    subscriptions = actor(world)
    await turn(subscriptions)
    assert "lost" in world.twitch.held

    await turns(world, subscriptions, 20)

    assert "lost" not in world.twitch.held
    assert types(world) == OPEN


async def test_one_that_is_younger_than_the_list_is_adopted() -> None:
    world = World("11")
    subscriptions = actor(world)
    await subscriptions.reconcile()
    world.twitch.add("young", "stream.online", "11")
    world.twitch.unlisted.add("young")
    await turn(subscriptions)
    world.twitch.unlisted.clear()

    await turns(world, subscriptions, 20)

    assert "young" in world.twitch.held
    assert types(world) == OPEN
