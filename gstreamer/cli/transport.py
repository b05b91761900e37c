"""`gstreamer transport`: how Twitch delivers from now on, changed while everything runs."""

from __future__ import annotations

import asyncio
from typing import Literal

from gstreamer.cli import attach
from gstreamer.core.errors import UnavailableError
from gstreamer.settings import Settings

ANSWERS_S, POLL_S = 60.0, 0.5


async def changed(tree: Settings, way: Literal["webhook", "conduit"]) -> str:
    """
    Have the subscriptions actor work with this transport; what to expect, in a sentence.

    Raises:
        UnavailableError: Ray or the actor do not answer.
    """
    attach.join_ray(tree)
    from gstreamer.actors.handles import Handles
    from gstreamer.actors.spawn.rest import restart_subscriptions

    subscriptions = Handles().subscriptions()
    before = (await subscriptions.observe())["transport"]
    if before == way:
        return f"twitch delivers by {way} already"
    await restart_subscriptions(way)
    deadline = asyncio.get_running_loop().time() + ANSWERS_S
    while True:
        try:
            await subscriptions.observe()
        except UnavailableError:
            if asyncio.get_running_loop().time() >= deadline:
                raise
            await asyncio.sleep(POLL_S)
        else:
            set_too = "" if tree.twitch.transport == way else f"; set GSTREAMER_TWITCH__TRANSPORT={way} too"
            return f"from {before} to {way}: each subscription is made anew before the old one is ended{set_too}"
