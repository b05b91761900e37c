"""Streamers as they are shown: profile and what no event has set from Twitch, the rest from their logs.

Twitch is asked about many at once and its answers are remembered for a moment, so that pages which refresh do not
use up the request budget. While Twitch is away, favourites are shown as they were known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from gstreamer.core.errors import UnavailableError
from gstreamer.core.fold import StreamerState
from gstreamer.core.ids import is_login, is_streamer_id
from gstreamer.core.shown import Shown, Told, shown
from gstreamer.deployments.api.ports import Helix, Logs, Polled
from gstreamer.deployments.api.shapes import rfc3339
from gstreamer.store.accounts import Person
from gstreamer.store.favourites import Favourites
from gstreamer.twitch.models import FoundChannel, Stream, User

PROFILE_S = 300.0
TOLD_S = 20.0
SEARCH_S = 30.0
FOUND = 20
MAX_REMEMBERED = 20_000

_T = TypeVar("_T")


class Remembered(Generic[_T]):
    """
    Answers by key, each for ``seconds``; the oldest go first when they are too many.

    Args:
        seconds: How long one is good.
        clock: Monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._entries: dict[str, tuple[float, _T]] = {}

    def get(self, key: str) -> _T | None:
        """What is remembered of ``key``, if it is still good."""
        entry = self._entries.get(key)
        return None if entry is None or entry[0] <= self._clock() else entry[1]

    def put(self, key: str, value: _T) -> None:
        """Remember ``value`` from now on."""
        self._entries.pop(key, None)
        if len(self._entries) >= MAX_REMEMBERED:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._clock() + self._seconds, value)


class Lookup:
    """
    Finds streamers and tells what is shown of them.

    Args:
        helix: Twitch.
        logs: The streamers' logs.
        favourites: Where profiles are known from while Twitch is away.
        polled: Who is polled.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        helix: Helix,
        logs: Logs,
        favourites: Favourites,
        polled: Polled,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._helix = helix
        self._logs = logs
        self._favourites = favourites
        self._polled = polled
        self._people = Remembered[Person](PROFILE_S, clock)
        self._told = Remembered[Told](TOLD_S, clock)
        self._found = Remembered[tuple[FoundChannel, ...]](SEARCH_S, clock)

    async def people(self, streamer_ids: Iterable[str]) -> dict[str, Person]:
        """
        The profiles of these streamers; what Twitch does not know is not in it.

        Raises:
            UnavailableError: Twitch does not answer, and one was never favoured.
        """
        wanted = [one for one in dict.fromkeys(streamer_ids) if is_streamer_id(one)]
        held = ((one, self._people.get(one)) for one in wanted)
        known = {one: person for one, person in held if person is not None}
        missing = [one for one in wanted if one not in known]
        if not missing:
            return known
        try:
            users = await self._helix.users(ids=missing)
        except UnavailableError:
            stored = await self._favourites.known(missing)
            if len(stored) < len(missing):
                raise
            return {**known, **stored}
        return {**known, **{user.id: self._keep(user) for user in users}}

    async def by_login(self, login: str) -> Person | None:
        """
        The streamer of exactly this login, or None.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        login = login.strip().lower()
        if not is_login(login):
            return None
        users = await self._helix.users(logins=(login,))
        return next((self._keep(user) for user in users if user.login == login), None)

    async def search(self, query: str) -> list[tuple[Person, Shown]]:
        """
        Channels whose name begins like ``query``.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        key = query.casefold()
        found = self._found.get(key)
        if found is None:
            found = await self._helix.search_channels(query, first=FOUND)
            self._found.put(key, found)
        states = await self._logs.states(channel.id for channel in found)
        return [
            (
                Person(channel.id, channel.broadcaster_login, channel.display_name, channel.thumbnail_url),
                self._shown(channel.id, states, _told_by_search(channel)),
            )
            for channel in found
        ]

    async def one(self, person: Person) -> Shown:
        """
        What is shown of one streamer.

        Raises:
            UnavailableError: Neither its log nor Twitch tells anything at the moment.
        """
        states = await self._logs.states((person.id,))
        try:
            told = (await self._tell((person.id,)))[person.id]
        except UnavailableError:
            if person.id not in states:
                raise
            told = Told()
        return self._shown(person.id, states, told)

    async def many(self, people: Sequence[Person]) -> list[Shown]:
        """What is shown of these streamers; while Twitch is away, what their logs tell."""
        ids = [person.id for person in people]
        states = await self._logs.states(ids)
        try:
            told = await self._tell(ids)
        except UnavailableError:
            told = {}
        return [self._shown(one, states, told.get(one, Told())) for one in ids]

    def _shown(self, streamer_id: str, states: Mapping[str, StreamerState], told: Told) -> Shown:
        return shown(states.get(streamer_id), told, polled=streamer_id in self._polled.streamers)

    async def _tell(self, streamer_ids: Sequence[str]) -> dict[str, Told]:
        held = ((one, self._told.get(one)) for one in streamer_ids)
        known = {one: told for one, told in held if told is not None}
        missing = [one for one in streamer_ids if one not in known]
        if missing:
            streams = {stream.user_id: stream for stream in await self._helix.streams(missing)}
            channels = await self._helix.channels([one for one in missing if one not in streams])
            titles = {channel.broadcaster_id: (channel.title, channel.game_name) for channel in channels}
            for one in missing:
                title, category = titles.get(one, (None, None))
                stream = streams.get(one)
                known[one] = Told(False, None, title, category) if stream is None else _told_by_stream(stream)
                self._told.put(one, known[one])
        return known

    def _keep(self, user: User) -> Person:
        person = person_of(user)
        self._people.put(person.id, person)
        return person


def person_of(user: User) -> Person:
    """A Twitch account as we keep it."""
    return Person(user.id, user.login, user.display_name, user.profile_image_url)


def _told_by_stream(stream: Stream) -> Told:
    started = None if stream.started_at is None else rfc3339(stream.started_at)
    return Told(True, started, stream.title, stream.game_name, stream.viewer_count)


def _told_by_search(channel: FoundChannel) -> Told:
    started = None if channel.started_at is None else rfc3339(channel.started_at)
    return Told(channel.is_live, started, channel.title, channel.game_name)
