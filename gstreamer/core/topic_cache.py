"""Which topics are known to exist, for a while: asking Kafka for each event would double its work."""

from __future__ import annotations

from collections import OrderedDict

PRESENT_MS = 300_000
ABSENT_MS = 1_000
"""A topic that has just been made is found after a second; one that was deleted is forgotten when writing fails."""
SIZE = 50_000


class TopicCache:
    """What Kafka has said about topics: 5 minutes if there, 1 s if not; the oldest of 50,000 gives way."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._known: OrderedDict[str, tuple[bool, int]] = OrderedDict()

    def exists(self, topic: str, now_ms: int) -> bool | None:
        """Whether there is such a topic, or None if Kafka has to be asked."""
        exists, until_ms = self._known.get(topic, (False, now_ms))
        return exists if now_ms < until_ms else None

    def note(self, topic: str, exists: bool, now_ms: int) -> None:
        """Remember an answer of Kafka."""
        self._known[topic] = (exists, now_ms + (PRESENT_MS if exists else ABSENT_MS))
        self._known.move_to_end(topic)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def forget(self, topic: str) -> None:
        """Ask again at the next use."""
        self._known.pop(topic, None)
