"""What runs on this machine, by /proc: descendants, and leftovers of a run that ended badly."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class Identity(NamedTuple):
    """A process that cannot be mistaken for a later one of the same pid."""

    pid: int
    started: int


def identity(pid: int) -> Identity | None:
    """The process of this pid, None if there is none (a zombie is none)."""
    fields = _stat(pid)
    # After the command's name: state is the first field, the start time in ticks since boot the twentieth.
    return None if fields is None or fields[0] == "Z" else Identity(pid, int(fields[19]))


def command(pid: int) -> str:
    """The command line of a process; empty if it has none."""
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    """Every process below this one, zombies left out."""
    children: dict[int, list[int]] = {}
    for other in _pids():
        fields = _stat(other)
        if fields is not None and fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(other)
    found, ahead = [], [pid]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += below
    return found


def kill_descendants(spared: Iterable[int] = (), timeout_s: float = 5.0) -> bool:
    """
    SIGKILL everything below this process but the ``spared`` trees; whether all of it is gone.

    Needs ``children.adopt_orphans``, else a process whose parent has died is below us no more.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        kept = {below for pid in spared for below in (pid, *descendants(pid))}
        left = [pid for pid in descendants(os.getpid()) if pid not in kept]
        if not left:
            return True
        for pid in left:
            _kill(pid)
        reap(kept)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


def reap(own: Iterable[int]) -> None:
    """Let zombies go that came to us as orphans; ``own`` children are left to those who wait for them."""
    kept = set(own)
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if found.si_pid in kept:
                return
            os.waitpid(found.si_pid, 0)


def leftovers(known: Iterable[Identity], marks: Iterable[str]) -> list[int]:
    """Pids of the ``known`` processes that still run, and of all whose command or environment has a mark."""
    found = {one.pid for one in known if identity(one.pid) == one}
    wanted = [mark.encode() for mark in marks]
    if wanted:
        for pid in _pids():
            if pid != os.getpid() and any(mark in text for text in _texts(pid) for mark in wanted):
                found.add(pid)
    return sorted(found)


def kill(pids: Iterable[int], timeout_s: float = 5.0) -> bool:
    """SIGKILL these processes; whether they are gone."""
    left = list(pids)
    deadline = time.monotonic() + timeout_s
    while left:
        for pid in left:
            _kill(pid)
        time.sleep(0.02)
        left = [pid for pid in left if identity(pid) is not None]
        if time.monotonic() > deadline:
            return not left
    return True


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _pids() -> Iterator[int]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _texts(pid: int) -> Iterator[bytes]:
    for name in ("cmdline", "environ"):
        try:
            yield (_PROC / str(pid) / name).read_bytes()
        except OSError:
            continue
