"""Which partition of the event store a time belongs to, and which partitions are missing: pure, in UTC.

Rule: partitions never overlap and follow each other without a hole, whatever interval was set when each was made;
a change of the interval takes effect where the last partition that is there ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Literal, NamedTuple

Interval = Literal["day", "week", "month"]
"""How much time a partition holds: a month below a million events a day, a week to ten, a day above (STORE.md 2)."""


class Partition(NamedTuple):
    """
    A partition of the event store: every time from ``begin`` on and before ``end``.

    Attributes:
        begin: Midnight in UTC.
        end: Midnight in UTC, later than ``begin``.
    """

    begin: dt.datetime
    end: dt.datetime

    @property
    def name(self) -> str:
        """The name of its table, which tells what it holds."""
        return f"events_{self.begin:%Y%m%d}_{self.end:%Y%m%d}"


def partition_of(interval: Interval, at: dt.datetime) -> Partition:
    """The partition that holds this time, where no other is in the way; weeks begin on Monday."""
    day = at.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if interval == "month":
        begin = day.replace(day=1)
        return Partition(begin, (begin + dt.timedelta(days=31)).replace(day=1))
    if interval == "week":
        begin = day - dt.timedelta(days=day.weekday())
        return Partition(begin, begin + dt.timedelta(weeks=1))
    return Partition(day, day + dt.timedelta(days=1))


def missing(
    interval: Interval, begin: dt.datetime, ahead: int, now: dt.datetime, there: Collection[Partition]
) -> tuple[Partition, ...]:
    """
    What has to be made so that every time from ``begin`` up to ``ahead`` intervals past now's has its partition.

    Args:
        interval: How much time each holds; less where one that is there is in the way.
        begin: The oldest time that may still be written; no later than ``now``.
        ahead: How many intervals after the present one.
        now: The time.
        there: The partitions that exist.
    """
    last = partition_of(interval, now)
    for _ in range(ahead):
        last = partition_of(interval, last.end)
    found: list[Partition] = []
    at = partition_of(interval, begin).begin
    while at < last.end:
        holder = next((one for one in there if one.begin <= at < one.end), None)
        if holder is not None:
            at = holder.end
            continue
        end = min([partition_of(interval, at).end, *(one.begin for one in there if one.begin > at)])
        found.append(Partition(at, end))
        at = end
    return tuple(found)


def reaches_ahead(now: dt.datetime, interval: Interval, there: Collection[Partition]) -> int:
    """How many whole intervals after the present one are covered without a hole."""
    covered = now
    for one in sorted(there):
        if one.begin <= covered < one.end:
            covered = one.end
    count = 0
    edge = partition_of(interval, partition_of(interval, now).end)
    while edge.end <= covered:
        count += 1
        edge = partition_of(interval, edge.end)
    return count
