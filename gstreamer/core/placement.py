"""Who goes where: viewers to connection actors, streamers to hosts, both kinds of actors to nodes.

Everything here is a function of its arguments, so that replicas decide alike from one snapshot, and a decision can be
explained afterwards. Invariants of ``plan``: no streamer is given to two hosts, to a host that is away or on a dead
node, or to a host that is full; a streamer whose owner lives moves only to even out, a few at a time, or off a node
that drains.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gstreamer.core.ids import connection_name, host_name, single_host_name
from gstreamer.core.ports import ConnectionView, Snapshot

PACKED_BOUND = 500
"""Streamers on one packed host at most: five shared consumers of 100 topics each (KAFKA.md 3)."""

SLACK_STREAMERS = 10
SLACK_SHARE = 0.2
"""How far apart hosts may be before streamers that run well are moved: each move reads 30 min of a topic again."""

MOVES_AT_ONCE = 16
"""Streamers that one plan moves for evenness, so that moving is never a storm of its own."""


class Node(NamedTuple):
    """A living ws node: its unique name, and how many connection actors it shall carry."""

    name: str
    slots: int


class Member(NamedTuple):
    """An actor that placement has made or found; ``incarnation`` is empty while it starts or is away."""

    name: str
    node: str
    incarnation: str


class Assignment(NamedTuple):
    """A decision that stands: which start of which host runs a streamer, by which generation."""

    streamer_id: str
    host: str
    incarnation: str
    generation: int


class State(NamedTuple):
    """
    All that a plan depends on.

    Attributes:
        nodes: The living ws nodes.
        connections: The connection actors that are known.
        hosts: The streamer hosts that are known.
        assignments: The decisions that stand, one a streamer.
        wanted: The streamers that shall live.
        per_host: Streamers on a host; 0 packs by load, 1 gives each streamer an actor of its own.
        draining: The nodes that get nothing new, and whose streamers move as soon as there is elsewhere.
        emptied: The connection actors that have been left, to be made anew.
    """

    nodes: tuple[Node, ...]
    connections: tuple[Member, ...]
    hosts: tuple[Member, ...]
    assignments: tuple[Assignment, ...]
    wanted: frozenset[str]
    per_host: int
    draining: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()

    @property
    def open_nodes(self) -> tuple[Node, ...]:
        """The nodes that take something new: those that do not drain, all of them if every one does."""
        return tuple(node for node in self.nodes if node.name not in self.draining) or self.nodes


class SpawnConnection(NamedTuple):
    """Make this connection actor."""

    name: str
    node: str
    number: int


class SpawnHost(NamedTuple):
    """Make this streamer host."""

    name: str
    node: str


class RetireConnection(NamedTuple):
    """End this connection actor in good order."""

    name: str


class RetireHost(NamedTuple):
    """End this streamer host in good order; it owns nothing any more, or its node is dead."""

    name: str


class Assign(NamedTuple):
    """Give a streamer to that start of that host; ``previous`` is the decision that ends by it."""

    streamer_id: str
    host: str
    incarnation: str
    previous: Assignment | None


class Release(NamedTuple):
    """Nobody wants this streamer any more: end its assignment."""

    assignment: Assignment


Decision = SpawnConnection | SpawnHost | RetireConnection | RetireHost | Assign | Release


def choose_connection(snapshot: Snapshot, user_id: str, roll: float) -> ConnectionView | None:
    """
    The connection actor for a new socket of this user, or None if none has room.

    Each is chosen in proportion to its free places. So replicas that decide from one old snapshot, as in a storm of
    reconnects, fill all actors evenly instead of all choosing the emptiest one.

    Args:
        snapshot: What placement published last.
        user_id: Spreads users even where the rolls of two replicas are alike.
        roll: Random number in [0, 1).
    """
    open_ones = [(view, view.capacity - view.sockets) for view in snapshot.connections if view.accepting]
    free = [(view, places) for view, places in open_ones if places > 0]
    if not free:
        return None
    point = (roll + _share(user_id)) % 1.0 * sum(places for _, places in free)
    for view, places in free[:-1]:
        if point < places:
            return view
        point -= places
    return free[-1][0]


def choose_host(loads: Mapping[str, int], bound: int) -> str | None:
    """The least loaded host that has room for one more streamer (the first by name among equals), or None."""
    name = min(loads, key=lambda host: (loads[host], host), default=None)
    return name if name is not None and loads[name] < bound else None


def plan(state: State) -> list[Decision]:
    """What to do now; carried out and planned again until nothing is left to do, it reaches what is wanted."""
    keep, spawn = _hosts(state)
    running, broken = _running(state, keep)
    decisions: list[Decision] = [*_connections(state)]
    decisions += [SpawnHost(name, node) for name, node in spawn]
    decisions += [Release(held) for held in state.assignments if held.streamer_id not in state.wanted]
    decisions += _assign(state, keep, running, broken)
    return decisions + _retired_hosts(state, keep)


def settled(assignments: Iterable[Assignment]) -> tuple[dict[str, Assignment], list[Assignment]]:
    """
    The one decision that stands for each streamer (the highest generation), and those that it overrules.

    Placement makes this of what the hosts say when it has been restarted.
    """
    standing: dict[str, Assignment] = {}
    overruled: list[Assignment] = []
    for held in sorted(assignments, key=lambda each: (each.generation, each.host)):
        if held.streamer_id in standing:
            overruled.append(standing[held.streamer_id])
        standing[held.streamer_id] = held
    return standing, overruled


def _share(text: str) -> float:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / 2**48


def _connections(state: State) -> list[Decision]:
    wanted = {
        connection_name(node.name, number): SpawnConnection(connection_name(node.name, number), node.name, number)
        for node in state.nodes
        for number in range(node.slots)
    }
    known = {member.name for member in state.connections}
    spawned: list[Decision] = [
        each for name, each in wanted.items() if name not in known and each.node not in state.draining
    ]
    over = known - wanted.keys() | known & state.emptied
    return spawned + [RetireConnection(name) for name in sorted(over)]


def _hosts(state: State) -> tuple[dict[str, Member], list[tuple[str, str]]]:
    """The hosts that shall stay, by name, and those to make (name and node)."""
    alive = {node.name for node in state.open_nodes}
    known = {host.name: host for host in state.hosts}
    if state.per_host == 1:
        keep = {name: host for name, host in known.items() if host.node in alive and name in _singles(state)}
        return keep, _place_singles(state, keep, known)
    # A host is given up only when half of the bound would do without it, so that a streamer more or less
    # does not make and end hosts all day.
    wanted = _packed_names(state, _bound(state))
    enough = _packed_names(state, max(1, _bound(state) // 2))
    keep = {name: host for name, host in known.items() if host.node in alive and name in enough}
    return keep, [(name, node) for name, node in wanted.items() if name not in known]


def _retired_hosts(state: State, keep: Mapping[str, Member]) -> list[Decision]:
    """Hosts that are over; an actor of one streamer has to end on a draining node before it is made elsewhere."""
    alive = {node.name for node in state.nodes}
    taking = {node.name for node in state.open_nodes}
    busy = {held.host for held in state.assignments}
    return [
        RetireHost(host.name)
        for host in state.hosts
        if host.node not in alive
        or (host.name not in keep and (host.name not in busy or (state.per_host == 1 and host.node not in taking)))
    ]


def _singles(state: State) -> frozenset[str]:
    return frozenset(single_host_name(streamer_id) for streamer_id in state.wanted)


def _place_singles(state: State, keep: Mapping[str, Member], known: Mapping[str, Member]) -> list[tuple[str, str]]:
    loads = {node.name: 0 for node in state.open_nodes}
    for host in keep.values():
        loads[host.node] += 1
    spawn: list[tuple[str, str]] = []
    for name in sorted(_singles(state) - known.keys()) if loads else ():
        node = min(loads, key=lambda each: (loads[each], each))
        loads[node] += 1
        spawn.append((name, node))
    return spawn


def _bound(state: State) -> int:
    return state.per_host or PACKED_BOUND


def _packed_names(state: State, bound: int) -> dict[str, str]:
    """The packed hosts, name to node, that this many streamers need: one a node, more of them in turn."""
    nodes = sorted(node.name for node in state.open_nodes)
    needed = max(len(nodes), -(-len(state.wanted) // bound)) if nodes else 0
    return {host_name(nodes[i % len(nodes)], i // len(nodes)): nodes[i % len(nodes)] for i in range(needed)}


def _running(state: State, keep: Mapping[str, Member]) -> tuple[dict[str, Assignment], dict[str, Assignment | None]]:
    """
    The wanted streamers that run on a host that stays, and the others with the decision they had.

    Those above the bound (a setting was lowered) run on where they are until another host has room.
    """
    running: dict[str, Assignment] = {}
    broken: dict[str, Assignment | None] = dict.fromkeys(sorted(state.wanted))
    places = dict.fromkeys(keep, _bound(state))
    for held in sorted(state.assignments, key=lambda each: each.generation):
        if held.streamer_id in state.wanted:
            host = keep.get(held.host)
            if host is not None and host.incarnation == held.incarnation and places[host.name]:
                places[host.name] -= 1
                running[held.streamer_id] = held
                del broken[held.streamer_id]
            else:
                broken[held.streamer_id] = held
    return running, broken


def _assign(
    state: State,
    keep: Mapping[str, Member],
    running: Mapping[str, Assignment],
    broken: Mapping[str, Assignment | None],
) -> list[Decision]:
    up = {name: host for name, host in keep.items() if host.incarnation}
    if state.per_host == 1:
        return [
            Assign(streamer_id, name, up[name].incarnation, previous)
            for streamer_id, previous in broken.items()
            if (name := single_host_name(streamer_id)) in up
        ]
    loads = dict.fromkeys(up, 0)
    for held in running.values():
        loads[held.host] += 1
    decisions: list[Decision] = []
    for streamer_id, previous in broken.items():
        host = choose_host(loads, _bound(state))
        if host is None:
            break
        loads[host] += 1
        decisions.append(Assign(streamer_id, host, up[host].incarnation, previous))
    else:
        decisions += _even_out(loads, up, list(running.values()))
    return decisions


def _even_out(loads: dict[str, int], up: Mapping[str, Member], running: Sequence[Assignment]) -> list[Decision]:
    """Moves from the fullest to the emptiest host while they are further apart than the slack."""
    movable: dict[str, list[Assignment]] = defaultdict(list)
    for held in sorted(running):
        movable[held.host].append(held)
    moves: list[Decision] = []
    while loads and len(moves) < MOVES_AT_ONCE:
        fullest = max(loads, key=lambda host: (loads[host], host))
        emptiest = min(loads, key=lambda host: (loads[host], host))
        slack = max(SLACK_STREAMERS, SLACK_SHARE * sum(loads.values()) / len(loads))
        if loads[fullest] - loads[emptiest] <= slack:
            break
        held = movable[fullest].pop()
        loads[fullest] -= 1
        loads[emptiest] += 1
        moves.append(Assign(held.streamer_id, emptiest, up[emptiest].incarnation, held))
    return moves
