"""Streamers' chats: writing to one as oneself, and the emotes and badges that draw it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header

from gstreamer.core.chat_limits import MAX_CHARS
from gstreamer.core.errors import RefusedError
from gstreamer.core.ids import is_streamer_id
from gstreamer.core.problems import ProblemError
from gstreamer.core.signin import has_group
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed, Viewer
from gstreamer.deployments.api.sending import Draft, missing_scope

KEY_CHARS = 200
KEY_BYTES = 16

NOBODY = "twitch knows no user of this id; look for the streamer by name"

_T = TypeVar("_T")

routes = APIRouter(prefix="/api/streamers", tags=["chat"])


@routes.post("/{streamer_id}/chat", status_code=202)
async def send(
    parts: Needed,
    viewer: Viewer,
    streamer_id: str,
    message: shapes.Message,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=KEY_CHARS,
            pattern=r"^[!-~]+$",
            description="New for each message: a request that is repeated with it sends nothing twice.",
        ),
    ] = None,
) -> shapes.Sent:
    """
    Write a message to a streamer's chat as yourself.

    Refused with 403 if your grant lacks the scope, 409 if Twitch shows the message to nobody (`code` is its reason)
    or if nobody knows whether it was sent (`code` is `outcome_unknown`), 422 if it is empty or too long, 429 with
    Retry-After if you write faster than Twitch allows.
    """
    if not has_group("chat", viewer.scopes):
        raise missing_scope()
    if not message.text.strip():
        raise ProblemError(422, "the message is empty; write something")
    if len(message.text) > MAX_CHARS:
        raise ProblemError(422, f"the message has {len(message.text)} characters; send at most {MAX_CHARS}")
    streamer_id = _checked(streamer_id)
    key = idempotency_key or parts.random(KEY_BYTES).hex()
    draft = Draft(viewer.person.id, streamer_id, message.text, message.reply_to)
    return shapes.Sent(message_id=await parts.sending.send(draft, key))


@routes.get("/{streamer_id}/emotes")
async def emotes(parts: Needed, viewer: Viewer, streamer_id: str) -> shapes.Emotes:
    """The emotes of a streamer's chat: the streamer's own, then everybody's."""
    return await _found(parts.assets.emotes(_checked(streamer_id)))


@routes.get("/{streamer_id}/badges")
async def badges(parts: Needed, viewer: Viewer, streamer_id: str) -> shapes.Badges:
    """The badges of a streamer's chat; the streamer's own stand in place of everybody's."""
    return await _found(parts.assets.badges(_checked(streamer_id)))


def _checked(streamer_id: str) -> str:
    """
    The id, if it can be one.

    Raises:
        ProblemError: 404, it cannot.
    """
    if not is_streamer_id(streamer_id):
        raise ProblemError(404, NOBODY)
    return streamer_id


async def _found(asked: Awaitable[_T]) -> _T:
    """
    What Twitch tells of a streamer.

    Raises:
        ProblemError: 404, there is no such streamer.
    """
    try:
        return await asked
    except RefusedError as error:
        if error.status in (400, 404):
            raise ProblemError(404, NOBODY) from None
        raise
