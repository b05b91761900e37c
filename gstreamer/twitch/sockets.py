"""Twitch's EventSub WebSocket: a session's sockets, and its subscriptions, which need the token of a person.

What a message means is ``core.eventsub_socket``'s; here are the sockets. Bounds: a message of at most 1 MiB, and as
many waiting as are taken in time; whoever falls behind loses the session, for Twitch repeats nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import urlencode

import aiohttp

from gstreamer import log
from gstreamer.core.errors import AlreadySubscribedError, NotFoundError, UnavailableError
from gstreamer.core.eventsub_socket import KEEPALIVE_S, Close, Connect, Heard, Lost, Session, Told, Welcomed
from gstreamer.twitch.helix import Helix
from gstreamer.twitch.models import SubscriptionPage, parse

MAX_MESSAGE_BYTES = 2**20
WAITING = 2_000
CONNECT_S = 10.0
CLOSE_S = 2.0
AT_ONCE = 64

_log = log.get("chat")


class SocketHelix(Helix):
    """The calls about subscriptions by WebSocket: each with the token of the person who reads."""

    async def subscribe(
        self, event_type: str, version: str, condition: dict[str, str], session_id: str, token: str, user_id: str
    ) -> str:
        """
        A new subscription of a session; its id.

        Raises:
            GrantEndedError: The token is not good.
            MissingScopeError: The grant does not cover it, the reader is banned there, or in too many chats.
            RefusedError: Twitch refuses it.
            UnavailableError: Twitch does not answer.
        """
        body = {
            "type": event_type,
            "version": version,
            "condition": condition,
            "transport": {"method": "websocket", "session_id": session_id},
        }
        try:
            reply = await self._helix("POST", "eventsub/subscriptions", body=body, token=token, user_id=user_id)
        except AlreadySubscribedError as error:
            return error.subscription_id
        page = parse(SubscriptionPage, reply.body)
        if not page.data:
            raise UnavailableError("twitch's answer is not as documented: a created subscription is missing")
        return page.data[0].id

    async def unsubscribe(self, subscription_id: str, token: str, user_id: str) -> None:
        """
        End a subscription; one that is gone is fine.

        Raises:
            GrantEndedError: The token is not good.
            UnavailableError: Twitch does not answer.
        """
        query = (("id", subscription_id),)
        try:
            await self._helix("DELETE", "eventsub/subscriptions", query, token=token, user_id=user_id)
        except NotFoundError:
            return


class Ears(NamedTuple):
    """
    Who is told of a session.

    Attributes:
        welcomed: It is there (fresh), or goes on by another socket.
        heard: Events and ends of subscriptions, in order; nothing further is told until it returns.
    """

    welcomed: Callable[[Welcomed], None]
    heard: Callable[[list[Heard]], Awaitable[None]]


class _Message(NamedTuple):
    """What a socket gave: a text, or its end by a code (0: without a word)."""

    number: int
    text: str | None
    code: int = 0


class SocketSession:
    """
    Runs one session.

    Args:
        url: Of Twitch's WebSocket.
        now_s: A clock that only goes forward.
    """

    def __init__(self, url: str, now_s: Callable[[], float] = time.monotonic) -> None:
        self._url = f"{url}?{urlencode({'keepalive_timeout_seconds': KEEPALIVE_S})}"
        self._now_s = now_s
        self._came: asyncio.Queue[_Message] = asyncio.Queue(WAITING)
        self._sockets: dict[int, aiohttp.ClientWebSocketResponse] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, ears: Ears) -> str:
        """
        Connect and tell until the session is lost; why it was.

        Raises:
            UnavailableError: Twitch's WebSocket cannot be reached.
        """
        async with aiohttp.ClientSession() as http:
            try:
                session = Session(self._now_s())
                await self._open(http, 0, self._url)
                while True:
                    told = await self._next(session)
                    lost = await self._act(http, told, ears)
                    if lost is not None:
                        return lost.reason
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _next(self, session: Session) -> list[Told]:
        """What the next message (and those behind it) mean, or the silence."""
        try:
            async with asyncio.timeout(max(0.0, session.deadline_s - self._now_s())):
                came = [await self._came.get()]
        except TimeoutError:
            return list(session.passed(self._now_s()))
        while len(came) < AT_ONCE and not self._came.empty():
            came.append(self._came.get_nowait())
        told: list[Told] = []
        for message in came:
            if message.text is None:
                told += session.closed(message.number, message.code)
            else:
                told += session.received(message.number, message.text, self._now_s())
        if self._came.empty():
            told += session.passed(self._now_s())
        return told

    async def _act(self, http: aiohttp.ClientSession, told: list[Told], ears: Ears) -> Lost | None:
        heard: list[Heard] = []
        for one in told:
            if isinstance(one, Heard):
                heard.append(one)
                continue
            if heard:
                await ears.heard(heard)
                heard = []
            if isinstance(one, Welcomed):
                ears.welcomed(one)
            elif isinstance(one, Connect):
                await self._move(http, one)
            elif isinstance(one, Close):
                await self._close(one.number)
            else:
                return one
        if heard:
            await ears.heard(heard)
        return None

    async def _move(self, http: aiohttp.ClientSession, to: Connect) -> None:
        try:
            await self._open(http, to.number, to.url)
        except UnavailableError as error:
            _log.warning("twitch's websocket cannot be moved", reason=str(error))
            await self._came.put(_Message(to.number, None))

    async def _open(self, http: aiohttp.ClientSession, number: int, url: str) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                patience = aiohttp.ClientWSTimeout(ws_close=CLOSE_S)
                socket = await http.ws_connect(url, max_msg_size=MAX_MESSAGE_BYTES, timeout=patience)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"twitch's websocket does not answer ({type(error).__name__})") from None
        self._sockets[number] = socket
        task = asyncio.create_task(self._listen(number, socket), name=f"eventsub socket {number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self, number: int, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._came.put(_Message(number, message.data))
        finally:
            await socket.close()
        await self._came.put(_Message(number, None, socket.close_code or 0))

    async def _close(self, number: int) -> None:
        socket = self._sockets.pop(number, None)
        if socket is not None:
            await socket.close()
