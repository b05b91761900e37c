"""The ended browser sessions, read from their compacted topic and followed.

Invariant: once ``follow`` has returned, every session whose end had been written before is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gstreamer.core.errors import GStreamerError, UnavailableError
from gstreamer.core.ports import LogAdmin, LogReader
from gstreamer.core.records import Record
from gstreamer.core.topics import SESSIONS
from gstreamer.log import get

CAUGHT_UP_S = 20.0

_log = get("kafka")


class EndedSessions:
    """
    ``core.ports.Sessions``.

    Args:
        reader: Reads the topic.
        admin: Says where it ends.
    """

    def __init__(self, reader: LogReader, admin: LogAdmin) -> None:
        self._reader = reader
        self._admin = admin
        self._ended: set[str] = set()
        self._read = -1
        self._progress = asyncio.Event()
        self._failed = asyncio.Event()

    async def follow(self, on_ended: Callable[[str, str], None]) -> None:
        """See ``core.ports.Sessions.follow``."""
        first, following = await self._admin.watermarks(SESSIONS, 0)
        # The last records of a compacted topic are never compacted away, so its end is always reached.
        self._read = first - 1
        self._failed.clear()
        await self._reader.assign(SESSIONS, 0, first, lambda records: self._take(records, on_ended), self._fail)
        try:
            async with asyncio.timeout(CAUGHT_UP_S):
                while self._read < following - 1:
                    self._progress.clear()
                    await self._progress.wait()
                    if self._failed.is_set():
                        raise UnavailableError(f"{SESSIONS} cannot be read")
        except TimeoutError:
            raise UnavailableError(f"{SESSIONS} was not read to its end within {CAUGHT_UP_S:g} s") from None

    async def lost(self) -> None:
        """See ``core.ports.Sessions.lost``."""
        await self._failed.wait()

    def ended(self, session_id: str) -> bool:
        """See ``core.ports.Sessions.ended``."""
        return session_id in self._ended

    def _take(self, records: list[Record], on_ended: Callable[[str, str], None]) -> None:
        for record in records:
            session_id = (record.key or b"").decode(errors="replace")
            if session_id and session_id not in self._ended:
                self._ended.add(session_id)
                on_ended(session_id, record.value.decode(errors="replace"))
            self._read = record.offset
        self._progress.set()

    def _fail(self, error: GStreamerError) -> None:
        _log.warning("ended sessions cannot be followed", reason=str(error))
        self._failed.set()
        self._progress.set()
