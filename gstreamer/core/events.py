"""One event on its way to viewers: what it is, how it may be thinned, who sees what of it, and its encoded forms.

Invariant: what an event shows to a role is no more than what it shows to a higher one.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class EventClass(enum.IntEnum):
    """
    How an event may be treated for a slow socket.

    critical is never dropped, state is replaced by the newer of its key, chat may be thinned.
    """

    CRITICAL = 0
    STATE = 1
    CHAT = 2

    @property
    def label(self) -> str:
        """The word for it in the protocol: ``critical``, ``state`` or ``chat``."""
        return self.name.lower()


class Role(enum.IntEnum):
    """What a viewer is to a streamer; whoever is more may see all that one who is less may."""

    VIEWER = 0
    MODERATOR = 1
    BROADCASTER = 2


class Terms(NamedTuple):
    """
    On which terms an event is given, where not everybody gets it as it is.

    Attributes:
        audience: The least role that sees it at all.
        whole: The least role that sees all of it.
        cut: Its encoded form for those in between; empty if there are none.
        bits: What ``min_bits`` looks at, or None: then it passes.
        tier: What ``min_tier`` looks at, or None: then it passes.
    """

    audience: Role = Role.VIEWER
    whole: Role = Role.VIEWER
    cut: bytes = b""
    bits: int | None = None
    tier: int | None = None


class Event(NamedTuple):
    """
    An event of a streamer's log as every process after the host sees it.

    Attributes:
        offset: Its Kafka offset; with the epoch of its batch this is its position.
        event_class: How it may be thinned.
        type: Twitch's subscription type, e.g. ``stream.online``.
        key: What a newer event of class state replaces (type and subject); empty for other classes.
        message_id: Twitch's message id, for tracing.
        encoded: The client's JSON of it, complete with its position: encoded once, by the host.
        time_ms: When Kafka appended it, Unix milliseconds; by it the way to the sockets is timed.
        terms: Who sees what of it; None: everybody gets it as it is.
    """

    offset: int
    event_class: EventClass
    type: str
    key: str
    message_id: str
    encoded: bytes
    time_ms: int
    terms: Terms | None = None

    @property
    def size(self) -> int:
        """Bytes of its encoded forms."""
        return len(self.encoded) if self.terms is None else len(self.encoded) + len(self.terms.cut)

    def seen_by(self, role: Role) -> Event | None:
        """The event as this role sees it, in ``encoded``; None if it does not."""
        terms = self.terms
        if terms is None or role >= terms.whole:
            return self
        if role < terms.audience:
            return None
        return self._replace(encoded=terms.cut, terms=None)


class Batch(NamedTuple):
    """
    What a host tells a connection actor about one streamer: all that ``(after, to]`` holds.

    Duplicates and filtered records leave holes, so offsets alone prove nothing: a receiver whose last
    covered offset is not ``after`` has missed something and joins again.

    Attributes:
        streamer_id: Whose log.
        generation: The owner's generation; a receiver drops batches of an older one than it has seen.
        epoch: Which log.
        after: Last offset that earlier batches covered (-1: none).
        to: Last offset that this batch covers.
        events: The events inside, by offset.
    """

    streamer_id: str
    generation: int
    epoch: str
    after: int
    to: int
    events: tuple[Event, ...]


class Joined(NamedTuple):
    """
    A host's answer to ``join``: from now on its batches to this connection start after ``to``.

    Attributes:
        batch: ``(after, to]`` with every event in it. ``batch.after`` is what was asked for when the host
            still holds it; otherwise it is the oldest place from which nothing is missing (a gap), and the
            head when nothing was asked for.
        complete: Whether everything after the asked-for offset is in ``batch``.
    """

    batch: Batch
    complete: bool
