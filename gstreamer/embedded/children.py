"""A child process that never outlives its parent, writes to a log file of its own, and is stopped in bounded time.

Start children from the main thread: PDEATHSIG fires when the *thread* that forked ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gstreamer.core.errors import ConfigurationError, UnavailableError

Report = Callable[[str], None]
"""Takes one line about what a part is doing at the moment, e.g. how far a download is."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class User(NamedTuple):
    """An account that a child runs as."""

    name: str
    uid: int
    gid: int


class Program(NamedTuple):
    """
    How a child is started and stopped.

    Attributes:
        name: What a person calls it.
        argv: Program and arguments.
        env: Its whole environment.
        log_file: Where its output goes; the last start's is kept beside it as ``.1``.
        cwd: Its working directory.
        user: Whom it runs as, if not as we do.
        stop_signal: What ends it cleanly, also sent by the kernel when its parent dies.
        piped: Whether standard output is ours to read, and only standard error goes to the log file.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log_file: Path
    cwd: Path
    user: User | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    piped: bool = False


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """
    Start a child in a process group of its own, tied to the life of this process.

    Raises:
        ConfigurationError: If it cannot be started.
    """
    program.log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if program.log_file.exists():
        program.log_file.replace(program.log_file.with_suffix(program.log_file.suffix + ".1"))
    user = program.user
    with program.log_file.open("wb") as log:
        try:
            return subprocess.Popen(
                list(program.argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if program.piped else log,
                stderr=log,
                cwd=program.cwd,
                env=dict(program.env),
                process_group=0,
                user=None if user is None else user.uid,
                group=None if user is None else user.gid,
                extra_groups=None if user is None else [],
                # Runs after setuid, which would clear the signal.
                preexec_fn=tether(program.stop_signal),
            )
        except OSError as error:
            raise ConfigurationError(
                f"{program.name} cannot be started: {program.argv[0]}: {error.strerror}"
            ) from error


def tether(signal_number: int) -> Callable[[], None]:
    """What a forked child calls so that the kernel sends it this signal when its parent dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:  # it died before we were tied to it
            os._exit(1)

    return tie


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none is ever lost sight of."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def stop(process: subprocess.Popen[bytes], program: Program, grace_s: float) -> None:
    """End a child: its stop signal, then after ``grace_s`` SIGKILL to its group; return once it is gone."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
    process.wait()


def kill_group(pid: int) -> None:
    """SIGKILL a child and what still is in its process group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(
    check: Callable[[], bool],
    process: subprocess.Popen[bytes],
    program: Program,
    timeout_s: float,
    step_s: float = 0.05,
) -> None:
    """
    Return once ``check`` holds.

    Raises:
        UnavailableError: If the child ends first, or time runs out; with the end of its log.
    """
    deadline = time.monotonic() + timeout_s
    while not check():
        if process.poll() is not None:
            raise UnavailableError(f"{program.name} ended with {ended(process)} at its start{last_words(program)}")
        if time.monotonic() > deadline:
            raise UnavailableError(f"{program.name} was not ready after {timeout_s:.0f} s; see {program.log_file}")
        time.sleep(step_s)


def ended(process: subprocess.Popen[bytes]) -> str:
    """How a child ended, in words: ``exit code 3``, ``SIGKILL``."""
    code = process.returncode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def last_words(program: Program) -> str:
    """The last line of a child's log that says something, and where to read the rest."""
    try:
        with program.log_file.open(encoding="utf-8", errors="replace") as log:
            lines = deque((line.strip() for line in log if line.strip()), maxlen=200)
    except OSError:
        return ""
    told = next((line for line in lines if any(word in line for word in ("ERROR", "FATAL", "Exception"))), None)
    line = told or (lines[-1] if lines else None)
    return f": {line[:300]}; see {program.log_file}" if line else f"; see {program.log_file}"


def bare_environment(**more: str) -> dict[str, str]:
    """Our environment without what is meant for gstreamer or Ray alone, for programs that are neither."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GSTREAMER_", "RAY_"))}
    return {**kept, **more}
