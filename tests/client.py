"""A client of gstreamer.v1 for tests: what a careful viewer does, and a record of all that it saw.

It keeps one position per streamer, resumes from it after every cut, and answers pings; it trusts nothing that
the protocol does not say. ``tests.checker`` judges its record.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.checker import Seen

SUBPROTOCOL = "gstreamer.v1"
PATIENCE_S = 60.0

Dial = Callable[[], Awaitable[tuple[str, str]]]
"""Asks for a fresh ``(url, ticket)``, as ``POST /api/ws-ticket`` gives it."""


class Viewer:
    """
    A viewer that stays connected.

    Args:
        dial: Where a first ticket comes from; asked at the start and whenever a resume ticket is refused.
        resume: Whether to dial again after a close that says so, going on from the last positions.
        origin: The Origin header to send, as a browser would.
        backoff_s: Shortest and longest wait before dialling again (full jitter).
        patient: Whether a streamer that cannot be had at the moment is asked for again, as the answer says.
    """

    def __init__(
        self,
        dial: Dial,
        *,
        resume: bool = True,
        origin: str | None = None,
        backoff_s: tuple[float, float] = (0.05, 2.0),
        patient: bool = False,
    ) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.positions: dict[str, str | None] = {}
        self.subscribed: dict[str, list[dict[str, Any]]] = {}
        self.unsubscribed: list[dict[str, Any]] = []
        self.gaps: list[dict[str, Any]] = []
        self.lagged: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.welcomes: list[dict[str, Any]] = []
        self.closes: list[tuple[int, str]] = []
        self.pings = 0
        self.arrivals: list[float] = []
        self.moves: list[str] = []
        self.answer_pings = True
        self.obeys = True
        self._types: dict[str, Sequence[str]] = {}
        self._patient = patient
        self._dial, self._resume, self._origin, self._backoff_s = dial, resume, origin, backoff_s
        self._ticket: tuple[str, str] | None = None
        self._ws: ClientConnection | None = None
        self._mover: asyncio.Task[None] | None = None
        self._moved: tuple[str, ClientConnection] | None = None
        self._overlap: dict[str, str | None] = {}
        self._changed = asyncio.Condition()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Viewer:
        self.start()
        await self.until(lambda: bool(self.welcomes))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End the socket with 1000 and dial no more."""
        self._closing = True
        if self._ws is not None:
            await self._ws.close()
        for task in (self._mover, self._task):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._moved is not None:
            await self._moved[1].close()

    async def cut(self) -> None:
        """Cut the TCP connection as a lost network would: no close frame."""
        if self._ws is not None:
            self._ws.transport.abort()

    async def subscribe(
        self, streamer_id: str, position: str | None = None, types: Sequence[str] | None = None, *, wait: bool = True
    ) -> dict[str, Any]:
        """Subscribe, and give the ``subscribed`` or ``error`` that answers (empty if not waited for)."""
        message: dict[str, Any] = {"type": "subscribe", "streamer_id": streamer_id}
        if position is not None:
            message["position"] = position
        if types is not None:
            message["types"] = types
            self._types[streamer_id] = types
        else:
            self._types.pop(streamer_id, None)
        self.positions.setdefault(streamer_id, position)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                before, errors = len(self.subscribed.get(streamer_id, ())), len(self.errors)
                await self.send(message)
                if not wait:
                    return {}
                await self.until(
                    lambda known=before, told=errors: (  # type: ignore[misc]
                        len(self.subscribed.get(streamer_id, ())) > known
                        or any(error.get("streamer_id") in (None, streamer_id) for error in self.errors[told:])
                    )
                )
                if len(self.errors) == errors:
                    return self.subscribed[streamer_id][-1]
                if not self._patient or self.errors[-1]["code"] != "unavailable":
                    return self.errors[-1]
                await asyncio.sleep(self._backoff_s[1])

    async def unsubscribe(self, streamer_id: str) -> dict[str, Any]:
        """Unsubscribe, and give the answer."""
        before = len(self.unsubscribed)
        self.positions.pop(streamer_id, None)
        await self.send({"type": "unsubscribe", "streamer_id": streamer_id})
        await self.until(lambda: len(self.unsubscribed) > before)
        return self.unsubscribed[-1]

    async def send(self, message: Mapping[str, Any] | str | bytes) -> None:
        """Send a message as it is: a mapping as JSON, text and bytes raw."""
        assert self._ws is not None, "not connected"
        await self._ws.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def until(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait until a condition on this record holds."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(holds)

    def seen(self) -> dict[str, list[Seen]]:
        """What it saw, for the checker."""
        return {
            streamer_id: [Seen(event["id"], event["position"]) for event in events]
            for streamer_id, events in self.events.items()
        }

    async def _run(self) -> None:
        wait_s = self._backoff_s[0]
        while not self._closing:
            if await self._session():
                wait_s = self._backoff_s[0]
            if self._moved is not None:
                continue
            if not self._resume or (self.closes and self.closes[-1][0] >= 4500):
                return
            await asyncio.sleep(random.uniform(0, wait_s))
            wait_s = min(wait_s * 2, self._backoff_s[1])

    async def _session(self) -> bool:
        """One socket from dialling to its end; whether it was welcomed."""
        welcomed = len(self.welcomes)
        try:
            if self._moved is not None:
                url, ws = self._moved
                # What the old socket had told when it ended comes again by the new one, which was opened before.
                self._moved, self._overlap = None, dict(self.positions)
            else:
                url, ticket = self._ticket or await self._dial()
                self._ticket = None
                ws = await self._open(url, ticket)
            async with ws:
                self._ws = ws
                while True:
                    await self._receive(url, await ws.recv())
        except ConnectionClosed as closed:
            if self._moved is not None:
                return True
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
            await self._note(lambda: self.closes.append((code, reason)))
            if code == 4006:
                self._ticket = None
        except (OSError, InvalidHandshake, InvalidMessage, TimeoutError):
            await self._note(lambda: self.closes.append((1006, "no connection")))
        finally:
            self._ws = None
        return len(self.welcomes) > welcomed

    async def _open(self, url: str, ticket: str) -> ClientConnection:
        ws = await connect(
            url,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            origin=self._origin,  # type: ignore[arg-type]
            compression=None,
            ping_interval=None,
            max_size=2**24,
            proxy=None,
        )
        await ws.send(json.dumps({"type": "hello", "ticket": ticket, "resume": self._wanted()}))
        return ws

    async def _move(self, url: str, ticket: str, after_ms: int) -> None:
        """Open another socket, and leave this one once welcomed there; if that fails, it stays."""
        await asyncio.sleep(after_ms / 1_000)
        try:
            ws = await self._open(url, ticket)
            welcome = json.loads(await ws.recv())
        except (ConnectionClosed, OSError, InvalidHandshake, InvalidMessage, TimeoutError):
            return
        old = self._ws
        if old is None:
            await ws.close()
            return
        self._moved = (url, ws)
        await self._note(lambda: (self._record(url, welcome), self.moves.append(url)))
        await old.close()

    def _wanted(self) -> dict[str, Any]:
        return {
            streamer_id: {"position": position, "types": self._types[streamer_id]}
            if streamer_id in self._types
            else position
            for streamer_id, position in self.positions.items()
        }

    async def _receive(self, url: str, text: str | bytes) -> None:
        assert isinstance(text, str), "the server sends text frames only"
        message = json.loads(text)
        if message["type"] == "ping":
            self.pings += 1
            if self.answer_pings:
                await self.send({"type": "pong"})
        elif message["type"] == "move" and self.obeys:
            self._mover = asyncio.create_task(self._move(message["url"], message["ticket"], message["after_ms"]))
        await self._note(lambda: self._record(url, message))

    def _record(self, url: str, message: dict[str, Any]) -> None:
        streamer_id = message.get("streamer_id")
        match message["type"]:
            case "welcome":
                self.welcomes.append(message)
                self._ticket = (url, message["resume_ticket"])
            case "subscribed":
                self.subscribed.setdefault(streamer_id, []).append(message)
                self.events.setdefault(streamer_id, [])
                if streamer_id in self.positions and streamer_id not in self._overlap:
                    self.positions[streamer_id] = message["position"]
                if message["recovery"] != "complete":
                    self.gaps.append(message)
            case "unsubscribed":
                self.unsubscribed.append(message)
            case "events":
                self.arrivals.append(time.monotonic())
                position = message.get("position") or message["events"][-1]["position"]
                told = self._overlap.get(streamer_id)
                self.events[streamer_id] += [one for one in message["events"] if not _within(one["position"], told)]
                if not _within(position, told):
                    self._overlap.pop(streamer_id, None)
                    if streamer_id in self.positions:
                        self.positions[streamer_id] = position
            case "lagged":
                self.lagged.append(message)
                if streamer_id in self.positions:
                    self.positions[streamer_id] = message["to"]
            case "state":
                self.states.append(message)
            case "error":
                self.errors.append(message)

    async def _note(self, change: Callable[[], object]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()


def _within(position: str, told: str | None) -> bool:
    """Whether a position was told before."""
    if told is None:
        return False
    (epoch, _, offset), (told_epoch, _, told_offset) = position.rpartition(":"), told.rpartition(":")
    return epoch == told_epoch and int(offset) <= int(told_offset)
