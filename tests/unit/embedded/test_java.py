"""Kafka runs on the machine's own Java if it is new enough, else on the bundled one; else a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded.java import Java, find_java


def java(directory: Path, version: str) -> Path:
    path = directory / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    path.chmod(0o755)
    return path


def test_the_one_on_path_is_taken_when_it_is_new_enough(tmp_path: Path) -> None:
    mine = java(tmp_path / "mine", "17.0.15")

    found = find_java({"PATH": str(mine.parent)}, tmp_path / "none")

    assert found == Java(mine, 17)


def test_java_home_goes_before_path(tmp_path: Path) -> None:
    mine, home = java(tmp_path / "mine", "17.0.15"), java(tmp_path / "home", "21")

    found = find_java({"PATH": str(mine.parent), "JAVA_HOME": str(tmp_path / "home")}, tmp_path / "none")

    assert found == Java(home, 21)


def test_an_old_one_is_passed_over_for_the_bundled(tmp_path: Path) -> None:
    old, bundled = java(tmp_path / "old", "1.8.0_402"), java(tmp_path / "bundled", "25.0.2")

    found = find_java({"PATH": str(old.parent)}, bundled)

    assert found == Java(bundled, 25)


def test_no_usable_one_names_what_was_found_and_what_to_do(tmp_path: Path) -> None:
    old, missing = java(tmp_path / "old", "11.0.2"), tmp_path / "none"

    with pytest.raises(ConfigurationError) as caught:
        find_java({"PATH": str(old.parent)}, missing)

    assert str(caught.value) == (
        f"Kafka needs Java 17 or newer, but {old} is Java 11 and {missing} does not run: install a newer one "
        "(Debian: openjdk-17-jre-headless), or set GSTREAMER_KAFKA__BOOTSTRAP_SERVERS to a Kafka of yours"
    )
