"""What Twitch lists and what we did since add up, though its lists and totals lag behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.holdings import LAG_S, Holdings
from gstreamer.core.statuses import ENABLED, PENDING
from gstreamer.core.subscriptions import Budget, Existing


def one(name: str, status: str = ENABLED, cost: int = 1) -> Existing:
    return Existing(name, status, "stream.online", "1", (("broadcaster_user_id", name),), "https://a.example", cost)


def test_a_list_is_believed() -> None:
    holdings = Holdings()
    holdings.listed([one("1"), one("2")], Budget(2, 10), 0)

    holdings.listed([one("2")], Budget(1, 10), 100)

    assert list(holdings.existing) == ["2"]
    assert (holdings.budget, len(holdings), holdings.hidden_cost) == (Budget(1, 10), 1, 0)


def test_what_was_made_just_now_counts_although_a_list_lacks_it() -> None:
    holdings = Holdings()
    holdings.listed([], Budget(0, 0), 0)
    holdings.made(one("1"), 10, 5)

    holdings.listed([], Budget(0, 10), 6)
    assert (list(holdings.existing), holdings.budget) == (["1"], Budget(1, 10))
    holdings.listed([one("1")], Budget(1, 10), 7)
    assert holdings.budget == Budget(1, 10)
    holdings.listed([], Budget(0, 10), 5 + LAG_S)

    assert (list(holdings.existing), holdings.budget) == ([], Budget(0, 10))


def test_what_was_ended_just_now_is_gone_although_a_list_has_it() -> None:
    holdings = Holdings()
    holdings.listed([one("1")], Budget(1, 10), 0)
    holdings.ended("1", 5)
    assert holdings.budget == Budget(0, 10)

    holdings.listed([one("1")], Budget(1, 10), 6)
    assert (list(holdings.existing), holdings.budget) == ([], Budget(0, 10))
    holdings.listed([one("1")], Budget(1, 10), 5 + LAG_S)

    assert (list(holdings.existing), holdings.budget) == (["1"], Budget(1, 10))


def test_ending_one_that_is_unknown_or_was_just_made_leaves_nothing_of_it() -> None:
    holdings = Holdings()
    holdings.made(one("1"), 10, 0)
    holdings.ended("1", 1)
    holdings.ended("2", 1)

    holdings.listed([], Budget(0, 10), 2)

    assert (list(holdings.existing), holdings.budget) == ([], Budget(0, 10))


def test_one_that_was_found_by_its_id_is_in_the_totals_already() -> None:
    holdings = Holdings()
    holdings.listed([], Budget(1, 10), 0)

    holdings.adopted(one("1"), 1)

    assert (list(holdings.existing), holdings.budget, holdings.hidden_cost) == (["1"], Budget(1, 10), 1)


def test_one_that_died_costs_nothing_and_dies_once() -> None:
    holdings = Holdings()
    holdings.listed([one("1")], Budget(1, 10), 0)

    assert holdings.died("1", "user_removed") == one("1")
    assert holdings.died("1", "user_removed") is None
    assert holdings.died("2", "user_removed") is None
    assert holdings.budget == Budget(0, 10)
    assert holdings.existing["1"].status == "user_removed"
    assert holdings.young(1, 0) == set()


def test_it_is_young_from_when_it_was_first_seen_to_deliver() -> None:
    holdings = Holdings()
    holdings.made(one("1"), 10, 0)
    holdings.made(one("2", PENDING), 10, 0)
    holdings.adopted(one("1"), 20)
    holdings.listed([one("1"), one("2")], Budget(2, 10), 20)

    assert holdings.young(30, 29) == {"1", "2"}
    assert holdings.young(30, 30) == {"2"}
    assert holdings.young(30, 50) == set()


@given(st.lists(st.tuples(st.sampled_from(["make", "end", "list"]), st.sampled_from("123")), max_size=30))
def test_with_a_list_that_does_not_lag_the_ledger_is_exact(steps: list[tuple[str, str]]) -> None:
    holdings, theirs = Holdings(), dict[str, Existing]()
    for number, (step, name) in enumerate(steps):
        if step == "make" and name not in theirs:
            theirs[name] = one(name)
            holdings.made(theirs[name], 0, number * LAG_S)
        elif step == "end":
            theirs.pop(name, None)
            holdings.ended(name, number * LAG_S)
        elif step == "list":
            holdings.listed(theirs.values(), Budget(len(theirs), 0), number * LAG_S)

        assert holdings.existing == theirs
        assert holdings.budget.total_cost == len(theirs)
