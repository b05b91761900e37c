"""Orders to the double: sockets cut, shards lost, tokens ended, orphans left; and what is said in chats.

``POST /simulator/sockets`` (class SocketOrder) · ``POST /simulator/shard`` (class ShardOrder) ·
``POST /simulator/expire`` (class Expiry) · ``POST /simulator/leak`` (class Leak) · ``POST /simulator/chat`` (class
ChatOrder) · ``POST /simulator/budget`` (class Budget).
"""

from __future__ import annotations

import uuid
from typing import Literal

from aiohttp import web
from pydantic import Field

from gstreamer.simulator import cast, notices
from gstreamer.simulator.cast import Person
from gstreamer.simulator.chat import Chat
from gstreamer.simulator.conduits import Conduits
from gstreamer.simulator.control import Order, read_order, somebody
from gstreamer.simulator.delivery import Delivery
from gstreamer.simulator.eventsub import EventSub
from gstreamer.simulator.faults import timestamp
from gstreamer.simulator.notices import Notice
from gstreamer.simulator.state import State


class SocketOrder(Order):
    """
    EventSub's WebSockets, all of them or those of one session: ``reconnect`` asks them to move, ``close`` ends them
    with a code of Twitch's (0: the connection is cut without a word).
    """

    act: Literal["reconnect", "close"]
    session_id: str = ""
    code: int = Field(4000, ge=0, le=4999)


class ShardOrder(Order):
    """A conduit's shard is given another status, and that is told as Twitch does."""

    conduit_id: str
    shard_id: str = "0"
    status: str = "notification_failures_exceeded"


class Expiry(Order):
    """A person's tokens of this kind end now."""

    user_id: str
    kind: Literal["access", "refresh"] = "access"


class Leak(Order):
    """
    A copy of a subscription, as a client that crashed between two calls leaves it: enabled, with another id.

    A ``hidden`` one delivers and is counted, but not listed (twitchdev/issues#1094).
    """

    subscription_id: str
    hidden: bool = False


class Budget(Order):
    """The most that subscriptions may cost from now on that are not by WebSocket; what is there stays."""

    max_total_cost: int = Field(ge=0, le=1_000_000)


class ChatOrder(Order):
    """
    Something that somebody says in a chat, or a moderator does there.

    ``say`` needs ``user_id`` and ``text``; ``notice`` a ``user_id`` and which ``notice``; ``delete`` a
    ``message_id``; ``clear_user`` a ``user_id``.
    """

    act: Literal["say", "notice", "delete", "clear_user", "clear"] = "say"
    notice: Literal["sub", "resub", "sub_gift", "community_sub_gift", "raid", "announcement"] = "sub"
    broadcaster_id: str
    user_id: str = ""
    text: str = Field("", max_length=500)
    message_id: str = ""
    reply_to: str = ""
    bits: int = Field(0, ge=0, le=1_000_000)


class Disorder:
    """
    The routes.

    Args:
        state: Subscriptions and tokens.
        conduits: Conduits.
        delivery: The sender, with its sockets.
        chat: The chats.
        eventsub: Where subscriptions are made.
    """

    def __init__(self, state: State, conduits: Conduits, delivery: Delivery, chat: Chat, eventsub: EventSub) -> None:
        self._eventsub = eventsub
        self._chat = chat
        self._state = state
        self._conduits = conduits
        self._delivery = delivery

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.post("/simulator/sockets", self.sockets),
            web.post("/simulator/shard", self.shard),
            web.post("/simulator/expire", self.expire),
            web.post("/simulator/leak", self.leak),
            web.post("/simulator/chat", self.chat),
            web.post("/simulator/budget", self.budget),
        ]

    async def sockets(self, request: web.Request) -> web.Response:
        """Move or end sockets."""
        order = await read_order(request, SocketOrder)
        sockets = self._delivery.sockets
        url = f"ws://{request.host}/ws"
        chosen = [order.session_id] if order.session_id else sockets.ids()
        done = [
            one
            for one in chosen
            if await (sockets.move(one, url) if order.act == "reconnect" else sockets.close(one, order.code))
        ]
        return web.json_response({"sessions": done})

    async def shard(self, request: web.Request) -> web.Response:
        """Give a shard another status."""
        order = await read_order(request, ShardOrder)
        conduit = self._conduits.get(order.conduit_id)
        shard = None if conduit is None else conduit.shards.get(order.shard_id)
        if conduit is None or shard is None:
            raise web.HTTPNotFound(text="there is no such shard\n")
        self._delivery.disable_shard(conduit, shard, order.status)
        return web.json_response(shard.shown())

    async def expire(self, request: web.Request) -> web.Response:
        """End tokens."""
        order = await read_order(request, Expiry)
        return web.json_response({"tokens": self._state.expire_tokens(somebody(order.user_id).id, order.kind)})

    async def leak(self, request: web.Request) -> web.Response:
        """Leave a copy of a subscription."""
        order = await read_order(request, Leak)
        held = self._state.subscription(order.subscription_id)
        if held is None:
            raise web.HTTPNotFound(text="there is no such subscription\n")
        body = {**held.body, "id": str(uuid.uuid4()), "created_at": timestamp()}
        return web.json_response(
            self._state.add_subscription(body, held.secret, held.owner, hidden=order.hidden).body
        )

    async def budget(self, request: web.Request) -> web.Response:
        """Set what subscriptions may cost."""
        order = await read_order(request, Budget)
        self._eventsub.max_total_cost = order.max_total_cost
        return web.json_response(order.model_dump())

    async def chat(self, request: web.Request) -> web.Response:
        """Say something, or remove it."""
        order = await read_order(request, ChatOrder)
        broadcaster = somebody(order.broadcaster_id)
        message_id = order.message_id
        if order.act == "say":
            chatter = somebody(order.user_id)
            message_id = self._chat.say(
                broadcaster,
                chatter,
                order.text,
                reply_to=order.reply_to,
                bits=order.bits,
                message_id=order.message_id,
            )
        elif order.act == "notice":
            chatter = somebody(order.user_id)
            self._chat.notify(broadcaster, chatter, _notice(order, chatter), order.text)
        elif order.act == "clear_user":
            self._chat.clear_user(broadcaster, somebody(order.user_id))
        elif order.act == "clear":
            self._chat.clear(broadcaster)
        elif not self._chat.remove(order.message_id):
            raise web.HTTPNotFound(text="there is no such message\n")
        return web.json_response({"message_id": message_id})


def _notice(order: ChatOrder, chatter: Person) -> Notice:
    made = {
        "sub": notices.subscribed(chatter),
        "resub": notices.subscribed_again(chatter, 12),
        "sub_gift": notices.gave(chatter, cast.VIEWERS[0]),
        "community_sub_gift": notices.gave_to_all(chatter, 5),
        "raid": notices.raided(chatter, 42),
        "announcement": notices.announced(),
    }
    return made[order.notice]
