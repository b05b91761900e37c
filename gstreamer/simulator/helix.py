"""Helix of the simulation: users, channels, streams, search, follows, with Twitch's errors, paging and rate limit."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from gstreamer.simulator import cast
from gstreamer.simulator.cast import Person
from gstreamer.simulator.faults import Trouble
from gstreamer.simulator.oauth import Credentials
from gstreamer.simulator.rates import POINTS, Meter, ratelimit_headers
from gstreamer.simulator.state import Granted, State
from gstreamer.simulator.world import World, stream_row

MAX_IDS = 100
PAGE = 20

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]
GRANTED: web.RequestKey[Granted] = web.RequestKey("granted", Granted)


class Gate:
    """
    What stands before each call: outage, token, client id, rate limit.

    Args:
        state: Tokens.
        credentials: Our application.
        trouble: How it misbehaves.
        meter: The buckets.
    """

    def __init__(self, state: State, credentials: Credentials, trouble: Trouble, meter: Meter) -> None:
        self._state = state
        self._credentials = credentials
        self._trouble = trouble
        self._meter = meter

    @web.middleware
    async def middleware(self, request: web.Request, handler: Route) -> web.StreamResponse:
        """Let a call through, or answer in its place."""
        faults = self._trouble.faults
        if request.path.startswith(("/helix/", "/oauth2/")) and self._trouble.left_s(faults.outage_s):
            self._meter.turned_away(request.path)
            return problem(503, "Service Unavailable", "")
        if not request.path.startswith("/helix/"):
            return await handler(request)
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        granted = self._state.token(token, time.time())
        if granted is None or granted.kind == "refresh":
            return problem(401, "Unauthorized", "Invalid OAuth token")
        if not self._credentials.knows(request.headers.get("Client-Id", "")):
            return problem(401, "Unauthorized", "Client ID and OAuth token do not match")
        bucket = self._meter.arrived(granted.user_id, request.path)
        if throttled_s := self._trouble.left_s(faults.throttle_s):
            self._meter.refuse(bucket, request.path)
            return problem(429, "Too Many Requests", "", ratelimit_headers(POINTS, 0, throttled_s))
        allowed, headers = self._meter.admit(bucket, request.path)
        if not allowed:
            return problem(429, "Too Many Requests", "", headers)
        request[GRANTED] = granted
        response = await handler(request)
        response.headers.update(headers)
        return response


class Helix:
    """
    The routes below ``/helix`` that read.

    Args:
        world: The channels.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.get("/helix/users", self.users),
            web.get("/helix/streams", self.streams),
            web.get("/helix/streams/followed", self.streams_followed),
            web.get("/helix/channels", self.channels),
            web.get("/helix/channels/followed", self.channels_followed),
            web.get("/helix/search/channels", self.search),
        ]

    async def users(self, request: web.Request) -> web.Response:
        """Accounts by id and login; with neither, the token's own."""
        asked = people(request, "id", "login")
        if asked is None:
            return problem(400, "Bad Request", "the number of ids and logins must be at most 100, and each valid")
        if not request.query.getall("id", []) and not request.query.getall("login", []):
            me = cast.by_id(request[GRANTED].user_id)
            if me is None:
                return problem(400, "Bad Request", "The ID and/or Login query parameter is required.")
            asked = [me]
        return web.json_response({"data": [cast.user_row(person) for person in asked]})

    async def streams(self, request: web.Request) -> web.Response:
        """Those of the asked that are live; with nobody named, all that are."""
        asked = people(request, "user_id", "user_login")
        if asked is None:
            return problem(400, "Bad Request", "the number of user ids must be at most 100, and each valid")
        named = request.query.getall("user_id", []) + request.query.getall("user_login", [])
        return self._stream_page(request, asked if named else self._world.live())

    async def streams_followed(self, request: web.Request) -> web.Response:
        """The followed channels that are live."""
        me = follower(request)
        if isinstance(me, web.Response):
            return me
        return self._stream_page(request, cast.follows(me), usual=MAX_IDS)

    async def channels(self, request: web.Request) -> web.Response:
        """Title and category of channels."""
        asked = people(request, "broadcaster_id", "")
        if not asked:
            return problem(400, "Bad Request", 'The "broadcaster_id" query parameter is required and must be valid.')
        rows = []
        for person in asked:
            channel = self._world.channel(person)
            rows.append(
                {
                    "broadcaster_id": person.id,
                    "broadcaster_login": person.login,
                    "broadcaster_name": person.name,
                    "broadcaster_language": "en",
                    "game_id": channel.category_id,
                    "game_name": channel.category_name,
                    "title": channel.title,
                    "delay": 0,
                    "tags": ["Simulation"],
                    "content_classification_labels": [],
                    "is_branded_content": False,
                }
            )
        return web.json_response({"data": rows})

    async def channels_followed(self, request: web.Request) -> web.Response:
        """Whom the token's owner follows."""
        me = follower(request)
        if isinstance(me, web.Response):
            return me
        found = cast.follows(me)
        if wanted := request.query.get("broadcaster_id"):
            found = [person for person in found if person.id == wanted]
        rows = [
            {
                "broadcaster_id": person.id,
                "broadcaster_login": person.login,
                "broadcaster_name": person.name,
                "followed_at": "2024-05-01T12:00:00Z",
            }
            for person in found
        ]
        return page(request, rows, {"total": len(rows)})

    async def search(self, request: web.Request) -> web.Response:
        """Channels by the beginning of their login."""
        query = request.query.get("query", "")
        if not query:
            return problem(400, "Bad Request", 'The "query" query parameter is required.')
        rows = []
        for person in cast.search(query):
            stream, channel = self._world.stream(person), self._world.channel(person)
            if stream is None and request.query.get("live_only") == "true":
                continue
            rows.append(
                {
                    "broadcaster_language": "en",
                    "broadcaster_login": person.login,
                    "display_name": person.name,
                    "game_id": channel.category_id,
                    "game_name": channel.category_name,
                    "id": person.id,
                    "is_live": stream is not None,
                    "tags": ["Simulation"],
                    "tag_ids": [],
                    "thumbnail_url": cast.avatar(person),
                    "title": channel.title,
                    "started_at": "" if stream is None else stream.started_at,
                }
            )
        return page(request, rows)

    def _stream_page(self, request: web.Request, asked: Sequence[Person], usual: int = PAGE) -> web.Response:
        rows = [
            stream_row(person, stream, self._world.channel(person))
            for person in asked
            if (stream := self._world.stream(person)) is not None
        ]
        for name in ("game_id", "language", "type"):
            wanted = {one for one in request.query.getall(name, []) if one != "all"}
            rows = [row for row in rows if not wanted or row[name] in wanted]
        rows.sort(key=lambda row: -row["viewer_count"])
        return page(request, rows, usual=usual)


def problem(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error as Helix words it."""
    return web.json_response({"error": error, "status": status, "message": message}, status=status, headers=headers)


def people(request: web.Request, ids: str, logins: str) -> list[Person] | None:
    """The people that a query names, each once; None if it names too many or what cannot be one."""
    asked_ids, asked_logins = request.query.getall(ids, []), request.query.getall(logins, [])
    if len(asked_ids) + len(asked_logins) > MAX_IDS or not all(one.isascii() and one.isdigit() for one in asked_ids):
        return None
    found = [cast.by_id(one) for one in asked_ids] + [cast.by_login(one.lower()) for one in asked_logins]
    return list({person.id: person for person in found if person is not None}.values())


def follower(request: web.Request) -> Person | web.Response:
    """The person whose follows are asked for, or the refusal."""
    granted = request[GRANTED]
    if "user:read:follows" not in granted.scopes:
        return problem(401, "Unauthorized", "Missing scope: user:read:follows")
    me = cast.by_id(granted.user_id)
    if me is None or request.query.get("user_id") != me.id:
        return problem(401, "Unauthorized", "The ID in user_id must match the user ID in the OAuth token.")
    return me


def page(
    request: web.Request, rows: list[dict[str, Any]], more: dict[str, Any] | None = None, usual: int = PAGE
) -> web.Response:
    """A page of rows, ``first`` (``usual``, at most 100) from ``after``; the last one has no cursor."""
    first = request.query.get("first", str(usual))
    start = read_cursor(request.query.get("after", ""))
    if not (first.isascii() and first.isdigit() and 1 <= int(first) <= MAX_IDS) or start is None:
        return problem(400, "Bad Request", 'The "first" or "after" query parameter is not valid.')
    end = start + int(first)
    pagination = {"cursor": write_cursor(end)} if end < len(rows) else {}
    return web.json_response({"data": rows[start:end], "pagination": pagination, **(more or {})})


def place_of(error: ValidationError) -> str:
    """Which field is wrong."""
    return ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or "body"


async def fields(request: web.Request) -> dict[str, Any]:
    """
    What a call carries: Twitch takes it from the JSON body as from the query, where both foreign clients put some.

    Raises:
        ValueError: The body is no JSON object.
    """
    body = json.loads(await request.read() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body is not an object")
    return {**request.query, **body}


def write_cursor(place: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"at:{place}".encode()).decode()


def read_cursor(text: str) -> int | None:
    """The place of a cursor; 0 for none, None for one that is not ours."""
    if not text:
        return 0
    try:
        name, _, place = base64.urlsafe_b64decode(text).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return int(place) if name == "at" and place.isascii() and place.isdigit() else None
