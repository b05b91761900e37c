"""Every decision has its reason, and what is foreseen is what placement then does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.errors import RejectedError
from gstreamer.core.foresight import Explained, Reasons, changed, foresee
from gstreamer.core.placement import Assign, Assignment, Member, Node, State, plan

A, B = "streamers:a:0", "streamers:b:0"
EMPTY = State((Node("a", 1), Node("b", 1)), (), (), (), frozenset(), 0)


def running(count: int) -> State:
    """Two nodes on which so many streamers have come to rest."""
    return foresee(EMPTY._replace(wanted=frozenset(map(str, range(count)))))[1]


def reasons(state: State) -> list[Explained]:
    told = Reasons(state)
    return [told.of(decision) for decision in plan(state)]


def test_a_beginning_is_explained() -> None:
    told, after = foresee(EMPTY._replace(wanted=frozenset({"7"})))

    assert told == [
        Explained("make connection:a:0", "node a carries 1, and this one is not there"),
        Explained("make connection:b:0", "node b carries 1, and this one is not there"),
        Explained(f"make {A} on a", "1 streamers are wanted, on 0 hosts so far"),
        Explained(f"make {B} on b", "1 streamers are wanted, on 0 hosts so far"),
        Explained(f"streamer 7 to {A}", f"nobody runs it, and {A} runs 0"),
    ]
    assert plan(after) == []


def test_what_nobody_wants_and_what_nobody_carries_ends() -> None:
    world = running(1)._replace(wanted=frozenset(), nodes=(Node("a", 0), Node("b", 1)), emptied=frozenset())

    assert reasons(world) == [
        Explained("end connection:a:0", "no node carries it any more"),
        Explained(f"end streamer 0 on {A}", "nobody wants it any more"),
    ]
    assert foresee(world)[1].assignments == ()


def test_an_actor_that_was_left_is_made_anew() -> None:
    world = running(0)._replace(emptied=frozenset({"connection:a:0"}))

    assert reasons(world) == [Explained("end connection:a:0", "everybody has left it, so it is made anew")]


def test_a_host_that_has_nothing_any_more_ends() -> None:
    world = running(0)
    idle = world._replace(hosts=(*world.hosts, Member("streamers:a:1", "a", "1")))

    assert reasons(idle) == [Explained("end streamers:a:1", "it runs nothing, and fewer hosts do")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("lose a", f"{A} is away, and {B} runs 1"),
        ("drain a", f"node a is left, and {B} runs 1"),
    ],
)
def test_a_streamer_goes_elsewhere_for_a_reason(change: str, why: str) -> None:
    told, after = foresee(changed(running(2), change))

    assert Explained(f"streamer 0 to {B}", why) in told
    assert {held.host for held in after.assignments} == {B}
    assert any(one.what == f"end {A}" and one.why.startswith("its node a is ") for one in told)


@pytest.mark.parametrize(
    ("hosts", "nodes", "why"),
    [
        ((Member(B, "b", "1"),), "ab", f"{A} is no more, and {B} runs 0"),
        ((Member(A, "a", "2"), Member(B, "b", "1")), "ab", f"{A} was restarted, and {B} runs 0"),
        ((Member(A, "a", "1"), Member(B, "b", "1")), "b", f"node a is gone, and {B} runs 0"),
        ((Member(A, "a", "1"), Member(B, "b", "1")), "ab", f"{A} runs 1, and {B} runs 0"),
    ],
)
def test_the_former_owner_is_named(hosts: tuple[Member, ...], nodes: str, why: str) -> None:
    held = Assignment("7", A, "1", 4)
    world = EMPTY._replace(nodes=tuple(Node(name, 1) for name in nodes), hosts=hosts, assignments=(held,))

    assert Reasons(world).of(Assign("7", B, "1", held)) == Explained(f"streamer 7 to {B}", why)


@given(st.integers(0, 40), st.sampled_from(["lose a", "drain b", "add c", "want 25"]))
def test_whatever_changes_everything_wanted_runs_in_the_end(count: int, change: str) -> None:
    after = foresee(changed(running(count), change))[1]

    assert {held.streamer_id for held in after.assignments} == after.wanted
    assert plan(after) == []


def test_a_new_node_takes_its_share() -> None:
    after = foresee(changed(running(90), "add c"))[1]

    loads = [sum(held.host == host.name for held in after.assignments) for host in after.hosts]
    assert len(loads) == 3
    assert max(loads) - min(loads) <= 10


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("explode", "cannot read 'explode'"),
        ("lose", "cannot read 'lose'"),
        ("lose x", "there is no node x; there are a, b"),
        ("drain x", "there is no node x"),
        ("add a", "node a is there already"),
        ("want many", "cannot read 'many'"),
        ("want 1000001", "at most 100000"),
    ],
)
def test_a_change_that_cannot_be_is_refused_in_words(change: str, words: str) -> None:
    with pytest.raises(RejectedError, match=words):
        changed(EMPTY, change)


def test_without_a_node_nothing_can_be_lost() -> None:
    with pytest.raises(RejectedError, match="there are none"):
        changed(EMPTY._replace(nodes=()), "lose a")
