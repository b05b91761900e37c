"""How a shard stands, in numbers: partitions ahead, rows that no partition took, and what yesterday was like."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from gstreamer.core.partitioning import Interval, reaches_ahead
from gstreamer.core.store_advice import Busiest
from gstreamer.store import partitions
from gstreamer.store.shard import Shard

SURVEY_S = 10.0

_LATE = "select count(*) from event_late"
_EVENTS = "select coalesce(sum(n), 0)::bigint from daily_events where day = %s"
_BUSIEST = """
select streamer_id, sum(n)::bigint from daily_events where day = %s group by streamer_id
order by 2 desc, 1 limit 1
"""


class Survey(NamedTuple):
    """
    What was found.

    Attributes:
        ahead: Whole intervals after the present one that have their partition.
        late: Rows that lie beside the partitions.
        events: Events of yesterday (UTC).
        busiest: Who had the most of them; None on a day without events.
    """

    ahead: int
    late: int
    events: int
    busiest: Busiest | None


async def survey(shard: Shard, interval: Interval, now: dt.datetime) -> Survey:
    """
    Look at a shard.

    Raises:
        UnavailableError: Postgres does not answer, or its schema is not there yet.
    """
    yesterday = now.astimezone(dt.UTC).date() - dt.timedelta(days=1)
    async with shard.transaction(SURVEY_S) as connection:
        there = await partitions.existing(connection)
        late = await (await connection.execute(_LATE)).fetchone()
        events = await (await connection.execute(_EVENTS, (yesterday,))).fetchone()
        busiest = await (await connection.execute(_BUSIEST, (yesterday,))).fetchone()
    count = 0 if events is None else events[0]
    return Survey(
        reaches_ahead(now, interval, there),
        0 if late is None else late[0],
        count,
        None if busiest is None or not count else Busiest(busiest[0], busiest[1] / count),
    )
