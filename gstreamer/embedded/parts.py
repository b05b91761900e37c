"""The parts that `gstreamer up` runs, each with the same three steps: prepare, spawn, wait until it is ready."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.embedded import children, files, ports
from gstreamer.embedded.children import Program, Report
from gstreamer.embedded.kafka import EmbeddedKafka
from gstreamer.embedded.postgres import EmbeddedPostgres

Environment = Callable[[], Mapping[str, str]]
"""Asked when a part is started, since it carries what other parts have found out by then."""


class Part(Protocol):
    """Something that is started, watched, started again and stopped."""

    @property
    def name(self) -> str:
        """What the lines about it are headed with."""

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """Its process, once spawned."""

    def prepare(self) -> None:
        """
        Whatever may take long and needs no process; runs in any thread.

        Raises:
            ConfigurationError: Something on this machine is in the way.
        """

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process; on the main thread."""

    def wait_ready(self) -> str:
        """
        Return once it serves, with what a person may want to know; runs in any thread.

        Raises:
            UnavailableError: It does not come up.
        """

    def stop(self) -> None:
        """End it and return once it is gone."""


class KafkaPart:
    """The embedded broker."""

    name = "kafka"

    def __init__(self, data_dir: Path, report: Report) -> None:
        self._kafka = EmbeddedKafka(data_dir, report)

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The broker's process."""
        return self._kafka.process

    def prepare(self) -> None:
        """Download, choose ports, format."""
        self._kafka.prepare()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the broker."""
        return self._kafka.spawn()

    def wait_ready(self) -> str:
        """Until it answers a client."""
        self._kafka.wait_ready()
        return self._kafka.bootstrap_servers

    def stop(self) -> None:
        """End the broker."""
        self._kafka.stop()

    def environment(self) -> dict[str, str]:
        """What the other parts must know."""
        return {"GSTREAMER_KAFKA__BOOTSTRAP_SERVERS": self._kafka.bootstrap_servers}


class PostgresPart:
    """The embedded database server."""

    name = "postgres"

    def __init__(self, data_dir: Path, report: Report) -> None:
        self._postgres = EmbeddedPostgres(data_dir, report)
        self._dsn_file = data_dir.absolute() / "secrets" / "postgres-dsn"

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server's process."""
        return self._postgres.process

    def prepare(self) -> None:
        """Choose a port, make the cluster."""
        self._postgres.prepare()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server."""
        return self._postgres.spawn()

    def wait_ready(self) -> str:
        """Until the database takes connections."""
        self._postgres.wait_ready()
        return self._postgres.dsn.rpartition("@")[2]

    def stop(self) -> None:
        """End the server."""
        self._postgres.stop()

    def environment(self) -> dict[str, str]:
        """What the other parts must know; the DSN carries a password, so it is a file."""
        files.write_private(self._dsn_file, self._postgres.dsn)
        return {"GSTREAMER_STORE__URLS_FILE": str(self._dsn_file)}


class ModulePart:
    """
    A part that is a module of gstreamer, and says on its standard output when it is ready.

    Args:
        name: What it is called.
        module: What runs.
        data_dir: Where its log goes.
        environment: Its environment.
        stop_s: How long it may take to end.
    """

    def __init__(self, name: str, module: str, data_dir: Path, environment: Environment, stop_s: float) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self.program: Program | None = None
        self._module = module
        self._data_dir = data_dir.absolute()
        self._environment = environment
        self._stop_s = stop_s

    def arguments(self) -> tuple[str, ...]:
        """What follows the module on its command line."""
        return ()

    def prepare(self) -> None:
        """Nothing."""

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it."""
        self.program = Program(
            name=self.name,
            argv=[sys.executable, "-m", self._module, *self.arguments()],
            env=self._environment(),
            log_file=self._data_dir / "logs" / f"{self.name}.log",
            cwd=Path.cwd(),
            piped=True,
        )
        self.process = children.spawn(self.program)
        return self.process

    def wait_ready(self) -> str:
        """Until it says so."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.program is not None:
            children.stop(self.process, self.program, self._stop_s)

    def lines(self, silent_s: float) -> Iterator[str]:
        """
        What it writes to its standard output, until it closes it.

        Raises:
            UnavailableError: Nothing came for ``silent_s``, or it ended; with the end of its log.
        """
        if self.process is None or self.process.stdout is None or self.program is None:
            raise UnavailableError(f"{self.name} has not been started")
        stream = self.process.stdout
        pending = b""
        deadline = time.monotonic() + silent_s
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise UnavailableError(
                    f"{self.name} said nothing for {silent_s:.0f} s at its start; see {self.program.log_file}"
                )
            if not select.select([stream], [], [], left)[0]:
                continue
            chunk = stream.read1(65_536)  # type: ignore[attr-defined]  # Popen's pipes are BufferedReaders
            if not chunk:
                self.process.wait()
                raise UnavailableError(
                    f"{self.name} ended with {children.ended(self.process)} at its start"
                    f"{children.last_words(self.program)}"
                )
            *whole, pending = (pending + chunk).split(b"\n")
            deadline = time.monotonic() + silent_s
            for line in whole:
                yield line.decode(errors="replace")

    def drain(self) -> None:
        """Read on and forget, so that the pipe never fills."""
        if self.process is not None and self.process.stdout is not None:
            threading.Thread(target=_drain, args=(self.process,), daemon=True).start()


def _drain(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while process.stdout is not None and process.stdout.read(65_536):
            pass


class DoublePart(ModulePart):
    """Twitch's double, on a port that it keeps."""

    def __init__(self, data_dir: Path, environment: Environment, module: str = "gstreamer.simulator") -> None:
        super().__init__("twitch", module, data_dir, environment, stop_s=3.0)
        self._dir = data_dir.absolute() / "simulator"
        self.port = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Choose the port: the one it had, if it is free."""
        files.private_dir(self._dir)
        self.port = ports.free_port(files.read_json(self._dir / "ports.json").get("twitch"))
        files.write_private(self._dir / "ports.json", json.dumps({"twitch": self.port}))

    def arguments(self) -> tuple[str, ...]:
        """Its port and memory."""
        return ("--port", str(self.port), "--data-dir", str(self._dir))

    def wait_ready(self) -> str:
        """Until it says that it listens."""
        for line in self.lines(60.0):
            if line.startswith("ready "):
                break
        self.drain()
        return "a simulation: no Twitch client id is set"


class Told(NamedTuple):
    """What the driver says about one of its parts."""

    part: str
    took_s: float
    note: str


class DriverPart(ModulePart):
    """
    The Ray driver: Ray, the Serve applications, the actors.

    Args:
        data_dir: Where its log goes.
        environment: Its environment.
        told: Told of each of its parts.
        reachable: Told the address of Ray's GCS at each start.
        patience_s: How long Kafka and Postgres may be on their way.
        module: What runs.
    """

    def __init__(
        self,
        data_dir: Path,
        environment: Environment,
        told: Callable[[Told], None],
        reachable: Callable[[str], None],
        patience_s: int,
        module: str = "gstreamer.app",
    ) -> None:
        super().__init__("app", module, data_dir, environment, stop_s=8.0)
        self._told = told
        self._reachable = reachable
        self._patience_s = patience_s

    def arguments(self) -> tuple[str, ...]:
        """How long Kafka and Postgres may be on their way."""
        return ("--patience", str(self._patience_s))

    def wait_ready(self) -> str:
        """
        Until it says that all of it is ready; each of its parts is told on the way.

        Raises:
            ConfigurationError: It says what is wrong.
            UnavailableError: It ends without a word, or falls silent.
        """
        for line in self.lines(120.0):
            said = _object(line)
            if "error" in said:
                raise ConfigurationError(str(said["error"]))
            if "part" in said:
                took = said.get("took_s")
                took_s = float(took) if isinstance(took, int | float) else 0.0
                self._told(Told(str(said["part"]), took_s, str(said.get("note") or "")))
            elif "ray_address" in said:
                self._reachable(str(said["ray_address"]))
            elif said.get("ready"):
                break
        self.drain()
        return ""


def _object(line: str) -> dict[str, object]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
