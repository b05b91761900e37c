"""What was acknowledged against what was seen: lost, doubled, reordered, invented; and how long that took."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Seen(NamedTuple):
    """An event as a viewer got it: when (monotonic seconds), which, and at which position."""

    at_s: float
    message_id: str
    position: str


class Count(NamedTuple):
    """Violations over all viewers, and ``gaps`` that were told."""

    lost: int
    doubled: int
    reordered: int
    invented: int
    gaps: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all went wrong."""
        return not any(self)


class Felt(NamedTuple):
    """How long viewers got nothing of a streamer around a fault, in seconds: in the middle, and at most."""

    median_s: float
    most_s: float


def judge(
    acknowledged: Mapping[str, Sequence[str]],
    sent: Mapping[str, Sequence[str]],
    viewers: Iterable[Mapping[str, Sequence[Seen]]],
    gaps: int,
) -> Count:
    """
    Compare after the fact.

    Args:
        acknowledged: By streamer, the message ids that were answered with 2xx.
        sent: By streamer, every id that was sent: one without an answer may be seen or not.
        viewers: By viewer, what it got of each streamer that it watched, in order.
        gaps: Gaps that they were told.
    """
    lost = doubled = reordered = invented = 0
    for viewer in viewers:
        for streamer_id, seen in viewer.items():
            times = Counter(one.message_id for one in seen)
            known = set(sent.get(streamer_id, ()))
            lost += sum(one not in times for one in acknowledged.get(streamer_id, ()))
            doubled += sum(count - 1 for count in times.values())
            invented += sum(count for one, count in times.items() if one not in known)
            reordered += _reordered(seen)
    return Count(lost, doubled, reordered, invented, gaps)


def felt(viewers: Iterable[Mapping[str, Sequence[Seen]]], begin_s: float, end_s: float) -> Felt:
    """The longest silence of each viewer and streamer within this time; zeros if nobody watched."""
    silences = [
        max(
            (
                min(after.at_s, end_s) - max(before.at_s, begin_s)
                for before, after in itertools.pairwise(seen)
                if after.at_s >= begin_s and before.at_s <= end_s
            ),
            default=0.0,
        )
        for viewer in viewers
        for seen in viewer.values()
    ]
    return Felt(statistics.median(silences), max(silences)) if silences else Felt(0.0, 0.0)


def _reordered(seen: Sequence[Seen]) -> int:
    """How many stand behind a higher position of their log, or in a log that had been left."""
    wrong, highest, current = 0, dict[str, int](), ""
    for one in seen:
        epoch, _, offset = one.position.rpartition(":")
        wrong += (epoch != current and epoch in highest) or int(offset) < highest.get(epoch, -1)
        highest[epoch] = max(highest.get(epoch, -1), int(offset))
        current = epoch
    return wrong
