"""What viewers saw against what Twitch was told is safe: lost, doubled, reordered events, after the fact.

It knows nothing of the product: it compares message ids and positions. ``tests/unit/test_checker.py`` seeds one
violation of each kind and sees it found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

Kind = Literal["lost", "doubled", "reordered", "disagreed", "unexpected"]

RECONCILED = "gs-"
"""Ids of events that gstreamer found by itself; nobody acknowledged them."""


class Seen(NamedTuple):
    """An event as a viewer got it."""

    message_id: str
    position: str


class Violation(NamedTuple):
    """
    A broken promise.

    Attributes:
        kind: ``lost``: acknowledged, but not seen. ``doubled``: seen twice. ``reordered``: behind an event of a
            higher position. ``disagreed``: at another position than another viewer saw it. ``unexpected``:
            never sent.
        viewer: Who saw or missed it.
        streamer_id: Whose event.
        message_id: Which.
    """

    kind: Kind
    viewer: str
    streamer_id: str
    message_id: str


def check(
    acknowledged: Mapping[str, Collection[str]],
    viewers: Mapping[str, Mapping[str, Sequence[Seen]]],
    possible: Collection[str] = frozenset(),
) -> list[Violation]:
    """
    Every violation, in no particular order.

    Args:
        acknowledged: Message ids answered 204, by streamer.
        viewers: By viewer, each streamer it subscribed to (even if it saw nothing) with what it saw, in order.
        possible: Ids that were sent but not acknowledged: they may be seen or not.
    """
    found: list[Violation] = []
    places: dict[tuple[str, str], str] = {}
    for viewer, streams in viewers.items():
        for streamer_id, seen in streams.items():
            known = set(acknowledged.get(streamer_id, ()))
            ids = [event.message_id for event in seen]

            def report(kind: Kind, messages: Iterable[str], who: tuple[str, str] = (viewer, streamer_id)) -> None:
                found.extend(Violation(kind, *who, message_id) for message_id in messages)

            report("lost", sorted(known.difference(ids)))
            report("doubled", _repeated(ids))
            report("reordered", _reordered(seen))
            report(
                "unexpected",
                (name for name in ids if not (name in known or name in possible or name.startswith(RECONCILED))),
            )
            report(
                "disagreed",
                (
                    event.message_id
                    for event in seen
                    if places.setdefault((streamer_id, event.message_id), event.position) != event.position
                ),
            )
    return found


def _repeated(ids: Sequence[str]) -> list[str]:
    known: set[str] = set()
    return [name for name in ids if name in known or known.add(name)]  # type: ignore[func-returns-value]


def _reordered(seen: Sequence[Seen]) -> list[str]:
    """Ids that stand behind a higher position of their epoch, or whose epoch had been left already."""
    wrong: list[str] = []
    highest: dict[str, int] = {}
    current = ""
    for event in seen:
        epoch, _, offset = event.position.rpartition(":")
        returned = epoch != current and epoch in highest
        if returned or int(offset) < highest.get(epoch, -1):
            wrong.append(event.message_id)
        highest[epoch] = max(highest.get(epoch, -1), int(offset))
        current = epoch
    return wrong
