"""A whole gstreamer, started as anybody would start it, and looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gstreamer.embedded import ports, processes
from tests import services
from tests.processes import eventually, is_gone, marked

START_S = 180.0
STOP_S = 15.0
"""What the command promises for Ctrl-C."""


class Install:
    """
    A `gstreamer up`, its own ports and data directory.

    Attributes:
        data_dir: Its data directory.
        port: Serve's port.
        ws_port: The first connection actor's port.
        url: Where the page is.
        log_file: What the command printed.
        process: The command.
    """

    def __init__(
        self, data_dir: Path, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.port = ports.free_port()
        self.ws_port = ports.free_port(taken=frozenset({self.port}))
        self.url = f"http://localhost:{self.port}"
        self.log_file = data_dir / "up.log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(Path(sys.executable).with_name("gstreamer"), "up"),
                    *("--port", str(self.port), "--ws-port", str(self.ws_port), "--data-dir", data_dir),
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What the command has printed so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def double_url(self) -> str:
        """Where Twitch's double answers."""
        return f"http://127.0.0.1:{self._ports('simulator')['twitch']}"

    @property
    def dashboard_url(self) -> str:
        """Where Ray's dashboard is."""
        ports_file = self.data_dir / "ports.json"
        return f"http://127.0.0.1:{json.loads(ports_file.read_text(encoding='utf-8'))['dashboard']}"

    @property
    def kafka_servers(self) -> str:
        """Bootstrap servers of its Kafka."""
        return f"127.0.0.1:{self._ports('kafka')['broker']}"

    @property
    def postgres_dsn(self) -> str:
        """DSN of its database."""
        return self.secret("postgres-dsn")

    @property
    def webhook_secret(self) -> str:
        """What Twitch's webhooks to it are signed with."""
        return self.secret("webhook-secret")

    def secret(self, name: str) -> str:
        """One of its generated secrets, e.g. ``webhook-secret``."""
        return (self.data_dir / "secrets" / name).read_text(encoding="utf-8").strip()

    def run_dir(self) -> Path:
        """The short-named directory of this run, where Ray's sockets are."""
        return Path(json.loads((self.data_dir / "run.json").read_text(encoding="utf-8"))["run_dir"])

    def tree(self) -> list[int]:
        """Pids of everything below the command."""
        return processes.descendants(self.process.pid)

    def pid_of(self, *words: str) -> int:
        """The one process below the command whose command line has all these words in it."""
        found = [pid for pid in self.tree() if all(word in processes.command(pid) for word in words)]
        assert len(found) == 1, f"{words}: {[processes.command(pid) for pid in found]}"
        return found[0]

    def wait_ready(self) -> None:
        """Return once it says that it is ready."""
        eventually(lambda: self._ready() or self.process.poll() is not None, START_S)
        assert self._ready(), f"gstreamer did not become ready:\n{self.output}\n{self._logs()}"

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it as Ctrl-C does, and see that it kept its promise: in time, and nothing left."""
        tree, run_dir = self.tree(), self.run_dir()
        self.process.send_signal(number)
        code = self.process.wait(STOP_S)
        assert code == 0, self.output
        left = [f"{pid} {processes.command(pid)}" for pid in tree if not is_gone(pid)]
        assert left == []
        assert not run_dir.exists()
        assert marked(str(run_dir), str(self.data_dir)) == []

    def kill(self) -> None:
        """End it the hard way, if it still runs."""
        if self.process.poll() is None:
            tree = self.tree()
            self.process.kill()
            self.process.wait()
            assert eventually(lambda: all(map(is_gone, tree)))

    def _ready(self) -> bool:
        return any(line.startswith("ready ") for line in self.output.splitlines())

    def _ports(self, part: str) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.data_dir / part / "ports.json").read_text(encoding="utf-8"))
        return found

    def _logs(self) -> str:
        log = self.data_dir / "logs" / "app.log"
        return log.read_text(encoding="utf-8", errors="replace")[-3000:] if log.exists() else ""


@contextmanager
def running(arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Iterator[Install]:
    """A gstreamer that is ready; afterwards it is stopped and must have left nothing."""
    with services.data_dir() as data_dir:
        install = Install(data_dir, arguments, environment)
        try:
            install.wait_ready()
            yield install
            if install.process.poll() is None:
                install.stop()
        finally:
            install.kill()
