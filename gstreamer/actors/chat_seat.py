"""A seat: one WebSocket session that reads chats with one account's token, and goes on whatever happens to it.

Guarantees: what it hears is in Kafka before it hears more, in order. What Twitch sends while there is no session is
not repeated by Twitch, and so is lost; nothing is doubled, since a chat message counts once by its id.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

import orjson

from gstreamer import log
from gstreamer.core import backoff
from gstreamer.core.chat_leases import BLOCKED_S, PUT_OFF_S, Seat
from gstreamer.core.errors import (
    GrantEndedError,
    GStreamerError,
    RefusedError,
    RejectedError,
    TooManyAlikeError,
    UnavailableError,
)
from gstreamer.core.eventsub_socket import Heard, Welcomed
from gstreamer.core.ports import Counting, Log
from gstreamer.core.records import (
    EVENT_TYPE,
    EVENT_VERSION,
    MESSAGE_ID,
    RECEIVED_MS,
    SUBSCRIPTION_ID,
    TWITCH_TIMESTAMP,
    Outgoing,
)
from gstreamer.core.topics import streamer_topic
from gstreamer.twitch.sockets import Ears

TYPES = (
    "channel.chat.message",
    "channel.chat.notification",
    "channel.chat.message_delete",
    "channel.chat.clear_user_messages",
    "channel.chat.clear",
    "channel.chat_settings.update",
)
VERSION = "1"
BASE_S, CAP_S = 0.5, 30.0
SEND_S = 5.0
SEND_AGAIN_S = 0.5

_T = TypeVar("_T")
_log = log.get("chat")


class Subscriber(Protocol):
    """Twitch, as far as subscriptions of a session go (``twitch.sockets.SocketHelix``)."""

    async def subscribe(
        self, event_type: str, version: str, condition: dict[str, str], session_id: str, token: str, user_id: str
    ) -> str:
        """A new subscription; its id."""

    async def unsubscribe(self, subscription_id: str, token: str, user_id: str) -> None:
        """End one."""


class Runs(Protocol):
    """A session (``twitch.sockets.SocketSession``)."""

    async def run(self, ears: Ears) -> str:
        """Connect and tell until it is lost; why it was."""


class Uses(Protocol):
    """People's grants (``grants.keeper.Keeper``)."""

    async def use(self, user_id: str, call: Callable[[str], Awaitable[_T]]) -> _T:
        """What ``call`` gives with the person's token."""


class Ports(NamedTuple):
    """Whom a seat works with: Twitch, sessions, grants, Kafka, and where it is counted."""

    twitch: Subscriber
    session: Callable[[], Runs]
    keeper: Uses
    records: Log
    metrics: Counting
    topic_prefix: str


class ChatSeat:
    """
    One seat.

    Args:
        seat: Whose it is.
        ports: Whom it works with.
        changed: Called when what it reads has changed by itself.
        refused: Told (streamer, why, for how many seconds) of a chat that it may not read; without a streamer,
            of all chats.
    """

    def __init__(
        self, seat: Seat, ports: Ports, changed: Callable[[], None], refused: Callable[[str, str, float], None]
    ) -> None:
        self.seat = seat
        self.wanted: frozenset[str] = frozenset()
        self._ports = ports
        self._changed = changed
        self._refused = refused
        self._session_id = ""
        self._held: dict[str, dict[str, str]] = {}
        self._working: asyncio.Lock = asyncio.Lock()
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"chat seat {seat.number}")

    def __repr__(self) -> str:
        return f"chat seat n={len(self._held)}"

    @property
    def is_ready(self) -> bool:
        """Whether it has a session."""
        return bool(self._session_id)

    def reads(self, streamer_id: str) -> bool:
        """Whether this chat is read here."""
        return streamer_id in self._held

    def streamers(self) -> frozenset[str]:
        """The chats that are read here."""
        return frozenset(self._held)

    async def begin(self, streamer_id: str) -> None:
        """Read this chat, if there is a session to read it by."""
        async with self._working:
            session_id = self._session_id
            if not session_id or streamer_id in self._held:
                return
            made: dict[str, str] = {}
            try:
                for event_type in TYPES:
                    made[event_type] = await self._subscribe(event_type, streamer_id, session_id)
            except GrantEndedError as error:
                self._refused("", str(error), BLOCKED_S)
                return
            except RefusedError as error:
                await self._refuse(streamer_id, error, made)
                return
            except UnavailableError as error:
                _log.info("chat cannot be subscribed; it is tried again", streamer_id=streamer_id, reason=str(error))
                await self._drop(made)
                return
            if session_id == self._session_id:
                self._held[streamer_id] = made
                _log.info("chat is read", streamer_id=streamer_id)

    async def end(self, streamer_id: str) -> None:
        """Read this chat no more."""
        async with self._working:
            await self._drop(self._held.pop(streamer_id, {}))

    async def close(self) -> None:
        """End the session; Twitch ends what was subscribed by it."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._session_id, self._held = "", {}

    async def _subscribe(self, event_type: str, streamer_id: str, session_id: str) -> str:
        user_id = self.seat.user_id
        condition = {"broadcaster_user_id": streamer_id, "user_id": user_id}
        return await self._ports.keeper.use(
            user_id,
            lambda token: self._ports.twitch.subscribe(event_type, VERSION, condition, session_id, token, user_id),
        )

    async def _refuse(self, streamer_id: str, error: RefusedError, made: Mapping[str, str]) -> None:
        if error.status == 400 and "session" in error.message:
            # It has ended, which its socket tells as well: nothing is said about the account.
            _log.info("chat session ended while a chat was subscribed", streamer_id=streamer_id)
            return
        await self._drop(made)
        seconds = PUT_OFF_S if isinstance(error, TooManyAlikeError) else BLOCKED_S
        self._refused(streamer_id, str(error), seconds)

    async def _drop(self, subscriptions: Mapping[str, str]) -> None:
        user_id = self.seat.user_id
        for subscription_id in subscriptions.values():
            try:
                await self._ports.keeper.use(user_id, partial(self._unsubscribe, subscription_id))
            except GStreamerError as error:
                # What stays is heard and dropped as a duplicate, and ends with the session.
                _log.info("chat cannot be unsubscribed", reason=str(error))
                return

    async def _unsubscribe(self, subscription_id: str, token: str) -> None:
        await self._ports.twitch.unsubscribe(subscription_id, token, self.seat.user_id)

    async def _run(self) -> None:
        failures = 0
        while True:
            if not self.wanted:
                await asyncio.sleep(BASE_S)
                continue
            begun_s = time.monotonic()
            try:
                reason = await self._ports.session().run(Ears(self._welcomed, self._heard))
            except UnavailableError as error:
                reason = str(error)
            except Exception as error:
                _log.exception("a chat session failed")
                reason = f"unexpected {type(error).__name__}"
            self._session_id, self._held = "", {}
            self._ports.metrics.count("gstreamer_chat_sessions_lost")
            _log.info("chat session lost", reason=reason)
            self._changed()
            failures = 1 if time.monotonic() - begun_s > CAP_S else failures + 1
            await asyncio.sleep(backoff.delay_s(failures, 0.5 + random.random() / 2, BASE_S, CAP_S))  # noqa: S311

    def _welcomed(self, welcomed: Welcomed) -> None:
        self._session_id = welcomed.session_id
        if welcomed.is_fresh:
            self._held = {}
        self._changed()

    async def _heard(self, heard: list[Heard]) -> None:
        records = []
        for one in heard:
            streamer_id = _streamer_of(one.subscription)
            if one.event is None:
                self._ended(streamer_id, one.subscription)
            elif streamer_id:
                records.append(record_of(one, streamer_id, self._ports.topic_prefix, time.time_ns() // 1_000_000))
        await self._send(records)
        self._ports.metrics.count("gstreamer_chat_messages", len(records))

    def _ended(self, streamer_id: str, subscription: Mapping[str, object]) -> None:
        status = str(subscription.get("status", ""))
        if self._held.pop(streamer_id, None) is not None:
            self._refused("" if status == "authorization_revoked" else streamer_id, status, BLOCKED_S)
            self._changed()

    async def _send(self, records: list[Outgoing]) -> None:
        """See that all of it is in Kafka, in order, however long that takes."""
        while records:
            done = await asyncio.gather(
                *(self._ports.records.send(one, SEND_S) for one in records), return_exceptions=True
            )
            failed = next((place for place, one in enumerate(done) if isinstance(one, BaseException)), None)
            if failed is None:
                return
            error = done[failed]
            if isinstance(error, RejectedError):
                _log.warning("what was heard is left out", reason=str(error))
                records = records[failed + 1 :]
                continue
            if not isinstance(error, UnavailableError):
                assert isinstance(error, BaseException)
                raise error
            records = records[failed:]
            await asyncio.sleep(SEND_AGAIN_S)


def record_of(heard: Heard, streamer_id: str, topic_prefix: str, received_ms: int) -> Outgoing:
    """What was heard, as the webhooks' replicas write it."""
    place = streamer_topic(topic_prefix, streamer_id)
    said = {
        MESSAGE_ID: heard.message_id,
        SUBSCRIPTION_ID: str(heard.subscription.get("id", "")),
        EVENT_TYPE: str(heard.subscription.get("type", "")),
        EVENT_VERSION: str(heard.subscription.get("version", VERSION)),
        TWITCH_TIMESTAMP: heard.timestamp,
        RECEIVED_MS: str(received_ms),
    }
    headers = tuple((name, value.encode("utf-8", "replace")) for name, value in said.items() if value)
    body = orjson.dumps({"subscription": heard.subscription, "event": heard.event})
    return Outgoing(place.topic, place.partition, streamer_id.encode(), body, headers)


def _streamer_of(subscription: Mapping[str, object]) -> str:
    condition = subscription.get("condition")
    found = condition.get("broadcaster_user_id", "") if isinstance(condition, dict) else ""
    return found if isinstance(found, str) else ""
