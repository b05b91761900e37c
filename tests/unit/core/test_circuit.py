"""While the other side is down nobody waits for it, and it is found again soon after it is back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.circuit import Circuit, Policy, State

POLICY = Policy(failures=3, base_s=2.0, cap_s=8.0, probe_s=30.0)
LATEST = 0.999999


def opened(at_s: float = 100.0, roll: float = LATEST) -> Circuit:
    circuit = Circuit(POLICY)
    for _ in range(3):
        assert circuit.enter(at_s)
        circuit.failed(at_s, roll)
    return circuit


def test_it_is_closed_at_first() -> None:
    circuit = Circuit()

    assert circuit.state(0.0) is State.CLOSED
    assert circuit.enter(0.0)
    assert circuit.wait_s(0.0) == 0
    assert circuit.opened_s() is None


def test_failures_in_a_row_open_it() -> None:
    circuit = opened()

    assert circuit.state(100.0) is State.OPEN
    assert not circuit.enter(100.0)
    assert 1.9 < circuit.wait_s(100.0) <= 2.0
    assert circuit.opened_s() == 100.0


def test_a_success_between_failures_keeps_it_closed() -> None:
    circuit = Circuit(POLICY)

    for _ in range(10):
        circuit.failed(1.0, 0.0)
        circuit.failed(1.0, 0.0)
        circuit.succeeded()

    assert circuit.state(1.0) is State.CLOSED


def test_half_open_lets_one_try_at_a_time() -> None:
    circuit = opened()

    assert circuit.state(102.0) is State.HALF_OPEN
    assert circuit.enter(102.0)
    assert not circuit.enter(102.0)
    assert circuit.wait_s(102.0) == 30.0


def test_a_probe_that_is_answered_closes_it() -> None:
    circuit = opened()
    circuit.enter(102.0)

    circuit.succeeded()

    assert circuit.state(102.0) is State.CLOSED
    assert circuit.opened_s() is None
    assert circuit.enter(102.0)
    assert circuit.enter(102.0)


def test_a_probe_that_fails_opens_it_for_longer_up_to_the_cap() -> None:
    circuit, now_s, waits = opened(), 102.0, []

    for _ in range(4):
        assert circuit.enter(now_s)
        circuit.failed(now_s, LATEST)
        waits.append(round(circuit.wait_s(now_s)))
        now_s += circuit.wait_s(now_s)

    assert waits == [4, 8, 8, 8]
    assert circuit.opened_s() == 100.0


def test_a_probe_that_is_lost_makes_way_for_another() -> None:
    circuit = opened()
    circuit.enter(102.0)

    assert not circuit.enter(131.9)
    assert circuit.enter(132.0)


def test_a_probe_that_is_broken_off_makes_way_at_once() -> None:
    circuit = opened()
    circuit.enter(102.0)

    circuit.abandoned()

    assert circuit.enter(102.0)


def test_what_was_under_way_when_it_opened_does_not_open_it_for_longer() -> None:
    circuit = opened()
    before_s = circuit.wait_s(101.0)

    circuit.failed(101.0, LATEST)

    assert circuit.wait_s(101.0) == before_s


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans(), st.floats(0, 0.99)), max_size=200))
def test_whatever_happens_a_call_may_go_within_the_cap_and_a_success_closes_it(
    history: list[tuple[float, bool, float]],
) -> None:
    circuit, now_s = Circuit(POLICY), 0.0

    for pause_s, answered, roll in history:
        now_s += pause_s
        assert circuit.wait_s(now_s) <= POLICY.cap_s
        if circuit.enter(now_s):
            circuit.succeeded() if answered else circuit.failed(now_s, roll)
            assert not answered or circuit.state(now_s) is State.CLOSED

    assert circuit.enter(now_s + POLICY.cap_s)
