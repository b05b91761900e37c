"""Breaking a process of a running ``gstreamer up`` on this machine, found by its command line."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from gstreamer.chaos.schedule import Kind
from gstreamer.core.errors import UnavailableError
from gstreamer.embedded import processes


def root_of(data_dir: Path) -> int:
    """
    The process id of the gstreamer that runs on this data directory.

    Raises:
        UnavailableError: None does.
    """
    try:
        pid = int((data_dir / "lock").read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise UnavailableError(f"no gstreamer runs on {data_dir}") from None
    if processes.identity(pid) is None:
        raise UnavailableError(f"no gstreamer runs on {data_dir}")
    return pid


def victims(root: int, kind: Kind) -> list[int]:
    """The processes below ``root`` that are of this kind, parents first."""
    wanted = kind.title.removeprefix("*")
    anywhere = wanted != kind.title
    found = []
    for pid in processes.descendants(root):
        line = processes.command(pid)
        if wanted in line if anywhere else line.startswith(wanted):
            found.append(pid)
    return sorted(found)


async def strike(root: int, kind: Kind, roll: float) -> int | None:
    """
    Break one of this kind; its process id, None if there is none.

    Args:
        root: The gstreamer.
        kind: What to break.
        roll: In [0, 1): which one, where there are several.
    """
    found = victims(root, kind)
    if not found:
        return None
    # The one that was started first is PostgreSQL's own postmaster, or Kafka itself.
    pid = found[0] if kind.title.startswith("*") else found[int(roll * len(found))]
    with suppress(ProcessLookupError):
        if kind.act == "kill":
            os.kill(pid, signal.SIGKILL)
            return pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(kind.stop_s)
        finally:
            os.kill(pid, signal.SIGCONT)
    return pid
