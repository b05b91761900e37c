"""What `gstreamer up` prints: one line per part, progress in place on a terminal, the ready line last."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO


class Console:
    """
    Lines for a person, or for a script that waits for ``ready``.

    Args:
        out: Where they go.
        err: Where errors go.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self._err = sys.stderr if err is None else err
        self._lock = threading.Lock()
        self._in_place = False
        self._progress_at = 0.0

    def line(self, text: str) -> None:
        """Print a line."""
        with self._lock:
            self._clear()
            self._write(self._out, text + "\n")

    def part(self, name: str, took_s: float, note: str = "") -> None:
        """Print that a part is ready."""
        self.line(f"{name:<12} ready in {took_s:.1f} s" + (f"  ({note})" if note else ""))

    def progress(self, text: str) -> None:
        """Show how far something is: in place on a terminal, else a line every two seconds at most."""
        with self._lock:
            if self._out.isatty():
                self._clear()
                self._write(self._out, text)
                self._in_place = True
            elif time.monotonic() - self._progress_at >= 2:
                self._progress_at = time.monotonic()
                self._write(self._out, text + "\n")

    def error(self, text: str) -> None:
        """Print what went wrong, in one line."""
        with self._lock:
            self._clear()
            self._write(self._err, "error: " + " ".join(text.split()) + "\n")

    def _clear(self) -> None:
        if self._in_place:
            self._out.write("\r\x1b[K")
            self._in_place = False

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except (BrokenPipeError, ValueError):
            # Nobody reads any more; what runs shall go on running.
            return
