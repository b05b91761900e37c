"""The embedded PostgreSQL is a real one: it asks for its password, keeps what it committed, dies with its owner."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded.postgres import EmbeddedPostgres, copied, find_binaries
from tests import services
from tests.processes import eventually, is_gone

OWNER = """
import signal, sys
from pathlib import Path
from gstreamer.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), print)
server.start()
print("pid", server.process.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with services.data_dir() as path:
        yield path


def test_it_is_a_postgres_of_ours_alone(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('data_checksums'), rolsuper"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert row == ("127.0.0.1", "on", False)


def test_a_wrong_password_is_refused(postgres_dsn: str) -> None:
    wrong = make_conninfo(postgres_dsn, password="wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_it_runs_as_no_root(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        pid = connection.info.backend_pid
        uid = int(Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0])

    assert uid != 0


def test_a_second_install_beside_it_a_kill_and_a_restart(postgres_dsn: str, data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, print)
    try:
        dsn = server.start()
        assert conninfo_to_dict(dsn)["port"] != conninfo_to_dict(postgres_dsn)["port"]
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        assert server.process is not None

        server.process.kill()
        server.process.wait()
        again = server.start()

        assert again == dsn
        with psycopg.connect(again) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    finally:
        server.stop()


def test_a_stale_pid_file_of_a_living_process_is_not_taken_for_a_server(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, print)
    try:
        dsn = server.start()
        pid_file = next(data_dir.glob("postgres/cluster/postmaster.pid"), None)
        assert pid_file is not None
        lines = pid_file.read_text().splitlines()
        server.stop()
        pid_file.write_text("\n".join(["1", *lines[1:]]) + "\n")

        server.start()

        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_it_dies_with_its_owner(data_dir: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, data_dir], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    lines = iter(owner.stdout.readline, "")
    pid = int(next(line for line in lines if line.startswith("pid ")).split()[1])

    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    assert eventually(lambda: is_gone(pid))


def test_its_password_is_readable_by_us_alone(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, print)
    server.prepare()

    mode = (data_dir / "secrets" / "postgres-password").stat().st_mode

    assert stat.S_IMODE(mode) == 0o600


def test_data_of_another_major_version_is_refused_with_what_to_do(data_dir: Path) -> None:
    cluster = data_dir / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")

    with pytest.raises(ConfigurationError, match=r"made by PostgreSQL 9, but here is .*--data-dir"):
        EmbeddedPostgres(data_dir, print).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for the server")
def test_an_install_in_a_closed_directory_works_and_stays_closed(data_dir: Path) -> None:
    closed, shared = data_dir / "closed", data_dir / "shared"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "data", print, shared)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()

    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert [path.name.partition("-")[0] for path in shared.iterdir()] == ["cluster"]


def test_a_copy_of_the_binaries_runs_with_its_own_libraries(data_dir: Path) -> None:
    binaries = copied(find_binaries(None), data_dir, print)

    told = subprocess.run([binaries / "initdb", "-V"], capture_output=True, text=True, check=True)

    assert told.stdout.startswith("initdb (PostgreSQL) ")
    assert [path.name.partition("-")[0] for path in data_dir.iterdir()] == ["postgresql"]
