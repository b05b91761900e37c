"""What is shown of a streamer is its log's word, and the platform's where the log is silent."""

from __future__ import annotations

import pytest

from gstreamer.core.fold import UNKNOWN, StreamerState
from gstreamer.core.shown import Shown, Told, chat_of, shown

TOLD = Told(live=True, started_at="T1", title="told", category="Chess", viewers=9)


def test_a_streamer_nobody_runs_is_what_the_platform_tells() -> None:
    assert shown(None, TOLD) == Shown(True, "T1", "told", "Chess", 9, None)


def test_the_log_wins_and_says_its_position() -> None:
    state = StreamerState(True, "T2", "logged", "Go", 3, "e:7")

    assert shown(state, TOLD) == Shown(True, "T2", "logged", "Go", 3, "e:7")


def test_the_platform_fills_what_no_event_has_set() -> None:
    assert shown(UNKNOWN._replace(live=True, position="e:1"), TOLD) == Shown(True, "T1", "told", "Chess", 9, "e:1")


def test_a_stream_that_the_log_saw_end_is_over_though_the_platform_still_lists_it() -> None:
    state = UNKNOWN._replace(live=False, position="e:8")

    assert shown(state, TOLD) == Shown(False, None, "told", "Chess", None, "e:8")


def test_no_viewers_at_all_is_a_count() -> None:
    assert shown(UNKNOWN._replace(live=True, viewers=0), TOLD).viewers == 0


def test_what_nobody_knows_is_not_live() -> None:
    assert shown(None, Told()) == Shown(False, None, None, None, None, None)


def test_a_streamer_that_is_polled_says_so() -> None:
    assert shown(None, TOLD, polled=True) == Shown(True, "T1", "told", "Chess", 9, None, "polled")


@pytest.mark.parametrize(
    ("opted_in", "is_read", "may_read", "mode", "words"),
    [
        (True, True, True, "native", "the streamer shares"),
        (False, True, False, "native", "somebody who watches"),
        (False, True, True, "native", "somebody who watches"),
        (False, False, True, "native", "your account"),
        (False, False, False, "embed", "allow that"),
    ],
)
def test_a_chat_is_here_where_a_grant_lets_it_be_read(
    opted_in: bool, is_read: bool, may_read: bool, mode: str, words: str
) -> None:
    chat = chat_of(opted_in=opted_in, is_read=is_read, may_read=may_read)

    assert chat.mode == mode
    assert words in chat.reason
