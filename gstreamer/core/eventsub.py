"""Twitch's signed webhooks: which are genuine, how old, of which kind, and the record that each becomes.

Rules: the signature covers id, timestamp and the raw body, so nothing is parsed before it has been checked, and
type and version are taken from the signed body, not from headers that anybody on the way may have written. What
is signed is never answered by an error of the 4xx class, which would end the subscription: it becomes a record of
a streamer, of ``gs.control``, or a dead letter.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from gstreamer.core.encoding import REASON
from gstreamer.core.errors import InvalidSignatureError
from gstreamer.core.ids import is_streamer_id
from gstreamer.core.records import (
    EVENT_TYPE,
    EVENT_VERSION,
    MESSAGE_ID,
    RECEIVED_MS,
    SUBSCRIPTION_ID,
    TWITCH_TIMESTAMP,
    Outgoing,
)
from gstreamer.core.topics import CONTROL, DEAD_LETTERS, UNROUTED, streamer_topic

MAX_BODY_BYTES = 262_144
MAX_AGE_MS = 600_000
MAX_AHEAD_MS = 600_000

STALE = "stale"
NOT_JSON = "not_json"
NO_SUBSCRIPTION = "no_subscription"
NO_CHALLENGE = "no_challenge"
UNKNOWN_KIND = "unknown_kind"

_PREFIX = b"sha256="
_ID = re.compile(rb"[\x21-\x7e]{1,200}")
_TIMESTAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_.:\-]{1,100}")
_VERSION = re.compile(r"[A-Za-z0-9_.\-]{1,20}")
_STREAMER_FIELDS = ("broadcaster_user_id", "to_broadcaster_user_id", "from_broadcaster_user_id", "user_id")


class Age(enum.Enum):
    """How a signed timestamp stands to the clock."""

    FRESH = "fresh"
    STALE = "stale"
    AHEAD = "ahead"


class Kind(enum.Enum):
    """The kinds of message, as Twitch's header ``Message-Type`` names them."""

    NOTIFICATION = "notification"
    CHALLENGE = "webhook_callback_verification"
    REVOCATION = "revocation"
    UNKNOWN = ""


class Signed(NamedTuple):
    """
    A message that Twitch has signed.

    Attributes:
        message_id: Its id; the same when it is sent again.
        timestamp: When it was sent, as Twitch wrote it.
        signed_ms: The same as Unix milliseconds.
        kind: What it is (an unsigned header: the body has to bear it out).
        is_first: Whether this is its first delivery, as far as Twitch says.
        received_ms: The clock at its first byte.
        body: The raw body.
    """

    message_id: str
    timestamp: str
    signed_ms: int
    kind: Kind
    is_first: bool
    received_ms: int
    body: bytes

    @property
    def age(self) -> Age:
        """Older than 10 minutes is stale; up to 10 minutes ahead is taken for a clock that differs."""
        age_ms = self.received_ms - self.signed_ms
        if age_ms > MAX_AGE_MS:
            return Age.STALE
        return Age.AHEAD if -age_ms > MAX_AHEAD_MS else Age.FRESH


class Challenge(NamedTuple):
    """Twitch asks whether we want a subscription, or own a conduit's shard: answer with this text."""

    text: str


class Letter(NamedTuple):
    """
    What is to be written before the message is answered with 204.

    Attributes:
        record: The record, for the topic it belongs to.
        streamer_id: Whose log it is; None for a topic that always exists.
        outcome: What becomes of it, a word for the metric.
    """

    record: Outgoing
    streamer_id: str | None
    outcome: str


def verify(headers: Iterable[tuple[bytes, bytes]], body: bytes, secrets: Sequence[bytes], now_ms: int) -> Signed:
    """
    The message that these headers and this raw body are.

    Args:
        headers: Header names in lower case, with their values.
        body: The body as it came.
        secrets: The current secret, and during a rotation the previous one.
        now_ms: The clock at its first byte.

    Raises:
        InvalidSignatureError: If its id, timestamp or signature is missing or wrong.
    """
    sent = {name.removeprefix(b"twitch-eventsub-message-"): value for name, value in headers}
    message_id, timestamp = sent.get(b"id", b""), sent.get(b"timestamp", b"")
    if not _ID.fullmatch(message_id):
        raise InvalidSignatureError("message id is missing or of a wrong form")
    parts = _TIMESTAMP.fullmatch(timestamp)
    if parts is None:
        raise InvalidSignatureError("timestamp is missing or of a wrong form")
    if not _is_signed(secrets, message_id + timestamp + body, sent.get(b"signature", b"")):
        raise InvalidSignatureError("signature is missing or wrong")
    # The timestamp is judged after the signature, so that a stranger cannot probe our clock.
    signed_ms = _unix_ms(parts)
    is_first = sent.get(b"retry", b"0") == b"0"
    return Signed(
        message_id.decode("ascii"),
        timestamp.decode("ascii"),
        signed_ms,
        _kind(sent.get(b"type", b"")),
        is_first,
        now_ms,
        body,
    )


def read(message: Signed, topic_prefix: str) -> Challenge | Letter:
    """What a signed message asks for. One that cannot be used is a dead letter, whatever it holds."""
    if message.age is Age.STALE:
        return _dead(message, STALE)
    try:
        body = orjson.loads(message.body)
    except orjson.JSONDecodeError:
        return _dead(message, NOT_JSON)
    said = body if isinstance(body, dict) else {}
    if message.kind is Kind.CHALLENGE:
        text = said.get("challenge")
        return Challenge(text) if isinstance(text, str) and text else _dead(message, NO_CHALLENGE)
    if message.kind is Kind.UNKNOWN:
        return _dead(message, UNKNOWN_KIND)
    subscription = said.get("subscription")
    if not isinstance(subscription, dict) or not _is_type(subscription.get("type")):
        return _dead(message, NO_SUBSCRIPTION)
    if message.kind is Kind.REVOCATION:
        return Letter(_record(message, CONTROL, subscription), None, "revocation")
    streamer_id = streamer_of(subscription["type"], subscription.get("condition"))
    if streamer_id is None:
        return Letter(_record(message, CONTROL, subscription), None, "control")
    place = streamer_topic(topic_prefix, streamer_id)
    record = _record(message, place.topic, subscription)
    return Letter(record._replace(partition=place.partition, key=streamer_id.encode()), streamer_id, "accepted")


def streamer_of(event_type: str, condition: object) -> str | None:
    """The streamer that a subscription is about, by its condition; None if it is about none."""
    if event_type.startswith(("user.authorization.", "conduit.")) or not isinstance(condition, Mapping):
        return None
    # Of a raid, Twitch fills one side and leaves the other empty.
    named = (condition.get(field) for field in _STREAMER_FIELDS)
    return next((one for one in named if is_streamer_id(one)), None)


def unrouted(letter: Letter) -> Letter:
    """The same letter for ``gs.unrouted``: its streamer has no topic."""
    return Letter(letter.record._replace(topic=UNROUTED, partition=0), None, "unrouted")


def _dead(message: Signed, reason: str) -> Letter:
    headers = ((REASON, reason.encode()), *_headers(message, {}))
    record = Outgoing(DEAD_LETTERS, 0, f"eventsub/0/{message.message_id}".encode(), message.body, headers)
    return Letter(record, None, reason)


def _record(message: Signed, topic: str, subscription: Mapping[str, Any]) -> Outgoing:
    return Outgoing(topic, 0, None, message.body, _headers(message, subscription))


def _is_type(text: object) -> bool:
    return isinstance(text, str) and _EVENT_TYPE.fullmatch(text) is not None


def _headers(message: Signed, subscription: Mapping[str, Any]) -> tuple[tuple[str, bytes], ...]:
    subscription_id, event_type = subscription.get("id"), subscription.get("type")
    version = subscription.get("version")
    headers = [(MESSAGE_ID, message.message_id)]
    if isinstance(subscription_id, str) and len(subscription_id) <= 100:
        headers.append((SUBSCRIPTION_ID, subscription_id))
    if isinstance(event_type, str):
        headers.append((EVENT_TYPE, event_type))
    if isinstance(version, str) and _VERSION.fullmatch(version):
        headers.append((EVENT_VERSION, version))
    headers += [(TWITCH_TIMESTAMP, message.timestamp), (RECEIVED_MS, str(message.received_ms))]
    return tuple((name, value.encode("utf-8", "replace")) for name, value in headers)


def _is_signed(secrets: Sequence[bytes], text: bytes, signature: bytes) -> bool:
    # Bytes, not str: compare_digest refuses non-ASCII text, and the header is the sender's to choose.
    matches = [
        hmac.compare_digest(_PREFIX + hmac.digest(secret, text, hashlib.sha256).hex().encode(), signature)
        for secret in secrets
    ]
    return any(matches)


def _unix_ms(parts: re.Match[bytes]) -> int:
    second, fraction, zone = (part.decode("ascii") if part else "" for part in parts.groups())
    try:
        moment = dt.datetime.fromisoformat(second + zone.replace("Z", "+00:00"))
    except ValueError:
        raise InvalidSignatureError("timestamp is missing or of a wrong form") from None
    since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return since // dt.timedelta(milliseconds=1) + int(fraction[1:4].ljust(3, "0") if fraction else 0)


def _kind(name: bytes) -> Kind:
    try:
        return Kind(name.decode("ascii", "replace"))
    except ValueError:
        return Kind.UNKNOWN
