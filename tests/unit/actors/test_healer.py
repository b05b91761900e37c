"""What a streamer's log lacks is published to it as Twitch would have said it, once, whoever finds it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gstreamer.actors.subscriptions import POLL_S, Subscriptions
from gstreamer.core.encoding import encode
from gstreamer.core.errors import UnavailableError
from gstreamer.core.fold import UNKNOWN, Mark
from gstreamer.core.records import EVENT_TYPE, MESSAGE_ID, Outgoing, Record
from gstreamer.twitch.models import Channel, Stream
from tests.subscriptions import CONFIG, FakeClock, World, down

LIVE = UNKNOWN._replace(live=True, stream_id="s1", switched=Mark("e:7", 0))
OFF = UNKNOWN._replace(live=False, switched=Mark("e:7", 0))
WITH_UPDATE = CONFIG._replace(families=("online", "offline", "update"))


def stream(time: FakeClock, streamer_id: str = "11", title: str = "Go", age_s: float = 600) -> Stream:
    started = datetime.fromtimestamp(time.clock().unix() - age_s, UTC)
    return Stream(
        id="s1", user_id=streamer_id, user_login="ann", user_name="Ann", title=title, game_name="Chess",
        started_at=started, type="live",
    )  # fmt: skip


async def settled(world: World) -> Subscriptions:
    """The actor, once it has done what there was to do."""
    subscriptions = Subscriptions(WITH_UPDATE, world.ports(), world.time.clock())
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()
    await subscriptions.reconcile()
    return subscriptions


def corrections(world: World) -> list[tuple[str, str]]:
    """Topic and id of what was published, but for counts of viewers."""
    headers = [(one, {name: value.decode() for name, value in one.headers}) for one in world.records.sent]
    return [(one.topic, named[MESSAGE_ID]) for one, named in headers if named[EVENT_TYPE] != "gs.viewers"]


def as_event(sent: Outgoing) -> dict[str, Any]:
    """What viewers get of it."""
    headers = {name: value.decode() for name, value in sent.headers}
    record = Record(sent.topic, sent.partition, 8, 0, sent.key, sent.value, headers)
    event: dict[str, Any] = json.loads(encode(record, "11", "e").event.encoded)
    return event


async def test_a_missed_start_comes_to_viewers_as_a_reconciled_event_before_the_count() -> None:
    world = World("11")
    world.states.known["11"] = OFF
    world.twitch.live.append(stream(world.time))

    await (await settled(world)).poll()

    assert corrections(world) == [("gs.streamer.11", "gs-stream.online-11-s1-7")]
    event = as_event(world.records.sent[0])
    assert event["reconciled"] is True
    assert (event["type"], event["version"], event["data"]["id"]) == ("stream.online", "1", "s1")
    assert event["data"]["broadcaster_user_name"] == "Ann"
    assert datetime.fromisoformat(event["data"]["started_at"]) == world.twitch.live[0].started_at
    assert len(world.records.sent) == 2


async def test_a_missed_end_needs_two_answers_and_names_the_streamer() -> None:
    world = World("11")
    world.states.known["11"] = LIVE
    subscriptions = await settled(world)

    await subscriptions.poll()
    assert corrections(world) == []
    world.time.now_s += 60
    await subscriptions.poll()

    assert corrections(world) == [("gs.streamer.11", "gs-stream.offline-11-s1-7")]
    assert as_event(world.records.sent[0])["data"] == {
        "id": "s1",
        "broadcaster_user_id": "11",
        "broadcaster_user_login": "x",
        "broadcaster_user_name": "X",
    }


async def test_a_stream_that_was_replaced_ends_under_the_name_that_it_has() -> None:
    world = World("11")
    world.states.known["11"] = LIVE._replace(stream_id="s0")
    world.twitch.live.append(stream(world.time))

    await (await settled(world)).poll()

    assert [one for _, one in corrections(world)] == ["gs-stream.offline-11-s0-7", "gs-stream.online-11-s1-7"]
    assert as_event(world.records.sent[0])["data"]["broadcaster_user_login"] == "ann"


async def test_a_title_is_told_as_the_channel_has_it() -> None:
    world = World("11")
    world.states.known["11"] = LIVE._replace(title="Old", category="Chess", updated=Mark("e:9", 0))
    world.twitch.live.append(stream(world.time, title="New"))
    world.twitch.channel["11"] = Channel(
        broadcaster_id="11", broadcaster_login="ann", broadcaster_name="Ann", broadcaster_language="en",
        game_id="743", game_name="Chess", title="New", content_classification_labels=("Gambling",),
    )  # fmt: skip

    await (await settled(world)).poll()

    assert corrections(world) == [("gs.streamer.11", "gs-channel.update-11-s1-9")]
    event = as_event(world.records.sent[0])
    assert (event["version"], event["data"]["content_classification_labels"]) == ("2", ["Gambling"])


async def test_a_cached_title_that_the_channel_does_not_have_is_not_told() -> None:
    world = World("11")
    world.states.known["11"] = LIVE._replace(title="New", category="Chess", updated=Mark("e:9", 0))
    world.twitch.live.append(stream(world.time, title="Old"))
    world.twitch.channel["11"] = Channel(broadcaster_id="11", title="New", game_name="Chess")

    await (await settled(world)).poll()

    assert corrections(world) == []


async def test_at_the_start_and_after_an_outage_titles_of_channels_that_are_offline_are_looked_up_too() -> None:
    world = World("11")
    world.states.known["11"] = OFF._replace(title="Old", category="Chess", updated=Mark("e:9", 0))
    world.twitch.channel["11"] = Channel(broadcaster_id="11", title="New", game_name="Chess")
    subscriptions = await settled(world)

    await subscriptions.poll()
    await subscriptions.poll()
    world.twitch.error = down("twitch")
    with pytest.raises(UnavailableError):
        await subscriptions.poll()
    world.twitch.error = None
    await subscriptions.poll()

    assert [one for _, one in corrections(world)] == ["gs-channel.update-11--9"] * 2
    assert world.twitch.calls.count("channels") == 2


async def test_what_could_not_be_published_is_published_later_under_the_same_id() -> None:
    world = World("11")
    world.states.known["11"] = OFF
    world.twitch.live.append(stream(world.time))
    subscriptions = await settled(world)
    world.records.error = down("kafka")
    with pytest.raises(UnavailableError):
        await subscriptions.poll()
    world.records.error = None

    await subscriptions.poll()
    await (await settled(world)).poll()

    assert [one for _, one in corrections(world)] == ["gs-stream.online-11-s1-7"] * 2


async def test_whoever_no_host_runs_is_left_alone() -> None:
    world = World("11")
    world.twitch.live.append(stream(world.time))

    await (await settled(world)).poll()

    assert corrections(world) == []
    assert len(world.records.sent) == 1, "viewers are counted all the same"


async def test_half_an_answer_says_nothing() -> None:
    world = World("11")
    world.states.known["11"] = LIVE
    world.twitch.live.append(stream(world.time).model_copy(update={"started_at": None}))
    subscriptions = await settled(world)

    for _ in range(3):
        await subscriptions.poll()
        world.time.now_s += 60

    assert corrections(world) == []


async def test_what_runs_is_remembered_while_no_host_runs_the_log() -> None:
    world = World("11")
    subscriptions = await settled(world)
    await subscriptions.poll()
    world.time.now_s += 60
    world.states.known["11"] = UNKNOWN._replace(position="e:-1")
    world.twitch.live.append(stream(world.time, age_s=30))

    await subscriptions.poll()

    assert corrections(world) == [("gs.streamer.11", "gs-stream.online-11-s1--1")]


async def test_who_has_no_room_in_the_budget_is_named_and_told_by_asking_alone() -> None:
    world = World("11")
    world.twitch.max_total_cost = 1
    world.states.known["11"] = OFF._replace(switched=Mark("e:7", int((world.time.clock().unix() - 60) * 1_000)))
    world.twitch.live.append(stream(world.time, age_s=1))
    subscriptions = await settled(world)

    await subscriptions.poll()

    assert await subscriptions.polled() == {"11"}
    assert corrections(world) == [("gs.streamer.11", "gs-stream.online-11-s1-7")], "at once: no event is on its way"
    world.twitch.max_total_cost = 10
    world.time.now_s += 1_000
    await subscriptions.reconcile()
    assert await subscriptions.polled() == frozenset()


async def test_who_was_not_served_for_a_while_is_asked_about_once_it_is_served_again() -> None:
    world = World("11")
    world.states.known["11"] = OFF._replace(title="Old", category="Chess", updated=Mark("e:9", 0))
    world.twitch.channel["11"] = Channel(broadcaster_id="11", title="New", game_name="Chess")
    subscriptions = await settled(world)
    status = "notification_failures_exceeded"
    subscriptions.revoked(world.twitch.die("stream.offline", status), status)
    await subscriptions.look_up()
    assert corrections(world) == []
    world.time.now_s += 5
    await subscriptions.reconcile()
    world.time.now_s += 5
    await subscriptions.reconcile()

    world.twitch.error = down("twitch")
    with pytest.raises(UnavailableError):
        await subscriptions.look_up()
    world.twitch.error = None
    await subscriptions.look_up()
    await subscriptions.look_up()

    assert [one for _, one in corrections(world)] == ["gs-channel.update-11--9"]


async def test_who_becomes_polled_is_asked_about_at_once() -> None:
    world = World()
    world.twitch.max_total_cost = 1
    world.states.known["11"] = OFF
    world.twitch.live.append(stream(world.time))
    published = asyncio.Event()

    async def sleep(delay_s: float) -> None:
        if corrections(world):
            published.set()
        if delay_s == POLL_S:
            # Everybody has been asked about, and would be again in a minute.
            world.favourites.ids = frozenset({"11"})
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        world.time.now_s += 0.01

    subscriptions = Subscriptions(WITH_UPDATE, world.ports(), world.time.clock()._replace(sleep=sleep))
    running = asyncio.create_task(subscriptions.run())
    async with asyncio.timeout(20):
        await published.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert corrections(world) == [("gs.streamer.11", "gs-stream.online-11-s1-7")]
