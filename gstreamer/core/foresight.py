"""Why placement decides what it decides, and what it would do if something else were so: pure, for operators.

Nothing here decides: ``Reasons`` reads a decision beside the state that it was made from, and ``foresee`` carries
plans out on paper, as if every actor came up at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gstreamer.core.errors import RejectedError
from gstreamer.core.placement import (
    Assign,
    Assignment,
    Decision,
    Member,
    Node,
    Release,
    RetireConnection,
    RetireHost,
    SpawnConnection,
    SpawnHost,
    State,
    plan,
)

MOST_STREAMERS = 100_000
MOST_ROUNDS = 10_000
"""A plan moves a few streamers at a time, so that foreseeing the end takes many."""


class Explained(NamedTuple):
    """A decision in words: what is done, and why."""

    what: str
    why: str


class Reasons:
    """
    Why a plan does what it does.

    Args:
        state: What the plan was made from.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._loads = Counter(held.host for held in state.assignments)
        self._hosts = {host.name: host for host in state.hosts}
        self._nodes = {node.name: node for node in state.nodes}

    def of(self, decision: Decision) -> Explained:
        """A decision of that plan in words."""
        match decision:
            case SpawnConnection(name, node, _):
                slots = self._nodes[node].slots
                return Explained(f"make {name}", f"node {node} carries {slots}, and this one is not there")
            case SpawnHost(name, node):
                hosts, wanted = len(self._hosts), len(self._state.wanted)
                return Explained(f"make {name} on {node}", f"{wanted} streamers are wanted, on {hosts} hosts so far")
            case RetireConnection(name):
                left = name in self._state.emptied
                why = "everybody has left it, so it is made anew" if left else "no node carries it any more"
                return Explained(f"end {name}", why)
            case RetireHost(name):
                return Explained(f"end {name}", self._why_host_ends(name))
            case Assign(streamer_id, host, _, previous):
                return Explained(f"streamer {streamer_id} to {host}", self._why_assigned(host, previous))
        held = decision.assignment
        return Explained(f"end streamer {held.streamer_id} on {held.host}", "nobody wants it any more")

    def _why_host_ends(self, name: str) -> str:
        node = self._hosts[name].node
        if node not in self._nodes:
            return f"its node {node} is gone"
        if node in self._state.draining:
            return f"its node {node} is left"
        return "it runs nothing, and fewer hosts do"

    def _why_assigned(self, host: str, previous: Assignment | None) -> str:
        there = f"{host} runs {self._loads[host]}"
        if previous is None:
            return f"nobody runs it, and {there}"
        former = self._hosts.get(previous.host)
        if former is None:
            return f"{previous.host} is no more, and {there}"
        if former.incarnation != previous.incarnation:
            return f"{previous.host} {'was restarted' if former.incarnation else 'is away'}, and {there}"
        if former.node not in self._nodes:
            return f"node {former.node} is gone, and {there}"
        if former.node in self._state.draining:
            return f"node {former.node} is left, and {there}"
        return f"{previous.host} runs {self._loads[previous.host]}, and {there}"


def changed(state: State, change: str) -> State:
    """
    The state after ``lose NODE``, ``add NODE``, ``drain NODE`` or ``want N`` (so many more streamers).

    Raises:
        RejectedError: The change cannot be read, or names no node.
    """
    verb, _, what = change.strip().partition(" ")
    make = _CHANGES.get(verb)
    if make is None or not what.strip():
        raise RejectedError(f"cannot read {change!r}: say lose NODE, add NODE, drain NODE or want N")
    return make(state, what.strip())


def foresee(state: State) -> tuple[list[Explained], State]:
    """Everything that placement would do until nothing is left to do, and what is so then."""
    told: list[Explained] = []
    generation, decisions = 0, plan(state)
    while decisions and generation < MOST_ROUNDS:
        reasons = Reasons(state)
        told += [reasons.of(decision) for decision in decisions]
        state = applied(state, decisions, generation)
        generation, decisions = generation + 1, plan(state)
    return told, state


def applied(state: State, decisions: list[Decision], generation: int) -> State:
    """The state once these decisions have been carried out; assignments get this generation."""
    connections = {member.name: member for member in state.connections}
    hosts = {member.name: member for member in state.hosts}
    held = {each.streamer_id: each for each in state.assignments}
    for decision in decisions:
        match decision:
            case SpawnConnection(name, node, _):
                connections[name] = Member(name, node, "foreseen")
            case SpawnHost(name, node):
                hosts[name] = Member(name, node, "foreseen")
            case RetireConnection(name):
                del connections[name]
            case RetireHost(name):
                del hosts[name]
            case Release(assignment):
                del held[assignment.streamer_id]
            case _:
                host, incarnation = decision.host, decision.incarnation
                held[decision.streamer_id] = Assignment(decision.streamer_id, host, incarnation, generation)
    return state._replace(
        connections=tuple(connections.values()),
        hosts=tuple(hosts.values()),
        assignments=tuple(held.values()),
        emptied=frozenset(),
    )


def _without(state: State, node: str) -> State:
    _known(state, node)
    return state._replace(
        nodes=tuple(each for each in state.nodes if each.name != node),
        hosts=tuple(each._replace(incarnation="") if each.node == node else each for each in state.hosts),
    )


def _with(state: State, node: str) -> State:
    if any(each.name == node for each in state.nodes):
        raise RejectedError(f"node {node} is there already")
    slots = max((each.slots for each in state.nodes), default=1)
    return state._replace(nodes=(*state.nodes, Node(node, slots)))


def _draining(state: State, node: str) -> State:
    _known(state, node)
    return state._replace(draining=state.draining | {node})


def _wanting(state: State, count: str) -> State:
    if not count.isascii() or not count.isdigit() or int(count) > MOST_STREAMERS:
        raise RejectedError(f"cannot read {count!r}: say how many streamers more, at most {MOST_STREAMERS}")
    more = (f"foreseen-{number}" for number in range(int(count)))
    return state._replace(wanted=state.wanted | frozenset(more))


def _known(state: State, node: str) -> None:
    names = sorted(each.name for each in state.nodes)
    if node not in names:
        raise RejectedError(f"there is no node {node}; there are {', '.join(names) or 'none'}")


_CHANGES: Mapping[str, Callable[[State, str], State]] = {
    "lose": _without,
    "add": _with,
    "drain": _draining,
    "want": _wanting,
}
