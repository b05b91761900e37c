"""What comes from outside is checked once, in one place."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.errors import BadPositionError
from gstreamer.core.ids import (
    EPOCH_CHARS,
    Position,
    connection_name,
    epoch_of_topic,
    host_name,
    is_login,
    is_streamer_id,
    parse_position,
    single_host_name,
)


def test_a_position_survives_its_text() -> None:
    position = Position("a1B2-_x.1", 42)

    assert parse_position(str(position)) == position


@pytest.mark.parametrize("text", [None, 5, "", "a", "a:", ":1", "a:-2", "a:01", "a:1 ", "a b:1", "x" * 64 + ":1"])
def test_what_is_no_position_is_refused(text: object) -> None:
    with pytest.raises(BadPositionError, match="a position is"):
        parse_position(text)


def test_the_place_before_the_first_event_is_a_position() -> None:
    assert parse_position("epoch:-1") == Position("epoch", -1)


@given(st.uuids(), st.integers(-1, 2**63 - 1))
def test_the_position_of_any_topic_can_be_read(topic_id: uuid.UUID, offset: int) -> None:
    text = base64.urlsafe_b64encode(topic_id.bytes).rstrip(b"=").decode()
    position = Position(epoch_of_topic(text), offset)

    assert parse_position(str(position)) == position
    assert len(position.epoch) == EPOCH_CHARS


@pytest.mark.parametrize(
    ("text", "valid"),
    [("1", True), ("0" * 20, True), ("", False), ("1" * 21, False), ("1a", False), ("\u0661", False), ("1\n", False)],
)
def test_a_streamer_id_is_digits(text: str, valid: bool) -> None:
    assert is_streamer_id(text) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("some_body9", True),
        ("a" * 25, True),
        ("", False),
        ("a" * 26, False),
        ("Some", False),
        ("a-b", False),
        ("a\n", False),
    ],
)
def test_a_login_is_lower_case(text: str, valid: bool) -> None:
    assert is_login(text) is valid


@pytest.mark.parametrize("value", [None, 1, b"1", ["1"]])
def test_what_is_no_text_is_neither(value: object) -> None:
    assert not is_streamer_id(value)
    assert not is_login(value)


def test_actors_have_names_that_tell_what_they_are() -> None:
    assert connection_name("10.0.0.1", 0) == "connection:10.0.0.1:0"
    assert host_name("10.0.0.1", 2) == "streamers:10.0.0.1:2"
    assert single_host_name("42") == "streamer:42"
