"""Where the truth that Twitch tells differs from what a streamer's log says, and the events that correct the log.

Invariant: an id names the event that it corrects, so whoever finds the same twice, or two who find it, publish one
event. Twitch's answers are cached and lag (1-3 min), pages miss streams, and a stream flaps as it starts: so a young
event is never contradicted, and an end is believed only if two answers some time apart lack the stream.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, NamedTuple

from gstreamer.core.encoding import RECONCILED_PREFIX
from gstreamer.core.errors import BadPositionError
from gstreamer.core.fold import OFFLINE, ONLINE, UPDATE, Mark, StreamerState
from gstreamer.core.ids import parse_position

SETTLED_S = 180.0
"""An event that is younger may know more than Twitch's answer."""
POLLED_SETTLED_S = 60.0
"""The same where no event comes: what is in the log was found by asking."""
APART_S = 45.0
"""Two answers that lack a stream have to be so far apart."""
ARRIVES_S = 30.0
"""The event of a stream that has begun just now may be on its way."""
REMEMBERED_S = 14 * 60.0
"""A log's state has every event of so long before its streamer was started, and all since."""

VERSIONS: Mapping[str, str] = {ONLINE: "1", OFFLINE: "1", UPDATE: "2"}
"""The types that can be corrected, each with the version that its event is shaped as."""

NOTHING_YET = -1


class Running(NamedTuple):
    """
    A stream that runs, as Twitch's answer has it.

    Attributes:
        stream_id: Twitch's id of it.
        login: The streamer's login.
        name: Their display name.
        type: Twitch's word, nearly always ``live``.
        started_at: When it started, RFC 3339.
        started_s: The same in Unix seconds.
        title: The channel's title.
        category: The channel's category.
    """

    stream_id: str
    login: str
    name: str
    type: str
    started_at: str
    started_s: float
    title: str
    category: str


class About(NamedTuple):
    """A channel whether live or not: what an offline or an update says of it."""

    login: str
    name: str
    title: str = ""
    language: str = ""
    category_id: str = ""
    category: str = ""
    labels: tuple[str, ...] = ()


class Finding(NamedTuple):
    """
    A correction that is due.

    Attributes:
        type: Of the event, one of ``VERSIONS``.
        streamer_id: Whose log.
        stream_id: The stream that began, ended or runs; empty if that is not known.
        corrected: Offset of the event that is corrected; -1 if the log has none.
    """

    type: str
    streamer_id: str
    stream_id: str
    corrected: int

    @property
    def message_id(self) -> str:
        """The event's id, the same for whoever finds this."""
        return f"{RECONCILED_PREFIX}{self.type}-{self.streamer_id}-{self.stream_id}-{self.corrected}"


class _Belief(NamedTuple):
    """
    What is held true of a streamer besides its log, which may be silent about it.

    Attributes:
        stream_id: The stream that runs, empty if its id is not known; None: none does.
        missing_s: Since when Twitch's answers lack it.
        title: The last title.
        category: The last category.
    """

    stream_id: str | None
    missing_s: float | None
    title: str | None
    category: str | None


class Healing:
    """
    Compares, and remembers of each streamer what the answers before told.

    Args:
        types: The types that viewers get events of.
    """

    def __init__(self, types: Container[str]) -> None:
        self._types = types
        self._beliefs: dict[str, _Belief] = {}

    def keep(self, streamer_ids: Container[str]) -> None:
        """Forget all others."""
        self._beliefs = {one: belief for one, belief in self._beliefs.items() if one in streamer_ids}

    def look(
        self, streamer_id: str, running: Running | None, state: StreamerState, now_s: float, *, polled: bool
    ) -> tuple[Finding, ...]:
        """
        What has to be corrected, in order.

        Args:
            streamer_id: Whose log.
            running: The stream that Twitch says is running.
            state: What the log says.
            now_s: Unix seconds.
            polled: Whether no events come for this one, so that asking is the only way to know.
        """
        settled_s = POLLED_SETTLED_S if polled else SETTLED_S
        held = _held(self._beliefs.get(streamer_id), state)
        arrived = running is not None and (polled or now_s - running.started_s >= ARRIVES_S)
        found: list[Finding] = []
        if running is None:
            missing_s = now_s if held is None or held.missing_s is None else held.missing_s
            held = _Belief(None, None, None, None) if held is None else held
            held = held._replace(missing_s=missing_s)
            if held.stream_id is not None and now_s - missing_s >= APART_S:
                found.append(_ended(streamer_id, held.stream_id, state))
        elif (held is None or held.stream_id is None) and _is_news(held, running, state, now_s):
            found += [_began(streamer_id, running, state)] if arrived else []
        elif held is None or held.stream_id is None:
            held = _Belief(running.stream_id, None, running.title, running.category)
        else:
            held = held._replace(missing_s=None)
            if held.stream_id and held.stream_id != running.stream_id:
                found += [_ended(streamer_id, held.stream_id, state), _began(streamer_id, running, state)]
        if not _is_settled(state.switched, settled_s, now_s):
            found.clear()
        if held is not None and running is not None:
            if not _agree(held, running) and _is_settled(state.updated, settled_s, now_s):
                found.append(_updated(streamer_id, running.stream_id, state))
            held = _with_titles(held, running)
        if held is not None:
            self._beliefs[streamer_id] = held
        return tuple(one for one in found if one.type in self._types)

    def doubt(self, streamer_id: str, stream_id: str, state: StreamerState, now_s: float) -> tuple[Finding, ...]:
        """The correction of a title that the log says, if it is old enough to have been overtaken unseen."""
        settled = state.updated is not None and _is_settled(state.updated, SETTLED_S, now_s)
        return (_updated(streamer_id, stream_id, state),) if settled and UPDATE in self._types else ()


def is_told(about: About, state: StreamerState) -> bool:
    """Whether the log already says this title and category."""
    return (state.title, state.category) == (about.title, about.category)


def online_event(streamer_id: str, running: Running) -> dict[str, Any]:
    """Twitch's ``stream.online``."""
    return {
        "id": running.stream_id,
        **_broadcaster(streamer_id, running.login, running.name),
        "type": running.type,
        "started_at": running.started_at,
    }


def offline_event(streamer_id: str, stream_id: str, about: About) -> dict[str, Any]:
    """Twitch's ``stream.offline``; the stream's id only if it is known."""
    named = {"id": stream_id} if stream_id else {}
    return {**named, **_broadcaster(streamer_id, about.login, about.name)}


def update_event(streamer_id: str, about: About) -> dict[str, Any]:
    """Twitch's ``channel.update``."""
    return {
        **_broadcaster(streamer_id, about.login, about.name),
        "title": about.title,
        "language": about.language,
        "category_id": about.category_id,
        "category_name": about.category,
        "content_classification_labels": list(about.labels),
    }


def _held(before: _Belief | None, state: StreamerState) -> _Belief | None:
    """What is held true: the log's word where it has one, else what was believed; None: nothing about a stream."""
    if state.live is None and before is None:
        return None
    before = _Belief(None, None, None, None) if before is None else before
    if state.live is not None:
        stream_id = (state.stream_id or "") if state.live else None
        # What was missing before this began is another one.
        missing_s = before.missing_s if stream_id == before.stream_id else None
        before = before._replace(stream_id=stream_id, missing_s=missing_s)
    if state.title is not None:
        before = before._replace(title=state.title)
    return before if state.category is None else before._replace(category=state.category)


def _is_news(held: _Belief | None, running: Running, state: StreamerState, now_s: float) -> bool:
    """Whether the log should know of a stream that it has running nowhere."""
    if state.live is not None:
        return True
    # It is silent. What an answer lacked had not begun; and of what began lately it would know, had the event come,
    # unless it is a new log, of a streamer whom nobody wanted before.
    since_s = [now_s - REMEMBERED_S] if _offset(state.position) > NOTHING_YET else []
    if held is not None and held.missing_s is not None:
        since_s.append(held.missing_s - SETTLED_S)
    return bool(since_s) and running.started_s >= min(since_s)


def _agree(held: _Belief, running: Running) -> bool:
    return held.title in (None, running.title) and held.category in (None, running.category)


def _with_titles(held: _Belief, running: Running) -> _Belief:
    """A first answer is taken as it is."""
    return held._replace(
        title=running.title if held.title is None else held.title,
        category=running.category if held.category is None else held.category,
    )


def _updated(streamer_id: str, stream_id: str, state: StreamerState) -> Finding:
    return Finding(UPDATE, streamer_id, stream_id, _offset_of(state.updated))


def _began(streamer_id: str, running: Running, state: StreamerState) -> Finding:
    return Finding(ONLINE, streamer_id, running.stream_id, _offset_of(state.switched))


def _ended(streamer_id: str, stream_id: str, state: StreamerState) -> Finding:
    return Finding(OFFLINE, streamer_id, stream_id, _offset_of(state.switched))


def _is_settled(mark: Mark | None, settled_s: float, now_s: float) -> bool:
    return mark is None or now_s - mark.time_ms / 1_000 >= settled_s


def _offset_of(mark: Mark | None) -> int:
    return NOTHING_YET if mark is None else _offset(mark.position)


def _offset(position: str | None) -> int:
    try:
        return NOTHING_YET if position is None else parse_position(position).offset
    except BadPositionError:
        return NOTHING_YET


def _broadcaster(streamer_id: str, login: str, name: str) -> dict[str, str]:
    return {
        "broadcaster_user_id": streamer_id,
        "broadcaster_user_login": login,
        "broadcaster_user_name": name,
    }
