"""Whoever waits as told never exceeds Twitch's limits for chat, and waits no longer than they need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.chat_limits import CHANNEL_S, PER_WINDOW, WINDOW_S, Sent, wait_s

HERE, THERE = "1", "2"


def test_the_first_message_goes_at_once() -> None:
    assert wait_s((), HERE, 100.0) == 0


@pytest.mark.parametrize(("where", "wait"), [(HERE, 0.75), (THERE, 0.0)])
def test_one_message_a_second_goes_to_one_chat(where: str, wait: float) -> None:
    assert wait_s([Sent(HERE, 99.75)], where, 100.0) == wait


def test_the_twenty_first_waits_for_the_first_to_be_half_a_minute_old() -> None:
    sent = [Sent(str(number), 100.0 + number) for number in range(PER_WINDOW)]

    assert wait_s(sent, HERE, 120.0) == 10.0
    assert wait_s(sent, HERE, 130.0) == 0


@given(st.lists(st.tuples(st.sampled_from((HERE, THERE)), st.floats(0, 3)), max_size=120))
def test_whoever_waits_as_told_keeps_both_limits(wishes: list[tuple[str, float]]) -> None:
    sent: list[Sent] = []
    now_s = 1_000.0

    for streamer_id, pause_s in wishes:
        now_s += pause_s
        now_s += wait_s(sent, streamer_id, now_s)
        assert wait_s(sent, streamer_id, now_s) < 1e-6
        sent.append(Sent(streamer_id, now_s))

    for number, one in enumerate(sent):
        window = [other for other in sent[number:] if other.at_s < one.at_s + WINDOW_S - 1e-6]
        assert len(window) <= PER_WINDOW
        assert sum(o.streamer_id == one.streamer_id and o.at_s < one.at_s + CHANNEL_S - 1e-6 for o in window) == 1
