"""Streamers: found by name, looked up by login or id."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from gstreamer.core.problems import ProblemError
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed, Parts, Viewer
from gstreamer.store.accounts import Person, SignedIn

MAX_QUERY_CHARS = 100

routes = APIRouter(prefix="/api/streamers", tags=["streamers"])


@routes.get("")
async def streamers(
    parts: Needed,
    viewer: Viewer,
    query: Annotated[str | None, Query(max_length=MAX_QUERY_CHARS, description="How the name begins.")] = None,
    login: Annotated[str | None, Query(max_length=MAX_QUERY_CHARS, description="Exactly this login.")] = None,
) -> shapes.Streamers:
    """Channels whose name begins like `query`, or the one of `login` (an empty list if there is none)."""
    if login is not None and query is None:
        person = await parts.lookup.by_login(login)
        return shapes.Streamers(streamers=[] if person is None else [await shown(parts, person, viewer)])
    if query is None or login is not None or not query.strip():
        raise ProblemError(422, "give either query, the beginning of a name, or login, a whole login")
    found = await parts.lookup.search(query.strip())
    chats = await parts.chats.of([person.id for person, _ in found], viewer.scopes)
    return shapes.Streamers(
        streamers=[shapes.Streamer(**shapes.streamer(person, seen, chats[person.id])) for person, seen in found]
    )


@routes.get("/{streamer_id}")
async def streamer(parts: Needed, viewer: Viewer, streamer_id: str) -> shapes.Streamer:
    """One streamer, as of `position`."""
    return await shown(parts, await known(parts, streamer_id), viewer)


async def known(parts: Parts, streamer_id: str) -> Person:
    """
    The profile of a streamer.

    Raises:
        ProblemError: 404, Twitch knows no such user.
        UnavailableError: Twitch does not answer.
    """
    person = (await parts.lookup.people((streamer_id,))).get(streamer_id)
    if person is None:
        raise ProblemError(404, "twitch knows no user of this id; look for the streamer by name")
    return person


async def shown(parts: Parts, person: Person, viewer: SignedIn) -> shapes.Streamer:
    """A streamer with its live state, as this viewer is shown it."""
    chats = await parts.chats.of([person.id], viewer.scopes)
    return shapes.Streamer(**shapes.streamer(person, await parts.lookup.one(person), chats[person.id]))
