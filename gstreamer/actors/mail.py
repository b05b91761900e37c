"""What comes in beside the streamers' own logs: ends of subscriptions and grants, and events without a topic (yet).

At least once: a record is committed after the act, and each act bears being repeated (a moved record is dropped
by the streamer's dedupe, a deleted subscription stays deleted, an ended grant is not ended again).
"""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from gstreamer import log
from gstreamer.core.encoding import dead_letter
from gstreamer.core.ids import is_streamer_id
from gstreamer.core.ports import Log
from gstreamer.core.records import EVENT_TYPE, SUBSCRIPTION_ID, TWITCH_TIMESTAMP, Outgoing, Record
from gstreamer.core.subscriptions import SHARD_DISABLED
from gstreamer.core.topics import CONTROL

WAIT_S = 1.0
SEND_S = 5.0
DELETED = 10_000

GRANT_TAKEN_BACK = "user.authorization.revoke"
AUTHORIZATION_REVOKED = "authorization_revoked"
"""A subscription ended so because somebody took the grant back, or changed the password."""

_FIELDS = ("broadcaster_user_id", "to_broadcaster_user_id", "from_broadcaster_user_id", "user_id")
_PEOPLE = (*_FIELDS, "moderator_user_id")
_log = log.get("subscriptions")


class Source(Protocol):
    """Where mail comes from (``kafka.inbox``)."""

    async def read(self, wait_s: float) -> list[Record]:
        """The next records."""

    async def commit(self, records: list[Record]) -> None:
        """Remember that these have been acted on."""

    async def close(self) -> None:
        """Stop reading."""


class Owner(Protocol):
    """The subscriptions actor, as its mail needs it."""

    def revoked(self, subscription_id: str, status: str) -> None:
        """Twitch has ended a subscription."""

    def shard_disabled(self) -> None:
        """Twitch has disabled a shard of a conduit."""

    async def home(self, streamer_id: str) -> str | None:
        """
        The streamer's topic, made if need be; None if nobody wants the streamer.

        Raises:
            UnavailableError: That cannot be said (or done) at the moment.
        """

    async def orphaned(self, subscription_id: str) -> None:
        """
        End a subscription that nobody wants.

        Raises:
            UnavailableError: Twitch does not answer.
        """


class Revocations(Protocol):
    """People's grants, as their ends are told by mail (``grants.keeper.Keeper``)."""

    async def ended(self, user_id: str, told_at: datetime) -> None:
        """
        Twitch said at ``told_at`` that a person has taken the grant back.

        Raises:
            UnavailableError: It could not be acted on.
        """

    async def doubted(self, user_id: str) -> None:
        """
        A person's grant may be dead: have it checked.

        Raises:
            UnavailableError: It could not be noted.
        """


class Letter(NamedTuple):
    """
    What the body of a record says.

    Attributes:
        subscription_id: The subscription's id.
        status: Its status.
        streamer_id: Whom it is about.
        has_event: Whether an event came with it.
        people: Everybody whom its condition names.
        user_id: Whom the event is about, if it is about a person.
    """

    subscription_id: str
    status: str
    streamer_id: str
    has_event: bool
    people: tuple[str, ...]
    user_id: str


class Mail:
    """
    Works off ``gs.control`` and ``gs.unrouted``.

    Args:
        source: The records.
        records: Where moved records and dead letters go.
        owner: Who acts on them.
        revocations: Who acts on ended grants.
    """

    def __init__(self, source: Source, records: Log, owner: Owner, revocations: Revocations) -> None:
        self._source = source
        self._records = records
        self._owner = owner
        self._revocations = revocations
        self._waiting: deque[Record] = deque()
        self._deleted: dict[str, None] = {}

    async def turn(self) -> int:
        """
        Act on what has come, and remember it; how many records that were.

        Raises:
            UnavailableError: Something needed for it does not answer; the next turn goes on at that record.
        """
        if not self._waiting:
            self._waiting.extend(await self._source.read(WAIT_S))
        done: list[Record] = []
        try:
            while self._waiting:
                await self._act(self._waiting[0])
                done.append(self._waiting.popleft())
        finally:
            if done:
                await self._source.commit(done)
        return len(done)

    async def _act(self, record: Record) -> None:
        letter = read(record)
        if letter is None:
            await self._records.send(dead_letter(record, "not_json"), SEND_S)
        elif record.topic == CONTROL:
            await self._control(record, letter)
        else:
            await self._route(record, letter)

    async def _control(self, record: Record, letter: Letter) -> None:
        event_type = record.headers.get(EVENT_TYPE, "")
        if not letter.has_event:
            if letter.status == AUTHORIZATION_REVOKED:
                for user_id in letter.people:
                    await self._revocations.doubted(user_id)
            self._owner.revoked(letter.subscription_id, letter.status)
        elif event_type == GRANT_TAKEN_BACK and is_streamer_id(letter.user_id):
            await self._revocations.ended(letter.user_id, told_at(record))
        elif event_type == SHARD_DISABLED:
            _log.warning("conduit shard disabled", subscription_id=letter.subscription_id)
            self._owner.shard_disabled()
        else:
            _log.info("event without a streamer", type=event_type)

    async def _route(self, record: Record, letter: Letter) -> None:
        if not is_streamer_id(letter.streamer_id):
            await self._records.send(dead_letter(record, "no_streamer"), SEND_S)
            return
        topic = await self._owner.home(letter.streamer_id)
        if topic is not None:
            headers = tuple((name, value.encode()) for name, value in record.headers.items())
            key = letter.streamer_id.encode()
            await self._records.send(Outgoing(topic, 0, key, record.value, headers), SEND_S)
            _log.info("event moved to its streamer", streamer_id=letter.streamer_id, offset=record.offset)
        elif letter.subscription_id and letter.subscription_id not in self._deleted:
            await self._owner.orphaned(letter.subscription_id)
            _log.info("orphan deleted", subscription_id=letter.subscription_id, streamer_id=letter.streamer_id)
            self._deleted[letter.subscription_id] = None
            if len(self._deleted) > DELETED:
                del self._deleted[next(iter(self._deleted))]


def read(record: Record) -> Letter | None:
    """What a record's body says, or None if it is not Twitch's."""
    try:
        body = json.loads(record.value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    subscription = _object(body.get("subscription"))
    condition = _object(subscription.get("condition"))
    named = (_text(condition.get(field)) for field in _FIELDS)
    key = (record.key or b"").decode("utf-8", "replace")
    return Letter(
        _text(subscription.get("id")) or record.headers.get(SUBSCRIPTION_ID, ""),
        _text(subscription.get("status")),
        key if is_streamer_id(key) else next((one for one in named if one), ""),
        "event" in body,
        tuple(dict.fromkeys(one for field in _PEOPLE if is_streamer_id(one := _text(condition.get(field))))),
        _text(_object(body.get("event")).get("user_id")),
    )


def told_at(record: Record) -> datetime:
    """When Twitch sent a record; when Kafka got it, if Twitch's own time cannot be read."""
    try:
        return datetime.fromisoformat(record.headers.get(TWITCH_TIMESTAMP, "")).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(record.time_ms / 1000, UTC)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
