"""Carrying a plan out leads to what is wanted, once each, within the budget, and touches nobody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.subscriptions import (
    ENABLED,
    FAMILIES,
    PENDING,
    WATCH_S,
    Budget,
    Demand,
    Existing,
    Kind,
    Plan,
    Wanted,
    condition_of,
    plan,
    wanted_of,
)

OURS, OTHER = "https://a.example/eventsub", "https://b.example/eventsub"
DEAD = "notification_failures_exceeded"
GOLDEN = Path(__file__).parents[2] / "contract" / "subscription_plans.json"
UNBOUND = Budget(0, 0)


def existing(number: int, key: Wanted, status: str = ENABLED, callback: str = OURS, cost: int = 1) -> Existing:
    kind = key.kind
    return Existing(str(number), status, kind.type, kind.version, ((kind.field, key.streamer_id),), callback, cost)


def carry_out(todo: Plan, before: list[Existing]) -> list[Existing]:
    gone = {one.id for one in todo.delete}
    made = [existing(10_000 + number, key, PENDING) for number, key in enumerate(todo.create)]
    return [one for one in before if one.id not in gone] + made


keys = st.builds(
    Wanted,
    st.sampled_from(["1", "2", "3", "4"]),
    st.sampled_from(
        [*FAMILIES.values(), Kind("stream.online", "2", "broadcaster_user_id"), Kind("x", "1", "user_id")]
    ),
)
worlds = st.lists(
    st.tuples(keys, st.sampled_from([ENABLED, PENDING, DEAD]), st.sampled_from([OURS, OTHER])), max_size=30
).map(lambda rows: [existing(number, *row) for number, row in enumerate(rows)])
streamer_lists = st.lists(st.sampled_from(["1", "2", "3", "4", "5"]), unique=True)
family_lists = st.lists(st.sampled_from(sorted(FAMILIES)), unique=True)


@given(worlds, streamer_lists, family_lists)
def test_a_plan_carried_out_is_what_is_wanted_and_the_next_plan_is_empty(
    world: list[Existing], streamers: list[str], families: list[str]
) -> None:
    after = carry_out(plan(streamers, families, world, OURS, UNBOUND), world)

    active = [one.wanted for one in after if one.callback == OURS and one.active and one.wanted]
    assert sorted(active) == sorted(key for one in streamers for key in wanted_of(one, families))
    again = plan(streamers, families, after, OURS, UNBOUND)
    assert (again.create, again.delete, again.without) == ((), (), ())


@given(worlds, streamer_lists, family_lists)
def test_nothing_of_another_callback_or_kind_is_touched(
    world: list[Existing], streamers: list[str], families: list[str]
) -> None:
    todo = plan(streamers, families, world, OURS, UNBOUND)

    assert all(one.callback == OURS and one.type != "x" for one in todo.delete)


@given(worlds, streamer_lists, family_lists, st.integers(1, 30))
def test_the_budget_is_never_passed_and_a_streamer_is_whole_or_without(
    world: list[Existing], streamers: list[str], families: list[str], most: int
) -> None:
    budget = Budget(sum(one.cost for one in world), most)

    todo = plan(streamers, families, world, OURS, budget)

    left = budget.total_cost - sum(one.cost for one in todo.delete)
    assert not todo.create or left + len(todo.create) <= most
    for one in streamers:
        missing = [key for key in wanted_of(one, families) if key not in todo.adopted]
        made = [key for key in missing if key in todo.create]
        assert made == ([] if one in todo.without else missing)


@given(worlds, streamer_lists, family_lists)
def test_of_equal_ones_an_enabled_one_stays(world: list[Existing], streamers: list[str], families: list[str]) -> None:
    todo = plan(streamers, families, world, OURS, UNBOUND)

    for key, kept in todo.adopted.items():
        alike = [one for one in world if one.wanted == key and one.callback == OURS and one.active]
        assert kept.status == ENABLED or all(one.status != ENABLED for one in alike)
        assert kept == next(one for one in alike if one.status == kept.status)


def test_the_most_important_get_what_room_there_is() -> None:
    todo = plan(["7", "3", "5"], ["online", "offline"], [], OURS, Budget(0, 5))

    assert [key.streamer_id for key in todo.create] == ["7", "7", "3", "3"]
    assert todo.without == ("5",)


def test_a_condition_of_two_fields_is_none_of_ours() -> None:
    odd = Existing("1", ENABLED, "stream.online", "1", (("broadcaster_user_id", "1"), ("user_id", "2")), OURS, 1)

    assert odd.wanted is None


def test_the_condition_names_the_raided_one() -> None:
    (raid,) = wanted_of("12", ["raid"])

    assert condition_of(raid) == {"to_broadcaster_user_id": "12"}


@pytest.mark.parametrize(("cost", "room"), [(1, True), (2, False)])
def test_room_is_counted_to_the_point(cost: int, room: bool) -> None:
    assert Budget(9, 10).has_room(cost) is room


def test_a_budget_never_falls_below_nothing() -> None:
    assert Budget(1, 10).spend(-5) == Budget(0, 10)


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

    todo = plan(case["streamers"], case["families"], world, OURS, Budget(*case["budget"]))

    assert {
        "create": [[key.streamer_id, *key.kind] for key in todo.create],
        "delete": [one.id for one in todo.delete],
        "adopted": sorted(one.id for one in todo.adopted.values()),
        "without": list(todo.without),
    } == case["plan"]


def test_watched_come_before_favoured_before_lingering() -> None:
    demand = Demand(600)
    demand.inherit(["1", "4"], 0)
    demand.favour(["30", "4"], 0)
    demand.watch("c", "i", ["200", "30"], 0)

    assert demand.ranked(1) == ("30", "200", "4", "1")


def test_who_is_favoured_no_more_lingers() -> None:
    demand = Demand(600)
    demand.favour(["1"], 0)
    demand.favour([], 10)

    assert demand.ranked(609) == ("1",)
    assert demand.ranked(610) == ()


def test_a_silent_connection_is_gone_after_its_time_and_its_streamers_linger_from_then() -> None:
    demand = Demand(600)
    demand.watch("c", "i", ["1"], 0)

    assert demand.ranked(WATCH_S + 599) == ("1",)
    assert demand.ranked(WATCH_S + 600) == ()


def test_a_connection_that_speaks_after_its_time_does_not_stretch_it() -> None:
    demand = Demand(30)
    demand.watch("c", "i", ["1"], 0)
    demand.watch("c", "i", [], WATCH_S + 30)

    assert demand.ranked(WATCH_S + 30) == ()


def test_an_old_incarnation_takes_nothing_from_the_new() -> None:
    demand = Demand(0)
    demand.watch("c", "old", ["1"], 0)
    demand.watch("c", "new", ["2"], 50)
    demand.watch("c", "old", [], 60)

    assert demand.ranked(61) == ("2",)


def test_who_was_asked_for_lives_until_it_can_be_watched() -> None:
    demand = Demand(0)
    demand.touch("1", 0)

    assert demand.ranked(WATCH_S - 1) == ("1",)
    assert demand.ranked(WATCH_S) == ()


ids = st.frozensets(st.sampled_from(["1", "2", "3"]), max_size=3)
steps = st.lists(
    st.tuples(st.floats(0, 120), st.one_of(st.tuples(st.just("favour"), ids), st.tuples(st.sampled_from("ab"), ids))),
    max_size=25,
)


@given(steps, st.sampled_from([0.0, 30.0, 600.0]))
def test_demand_is_as_a_plain_history_says(
    history: list[tuple[float, tuple[str, frozenset[str]]]], linger: float
) -> None:
    demand, now = Demand(linger), 0.0
    spans: list[tuple[str, float, float]] = []  # streamer, from, until: wanted in this span
    open_spans: dict[tuple[str, str], tuple[float, float]] = {}
    for pause, (who, wanted) in history:
        now += pause
        if who == "favour":
            demand.favour(wanted, now)
        else:
            demand.watch(who, "i", wanted, now)
        for streamer in ("1", "2", "3"):
            began, ends = open_spans.pop((who, streamer), (now, 0.0))
            if ends:
                spans.append((streamer, began, min(ends, now)))
            if streamer in wanted:
                open_spans[(who, streamer)] = (now, float("inf") if who == "favour" else now + WATCH_S)
        demand.ranked(now)
    spans += [(streamer, began, ends) for (_, streamer), (began, ends) in open_spans.items()]
    for later in (now, now + 45, now + 100, now + 1_000):
        alive = {streamer for streamer, _, until in spans if later < until + linger}
        assert set(demand.ranked(later)) == alive
