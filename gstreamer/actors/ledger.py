"""Who runs which streamer: decisions written down, hosts and connection actors told until they have heard.

Invariants: an assignment stands here only once its record is durable; a higher generation is never replaced by a
lower one. What is told says the wanted state, so telling again is harmless; what was not heard is told again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from gstreamer import log
from gstreamer.core.errors import UnavailableError
from gstreamer.core.placement import Assign, Assignment
from gstreamer.core.ports import HostStatus, Log, Owner, Peers
from gstreamer.core.records import Outgoing
from gstreamer.core.topics import PLACEMENT_LOG

WRITES_AT_ONCE = 100


class Ledger:
    """
    The assignments that stand.

    Args:
        peers: How hosts and connection actors are told.
        log_: Kafka, for gs.placement.
        by: The incarnation of the placement that decides, for the records.
        incarnation_of: The incarnation of an actor that is up; empty if it is not.
        changed: Called when an owner can be given out that could not before.
        overlap_s: How long a streamer's former owner goes on beside the new one, which has to read its log first.
    """

    def __init__(
        self,
        peers: Peers,
        log_: Log,
        by: str,
        incarnation_of: Callable[[str], str],
        changed: Callable[[], None],
        overlap_s: float,
    ) -> None:
        self._peers = peers
        self._writer = log_
        self._by = by
        self._incarnation_of = incarnation_of
        self._changed = changed
        self._overlap_s = overlap_s
        self._overlapping: set[Assignment] = set()
        self._assignments: dict[str, Assignment] = {}
        self._confirmed: dict[str, int] = {}
        self._untold: dict[str, dict[str, Owner]] = {}
        self._telling: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._writes_fail = False
        self._log = log.get("placement")

    def __len__(self) -> int:
        return len(self._assignments)

    def assignments(self) -> tuple[Assignment, ...]:
        """Every assignment that stands."""
        return tuple(self._assignments.values())

    def owner(self, streamer_id: str) -> Owner | None:
        """The owner of a streamer, once its host is up and has been told; None until then."""
        held = self._assignments.get(streamer_id)
        if (
            held is None
            or self._incarnation_of(held.host) != held.incarnation
            or self._confirmed.get(streamer_id) != held.generation
        ):
            return None
        return _owner(held)

    # Deciding.

    async def assign(self, decisions: Sequence[Assign]) -> None:
        """Write these decisions down; those that are durable stand, the others are for a later round."""
        for i in range(0, len(decisions), WRITES_AT_ONCE):
            await self._assign(decisions[i : i + WRITES_AT_ONCE])

    async def _assign(self, decisions: Sequence[Assign]) -> None:
        written = await asyncio.gather(*(self._write(each) for each in decisions))
        by_host: dict[str, list[Owner]] = {}
        for decision, offset in zip(decisions, written, strict=True):
            if offset is None:
                continue
            held = Assignment(decision.streamer_id, decision.host, decision.incarnation, offset)
            self._assignments[held.streamer_id] = held
            by_host.setdefault(held.host, []).append(_owner(held))
            if decision.previous is not None:
                self._overlapping.add(decision.previous)
                self._start(self._release_later(decision.previous))
            self._announce(held)
        for host, owners in by_host.items():
            self._start(self._hand_over(host, owners))

    async def _write(self, decision: Assign) -> int | None:
        value = {"host": decision.host, "incarnation": decision.incarnation, "by": self._by}
        record = Outgoing(PLACEMENT_LOG, 0, decision.streamer_id.encode(), json.dumps(value).encode(), ())
        try:
            offset = await self._writer.send(record)
        except UnavailableError as error:
            if not self._writes_fail:
                self._log.warning("decisions cannot be written", reason=str(error))
            self._writes_fail = True
            return None
        if self._writes_fail:
            self._log.info("decisions are written again")
        self._writes_fail = False
        return offset

    def release(self, held: Assignment) -> None:
        """Nobody wants this streamer any more."""
        self._assignments.pop(held.streamer_id, None)
        self._confirmed.pop(held.streamer_id, None)
        self._tell_released(held)

    def host_says(self, status: HostStatus) -> None:
        """Adopt what a host runs by a later decision than the one known here; put the rest of it right."""
        surplus: list[Owner] = []
        going_on = {(held.streamer_id, held.host) for held in self._overlapping}
        said = {owner.streamer_id: owner.generation for owner in status.owners}
        for owner in status.owners:
            held = self._assignments.get(owner.streamer_id)
            if held is None or owner.generation > held.generation:
                self._adopt(Assignment(owner.streamer_id, status.name, status.incarnation, owner.generation))
            elif (
                owner.generation < held.generation
                and held.host != status.name
                and (owner.streamer_id, status.name) not in going_on
            ):
                surplus.append(owner)
        missing = [
            _owner(held)
            for held in self._assignments.values()
            if (held.host, held.incarnation) == (status.name, status.incarnation)
            and said.get(held.streamer_id, -1) < held.generation
        ]
        if surplus:
            self._start(self._heard(self._peers.host(status.name).release(tuple(surplus))))
        if missing:
            self._start(self._hand_over(status.name, missing))

    def _adopt(self, held: Assignment) -> None:
        previous = self._assignments.get(held.streamer_id)
        self._assignments[held.streamer_id] = held
        self._confirmed[held.streamer_id] = held.generation
        if previous is not None:
            self._tell_released(previous)
        self._announce(held)
        self._changed()

    # Telling hosts.

    async def _hand_over(self, host: str, owners: Sequence[Owner]) -> None:
        """Tell a host what it owns; if this fails, it is told again when it says what it runs."""
        if not await self._heard(self._peers.host(host).assign(tuple(owners))):
            return
        for owner in owners:
            held = self._assignments.get(owner.streamer_id)
            if held is not None and held.generation == owner.generation:
                self._confirmed[owner.streamer_id] = owner.generation
        self._changed()

    async def _release_later(self, held: Assignment) -> None:
        await asyncio.sleep(self._overlap_s)
        self._overlapping.discard(held)
        self._tell_released(held)

    def _tell_released(self, held: Assignment) -> None:
        if self._incarnation_of(held.host) == held.incarnation:
            self._start(self._heard(self._peers.host(held.host).release((_owner(held),))))

    # Telling connection actors.

    def connection_up(self, name: str, knows_nothing: bool) -> None:
        """Tell this connection actor each new owner; all of them if it may have missed some, none if it is fresh."""
        self._untold[name] = {} if knows_nothing else {each.streamer_id: _owner(each) for each in self.assignments()}

    def connection_gone(self, name: str) -> None:
        """Tell it nothing any more."""
        self._untold.pop(name, None)

    def tell(self) -> None:
        """Tell the connection actors that are up what they have not heard; what fails is told in a later round."""
        for name in self._untold.keys() - self._telling:
            if self._untold[name] and self._incarnation_of(name):
                self._telling.add(name)
                self._start(self._tell(name))

    async def _tell(self, name: str) -> None:
        try:
            owners = dict(self._untold[name])
            if await self._heard(self._peers.connection(name).moved(tuple(owners.values()))):
                left = self._untold.get(name, {})
                for streamer_id, owner in owners.items():
                    if left.get(streamer_id) == owner:
                        del left[streamer_id]
        finally:
            self._telling.discard(name)

    def _announce(self, held: Assignment) -> None:
        for untold in self._untold.values():
            untold[held.streamer_id] = _owner(held)

    # Tasks.

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("telling failed", error=repr(error))

    async def _heard(self, call: Coroutine[Any, Any, None]) -> bool:
        """Whether the call was answered."""
        try:
            await call
        except UnavailableError as error:
            self._log.info("call not answered", reason=str(error))
            return False
        return True


def _owner(held: Assignment) -> Owner:
    return Owner(held.streamer_id, held.host, held.generation)
