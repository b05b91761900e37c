"""A connection actor that catches up gets every event after its position, or is told that it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.errors import UnrecoverablePositionError
from gstreamer.core.events import Event
from gstreamer.core.history import EVENT_BYTES, History
from tests.records import event

_steps = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "append", "cover", "skip", "clear"]),
        st.integers(1, 3),
        st.integers(0, 900),
    ),
    max_size=40,
)


@given(_steps, st.integers(400, 6_000), st.integers(0, 5))
def test_what_is_complete_is_all_there(steps: list[tuple[str, int, int]], max_bytes: int, start: int) -> None:
    history = History(max_bytes, start)
    told: list[Event] = []
    complete_from, covered = start, start - 1
    for what, gap, size in steps:
        offset = covered + gap
        if what == "append":
            told.append(event(offset, size))
            history.append(told[-1])
        elif what == "cover":
            history.cover(offset)
        elif what == "skip":
            history.skip(offset)
        else:
            offset = covered
            history.clear()
        covered = offset
        if what in ("skip", "clear"):
            complete_from = covered + 1

        assert history.covered == covered
        assert complete_from <= history.complete_from <= covered + 1
        assert history.size_bytes <= max_bytes
        for after in range(history.complete_from - 1, covered + 1):
            assert list(history.since(after)) == [one for one in told if one.offset > after]
        if history.complete_from > complete_from:
            evicted = max(one.offset for one in told if one.offset < history.complete_from)
            assert history.complete_from == evicted + 1, "no more is given up than was evicted"
        with pytest.raises(UnrecoverablePositionError):
            history.since(history.complete_from - 2)


def test_no_more_is_evicted_than_has_to_be() -> None:
    history = History(3 * (EVENT_BYTES + 10), 0)
    for offset in range(5):
        history.append(event(offset))

    assert [one.offset for one in history.since(1)] == [2, 3, 4]
    assert history.complete_from == 2


def test_the_error_tells_what_is_held() -> None:
    history = History(EVENT_BYTES + 10, 0)
    for offset in range(3):
        history.append(event(offset))

    with pytest.raises(UnrecoverablePositionError, match="wanted offset 0, oldest kept is 2"):
        history.since(0)


def test_an_event_larger_than_the_ring_is_not_held() -> None:
    history = History(1_000, 0)

    history.append(event(0, size=1_000))

    assert (history.size_bytes, history.complete_from, history.covered) == (0, 1, 0)


def test_covering_does_not_go_back() -> None:
    history = History(1_000, 5)

    history.cover(3)

    assert (history.covered, history.complete_from) == (4, 5)
