"""A page that holds a state as of a position, and gets the events after it, never has to ask again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.fold import UNKNOWN, StreamerState, fold

_events = st.lists(
    st.one_of(
        st.tuples(st.just("stream.online"), st.fixed_dictionaries({"started_at": st.text(max_size=3)})),
        st.tuples(st.just("stream.offline"), st.just({})),
        st.tuples(
            st.just("channel.update"),
            st.dictionaries(st.sampled_from(["title", "category_name"]), st.text(max_size=3) | st.none()),
        ),
        st.tuples(st.just("gs.viewers"), st.fixed_dictionaries({"viewer_count": st.integers(-1, 3) | st.text()})),
        st.tuples(st.just("channel.cheer"), st.just({"bits": 1})),
    ),
    max_size=12,
)


def folded(state: StreamerState, events: list[tuple[str, dict[str, Any]]], start: int) -> StreamerState:
    for offset, (event_type, data) in enumerate(events, start):
        state = fold(state, event_type, data, f"e:{offset}")
    return state


@given(_events, st.integers(0, 12))
def test_a_snapshot_and_the_events_after_it_are_the_later_snapshot(
    events: list[tuple[str, dict[str, Any]]], cut: int
) -> None:
    snapshot = folded(UNKNOWN, events[:cut], 0)

    assert folded(snapshot, events[cut:], len(events[:cut])) == folded(UNKNOWN, events, 0)


@given(_events)
def test_the_last_word_on_each_field_is_what_counts(events: list[tuple[str, dict[str, Any]]]) -> None:
    state = folded(UNKNOWN, events, 0)

    switches = [event_type for event_type, _ in events if event_type in ("stream.online", "stream.offline")]
    titles = [data["title"] for kind, data in events if kind == "channel.update" and data.get("title") is not None]
    assert state.live == (switches[-1] == "stream.online" if switches else None)
    assert state.title == (titles[-1] if titles else None)
    assert state.position == (f"e:{len(events) - 1}" if events else None)


def test_a_stream_that_ends_has_neither_start_nor_viewers() -> None:
    live = folded(
        UNKNOWN, [("stream.online", {"started_at": "2026-01-01T00:00:00Z"}), ("gs.viewers", {"viewer_count": 7})], 0
    )
    assert (live.live, live.started_at, live.viewers) == (True, "2026-01-01T00:00:00Z", 7)

    ended = fold(live, "stream.offline", {}, "e:2")

    assert (ended.live, ended.started_at, ended.viewers) == (False, None, None)


@pytest.mark.parametrize("count", ["7", True, -1, None, 1.5])
def test_a_count_that_is_none_changes_nothing(count: object) -> None:
    assert fold(UNKNOWN, "gs.viewers", {"viewer_count": count}, "e:0").viewers is None


def test_a_late_count_does_not_revive_an_ended_stream() -> None:
    ended = fold(UNKNOWN, "stream.offline", {}, "e:0")

    assert fold(ended, "gs.viewers", {"viewer_count": 7}, "e:1").viewers is None
