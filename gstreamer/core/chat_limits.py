"""How much a person may write to chats, kept on our side: beyond Twitch's limits it ignores them for an hour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MAX_CHARS = 500
WINDOW_S = 30.0
PER_WINDOW = 20
CHANNEL_S = 1.0


class Sent(NamedTuple):
    """A message that was sent: where, and when in Unix seconds."""

    streamer_id: str
    at_s: float


def wait_s(sent: Iterable[Sent], streamer_id: str, now_s: float) -> float:
    """
    How long a person has to wait before the next message to this chat; 0 if it may go now.

    Args:
        sent: What the person sent in the last ``WINDOW_S`` or longer, in no order.
        streamer_id: Whose chat it is for.
        now_s: The time.
    """
    recent = sorted((one for one in sent if one.at_s > now_s - WINDOW_S), key=lambda one: one.at_s)
    here = [one.at_s for one in recent if one.streamer_id == streamer_id]
    until_s = here[-1] + CHANNEL_S if here else now_s
    if len(recent) >= PER_WINDOW:
        until_s = max(until_s, recent[-PER_WINDOW].at_s + WINDOW_S)
    return max(0.0, until_s - now_s)
