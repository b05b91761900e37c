"""EventSub of the simulation: subscriptions with Twitch's checks, cost, paging and statuses."""

from __future__ import annotations

import uuid
from typing import Any, Literal
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gstreamer.simulator import cast
from gstreamer.simulator.delivery import Delivery
from gstreamer.simulator.faults import timestamp
from gstreamer.simulator.helix import GRANTED, problem, read_cursor, write_cursor
from gstreamer.simulator.oauth import Credentials, is_loopback
from gstreamer.simulator.state import Held, State

MAX_TOTAL_COST = 10_000
MOST_ALIKE = 3
PAGE = 100

TYPES: dict[tuple[str, str], tuple[frozenset[str], ...]] = {
    ("stream.online", "1"): (frozenset({"broadcaster_user_id"}),),
    ("stream.offline", "1"): (frozenset({"broadcaster_user_id"}),),
    ("channel.update", "2"): (frozenset({"broadcaster_user_id"}),),
    ("channel.raid", "1"): (frozenset({"to_broadcaster_user_id"}), frozenset({"from_broadcaster_user_id"})),
    ("user.update", "1"): (frozenset({"user_id"}),),
    ("user.authorization.grant", "1"): (frozenset({"client_id"}),),
    ("user.authorization.revoke", "1"): (frozenset({"client_id"}),),
}
"""Types and versions that need nobody's authorisation, and the conditions that each takes."""


class Transport(BaseModel):
    """Where a subscription delivers."""

    model_config = ConfigDict(hide_input_in_errors=True)

    method: Literal["webhook"]
    callback: str
    secret: str = Field(min_length=10, max_length=100, repr=False)


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
        delivery: Who asks their callbacks.
        credentials: Our application.
        max_total_cost: Most cost of all.
    """

    def __init__(
        self, state: State, delivery: Delivery, credentials: Credentials, max_total_cost: int = MAX_TOTAL_COST
    ) -> None:
        self._state = state
        self._delivery = delivery
        self._credentials = credentials
        self._max_total_cost = max_total_cost

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        path = "/helix/eventsub/subscriptions"
        return [web.post(path, self.create), web.get(path, self.list), web.delete(path, self.delete)]

    async def create(self, request: web.Request) -> web.Response:
        """A new subscription, pending until its callback has answered the challenge."""
        if request[GRANTED].kind != "app":
            return problem(401, "Unauthorized", "user access tokens cannot create webhook subscriptions")
        try:
            wish = Wish.model_validate_json(await request.read())
        except ValidationError as error:
            where = ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or "body"
            return problem(400, "Bad Request", f"{where} is missing or invalid")
        refusal = self._refusal(wish)
        if refusal is not None:
            return refusal
        body = {
            "id": str(uuid.uuid4()),
            "status": "webhook_callback_verification_pending",
            "type": wish.type,
            "version": wish.version,
            "condition": wish.condition,
            "created_at": timestamp(),
            "transport": {"method": "webhook", "callback": wish.transport.callback},
            "cost": 1,
        }
        held = self._state.add_subscription(body, wish.transport.secret)
        self._delivery.start(self._delivery.challenge(held))
        return web.json_response({"data": [body], **self._totals()}, status=202)

    async def list(self, request: web.Request) -> web.Response:
        """Subscriptions, oldest first; one filter at most."""
        filters = [name for name in ("status", "type", "user_id", "subscription_id") if name in request.query]
        if len(filters) > 1:
            return problem(400, "Bad Request", "you may specify only one filter query parameter")
        start = read_cursor(request.query.get("after", ""))
        if start is None:
            return problem(400, "Bad Request", "the cursor is not valid")
        found = [held for held in self._state.subscriptions() if _passes(held, request, filters)]
        rest = [held for held in found if held.seq > start]
        shown = rest[:PAGE]
        pagination = {"cursor": write_cursor(shown[-1].seq)} if len(rest) > PAGE else {}
        return web.json_response(
            {"data": [held.body for held in shown], **self._totals(len(found)), "pagination": pagination}
        )

    async def delete(self, request: web.Request) -> web.Response:
        """End a subscription."""
        if not self._state.remove_subscription(request.query.get("id", "")):
            return problem(404, "Not Found", "subscription not found")
        return web.Response(status=204)

    def _refusal(self, wish: Wish) -> web.Response | None:
        if not _reaches(wish.transport.callback):
            return problem(400, "Bad Request", "invalid callback: https, or http on this machine")
        conditions = TYPES.get((wish.type, wish.version))
        given = frozenset(name for name, value in wish.condition.items() if value)
        if conditions is None or given not in conditions:
            return problem(400, "Bad Request", "invalid type, version or condition")
        for name, value in wish.condition.items():
            known = self._credentials.knows(value) if name == "client_id" else cast.by_id(value) is not None
            if value and not known:
                return problem(400, "Bad Request", f"{name} does not exist")
        alike = [
            held
            for held in self._state.subscriptions()
            if held.active
            and held.body["type"] == wish.type
            and held.body["version"] == wish.version
            and held.body["condition"] == wish.condition
        ]
        for held in alike:
            if held.body["transport"]["callback"] == wish.transport.callback:
                body = {"error": "Conflict", "status": 409, "message": "subscription already exists", "id": held.id}
                return web.json_response(body, status=409)
        if len(alike) >= MOST_ALIKE:
            return problem(429, "Too Many Requests", "maximum subscriptions with type and condition exceeded")
        if self._cost() + 1 > self._max_total_cost:
            return problem(429, "Too Many Requests", "exceeded the maximum total cost of subscriptions")
        return None

    def _cost(self) -> int:
        return sum(int(held.body["cost"]) for held in self._state.subscriptions())

    def _totals(self, total: int | None = None) -> dict[str, Any]:
        return {
            "total": len(self._state.subscriptions()) if total is None else total,
            "total_cost": self._cost(),
            "max_total_cost": self._max_total_cost,
        }


def _passes(held: Held, request: web.Request, filters: list[str]) -> bool:
    for name in filters:
        wanted = request.query[name]
        if name == "user_id":
            if wanted not in held.body["condition"].values():
                return False
        elif held.body["id" if name == "subscription_id" else name] != wanted:
            return False
    return True


def _reaches(callback: str) -> bool:
    target = urlsplit(callback)
    return target.scheme == "https" or (target.scheme == "http" and is_loopback(target.hostname))
