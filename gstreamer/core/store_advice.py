"""What a store's rate asks for: how much time a partition should hold, and over how many shards it should be spread.

The numbers are those of docs/store.md: a partition should fit into memory, and a shard be vacuumed and backed up in a
night; neither is a limit of insertion, which is far above.
"""

from __future__ import annotations

from typing import NamedTuple

from gstreamer.core.partitioning import Interval

MONTH_BELOW, WEEK_BELOW = 1_000_000, 10_000_000
"""Events a day."""
SHARD_EVENTS = 10_000_000
"""Events a day that one shard should take: 15 GB."""
SLACK = 2.0
"""A rate that is this far beyond what is set asks for a change; a busy weekend does not."""
HOT_SHARE = 0.5

_FROM: dict[Interval, int] = {"month": 0, "week": MONTH_BELOW, "day": WEEK_BELOW}


class Busiest(NamedTuple):
    """The streamer with the most events of a day, and their share of all."""

    streamer_id: str
    share: float


def interval_for(events_a_day: int) -> Interval:
    """How much time a partition should hold at that rate."""
    if events_a_day < MONTH_BELOW:
        return "month"
    return "week" if events_a_day < WEEK_BELOW else "day"


def advice(events_a_day: int, interval: Interval, shards: int, busiest: Busiest | None) -> list[str]:
    """
    What to change, in words; nothing if all fits.

    Args:
        events_a_day: Of all shards together, yesterday.
        interval: What is set.
        shards: How many there are.
        busiest: Who had the most of them.
    """
    told: list[str] = []
    wanted = interval_for(events_a_day)
    if _FROM[wanted] > _FROM[interval] and events_a_day > SLACK * _FROM[wanted]:
        told.append(f"{events_a_day} events a day ask for STORE__INTERVAL={wanted} instead of {interval}")
    needed = -(-events_a_day // SHARD_EVENTS)
    if needed > shards and events_a_day > SLACK * SHARD_EVENTS * shards:
        told.append(f"{events_a_day} events a day ask for {needed} shards instead of {shards}")
    if busiest is not None and busiest.share > HOT_SHARE and events_a_day > SHARD_EVENTS:
        told.append(f"streamer {busiest.streamer_id} has {busiest.share:.0%} of them; one streamer is never split")
    return told
