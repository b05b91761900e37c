"""What Twitch signed is taken, whatever it holds; what it did not sign is not."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.errors import InvalidSignatureError
from gstreamer.core.eventsub import Age, Challenge, Kind, Letter, Signed, read, streamer_of, unrouted, verify
from tests import eventsub

NOW_MS = 1_800_000_000_000
AT = eventsub.timestamp(NOW_MS)
SECRETS = (eventsub.SECRET.encode(),)
PREFIX = "gs.streamer."


def sent(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def message(body: bytes, kind: str = "notification", ahead_ms: int = 0, retry: int = 0) -> Signed:
    at = eventsub.timestamp(NOW_MS + ahead_ms)
    return verify(sent(eventsub.headers(body, at, kind=kind, retry=retry)), body, SECRETS, NOW_MS)


def letter(body: bytes, kind: str = "notification", ahead_ms: int = 0) -> Letter:
    asked = read(message(body, kind, ahead_ms), PREFIX)
    assert isinstance(asked, Letter)
    return asked


def altered(**changes: str) -> list[tuple[bytes, bytes]]:
    return sent({**eventsub.headers(b"{}", AT), **{f"Twitch-Eventsub-Message-{k}": v for k, v in changes.items()}})


def test_a_signed_message_carries_what_the_headers_say() -> None:
    signed = message(b"{}")

    assert signed == Signed("message-1", AT, NOW_MS, Kind.NOTIFICATION, True, NOW_MS, b"{}")
    assert not message(b"{}", retry=1).is_first


def test_the_previous_secret_is_taken_during_a_rotation() -> None:
    headers = sent(eventsub.headers(b"{}", AT, secret="the secret before"))

    assert verify(headers, b"{}", (*SECRETS, b"the secret before"), NOW_MS).body == b"{}"
    with pytest.raises(InvalidSignatureError):
        verify(headers, b"{}", SECRETS, NOW_MS)


@pytest.mark.parametrize("name", ["id", "timestamp", "signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    headers = [pair for pair in altered() if not pair[0].endswith(f"-message-{name}".encode())]

    with pytest.raises(InvalidSignatureError, match=f"{name} is missing"):
        verify(headers, b"{}", SECRETS, NOW_MS)


@pytest.mark.parametrize(
    "change",
    [
        {"Id": "message-2"},
        {"Id": "with space"},
        {"Id": "x" * 201},
        {"Id": "caf\xe9"},
        {"Timestamp": eventsub.timestamp(NOW_MS + 1)},
        {"Timestamp": "yesterday"},
        {"Timestamp": "2026-13-41T00:00:00Z"},
        {"Signature": ""},
        {"Signature": "sha256="},
        {"Signature": "sha256=" + "0" * 64},
        {"Signature": "sha1=" + "0" * 40},
        {"Signature": "\xff" * 71},
    ],
)
def test_an_altered_header_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidSignatureError):
        verify(altered(**change), b"{}", SECRETS, NOW_MS)


def test_an_altered_body_is_refused() -> None:
    with pytest.raises(InvalidSignatureError, match="signature is missing or wrong"):
        verify(altered(), b"{} ", SECRETS, NOW_MS)


def test_a_signed_timestamp_that_no_calendar_has_is_refused() -> None:
    headers = sent(eventsub.headers(b"{}", "2026-02-31T00:00:00Z"))

    with pytest.raises(InvalidSignatureError, match="timestamp is missing or of a wrong form"):
        verify(headers, b"{}", SECRETS, NOW_MS)


@pytest.mark.parametrize(
    ("text", "signed_ms"),
    [
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T00:00:01.5Z", 1_500),
        ("1970-01-01T00:00:01.123456789Z", 1_123),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000),
    ],
)
def test_a_timestamp_is_read_to_the_millisecond(text: str, signed_ms: int) -> None:
    assert verify(sent(eventsub.headers(b"{}", text)), b"{}", SECRETS, NOW_MS).signed_ms == signed_ms


@given(st.integers(min_value=0, max_value=7_000_000_000_000_000))
def test_a_timestamp_means_what_the_calendar_says(unix_us: int) -> None:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=unix_us)
    at = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    assert verify(sent(eventsub.headers(b"{}", at)), b"{}", SECRETS, NOW_MS).signed_ms == unix_us // 1_000


@pytest.mark.parametrize(
    ("ahead_ms", "age"),
    [
        (-600_001, Age.STALE),
        (-600_000, Age.FRESH),
        (0, Age.FRESH),
        (600_000, Age.FRESH),
        (600_001, Age.AHEAD),
    ],
)
def test_the_age_of_a_message_has_bounds(ahead_ms: int, age: Age) -> None:
    assert message(b"{}", ahead_ms=ahead_ms).age is age


def test_a_notification_goes_to_its_streamers_log_as_it_came() -> None:
    body = eventsub.notification("42")

    found = letter(body)

    assert (found.streamer_id, found.outcome) == ("42", "accepted")
    record = found.record
    assert (record.topic, record.partition, record.key, record.value) == ("gs.streamer.42", 0, b"42", body)
    assert dict(record.headers) == {
        "message-id": b"message-1",
        "subscription-id": b"f1c2a387-161a-49f9-a165-0f21d7a4e1c4",
        "type": b"stream.online",
        "version": b"1",
        "twitch-timestamp": AT.encode(),
        "received-ms": str(NOW_MS).encode(),
    }


def test_a_letter_for_a_streamer_without_a_topic_is_kept_with_its_key() -> None:
    moved = unrouted(letter(eventsub.notification("42")))

    assert (moved.record.topic, moved.record.key, moved.streamer_id) == ("gs.unrouted", b"42", None)


def test_an_event_type_that_nobody_knows_flows_like_any_other() -> None:
    assert letter(eventsub.notification("42", "channel.brand_new.thing")).outcome == "accepted"


@pytest.mark.parametrize(
    ("event_type", "condition"),
    [
        ("user.authorization.revoke", {"client_id": "abc", "user_id": "42"}),
        ("user.authorization.grant", {"client_id": "abc"}),
        ("conduit.shard.disabled", {"client_id": "abc"}),
        ("drop.entitlement.grant", {"organization_id": "9"}),
        ("stream.online", {"broadcaster_user_id": "not digits"}),
        ("stream.online", {}),
    ],
)
def test_an_event_without_a_streamer_goes_to_control(event_type: str, condition: dict[str, str]) -> None:
    found = letter(eventsub.notification(event_type=event_type, condition=condition))

    assert (found.record.topic, found.record.key, found.streamer_id) == ("gs.control", None, None)
    assert found.outcome == "control"


def test_a_batch_of_events_is_tolerated() -> None:
    body = json.dumps({"subscription": {"type": "drop.entitlement.grant"}, "events": [{"id": "1"}]}).encode()

    assert letter(body).record.topic == "gs.control"


@pytest.mark.parametrize(
    ("condition", "streamer_id"),
    [
        ({"broadcaster_user_id": "1", "user_id": "2"}, "1"),
        ({"broadcaster_user_id": "1", "moderator_user_id": "2"}, "1"),
        ({"to_broadcaster_user_id": "3", "from_broadcaster_user_id": ""}, "3"),
        ({"to_broadcaster_user_id": "", "from_broadcaster_user_id": "4"}, "4"),
        ({"to_broadcaster_user_id": "3", "from_broadcaster_user_id": "4"}, "3"),
        ({"user_id": "5"}, "5"),
        ({"broadcaster_user_id": 1}, None),
        ("1", None),
        (None, None),
    ],
)
def test_the_streamer_is_whom_the_condition_names(condition: Any, streamer_id: str | None) -> None:
    assert streamer_of("channel.raid", condition) == streamer_id


def test_a_revocation_goes_to_control() -> None:
    found = letter(eventsub.revocation(), "revocation")

    assert (found.record.topic, found.outcome) == ("gs.control", "revocation")
    assert dict(found.record.headers)["subscription-id"] == b"f1c2a387-161a-49f9-a165-0f21d7a4e1c4"


@pytest.mark.parametrize(
    "body",
    [
        b'{"challenge": "pogchamp-kappa-360noscope", "subscription": {"status": "pending"}}',
        b'{"challenge": "pogchamp-kappa-360noscope", "conduit_shard": {"conduit_id": "c", "shard": "4"}}',
    ],
)
def test_a_challenge_is_answered_with_its_text(body: bytes) -> None:
    asked = read(message(body, "webhook_callback_verification"), PREFIX)

    assert asked == Challenge("pogchamp-kappa-360noscope")


@pytest.mark.parametrize(
    ("body", "kind", "ahead_ms", "reason"),
    [
        (b"not json", "notification", 0, "not_json"),
        (b"\xff\xfe", "notification", 0, "not_json"),
        (b"", "notification", 0, "not_json"),
        (b"[" * 100_000, "notification", 0, "not_json"),
        (b"[]", "notification", 0, "no_subscription"),
        (b'{"subscription": []}', "notification", 0, "no_subscription"),
        (b'{"subscription": {}}', "revocation", 0, "no_subscription"),
        (b'{"subscription": {"type": "a b"}}', "notification", 0, "no_subscription"),
        (b'{"subscription": {"type": 5}}', "notification", 0, "no_subscription"),
        (b'{"challenge": ""}', "webhook_callback_verification", 0, "no_challenge"),
        (b'{"challenge": 5}', "webhook_callback_verification", 0, "no_challenge"),
        (b"[]", "webhook_callback_verification", 0, "no_challenge"),
        (eventsub.notification(), "something_new", 0, "unknown_kind"),
        (eventsub.notification(), "", 0, "unknown_kind"),
        (eventsub.notification(), "caf\xe9", 0, "unknown_kind"),
        (eventsub.notification(), "notification", -660_000, "stale"),
        (b'{"challenge": "x"}', "webhook_callback_verification", -660_000, "stale"),
    ],
)
def test_what_cannot_be_used_is_a_dead_letter(body: bytes, kind: str, ahead_ms: int, reason: str) -> None:
    found = letter(body, kind, ahead_ms)

    record = found.record
    assert (record.topic, record.key, record.value) == ("gs.dead-letters", b"eventsub/0/message-1", body)
    assert (found.streamer_id, found.outcome) == (None, reason)
    headers = dict(record.headers)
    assert (headers["reason"], headers["message-id"]) == (reason.encode(), b"message-1")


@pytest.mark.parametrize("name", ["id", "version"])
@pytest.mark.parametrize("value", [None, 5, {}, "x" * 101, "\u0000" * 200])
def test_an_odd_field_is_no_header(name: str, value: Any) -> None:
    body = json.loads(eventsub.notification())
    body["subscription"][name] = value

    headers = dict(letter(json.dumps(body).encode()).record.headers)

    assert {"id": "subscription-id", "version": "version"}[name] not in headers


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["subscription", "type"]), inner),
    max_leaves=10,
)


@given(
    st.binary() | st.builds(lambda value: json.dumps(value).encode(), json_values),
    st.sampled_from(["notification", "revocation", "webhook_callback_verification", "x"]),
)
def test_any_signed_body_is_either_a_challenge_or_one_record(body: bytes, kind: str) -> None:
    asked = read(message(body, kind), PREFIX)

    assert isinstance(asked, Challenge) or asked.record.value == body
