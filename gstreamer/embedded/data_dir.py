"""The data directory of one install: one owner at a time, a known version, secrets, and the trace of the last run."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded import files, processes
from gstreamer.embedded.processes import Identity

FORMAT = 1
"""Raised whenever an older gstreamer could not use the directory any more."""

NEEDED_BYTES = 300 * 2**20
"""Less free room than this would not carry the embedded parts through their first hour."""


class DataDir:
    """
    An open data directory; nobody else has it open at the same time.

    Args:
        path: Where it is; made if need be.
        version: Of this gstreamer, noted for the error text of an older one.
        free_bytes: How much room is left on a path's disk.
    """

    def __init__(
        self, path: Path, version: str, free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
    ) -> None:
        self.path = path.absolute()
        self._version = version
        self._free_bytes = free_bytes
        self._lock: int | None = None
        self._processes: list[Identity] = []
        self.run_dir = Path()

    def open(self) -> None:
        """
        Take it, end what a run before left behind, and make this run's short-named directory.

        Raises:
            ConfigurationError: It is another's, too new, too full or cannot be written; the text says what to do.
        """
        if not self.path.exists():
            files.private_dir(self.path)
        self._take()
        self._check_version()
        free = self._free_bytes(self.path)
        if free < NEEDED_BYTES:
            raise ConfigurationError(
                f"the disk of {self.path} is full: {free // 2**20} MB are free and {NEEDED_BYTES // 2**20} MB "
                "are needed; make room or choose another with --data-dir"
            )
        self.recover()
        files.private_dir(self.secrets)
        # Sockets of Ray lie below it, and a socket's path has at most 107 bytes.
        self.run_dir = Path(tempfile.mkdtemp(prefix="gs-", dir="/tmp" if os.access("/tmp", os.W_OK) else None))  # noqa: S108
        self._note()

    @property
    def secrets(self) -> Path:
        """Where secrets are, one private file each."""
        return self.path / "secrets"

    def secret(self, name: str) -> Path:
        """The file of a generated secret, made at the first call and kept."""
        files.kept_secret(self.secrets / name)
        return self.secrets / name

    def store_key(self) -> Path:
        """The file of the generated keyring for Twitch tokens."""
        path = self.secrets / "store-keys"
        files.kept_secret(path, lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode())
        return path

    def remember(self, pid: int) -> None:
        """Note a child, so that the next start can end it should this run be unable to."""
        found = processes.identity(pid)
        if found is not None:
            self._processes.append(found)
            self._note()

    def recover(self) -> int:
        """End what the run before left running, and remove its files; how many processes it were."""
        last = files.read_json(self.path / "run.json")
        if not last:
            return 0
        run_dir = Path(str(last.get("run_dir", "")))
        ours = run_dir.name.startswith("gs-") and run_dir.is_absolute()
        known = [Identity(pid, started) for pid, started in last.get("processes", [])]
        left = processes.leftovers(known, [str(run_dir)] if ours else [])
        if not processes.kill(left):
            raise ConfigurationError(
                f"processes of the last run do not end: {', '.join(map(str, left))}; end them first"
            )
        if ours:
            shutil.rmtree(run_dir, ignore_errors=True)
        (self.path / "run.json").unlink(missing_ok=True)
        return len(left)

    def close(self) -> None:
        """Remove this run's traces, but for its logs; the lock goes with the process."""
        self._keep_ray_logs()
        shutil.rmtree(self.run_dir, ignore_errors=True)
        for name in ("run.json", "environment.json"):
            (self.path / name).unlink(missing_ok=True)

    def _take(self) -> None:
        lock = self.path / "lock"
        try:
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"cannot write to {self.path}: {error.strerror}; choose another with --data-dir"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = lock.read_text(encoding="ascii", errors="replace").strip() or "unknown"
            raise ConfigurationError(
                f"gstreamer already runs on {self.path} (pid {owner}): stop it, or choose another with --data-dir"
            ) from error
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _check_version(self) -> None:
        path = self.path / "version.json"
        found = files.read_json(path)
        number = found.get("format", 0)
        if not isinstance(number, int) or number > FORMAT:
            raise ConfigurationError(
                f"{self.path} was written by a newer gstreamer ({found.get('gstreamer', 'unknown')}): "
                "install that version, or choose another with --data-dir"
            )
        files.write_private(path, json.dumps({"format": FORMAT, "gstreamer": self._version}))

    def _note(self) -> None:
        text = json.dumps({"run_dir": str(self.run_dir), "processes": self._processes})
        files.write_private(self.path / "run.json", text)

    def _keep_ray_logs(self) -> None:
        logs = self.run_dir / "session_latest" / "logs"
        if logs.is_dir():
            kept = self.path / "logs" / "ray"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(logs, kept, ignore=_uninteresting)


def _uninteresting(directory: str, names: list[str]) -> set[str]:
    """Sockets, links and empty files among Ray's logs."""
    paths = {name: Path(directory, name) for name in names}
    return {
        name
        for name, path in paths.items()
        if path.is_symlink() or not (path.is_dir() or (path.is_file() and path.stat().st_size > 0))
    }
