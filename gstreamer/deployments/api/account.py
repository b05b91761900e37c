"""The person who is signed in, and what the page keeps for them."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Response

from gstreamer import log
from gstreamer.core.problems import ProblemError
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed, Viewer, clear_cookie
from gstreamer.grants.endings import ENDED

MAX_PREFERENCES_BYTES = 16_384

routes = APIRouter(prefix="/api/me", tags=["account"])
_log = log.get("api")


@routes.get("")
async def me(parts: Needed, viewer: Viewer) -> shapes.Me:
    """Who is signed in."""
    return shapes.Me(
        **viewer.person._asdict(),
        scopes=sorted(viewer.scopes),
        grant="ok",
        operator=viewer.person.id in parts.config.operators,
    )


@routes.delete("", status_code=204)
async def delete_me(parts: Needed, viewer: Viewer) -> Response:
    """Delete everything of yours here, and take the grant back at Twitch; your sockets close."""
    user_id = viewer.person.id
    # The grant first: without its token it could not be taken back any more.
    await parts.keeper.revoke(user_id)
    await parts.endings.end_all(user_id, ENDED)
    await parts.accounts.remove(user_id)
    await parts.follow_favourites()
    _log.info("account deleted", user_id=user_id)
    response = Response(status_code=204)
    clear_cookie(response, parts.config.session)
    return response


@routes.get("/preferences")
async def preferences(parts: Needed, viewer: Viewer) -> shapes.Preferences:
    """What the page keeps for you."""
    return await parts.accounts.preferences(viewer.person.id)


@routes.put("/preferences")
async def put_preferences(
    parts: Needed, viewer: Viewer, value: Annotated[dict[str, Any], Body()]
) -> shapes.Preferences:
    """Keep this for you, in place of what was kept."""
    encoded = orjson.dumps(value)
    if len(encoded) > MAX_PREFERENCES_BYTES:
        raise ProblemError(413, f"preferences are larger than {MAX_PREFERENCES_BYTES} bytes; keep less")
    if b"\\u0000" in encoded:
        raise ProblemError(422, "preferences hold a NUL character, which cannot be stored; leave it out")
    await parts.accounts.set_preferences(viewer.person.id, value, parts.now())
    return value
