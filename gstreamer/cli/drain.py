"""`gstreamer drain`: a node or connection actor is left by its viewers, without a gap, and says how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gstreamer.cli import attach
from gstreamer.core.errors import UnavailableError
from gstreamer.settings import Settings

POLL_S = 1.0
AWAY_S = 60.0
"""Placement restarts in seconds; the drain goes on meanwhile."""


async def drained(tree: Settings, target: str, *, undo: bool, wait: bool, say: Callable[[str], None]) -> None:
    """
    Have a node or connection actor left, or stop that; with ``wait``, return once nobody is there any more.

    Raises:
        RejectedError: There is no such node or actor, or nobody else could take its viewers.
        UnavailableError: Ray or placement do not answer.
    """
    attach.join_ray(tree)
    from gstreamer.actors.handles import Handles

    placement = Handles().placement()
    await placement.drain(target, not undo)
    if undo:
        say(f"{target} takes viewers again")
        return
    if not wait:
        say(f"{target} is being left; `gstreamer drain {target}` again says how far it is")
        return
    told, answered_at = "", asyncio.get_running_loop().time()
    while True:
        try:
            state = await placement.drained(target)
        except UnavailableError:
            if asyncio.get_running_loop().time() > answered_at + AWAY_S:
                raise
        else:
            answered_at = asyncio.get_running_loop().time()
            if state.done:
                say(f"{target} has been left")
                return
            now = f"{state.sockets} sockets, {state.streamers} streamers left"
            if now != told:
                say(now)
            told = now
        await asyncio.sleep(POLL_S)
