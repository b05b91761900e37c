"""Every message of gstreamer.v1 is as the golden files say, and no input of a client does harm."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core import protocol
from gstreamer.core.encoding import encode
from gstreamer.core.errors import BadMessageError, ProtocolBreachError
from gstreamer.core.events import Role
from gstreamer.core.filters import ALL, filter_of
from gstreamer.core.ids import Position
from gstreamer.core.protocol import (
    MAX_REFUSED,
    TRANSITIONS,
    Gap,
    Hello,
    Move,
    Pong,
    State,
    Subscribe,
    Unsubscribe,
    Want,
    after,
    parse,
)
from gstreamer.core.records import EVENT_TYPE, MESSAGE_ID, TWITCH_TIMESTAMP
from tests.records import record

CONTRACT = Path(__file__).parents[2] / "contract"
EVENT = (
    b'{"id":"f1c2a387-161a-49f9-a165-0f21d7a4e1c4","type":"stream.online","version":"1","streamer_id":"1001",'
    b'"at":"2026-11-24T20:15:00Z","position":"aB3dE6gH:42","class":"critical",'
    b'"data":{"id":"9001","broadcaster_user_id":"1001","type":"live"}}'
)
SINCE = "2026-11-24T20:15:00Z"


def redemption(role: Role) -> bytes:
    """The frame of an event with a restricted field, as it goes to a role."""
    data = json.loads((CONTRACT / "server.events-whole.json").read_text())["events"][0]["data"]
    headers = {
        MESSAGE_ID: "f1c2a387-161a-49f9-a165-0f21d7a4e1c4",
        EVENT_TYPE: "channel.channel_points_custom_reward_redemption.add",
        TWITCH_TIMESTAMP: SINCE,
    }
    event = encode(record(42, event=data, headers=headers), "1001", "aB3dE6gH").event.seen_by(role)
    assert event is not None
    return protocol.events("1001", Position("aB3dE6gH", 42), [event.encoded])


SERVER: dict[str, bytes] = {
    "welcome": protocol.welcome("connection:ws-1:0/5f2a/17", "4242", "cGF5bG9hZA.bWFj", 25),
    "subscribed": protocol.subscribed("1001", Position("aB3dE6gH", 41), None),
    "subscribed-gap": protocol.subscribed(
        "1001", Position("aB3dE6gH", 41), Gap(Position("aB3dE6gH", 12), Position("aB3dE6gH", 41))
    ),
    "unsubscribed": protocol.unsubscribed("1001", Position("aB3dE6gH", 42)),
    "unsubscribed-unknown": protocol.unsubscribed("1001", None),
    "events": protocol.events("1001", Position("aB3dE6gH", 42), [EVENT]),
    "events-cut": redemption(Role.VIEWER),
    "events-whole": redemption(Role.MODERATOR),
    "events-cursor": protocol.events("1001", Position("aB3dE6gH", 57), []),
    "lagged": protocol.lagged("1001", "chat", Position("aB3dE6gH", 43), Position("aB3dE6gH", 56), 14),
    "state": protocol.state("grant_revoked", SINCE, "twitch sign-in has ended"),
    "state-streamer": protocol.state("degraded", SINCE, "its host does not answer", "1001"),
    "move": protocol.move("ws://localhost:8002/", "cGF5bG9hZA.bWFj", 1500),
    "ping": protocol.PING,
    "error": protocol.error("bad_request", "types is a list of 1 to 50 event types such as channel.*"),
    "error-streamer": protocol.error("unknown_streamer", "twitch knows no such user", "1001"),
}
CLIENT: dict[str, Any] = {
    "hello": Hello(
        "cGF5bG9hZA.bWFj",
        {
            "1001": Want(Position("aB3dE6gH", 41), ALL),
            "1002": Want(None, ALL),
            "1003": Want(Position("aB3dE6gH", 7), filter_of(["channel.*"])),
        },
        (),
    ),
    "subscribe": Subscribe("1001", Want(None, ALL)),
    "subscribe-position": Subscribe("1001", Want(Position("aB3dE6gH", 41), filter_of(["channel.cheer", "stream.*"]))),
    "subscribe-left-out": Subscribe("1001", Want(Position("aB3dE6gH", 41), filter_of(["-channel.chat.*"]))),
    "subscribe-minimum": Subscribe("1001", Want(None, filter_of(["channel.*"], 100, 2000))),
    "hello-minimum": Hello(
        "cGF5bG9hZA.bWFj",
        {"1001": Want(Position("aB3dE6gH", 41), filter_of(None, 500)), "1002": Want(None, filter_of(None, 0, 3000))},
        (),
    ),
    "unsubscribe": Unsubscribe("1001"),
    "pong": Pong(),
}
REFUSED = json.loads((CONTRACT / "refused.json").read_text())


@pytest.mark.parametrize("name", sorted(SERVER))
def test_each_server_message_is_golden(name: str) -> None:
    golden = json.loads((CONTRACT / f"server.{name}.json").read_text())

    assert json.loads(SERVER[name]) == golden


@pytest.mark.parametrize("name", sorted(CLIENT))
def test_each_client_message_is_golden(name: str) -> None:
    assert parse((CONTRACT / f"client.{name}.json").read_bytes()) == CLIENT[name]


def test_every_golden_file_is_checked() -> None:
    names = {f"server.{name}" for name in SERVER} | {f"client.{name}" for name in CLIENT} | {"refused"}

    assert {path.stem for kind in ("client", "server", "refused") for path in CONTRACT.glob(f"{kind}*.json")} == names


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["text"][:40])
def test_each_refused_message_gets_its_code(case: dict[str, Any]) -> None:
    if case["code"] == 4502:
        with pytest.raises(ProtocolBreachError):
            parse(case["text"])
    else:
        with pytest.raises(BadMessageError) as refused:
            parse(case["text"])
        assert refused.value.code == case["code"]


def test_unknown_fields_are_ignored() -> None:
    text = '{"type":"subscribe","streamer_id":"1","future":{"a":[1]},"position":null}'

    assert parse(text) == Subscribe("1", Want(None, ALL))


def test_a_hello_keeps_what_it_can_read() -> None:
    resume = {"1": "e:5", "x": None, "2": 7, "3": {"types": []}, "4": [1], "5": {"position": "e:1", "types": ["*"]}}

    hello = parse(json.dumps({"type": "hello", "ticket": 5, "resume": resume}))

    assert isinstance(hello, Hello)
    assert hello.ticket == 5
    assert hello.resume == {"1": Want(Position("e", 5), ALL), "5": Want(Position("e", 1), ALL)}
    assert [(who, error.code) for who, error in hello.refused] == [
        (None, "bad_request"),
        ("2", "bad_position"),
        ("3", "bad_request"),
        ("4", "bad_position"),
    ]


@pytest.mark.parametrize("resume", [[], "1", 5, True])
def test_a_resume_that_is_no_object_is_refused_alone(resume: object) -> None:
    hello = parse(json.dumps({"type": "hello", "ticket": "t", "resume": resume}))

    assert isinstance(hello, Hello)
    assert [(who, str(error)) for who, error in hello.refused] == [
        (None, "resume is an object of positions by streamer id")
    ]


def test_a_hello_without_resume_or_ticket_is_still_read() -> None:
    assert parse('{"type":"hello"}') == Hello(None, {}, ())


def test_nonsense_is_not_answered_by_more_than_itself() -> None:
    hello = parse(json.dumps({"type": "hello", "ticket": "t", "resume": {f"x{n}": 1 for n in range(5_000)}}))

    assert isinstance(hello, Hello)
    assert len(hello.refused) == MAX_REFUSED


def test_an_unknown_type_is_named_but_not_at_length() -> None:
    with pytest.raises(BadMessageError) as refused:
        parse(json.dumps({"type": "x" * 60_000}))

    assert str(refused.value) == f"unknown type {'x' * 64!r}"


def outcome(text: bytes | str) -> object:
    """The message that was read, or its error."""
    try:
        return parse(text)
    except (ProtocolBreachError, BadMessageError) as error:
        return error


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_bytes_come_they_are_a_message_or_a_short_error(raw: bytes) -> None:
    assert len(str(outcome(raw))) < 300


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4),
    max_leaves=8,
)


@given(
    st.sampled_from(["hello", "subscribe", "unsubscribe", "pong", "nonsense", 5, None]),
    st.dictionaries(st.sampled_from(["ticket", "resume", "streamer_id", "position", "types"]), JSON),
)
def test_every_field_may_be_missing_or_of_a_wrong_type(kind: object, fields: dict[str, Any]) -> None:
    message = outcome(json.dumps({"type": kind, **fields}))

    if isinstance(message, BadMessageError):
        assert message.code in {"unknown_type", "bad_request", "bad_position"}
    else:
        assert isinstance(message, Hello | Subscribe | Unsubscribe | Pong) == isinstance(kind, str)


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_every_pair_of_state_and_move_is_decided(state: State, move: Move) -> None:
    following = TRANSITIONS.get((state, move))

    if following is None:
        with pytest.raises(
            ProtocolBreachError, match=f"{move.value} is not allowed when the socket is {state.value}"
        ):
            after(state, move)
    else:
        assert after(state, move) is following


def test_only_a_hello_comes_first_and_only_once() -> None:
    assert after(State.OPENED, Move.HELLO) is State.WELCOMED
    assert (State.OPENED, Move.REQUEST) not in TRANSITIONS
    assert (State.WELCOMED, Move.HELLO) not in TRANSITIONS


def test_every_state_can_be_left_but_the_last() -> None:
    for state in State:
        assert ((state, Move.LOST) in TRANSITIONS) == (state is not State.CLOSED)
    assert not any(state is State.CLOSED for state, _ in TRANSITIONS)


def test_the_page_for_client_authors_shows_every_transition() -> None:
    rows = [
        f"| {state.value} | {move.value} | {following.value} |" for (state, move), following in TRANSITIONS.items()
    ]

    page = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()

    assert "\n".join(rows) in page
