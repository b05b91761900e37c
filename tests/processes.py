"""What tests ask about processes: is it gone, what carries this mark; waiting for a condition, not for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gstreamer.embedded import processes


def eventually(check: Callable[[], object], within_s: float = 15.0) -> bool:
    """Whether the condition comes true; the limit only bounds a test that fails."""
    deadline = time.monotonic() + within_s
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_gone(pid: int) -> bool:
    """Whether no such process runs (a zombie does not)."""
    return processes.identity(pid) is None


def marked(*marks: str) -> list[str]:
    """Command lines of processes whose command or environment carries one of the marks."""
    found = []
    for pid in processes.leftovers([], marks):
        try:
            found.append(f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes().replace(bytes(1), b' ').decode()[:120]}")
        except OSError:
            continue
    return found
