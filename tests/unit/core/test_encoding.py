"""A record becomes the one event that all viewers get, or says why it cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.catalogue import CATALOGUE, Kind
from gstreamer.core.encoding import UnusableRecordError, dead_letter, encode
from gstreamer.core.events import EventClass, Role, Terms
from gstreamer.core.records import EVENT_TYPE, MESSAGE_ID
from gstreamer.core.topics import DEAD_LETTERS
from tests.records import AT, STREAMER, record


def test_an_event_carries_what_the_protocol_says() -> None:
    encoded = encode(record(7, "stream.online", {"id": "9", "type": "live"}, message_id="abc"), STREAMER, "e1")

    assert json.loads(encoded.event.encoded) == {
        "id": "abc",
        "type": "stream.online",
        "version": "1",
        "streamer_id": STREAMER,
        "at": AT,
        "position": "e1:7",
        "class": "critical",
        "data": {"id": "9", "type": "live"},
    }
    assert encoded.event[:5] == (7, EventClass.CRITICAL, "stream.online", "", "abc")
    assert encoded.data == {"id": "9", "type": "live"}


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), _json, max_size=4))
def test_twitchs_event_object_is_unchanged(data: dict[str, Any]) -> None:
    assert json.loads(encode(record(0, event=data), STREAMER, "e").event.encoded)["data"] == data


def test_what_gstreamer_found_by_itself_says_so() -> None:
    found = encode(record(0, "stream.offline", message_id="gs-stream.offline-1001-9-4"), STREAMER, "e")

    assert json.loads(found.event.encoded)["reconciled"] is True


def test_a_state_event_names_what_a_newer_one_replaces() -> None:
    poll = encode(record(0, "channel.poll.progress", {"id": "p1"}), STREAMER, "e").event

    assert (poll.event_class, poll.key) == (EventClass.STATE, "channel.poll.progress:p1")


def test_an_unknown_type_flows_as_critical() -> None:
    assert encode(record(0, "channel.of.tomorrow"), STREAMER, "e").event.event_class is EventClass.CRITICAL


@pytest.mark.parametrize(
    ("time_ms", "at"),
    [
        (1_800_000_000_001, "2027-01-15T08:00:00.001Z"),
        (-1, "1970-01-01T00:00:00.000Z"),
        (2**62, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_without_twitchs_time_the_record_time_stands(time_ms: int, at: str) -> None:
    bare = record(0, time_ms=time_ms, headers={MESSAGE_ID: "m", EVENT_TYPE: "x"})

    said = json.loads(encode(bare, STREAMER, "e").event.encoded)

    assert (said["at"], said["version"]) == (at, "1")


_deep = b'{"event":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}"


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("no_message_id", {"headers": {EVENT_TYPE: "x"}}),
        ("no_message_id", {"message_id": ""}),
        ("no_type", {"headers": {MESSAGE_ID: "m"}}),
        ("not_json", {"value": b""}),
        ("not_json", {"value": b"{"}),
        ("not_json", {"value": b'{"event":{"a":"\xff"}}'}),
        ("not_json", {"value": _deep}),
        ("not_json", {"value": b"[" * 100_000}),
        ("no_event", {"value": b"[]"}),
        ("no_event", {"value": b'{"event":"x"}'}),
        ("no_event", {"value": b'{"subscription":{}}'}),
    ],
)
def test_a_record_that_is_no_event_says_why(reason: str, changed: dict[str, Any]) -> None:
    with pytest.raises(UnusableRecordError, match=f"record is unusable: {reason}") as caught:
        encode(record(0, **changed), STREAMER, "e")
    assert caught.value.reason == reason


def test_a_dead_letter_keeps_everything_and_has_the_records_place_as_key() -> None:
    bad = record(3, value=b"\x00\xff", headers={MESSAGE_ID: "m", "reason": "forged", "x": "\ufffd"})

    letter = dead_letter(bad, "not_json")

    assert (letter.topic, letter.partition, letter.key) == (DEAD_LETTERS, 0, b"gs.streamer.1001/0/3")
    assert letter.value == b"\x00\xff"
    assert letter.headers == (("reason", b"not_json"), (MESSAGE_ID, b"m"), ("x", "\ufffd".encode()))


def test_what_is_public_has_no_terms() -> None:
    assert encode(record(0, "stream.online"), STREAMER, "e").event.terms is None
    assert encode(record(0, "channel.of.tomorrow", {"email": "a@b"}), STREAMER, "e").event.terms is None


def test_without_a_restricted_field_nothing_is_cut() -> None:
    assert encode(record(0, "user.update", {"user_id": "1"}), STREAMER, "e").event.terms == Terms()


SECRET = "only for some"
CUT = [kind for kind in CATALOGUE.values() if kind.restricted]
HELD_BACK = [kind for kind in CATALOGUE.values() if kind.audience]


@given(st.sampled_from(CUT), st.dictionaries(st.text(max_size=5), _json, max_size=4), _json)
def test_a_lesser_role_sees_all_but_the_restricted_fields(kind: Kind, data: dict[str, Any], value: object) -> None:
    public = {name: one for name, one in data.items() if name not in kind.restricted}
    body = {**public, **{name: [SECRET, value] for name in kind.restricted}}

    event = encode(record(0, kind.type, body), STREAMER, "e").event

    for role in Role:
        seen = event.seen_by(role)
        assert seen is not None
        whole = role >= kind.restricted_to
        assert json.loads(seen.encoded)["data"] == (body if whole else public)
        assert (SECRET.encode() in seen.encoded) == whole


@given(st.sampled_from(HELD_BACK), st.dictionaries(st.text(max_size=5), _json, max_size=4))
def test_what_is_not_for_a_role_is_not_given_to_it(kind: Kind, data: dict[str, Any]) -> None:
    event = encode(record(0, kind.type, data), STREAMER, "e").event

    assert [event.seen_by(role) is not None for role in Role] == [role >= kind.audience for role in Role]


@pytest.mark.parametrize(
    ("event_type", "data", "terms"),
    [
        ("channel.cheer", {"bits": 100}, Terms(bits=100)),
        ("channel.bits.use", {"bits": 1}, Terms(bits=1)),
        ("channel.cheer", {"bits": True}, Terms()),
        ("channel.cheer", {"bits": "100"}, Terms()),
        ("channel.cheer", {}, Terms()),
        ("channel.subscribe", {"tier": "2000"}, Terms(tier=2000)),
        ("channel.subscribe", {"tier": "Prime"}, Terms()),
        ("channel.subscribe", {"tier": 2000}, Terms()),
        ("channel.subscription.gift", {"tier": "3000", "bits": 5}, Terms(tier=3000)),
        ("channel.chat.message", {"bits": 5}, None),
    ],
)
def test_what_minima_look_at_is_read_once(event_type: str, data: dict[str, Any], terms: Terms | None) -> None:
    assert encode(record(0, event_type, data), STREAMER, "e").event.terms == terms
