"""A person's favourite streamers; the subscriptions actor is told of each change."""

from __future__ import annotations

from fastapi import APIRouter

from gstreamer.core.errors import GrantEndedError, MissingScopeError
from gstreamer.core.problems import MISSING_SCOPE, ProblemError
from gstreamer.core.signin import SCOPES, has_group
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed, Parts, Viewer, grant_ended
from gstreamer.deployments.api.streamers import known
from gstreamer.store.accounts import SignedIn
from gstreamer.store.favourites import TooManyFavouritesError, UnknownFavouriteError

MAX_FOLLOWED = 2_000

routes = APIRouter(prefix="/api/favourites", tags=["favourites"])


@routes.get("")
async def favourites(parts: Needed, viewer: Viewer) -> shapes.Favourites:
    """Your favourites in your order, each as of its `position`."""
    return shapes.Favourites(favourites=await _shown(parts, viewer))


@routes.put("", status_code=204)
async def order(parts: Needed, viewer: Viewer, wanted: shapes.Order) -> None:
    """Put your favourites in this order; those that are not named follow."""
    if len(set(wanted.order)) < len(wanted.order):
        raise ProblemError(422, "order names a streamer twice; name each once")
    try:
        await parts.favourites.order(viewer.person.id, wanted.order)
    except UnknownFavouriteError as error:
        raise ProblemError(409, f"{error}; ask for the favourites again and order those") from None


@routes.put("/{streamer_id}", status_code=204)
async def add(parts: Needed, viewer: Viewer, streamer_id: str) -> None:
    """Make a streamer a favourite; one that is stays where it is."""
    person = await known(parts, streamer_id)
    try:
        added = await parts.favourites.add(viewer.person.id, (person,), parts.now())
    except TooManyFavouritesError as error:
        raise ProblemError(409, str(error)) from None
    if added:
        await parts.follow_favourites()


@routes.delete("/{streamer_id}", status_code=204)
async def remove(parts: Needed, viewer: Viewer, streamer_id: str) -> None:
    """Make a streamer a favourite no more."""
    if await parts.favourites.remove(viewer.person.id, streamer_id):
        await parts.follow_favourites()


@routes.post("/import")
async def import_followed(parts: Needed, viewer: Viewer) -> shapes.Imported:
    """Add the channels that you follow at Twitch, the newest first, as far as there is room."""
    user_id = viewer.person.id
    if not has_group("follows", viewer.scopes):
        raise _missing_scope()
    try:
        followed = await parts.keeper.use(
            user_id, lambda token: parts.helix.followed_channels(user_id, token, MAX_FOLLOWED)
        )
    except MissingScopeError:
        raise _missing_scope() from None
    except GrantEndedError:
        raise grant_ended() from None
    had = {one.streamer.id for one in await parts.favourites.of(user_id)}
    new = [channel.broadcaster_id for channel in followed if channel.broadcaster_id not in had]
    room = max(parts.favourites.limit - len(had), 0)
    people = await parts.lookup.people(new[:room])
    try:
        added = await parts.favourites.add(user_id, list(people.values()), parts.now())
    except TooManyFavouritesError as error:
        # Another tab has added some meanwhile.
        raise ProblemError(409, str(error)) from None
    if added:
        await parts.follow_favourites()
    listed = await _shown(parts, viewer)
    return shapes.Imported(favourites=listed, added=added, left_out=len(new) - min(len(new), room))


async def _shown(parts: Parts, viewer: SignedIn) -> list[shapes.Favourite]:
    listed = await parts.favourites.of(viewer.person.id)
    seen = await parts.lookup.many([one.streamer for one in listed])
    chats = await parts.chats.of([one.streamer.id for one in listed], viewer.scopes)
    return [
        shapes.Favourite(
            **shapes.streamer(one.streamer, state, chats[one.streamer.id]), added_at=shapes.rfc3339(one.added_at)
        )
        for one, state in zip(listed, seen, strict=True)
    ]


def _missing_scope() -> ProblemError:
    words = f"your grant lacks {' '.join(SCOPES['follows'])}; give it at /api/auth/login?scope=follows"
    return ProblemError(403, words, MISSING_SCOPE, {"scope": "follows"})
