"""The sockets of a client: one that is read, and during a move a second one that is being opened.

Invariant: what it gives is what ``Cursors`` makes of the messages, in the order in which they were read; a socket
that ends is opened again after its positions, with full jitter, for as long as the server's close code says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidURI
from websockets.typing import Origin, Subprotocol

from gstreamer.client.cursors import Cursors
from gstreamer.client.dial import Dial, SignedOutError
from gstreamer.client.items import Ended, Item, Link, Refused

SUBPROTOCOL = "gstreamer.v1"
OPEN_S = 10.0
"""A server that has not welcomed us by then is given up; it closes sockets that say nothing after as long."""
STABLE_S = 60.0
"""A socket that lasted so long makes the next wait a short one again."""
BACKOFF_S = (0.5, 30.0)
AGAIN_S = 5.0
MOST_ITEMS = 1_000
"""What may wait for whoever iterates; beyond it nothing is read, and the server thins or cuts us."""
MOST_BYTES = 16 * 2**20
FINAL = 4_500
SESSION_ENDED = 4_501
ABNORMAL = 1_006

_LOST = (ConnectionClosed, OSError, InvalidHandshake, InvalidMessage, InvalidURI, TimeoutError)


class _Open(NamedTuple):
    """A socket that has been welcomed: where, and by what the next one may be opened."""

    url: str
    socket: ClientConnection
    resume_ticket: str


class Client:
    """
    A viewer that stays connected. Iterate over it: each item is one of ``gstreamer.client.items``.

    Args:
        dial: Where tickets come from (``session``).
        positions: Where it stopped the last time (``Client.positions``).
        origin: The Origin header to send; a program needs none.
        backoff_s: Shortest and longest wait before a socket is opened again.
    """

    def __init__(
        self,
        dial: Dial,
        *,
        positions: Mapping[str, str | None] | None = None,
        origin: str | None = None,
        backoff_s: tuple[float, float] = BACKOFF_S,
    ) -> None:
        self._dial, self._origin, self._backoff_s = dial, origin, backoff_s
        self._cursors = Cursors(positions)
        self._items: asyncio.Queue[Item] = asyncio.Queue(MOST_ITEMS)
        self._current: _Open | None = None
        self._next: _Open | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False

    async def __aenter__(self) -> Self:
        self._start(self._run())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[Item]:
        return self._iterate()

    @property
    def positions(self) -> dict[str, str | None]:
        """Where it stands in each streamer's log, of what was read: keep them once you have handled what you got."""
        return self._cursors.positions

    def subscribe(self, streamer_id: str, *, position: str | None = None, types: Sequence[str] | None = None) -> None:
        """
        Want a streamer's events.

        Args:
            streamer_id: Twitch id of the streamer.
            position: Go on after it; None: where it stands, or from now on.
            types: Types by name, ``channel.*``, ``-channel.chat.*``; None: everything.
        """
        self._say(self._cursors.subscribe(streamer_id, position, types))

    def unsubscribe(self, streamer_id: str) -> None:
        """Want a streamer's events no more."""
        self._say(self._cursors.unsubscribe(streamer_id))

    async def close(self) -> None:
        """End the socket, and open none any more."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for one in (self._current, self._next):
            if one is not None:
                await one.socket.close()
        self._current = self._next = None

    async def _iterate(self) -> AsyncIterator[Item]:
        while not self._over:
            item = await self._items.get()
            self._over = isinstance(item, Ended)
            yield item

    async def _run(self) -> None:
        """Open sockets and read them, one after the other, until the server wants us back no more."""
        attempt = 0
        resume: tuple[str, str] | None = None
        while True:
            began = time.monotonic()
            code, reason = ABNORMAL, "no connection"
            ticket, resume = resume, None  # it opens one socket; if that fails, another actor may be alive
            try:
                opened = self._next or await self._open(*(ticket or await self._dial()))
                self._current, self._next = opened, None
                resume = (opened.url, opened.resume_ticket)
                await self._items.put(Link("live", None, ""))
                code, reason = await self._read(opened)
            except SignedOutError as error:
                await self._items.put(Ended(SESSION_ENDED, str(error)))
                return
            except ConnectionClosed as error:
                code, reason = _code_of(error)
            except _LOST as error:
                reason = str(error) or "no answer"
            self._current = None
            if self._next is not None:
                continue
            if code >= FINAL:
                await self._items.put(Ended(code, reason))
                return
            attempt = 0 if time.monotonic() - began >= STABLE_S else attempt
            await self._items.put(Link("waiting", code, reason))
            shortest, longest = self._backoff_s
            await asyncio.sleep(random.random() * min(longest, shortest * 2**attempt))  # noqa: S311 - jitter
            attempt += 1

    async def _open(self, url: str, ticket: str) -> _Open:
        """
        A socket that has been welcomed.

        Raises:
            ConnectionClosed, OSError, TimeoutError: It was not.
        """
        async with asyncio.timeout(OPEN_S):
            socket = await connect(
                url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                origin=None if self._origin is None else Origin(self._origin),
                compression=None,
                ping_interval=None,
                max_size=MOST_BYTES,
                proxy=None,
            )
            try:
                await socket.send(json.dumps(self._cursors.hello(ticket)))
                while True:
                    message = json.loads(await socket.recv())
                    if message["type"] == "welcome":
                        return _Open(url, socket, message["resume_ticket"])
            except BaseException:
                await socket.close()
                raise

    async def _read(self, opened: _Open) -> tuple[int, str]:
        """Read a socket to its end; its close code and reason."""
        try:
            while True:
                message = json.loads(await opened.socket.recv())
                if message["type"] == "ping":
                    await opened.socket.send('{"type":"pong"}')
                elif message["type"] == "move":
                    self._start(self._move(opened, message["url"], message["ticket"], message["after_ms"]))
                for item in self._cursors.take(message):
                    if isinstance(item, Refused) and item.code == "unavailable" and item.streamer_id is not None:
                        self._start(self._again(opened, item.streamer_id))
                    await self._items.put(item)
        except ConnectionClosed as error:
            return _code_of(error)

    async def _move(self, old: _Open, url: str, ticket: str, after_ms: int) -> None:
        """Open another socket, and leave the old one once welcomed; where that fails the old one stays."""
        await asyncio.sleep(after_ms / 1_000)
        try:
            opened = await self._open(url, ticket)
        except _LOST:
            return
        if self._current is not old:
            await opened.socket.close()
            return
        self._next = opened
        await old.socket.close()

    async def _again(self, opened: _Open, streamer_id: str) -> None:
        """Want a streamer once more that could not be had at the moment."""
        await asyncio.sleep(AGAIN_S)
        message = self._cursors.again(streamer_id)
        if message is not None and self._current is opened:
            await _send(opened.socket, message)

    def _say(self, message: Mapping[str, Any]) -> None:
        for one in (self._current, self._next):
            if one is not None:
                self._start(_send(one.socket, message))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    with contextlib.suppress(ConnectionClosed):  # the next socket says it in its hello
        await socket.send(json.dumps(message))


def _code_of(error: ConnectionClosed) -> tuple[int, str]:
    return (error.rcvd.code, error.rcvd.reason) if error.rcvd is not None else (ABNORMAL, "the connection was lost")
