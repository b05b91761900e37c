"""Advice is given where a rate is well beyond what is set, and nowhere else."""

from __future__ import annotations

import pytest

from gstreamer.core.partitioning import Interval
from gstreamer.core.store_advice import Busiest, advice, interval_for


@pytest.mark.parametrize(
    ("events", "interval"),
    [(0, "month"), (999_999, "month"), (1_000_000, "week"), (9_999_999, "week"), (10_000_000, "day")],
)
def test_an_interval_fits_a_rate(events: int, interval: str) -> None:
    assert interval_for(events) == interval


@pytest.mark.parametrize(
    ("events", "interval", "shards", "told"),
    [
        (5_000, "month", 1, []),
        (1_500_000, "month", 1, []),
        (3_000_000, "month", 1, ["3000000 events a day ask for STORE__INTERVAL=week instead of month"]),
        (3_000_000, "day", 1, []),
        (15_000_000, "day", 1, []),
        (45_000_000, "day", 2, ["45000000 events a day ask for 5 shards instead of 2"]),
    ],
)
def test_a_rate_far_beyond_what_is_set_asks_for_more(
    events: int, interval: Interval, shards: int, told: list[str]
) -> None:
    assert advice(events, interval, shards, None) == told


def test_a_streamer_with_most_of_a_large_store_is_named() -> None:
    words = ["streamer 7 has 60% of them; one streamer is never split"]

    assert advice(12_000_000, "day", 1, Busiest("7", 0.6)) == words
    assert advice(12_000_000, "day", 1, Busiest("7", 0.4)) == []
    assert advice(12_000, "day", 1, Busiest("7", 0.6)) == []
