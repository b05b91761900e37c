"""The settings of the gstreamer that a command is about: a running `gstreamer up`, else those of this shell."""

from __future__ import annotations

import os
from pathlib import Path

from gstreamer import settings
from gstreamer.core.errors import UnavailableError
from gstreamer.embedded import running
from gstreamer.settings import Settings


def settings_of(data_dir: Path | None) -> Settings:
    """
    What applies to the gstreamer of this data directory.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    own = settings.load()
    found = running.environment(data_dir or own.data_dir)
    if not found:
        return own
    os.environ.update(found)
    return settings.load()


def join_ray(tree: Settings) -> None:
    """
    Become a driver of the Ray that this gstreamer runs on; may take a second.

    Raises:
        UnavailableError: It runs on none that can be reached.
    """
    if tree.ray.address is None:
        raise UnavailableError(
            "gstreamer does not run here: start it, or name its --data-dir or GSTREAMER_RAY__ADDRESS"
        )
    from gstreamer.actors.spawn.attach import attach

    attach(tree.ray.address)
