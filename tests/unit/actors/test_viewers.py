"""A count of viewers is a record that the streamer's host takes as an event of class state."""

from __future__ import annotations

import json

from gstreamer.actors.subscriptions import Subscriptions
from gstreamer.actors.viewers import viewers_record
from gstreamer.core.encoding import encode
from gstreamer.core.events import EventClass
from gstreamer.core.records import Record
from gstreamer.twitch.models import Stream
from tests.subscriptions import CONFIG, World

STREAM = Stream(id="42", user_id="11", user_login="x", user_name="X", viewer_count=1_234)


def as_read(topic: str, now_s: float) -> Record:
    made = viewers_record(topic, 0, STREAM, now_s)
    headers = {name: value.decode() for name, value in made.headers}
    return Record(made.topic, 0, 0, 0, made.key, made.value, headers)


def test_it_encodes_as_a_state_of_the_stream() -> None:
    event, said = encode(as_read("gs.streamer.11", 1_700_000_000.5), "11", "epoch")

    assert (event.event_class, event.type, event.key) == (EventClass.STATE, "gs.viewers", "gs.viewers:42")
    assert said["viewer_count"] == 1_234
    assert json.loads(event.encoded)["at"] == "2023-11-14T22:13:20Z"


def test_two_counts_of_a_minute_have_one_id_and_the_next_minute_has_another() -> None:
    first, again, later = (as_read("t", at_s).headers["message-id"] for at_s in (120.0, 179.9, 180.0))

    assert first == again == "gs-viewers-11-42-2"
    assert later == "gs-viewers-11-42-3"


async def test_whoever_is_wanted_and_live_is_counted() -> None:
    world = World("11", "12")
    world.twitch.live = [STREAM, STREAM.model_copy(update={"user_id": "99"})]
    subscriptions = Subscriptions(CONFIG, world.ports(), world.time.clock())
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()

    await subscriptions.poll()

    assert [record.topic for record in world.records.sent] == ["gs.streamer.11"]
