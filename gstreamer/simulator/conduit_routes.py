"""Helix of conduits and their shards in the simulation (TWITCH.md 3.5)."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from gstreamer.simulator.conduits import ENABLED, MOST_CONDUITS, MOST_SHARDS, PENDING, Conduit, Conduits, Shard
from gstreamer.simulator.delivery import Delivery
from gstreamer.simulator.eventsub import ByWebSocket, Webhook, reaches
from gstreamer.simulator.helix import GRANTED, fields, place_of, problem, read_cursor, write_cursor

PAGE = 100
_Kind = TypeVar("_Kind", bound=BaseModel)


class Size(BaseModel):
    """The body of a create call, and of one that resizes."""

    id: str = ""
    shard_count: int


class ShardWish(BaseModel):
    """A shard, and where it shall deliver."""

    id: str
    transport: Annotated[Webhook | ByWebSocket, Field(discriminator="method")]


class ShardWishes(BaseModel):
    """The body of an update of shards."""

    conduit_id: str
    shards: Annotated[list[ShardWish], Field(min_length=1, max_length=20)]


class ConduitRoutes:
    """
    The routes of ``/helix/eventsub/conduits``.

    Args:
        conduits: Conduits.
        delivery: Who asks the shards' callbacks.
    """

    def __init__(self, conduits: Conduits, delivery: Delivery) -> None:
        self._conduits = conduits
        self._delivery = delivery

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        path = "/helix/eventsub/conduits"
        return [
            web.get(path, self.show),
            web.post(path, self.create),
            web.patch(path, self.resize),
            web.delete(path, self.delete),
            web.get(f"{path}/shards", self.shards),
            web.patch(f"{path}/shards", self.update),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Every conduit."""
        return _of_a_person(request) or _data([one.shown() for one in self._conduits])

    async def create(self, request: web.Request) -> web.Response:
        """A new conduit, whose shards are not assigned yet."""
        size = await _body(request, Size)
        if isinstance(size, web.Response):
            return size
        if not 1 <= size.shard_count <= MOST_SHARDS:
            return problem(400, "Bad Request", f"shard_count must be between 1 and {MOST_SHARDS}")
        if len(self._conduits) >= MOST_CONDUITS:
            return problem(429, "Too Many Requests", "conduit limit exceeded")
        return _data([self._conduits.make(size.shard_count).shown()])

    async def resize(self, request: web.Request) -> web.Response:
        """More shards, or fewer."""
        size = await _body(request, Size)
        if isinstance(size, web.Response):
            return size
        conduit = self._conduits.get(size.id)
        if conduit is None:
            return problem(404, "Not Found", "conduit not found")
        if not 1 <= size.shard_count <= MOST_SHARDS:
            return problem(400, "Bad Request", f"shard_count must be between 1 and {MOST_SHARDS}")
        self._conduits.resize(conduit, size.shard_count)
        return _data([conduit.shown()])

    async def delete(self, request: web.Request) -> web.Response:
        """End a conduit, and what went through it."""
        refusal = _of_a_person(request)
        if refusal is not None:
            return refusal
        conduit_id = request.query.get("id", "")
        if not self._conduits.end(conduit_id):
            return problem(404, "Not Found", "conduit not found")
        return web.Response(status=204)

    async def shards(self, request: web.Request) -> web.Response:
        """The shards of a conduit that were ever assigned, by number."""
        refusal = _of_a_person(request)
        conduit = self._conduits.get(request.query.get("conduit_id", ""))
        start = read_cursor(request.query.get("after", ""))
        if refusal is not None or conduit is None or start is None:
            return refusal or problem(404, "Not Found", "conduit not found")
        wanted = request.query.get("status", "")
        rows = [conduit.shards[key] for key in sorted(conduit.shards, key=int)]
        rest = [one for one in rows if int(one.id) >= start and (not wanted or one.status == wanted)]
        pagination = {"cursor": write_cursor(int(rest[PAGE].id))} if len(rest) > PAGE else {}
        return web.json_response({"data": [one.shown() for one in rest[:PAGE]], "pagination": pagination})

    async def update(self, request: web.Request) -> web.Response:
        """Assign shards; what cannot be is told beside what was."""
        wishes = await _body(request, ShardWishes)
        if isinstance(wishes, web.Response):
            return wishes
        conduit = self._conduits.get(wishes.conduit_id)
        if conduit is None:
            return problem(404, "Not Found", "conduit not found")
        done: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for wish in wishes.shards:
            wrong = self._wrong(conduit, wish)
            if wrong:
                errors.append({"id": wish.id, "message": wrong, "code": "invalid_parameter"})
            else:
                done.append(self._assign(conduit, wish).shown())
        self._conduits.write()
        return web.json_response({"data": done, "errors": errors}, status=202)

    def _wrong(self, conduit: Conduit, wish: ShardWish) -> str:
        if not wish.id.isdigit() or int(wish.id) >= conduit.shard_count:
            return "the shard id is outside of the conduit's range"
        if isinstance(wish.transport, Webhook):
            return "" if reaches(wish.transport.callback) else "invalid callback"
        return "" if self._delivery.sockets.is_open(wish.transport.session_id) else "the session does not exist"

    def _assign(self, conduit: Conduit, wish: ShardWish) -> Shard:
        transport = wish.transport
        if isinstance(transport, Webhook):
            shard = Shard(
                id=wish.id,
                status=PENDING,
                method="webhook",
                callback=transport.callback,
                secret=transport.secret,
            )
            self._delivery.start(self._delivery.challenge_shard(conduit, shard))
        else:
            shard = Shard(id=wish.id, status=ENABLED, method="websocket", session_id=transport.session_id)
        conduit.shards[wish.id] = shard
        return shard


async def _body(request: web.Request, kind: type[_Kind]) -> _Kind | web.Response:
    refusal = _of_a_person(request)
    if refusal is not None:
        return refusal
    try:
        return kind.model_validate(await fields(request))
    except ValueError as error:
        where = place_of(error) if isinstance(error, ValidationError) else "body"
        return problem(400, "Bad Request", f"{where} is missing or invalid")


def _of_a_person(request: web.Request) -> web.Response | None:
    if request[GRANTED].kind != "app":
        return problem(401, "Unauthorized", "conduits need the application's access token")
    return None


def _data(rows: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"data": rows})
