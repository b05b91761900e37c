"""The outermost process of `gstreamer up`: whatever happens inside, nothing is left when it ends.

It runs the supervisor in a forked child and is the adoptive parent of every orphan below it. If the keeper is
killed, the kernel tells the supervisor, which then ends all at once; if the supervisor is killed, the keeper does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from gstreamer.embedded import children, processes

AT_ONCE = signal.SIGQUIT
"""Tells the supervisor to end everything without asking."""

FAILED = 1


def keep(supervise: Callable[[], int], clean_up: Callable[[], None]) -> int:
    """
    Run ``supervise`` in a child until it ends, then see that nothing is left.

    SIGINT, SIGTERM and SIGHUP become one SIGTERM for the child; a second one ends everything at once.

    Returns:
        What ``supervise`` returned, or 1 if it was killed.
    """
    children.adopt_orphans()
    sys.stdout.flush()
    sys.stderr.flush()
    tie = children.tether(AT_ONCE)
    child = os.fork()
    if child == 0:
        _be_child(tie, supervise)
    asked = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            os.kill(child, signal.SIGTERM)
        else:
            os.kill(child, signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    status = _wait_for(child)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gone = processes.kill_descendants()
    clean_up()
    if os.WIFSIGNALED(status) and asked < 2:
        sys.stderr.write(
            f"error: gstreamer was ended by {signal.Signals(os.WTERMSIG(status)).name}; start it again\n"
        )
    if os.WIFSIGNALED(status) or not gone:
        return FAILED
    return os.WEXITSTATUS(status)


def _be_child(tie: Callable[[], None], supervise: Callable[[], int]) -> None:
    tie()
    # A session of its own: a Ctrl-C in the terminal reaches the keeper alone, which says it once.
    os.setsid()
    code = FAILED
    try:
        code = supervise()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # No interpreter shutdown: it would wait for threads that still download or talk to what is gone.
        os._exit(code)


def _wait_for(child: int) -> int:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            return status
