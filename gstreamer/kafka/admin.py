"""Topics of Kafka: made, looked up, measured. Nothing blocks the event loop: librdkafka's futures are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]

from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.core.topics import TopicSpec

ASK_S = 3.0
CREATE_S = 15.0
SETTLE_S = 0.02

_ABSENT = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION})
_URL_SAFE = str.maketrans("+/", "-_", "=")
_T = TypeVar("_T")
_SPECS: Any = OffsetSpec  # its factories carry no types
_EARLIEST, _LATEST = _SPECS.earliest(), _SPECS.latest()


class Admin:
    """
    Asks Kafka about topics; ``core.ports.LogAdmin``.

    Args:
        bootstrap: Kafka's ``host:port,...``.
        extra: librdkafka properties of the operator's.

    Raises:
        ConfigurationError: If librdkafka refuses a property.
    """

    def __init__(self, bootstrap: str, extra: Mapping[str, str] | None = None) -> None:
        config: dict[str, Any] = {
            "reconnect.backoff.max.ms": "1000",
            **(extra or {}),
            "bootstrap.servers": bootstrap,
            "allow.auto.create.topics": "false",
            "log_level": "2",  # each failed request raises; 20 lines a second besides help nobody
        }
        try:
            self._client: Any = AdminClient(config)  # half of its methods carry no types
        except KafkaException as error:
            raise ConfigurationError(f"kafka.extra: {error.args[0].str()}") from None

    async def ensure(self, specs: Iterable[TopicSpec], replication_factor: int) -> None:
        """
        See that these topics exist and that brokers know them; one that exists is left as it is.

        Raises:
            UnavailableError: Kafka does not answer, or refuses to make one.
        """
        topics = [
            NewTopic(spec.name, num_partitions=1, replication_factor=replication_factor, config=spec.config)
            for spec in specs
        ]
        if not topics:
            return
        futures = self._asked(lambda: self._client.create_topics(topics, request_timeout=CREATE_S))
        for name, future in futures.items():
            try:
                await _answer(future, CREATE_S)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise UnavailableError(f"kafka did not make topic {name}: {error.args[0].str()}") from None
        await self._known(list(futures))

    async def delete(self, topics: Iterable[str]) -> None:
        """
        See that these topics do not exist.

        Raises:
            UnavailableError: Kafka does not answer, or refuses.
        """
        names = list(topics)
        if not names:
            return
        futures = self._asked(lambda: self._client.delete_topics(names, request_timeout=CREATE_S))
        for name, future in futures.items():
            try:
                await _answer(future, CREATE_S)
            except KafkaException as error:
                if error.args[0].code() not in _ABSENT:
                    raise UnavailableError(f"kafka did not delete topic {name}: {error.args[0].str()}") from None

    async def names(self) -> list[str]:
        """
        Every topic of the cluster but Kafka's own, sorted.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        if self._client is None:
            raise UnavailableError("kafka's admin client is closed")
        try:
            known: Any = await asyncio.to_thread(self._client.list_topics, timeout=ASK_S)
        except KafkaException as error:
            raise _unavailable(error) from None
        return sorted(name for name in known.topics if not name.startswith("__"))

    async def topic_id(self, topic: str) -> str | None:
        """
        Kafka's id of the topic in the form that Kafka's own tools print (URL-safe base64), or None if there is none.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        return (await self._topic_ids([topic]))[topic]

    async def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """
        The first offset that is held and the offset of the next record.

        Raises:
            UnavailableError: Kafka does not answer, or has no such partition.
        """
        low, high = await asyncio.gather(
            self._offset(topic, partition, _EARLIEST),
            self._offset(topic, partition, _LATEST),
        )
        return low, high

    async def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        """
        The first offset whose record time is ``time_ms`` or later; the next record's if there is none.

        Raises:
            UnavailableError: Kafka does not answer, or has no such partition.
        """
        found = await self._offset(topic, partition, _SPECS.for_timestamp(time_ms))
        return found if found >= 0 else await self._offset(topic, partition, _LATEST)

    async def close(self) -> None:
        """Forget the client; librdkafka closes its connections when nothing is under way."""
        # The last reference joins librdkafka's threads, so another thread drops it.
        last = [self._client]
        self._client = None
        await asyncio.to_thread(last.clear)

    async def _known(self, topics: list[str]) -> None:
        """Wait until a broker answers for them: the controller has made a topic a moment before that."""
        try:
            async with asyncio.timeout(CREATE_S):
                while topics:
                    found = await self._topic_ids(topics)
                    topics = [topic for topic in topics if found[topic] is None]
                    if topics:
                        await asyncio.sleep(SETTLE_S)
        except TimeoutError:
            raise UnavailableError(f"kafka made topic {topics[0]}, but no broker knows it yet") from None

    async def _topic_ids(self, topics: list[str]) -> dict[str, str | None]:
        collection = TopicCollection(topics)
        futures = self._asked(lambda: self._client.describe_topics(collection, request_timeout=ASK_S))
        found: dict[str, str | None] = dict.fromkeys(topics)
        for topic, future in futures.items():
            try:
                described: Any = await _answer(future, ASK_S)
            except KafkaException as error:
                if error.args[0].code() not in _ABSENT:
                    raise _unavailable(error) from None
            else:
                # librdkafka prints + and /, which neither Kafka's tools nor a position use.
                found[topic] = str(described.topic_id).translate(_URL_SAFE)
        return found

    async def _offset(self, topic: str, partition: int, spec: Any) -> int:
        wanted = {TopicPartition(topic, partition): spec}
        try:
            try:
                return await self._listed(wanted)
            except KafkaException as error:
                if error.args[0].code() != KafkaError._TIMED_OUT:
                    raise
                # A new topic's leader was elected while librdkafka sat on what it knew before: it asks anew.
                return await self._listed(wanted)
        except KafkaException as error:
            raise _unavailable(error) from None

    async def _listed(self, wanted: dict[TopicPartition, Any]) -> int:
        futures = self._asked(lambda: self._client.list_offsets(wanted, request_timeout=ASK_S))
        (found,) = [await _answer(future, ASK_S) for future in futures.values()]
        return int(found.offset)

    def _asked(self, ask: Callable[[], dict[Any, Future[_T]]]) -> dict[Any, Future[_T]]:
        if self._client is None:
            raise UnavailableError("kafka's admin client is closed")
        try:
            return ask()
        except KafkaException as error:
            raise _unavailable(error) from None


async def _answer(future: Future[_T], timeout_s: float) -> _T:
    # librdkafka ends a request by its own timeout; the second here only bounds a client that is stuck.
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), timeout_s + 1)
    except TimeoutError:
        raise UnavailableError(f"kafka did not answer within {timeout_s + 1:g} s") from None


def _unavailable(error: KafkaException) -> UnavailableError:
    return UnavailableError(f"kafka does not answer: {error.args[0].str()}")
