"""A busy process asks for points seldom, an idle one holds none back, and all that it got is accounted for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.access import Lease, Spent
from gstreamer.core.leased import MOST, Leased
from gstreamer.core.limiter import UNKNOWN, Allowance

FULL = Allowance(800, 799, 1_000.0)


def test_without_points_nothing_goes() -> None:
    assert not Leased().take(0.0)


def test_points_go_one_by_one_until_their_end() -> None:
    leased = Leased()
    leased.granted(Lease(2, 2.0, 0.0), 10.0)

    assert leased.take(10.0)
    assert not leased.take(12.0)
    assert leased.take(11.9)
    assert not leased.take(11.9)


def test_a_report_tells_what_was_used_and_what_comes_back() -> None:
    leased = Leased()
    leased.granted(Lease(5, 2.0, 0.0), 0.0)
    leased.take(0.0)
    leased.take(0.0)
    leased.told(FULL)
    leased.told(UNKNOWN, refused=True)

    assert leased.report() == Spent(2, 3, FULL, True)
    assert leased.report() == Spent(0, 0, UNKNOWN, False)


def test_a_call_that_went_without_a_point_is_not_reported_as_one() -> None:
    leased = Leased()

    leased.told(FULL)

    assert leased.report() == Spent(0, 0, FULL, False)


def test_whoever_uses_up_what_it_got_asks_for_more_and_the_idle_for_less() -> None:
    leased, wanted = Leased(), []

    for used in (1, 2, 4, 8, 16, 32, 32, 1, 1):
        leased.report()
        asked = leased.wanted(1)
        wanted.append(asked)
        leased.granted(Lease(asked, 2.0, 0.0), 0.0)
        for _ in range(used):
            leased.take(0.0)

    assert wanted == [1, 2, 4, 8, 16, 32, 32, 32, 16]
    assert leased.wanted(20) == 20
    assert leased.wanted(1_000) == MOST


@given(st.lists(st.sampled_from(("take", "told", "renew")), max_size=200))
def test_every_point_is_reported_once(steps: list[str]) -> None:
    leased, given_out, accounted, under_way = Leased(), 0, 0, 0

    for step in [*steps, "renew"]:
        if step == "take":
            under_way += leased.take(0.0)
        elif step == "told" and under_way:
            leased.told(FULL)
            under_way -= 1
        elif step == "renew":
            spent = leased.report()
            accounted += spent.points + spent.unused
            assert accounted + under_way == given_out
            leased.granted(Lease(7, 1.0, 0.0), 0.0)
            given_out += 7
