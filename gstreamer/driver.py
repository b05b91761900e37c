"""How the driver and whoever started it hear of each other: JSON lines out, signals in.

Invariant: each line is whole, whichever thread says it; a signal that comes while stopping changes nothing.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

from gstreamer.core.errors import UnavailableError

AGAIN_S = 0.2


class StopError(BaseException):
    """Somebody wants us to stop."""


class Told:
    """JSON lines for whoever started us, one for each part."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def say(self, **said: Any) -> None:
        """One line."""
        with self._lock:
            self._out.write(json.dumps(said) + "\n")
            self._out.flush()

    @contextmanager
    def part(self, name: str) -> Iterator[list[str]]:
        """Say how long this part took; what is put in the list is its note."""
        begun, notes = time.monotonic(), list[str]()
        yield notes
        took_s = round(time.monotonic() - begun, 2)
        self.say(part=name, ready=True, took_s=took_s, note=", ".join(notes))


class Stop:
    """SIGTERM and SIGINT: an exception while starting, an end of waiting afterwards; ignored while stopping."""

    def __init__(self) -> None:
        self._state = "starting"
        self._wanted = threading.Event()

    def listen(self) -> None:
        """Take the signals over; again after ``ray.init``, which takes SIGTERM for itself."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._arrived)

    @property
    def wanted(self) -> threading.Event:
        """Set once somebody wants us to stop."""
        return self._wanted

    def wait(self) -> None:
        """Return once somebody wants us to stop."""
        self._state = "running"
        self._wanted.wait()

    def stopping(self) -> None:
        """Let signals come to nothing from now on."""
        self._state = "stopping"

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        self._wanted.set()
        if self._state == "starting":
            self._state = "stopping"
            raise StopError


@contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """Signals stop us while this block runs."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stop.listen()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def patiently(act: Callable[[], None], patience_s: float, given_up: threading.Event) -> None:
    """
    Do what needs another server, which may still be starting.

    Args:
        act: What is to be done; tried again while it raises UnavailableError.
        patience_s: How long.
        given_up: Ends the waiting.

    Raises:
        UnavailableError: It did not come in time.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return act()
        except UnavailableError:
            if time.monotonic() >= deadline or given_up.wait(AGAIN_S):
                raise
