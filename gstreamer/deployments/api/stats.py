"""What a streamer's days were like, for charts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query

from gstreamer.core.ids import is_streamer_id
from gstreamer.core.problems import ProblemError
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed, Viewer

USUAL_DAYS, MOST_DAYS = 30, 366

routes = APIRouter(prefix="/api/streamers", tags=["streamers"])

Date = Annotated[dt.date | None, Query(description="A UTC day, as 2026-11-25; it is in the range.")]


@routes.get("/{streamer_id}/stats")
async def stats(
    parts: Needed,
    viewer: Viewer,
    streamer_id: str,
    begin: Annotated[Date, Query(alias="from")] = None,
    end: Annotated[Date, Query(alias="to")] = None,
) -> shapes.Stats:
    """Events by type, the most viewers and seconds live of each UTC day, oldest first; by default of 30 days."""
    if not is_streamer_id(streamer_id):
        raise ProblemError(404, "a streamer's id is a number; look for the streamer by name")
    now = dt.datetime.fromtimestamp(parts.now_ms() / 1_000, dt.UTC)
    last = end or now.date()
    first = begin or last - dt.timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise ProblemError(422, "from lies behind to: a range begins before it ends")
    if (last - first).days >= MOST_DAYS:
        raise ProblemError(422, f"at most {MOST_DAYS} days at a time; ask for less and put them together")
    found = await parts.rollup.days(streamer_id, first, last, now)
    return shapes.Stats(
        days=[
            shapes.Day(date=one.day.isoformat(), events=one.events, peak_viewers=one.peak_viewers, live_s=one.live_s)
            for one in found
        ]
    )
