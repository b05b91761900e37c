"""What happens in the simulation: streams start, change, raid each other and end.

Pure: a world is a function of its seed and the number of steps taken; time only stamps what comes out. Its
state can be written down and read again, so that a restart goes on where it was.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from gstreamer.simulator import cast
from gstreamer.simulator.cast import Category, Person

FEW_LIVE, MANY_LIVE = 11, 17
"""Between these many streamers are live at a time."""


class Happening(NamedTuple):
    """
    Something that Twitch tells about: an EventSub type and its event object.

    Attributes:
        type: Subscription type.
        event: Twitch's event object.
    """

    type: str
    event: dict[str, Any]


@dataclass
class Stream:
    """A stream that is live."""

    id: str
    started_at: str
    viewers: int


@dataclass
class Channel:
    """What a channel shows whether live or not."""

    title: str
    category_id: str
    category_name: str


class World:
    """
    The channels and streams of everybody who streams.

    Args:
        seed: The same seed and the same calls give the same happenings.
        now: RFC 3339 time at which the streams that are live from the start began.
    """

    def __init__(self, seed: int, now: str) -> None:
        self._random = random.Random(seed)
        self._streams: dict[str, Stream] = {}
        self._channels: dict[str, Channel] = {}
        self._ending: list[str] = []
        for person in cast.STREAMERS:
            self.channel(person)
        for person in self._random.sample(cast.STREAMERS, FEW_LIVE + 2):
            self.start(person, now)

    def channel(self, person: Person) -> Channel:
        """Title and category of a channel."""
        found = self._channels.get(person.id)
        if found is None:
            category = person.categories[0] if person.categories else Category("", "")
            title = person.titles[0] if person.titles else ""
            found = self._channels[person.id] = Channel(title, category.id, category.name)
        return found

    def stream(self, person: Person) -> Stream | None:
        """The stream of somebody who is live, else None."""
        return self._streams.get(person.id)

    def live(self) -> list[Person]:
        """Everybody who is live, the most watched first."""
        found = [person for one in self._streams if (person := cast.by_id(one)) is not None]
        return sorted(found, key=lambda person: -self._streams[person.id].viewers)

    def start(self, person: Person, now: str) -> list[Happening]:
        """Somebody goes live; nothing happens if they are."""
        if person.id in self._streams:
            return []
        stream_id = str(self._random.randrange(40_000_000_000, 50_000_000_000))
        viewers = max(1, int(person.audience * self._random.uniform(0.1, 0.4)))
        self._streams[person.id] = Stream(stream_id, now, viewers)
        event = {"id": stream_id, **_broadcaster(person), "type": "live", "started_at": now}
        return [Happening("stream.online", event)]

    def end(self, person: Person) -> list[Happening]:
        """Somebody's stream ends; nothing happens if they are not live."""
        stream = self._streams.pop(person.id, None)
        if stream is None:
            return []
        return [Happening("stream.offline", {**_broadcaster(person), "id": stream.id})]

    def update(self, person: Person, title: str, category: Category | None = None) -> list[Happening]:
        """Somebody changes title or category."""
        channel = self.channel(person)
        channel.title = title
        if category is not None:
            channel.category_id, channel.category_name = category
        event = {
            **_broadcaster(person),
            "title": channel.title,
            "language": "en",
            "category_id": channel.category_id,
            "category_name": channel.category_name,
            "content_classification_labels": [],
        }
        return [Happening("channel.update", event)]

    def raid(self, source: Person, target: Person) -> list[Happening]:
        """Somebody sends their viewers to another channel."""
        stream, aim = self._streams.get(source.id), self._streams.get(target.id)
        viewers = max(1, stream.viewers * 4 // 5) if stream else 1
        if aim is not None:
            aim.viewers += viewers
        event = {**_broadcaster(source, "from_"), **_broadcaster(target, "to_"), "viewers": viewers}
        return [Happening("channel.raid", event)]

    def step(self, now: str) -> list[Happening]:
        """The next thing that happens."""
        self._drift()
        if self._ending:
            return self.end(_person(self._ending.pop()))
        live = sorted(person.id for person in cast.STREAMERS if person.id in self._streams)
        roll = self._random.random()
        if len(live) < FEW_LIVE or (roll < 0.16 and len(live) < MANY_LIVE):
            away = [person for person in cast.STREAMERS if person.id not in self._streams]
            return self.start(self._random.choice(away), now)
        person = _person(self._random.choice(live))
        if len(live) >= MANY_LIVE or roll < 0.30:
            return self.end(person)
        if roll < 0.42:
            # A raid ends the raider's stream: the next step does that.
            self._ending.append(person.id)
            return self.raid(person, _person(self._random.choice([one for one in live if one != person.id])))
        return self._new_title(person)

    def to_json(self) -> dict[str, Any]:
        """All of it, to be written down."""
        version, numbers, gauss = self._random.getstate()
        return {
            "random": [version, list(numbers), gauss],
            "streams": {one: asdict(stream) for one, stream in self._streams.items()},
            "channels": {one: asdict(channel) for one, channel in self._channels.items()},
            "ending": self._ending,
        }

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> World:
        """The world that was written down."""
        world = cls(0, "")
        version, numbers, gauss = written["random"]
        world._random.setstate((version, tuple(numbers), gauss))
        world._streams = {one: Stream(**stream) for one, stream in written["streams"].items()}
        world._channels = {one: Channel(**channel) for one, channel in written["channels"].items()}
        world._ending = list(written["ending"])
        return world

    def _new_title(self, person: Person) -> list[Happening]:
        channel = self.channel(person)
        titles = [title for title in person.titles if title != channel.title]
        others = [one for one in person.categories if one.id != channel.category_id]
        category = self._random.choice(others) if others and self._random.random() < 0.35 else None
        return self.update(person, self._random.choice(titles or list(person.titles)), category)

    def _drift(self) -> None:
        for one in sorted(self._streams):
            stream, usual = self._streams[one], _person(one).audience
            grown = stream.viewers + (usual - stream.viewers) * 0.05
            stream.viewers = max(1, int(grown * self._random.uniform(0.96, 1.05)))


def stream_row(person: Person, stream: Stream, channel: Channel) -> dict[str, Any]:
    """What Helix tells about a live stream."""
    return {
        "id": stream.id,
        "user_id": person.id,
        "user_login": person.login,
        "user_name": person.name,
        "game_id": channel.category_id,
        "game_name": channel.category_name,
        "type": "live",
        "title": channel.title,
        "tags": ["Simulation"],
        "viewer_count": stream.viewers,
        "started_at": stream.started_at.split(".")[0].rstrip("Z") + "Z",
        "language": "en",
        "thumbnail_url": cast.avatar(person),
        "tag_ids": [],
        "is_mature": False,
    }


def _broadcaster(person: Person, prefix: str = "") -> dict[str, str]:
    return {
        f"{prefix}broadcaster_user_id": person.id,
        f"{prefix}broadcaster_user_login": person.login,
        f"{prefix}broadcaster_user_name": person.name,
    }


def _person(person_id: str) -> Person:
    found = cast.by_id(person_id)
    assert found is not None, person_id
    return found
