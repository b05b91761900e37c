"""What streamers' hosts tell of their states, each host asked once however many streamers it runs.

Nobody is woken by a question: a streamer that no host runs has no state here. Hosts that do not answer in time are
left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from gstreamer.core.errors import UnavailableError
from gstreamer.core.fold import StreamerState
from gstreamer.core.ids import single_host_name
from gstreamer.core.ports import Peers, Snapshot

ASK_S = 1.0
MAX_KNOWN = 50_000


class Newest(Protocol):
    """Where placement's newest snapshot is (``actors.snapshots.SnapshotFollower``)."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The last one heard."""


class Hosts:
    """
    The streamer hosts of placement's snapshot.

    Args:
        peers: The hosts by name.
        snapshots: Which there are.
    """

    def __init__(self, peers: Peers, snapshots: Newest) -> None:
        self._peers = peers
        self._snapshots = snapshots
        self._known: dict[str, str] = {}

    async def states(self, streamer_ids: Iterable[str]) -> dict[str, StreamerState]:
        """The states of those of these streamers that are run by a host that answers."""
        wanted = frozenset(streamer_ids)
        snapshot = self._snapshots.snapshot
        hosts = frozenset(host.name for host in snapshot.hosts) if snapshot is not None else frozenset()
        found = await self._ask(self._where(wanted, hosts))
        missing = wanted - found.keys()
        moved = frozenset(one for one in missing if self._known.pop(one, None) is not None)
        if moved:
            # They were where we looked last time, and are not there now: look everywhere.
            found |= await self._ask(self._where(moved, hosts))
        return found

    def _where(self, wanted: frozenset[str], hosts: frozenset[str]) -> dict[str, set[str]]:
        packed = [name for name in hosts if not name.startswith(single_host_name(""))]
        asked: dict[str, set[str]] = {}
        for one in wanted:
            known, single = self._known.get(one), single_host_name(one)
            places = [known] if known in hosts else [single] if single in hosts else packed
            for name in places:
                asked.setdefault(name, set()).add(one)
        return asked

    async def _ask(self, asked: dict[str, set[str]]) -> dict[str, StreamerState]:
        answers = await asyncio.gather(*(self._ask_host(name, ids) for name, ids in asked.items()))
        found: dict[str, StreamerState] = {}
        for name, states in zip(asked, answers, strict=True):
            for one, state in states.items():
                found[one] = state
                self._remember(one, name)
        return found

    async def _ask_host(self, name: str, ids: set[str]) -> dict[str, StreamerState]:
        try:
            async with asyncio.timeout(ASK_S):
                return await self._peers.host(name).state(tuple(sorted(ids)))
        except (UnavailableError, TimeoutError):
            return {}

    def _remember(self, streamer_id: str, name: str) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[streamer_id] = name
