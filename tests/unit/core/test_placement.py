"""Each wanted streamer gets one living owner, evenly, with few moves; viewers fill connection actors evenly."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gstreamer.core.placement import (
    MOVES_AT_ONCE,
    SLACK_SHARE,
    SLACK_STREAMERS,
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
    choose_connection,
    choose_host,
    plan,
    settled,
)
from gstreamer.core.ports import ConnectionView, Snapshot

CONTRACT = Path(__file__).parents[2] / "contract"


def view(name: str, sockets: int, capacity: int = 100, accepting: bool = True) -> ConnectionView:
    return ConnectionView(name, "n", "127.0.0.1", 8001, "i", sockets, capacity, accepting)


def snapshot(*views: ConnectionView) -> Snapshot:
    return Snapshot(1, 0, views, ())


def state(**changes: Any) -> State:
    empty = State((Node("a", 1), Node("b", 1)), (), (), (), frozenset(), 0)
    return empty._replace(**changes)


def apply(before: State, decisions: list[Decision], generation: int) -> State:
    """What the world is once these decisions have been carried out: actors come up at once."""
    connections = {member.name: member for member in before.connections}
    hosts = {member.name: member for member in before.hosts}
    held = {each.streamer_id: each for each in before.assignments}
    for decision in decisions:
        match decision:
            case SpawnConnection(name, node, _):
                connections[name] = Member(name, node, "1")
            case SpawnHost(name, node):
                hosts[name] = Member(name, node, "1")
            case RetireConnection(name):
                del connections[name]
            case RetireHost(name):
                del hosts[name]
            case Release(assignment):
                assert held.pop(assignment.streamer_id) == assignment
            case Assign(streamer_id, host, incarnation, previous):
                assert held.get(streamer_id) == previous
                generation += 1
                held[streamer_id] = Assignment(streamer_id, host, incarnation, generation)
    return before._replace(
        connections=tuple(connections.values()), hosts=tuple(hosts.values()), assignments=tuple(held.values())
    )


def settle(world: State) -> State:
    for step in range(200):
        decisions = plan(world)
        if not decisions:
            return world
        world = apply(world, decisions, 1000 * (step + 1))
    raise AssertionError("it never comes to rest")


def loads(world: State) -> Counter[str]:
    return Counter({host.name: 0 for host in world.hosts}) + Counter(each.host for each in world.assignments)


def ids(*numbers: int) -> frozenset[str]:
    return frozenset(str(number) for number in numbers)


# Viewers.


@pytest.mark.parametrize("views", [(), (view("c", 100),), (view("c", 0, accepting=False),)])
def test_without_a_free_place_nobody_is_chosen(views: tuple[ConnectionView, ...]) -> None:
    assert choose_connection(snapshot(*views), "7", 0.5) is None


@given(
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 100), st.booleans()), max_size=8),
    st.text(max_size=5),
    st.floats(0, 1, exclude_max=True),
)
def test_whoever_is_chosen_accepts_and_has_room(rows: list[tuple[int, int, bool]], user_id: str, roll: float) -> None:
    views = [view(f"c{i}", sockets, capacity, ok) for i, (sockets, capacity, ok) in enumerate(rows)]

    chosen = choose_connection(snapshot(*views), user_id, roll)

    able = [each for each in views if each.accepting and each.sockets < each.capacity]
    assert (chosen in able) if able else (chosen is None)


def test_a_storm_from_one_snapshot_fills_in_proportion_to_free_places() -> None:
    views = snapshot(view("full", 100), view("half", 50), view("empty", 0))

    chosen = Counter(_name(views, i / 3000) for i in range(3000))

    assert chosen == {"half": 1000, "empty": 2000}


def _name(views: Snapshot, roll: float) -> str:
    chosen = choose_connection(views, "7", roll)
    assert chosen is not None
    return chosen.name


def test_replicas_with_equal_rolls_spread_by_user() -> None:
    views = snapshot(*(view(f"c{i}", 0) for i in range(4)))

    chosen = Counter(choose_connection(views, str(user), 0.0) for user in range(400))

    assert len(chosen) == 4
    assert min(chosen.values()) > 60


# Streamers.


@pytest.mark.parametrize(
    ("by_host", "bound", "chosen"),
    [({}, 5, None), ({"b": 1, "a": 1, "c": 2}, 5, "a"), ({"a": 5, "b": 4}, 5, "b"), ({"a": 5}, 5, None)],
)
def test_the_least_loaded_host_with_room_is_chosen(by_host: dict[str, int], bound: int, chosen: str | None) -> None:
    assert choose_host(by_host, bound) == chosen


def test_each_node_gets_its_connection_actors_and_a_host() -> None:
    decisions = plan(state(nodes=(Node("a", 2), Node("b", 1))))

    assert decisions == [
        SpawnConnection("connection:a:0", "a", 0),
        SpawnConnection("connection:a:1", "a", 1),
        SpawnConnection("connection:b:0", "b", 0),
        SpawnHost("streamers:a:0", "a"),
        SpawnHost("streamers:b:0", "b"),
    ]


def test_without_nodes_nothing_is_made() -> None:
    assert plan(state(nodes=(), wanted=ids(1, 2))) == []
    assert plan(state(nodes=(), wanted=ids(1, 2), per_host=1)) == []


def test_a_dead_node_loses_its_actors_and_its_streamers() -> None:
    world = settle(state(wanted=ids(1, 2, 3, 4)))

    after = settle(world._replace(nodes=(Node("b", 1),)))

    assert [host.node for host in after.hosts] == ["b"]
    assert [member.node for member in after.connections] == ["b"]
    assert {each.host for each in after.assignments} == {"streamers:b:0"}


def test_a_restarted_host_gets_its_streamers_anew() -> None:
    world = settle(state(nodes=(Node("a", 1),), wanted=ids(1)))
    restarted = world._replace(hosts=(Member("streamers:a:0", "a", "2"),))

    decisions = plan(restarted)

    assert decisions == [Assign("1", "streamers:a:0", "2", world.assignments[0])]


def test_a_host_that_is_away_gives_its_streamers_to_the_others() -> None:
    world = settle(state(wanted=ids(1, 2)))
    away = world._replace(hosts=(Member("streamers:a:0", "a", ""), Member("streamers:b:0", "b", "1")))

    decisions = plan(away)

    assert [(each.streamer_id, each.host) for each in decisions if isinstance(each, Assign)] == [
        ("1", "streamers:b:0")
    ]


def test_a_lone_host_that_is_away_is_waited_for() -> None:
    world = settle(state(nodes=(Node("a", 1),), wanted=ids(1)))

    assert plan(world._replace(hosts=(Member("streamers:a:0", "a", ""),))) == []


@given(st.integers(0, 60), st.sampled_from([0, 1, 7]))
def test_a_node_that_drains_is_left_by_all_and_gets_nothing(streamers: int, per_host: int) -> None:
    wanted = frozenset(map(str, range(streamers)))
    world = settle(state(wanted=wanted, per_host=per_host))

    left = settle(world._replace(draining=frozenset({"a"})))

    assert {held.streamer_id for held in left.assignments} == wanted
    assert {host.node for host in left.hosts} <= {"b"}
    assert left.connections == world.connections
    assert settle(left._replace(connections=(), wanted=wanted | {"new"})).connections == (
        Member("connection:b:0", "b", "1"),
    )


def test_where_every_node_drains_all_goes_on() -> None:
    world = settle(state(wanted=frozenset({"7"})))

    assert plan(world._replace(draining=frozenset({"a", "b"}))) == []


def test_a_connection_actor_that_was_left_is_ended_and_then_made_anew() -> None:
    world = settle(state())

    ended = plan(world._replace(emptied=frozenset({"connection:a:0", "unknown"})))

    assert ended == [RetireConnection("connection:a:0")]
    assert SpawnConnection("connection:a:0", "a", 0) in plan(apply(world, ended, 0))


def test_what_nobody_wants_is_released() -> None:
    world = settle(state(wanted=ids(1, 2)))

    decisions = plan(world._replace(wanted=ids(2)))

    assert decisions == [Release(each) for each in world.assignments if each.streamer_id == "1"]


def test_hosts_are_added_by_load_and_given_up_late() -> None:
    nodes = (Node("a", 1),)
    full = settle(state(nodes=nodes, per_host=4, wanted=ids(*range(9))))
    fewer = settle(full._replace(wanted=ids(*range(5))))
    few = settle(full._replace(wanted=ids(*range(2))))

    assert len(full.hosts) == 3
    assert len(fewer.hosts) == 3
    assert len(few.hosts) == 1


def test_a_new_host_takes_over_a_few_at_a_time_until_it_is_even() -> None:
    world = settle(state(nodes=(Node("a", 1),), wanted=ids(*range(100))))
    joined = apply(*(lambda grown: (grown, plan(grown), 5000))(world._replace(nodes=(Node("a", 1), Node("b", 1)))))

    first = [each for each in plan(joined) if isinstance(each, Assign)]
    after = settle(joined)

    assert len(first) == MOVES_AT_ONCE
    assert all(each.previous is not None and each.host == "streamers:b:0" for each in first)
    assert loads(after) == {"streamers:a:0": 55, "streamers:b:0": 45}


def test_one_per_host_gives_each_streamer_an_actor_of_its_own() -> None:
    world = settle(state(per_host=1, wanted=ids(1, 2, 3)))
    fewer = settle(world._replace(wanted=ids(2)))

    assert {(each.streamer_id, each.host) for each in world.assignments} == {
        ("1", "streamer:1"),
        ("2", "streamer:2"),
        ("3", "streamer:3"),
    }
    assert Counter(host.node for host in world.hosts) == {"a": 2, "b": 1}
    assert [host.name for host in fewer.hosts] == ["streamer:2"]


def test_one_per_host_moves_off_a_dead_node() -> None:
    world = settle(state(per_host=1, wanted=ids(1, 2)))

    after = settle(world._replace(nodes=(Node("b", 1),)))

    assert {host.node for host in after.hosts} == {"b"}
    assert len(after.assignments) == 2


def test_of_two_owners_the_higher_generation_stands() -> None:
    low, high = Assignment("1", "a", "x", 3), Assignment("1", "b", "y", 8)
    other = Assignment("2", "a", "x", 4)

    standing, overruled = settled([high, other, low])

    assert standing == {"1": high, "2": other}
    assert overruled == [low]


worlds = st.builds(
    lambda nodes, wanted, per_host: state(
        nodes=tuple(Node(name, slots) for name, slots in sorted(nodes.items())),
        wanted=ids(*wanted),
        per_host=per_host,
    ),
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3), min_size=1),
    st.sets(st.integers(0, 60), max_size=60),
    st.sampled_from([0, 1, 3, 20]),
)


@given(worlds, worlds)
def test_from_any_world_to_any_other_each_wanted_streamer_ends_with_one_living_owner(a: State, b: State) -> None:
    before = settle(a)

    after = settle(before._replace(nodes=b.nodes, wanted=b.wanted, per_host=b.per_host))

    alive = {node.name for node in after.nodes}
    hosts = {host.name: host for host in after.hosts}
    assert {each.streamer_id for each in after.assignments} == after.wanted
    assert len(after.assignments) == len(after.wanted)
    assert {member.node for member in (*after.hosts, *after.connections)} <= alive
    assert all(hosts[each.host].incarnation == each.incarnation for each in after.assignments)
    assert len(after.connections) == sum(node.slots for node in after.nodes)
    counts = loads(after)
    if after.per_host:
        assert all(count <= after.per_host for count in counts.values())
    if counts and after.per_host != 1:
        spread = max(counts[name] for name in hosts) - min(counts[name] for name in hosts)
        assert spread <= max(SLACK_STREAMERS, SLACK_SHARE * sum(counts.values()) / len(hosts))


@given(worlds, st.sets(st.integers(0, 60), max_size=10))
def test_new_streamers_move_nobody_as_long_as_no_host_is_added(world: State, added: set[int]) -> None:
    before = settle(world)

    after = settle(before._replace(wanted=before.wanted | ids(*added)))

    # A host that is added for them begins empty, and takes its share from the others too.
    assume({host.name for host in after.hosts} == {host.name for host in before.hosts})
    assert set(before.assignments) <= set(after.assignments)


def _encoded(decision: Decision) -> list[Any]:
    return [type(decision).__name__, *decision]


@pytest.mark.parametrize("name", ["packed", "one_each", "node_lost", "host_restarted", "choice"])
def test_golden(name: str) -> None:
    golden = json.loads((CONTRACT / f"placement_{name}.json").read_text())

    if name == "choice":
        views = Snapshot(1, 0, tuple(ConnectionView(*row) for row in golden["connections"]), ())
        made: Any = [_name_for(views, user, roll) for user, roll in golden["asked"]]
        expected = golden["chosen"]
    else:
        made = [_encoded(each) for each in plan(_decoded(golden["state"]))]
        expected = golden["decisions"]

    assert json.loads(json.dumps(made)) == expected


def _name_for(views: Snapshot, user_id: str, roll: float) -> str:
    chosen = choose_connection(views, user_id, roll)
    assert chosen is not None
    return chosen.name


def _decoded(raw: dict[str, Any]) -> State:
    return State(
        tuple(Node(*row) for row in raw["nodes"]),
        tuple(Member(*row) for row in raw["connections"]),
        tuple(Member(*row) for row in raw["hosts"]),
        tuple(Assignment(*row) for row in raw["assignments"]),
        frozenset(raw["wanted"]),
        raw["per_host"],
    )
