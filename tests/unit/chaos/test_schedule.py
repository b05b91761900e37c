"""A seed gives a schedule in which each kind has its turn."""

from __future__ import annotations

from collections import Counter

import pytest

from gstreamer.chaos.run import kinds_of
from gstreamer.chaos.schedule import JITTER_S, KINDS, SETTLE_S, schedule


def test_a_seed_is_a_schedule() -> None:
    assert schedule(7, 40) == schedule(7, 40)
    assert schedule(7, 40) != schedule(8, 40)


@pytest.mark.parametrize("count", [0, 1, len(KINDS), 2 * len(KINDS) + 1])
def test_each_round_has_every_kind_once(count: int) -> None:
    faults = schedule(1, count)

    times = Counter(fault.kind for fault in faults)
    assert len(faults) == count
    assert max(times.values(), default=0) - min(times[kind] for kind in KINDS) <= 1
    assert all(SETTLE_S <= fault.after_s <= SETTLE_S + JITTER_S for fault in faults)


def test_nothing_is_broken_where_nothing_is_wanted() -> None:
    assert schedule(1, 5, ()) == []
    assert kinds_of(("kafka", "connection")) == ("connection", "kafka")
    assert kinds_of(()) == tuple(KINDS)
