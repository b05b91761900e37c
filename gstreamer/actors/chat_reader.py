"""Reads the chats that somebody watches, each by the account of one of those who watch it.

Every pass says who shall read what (``core.chat_leases``) and brings the seats there: whoever takes a chat over reads
it before the other stops, so a message comes at least once and counts once. Nothing is kept: demand is told again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from gstreamer import log
from gstreamer.actors.chat_seat import ChatSeat, Ports
from gstreamer.core.catalogue import CHAT_GRANT
from gstreamer.core.chat_leases import Demand, Seat, leases
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ids import is_streamer_id
from gstreamer.core.signin import READ_CHAT

PASS_S = 5.0
SCOPES_S = 30.0
LINGER_S = 15.0
OPENED_S = 120.0
"""A chat that its streamer has just opened to us is read on until it comes by that grant (seen within 30 s)."""
AGAIN_S = 1.0

_log = log.get("chat")


class Scopes(Protocol):
    """What people have granted (``store.scopes``)."""

    async def granted(self, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        """The scopes of these people's live grants."""


class ChatReader:
    """
    The chat reader, a plain class; ``core.ports.ChatPeer``.

    Args:
        ports: Whom its seats work with.
        scopes: What people have granted.
        now_s: A clock that only goes forward.
    """

    def __init__(self, ports: Ports, scopes: Scopes, now_s: Callable[[], float] = time.monotonic) -> None:
        self._ports = ports
        self._scopes = scopes
        self._now_s = now_s
        self._demand = Demand()
        self._seats: dict[Seat, ChatSeat] = {}
        self._blocked: dict[tuple[str, str], float] = {}
        self._known: dict[str, frozenset[str]] = {}
        self._known_at_s = float("-inf")
        self._left: dict[str, tuple[float, list[str]]] = {}
        self._opened: dict[str, float] = {}
        self._target: dict[str, Seat] = {}
        self._settling: dict[Seat, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    def __repr__(self) -> str:
        return f"chat readers={len(self._seats)} streamers={len(self._reading())}"

    async def attend(self, caller: str, incarnation: str) -> None:
        """See ``core.ports.ChatPeer.attend``."""
        await asyncio.Event().wait()

    async def watching(self, connection: str, incarnation: str, chats: dict[str, tuple[str, ...]]) -> None:
        """See ``core.ports.ChatPeer.watching``."""
        wanted = {one: users for one, users in chats.items() if is_streamer_id(one)}
        if self._demand.watch(connection, incarnation, wanted, self._now_s()):
            self._wake.set()

    async def reading(self) -> frozenset[str]:
        """See ``core.ports.ChatPeer.reading``."""
        return self._reading()

    async def granted(self) -> None:
        """Somebody has granted more, or less: look at grants anew."""
        self._known_at_s = float("-inf")
        self._wake.set()

    async def observe(self) -> dict[str, Any]:
        """How it stands, for operators: no account is named."""
        return {
            "seats": len(self._seats),
            "ready": sum(seat.is_ready for seat in self._seats.values()),
            "reading": sorted(self._reading()),
            "blocked": len(self._blocked),
        }

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            self._wake.clear()
            pause_s = PASS_S
            try:
                await self.turn()
            except UnavailableError as error:
                _log.warning("who may read chats is not known", reason=str(error))
                pause_s = AGAIN_S
            except Exception:
                _log.exception("the chat reader failed")
                pause_s = AGAIN_S
            try:
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def close(self) -> None:
        """End every session."""
        for task in self._settling.values():
            task.cancel()
        await asyncio.gather(*self._settling.values(), return_exceptions=True)
        await asyncio.gather(*(seat.close() for seat in self._seats.values()))

    async def turn(self) -> None:
        """
        One pass.

        Raises:
            UnavailableError: What people have granted cannot be read.
        """
        now_s = self._now_s()
        self._blocked = {key: until_s for key, until_s in self._blocked.items() if until_s > now_s}
        self._target = target = leases(await self._able(now_s), self._held(), self._blocked)
        for seat in set(target.values()) - self._seats.keys():
            self._seats[seat] = ChatSeat(seat, self._ports, self._wake.set, self._refusing(seat))
        for seat, one in list(self._seats.items()):
            one.wanted = frozenset(streamer for streamer, chosen in target.items() if chosen == seat)
            if seat in self._settling:
                continue
            if self._missing(one) or self._surplus(one):
                task = asyncio.create_task(self._settle(seat, one), name=f"chat seat {seat.number} settles")
                self._settling[seat] = task
            elif not one.wanted and not one.streamers():
                del self._seats[seat]
                await one.close()
        self._ports.metrics.gauge("gstreamer_chats_read", len(self._reading()))

    async def _settle(self, seat: Seat, one: ChatSeat) -> None:
        """
        Bring one seat to what it shall read; it holds up no other.

        A fresh session has ten seconds for its first subscription, however long another's take.
        """
        before = one.streamers()
        try:
            for streamer_id in sorted(self._missing(one)):
                await one.begin(streamer_id)
            for streamer_id in self._surplus(one):
                await one.end(streamer_id)
        except Exception:
            _log.exception("a chat seat cannot be settled")
        finally:
            del self._settling[seat]
        if one.streamers() != before:
            self._wake.set()

    def _missing(self, seat: ChatSeat) -> frozenset[str]:
        """What this seat shall read, and does not yet though it could."""
        return seat.wanted - seat.streamers() if seat.is_ready else frozenset()

    def _surplus(self, seat: ChatSeat) -> list[str]:
        """What this seat reads and need not any more: whoever takes over reads first."""
        chosen = {streamer_id: self._target.get(streamer_id) for streamer_id in seat.streamers() - seat.wanted}
        return [one for one, by in chosen.items() if by is None or self._seats[by].reads(one)]

    async def _able(self, now_s: float) -> dict[str, list[str]]:
        """By chat, those who watch it and may read it; no chat that comes by its streamer's own grant."""
        demand = self._lingering(self._demand.by_streamer(now_s), now_s)
        self._opened = {one: until_s for one, until_s in self._opened.items() if one in demand}
        people = {user for users in demand.values() for user in users} | demand.keys()
        await self._learn(people, now_s)
        return {
            streamer_id: [user for user in users if READ_CHAT in self._known[user]]
            for streamer_id, users in demand.items()
            if self._needs_reader(streamer_id, now_s)
        }

    async def _learn(self, people: set[str], now_s: float) -> None:
        """Have the scopes of all these people: of those who are new at once, of the others now and then."""
        is_due = now_s >= self._known_at_s + SCOPES_S
        asked = people if is_due else people - self._known.keys()
        found = await self._scopes.granted(asked) if asked else {}
        kept = {} if is_due else {one: scopes for one, scopes in self._known.items() if one in people}
        self._known = kept | {one: found.get(one, frozenset()) for one in asked}
        if is_due:
            self._known_at_s = now_s

    def _needs_reader(self, streamer_id: str, now_s: float) -> bool:
        """Whether this chat does not come by its streamer's own grant, or may not come by it yet."""
        if not self._known[streamer_id] >= CHAT_GRANT:
            self._opened.pop(streamer_id, None)
            return True
        until_s = now_s + OPENED_S if streamer_id in self._reading() else now_s
        return now_s < self._opened.setdefault(streamer_id, until_s)

    def _lingering(self, demand: dict[str, list[str]], now_s: float) -> dict[str, list[str]]:
        """A chat that nobody watches any more is read on for a moment: a page that is loaded anew comes back."""
        for streamer_id, users in demand.items():
            self._left[streamer_id] = (now_s + LINGER_S, users)
        self._left = {one: held for one, held in self._left.items() if held[0] > now_s}
        return {one: users for one, (_, users) in self._left.items()} | demand

    def _held(self) -> dict[str, Seat]:
        """Who reads each chat now; of two, the one that is to."""
        found: dict[str, Seat] = {}
        for seat, one in self._seats.items():
            for streamer_id in one.streamers() | one.wanted:
                if streamer_id not in found or streamer_id in one.wanted:
                    found[streamer_id] = seat
        return found

    def _reading(self) -> frozenset[str]:
        return frozenset[str]().union(*(seat.streamers() for seat in self._seats.values()))

    def _refusing(self, seat: Seat) -> Callable[[str, str, float], None]:
        def refused(streamer_id: str, reason: str, seconds: float) -> None:
            """A chat may not be read; without a name, none by this account."""
            _log.info("chat may not be read", streamer_id=streamer_id, reason=reason)
            if streamer_id:
                self._blocked[(streamer_id, seat.user_id)] = self._now_s() + seconds
            else:
                self._known[seat.user_id] = frozenset()
            self._wake.set()

        return refused
