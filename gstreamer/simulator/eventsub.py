"""EventSub of the simulation: subscriptions with Twitch's checks, cost, paging and statuses, by three transports."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gstreamer.core.catalogue import Kind
from gstreamer.simulator import cast, rules
from gstreamer.simulator.conduits import Conduits
from gstreamer.simulator.delivery import Delivery
from gstreamer.simulator.faults import timestamp
from gstreamer.simulator.helix import GRANTED, problem, read_cursor, write_cursor
from gstreamer.simulator.oauth import Credentials, is_loopback
from gstreamer.simulator.rules import CHAT_MESSAGE, Asker
from gstreamer.simulator.state import Granted, Held, State

MAX_TOTAL_COST = 10_000
MOST_ALIKE = 3
PAGE = 100
MOST_SOCKETS, MOST_OF_A_SOCKET, SOCKET_COST = 3, 300, 10
KEPT_S = 3_600.0
"""For so long the dead subscriptions of a WebSocket stay listed."""
MOST_CHANNELS = 100
"""Chats that an account may be in at a time."""

ENABLED = "enabled"
PENDING = "webhook_callback_verification_pending"


class Webhook(BaseModel):
    """A callback that is asked."""

    model_config = ConfigDict(hide_input_in_errors=True)

    method: Literal["webhook"]
    callback: str
    secret: str = Field(min_length=10, max_length=100, pattern=r"^[\x20-\x7e]+$", repr=False)


class ByConduit(BaseModel):
    """A conduit, whose shards are told."""

    method: Literal["conduit"]
    conduit_id: str


class ByWebSocket(BaseModel):
    """A WebSocket session."""

    method: Literal["websocket"]
    session_id: str


Transport = Annotated[Webhook | ByConduit | ByWebSocket, Field(discriminator="method")]


class Wish(BaseModel):
    """The body of a create call."""

    type: str
    version: str
    condition: dict[str, str]
    transport: Transport


class EventSub:
    """
    The routes of ``/helix/eventsub/subscriptions``.

    Args:
        state: Where subscriptions are kept.
        conduits: Where conduits are.
        delivery: Who tells.
        credentials: Our application.
        max_total_cost: Most cost of all that is not by WebSocket.

    Attributes:
        max_total_cost: The same; it can be changed at any time.
    """

    def __init__(
        self,
        state: State,
        conduits: Conduits,
        delivery: Delivery,
        credentials: Credentials,
        max_total_cost: int = MAX_TOTAL_COST,
    ) -> None:
        self._state = state
        self._conduits = conduits
        self._delivery = delivery
        self._credentials = credentials
        self.max_total_cost = max_total_cost

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        path = "/helix/eventsub/subscriptions"
        return [web.post(path, self.create), web.get(path, self.show), web.delete(path, self.delete)]

    async def create(self, request: web.Request) -> web.Response:
        """A new subscription, pending until its callback has answered, where it has one."""
        granted = request[GRANTED]
        try:
            wish = Wish.model_validate_json(await request.read())
        except ValidationError as error:
            where = ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or "body"
            return problem(400, "Bad Request", f"{where} is missing or invalid")
        by_socket = wish.transport.method == "websocket"
        if by_socket != (granted.kind == "access"):
            words = "websocket subscriptions need a user access token, others the application's"
            return problem(401, "Unauthorized", words)
        kind = rules.kind_of(wish.type, wish.version, wish.condition)
        refusal = self._unknown(wish, kind) or self._refused(wish, kind, granted) or self._too_much(wish, granted)
        if refusal is not None or kind is None:
            return refusal or problem(400, "Bad Request", "invalid type, version or condition")
        body = {
            "id": str(uuid.uuid4()),
            "status": PENDING if wish.transport.method == "webhook" else ENABLED,
            "type": wish.type,
            "version": wish.version,
            "condition": wish.condition,
            "created_at": timestamp(),
            "transport": self._shown(wish.transport),
            "cost": rules.cost_of(kind, wish.condition, self._scopes_of),
        }
        secret = wish.transport.secret if isinstance(wish.transport, Webhook) else ""
        self._state.forget_sockets(timestamp(-KEPT_S))
        held = self._state.add_subscription(body, secret, granted.user_id if by_socket else "")
        if secret:
            self._delivery.start(self._delivery.challenge(held))
        return web.json_response({"data": [body], **self._totals(granted)}, status=202)

    async def show(self, request: web.Request) -> web.Response:
        """Subscriptions of the token's kind, oldest first; one filter at most."""
        names = ("status", "type", "user_id", "subscription_id", "conduit_id")
        filters = [name for name in names if name in request.query]
        if len(filters) > 1:
            return problem(400, "Bad Request", "you may specify only one filter query parameter")
        start = read_cursor(request.query.get("after", ""))
        if start is None:
            return problem(400, "Bad Request", "the cursor is not valid")
        seen = self._seen_by(request[GRANTED])
        found = [held for held in seen if not held.hidden and _passes(held, request, filters)]
        rest = [held for held in found if held.seq > start]
        shown = rest[:PAGE]
        pagination = {"cursor": write_cursor(shown[-1].seq)} if len(rest) > PAGE else {}
        totals = {**self._totals(request[GRANTED]), "total": len(found)}
        return web.json_response({"data": [held.body for held in shown], **totals, "pagination": pagination})

    async def delete(self, request: web.Request) -> web.Response:
        """End a subscription."""
        subscription_id = request.query.get("id", "")
        seen = {held.id for held in self._seen_by(request[GRANTED])}
        if subscription_id not in seen or not self._state.remove_subscription(subscription_id):
            return problem(404, "Not Found", "subscription not found")
        return web.Response(status=204)

    def _unknown(self, wish: Wish, kind: Kind | None) -> web.Response | None:
        """What is not there."""
        transport = wish.transport
        if isinstance(transport, Webhook) and not reaches(transport.callback):
            return problem(400, "Bad Request", "invalid callback: https, or http on this machine")
        if isinstance(transport, ByConduit) and self._conduits.get(transport.conduit_id) is None:
            return problem(404, "Not Found", "conduit not found")
        if isinstance(transport, ByWebSocket) and not self._delivery.sockets.is_open(transport.session_id):
            return problem(
                400, "Bad Request", "websocket transport session does not exist or has already disconnected"
            )
        if kind is None or not kind.conditions:
            return problem(400, "Bad Request", "invalid type, version or condition")
        for name, value in wish.condition.items():
            if value and not self._knows(name, value):
                return problem(400, "Bad Request", f"{name} does not exist")
        return None

    def _knows(self, name: str, value: str) -> bool:
        if name == "client_id":
            return self._credentials.knows(value)
        if name == "conduit_id":
            return self._conduits.get(value) is not None
        return cast.by_id(value) is not None

    def _refused(self, wish: Wish, kind: Kind | None, granted: Granted) -> web.Response | None:
        """What is there already, or may not be."""
        asker = Asker(granted.user_id if granted.kind == "access" else "", frozenset(granted.scopes))
        if kind is not None and not rules.is_authorised(kind, wish.condition, asker, self._scopes_of):
            return problem(403, "Forbidden", "subscription missing proper authorization")
        alike = [
            held
            for held in self._state.subscriptions()
            if held.active
            and held.body["type"] == wish.type
            and held.body["version"] == wish.version
            and held.body["condition"] == wish.condition
        ]
        for held in alike:
            if _way(held.body["transport"]) == _way(wish.transport.model_dump()):
                body = {"error": "Conflict", "status": 409, "message": "subscription already exists", "id": held.id}
                return web.json_response(body, status=409)
        if len(alike) >= MOST_ALIKE:
            return problem(429, "Too Many Requests", "maximum subscriptions with type and condition exceeded")
        return None

    def _too_much(self, wish: Wish, granted: Granted) -> web.Response | None:
        """What goes beyond a limit."""
        seen = [held for held in self._seen_by(granted) if held.active]
        kind = rules.kind_of(wish.type, wish.version, wish.condition)
        cost = 0 if kind is None else rules.cost_of(kind, wish.condition, self._scopes_of)
        if _cost(seen) + cost > (SOCKET_COST if granted.kind == "access" else self.max_total_cost):
            return problem(429, "Too Many Requests", "exceeded the maximum total cost of subscriptions")
        reader = wish.condition.get("user_id", "")
        joins = wish.type == CHAT_MESSAGE and isinstance(wish.transport, ByWebSocket)
        if joins and len(self._channels_of(reader) - {reader}) >= MOST_CHANNELS:
            return problem(403, "Forbidden", "subscription missing proper authorization")
        if isinstance(wish.transport, ByWebSocket):
            carried = self._delivery.of_session(wish.transport.session_id)
            if any(held.owner != granted.user_id for held in carried):
                return problem(400, "Bad Request", "websocket transport cannot have subscriptions of several users")
            sessions = {held.body["transport"]["session_id"] for held in seen}
            if wish.transport.session_id not in sessions and len(sessions) >= MOST_SOCKETS:
                return problem(429, "Too Many Requests", "number of websocket transports limit exceeded")
            if len(carried) >= MOST_OF_A_SOCKET:
                return problem(429, "Too Many Requests", "number of subscriptions of this websocket exceeded")
        return None

    def _channels_of(self, reader: str) -> set[str]:
        """The chats that an account is in; those that the application reads by ``channel:bot`` do not count."""
        return {
            held.body["condition"]["broadcaster_user_id"]
            for held in self._state.subscriptions()
            if held.active
            and held.body["type"] == CHAT_MESSAGE
            and held.body["condition"]["user_id"] == reader
            and held.body["transport"]["method"] == "websocket"
        }

    def _seen_by(self, granted: Granted) -> list[Held]:
        """The application sees webhooks' and conduits', a person's token what is theirs by WebSocket."""
        by_socket = granted.kind == "access"
        return [
            held
            for held in self._state.subscriptions()
            if (held.body["transport"]["method"] == "websocket") == by_socket
            and (not by_socket or granted.user_id == held.owner)
        ]

    def _scopes_of(self, user_id: str) -> frozenset[str]:
        return self._state.scopes_of(user_id, time.time())

    def _totals(self, granted: Granted) -> dict[str, Any]:
        seen = self._seen_by(granted)
        most = SOCKET_COST if granted.kind == "access" else self.max_total_cost
        return {"total": len(seen), "total_cost": _cost(seen), "max_total_cost": most}

    def _shown(self, transport: Webhook | ByConduit | ByWebSocket) -> dict[str, Any]:
        shown = transport.model_dump(exclude={"secret"})
        if isinstance(transport, ByWebSocket):
            shown["connected_at"] = self._delivery.sockets.connected_at(transport.session_id)
        return shown


def _way(transport: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two transports the same."""
    return tuple(transport.get(name) for name in ("method", "callback", "conduit_id", "session_id"))


def _cost(seen: list[Held]) -> int:
    return sum(int(held.body["cost"]) for held in seen)


def _passes(held: Held, request: web.Request, filters: list[str]) -> bool:
    for name in filters:
        wanted = request.query[name]
        if name == "user_id":
            if wanted not in held.body["condition"].values():
                return False
        elif name == "conduit_id":
            if held.body["transport"].get("conduit_id") != wanted:
                return False
        elif held.body["id" if name == "subscription_id" else name] != wanted:
            return False
    return True


def reaches(callback: str) -> bool:
    """Whether Twitch would call this callback: https, or, in the simulation, http on this machine."""
    target = urlsplit(callback)
    return target.scheme == "https" or (target.scheme == "http" and is_loopback(target.hostname))
