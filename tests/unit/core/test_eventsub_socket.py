"""A session lives by its messages: it is welcomed, moved, kept alive, and lost by silence or an end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.eventsub_socket import (
    CLOSES,
    DRAIN_S,
    LATE_S,
    WELCOME_S,
    Close,
    Connect,
    Heard,
    Lost,
    Session,
    Told,
    Welcomed,
)


def text(kind: str, payload: dict[str, Any] | None = None, **metadata: Any) -> str:
    about = {"message_id": "m1", "message_type": kind, "message_timestamp": "2026-11-25T12:00:00Z", **metadata}
    return json.dumps({"metadata": about, "payload": payload or {}})


def welcome(session_id: str = "s1", keepalive: object = 10) -> str:
    return text("session_welcome", {"session": {"id": session_id, "keepalive_timeout_seconds": keepalive}})


def reconnect(url: object = "wss://there/ws?x") -> str:
    return text("session_reconnect", {"session": {"id": "s1", "reconnect_url": url}})


def welcomed() -> Session:
    session = Session(0)
    assert session.received(0, welcome(), 1) == (Welcomed("s1", True),)
    return session


def test_a_session_that_is_never_welcomed_is_lost() -> None:
    session = Session(0)

    assert session.passed(WELCOME_S - 1) == ()
    assert session.passed(WELCOME_S) == (Close(0), Lost("silent for too long"))
    assert session.passed(WELCOME_S + 1) == ()


@pytest.mark.parametrize("code", range(4000, 4008))
def test_every_close_code_of_twitchs_is_the_end_and_is_explained(code: int) -> None:
    assert welcomed().closed(0, code) == (Lost(f"closed with code {code}: {CLOSES[code]}"),)
    assert set(CLOSES) == set(range(4000, 4008))


@pytest.mark.parametrize("code", [1006, 4008])
def test_a_close_code_that_nobody_knows_is_the_end_too(code: int) -> None:
    assert welcomed().closed(0, code) == (Lost(f"closed with code {code}"),)


def test_silence_beyond_the_keepalive_is_the_end_and_any_message_puts_it_off() -> None:
    session = welcomed()
    assert session.deadline_s == 1 + 10 + LATE_S

    assert session.received(0, text("session_keepalive"), 10) == ()

    assert session.passed(1 + 10 + LATE_S) == ()
    assert session.passed(10 + 10 + LATE_S) == (Close(0), Lost("silent for too long"))


def test_events_and_ends_of_subscriptions_are_told() -> None:
    session = welcomed()
    subscription = {"id": "sub", "type": "channel.chat.message"}

    event = session.received(0, text("notification", {"subscription": subscription, "event": {"a": 1}}), 2)
    end = session.received(0, text("revocation", {"subscription": subscription}), 3)

    assert event == (Heard("m1", "2026-11-25T12:00:00Z", subscription, {"a": 1}),)
    assert end == (Heard("m1", "2026-11-25T12:00:00Z", subscription, None),)


def test_a_move_opens_the_new_socket_first_and_closes_the_old_one_a_moment_after_it_is_welcomed() -> None:
    session = welcomed()

    assert session.received(0, reconnect(), 2) == (Connect(1, "wss://there/ws?x"),)
    late = session.received(0, text("notification", {"subscription": {}, "event": {}}), 3)
    assert len(late) == 1
    assert session.received(0, reconnect(), 3) == ()
    assert session.received(1, welcome("s2"), 4) == (Welcomed("s2", False),)
    assert session.deadline_s == 4 + DRAIN_S
    assert session.passed(4 + DRAIN_S - 0.1) == ()
    assert session.passed(4 + DRAIN_S) == (Close(0),)
    assert session.closed(0, 1000) == ()
    assert session.received(0, welcome(), 5) == ()
    assert session.session_id == "s2"
    assert session.closed(1, 4000) == (Lost(f"closed with code 4000: {CLOSES[4000]}"),)
    assert session.closed(1, 4000) == ()
    assert session.received(1, welcome(), 5) == ()


def test_what_is_under_way_by_the_old_socket_is_heard_after_the_move() -> None:
    session = welcomed()
    session.received(0, reconnect(), 2)
    session.received(1, welcome(), 4)

    late = session.received(0, text("notification", {"subscription": {}, "event": {}}), 4.1)

    assert len(late) == 1
    assert isinstance(late[0], Heard)
    assert session.received(0, welcome("other"), 4.2) == ()
    assert session.received(0, reconnect(), 4.3) == ()
    assert session.session_id == "s1"
    assert session.closed(0, 4004) == ()
    assert session.passed(4 + DRAIN_S) == ()
    assert session.received(0, text("notification", {"subscription": {}, "event": {}}), 4.4) == ()


def test_a_session_that_moves_again_at_once_leaves_two_sockets() -> None:
    session = welcomed()
    session.received(0, reconnect(), 2)
    session.received(1, welcome(), 3)

    assert session.received(1, reconnect(), 3.5) == (Connect(2, "wss://there/ws?x"),)
    assert session.received(2, welcome(), 4) == (Welcomed("s1", False), Close(0))
    assert session.passed(4 + DRAIN_S) == (Close(1),)


def test_an_old_socket_that_ends_before_the_new_one_is_welcomed_is_no_loss() -> None:
    session = welcomed()
    session.received(0, reconnect(), 2)

    assert session.closed(0, 4004) == ()
    assert session.received(1, welcome("s1"), 3) == (Welcomed("s1", False),)


def test_a_new_socket_that_fails_leaves_the_old_one() -> None:
    session = welcomed()
    session.received(0, reconnect(), 2)

    assert session.closed(1, 0) == ()
    assert session.closed(7, 0) == ()
    assert session.closed(0, 0) == (Lost("cut"),)


@pytest.mark.parametrize("url", [None, 7, "", "https://there"])
def test_a_move_to_nowhere_is_the_end(url: object) -> None:
    assert welcomed().received(0, reconnect(url), 2) == (Close(0), Lost("asked to reconnect to nowhere"))


@pytest.mark.parametrize("session_id", ["", 7, None])
def test_a_welcome_without_an_id_is_the_end(session_id: object) -> None:
    told = Session(0).received(0, text("session_welcome", {"session": {"id": session_id}}), 1)

    assert told == (Close(0), Lost("welcomed without an id"))


def test_a_welcome_without_a_keepalive_has_the_one_that_was_asked_for() -> None:
    session = Session(0)
    session.received(0, welcome(keepalive=None), 0)

    assert session.deadline_s == 10 + LATE_S


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        b"\xff",
        text("something_new"),
        text("notification"),
        text("notification", {"subscription": {}}),
        text("notification", {"subscription": {}, "event": []}),
        text("notification", {"subscription": {}, "event": {}}, message_id=""),
        text("notification", {"subscription": {}, "event": {}}, message_id=7),
    ],
)
def test_what_cannot_be_used_is_passed_over(message: str | bytes) -> None:
    assert welcomed().received(0, message, 2) == ()


def test_a_time_that_is_none_is_left_empty() -> None:
    (heard,) = welcomed().received(0, text("notification", {"subscription": {}, "event": {}}, message_timestamp=7), 2)

    assert isinstance(heard, Heard)
    assert heard.timestamp == ""


STEPS = st.lists(
    st.tuples(st.sampled_from(["text", "welcome", "reconnect", "closed", "passed"]), st.integers(0, 3)), max_size=30
)


@given(STEPS)
def test_a_session_is_lost_once_and_then_says_nothing(steps: list[tuple[str, int]]) -> None:
    session, now, told = Session(0), 0.0, list[Told]()
    for what, number in steps:
        now += number * 4
        if what == "closed":
            told += session.closed(number, 4000)
        elif what == "passed":
            told += session.passed(now)
        else:
            message = {"text": "x", "welcome": welcome(), "reconnect": reconnect()}[what]
            told += session.received(number, message, now)

    losses = [place for place, one in enumerate(told) if isinstance(one, Lost)]
    assert losses in ([], [len(told) - 1])
