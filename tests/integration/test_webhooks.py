"""Through Serve to a real Kafka: Twitch is answered as the contract says, and 204 means that it is stored."""

from __future__ import annotations

import asyncio
import gzip
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import aiohttp
import pytest

from gstreamer.core.records import Record
from gstreamer.core.topics import CONTROL, DEAD_LETTERS, UNROUTED, own_topics
from tests import eventsub
from tests.serving import Serving, serving
from tests.stored import log_of, make, stored

MIN_MS = 60_000


def unknown_streamer() -> str:
    """The id of a streamer that has no topic."""
    return str(uuid.uuid4().int % 10**12)


@pytest.fixture(scope="module")
def served(kafka_servers: str) -> Iterator[Serving]:
    asyncio.run(make(kafka_servers, *own_topics()))
    with serving(kafka_servers) as running:
        yield running


@pytest.fixture
async def streamer_id(kafka_servers: str) -> str:
    """A streamer of the test's own, with a topic."""
    found = unknown_streamer()
    await make(kafka_servers, log_of(found))
    return found


class Twitch:
    """Posts signed messages, and looks into Kafka for what has become of them."""

    def __init__(self, session: aiohttp.ClientSession, url: str, servers: str) -> None:
        self._session = session
        self._url = url
        self._servers = servers

    async def post(
        self, body: bytes | AsyncIterator[bytes], headers: dict[str, str], path: str = "", method: str = "POST"
    ) -> tuple[int, Mapping[str, str], bytes]:
        async with self._session.request(
            method, self._url + path, data=body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers, await answer.read()

    async def send(self, body: bytes, ahead_ms: int = 0, path: str = "", **signing: Any) -> tuple[int, str]:
        """Post a signed message; the status, and the message id."""
        message_id = str(uuid.uuid4())
        at = eventsub.timestamp(time.time_ns() // 1_000_000 + ahead_ms)
        headers = eventsub.headers(body, at, **{"message_id": message_id, **signing})
        status, _, _ = await self.post(body, headers, path)
        return status, message_id

    async def stored(self, topic: str) -> list[Record]:
        """Everything that a topic holds."""
        return await stored(self._servers, topic)

    async def kept(self, topic: str, message_id: str) -> list[Record]:
        """What a topic holds of one message."""
        return [record for record in await self.stored(topic) if record.headers["message-id"] == message_id]


@pytest.fixture
async def twitch(served: Serving, kafka_servers: str) -> AsyncIterator[Twitch]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session:
        yield Twitch(session, served.url, kafka_servers)


@pytest.mark.parametrize("path", ["", "/"])
async def test_a_notification_is_stored_and_204_where_it_was_sent(
    twitch: Twitch, streamer_id: str, path: str
) -> None:
    body = eventsub.notification(streamer_id)

    status, message_id = await twitch.send(body, path=path)

    assert status == 204
    (record,) = await twitch.stored(f"gs.streamer.{streamer_id}")
    assert (record.value, record.key) == (body, streamer_id.encode())
    assert record.headers["message-id"] == message_id
    assert {"subscription-id", "type", "version", "twitch-timestamp", "received-ms"} <= set(record.headers)


async def test_a_thousand_copies_at_once_are_all_204(twitch: Twitch, streamer_id: str) -> None:
    body = eventsub.notification(streamer_id)

    answers = await asyncio.gather(*(twitch.send(body, message_id="the-same") for _ in range(1_000)))

    assert {status for status, _ in answers} == {204}
    stored = await twitch.stored(f"gs.streamer.{streamer_id}")
    assert {record.headers["message-id"] for record in stored} == {"the-same"}


@pytest.mark.parametrize(
    "signing",
    [
        {"secret": "somebody else's secret"},
        {"message_id": ""},
    ],
)
async def test_what_is_not_signed_is_403(twitch: Twitch, streamer_id: str, signing: dict[str, str]) -> None:
    status, _ = await twitch.send(eventsub.notification(streamer_id), **signing)

    assert status == 403
    assert await twitch.stored(f"gs.streamer.{streamer_id}") == []


@pytest.mark.parametrize("name", ["Id", "Timestamp", "Signature"])
async def test_a_missing_header_is_403(twitch: Twitch, name: str) -> None:
    headers = eventsub.headers(b"{}", eventsub.timestamp(time.time_ns() // 1_000_000))
    del headers[f"Twitch-Eventsub-Message-{name}"]

    status, answer, _ = await twitch.post(b"{}", headers)

    assert (status, answer["content-type"]) == (403, "application/problem+json")


async def test_an_altered_body_is_403(twitch: Twitch, streamer_id: str) -> None:
    headers = eventsub.headers(b"{}", eventsub.timestamp(time.time_ns() // 1_000_000))

    status, _, _ = await twitch.post(eventsub.notification(streamer_id), headers)

    assert status == 403


async def test_an_old_message_is_dropped_with_204(twitch: Twitch, streamer_id: str) -> None:
    status, message_id = await twitch.send(eventsub.notification(streamer_id), ahead_ms=-11 * MIN_MS)

    assert status == 204
    assert await twitch.stored(f"gs.streamer.{streamer_id}") == []
    (letter,) = await twitch.kept(DEAD_LETTERS, message_id)
    assert letter.headers["reason"] == "stale"


async def test_a_message_a_little_ahead_is_stored_one_far_ahead_is_503(twitch: Twitch, streamer_id: str) -> None:
    body = eventsub.notification(streamer_id)

    assert (await twitch.send(body, ahead_ms=5 * MIN_MS))[0] == 204
    assert (await twitch.send(body, ahead_ms=20 * MIN_MS))[0] == 503
    assert len(await twitch.stored(f"gs.streamer.{streamer_id}")) == 1


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (eventsub.notification(), "something_new", "unknown_kind"),
        (b"not json", "notification", "not_json"),
        (gzip.compress(eventsub.notification()), "notification", "not_json"),
    ],
)
async def test_what_is_signed_but_of_no_use_is_204(twitch: Twitch, body: bytes, kind: str, reason: str) -> None:
    status, message_id = await twitch.send(body, kind=kind)

    assert status == 204
    (letter,) = await twitch.kept(DEAD_LETTERS, message_id)
    assert (letter.headers["reason"], letter.value) == (reason, body)


async def test_a_compressed_body_that_was_signed_plain_is_403(twitch: Twitch) -> None:
    body = eventsub.notification()
    headers = eventsub.headers(body, eventsub.timestamp(time.time_ns() // 1_000_000))

    status, _, _ = await twitch.post(gzip.compress(body), {**headers, "Content-Encoding": "gzip"})

    assert status == 403


async def test_an_unknown_event_type_is_stored_raw(twitch: Twitch, streamer_id: str) -> None:
    body = eventsub.notification(streamer_id, "channel.brand_new.thing")

    assert (await twitch.send(body))[0] == 204
    assert [record.value for record in await twitch.stored(f"gs.streamer.{streamer_id}")] == [body]


async def test_a_streamer_without_a_topic_is_unrouted(twitch: Twitch) -> None:
    unknown = unknown_streamer()

    status, message_id = await twitch.send(eventsub.notification(unknown))

    assert status == 204
    (record,) = await twitch.kept(UNROUTED, message_id)
    assert record.key == unknown.encode()


async def test_a_topic_is_found_a_second_after_it_was_made(twitch: Twitch, kafka_servers: str) -> None:
    unknown = unknown_streamer()
    topic, body = f"gs.streamer.{unknown}", eventsub.notification(unknown)
    await twitch.send(body)
    await make(kafka_servers, log_of(unknown))

    async with asyncio.timeout(20):
        while not await twitch.stored(topic):
            assert (await twitch.send(body))[0] == 204


async def test_a_revocation_is_recorded(twitch: Twitch) -> None:
    status, message_id = await twitch.send(eventsub.revocation(), kind="revocation")

    assert status == 204
    (record,) = await twitch.kept(CONTROL, message_id)
    assert record.value == eventsub.revocation()


@pytest.mark.parametrize("subject", ["subscription", "conduit_shard"])
async def test_a_challenge_is_answered_with_its_text(twitch: Twitch, subject: str) -> None:
    body = f'{{"challenge": "abc-123", "{subject}": {{}}}}'.encode()
    headers = eventsub.headers(
        body, eventsub.timestamp(time.time_ns() // 1_000_000), kind="webhook_callback_verification"
    )

    status, answer, text = await twitch.post(body, headers)

    assert (status, text) == (200, b"abc-123")
    assert (answer["content-type"], answer["content-length"]) == ("text/plain", "7")


async def test_300_kib_are_413(twitch: Twitch) -> None:
    status, _, _ = await twitch.post(b"x" * 300 * 1_024, {})

    assert status == 413


async def test_300_kib_without_a_length_are_413(twitch: Twitch) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"x" * 1_024

    status, _, _ = await twitch.post(chunks(), {})

    assert status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["", "/"])
async def test_another_method_is_405(twitch: Twitch, method: str, path: str) -> None:
    status, answer, _ = await twitch.post(b"", {}, path=path, method=method)

    assert (status, answer["allow"]) == (405, "POST")


async def test_a_replica_says_how_it_is(served: Serving) -> None:
    health = await asyncio.to_thread(served.health)

    assert health["kafka"] == ["ok", "it answers"]
    assert health["clock"][0] == "ok"
