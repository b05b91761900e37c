"""Helix of the simulation for small questions: who granted what, colours, settings and emote sets of chats."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from gstreamer.simulator import cast
from gstreamer.simulator.chat import colour_of
from gstreamer.simulator.helix import GRANTED, people, problem
from gstreamer.simulator.messages import TEMPLATE, emote_rows
from gstreamer.simulator.state import State

MOST_GRANTS = 10
MOST_SETS = 25
EMOTES_SCOPE = "user:read:emotes"


class Lookups:
    """
    The routes.

    Args:
        state: Tokens.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.get("/helix/authorization/users", self.grants),
            web.get("/helix/chat/color", self.colours),
            web.get("/helix/chat/settings", self.settings),
            web.get("/helix/chat/emotes/set", self.emote_sets),
            web.get("/helix/chat/emotes/user", self.emotes_of),
        ]

    async def grants(self, request: web.Request) -> web.Response:
        """What people have granted to our application; those who granted nothing are not in it."""
        if request[GRANTED].kind != "app":
            return problem(401, "Unauthorized", "an app access token is needed")
        asked = people(request, "user_id", "")
        if not asked or len(request.query.getall("user_id")) > MOST_GRANTS:
            return problem(400, "Bad Request", 'The "user_id" query parameter must have 1 to 10 valid ids.')
        found = [(person, self._state.scopes_of(person.id, time.time())) for person in asked]
        return _data([{**cast.named(person), "scopes": sorted(scopes)} for person, scopes in found if scopes])

    async def colours(self, request: web.Request) -> web.Response:
        """The colours of names in chats."""
        asked = people(request, "user_id", "")
        if not asked:
            return problem(400, "Bad Request", 'The "user_id" query parameter is required and must be valid.')
        return _data([{**cast.named(person), "color": colour_of(person)} for person in asked])

    async def settings(self, request: web.Request) -> web.Response:
        """The modes of a chat: none is on."""
        person = cast.by_id(request.query.get("broadcaster_id", ""))
        if person is None:
            return problem(400, "Bad Request", 'The "broadcaster_id" query parameter is required and must be valid.')
        off: dict[str, Any] = {
            "slow_mode": False,
            "slow_mode_wait_time": None,
            "follower_mode": False,
            "follower_mode_duration": None,
            "subscriber_mode": False,
            "emote_mode": False,
            "unique_chat_mode": False,
        }
        return _data([{"broadcaster_id": person.id, **off}])

    async def emote_sets(self, request: web.Request) -> web.Response:
        """Emotes of sets; there is one, everybody's."""
        asked = request.query.getall("emote_set_id", [])
        if not 1 <= len(asked) <= MOST_SETS:
            return problem(400, "Bad Request", 'The "emote_set_id" query parameter must be given 1 to 25 times.')
        return _emotes(emote_rows() if "0" in asked else [])

    async def emotes_of(self, request: web.Request) -> web.Response:
        """The emotes that a person may use."""
        granted = request[GRANTED]
        if EMOTES_SCOPE not in granted.scopes:
            return problem(401, "Unauthorized", f"Missing scope: {EMOTES_SCOPE}")
        if request.query.get("user_id") != granted.user_id:
            return problem(401, "Unauthorized", "The ID in user_id must match the user ID in the OAuth token.")
        return _emotes(emote_rows())


def _data(rows: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"data": rows})


def _emotes(rows: list[dict[str, Any]]) -> web.Response:
    own = {"emote_type": "globals", "emote_set_id": "0", "owner_id": "0"}
    found = [{**row, **own} for row in rows]
    return web.json_response({"data": found, "template": TEMPLATE, "pagination": {}})
