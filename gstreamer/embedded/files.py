"""Files of the data directory: private ones, written whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gstreamer.core.errors import ConfigurationError


def private_dir(path: Path) -> Path:
    """
    The directory, made if need be, that only we may enter.

    Raises:
        ConfigurationError: If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise ConfigurationError(f"cannot make {path}: {error.strerror}; choose another with --data-dir") from error
    return path


def write_private(path: Path, text: str) -> None:
    """
    Put ``text`` there as a file that only we can read, whole or not at all.

    Raises:
        ConfigurationError: If it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ConfigurationError(
            f"cannot write {path}: {error.strerror}; make room there or choose --data-dir"
        ) from error


def kept_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
    """The secret in this file, which is made at the first call and never again."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        text = ""
    if not text:
        text = make()
        write_private(path, text)
    return text


def read_json(path: Path) -> dict[str, Any]:
    """The object in this file; an empty one if there is none or it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def cache_dir() -> Path:
    """Where downloads are kept for all installs of this user."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "gstreamer"
