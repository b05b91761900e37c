"""Helix of the simulation for chats: messages that people send, and the emotes and badges that draw them.

On order (``faults.Faults``) messages are taken and shown to nobody, or taken without an answer.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from gstreamer.simulator import cast
from gstreamer.simulator.chat import EMOTES, Chat
from gstreamer.simulator.faults import Trouble
from gstreamer.simulator.helix import GRANTED, fields, place_of, problem
from gstreamer.simulator.rates import CHAT_PATH
from gstreamer.simulator.state import Granted, State

MAX_CHARS = 500
SCOPE = "user:write:chat"

TEMPLATE = "https://static-cdn.jtvnw.net/emoticons/v2/{{id}}/{{format}}/{{theme_mode}}/{{scale}}"
GLOBAL_EMOTES = tuple((emote_id, name) for name, emote_id in EMOTES.items())
BADGES = (
    ("broadcaster", (("1", "Broadcaster", "#e91916"),)),
    ("moderator", (("1", "Moderator", "#00ad03"),)),
    ("vip", (("1", "VIP", "#e005b9"),)),
    ("subscriber", (("0", "Subscriber", "#8205b4"), ("12", "1-Year Subscriber", "#5b0a91"))),
)
OWN_BADGES = (("subscriber", (("0", "Friend of the house", "#b46a05"),)),)


class Wish(BaseModel):
    """The body of a message."""

    model_config = ConfigDict(extra="ignore")

    broadcaster_id: str
    sender_id: str
    message: str
    reply_parent_message_id: str | None = None
    for_source_only: bool | None = None


class Messages:
    """
    The routes below ``/helix/chat``.

    Args:
        trouble: How it misbehaves.
        chat: Where messages are said.
        state: Tokens.
    """

    def __init__(self, trouble: Trouble, chat: Chat, state: State) -> None:
        self._state = state
        self._trouble = trouble
        self._chat = chat

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.post(CHAT_PATH, self.send),
            web.get("/helix/chat/emotes", self.emotes),
            web.get("/helix/chat/emotes/global", self.global_emotes),
            web.get("/helix/chat/badges", self.badges),
            web.get("/helix/chat/badges/global", self.global_badges),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """Take a message of a person who may write."""
        granted = request[GRANTED]
        if granted.kind == "access" and SCOPE not in granted.scopes:
            return problem(401, "Unauthorized", f"Missing scope: {SCOPE}")
        try:
            wish = Wish.model_validate(await fields(request))
        except ValueError as error:
            where = place_of(error) if isinstance(error, ValidationError) else "body"
            return problem(400, "Bad Request", f"The parameter {where} is missing or invalid")
        refusal = self._by_the_application(wish) if granted.kind == "app" else _by_a_person(wish, granted)
        if refusal is not None:
            return refusal
        broadcaster, sender = cast.by_id(wish.broadcaster_id), cast.by_id(wish.sender_id)
        if broadcaster is None or sender is None:
            return problem(400, "Bad Request", "The ID in broadcaster_id was not found.")
        if not wish.message.strip():
            return problem(400, "Bad Request", "The message must not be empty.")
        if len(wish.message) > MAX_CHARS:
            return problem(422, "Unprocessable Entity", "The message is too large.")
        faults = self._trouble.faults
        if faults.forbid_chat:
            return problem(403, "Forbidden", "The sender is not permitted to send chat messages to this chat room.")
        if faults.drop_chat:
            reason = {"code": faults.drop_chat, "message": f"Your message is held back ({faults.drop_chat})."}
            return _sent("", reason)
        said = self._chat.say(broadcaster, sender, wish.message, reply_to=wish.reply_parent_message_id or "")
        if faults.mute_chat and request.transport is not None:
            # It has been taken; the answer is lost on its way.
            request.transport.close()
        return _sent(said, None)

    def _by_the_application(self, wish: Wish) -> web.Response | None:
        """What keeps our application from writing for somebody: they and the channel must have let it in."""
        now_s = time.time()
        sender = self._state.scopes_of(wish.sender_id, now_s)
        own = wish.sender_id == wish.broadcaster_id
        if not {SCOPE, "user:bot"} <= sender:
            return problem(401, "Unauthorized", f"The sender must have authorized the app with {SCOPE} and user:bot.")
        if not own and "channel:bot" not in self._state.scopes_of(wish.broadcaster_id, now_s):
            return problem(403, "Forbidden", "The sender is not permitted to send chat messages to this chat room.")
        return None

    async def emotes(self, request: web.Request) -> web.Response:
        """A streamer's own emotes."""
        person = cast.by_id(request.query.get("broadcaster_id", ""))
        if person is None:
            return problem(400, "Bad Request", 'The "broadcaster_id" query parameter is required and must be valid.')
        return _emotes(emote_rows([(f"emotesv2_{person.id}", f"{person.login[:10]}Hi")]))

    async def global_emotes(self, request: web.Request) -> web.Response:
        """Everybody's emotes."""
        return _emotes(emote_rows())

    async def badges(self, request: web.Request) -> web.Response:
        """A streamer's own badges."""
        if cast.by_id(request.query.get("broadcaster_id", "")) is None:
            return problem(400, "Bad Request", 'The "broadcaster_id" query parameter is required and must be valid.')
        return _badges(OWN_BADGES)

    async def global_badges(self, request: web.Request) -> web.Response:
        """Everybody's badges."""
        return _badges(BADGES)


def _by_a_person(wish: Wish, granted: Granted) -> web.Response | None:
    """What keeps a person from writing."""
    if wish.sender_id != granted.user_id:
        return problem(401, "Unauthorized", "The ID in sender_id must match the user ID found in the token.")
    if wish.for_source_only is not None:
        return problem(400, "Bad Request", "The for_source_only parameter needs an app access token.")
    return None


def _sent(message_id: str, reason: dict[str, str] | None) -> web.Response:
    row = {"message_id": message_id, "is_sent": reason is None, "drop_reason": reason}
    return web.json_response({"data": [row]})


def emote_rows(found: Iterable[tuple[str, str]] = GLOBAL_EMOTES) -> list[dict[str, Any]]:
    """Emotes, given by id and name, as Twitch tells of them."""
    return [
        {
            "id": emote_id,
            "name": name,
            "images": {},
            "format": ["static"],
            "scale": ["1.0", "2.0", "3.0"],
            "theme_mode": ["light", "dark"],
        }
        for emote_id, name in found
    ]


def _emotes(rows: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"data": rows, "template": TEMPLATE})


def _badges(found: Any) -> web.Response:
    rows = [{"set_id": set_id, "versions": [_badge(*version) for version in versions]} for set_id, versions in found]
    return web.json_response({"data": rows})


def _badge(badge_id: str, title: str, colour: str) -> dict[str, Any]:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18"><rect width="18" height="18" rx="3" '
        f'fill="{colour}"/><text x="9" y="13" font-size="11" text-anchor="middle" fill="#fff">{title[0]}</text></svg>'
    )
    picture = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    return {
        "id": badge_id,
        "image_url_1x": picture,
        "image_url_2x": picture,
        "image_url_4x": picture,
        "title": title,
        "description": title,
        "click_action": None,
        "click_url": None,
    }
