"""A streamer as viewers are shown it: what its log says first, what the platform says where no event has spoken.

Invariant: what comes from the log is as of ``position``, so a page may fold later events into it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from gstreamer.core.fold import UNKNOWN, StreamerState


class Told(NamedTuple):
    """What the platform tells of a channel at the moment; None is what it was not asked or did not answer."""

    live: bool | None = None
    started_at: str | None = None
    title: str | None = None
    category: str | None = None
    viewers: int | None = None


class Shown(NamedTuple):
    """
    Live state as it is shown; ``live`` is false where neither log nor platform knows.

    ``delivery`` is ``polled`` where no events come, so that what happens is found by asking, a minute or two late.
    """

    live: bool
    started_at: str | None
    title: str | None
    category: str | None
    viewers: int | None
    position: str | None
    delivery: Literal["events", "polled"] = "events"


class Chat(NamedTuple):
    """Where a streamer's chat is to be had, and why there."""

    mode: Literal["native", "embed"]
    reason: str


def chat_of(*, opted_in: bool, is_read: bool, may_read: bool) -> Chat:
    """
    Where a streamer's chat is to be had.

    Args:
        opted_in: Whether the streamer lets gstreamer read it.
        is_read: Whether it is read for somebody who watches it.
        may_read: Whether the viewer's own grant covers reading chats.
    """
    if opted_in:
        return Chat("native", "the streamer shares this chat with gstreamer")
    if is_read:
        return Chat("native", "it is read with the account of somebody who watches it")
    if may_read:
        return Chat("native", "it is read with your account while you watch")
    return Chat("embed", "nobody who watches it lets gstreamer read it: allow that, or use Twitch's own chat")


def shown(state: StreamerState | None, told: Told, *, polled: bool = False) -> Shown:
    """What is shown of a streamer; ``state`` is None where nobody runs it."""
    state = UNKNOWN if state is None else state
    live = bool(told.live) if state.live is None else state.live
    return Shown(
        live=live,
        started_at=(state.started_at or told.started_at) if live else None,
        title=told.title if state.title is None else state.title,
        category=told.category if state.category is None else state.category,
        viewers=_first(state.viewers, told.viewers) if live else None,
        position=state.position,
        delivery="polled" if polled else "events",
    )


def _first(mine: int | None, theirs: int | None) -> int | None:
    return theirs if mine is None else mine
