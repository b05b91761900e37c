"""A real Apache Kafka of one node, for installs that name none: its data and ports are kept in the data directory.

It is a KRaft node (broker and controller in one), on loopback only, and makes no topic by itself.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.embedded import children, files, ports
from gstreamer.embedded.children import Program, Report
from gstreamer.embedded.jars import kafka_jars
from gstreamer.embedded.java import Java, find_java

_READY_S = 60.0
_STOP_S = 6.0
_BIND_TRIES = 3

_JVM = (
    "-Xms64m",
    "-Xmx512m",
    # One broker for a laptop: starts in half the CPU time and lives in two thirds of the memory.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",  # no /tmp/hsperfdata file that a kill -9 leaves behind
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)

_LOG4J = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
"""


def server_properties(logs: Path, broker_port: int, controller_port: int) -> str:
    """The node's configuration file."""
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{broker_port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker_port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": str(logs),
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "num.partitions": "1",
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # After a kill -9 the controller waits for the old session's end before it lets the broker in again.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "group.initial.rebalance.delay.ms": "0",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        # The default buffer is a quarter of the whole heap, and one cleaner thread has little to compact.
        "log.cleaner.dedupe.buffer.size": str(8 * 2**20),
        # Indexes are mapped at this size; a 64 MiB segment needs an eighth of it.
        "log.index.size.max.bytes": str(2**20),
    }
    return "".join(f"{key}={value}\n" for key, value in properties.items())


class EmbeddedKafka:
    """
    The broker of one data directory.

    ``prepare`` may block for a download and may run in any thread; ``spawn`` is quick and belongs on the main
    thread; ``wait_ready`` blocks until the broker answers. ``start`` is the three of them.

    Args:
        data_dir: The install's data directory; everything lies in ``kafka`` and ``logs`` below it.
        report: Told of progress while something takes long.
        cache: Where downloads are kept.
    """

    def __init__(self, data_dir: Path, report: Report, cache: Path | None = None) -> None:
        self._dir = data_dir.absolute() / "kafka"
        self._log_file = data_dir.absolute() / "logs" / "kafka.log"
        self._report = report
        self._cache = files.cache_dir() if cache is None else cache
        self._java: Java | None = None
        self._classpath = ""
        self.program: Program | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.bootstrap_servers = ""

    def start(self) -> str:
        """
        The bootstrap servers of a broker that answers.

        Raises:
            ConfigurationError: If something on this machine is in the way; the text says what to do.
            UnavailableError: If it does not come up.
        """
        for attempt in range(_BIND_TRIES):
            self.prepare()
            self.spawn()
            try:
                self.wait_ready()
            except UnavailableError:
                # Somebody may have taken the port between our look and the broker's bind.
                lost = not any(ports.is_free(port) for port in self._ports())
                self.stop()
                if attempt == _BIND_TRIES - 1 or not lost:
                    raise
            else:
                break
        return self.bootstrap_servers

    def prepare(self) -> None:
        """
        See that Java, the jars, the ports and a formatted log directory are there.

        Raises:
            ConfigurationError: If one of them cannot be had.
        """
        self._java = self._java or find_java()
        self._classpath = self._classpath or os.pathsep.join(map(str, kafka_jars(self._cache, self._report)))
        files.private_dir(self._dir)
        kept = files.read_json(self._dir / "ports.json")
        broker = ports.free_port(kept.get("broker"))
        controller = ports.free_port(kept.get("controller"), frozenset({broker}))
        files.write_private(self._dir / "ports.json", json.dumps({"broker": broker, "controller": controller}))
        files.write_private(self._dir / "server.properties", server_properties(self._logs, broker, controller))
        files.write_private(self._dir / "log4j2.properties", _LOG4J)
        self.bootstrap_servers = f"127.0.0.1:{broker}"
        if not (self._logs / "meta.properties").exists():
            self._format()

    def spawn(self) -> subprocess.Popen[bytes]:
        """
        Start the broker's process, which dies with this one.

        Raises:
            ConfigurationError: If it cannot be started.
        """
        self.program = Program(
            name="Kafka",
            argv=self._command(*_JVM, main="kafka.Kafka", arguments=(str(self._dir / "server.properties"),)),
            env=children.bare_environment(),
            log_file=self._log_file,
            cwd=self._dir,
            stop_signal=signal.SIGTERM,
        )
        self.process = children.spawn(self.program)
        return self.process

    def wait_ready(self) -> None:
        """
        Return once the broker answers a client.

        Raises:
            UnavailableError: If it ends, or does not answer in time.
        """
        if self.process is None or self.program is None:
            raise UnavailableError("Kafka has not been started")
        port = int(self.bootstrap_servers.rpartition(":")[2])
        children.wait_until(lambda: not ports.is_free(port), self.process, self.program, _READY_S)
        quiet: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.bootstrap_servers,
            "log_level": 0,
            "reconnect.backoff.max.ms": 200,
        }
        client = AdminClient(quiet)
        children.wait_until(lambda: _answers(client), self.process, self.program, _READY_S)

    def stop(self) -> None:
        """End the broker and return once it is gone."""
        if self.process is not None and self.program is not None:
            children.stop(self.process, self.program, _STOP_S)

    @property
    def _logs(self) -> Path:
        return self._dir / "data"

    def _ports(self) -> tuple[int, int]:
        kept = files.read_json(self._dir / "ports.json")
        return kept["broker"], kept["controller"]

    def _format(self) -> None:
        node = subprocess.run(
            self._command(
                *_JVM,
                main="kafka.tools.StorageTool",
                arguments=("format", "-t", _cluster_id(), "-c", str(self._dir / "server.properties")),
            ),
            env=children.bare_environment(),
            capture_output=True,
            text=True,
            timeout=_READY_S,
            check=False,
            cwd=self._dir,
        )
        if node.returncode != 0:
            told = (node.stderr.strip() or node.stdout.strip()).splitlines()
            raise ConfigurationError(
                f"{self._logs} cannot be made ready for Kafka: {told[-1] if told else 'no reason given'}; "
                "make room there or choose another with --data-dir"
            )

    def _command(self, *flags: str, main: str, arguments: tuple[str, ...]) -> list[str]:
        if self._java is None:
            raise UnavailableError("Kafka has not been prepared")
        log4j = f"-Dlog4j2.configurationFile={self._dir / 'log4j2.properties'}"
        return [str(self._java.path), *flags, log4j, "-cp", self._classpath, main, *arguments]


def _cluster_id() -> str:
    """A random id in Kafka's form: 16 bytes in URL-safe base64, which must not start with a dash."""
    return "g" + secrets.token_urlsafe(16)[1:]


def _answers(client: AdminClient) -> bool:
    try:
        return bool(client.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
