"""`gstreamer placement`: who runs what and why, and what placement would do if something else were so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gstreamer.cli import attach
from gstreamer.core.foresight import Explained, changed, foresee
from gstreamer.core.placement import State
from gstreamer.core.ports import Decided
from gstreamer.settings import Settings

if TYPE_CHECKING:
    from gstreamer.actors.handles import PlacementHandle

SHOWN = 40


async def explained(tree: Settings) -> str:
    """
    What placement knows and has decided, as JSON.

    Raises:
        UnavailableError: Ray or placement do not answer.
    """
    return json.dumps(await _placement(tree).explain(), indent=2, default=str)


async def reasons(tree: Settings) -> list[str]:
    """
    Its last decisions, a line each, oldest first.

    Raises:
        UnavailableError: Ray or placement do not answer.
    """
    return lines(await _placement(tree).why())


async def foreseen(tree: Settings, change: str) -> list[str]:
    """
    What it would do after a change, and how things stood then; nothing is done.

    Raises:
        RejectedError: The change cannot be read.
        UnavailableError: Ray or placement do not answer.
    """
    state = await _placement(tree).knows()
    told, after = foresee(changed(state, change))
    return summary(change, told, after)


def lines(decisions: Sequence[Decided]) -> list[str]:
    """Decisions as lines: when, what, and why."""
    if not decisions:
        return ["nothing has been decided since placement began"]
    return [
        f"{datetime.fromtimestamp(one.at_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}Z  {one.what}: {one.why}"
        for one in decisions
    ]


def summary(change: str, told: Sequence[Explained], after: State) -> list[str]:
    """The first things that would be done, how many more, and how streamers lie then."""
    shown = [f"{one.what}: {one.why}" for one in told[:SHOWN]]
    more = [f"... and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    loads = Counter(held.host for held in after.assignments)
    hosts = [f"  {host.name} on {host.node}: {loads[host.name]} streamers" for host in after.hosts]
    left = len(after.wanted) - len(after.assignments)
    nowhere = [f"  {left} streamers nowhere"] if left else []
    return [*(shown or [f"{change}: nothing would be done"]), *more, "then:", *hosts, *nowhere]


def _placement(tree: Settings) -> PlacementHandle:
    attach.join_ray(tree)
    from gstreamer.actors.handles import Handles

    return Handles().placement()
