"""Orders to the double, from this machine only: be faulty, send this event now, end that subscription.

``GET /simulator/state`` · ``POST /simulator/faults`` (class Faults; ``{}`` ends them) · ``POST /simulator/emit``
(class Emission) · ``POST /simulator/happen`` (class Act) · ``POST /simulator/revoke`` (class Revocation) ·
``POST /simulator/disconnect`` (class Disconnection) · ``GET /simulator/issued`` · ``POST /simulator/rotation`` (class
Rotation); more in ``disorder``. Bodies are JSON with that content type.
"""

from __future__ import annotations

import asyncio
import random
from ipaddress import ip_address
from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gstreamer.simulator import cast
from gstreamer.simulator.cast import Person
from gstreamer.simulator.consents import Consents
from gstreamer.simulator.delivery import Delivery, Message, notification
from gstreamer.simulator.faults import Faults, Trouble, timestamp
from gstreamer.simulator.issued import Issued
from gstreamer.simulator.oauth import is_loopback
from gstreamer.simulator.rates import Meter, Rates
from gstreamer.simulator.state import State
from gstreamer.simulator.world import Happening, World


class Order(BaseModel):
    """Base of all orders."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Order):
    """An event to be sent, whole as Twitch's event object."""

    type: str
    event: dict[str, Any]
    message_id: str = ""


class Emission(Order):
    """
    Events to be sent now, in this order.

    ``mode`` says how each leaves: once, twice (``duplicate``), with a wrong signature (``forged``), or with a time
    of 11 minutes ago (``stale``) or 20 minutes ahead (``future``). ``shuffle`` moves each by up to so many places,
    by the dice of ``seed``. ``late_s`` holds all back. With ``wait`` the answer carries the status of each one.
    """

    events: Annotated[tuple[Event, ...], Field(min_length=1, max_length=10_000)]
    mode: Literal["once", "duplicate", "forged", "stale", "future"] = "once"
    shuffle: int = Field(0, ge=0, le=1_000)
    seed: int = 0
    late_s: float = Field(0, ge=0, le=600)
    wait: bool = True


class Act(Order):
    """Something that somebody does: it changes the world and is told as the world's own events are."""

    act: Literal["start", "end", "update", "raid"]
    user_id: str
    target_id: str = ""
    title: str = ""


class Revocation(Order):
    """A subscription to be ended by Twitch, by its id, or all of a streamer's."""

    subscription_id: str = ""
    user_id: str = ""
    status: str = "authorization_revoked"


class Disconnection(Order):
    """A person takes the grant back: all their tokens end."""

    user_id: str


class Rotation(Order):
    """Whether from now on a refresh also replaces the refresh token, and ends the old one."""

    refresh_tokens: bool


_Order = TypeVar("_Order", bound=BaseModel)


class Control:
    """
    The routes below ``/simulator``.

    Args:
        state: Subscriptions and tokens.
        world: The channels.
        delivery: The sender of webhooks.
        trouble: How it misbehaves.
        consents: Who has granted us what.
        issued: Every token and code that there was.
        meter: The rate limits' buckets, and what was called.
    """

    def __init__(
        self,
        state: State,
        world: World,
        delivery: Delivery,
        trouble: Trouble,
        consents: Consents,
        issued: Issued,
        meter: Meter,
    ) -> None:
        self._state = state
        self._world = world
        self._delivery = delivery
        self._trouble = trouble
        self._consents = consents
        self._issued = issued
        self._meter = meter

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.get("/simulator/state", self.show),
            web.post("/simulator/faults", self.faults),
            web.post("/simulator/emit", self.emit),
            web.post("/simulator/happen", self.happen),
            web.post("/simulator/revoke", self.revoke),
            web.post("/simulator/disconnect", self.disconnect),
            web.get("/simulator/calls", self.calls),
            web.post("/simulator/rates", self.rates),
            web.get("/simulator/issued", self.issued),
            web.post("/simulator/rotation", self.rotation),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """What it holds."""
        only_from_here(request)
        return web.json_response(
            {
                "live": [person.id for person in self._world.live()],
                "subscriptions": [held.body for held in self._state.subscriptions()],
                "sent": self._delivery.sent,
                "lost": self._delivery.lost,
                "faults": self._trouble.faults.model_dump(),
            }
        )

    async def faults(self, request: web.Request) -> web.Response:
        """Misbehave from now on; what was held back goes out."""
        self._trouble.order(await read_order(request, Faults))
        self._delivery.flush()
        return web.json_response(self._trouble.faults.model_dump())

    async def emit(self, request: web.Request) -> web.Response:
        """Send events now."""
        emission = await read_order(request, Emission)
        at = timestamp({"stale": -660, "future": 1_200}.get(emission.mode, 0))
        messages = [
            notification(held, one.event, at, one.message_id)._replace(forged=emission.mode == "forged")
            for one in emission.events
            for held in self._delivery.matching(one.type, one.event)
        ]
        if emission.mode == "duplicate":
            messages = [message for message in messages for _ in range(2)]
        if emission.shuffle:
            dice = random.Random(emission.seed)
            places = [(place + dice.uniform(0, emission.shuffle), place) for place in range(len(messages))]
            messages = [messages[place] for _, place in sorted(places)]
        if not emission.wait:
            self._delivery.start(self._send(messages, emission.late_s))
            return web.json_response({"messages": [_row(message, None) for message in messages]}, status=202)
        await asyncio.sleep(emission.late_s)
        rows = []
        for message in messages:
            status, _ = await self._delivery.attempt(message, 0)
            rows.append(_row(message, status))
        return web.json_response({"messages": rows})

    async def happen(self, request: web.Request) -> web.Response:
        """Let somebody do something."""
        act = await read_order(request, Act)
        happened = self._act(act, somebody(act.user_id))
        messages = [message for one in happened for message in self._delivery.notify(one.type, one.event)]
        return web.json_response(
            {"events": [one._asdict() for one in happened], "messages": [_row(message, None) for message in messages]}
        )

    async def revoke(self, request: web.Request) -> web.Response:
        """End subscriptions."""
        order = await read_order(request, Revocation)
        ended = [
            held.id
            for held in self._state.subscriptions()
            if held.id == order.subscription_id
            or (order.user_id and order.user_id in held.body["condition"].values())
        ]
        for one in ended:
            await self._delivery.revoke(one, order.status)
        return web.json_response({"revoked": ended})

    async def disconnect(self, request: web.Request) -> web.Response:
        """End a person's grant."""
        person = somebody((await read_order(request, Disconnection)).user_id)
        ended = await self._consents.taken_back(person)
        return web.json_response({"tokens": ended})

    async def issued(self, request: web.Request) -> web.Response:
        """Every token and code that was ever issued, the first first."""
        only_from_here(request)
        return web.json_response({"issued": [entry._asdict() for entry in self._issued.entries()]})

    async def rotation(self, request: web.Request) -> web.Response:
        """Rotate refresh tokens, or leave them."""
        self._issued.rotates = (await read_order(request, Rotation)).refresh_tokens
        return web.json_response({"refresh_tokens": self._issued.rotates})

    async def calls(self, request: web.Request) -> web.Response:
        """What was called."""
        only_from_here(request)
        return web.json_response({"calls": self._meter.rows()})

    async def rates(self, request: web.Request) -> web.Response:
        """Set what buckets hold, and count calls anew."""
        rates = await read_order(request, Rates)
        self._meter.order(rates)
        return web.json_response(rates.model_dump())

    def _act(self, act: Act, person: Person) -> list[Happening]:
        if act.act == "start":
            return self._world.start(person, timestamp())
        if act.act == "end":
            return self._world.end(person)
        if act.act == "raid":
            return self._world.raid(person, somebody(act.target_id))
        return self._world.update(person, act.title)

    async def _send(self, messages: list[Message], late_s: float) -> None:
        await asyncio.sleep(late_s)
        for message in messages:
            self._delivery.start(self._delivery.deliver(message))


def _row(message: Message, status: int | None) -> dict[str, Any]:
    return {"id": message.id, "subscription_id": message.subscription_id, "status": status}


def somebody(user_id: str) -> Person:
    """
    Whoever has this id.

    Raises:
        web.HTTPNotFound: Nobody has.
    """
    person = cast.by_id(user_id)
    if person is None:
        raise web.HTTPNotFound(text=f"nobody has the id {user_id!r}\n")
    return person


async def read_order(request: web.Request, kind: type[_Order]) -> _Order:
    """
    The order that a request is.

    Raises:
        web.HTTPException: It is from elsewhere, or cannot be understood.
    """
    only_from_here(request)
    # A page of another origin cannot send this type without asking first, and nobody answers that.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json\n")
    try:
        return kind.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise web.HTTPUnprocessableEntity(text=f"{where}: {first['msg']}\n") from None


def only_from_here(request: web.Request) -> None:
    """Refuse other machines, and names that were made to point here."""
    host = request.url.host
    try:
        near = ip_address(request.remote or "").is_loopback
    except ValueError:
        near = False
    if not near or not is_loopback(host):
        raise web.HTTPForbidden(text="orders are taken from this machine only\n")
