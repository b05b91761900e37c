"""A webhook is answered as the contract says, and with 204 only when its record is in Kafka."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any, NamedTuple

import pytest

from gstreamer.core.errors import RejectedError, UnavailableError
from gstreamer.core.records import Outgoing
from gstreamer.core.topics import CONTROL, DEAD_LETTERS, UNROUTED
from gstreamer.deployments import eventsub as asgi
from gstreamer.deployments.eventsub import Rules, Webhooks
from tests import eventsub

NOW_MS = 1_800_000_000_000
MIN_MS = 60_000
TOPIC = "gs.streamer.1001"


class Log:
    """Keeps what is sent; ``failure`` is raised instead, ``stands_still`` makes it wait for ever."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.failure: Exception | None = None
        self.stands_still = False

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        if self.stands_still:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
        self.records.append(record)
        return len(self.records) - 1


class Topics:
    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.asked: Counter[str] = Counter()
        self.failure: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def topic_id(self, topic: str) -> str | None:
        self.asked[topic] += 1
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        return "id" if topic in self.names else None


class Counts:
    def __init__(self) -> None:
        self.counted: Counter[tuple[str, ...]] = Counter()
        self.observed: Counter[str] = Counter()

    def count(self, name: str, n: float = 1, *labels: str) -> None:
        self.counted[(name, *labels)] += int(n)

    def gauge(self, name: str, value: float, *labels: str) -> None:
        raise AssertionError("webhooks have no gauges")

    def observe(self, name: str, value: float, *labels: str) -> None:
        assert value >= 0
        self.observed[name] += 1


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        problem = json.loads(self.body)
        assert self.headers["content-type"] == "application/problem+json"
        assert set(problem) == {"type", "title", "status", "detail"}
        assert problem["status"] == self.status
        return str(problem["detail"])


class Bench:
    """The application with fakes around it."""

    def __init__(self) -> None:
        self.log = Log()
        self.topics = Topics(TOPIC, UNROUTED)
        self.counts = Counts()
        self.now_ms = NOW_MS
        rules = Rules((eventsub.SECRET.encode(), b"the secret before"), "gs.streamer.")
        self.app = Webhooks(rules, self.log, self.topics, self.counts, lambda: self.now_ms)

    async def post(
        self,
        body: bytes,
        headers: dict[str, str],
        *,
        method: str = "POST",
        path: str = "/eventsub",
        root_path: str = "",
        chunks: list[dict[str, Any]] | None = None,
    ) -> Reply | None:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": root_path,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        coming = [{"type": "http.request", "body": body}] if chunks is None else list(chunks)
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not coming:
                await asyncio.Event().wait()
            return coming.pop(0)

        async def send(message: Any) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        if not said:
            return None
        assert [message["type"] for message in said] == ["http.response.start"] + ["http.response.body"] * (
            len(said) - 1
        )
        assert not said[-1].get("more_body")
        answer = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        text = b"".join(message["body"] for message in said[1:])
        if said[0]["status"] != 204:
            assert answer["content-length"] == str(len(text))
        return Reply(said[0]["status"], answer, text)

    async def sent(self, body: bytes | None = None, ahead_ms: int = 0, **signing: Any) -> Reply:
        """The reply to a signed message."""
        body = eventsub.notification() if body is None else body
        reply = await self.post(body, eventsub.headers(body, eventsub.timestamp(self.now_ms + ahead_ms), **signing))
        assert reply is not None
        return reply

    def outcomes(self) -> dict[str, int]:
        return {key[1]: n for key, n in self.counts.counted.items() if key[0] == "gstreamer_webhooks"}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    # However slow the machine is: what waits in vain sets its own.
    monkeypatch.setattr(asgi, "WRITE_S", 60.0)
    return Bench()


async def test_a_notification_is_in_the_log_when_204_is_said(bench: Bench) -> None:
    reply = await bench.sent()

    assert reply == Reply(204, {}, b"")
    assert [(record.topic, record.value) for record in bench.log.records] == [(TOPIC, eventsub.notification())]
    assert dict(bench.log.records[0].headers)["received-ms"] == str(NOW_MS).encode()
    assert bench.outcomes() == {"accepted": 1}
    assert bench.counts.observed == {"gstreamer_webhook_verify_seconds": 1, "gstreamer_webhook_ack_seconds": 1}


async def test_a_duplicate_is_answered_like_the_first(bench: Bench) -> None:
    replies = await asyncio.gather(*(bench.sent(retry=n % 3) for n in range(1_000)))

    assert {reply.status for reply in replies} == {204}
    assert len(bench.log.records) == 1_000
    assert bench.topics.asked == {TOPIC: 1}


async def test_a_message_by_the_previous_secret_is_taken(bench: Bench) -> None:
    assert (await bench.sent(secret="the secret before")).status == 204


@pytest.mark.parametrize("name", ["Id", "Timestamp", "Signature"])
async def test_a_missing_header_is_403(bench: Bench, name: str) -> None:
    headers = eventsub.headers(b"{}", eventsub.timestamp(NOW_MS))
    del headers[f"Twitch-Eventsub-Message-{name}"]

    reply = await bench.post(b"{}", headers)

    assert reply is not None
    assert reply.status == 403
    assert reply.detail.endswith("is missing or of a wrong form; sign with this install's webhook secret") or (
        reply.detail == "signature is missing or wrong; sign with this install's webhook secret"
    )
    assert (bench.log.records, bench.outcomes()) == ([], {"forged": 1})


async def test_another_secret_is_403(bench: Bench) -> None:
    assert (await bench.sent(secret="somebody else's secret")).status == 403


async def test_an_altered_body_is_403(bench: Bench) -> None:
    headers = eventsub.headers(eventsub.notification(), eventsub.timestamp(NOW_MS))

    reply = await bench.post(eventsub.notification("1002"), headers)

    assert reply is not None
    assert (reply.status, bench.log.records) == (403, [])


async def test_eleven_minutes_old_is_a_dead_letter_and_204(bench: Bench) -> None:
    assert (await bench.sent(ahead_ms=-11 * MIN_MS)).status == 204

    assert [record.topic for record in bench.log.records] == [DEAD_LETTERS]
    assert dict(bench.log.records[0].headers)["reason"] == b"stale"
    assert bench.outcomes() == {"stale": 1}
    assert bench.counts.counted[("gstreamer_records_dead", "webhooks", "stale")] == 1


async def test_five_minutes_ahead_is_taken(bench: Bench) -> None:
    assert (await bench.sent(ahead_ms=5 * MIN_MS)).status == 204
    assert [record.topic for record in bench.log.records] == [TOPIC]


async def test_twenty_minutes_ahead_is_503_and_not_stored(bench: Bench) -> None:
    reply = await bench.sent(ahead_ms=20 * MIN_MS)

    assert (reply.status, reply.headers["retry-after"]) == (503, "2")
    assert reply.detail == "the message's timestamp lies more than 10 min ahead; send it again"
    assert (bench.log.records, bench.outcomes()) == ([], {"ahead": 1})


async def test_an_unknown_message_type_is_kept_and_204(bench: Bench) -> None:
    assert (await bench.sent(kind="something_new")).status == 204
    assert [record.topic for record in bench.log.records] == [DEAD_LETTERS]


async def test_an_unknown_event_type_is_stored_raw(bench: Bench) -> None:
    body = eventsub.notification(event_type="channel.brand_new.thing")

    assert (await bench.sent(body)).status == 204
    assert [(record.topic, record.value) for record in bench.log.records] == [(TOPIC, body)]


async def test_signed_text_that_is_not_json_is_a_dead_letter_and_204(bench: Bench) -> None:
    assert (await bench.sent(b"not json")).status == 204
    assert [(record.topic, record.value) for record in bench.log.records] == [(DEAD_LETTERS, b"not json")]


async def test_a_revocation_is_recorded_and_204(bench: Bench) -> None:
    assert (await bench.sent(eventsub.revocation(), kind="revocation")).status == 204
    assert [record.topic for record in bench.log.records] == [CONTROL]


async def test_a_challenge_is_answered_by_its_text_without_kafka(bench: Bench) -> None:
    bench.log.stands_still = True

    reply = await bench.sent(b'{"challenge": "abc"}', kind="webhook_callback_verification")

    assert reply == Reply(200, {"content-type": "text/plain", "content-length": "3"}, b"abc")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_another_method_is_405(bench: Bench, method: str) -> None:
    reply = await bench.post(b"", {}, method=method)

    assert reply is not None
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert reply.detail == "send webhooks by POST"


@pytest.mark.parametrize(
    ("root_path", "path", "status"),
    [
        ("", "/eventsub", 204),
        ("", "/eventsub/", 204),
        ("/eventsub", "/eventsub", 204),
        ("/eventsub", "/eventsub/", 204),
        ("/hooks", "/hooks", 204),
        ("/eventsub", "/eventsub/x", 404),
        ("", "/", 404),
        ("", "/eventsubs", 404),
    ],
)
async def test_a_path_is_answered_where_it_was_sent(bench: Bench, root_path: str, path: str, status: int) -> None:
    body = eventsub.notification()
    headers = eventsub.headers(body, eventsub.timestamp(NOW_MS))

    reply = await bench.post(body, headers, root_path=root_path, path=path)

    assert reply is not None
    assert reply.status == status


@pytest.mark.parametrize("length", [str(262_145), "9" * 30, "9" * 5_000])
async def test_an_announced_300_kib_is_413_unread(bench: Bench, length: str) -> None:
    reply = await bench.post(b"", {"Content-Length": length}, chunks=[{"type": "http.disconnect"}])

    assert reply is not None
    assert (reply.status, reply.detail) == (413, "a webhook has at most 262144 bytes")


async def test_an_unannounced_300_kib_is_413_at_the_limit(bench: Bench) -> None:
    chunk = {"type": "http.request", "body": b"x" * 65_536, "more_body": True}
    chunks = [chunk] * 5 + [{"type": "http.request", "body": b"", "more_body": False}]

    reply = await bench.post(b"", {}, chunks=chunks)

    assert reply is not None
    assert reply.status == 413


async def test_an_endless_body_is_cut_off(bench: Bench) -> None:
    chunk = {"type": "http.request", "body": b"x" * 2**20, "more_body": True}
    chunks = [chunk] * 100

    reply = await bench.post(b"", {}, chunks=chunks)

    assert reply is not None
    assert reply.status == 413


async def test_a_body_of_the_largest_size_is_taken(bench: Bench) -> None:
    body = eventsub.notification(padding="")
    body = eventsub.notification(padding="x" * (262_144 - len(body)))

    assert len(body) == 262_144
    assert (await bench.sent(body)).status == 204


async def test_a_body_that_never_ends_is_408(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_S", 0.01)

    reply = await bench.post(b"", {}, chunks=[{"type": "http.request", "body": b"x", "more_body": True}])

    assert reply is not None
    assert (reply.status, bench.outcomes()) == (408, {"slow": 1})


async def test_a_sender_of_too_much_that_stops_is_let_go(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "DRAIN_S", 0.01)

    reply = await bench.post(b"", {"Content-Length": "300000"}, chunks=[])

    assert reply is not None
    assert reply.status == 413


async def test_a_sender_that_hangs_up_gets_nothing(bench: Bench) -> None:
    assert await bench.post(b"", {}, chunks=[{"type": "http.disconnect"}]) is None
    assert bench.outcomes() == {"disconnected": 1}


async def test_a_compressed_body_is_taken_as_it_was_signed(bench: Bench) -> None:
    body = b"\x1f\x8b\x08 not unpacked"

    assert (await bench.sent(body)).status == 204
    assert [record.topic for record in bench.log.records] == [DEAD_LETTERS]


@pytest.mark.parametrize("message", ["notification", "revocation", "unknown"])
async def test_what_kafka_does_not_take_is_503(bench: Bench, message: str) -> None:
    bench.log.failure = UnavailableError("kafka did not confirm")

    reply = await bench.sent(kind=message)

    assert (reply.status, reply.headers["retry-after"]) == (503, "2")
    assert reply.detail == "kafka did not take the message in time; send it again"
    assert bench.outcomes() == {"unavailable": 1}


@pytest.mark.parametrize("part", ["log", "topics"])
async def test_a_kafka_that_stands_still_is_503_in_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(asgi, "WRITE_S", 0.02)
    if part == "log":
        bench.log.stands_still = True
    else:
        bench.topics.may_answer.clear()

    replies = await asyncio.gather(*(bench.sent() for _ in range(10)))

    assert {reply.status for reply in replies} == {503}


async def test_a_record_that_kafka_finds_too_large_is_413(bench: Bench) -> None:
    bench.log.failure = RejectedError("the record is larger than its topic takes")

    assert (await bench.sent()).detail == "the record is larger than its topic takes"


async def test_a_streamer_without_a_topic_is_unrouted_and_204(bench: Bench) -> None:
    assert (await bench.sent(eventsub.notification("42"))).status == 204

    assert [(record.topic, record.key) for record in bench.log.records] == [(UNROUTED, b"42")]
    assert bench.outcomes() == {"unrouted": 1}


async def test_a_failed_write_makes_the_topic_be_asked_for_again(bench: Bench) -> None:
    await bench.sent()
    bench.log.failure = UnavailableError("unknown topic")
    await bench.sent()
    bench.log.failure = None
    bench.topics.names.discard(TOPIC)

    assert (await bench.sent()).status == 204
    assert bench.log.records[-1].topic == UNROUTED


async def test_a_lookup_that_fails_is_503(bench: Bench) -> None:
    bench.topics.failure = UnavailableError("kafka does not answer")

    assert (await bench.sent()).status == 503


async def test_a_clock_that_is_off_answers_503_until_it_agrees(bench: Bench) -> None:
    bench.now_ms += 6 * MIN_MS
    skewed = [(await bench.sent(ahead_ms=-6 * MIN_MS)).status for _ in range(19)]
    reply = await bench.sent(ahead_ms=-6 * MIN_MS)
    assert skewed == [204] * 19
    assert reply.status == 503
    assert reply.detail == "this clock is 360 s ahead of Twitch's timestamps; send it again"
    state, reason = (await bench.app.health())["clock"]
    assert (state, reason) == (
        "down",
        "this clock is 360 s ahead of Twitch's timestamps; set the clock of this machine by NTP",
    )

    healed = [(await bench.sent()).status for _ in range(20)]

    assert healed == [503] * 9 + [204] * 11
    assert (await bench.app.health())["clock"] == ("ok", "it agrees with Twitch's timestamps")


async def test_a_clock_behind_is_off_too(bench: Bench) -> None:
    statuses = [(await bench.sent(ahead_ms=6 * MIN_MS)).status for _ in range(20)]

    assert statuses == [204] * 19 + [503]
    assert (await bench.app.health())["clock"][1].startswith("this clock is 360 s behind")


async def test_messages_sent_again_do_not_judge_the_clock(bench: Bench) -> None:
    statuses = [(await bench.sent(ahead_ms=-9 * MIN_MS, retry=1)).status for _ in range(40)]

    assert set(statuses) == {204}


async def test_health_tells_what_kafka_says(bench: Bench) -> None:
    assert (await bench.app.health())["kafka"] == ("ok", "it answers")

    bench.topics.names.discard(UNROUTED)
    assert (await bench.app.health())["kafka"] == ("degraded", "topic gs.unrouted does not exist")

    bench.topics.failure = UnavailableError("kafka does not answer: timed out")
    assert (await bench.app.health())["kafka"] == ("down", "kafka does not answer: timed out")


async def test_health_does_not_wait_for_kafka(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "PROBE_S", 0.01)
    bench.topics.may_answer.clear()

    assert (await bench.app.health())["kafka"] == ("down", "no answer within 0.01 s")


async def test_a_websocket_is_refused(bench: Bench) -> None:
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("nothing is read")

    async def send(message: Any) -> None:
        said.append(message)

    await bench.app({"type": "websocket", "path": "/eventsub"}, receive, send)

    assert said == [{"type": "websocket.close", "code": 1000}]
