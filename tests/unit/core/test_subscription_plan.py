"""Carrying a plan out leads to what is wanted, once each, within the budget, and touches nobody else's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.catalogue import OPEN_FAMILIES
from gstreamer.core.statuses import ENABLED, PENDING
from gstreamer.core.subscription_plan import SWAPS, Delivery, Demanded, Plan, plan
from gstreamer.core.subscriptions import (
    Budget,
    Existing,
    Wanted,
    conduit_place,
    wanted_of,
    wanted_of_application,
)

OURS, OTHER, CONDUIT = "https://a.example/eventsub", "https://b.example/eventsub", conduit_place("c1")
WEBHOOK = Delivery(OURS, OURS, frozenset({OURS}))
TO_CONDUIT = Delivery(CONDUIT, OURS, frozenset({OURS, CONDUIT}))
TO_WEBHOOK = Delivery(OURS, OURS, frozenset({OURS, CONDUIT}))
DEAD = "notification_failures_exceeded"
GOLDEN = Path(__file__).parents[2] / "contract" / "subscription_plans.json"
UNBOUND = Budget(0, 0)
BOTH = ("online", "offline")


def existing(number: int, key: Wanted, status: str = ENABLED, place: str = OURS, cost: int = 1) -> Existing:
    return Existing(str(number), status, key.type, key.version, key.condition, place, cost)


def demanded(
    streamers: Sequence[str], families: Sequence[str], ranks: Sequence[int] = (), free: str = ""
) -> Demanded:
    keys = {one: wanted_of(one, families) for one in streamers}
    return Demanded(keys, dict(zip(streamers, ranks or [1] * len(keys), strict=True)), frozenset(free))


def carry_out(todo: Plan, before: list[Existing], place: str = OURS, status: str = PENDING) -> list[Existing]:
    gone = {one.id for one in (*todo.delete, *todo.swap)}
    first = 10_000 + max((int(one.id) for one in before), default=0)
    made = [existing(first + number, key, status, place) for number, key in enumerate(todo.create)]
    return [one for one in before if one.id not in gone] + made


def cost_of(world: Sequence[Existing]) -> int:
    return sum(one.cost for one in world)


keys = st.one_of(
    st.builds(
        lambda streamer, family: wanted_of(streamer, [family])[-1],
        st.sampled_from(["1", "2", "3", "4"]),
        st.sampled_from(OPEN_FAMILIES),
    ),
    st.sampled_from(
        [Wanted("stream.online", "2", (("broadcaster_user_id", "1"),)), Wanted("x", "1", (("user_id", "1"),))]
    ),
)
worlds = st.lists(
    st.tuples(keys, st.sampled_from([ENABLED, PENDING, DEAD]), st.sampled_from([OURS, CONDUIT, OTHER])), max_size=30
).map(lambda rows: [existing(number, *row) for number, row in enumerate(rows)])
streamer_lists = st.lists(st.sampled_from(["1", "2", "3", "4", "5"]), unique=True)
family_lists = st.lists(st.sampled_from(OPEN_FAMILIES), unique=True)
deliveries = st.sampled_from([WEBHOOK, TO_CONDUIT, TO_WEBHOOK])


@given(worlds, streamer_lists, family_lists, deliveries)
def test_plans_carried_out_lead_to_what_is_wanted_and_the_next_plan_is_empty(
    world: list[Existing], streamers: list[str], families: list[str], delivery: Delivery
) -> None:
    wanted = demanded(streamers, families)
    for _ in range(2):
        world = carry_out(plan(wanted, world, delivery, UNBOUND), world, delivery.to, ENABLED)
        world = [one._replace(status=ENABLED if one.status == PENDING else one.status) for one in world]

    active = [one.wanted for one in world if one.place in delivery.ours and one.active and one.wanted]
    assert sorted(active) == sorted(key for one in streamers for key in wanted_of(one, families))
    assert all(one.place == delivery.to for one in world if one.place in delivery.ours and one.wanted)
    again = plan(wanted, world, delivery, UNBOUND)
    assert (again.create, again.delete, again.swap, again.moving, again.without) == ((), (), (), {}, ())


@given(worlds, streamer_lists, family_lists, deliveries)
def test_nothing_of_another_place_or_type_is_touched(
    world: list[Existing], streamers: list[str], families: list[str], delivery: Delivery
) -> None:
    todo = plan(demanded(streamers, families), world, delivery, UNBOUND)

    assert all(one.place in delivery.ours and one.type != "x" for one in (*todo.delete, *todo.swap))


@given(worlds, streamer_lists, family_lists, st.integers(1, 30), st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_the_budget_is_never_passed_and_a_streamer_is_whole_or_without(
    world: list[Existing], streamers: list[str], families: list[str], most: int, ranks: list[int]
) -> None:
    by_rank = sorted(ranks[: len(streamers)], reverse=True)
    todo = plan(demanded(streamers, families, by_rank), world, WEBHOOK, Budget(cost_of(world), most))

    left = cost_of(world) - cost_of(todo.delete)
    assert not todo.create or left + len(todo.create) <= most
    for one in streamers:
        missing = [key for key in wanted_of(one, families) if key not in todo.adopted]
        made = [key for key in missing if key in todo.create]
        assert made == ([] if one in todo.without else missing)


@given(worlds, streamer_lists, family_lists, deliveries)
def test_of_equal_ones_an_enabled_one_stays(
    world: list[Existing], streamers: list[str], families: list[str], delivery: Delivery
) -> None:
    todo = plan(demanded(streamers, families), world, delivery, UNBOUND)

    for kept in (todo.adopted, todo.moving):
        for key, one in kept.items():
            alike = [each for each in world if each.wanted == key and each.place == one.place and each.active]
            assert one.enabled or not any(each.enabled for each in alike)
            assert one == next(each for each in alike if each.status == one.status)


@given(worlds, streamer_lists, family_lists, st.sampled_from([TO_CONDUIT, TO_WEBHOOK]), st.booleans())
def test_whoever_is_served_stays_served_through_a_move(
    world: list[Existing], streamers: list[str], families: list[str], delivery: Delivery, sound: bool
) -> None:
    def served(rows: list[Existing]) -> set[Wanted]:
        return {one.wanted for one in rows if one.wanted and one.place in delivery.ours and one.enabled}

    wanted = demanded(streamers, families)
    keys = {key for one in streamers for key in wanted_of(one, families)}
    after = carry_out(plan(wanted, world, delivery._replace(sound=sound), UNBOUND), world, delivery.to)

    assert served(world) & keys <= served(after)


def test_the_old_place_is_left_once_the_new_one_has_delivered_for_a_while() -> None:
    (key,) = wanted_of("1", ["online"])
    old, new = existing(1, key), existing(2, key, place=CONDUIT)
    wanted = demanded(["1"], ["online"])

    assert plan(wanted, [old, new], TO_CONDUIT, UNBOUND, young={"2"}).delete == ()
    assert plan(wanted, [old, new], TO_CONDUIT._replace(sound=False), UNBOUND).delete == ()
    assert plan(wanted, [old, new._replace(status=PENDING)], TO_CONDUIT, UNBOUND).delete == ()
    assert plan(wanted, [old, new], TO_CONDUIT, UNBOUND).delete == (old,)


def test_what_a_deleted_conduit_leaves_behind_is_cleared_away() -> None:
    (key,) = wanted_of("1", ["online"])
    left = existing(1, key, "conduit_deleted", conduit_place("gone"), cost=0)

    todo = plan(demanded(["1"], ["online"]), [left], TO_CONDUIT, UNBOUND)

    assert (todo.delete, todo.create) == ((left,), (key,))


def test_without_a_place_nothing_is_made_and_nothing_ended() -> None:
    (key,) = wanted_of("1", ["online"])
    nowhere = Delivery("", OURS, frozenset({OURS, CONDUIT}))

    todo = plan(demanded(["1", "2"], ["online"]), [existing(1, key, place=CONDUIT)], nowhere, UNBOUND)

    assert (todo.create, todo.delete, todo.without) == ((), (), ())


def test_what_is_about_our_application_comes_by_webhook_whatever_the_transport() -> None:
    ours = wanted_of_application("our-client", shards=True)

    todo = plan(Demanded({"": ours}, {}), [], Delivery("", OURS, frozenset({OURS})), Budget(10, 10))

    assert todo.create == ours


def test_a_full_budget_moves_a_few_at_a_time_old_ones_first() -> None:
    streamers = [str(number) for number in range(1, SWAPS + 3)]
    world = [existing(number, wanted_of(one, ["online"])[0]) for number, one in enumerate(streamers)]
    full = Budget(len(world), len(world))

    todo = plan(demanded(streamers, ["online"]), world, TO_CONDUIT, full)

    assert todo.swap == tuple(world[:SWAPS])
    assert [key.streamer_id for key in todo.create] == streamers[:SWAPS]
    assert (todo.delete, todo.without) == ((), ())
    assert len(todo.moving) == 2


def test_a_full_budget_waits_for_those_that_are_about_to_leave_their_old_place() -> None:
    one, two = (wanted_of(name, ["online"])[0] for name in "12")
    world = [existing(1, one), existing(2, two), existing(3, one, place=CONDUIT)]

    todo = plan(demanded(["1", "2"], ["online"]), world, TO_CONDUIT, Budget(3, 3), young={"3"})

    assert (todo.create, todo.delete, todo.swap, todo.without) == ((), (), (), ())
    assert todo.moving.keys() == {one, two}


def test_the_most_important_get_what_room_there_is() -> None:
    todo = plan(demanded(["7", "3", "5"], BOTH), [], WEBHOOK, Budget(0, 5))

    assert [key.streamer_id for key in todo.create] == ["7", "7", "3", "3"]
    assert todo.without == ("5",)


def test_whoever_is_wanted_least_makes_room_and_no_more_than_is_needed() -> None:
    world = [existing(number, key) for number, key in enumerate(wanted_of("2", BOTH) + wanted_of("3", BOTH))]

    todo = plan(demanded(["1", "2", "3"], BOTH, [3, 1, 0]), world, WEBHOOK, Budget(4, 4))

    assert todo.create == wanted_of("1", BOTH)
    assert todo.delete == tuple(world[2:])
    assert todo.without == ("3",)


def test_nobody_makes_room_for_one_who_is_wanted_as_much() -> None:
    world = [existing(number, key) for number, key in enumerate(wanted_of("2", BOTH))]

    todo = plan(demanded(["1", "2"], BOTH, [1, 1]), world, WEBHOOK, Budget(2, 2))

    assert (todo.create, todo.delete, todo.without) == ((), (), ("1",))


def test_nobody_makes_room_in_vain() -> None:
    world = [existing(1, wanted_of("2", ["online"])[0])]

    todo = plan(demanded(["1", "2"], BOTH, [3, 0]), world, WEBHOOK, Budget(10, 10))

    assert (todo.create, todo.delete, todo.without) == ((), (), ("1", "2"))


def test_whoever_costs_nothing_keeps_the_place_and_always_has_room() -> None:
    world = [existing(number, key, cost=0) for number, key in enumerate(wanted_of("3", BOTH))]

    todo = plan(demanded(["1", "2", "3"], BOTH, [3, 2, 1], free="2"), world, WEBHOOK, Budget(4, 4))

    assert todo.create == wanted_of("2", BOTH)
    assert (todo.delete, todo.without) == ((), ("1",))


def golden_cases() -> list[dict[str, Any]]:
    return list(json.loads(GOLDEN.read_text()))


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case["name"])
def test_plans_stay_as_they_are_written_down(case: dict[str, Any]) -> None:
    world = [
        Existing(
            row["id"], row["status"], row["type"], row["version"], tuple(map(tuple, row["condition"])), *row["at"]
        )
        for row in case["existing"]
    ]

    todo = plan(demanded(case["streamers"], case["families"]), world, WEBHOOK, Budget(*case["budget"]))

    assert {
        "create": [[key.streamer_id, key.type, key.version, key.condition[0][0]] for key in todo.create],
        "delete": [one.id for one in todo.delete],
        "adopted": sorted(one.id for one in todo.adopted.values()),
        "without": list(todo.without),
    } == case["plan"]
