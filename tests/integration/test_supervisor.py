"""`gstreamer up` with a stand-in for the Ray driver: what starts, what is said, and that nothing is left."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gstreamer.embedded import processes
from tests import services
from tests.processes import eventually, is_gone, marked

RUN = """
import sys
from pathlib import Path
from gstreamer.embedded.up import Options, up
sys.exit(up(Options(port=int(sys.argv[2]), ws_port=0, data_dir=Path(sys.argv[1])), "tests.stand_in_driver"))
"""


class Up:
    """A running command with its output."""

    def __init__(
        self, data_dir: Path, port: int = 0, env: dict[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self.data_dir = data_dir
        self.output = ""
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, data_dir, str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root), **(env or {})},
        )

    def until(self, start: str) -> str:
        """Read on until a line starts so; that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if line.startswith(start):
                return line
        raise AssertionError(f"no line {start!r} in:\n{self.output}")

    def end(self) -> int:
        """Read to the end; the exit code."""
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            self.output += self.process.stdout.read()
            self.process.stdout.close()
        return self.process.wait()

    def run_dir(self) -> Path:
        return Path(json.loads((self.data_dir / "run.json").read_text())["run_dir"])

    def tree(self) -> list[int]:
        return processes.descendants(self.process.pid)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with services.data_dir() as path:
        yield path


@pytest.fixture
def launch() -> Iterator[Callable[..., Up]]:
    """Starts commands; whatever a test leaves of them is ended, and must leave nothing itself."""
    commands: list[Up] = []

    def start(*args: object, **options: object) -> Up:
        commands.append(Up(*args, **options))  # type: ignore[arg-type]
        return commands[-1]

    yield start
    for command in commands:
        command.process.kill()
        command.end()
    assert eventually(lambda: not marked(*(str(command.data_dir) for command in commands)))


@pytest.fixture
def started(launch: Callable[..., Up], data_dir: Path) -> Up:
    return launch(data_dir)


def test_each_part_is_told_and_the_last_line_is_ready(started: Up) -> None:
    last = started.until("ready ")

    told = re.findall(r"^(\w+) +ready in \d", started.output, re.MULTILINE)
    assert sorted(told) == ["app", "kafka", "postgres", "ray", "twitch"]
    assert re.match(r"ready http://localhost:\d+ ", last)
    assert "ray-token" in started.output


def test_children_get_settings_and_secrets_as_private_files(started: Up) -> None:
    started.until("ready ")

    seen = json.loads((started.data_dir / "seen.json").read_text())
    modes = {path.name: path.stat().st_mode & 0o777 for path in (started.data_dir / "secrets").iterdir()}
    assert seen["twitch"]["simulated"] is True
    assert seen["kafka"]["bootstrap_servers"].startswith("127.0.0.1:")
    assert len(seen["store"]["urls"]) == 1
    assert set(modes.values()) == {0o600}
    assert {"session-secret", "webhook-secret", "store-keys", "ray-token", "postgres-password"} <= set(modes)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_nothing(started: Up, number: signal.Signals) -> None:
    started.until("ready ")
    run_dir, tree = started.run_dir(), started.tree()

    started.process.send_signal(number)

    assert started.end() == 0
    assert [pid for pid in tree if not is_gone(pid)] == []
    assert not run_dir.exists()


def test_a_second_stop_does_not_wait(launch: Callable[..., Up], data_dir: Path) -> None:
    command = launch(data_dir, env={"STAND_IN": json.dumps({"deaf": True})})
    command.until("ready ")
    tree = command.tree()

    command.process.send_signal(signal.SIGINT)
    command.until("stopping")
    command.process.send_signal(signal.SIGINT)

    assert command.end() == 1
    assert [pid for pid in tree if not is_gone(pid)] == []


def test_killing_the_command_takes_everything_along_and_the_next_start_recovers(
    launch: Callable[..., Up], started: Up
) -> None:
    started.until("ready ")
    run_dir, tree = started.run_dir(), started.tree()

    started.process.kill()
    started.end()

    assert eventually(lambda: all(map(is_gone, tree)))
    assert not run_dir.exists()
    again = launch(started.data_dir)
    again.until("ready ")
    again.process.send_signal(signal.SIGINT)
    assert again.end() == 0


def test_killing_the_supervisor_inside_ends_everything_with_one_sentence(started: Up) -> None:
    started.until("ready ")
    tree = started.tree()
    inner = next(pid for pid in tree if parent_of(pid) == started.process.pid)

    os.kill(inner, signal.SIGKILL)

    assert started.end() == 1
    assert "error: gstreamer was ended by SIGKILL; start it again" in started.output
    assert [pid for pid in tree if not is_gone(pid)] == []


def test_killing_both_at_once_leaves_nothing_after_the_next_start(launch: Callable[..., Up], started: Up) -> None:
    started.until("ready ")
    tree = started.tree()
    inner = next(pid for pid in tree if parent_of(pid) == started.process.pid)

    for pid in (inner, started.process.pid):
        os.kill(pid, signal.SIGSTOP)
    for pid in (inner, started.process.pid):
        os.kill(pid, signal.SIGKILL)
    started.end()
    again = launch(started.data_dir)
    again.until("ready ")

    assert [pid for pid in tree if not is_gone(pid)] == []
    again.process.send_signal(signal.SIGINT)
    assert again.end() == 0


@pytest.mark.parametrize("name", ["kafka", "postgres", "twitch", "app"])
def test_what_dies_is_started_again(started: Up, name: str) -> None:
    started.until("ready ")
    mark = {
        "kafka": " kafka.Kafka ",
        "postgres": "/postgres -D ",
        "twitch": "-m gstreamer.simulator ",
        "app": "-m tests.stand_in_driver",
    }
    pid = next(pid for pid in started.tree() if mark[name] in processes.command(pid))

    os.kill(pid, signal.SIGKILL)

    told = started.until(f"{name:<12} ended with SIGKILL; starting it again in 1 s")
    assert started.until(f"{name:<12} ready again after"), told


def test_a_taken_port_is_one_sentence(launch: Callable[..., Up], data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        command = launch(data_dir, port)

        assert command.end() == 1
    assert command.output == (
        f"error: port {port} is taken: end the program that listens there, or choose another with --port\n"
    )


def test_a_second_command_on_the_same_data_is_refused(launch: Callable[..., Up], started: Up) -> None:
    started.until("ready ")

    second = launch(started.data_dir)

    assert second.end() == 1
    assert second.output == (
        f"error: gstreamer already runs on {started.data_dir} (pid {started.process.pid}): "
        "stop it, or choose another with --data-dir\n"
    )


def test_data_of_a_newer_version_is_refused(launch: Callable[..., Up], data_dir: Path) -> None:
    (data_dir / "version.json").write_text('{"format": 99, "gstreamer": "9.1"}')

    command = launch(data_dir)

    assert command.end() == 1
    assert command.output == (
        f"error: {data_dir} was written by a newer gstreamer (9.1): install that version, "
        "or choose another with --data-dir\n"
    )


def test_a_misspelt_setting_is_one_sentence(launch: Callable[..., Up], data_dir: Path) -> None:
    command = launch(data_dir, env={"GSTREAMER_HTP__PORT": "1"})

    assert command.end() == 1
    assert command.output == (
        "error: GSTREAMER_HTP__PORT is not a setting of gstreamer; docs/settings.md lists them all\n"
    )


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ({"error": "something is in the way: move it"}, "error: something is in the way: move it\n"),
        ({"die": 1}, "error: app ended with exit code 1 at its start: ERROR the stand-in was told to die; see "),
    ],
)
def test_a_part_that_does_not_start_ends_all_with_one_sentence(
    launch: Callable[..., Up], data_dir: Path, orders: dict[str, object], said: str
) -> None:
    command = launch(data_dir, env={"STAND_IN": json.dumps(orders)})

    assert command.end() == 1
    assert said in command.output
    assert command.output.count("error: ") == 1
    assert not marked(str(data_dir))


def test_two_installs_run_beside_each_other(launch: Callable[..., Up], started: Up) -> None:
    started.until("ready ")
    with services.data_dir() as other:
        second = launch(other)

        second.until("ready ")

        first_seen, second_seen = (json.loads((path / "seen.json").read_text()) for path in (started.data_dir, other))
        assert first_seen["http"]["port"] != second_seen["http"]["port"]
        assert first_seen["ray"]["dashboard_port"] != second_seen["ray"]["dashboard_port"]
        second.process.send_signal(signal.SIGINT)
        assert second.end() == 0


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
