"""How other commands find a running `gstreamer up`: the environment of its parts, in a private file.

The file goes with the run; what a killed run left is not believed, since its lock is free.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from pathlib import Path

from gstreamer.embedded import files

_NAMES = ("RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE", "RAY_TMPDIR", "RAY_USAGE_STATS_ENABLED")


def publish(data_dir: Path, environment: Mapping[str, str], ray_address: str) -> None:
    """Note what a command needs to reach the parts of this run; no secret is in it but as a file's name."""
    known = {key: value for key, value in environment.items() if key.startswith("GSTREAMER_") or key in _NAMES}
    known |= {"GSTREAMER_RAY__ADDRESS": ray_address, "RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}
    files.write_private(data_dir / "environment.json", json.dumps(known))


def environment(data_dir: Path) -> dict[str, str]:
    """The environment of the gstreamer that runs on this data directory; empty if none does."""
    try:
        with (data_dir / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return {str(key): str(value) for key, value in files.read_json(data_dir / "environment.json").items()}
    except OSError:
        return {}
    return {}
