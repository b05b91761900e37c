"""The embedded Kafka is a real one: it keeps what it confirmed, dies with its owner, and lives beside another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded.kafka import EmbeddedKafka
from tests import services
from tests.processes import eventually, is_gone

OWNER = """
import signal, sys
from pathlib import Path
from gstreamer.embedded.kafka import EmbeddedKafka
broker = EmbeddedKafka(Path(sys.argv[1]), print)
print(broker.start(), broker.process.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with services.data_dir() as path:
        yield path


def write(servers: str, topic: str, value: bytes) -> None:
    admin = AdminClient({"bootstrap.servers": servers})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)
    producer = Producer({"bootstrap.servers": servers, "acks": "all", "enable.idempotence": True})
    failures: list[object] = []
    producer.produce(topic, value, on_delivery=lambda error, _: failures.append(error))
    producer.flush(20)
    assert failures == [None]


def read(servers: str, topic: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "t", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = consumer.poll(20)
        assert message is not None
        assert message.error() is None
        return message.value()
    finally:
        consumer.close()


def test_a_topic_is_written_and_read(kafka_servers: str) -> None:
    topic = f"t.{uuid.uuid4().hex}"

    write(kafka_servers, topic, b"hello")

    assert read(kafka_servers, topic) == b"hello"


def test_no_topic_is_made_by_writing_to_it(kafka_servers: str) -> None:
    producer = Producer({"bootstrap.servers": kafka_servers, "message.timeout.ms": 1500})
    failures: list[str] = []
    producer.produce(f"t.{uuid.uuid4().hex}", b"x", on_delivery=lambda error, _: failures.append(error.name()))

    producer.flush(20)

    assert failures == ["_UNKNOWN_TOPIC"] or failures == ["_MSG_TIMED_OUT"]


def test_a_second_install_beside_it_a_kill_and_a_restart(kafka_servers: str, data_dir: Path) -> None:
    broker = EmbeddedKafka(data_dir, print)
    try:
        servers = broker.start()
        assert servers != kafka_servers
        write(servers, "kept", b"confirmed")
        assert broker.process is not None

        broker.process.kill()
        broker.process.wait()
        again = broker.start()

        assert again == servers
        assert read(again, "kept") == b"confirmed"
    finally:
        broker.stop()


def test_it_dies_with_its_owner(data_dir: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, data_dir], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    lines = iter(owner.stdout.readline, "")
    pid = int(next(line for line in lines if line.startswith("127.0.0.1:")).split()[1])

    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    assert eventually(lambda: is_gone(pid))


def test_without_a_network_the_first_start_says_what_to_do(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    broker = EmbeddedKafka(data_dir, print, tmp_path)

    with pytest.raises(ConfigurationError, match=r"needs a network.*GSTREAMER_KAFKA__BOOTSTRAP_SERVERS"):
        broker.start()
