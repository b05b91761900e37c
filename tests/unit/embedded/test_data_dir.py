"""A data directory has one owner, a version that is understood, room, and secrets that never change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded.data_dir import FORMAT, NEEDED_BYTES, DataDir


def opened(path: Path) -> DataDir:
    data_dir = DataDir(path, "0.1.0", lambda _: NEEDED_BYTES)
    data_dir.open()
    return data_dir


def test_it_is_made_for_us_alone(tmp_path: Path) -> None:
    data_dir = opened(tmp_path / "data")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    data_dir.close()


def test_a_second_owner_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    first = opened(tmp_path)

    with pytest.raises(ConfigurationError, match=r"gstreamer already runs on .* \(pid \d+\): stop it"):
        opened(tmp_path)

    first.close()


def test_a_version_is_noted_and_a_newer_one_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a").close()
    noted = json.loads((tmp_path / "a" / "version.json").read_text())
    newer = tmp_path / "b"
    newer.mkdir()
    (newer / "version.json").write_text(json.dumps({"format": FORMAT + 1, "gstreamer": "9.1"}))

    with pytest.raises(ConfigurationError, match=r"written by a newer gstreamer \(9\.1\): install that version"):
        opened(newer)

    assert noted == {"format": FORMAT, "gstreamer": "0.1.0"}


def test_too_little_room_is_refused(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path, "0.1.0", lambda _: NEEDED_BYTES - 1)

    with pytest.raises(ConfigurationError, match=r"the disk of .* is full: 299 MB are free and 300 MB are needed"):
        data_dir.open()


def test_a_secret_is_made_once_and_readable_by_us_alone(tmp_path: Path) -> None:
    data_dir = opened(tmp_path)

    first = data_dir.secret("session-secret").read_text()
    second = data_dir.secret("session-secret").read_text()

    assert first == second
    assert len(first) >= 32
    assert data_dir.secret("session-secret").stat().st_mode & 0o777 == 0o600
    data_dir.close()


def test_the_run_directory_is_short_and_gone_afterwards_but_for_rays_logs(tmp_path: Path) -> None:
    data_dir = opened(tmp_path)
    run_dir = data_dir.run_dir
    logs = run_dir / "session_latest" / "logs"
    (logs / "serve").mkdir(parents=True)
    (logs / "serve" / "controller.log").write_text("x")
    (logs / "empty.out").touch()

    data_dir.close()

    assert len(str(run_dir)) < 60
    assert not run_dir.exists()
    assert [path.name for path in (tmp_path / "logs" / "ray").rglob("*.*")] == ["controller.log"]


def test_what_a_run_before_left_is_removed_unless_it_is_not_ours(tmp_path: Path) -> None:
    ours, foreign = tmp_path / "gs-left", tmp_path / "home"
    for directory, place in ((ours, tmp_path / "a"), (foreign, tmp_path / "b")):
        directory.mkdir()
        place.mkdir()
        (place / "run.json").write_text(json.dumps({"run_dir": str(directory), "processes": [[2**22 + 1, 1]]}))

        opened(place).close()

    assert not ours.exists()
    assert foreign.exists()
