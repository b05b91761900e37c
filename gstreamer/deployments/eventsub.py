"""``POST /eventsub`` as an ASGI application: verify on the raw bytes, write to Kafka, answer; in this order.

Rule: 204 is said only after Kafka's delivery report. What Kafka does not take in time gets 503, and Twitch sends
it again; nothing is kept here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from gstreamer.core.clock import ClockCheck
from gstreamer.core.errors import InvalidSignatureError, RejectedError, UnavailableError
from gstreamer.core.eventsub import MAX_BODY_BYTES, Age, Challenge, Letter, Signed, read, unrouted, verify
from gstreamer.core.ports import Counting, Log
from gstreamer.core.problems import CONTENT_TYPE, ProblemError, document
from gstreamer.core.topic_cache import TopicCache
from gstreamer.core.topics import DEAD_LETTERS, UNROUTED
from gstreamer.log import get

WRITE_S = 1.4
"""Looking up the topic and writing; with verifying and the way back it stays under the 2 s that are promised."""

PATH = "/eventsub"
BODY_S = 5.0
DRAIN_BYTES = 2**20
DRAIN_S = 1.0
RETRY_AFTER_S = 2
PROBE_S = 1.5

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = get("webhooks")


class Topics(Protocol):
    """Asking Kafka which topics exist (``kafka.admin``)."""

    async def topic_id(self, topic: str) -> str | None:
        """Kafka's id of the topic, or None if there is none."""


class Rules(NamedTuple):
    """
    What is set.

    Attributes:
        secrets: The webhook secret, and during a rotation the previous one.
        topic_prefix: Of streamers' topics.
    """

    secrets: tuple[bytes, ...]
    topic_prefix: str


class Answer(NamedTuple):
    """A whole HTTP answer, and the word for it in the metric."""

    outcome: str
    status: int
    body: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()


class RefusedError(ProblemError):
    """A request that is not taken, and the word for that in the metric."""

    def __init__(self, outcome: str, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers=headers)
        self.outcome = outcome


class DisconnectedError(Exception):
    """The sender hung up before its request was complete."""


class Webhooks:
    """
    The application.

    Args:
        rules: What is set.
        log: Where records are written.
        topics: Who knows which topics exist.
        metrics: Where it is counted.
        now_ms: The clock, Unix milliseconds.
    """

    def __init__(
        self,
        rules: Rules,
        log: Log,
        topics: Topics,
        metrics: Counting,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._rules = rules
        self._records = log
        self._topics = topics
        self._metrics = metrics
        self._now_ms = now_ms
        self._clock = ClockCheck()
        self._clock_was_off = False
        self._known = TopicCache()
        self._asking: dict[str, asyncio.Task[bool | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a WebSocket is refused."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        try:
            answer = await self._answer(scope, receive)
        except RefusedError as refusal:
            answer = _problem(refusal)
        except DisconnectedError:
            self._metrics.count("gstreamer_webhooks", 1, "disconnected")
            return
        self._metrics.count("gstreamer_webhooks", 1, answer.outcome)
        await _send(answer, receive, send)

    async def health(self) -> dict[str, tuple[str, str]]:
        """State (``ok``, ``degraded``, ``down``) and reason of the parts that this replica sees: clock and kafka."""
        clock = ("ok", "it agrees with Twitch's timestamps")
        if self._clock.is_off:
            clock = ("down", f"{self._skew()}; set the clock of this machine by NTP")
        try:
            async with asyncio.timeout(PROBE_S):
                has_unrouted = await self._topics.topic_id(UNROUTED) is not None
        except (TimeoutError, UnavailableError) as error:
            return {"clock": clock, "kafka": ("down", str(error) or f"no answer within {PROBE_S:g} s")}
        kafka = ("ok", "it answers") if has_unrouted else ("degraded", f"topic {UNROUTED} does not exist")
        return {"clock": clock, "kafka": kafka}

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        received_ms, started = self._now_ms(), time.perf_counter()
        if scope["path"].rstrip("/") != (scope.get("root_path", "").rstrip("/") or PATH):
            raise RefusedError("not_found", 404, f"webhooks go to {PATH}")
        if scope["method"] != "POST":
            raise RefusedError("method", 405, "send webhooks by POST", {"Allow": "POST"})
        body = await _body(scope["headers"], receive)
        try:
            message = verify(scope["headers"], body, self._rules.secrets, received_ms)
        except InvalidSignatureError as error:
            raise RefusedError("forged", 403, f"{error}; sign with this install's webhook secret") from None
        self._metrics.observe("gstreamer_webhook_verify_seconds", time.perf_counter() - started)
        self._check_clock(message)
        asked = read(message, self._rules.topic_prefix)
        if isinstance(asked, Challenge):
            return Answer("challenge", 200, asked.text.encode(), ((b"content-type", b"text/plain"),))
        return await self._write(asked)

    def _check_clock(self, message: Signed) -> None:
        if message.is_first:
            self._clock.note(message.signed_ms, message.received_ms)
        if self._clock.is_off != self._clock_was_off:
            self._clock_was_off = self._clock.is_off
            _log.warning(
                "clock is off" if self._clock_was_off else "clock agrees again", ahead_ms=self._clock.ahead_ms
            )
        if self._clock.is_off:
            raise _later("clock", self._skew())
        if message.age is Age.AHEAD:
            raise _later("ahead", "the message's timestamp lies more than 10 min ahead")

    def _skew(self) -> str:
        off_s = (self._clock.ahead_ms or 0) / 1_000
        return f"this clock is {abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} Twitch's timestamps"

    async def _write(self, letter: Letter) -> Answer:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(WRITE_S):
                if letter.streamer_id is not None and not await self._exists(letter.record.topic):
                    letter = unrouted(letter)
                await self._records.send(letter.record, WRITE_S)
        except (TimeoutError, UnavailableError):
            # It may have been deleted; if Kafka merely stands still, asking again costs one request.
            self._known.forget(letter.record.topic)
            raise _later("unavailable", "kafka did not take the message in time") from None
        except RejectedError as error:
            raise RefusedError("too_large", 413, str(error)) from None
        self._metrics.observe("gstreamer_webhook_ack_seconds", time.perf_counter() - started)
        if letter.record.topic == DEAD_LETTERS:
            self._metrics.count("gstreamer_records_dead", 1, "webhooks", letter.outcome)
        return Answer(letter.outcome, 204)

    async def _exists(self, topic: str) -> bool:
        exists = self._known.exists(topic, _monotonic_ms())
        if exists is None:
            asking = self._asking.get(topic)
            if asking is None:
                asking = self._asking[topic] = asyncio.create_task(self._ask(topic))
            # Many wait for one question; none of them takes it away from the others by giving up.
            exists = await asyncio.shield(asking)
        if exists is None:
            raise UnavailableError("kafka does not answer")
        return exists

    async def _ask(self, topic: str) -> bool | None:
        try:
            exists = await self._topics.topic_id(topic) is not None
        except UnavailableError:
            return None
        else:
            self._known.note(topic, exists, _monotonic_ms())
            return exists
        finally:
            del self._asking[topic]


def _monotonic_ms() -> int:
    return int(time.monotonic() * 1_000)


def _later(outcome: str, detail: str) -> RefusedError:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return RefusedError(outcome, 503, f"{detail}; send it again", headers)


def _problem(refusal: RefusedError) -> Answer:
    headers = [(b"content-type", CONTENT_TYPE.encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    return Answer(refusal.outcome, refusal.status, orjson.dumps(document(refusal)), headers)


async def _body(headers: Sequence[tuple[bytes, bytes]], receive: Receive) -> bytes:
    """The body, read no further than what one may have, for no longer than 5 s."""
    announced = next((value for name, value in headers if name == b"content-length"), b"0")
    if len(announced) > 19 or (announced.isdigit() and int(announced) > MAX_BODY_BYTES):
        raise _too_large()
    chunks: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(BODY_S):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise DisconnectedError
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > MAX_BODY_BYTES:
                    raise _too_large()
                more = message.get("more_body", False)
    except TimeoutError:
        raise RefusedError("slow", 408, f"send the whole body within {BODY_S:g} s") from None
    return b"".join(chunks)


def _too_large() -> RefusedError:
    return RefusedError("too_large", 413, f"a webhook has at most {MAX_BODY_BYTES} bytes")


async def _send(answer: Answer, receive: Receive, send: Send) -> None:
    headers = [*answer.headers]
    if answer.status != 204:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.status == 413:
        # A sender that is cut off in the middle of its body may never see why: let it finish, within bounds.
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        await _drain(receive)
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": answer.body})


async def _drain(receive: Receive) -> None:
    size, more = 0, True
    try:
        async with asyncio.timeout(DRAIN_S):
            while more and size <= DRAIN_BYTES:
                message = await receive()
                more = message["type"] == "http.request" and message.get("more_body", False)
                size += len(message.get("body", b""))
    except TimeoutError:
        return
