"""Writing to Kafka durably: a record is written once Kafka's delivery report says so, never before.

Rules, measured (docs/adr/0020): idempotent with one request in flight, since with more librdkafka spins a whole
core while the broker stands still; delivery reports are served by a thread and reach the event loop in batches;
the queue of unsent records is bounded, and full means unavailable at once. A record whose caller has given up may
still be written later: Twitch sends it again, and readers drop the second one by its message id.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as Client

from gstreamer.core.errors import ConfigurationError, GStreamerError, RejectedError, UnavailableError
from gstreamer.core.records import Outgoing
from gstreamer.log import get

MAX_RECORD_BYTES = 900_000
"""Key, value and headers of one record; topics take batches of 1,000,000 bytes."""

QUEUED_RECORDS = 10_000
QUEUED_KBYTES = 65_536
POLL_S = 0.5
WARM_UP_S = 5.0
FLUSH_S = 5.0

_log = get("kafka")

_Done = asyncio.Future[int]
_Report = tuple[_Done, int | GStreamerError]


class Producer:
    """
    Writes records; ``core.ports.Log``. Used on one event loop.

    Args:
        bootstrap: Kafka's ``host:port,...``.
        extra: librdkafka properties of the operator's; they cannot weaken durability.
        client: What makes the librdkafka client from its properties.

    Raises:
        ConfigurationError: If librdkafka refuses a property.
    """

    def __init__(
        self, bootstrap: str, extra: Mapping[str, str] | None = None, client: Callable[..., Any] = Client
    ) -> None:
        self._config: dict[str, Any] = {
            "queue.buffering.max.messages": QUEUED_RECORDS,
            "queue.buffering.max.kbytes": QUEUED_KBYTES,
            "linger.ms": 1,
            "delivery.timeout.ms": 30_000,
            "reconnect.backoff.max.ms": 1_000,
            # A record for a topic that is not there fails after this, not after 30 s.
            "topic.metadata.propagation.max.ms": 1_500,
            **(extra or {}),
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "max.in.flight.requests.per.connection": 1,
            "allow.auto.create.topics": False,
            "error_cb": self._note_error,
            # It would write 20 lines a second while Kafka is away; the two lines of ours say it better.
            "log_level": 2,
        }
        self._new_client = client
        self._client = self._made()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing = False
        self._broken = False
        self._away = False
        self._reports: list[_Report] = []  # the thread's own, between two polls

    async def start(self) -> None:
        """
        Connect, so that the first record is not the one that waits for it (0.5 s).

        Returns also when Kafka does not answer yet: sending will say so.
        """
        self._start_thread()
        try:
            await asyncio.to_thread(self._client.list_topics, timeout=WARM_UP_S)
        except KafkaException as error:
            _log.warning("kafka does not answer yet", reason=error.args[0].str())

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        """
        Write one record durably and return its offset.

        Raises:
            UnavailableError: Kafka did not confirm it in time; it may or may not have been written.
            RejectedError: The record is too large, for us or for its topic.
        """
        size = size_of(record)
        if size > MAX_RECORD_BYTES:
            raise RejectedError(f"a record of {size} bytes is above the {MAX_RECORD_BYTES} that one may have")
        self._start_thread()
        done: _Done = asyncio.get_running_loop().create_future()
        try:
            self._client.produce(
                record.topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                headers=list(record.headers),
                on_delivery=functools.partial(self._note_report, done),
            )
        except BufferError:
            raise UnavailableError("kafka takes no records: too many wait already") from None
        except KafkaException as error:
            raise _failure(error.args[0]) from None
        try:
            return await asyncio.wait_for(done, timeout_s)
        except TimeoutError:
            raise UnavailableError(f"kafka did not confirm a record within {timeout_s:g} s") from None

    async def close(self) -> None:
        """Wait at most 5 s for what is under way, then drop it."""
        self._closing = True
        await asyncio.to_thread(self._finish)

    def _made(self) -> Any:
        try:
            return self._new_client(self._config)
        except KafkaException as error:
            raise ConfigurationError(f"kafka.extra: {error.args[0].str()}") from None

    def _start_thread(self) -> None:
        if self._closing:
            raise UnavailableError("the producer is closed")
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._main, name="kafka-producer", daemon=True)
            self._thread.start()

    def _finish(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self._client.flush(FLUSH_S)
        self._client.purge()
        self._client.flush(FLUSH_S)
        self._hand_over()

    # What follows runs on the thread.

    def _main(self) -> None:
        while not self._closing:
            try:
                self._client.poll(POLL_S)
                if self._broken:
                    self._replace()
                self._hand_over()
            except Exception:
                _log.exception("serving kafka's delivery reports failed")
                threading.Event().wait(POLL_S)

    def _note_report(self, done: _Done, error: KafkaError | None, message: Any) -> None:
        self._reports.append((done, message.offset() if error is None else _failure(error)))
        if self._away and error is None:
            self._away = False
            _log.info("kafka answers again")

    def _note_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._broken = True
        elif error.code() == KafkaError._ALL_BROKERS_DOWN and not self._away:
            self._away = True
            _log.warning("kafka does not answer", reason=error.str())

    def _replace(self) -> None:
        """A fatal error ends an idempotent client for good: fail what it holds and go on with a new one."""
        _log.error("kafka's client has failed and is replaced")
        broken, self._client = self._client, self._made()
        self._broken = False
        broken.purge()
        broken.flush(FLUSH_S)

    def _hand_over(self) -> None:
        reports, self._reports = self._reports, []
        if reports and self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(_settle, reports)
            except RuntimeError:  # the loop has been closed, so nobody waits any more
                self._closing = True


def size_of(record: Outgoing) -> int:
    """Bytes of a record's key, value and headers."""
    return len(record.key or b"") + len(record.value) + sum(len(name) + len(value) for name, value in record.headers)


def _settle(reports: list[_Report]) -> None:
    for done, outcome in reports:
        if done.done():  # its caller has given up
            continue
        if isinstance(outcome, int):
            done.set_result(outcome)
        else:
            done.set_exception(outcome)


def _failure(error: KafkaError) -> GStreamerError:
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return RejectedError("the record is larger than its topic takes")
    return UnavailableError(f"kafka did not take a record: {error.str()}")
