"""`gstreamer placement`: who runs what, in placement's own words."""

from __future__ import annotations

import json

from gstreamer.cli import attach
from gstreamer.settings import Settings


async def explained(tree: Settings) -> str:
    """
    What placement knows and has decided, as JSON.

    Raises:
        UnavailableError: Ray or placement do not answer.
    """
    attach.join_ray(tree)
    from gstreamer.actors.handles import Handles

    return json.dumps(await Handles().placement().explain(), indent=2, default=str)
