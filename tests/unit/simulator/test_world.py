"""A world is a function of its seed and its steps: a run can be repeated, and interrupted."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gstreamer.simulator import cast
from gstreamer.simulator.world import FEW_LIVE, MANY_LIVE, Happening, World

NOW = "2026-01-02T03:04:05.000000006Z"


def run(world: World, steps: int) -> list[Happening]:
    return [happening for _ in range(steps) for happening in world.step(NOW)]


def test_the_same_seed_gives_the_same_happenings() -> None:
    assert run(World(7, NOW), 300) == run(World(7, NOW), 300)


def test_another_seed_gives_others() -> None:
    assert run(World(7, NOW), 50) != run(World(8, NOW), 50)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 120), st.integers(1, 60))
def test_a_world_that_was_written_down_goes_on_as_if_it_had_not(seed: int, before: int, after: int) -> None:
    whole, broken = World(seed, NOW), World(seed, NOW)
    run(whole, before)
    run(broken, before)

    again = World.from_json(json.loads(json.dumps(broken.to_json())))

    assert run(again, after) == run(whole, after)


def test_a_long_run_has_all_kinds_and_stays_lively() -> None:
    world = World(1, NOW)
    kinds: Counter[str] = Counter()
    for _ in range(2_000):
        happenings = world.step(NOW)
        kinds.update(one.type for one in happenings)
        assert len(happenings) == 1
        assert FEW_LIVE - 2 <= len(world.live()) <= MANY_LIVE + 1

    assert set(kinds) == {"stream.online", "stream.offline", "channel.update", "channel.raid"}
    assert min(kinds.values()) > 50


def test_online_and_offline_take_turns_and_carry_one_id() -> None:
    world = World(3, NOW)
    started = {person.id: "" for person in world.live()}
    for happening in run(world, 1_000):
        person_id = happening.event.get("broadcaster_user_id", "")
        if happening.type == "stream.online":
            assert person_id not in started
            started[person_id] = happening.event["id"]
        elif happening.type == "stream.offline":
            assert started.pop(person_id) in ("", happening.event["id"])


def test_a_raider_ends_right_after_the_raid() -> None:
    happenings = run(World(5, NOW), 1_000)
    raids = [number for number, one in enumerate(happenings[:-1]) if one.type == "channel.raid"]

    assert raids
    for number in raids:
        follow_up = happenings[number + 1]
        assert follow_up.type == "stream.offline"
        assert follow_up.event["broadcaster_user_id"] == happenings[number].event["from_broadcaster_user_id"]


def test_doing_a_thing_twice_does_nothing() -> None:
    world = World(1, NOW)
    tester = cast.by_login("tester_042")
    assert tester is not None

    assert len(world.start(tester, NOW)) == 1
    assert world.start(tester, NOW) == []
    assert len(world.end(tester)) == 1
    assert world.end(tester) == []


def test_there_are_thirty_streamers_whom_one_can_tell_apart() -> None:
    people = (*cast.STREAMERS, *cast.VIEWERS)

    assert len(cast.STREAMERS) == 30
    assert len({person.id for person in people}) == len({person.login for person in people}) == len(people)
    assert len({cast.avatar(person) for person in people}) == len(people)
    assert all(len(cast.avatar(person)) < 1_000 for person in people)


@pytest.mark.parametrize(
    ("person_id", "login"),
    [("1000000", "tester_000"), ("1000999", "tester_999"), ("2000000", "viewer_0000"), ("2009999", "viewer_9999")],
)
def test_people_on_demand_are_found_both_ways(person_id: str, login: str) -> None:
    person = cast.by_id(person_id)

    assert person is not None
    assert person.login == login
    assert cast.by_login(login) == person


@pytest.mark.parametrize("person_id", ["", "999", "1001000", "2010000", "x000001", "١٠٠٠٠٠٠"])
def test_nobody_else_is_there(person_id: str) -> None:
    assert cast.by_id(person_id) is None


def test_search_looks_at_the_beginning() -> None:
    assert [person.login for person in cast.search("Tea Town")] == ["teatowntom"]
    assert len(cast.search("tester_01")) == 10
    assert cast.search("nobody at all") == []
