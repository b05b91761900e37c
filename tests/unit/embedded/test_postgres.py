"""Which server is ready, which pid file is stale, and where an unprivileged account may go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded import processes
from gstreamer.embedded.children import User
from gstreamer.embedded.postgres import can_enter, drop_stale_pid_file, is_ready


def pid_file(path: Path, pid: int, status: str) -> Path:
    path.write_text("\n".join([str(pid), "/data", "1764028800", "5432", "", "127.0.0.1", "1 2", f"{status:<8}"]))
    return path


@pytest.mark.parametrize(
    ("pid", "status", "ready"), [(7, "ready", True), (7, "starting", False), (8, "ready", False)]
)
def test_ready_is_what_our_own_process_says(tmp_path: Path, pid: int, status: str, ready: bool) -> None:
    file = pid_file(tmp_path / "postmaster.pid", pid, status)

    assert is_ready(file, 7) is ready


def test_no_file_or_half_a_file_is_not_ready(tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.write_text("7\n/data\n")

    assert not is_ready(tmp_path / "none", 7)
    assert not is_ready(half, 7)


@pytest.mark.parametrize("pid", [2**22 + 1, os.getpid()])
def test_the_file_of_a_server_that_is_gone_is_removed(tmp_path: Path, pid: int) -> None:
    file = pid_file(tmp_path / "postmaster.pid", pid, "ready")

    drop_stale_pid_file(file)

    assert not file.exists()


def test_the_file_of_a_server_that_runs_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = pid_file(tmp_path / "postmaster.pid", os.getpid(), "ready")
    monkeypatch.setattr(processes, "command", lambda pid: f"/usr/bin/postgres -D {tmp_path} -c port=1")

    with pytest.raises(ConfigurationError, match=r"a PostgreSQL already runs on .*: end it first"):
        drop_stale_pid_file(file)

    assert file.exists()


def test_an_account_passes_where_others_may_search(tmp_path: Path) -> None:
    stranger = User("stranger", 54_321, 54_321)
    open_, closed = tmp_path / "open", tmp_path / "closed"
    for directory, mode in ((open_, 0o711), (closed, 0o700)):
        directory.mkdir()
        directory.chmod(mode)
    parent_allows = can_enter(tmp_path / "x", stranger)

    assert can_enter(open_ / "cluster", stranger) is parent_allows
    assert can_enter(closed / "cluster", stranger) is False
