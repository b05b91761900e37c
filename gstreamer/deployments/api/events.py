"""A streamer's past events, page by page, as each was told to those who were there."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from gstreamer.core.errors import BadPositionError
from gstreamer.core.filters import role_of
from gstreamer.core.ids import is_streamer_id, parse_position
from gstreamer.core.problems import ProblemError
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed, Viewer
from gstreamer.store.history import Asked

LIMIT, MOST = 50, 200
MAX_TYPES = 50
MAX_TYPE_CHARS = 100
FAMILY = ".*"

routes = APIRouter(prefix="/api/streamers", tags=["streamers"])

Place = Annotated[str | None, Query(max_length=64, description="A position; that event itself is not in the page.")]


@routes.get("/{streamer_id}/events", response_model=shapes.Events)
async def events(
    parts: Needed,
    viewer: Viewer,
    streamer_id: str,
    before: Place = None,
    after: Place = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = LIMIT,
    type: Annotated[  # noqa: A002 - the contract's name
        list[Annotated[str, Query(max_length=MAX_TYPE_CHARS)]] | None,
        Query(max_length=MAX_TYPES, description="Types by name, or `channel.*`; it may be repeated."),
    ] = None,
) -> Response:
    """Newest first with `before` or neither, oldest first with `after`; `next` goes on from there (null: the end)."""
    if before is not None and after is not None:
        raise ProblemError(422, "give either before or after: a page goes one way")
    if not is_streamer_id(streamer_id):
        raise ProblemError(404, "a streamer's id is a number; look for the streamer by name")
    exact = [one for one in type or () if not one.endswith(FAMILY)]
    begins = [one.removesuffix("*") for one in type or () if one.endswith(FAMILY)]
    asked = Asked(streamer_id, limit, role_of(viewer.person.id, streamer_id), exact, begins)
    try:
        if after is not None:
            found = await parts.history.after(asked, parse_position(after))
        elif before is not None:
            found = await parts.history.before(asked, parse_position(before))
        else:
            found = await parts.history.newest(asked)
    except BadPositionError as error:
        raise ProblemError(422, f"{error}; begin without one") from None
    on = orjson.dumps(str(found[-1].position) if len(found) == limit else None)
    page = ",".join(one.event for one in found).encode()
    return Response(b'{"events":[' + page + b'],"next":' + on + b"}", media_type="application/json")
