"""Whoever is watched, favoured or was so lately shall live, the most wanted first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.demand import WATCH_S, Demand


def alive(demand: Demand, now_s: float) -> tuple[str, ...]:
    return tuple(demand.ranks(now_s))


def test_watched_come_before_favoured_before_lingering() -> None:
    demand = Demand(600)
    demand.inherit(["1", "4"], 0)
    demand.favour(["30", "4"], 0)
    demand.watch("c", "i", {"200": 1, "30": 1}, 0)

    assert alive(demand, 1) == ("30", "200", "4", "1")


def test_who_is_favoured_no_more_lingers() -> None:
    demand = Demand(600)
    demand.favour(["1"], 0)
    demand.favour([], 10)

    assert alive(demand, 609) == ("1",)
    assert alive(demand, 610) == ()


def test_a_silent_connection_is_gone_after_its_time_and_its_streamers_linger_from_then() -> None:
    demand = Demand(600)
    demand.watch("c", "i", {"1": 1}, 0)

    assert alive(demand, WATCH_S + 599) == ("1",)
    assert alive(demand, WATCH_S + 600) == ()


def test_a_connection_that_speaks_after_its_time_does_not_stretch_it() -> None:
    demand = Demand(30)
    demand.watch("c", "i", {"1": 1}, 0)
    demand.watch("c", "i", {}, WATCH_S + 30)

    assert alive(demand, WATCH_S + 30) == ()


def test_an_old_incarnation_takes_nothing_from_the_new() -> None:
    demand = Demand(0)
    demand.watch("c", "old", {"1": 1}, 0)
    demand.watch("c", "new", {"2": 1}, 50)
    demand.watch("c", "old", {}, 60)

    assert alive(demand, 61) == ("2",)


def test_who_was_asked_for_lives_until_it_can_be_watched() -> None:
    demand = Demand(0)
    demand.touch("1", 0)

    assert alive(demand, WATCH_S - 1) == ("1",)
    assert alive(demand, WATCH_S) == ()


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
            demand.watch(who, "i", dict.fromkeys(wanted, 1), now)
        for streamer in ("1", "2", "3"):
            began, ends = open_spans.pop((who, streamer), (now, 0.0))
            if ends:
                spans.append((streamer, began, min(ends, now)))
            if streamer in wanted:
                open_spans[(who, streamer)] = (now, float("inf") if who == "favour" else now + WATCH_S)
        alive(demand, now)
    spans += [(streamer, began, ends) for (_, streamer), (began, ends) in open_spans.items()]
    for later in (now, now + 45, now + 100, now + 1_000):
        expected = {streamer for streamer, _, until in spans if later < until + linger}
        assert set(demand.ranks(later)) == expected


def test_who_is_watched_by_more_is_wanted_more_in_steps_of_doubling() -> None:
    demand = Demand(600)
    demand.favour(["9"], 0)
    demand.inherit(["8"], 0)
    demand.watch("c", "i", {"1": 1, "2": 2, "3": 3}, 0)
    demand.watch("d", "i", {"1": 7}, 0)

    assert demand.ranks(1) == {"1": 5, "2": 3, "3": 3, "9": 1, "8": 0}
    assert tuple(demand.ranks(1)) == ("1", "2", "3", "9", "8")


def test_a_connection_that_counts_nobody_still_watches() -> None:
    demand = Demand(600)
    demand.watch("c", "i", {"1": 0}, 0)

    assert demand.ranks(1) == {"1": 2}
