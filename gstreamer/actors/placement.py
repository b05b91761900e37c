"""The WebSocket orchestrator: where sockets go and where streamers live. It decides nothing: core.placement does.

Invariants: a decision counts only after its record in gs.placement is durable, and its offset there is the owner's
generation. All state but the generations can be had again from what the actors say of themselves, so this actor may
die at any time; nothing on an event's way waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Protocol

from gstreamer import log
from gstreamer.actors.drains import Drains
from gstreamer.actors.ledger import Ledger
from gstreamer.actors.roster import SYSTEM_TIMING, Kind, Roster, Timing, kind_of, node_of
from gstreamer.core.errors import UnavailableError
from gstreamer.core.foresight import Reasons
from gstreamer.core.placement import (
    Assign,
    Decision,
    Node,
    Release,
    RetireConnection,
    RetireHost,
    SpawnConnection,
    SpawnHost,
    State,
    plan,
)
from gstreamer.core.ports import Counting, Decided, Drained, HostStatus, HostView, Log, Owner, Peers, Snapshot

LONG_POLL_S = 5.0
REBUILD_S = 5.0
"""How long a restarted placement waits for the actors that it finds, before it decides without the silent ones."""
LEASE_S = 120.0
"""How long a located streamer lives before Subscriptions names it among those to keep."""
SPAWN_GRACE_S = 10.0
"""An actor that Ray does not list so long after it was made has died for good."""


DECISIONS_KEPT = 1_000


class Spawner(Protocol):
    """Making and ending actors through Ray's scheduler (``actors.spawn``); everything raises UnavailableError."""

    async def nodes(self) -> tuple[Node, ...]:
        """The living ws nodes."""

    async def actors(self) -> frozenset[str]:
        """Names of all living actors."""

    async def spawn_connection(self, name: str, node: str, number: int) -> None:
        """Make a connection actor on that node; one that exists is left alone."""

    async def spawn_host(self, name: str, node: str) -> None:
        """Make a streamer host on that node; one that exists is left alone."""

    async def end(self, name: str) -> None:
        """End that actor's process for good."""


class Placement:
    """
    A plain class: gstreamer.actors.spawn makes it the Ray actor ``placement``.

    Args:
        spawner: Makes and ends actors.
        peers: Finds them by name.
        log_: Kafka, for gs.placement.
        metrics: Counts decisions.
        per_host: Streamers on a host (``STREAMERS__PER_HOST``).
        incarnation: New at each start of this process.
        timing: The clocks, and how often things are done.
    """

    def __init__(
        self,
        spawner: Spawner,
        peers: Peers,
        log_: Log,
        metrics: Counting,
        per_host: int,
        incarnation: str,
        timing: Timing = SYSTEM_TIMING,
    ) -> None:
        self._spawner = spawner
        self._peers = peers
        self._metrics = metrics
        self._per_host = per_host
        self._incarnation = incarnation
        self._timing = timing
        self._clock, self._unix = timing.clock, timing.unix
        self._log = log.get("placement")
        self._roster = Roster(peers, incarnation, self, metrics, timing)
        self._nodes: tuple[Node, ...] | None = None
        self._ledger = Ledger(peers, log_, incarnation, self._roster.incarnation, self._fire, timing.overlap_s)
        self._drains = Drains(peers, self._roster.views)
        self._kept: frozenset[str] | None = None
        self._leases: dict[str, float] = {}
        self._spawned: dict[str, float] = {}
        self._retiring: set[str] = set()
        self._retirements: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._rebuilt = False
        self._stopped = False
        self._snapshot = Snapshot(-1, 0, (), ())
        self._decided: deque[Decided] = deque(maxlen=DECISIONS_KEPT)

    def __repr__(self) -> str:
        return f"placement(hosts={len(self._snapshot.hosts)} streamers={len(self._ledger)})"

    # What others ask.

    async def snapshot(self, after_version: int) -> Snapshot:
        """The newest snapshot, as soon as its version is above ``after_version``, or after 5 s as it is."""
        deadline = self._clock() + LONG_POLL_S
        while self._snapshot.version <= after_version and await self._set_before(self._changed, deadline):
            pass
        return self._snapshot

    async def locate(self, streamer_id: str) -> Owner:
        """
        The owner of a streamer, which is assigned to a host if it has none.

        Raises:
            UnavailableError: No host can be had at the moment.
        """
        self._leases[streamer_id] = self._clock() + LEASE_S
        deadline = self._clock() + self._timing.locate_s
        while (owner := self._ledger.owner(streamer_id)) is None:
            self._wake.set()
            if not await self._set_before(self._changed, deadline):
                raise UnavailableError(f"no host runs streamer {streamer_id} yet")
        return owner

    async def keep(self, streamer_ids: frozenset[str]) -> None:
        """Subscriptions: exactly these streamers shall live."""
        if streamer_ids != self._kept:
            self._kept = streamer_ids
            self._wake.set()

    async def drain(self, target: str, wanted: bool) -> None:
        """See ``core.ports.PlacementPeer.drain``."""
        self._drains.want(target, wanted, self._node_names())
        self._wake.set()

    async def drained(self, target: str) -> Drained:
        """See ``core.ports.PlacementPeer.drained``."""
        sockets, closed = self._drains.sockets(target)
        if target not in self._node_names():
            return Drained(sockets, 0, not self._drains.is_wanted(target))
        there = {host.name for host in self._roster.members("host") if host.node == target}
        streamers = sum(held.host in there for held in self._ledger.assignments())
        return Drained(sockets, streamers, closed and not sockets and not streamers)

    async def observe(self) -> dict[str, Any]:
        """How it stands, in numbers."""
        return {
            "incarnation": self._incarnation,
            "version": self._snapshot.version,
            "rebuilt": self._rebuilt,
            "nodes": len(self._nodes or ()),
            "connections": len(self._roster.members("connection")),
            "hosts": len(self._roster.members("host")),
            "streamers": len(self._ledger),
            "wanted": len(self._wanted()),
        }

    async def explain(self) -> dict[str, Any]:
        """All that it knows and has decided, and what it would do next, for operators."""
        state = self._state()
        return {
            **await self.observe(),
            "nodes": [each._asdict() for each in state.nodes],
            "draining": sorted(state.draining),
            "connections": [each._asdict() for each in self._roster.views()],
            "hosts": [each._asdict() for each in state.hosts],
            "assignments": [each._asdict() for each in sorted(state.assignments)],
            "next": [f"{type(each).__name__} {each[0]}" for each in plan(state)],
        }

    async def knows(self) -> State:
        """What it decides from, for whoever asks what it would do if something else were so."""
        return self._state()

    async def why(self) -> tuple[Decided, ...]:
        """Its last decisions with their reasons, oldest first."""
        return tuple(self._decided)

    async def stop(self) -> None:
        """End every actor of the ws side in good order; nothing is made any more."""
        self._stopped = True
        await asyncio.gather(*(self._retire(name) for name in self._roster.names()))

    # What members say (roster.Watcher).

    def up(self, kind: Kind, name: str) -> None:
        """A member is there: a connection actor that came up after us asks for the owners that it needs."""
        if kind == "connection":
            self._ledger.connection_up(name, knows_nothing=self._rebuilt)
        self._wake.set()

    def away(self, kind: Kind, name: str) -> None:
        """A member does not answer: its streamers go elsewhere, if there is elsewhere."""
        self._wake.set()

    def host_says(self, status: HostStatus) -> None:
        """What a host runs: where it differs from what was decided, it is put right."""
        self._ledger.host_says(status)

    # The loop.

    async def run(self) -> None:
        """Plan and carry out until stopped; a failing round is logged, and the next one tries again."""
        try:
            while not self._stopped:
                try:
                    await self.round()
                except UnavailableError as error:
                    self._log.warning("round not completed", reason=str(error))
                except Exception:  # the outermost loop of the actor
                    self._log.exception("round failed")
                await self._set_before(self._wake, self._clock() + self._timing.tick_s)
        finally:
            self._roster.close()

    async def round(self) -> None:
        """
        Look at the cluster, plan, carry out, publish.

        Raises:
            UnavailableError: If Ray does not answer.
        """
        self._wake.clear()
        self._nodes = await self._spawner.nodes()
        self._take_stock(await self._spawner.actors())
        if not self._rebuilt:
            await self._rebuild()
        self._drains.step(self._node_names())
        state = self._state()
        decisions = plan(state)
        self._note(state, decisions)
        await self._carry_out(decisions)
        self._ledger.tell()
        self._publish()

    async def _rebuild(self) -> None:
        deadline = self._clock() + REBUILD_S
        while not self._roster.all_answer() and await self._set_before(self._wake, deadline):
            self._wake.clear()
        self._rebuilt = True
        for member in self._roster.members("connection"):
            self._ledger.connection_up(member.name, knows_nothing=False)
        self._log.info("rebuilt", members=len(self._roster.names()), streamers=len(self._ledger))

    def _take_stock(self, living: frozenset[str]) -> None:
        """Watch the members that exist, forget those that do not."""
        for name in living - self._retiring:
            kind = kind_of(name)
            if kind is not None:
                self._roster.add(name, kind, node_of(name))
        for name in self._roster.names() - living:
            if self._clock() - self._spawned.get(name, 0.0) > SPAWN_GRACE_S:
                self._forget(name)

    def _state(self) -> State:
        return State(
            self._nodes or (),
            self._roster.members("connection"),
            self._roster.members("host"),
            self._ledger.assignments(),
            self._wanted(),
            self._per_host,
            self._drains.nodes,
            self._drains.emptied,
        )

    def _node_names(self) -> frozenset[str]:
        return frozenset(node.name for node in self._nodes or ())

    def _wanted(self) -> frozenset[str]:
        now = self._clock()
        self._leases = {streamer_id: until for streamer_id, until in self._leases.items() if until > now}
        # Before Subscriptions has spoken, whatever lives may be wanted.
        kept = {held.streamer_id for held in self._ledger.assignments()} if self._kept is None else self._kept
        return frozenset(kept | self._leases.keys())

    def _note(self, state: State, decisions: list[Decision]) -> None:
        if decisions:
            reasons, at_ms = Reasons(state), int(self._unix() * 1000)
            self._decided += [Decided(at_ms, *reasons.of(each)) for each in decisions[-DECISIONS_KEPT:]]

    async def _carry_out(self, decisions: list[Decision]) -> None:
        if self._stopped:
            return
        assigns: list[Assign] = []
        for decision in decisions:
            self._metrics.count("gstreamer_placement_decisions", 1, type(decision).__name__)
            match decision:
                case Assign():
                    assigns.append(decision)
                case Release(held):
                    self._ledger.release(held)
                case SpawnConnection(name) | SpawnHost(name) if name in self._retiring:
                    continue  # its former process still has the name
                case SpawnConnection(name, node, number):
                    await self._spawner.spawn_connection(name, node, number)
                    self._joined(name, "connection", node)
                case SpawnHost(name, node):
                    await self._spawner.spawn_host(name, node)
                    self._joined(name, "host", node)
                case RetireConnection(name) | RetireHost(name):
                    task = asyncio.get_running_loop().create_task(self._retire(name))
                    self._retirements.add(task)
                    task.add_done_callback(self._retirements.discard)
        await self._ledger.assign(assigns)

    def _joined(self, name: str, kind: Kind, node: str) -> None:
        self._log.info("actor made", member=name, node=node)
        self._spawned[name] = self._clock()
        self._roster.add(name, kind, node)

    async def _retire(self, name: str) -> None:
        if name in self._retiring:
            return
        self._retiring.add(name)
        kind = kind_of(name)
        self._forget(name)
        peer = self._peers.host(name) if kind == "host" else self._peers.connection(name)
        try:
            await peer.stop()
        except UnavailableError as error:
            self._log.info("actor not stopped in order", member=name, reason=str(error))
        try:
            await self._spawner.end(name)
            for _ in range(round(SPAWN_GRACE_S / self._timing.retry_s)):
                if name not in await self._spawner.actors():
                    break
                await asyncio.sleep(self._timing.retry_s)
            self._log.info("actor ended", member=name)
        except UnavailableError as error:
            self._log.warning("actor not ended", member=name, reason=str(error))
        finally:
            self._retiring.discard(name)
            self._wake.set()

    def _forget(self, name: str) -> None:
        self._roster.drop(name)
        self._drains.forget(name)
        self._spawned.pop(name, None)
        self._ledger.connection_gone(name)

    def _publish(self) -> None:
        counts: dict[str, int] = {}
        for held in self._ledger.assignments():
            counts[held.host] = counts.get(held.host, 0) + 1
        hosts = tuple(
            HostView(host.name, host.node, host.incarnation, counts.get(host.name, 0))
            for host in self._roster.members("host")
            if host.incarnation
        )
        views = self._roster.views()
        if self._snapshot.version >= 0 and (views, hosts) == (self._snapshot.connections, self._snapshot.hosts):
            return
        now_ms = int(self._unix() * 1000)
        # From the clock, so that versions grow over restarts of this actor.
        self._snapshot = Snapshot(max(self._snapshot.version + 1, now_ms), now_ms, views, hosts)
        self._fire()

    # Waiting.

    def _fire(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _set_before(self, event: asyncio.Event, deadline: float) -> bool:
        try:
            # Not wait_for: before Python 3.12 it swallows a cancellation that meets a set event.
            async with asyncio.timeout(max(0.0, deadline - self._clock())):
                await event.wait()
        except TimeoutError:
            return False
        return True
