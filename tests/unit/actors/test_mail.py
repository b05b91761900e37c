"""No mail is lost: what could not be acted on comes again, what was acted on is remembered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gstreamer.actors.mail import Mail
from gstreamer.actors.subscriptions import Subscriptions
from gstreamer.core.errors import UnavailableError
from gstreamer.core.records import MESSAGE_ID, TWITCH_TIMESTAMP, Record
from gstreamer.core.topics import CONTROL, DEAD_LETTERS, UNROUTED
from tests.subscriptions import CONFIG, World, down


def record(topic: str, offset: int, body: object, key: bytes | None = b"11") -> Record:
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Record(topic, 0, offset, 0, key, value, {MESSAGE_ID: f"m-{offset}", "type": "stream.online"})


def event(subscription_id: str = "s", streamer_id: str = "11") -> dict[str, Any]:
    condition = {"to_broadcaster_user_id": streamer_id, "from_broadcaster_user_id": ""}
    return {"subscription": {"id": subscription_id, "status": "enabled", "condition": condition}, "event": {"x": 1}}


async def started(world: World) -> tuple[Subscriptions, Mail]:
    subscriptions = Subscriptions(CONFIG, world.ports(), world.time.clock())
    await subscriptions.read_favourites()
    await subscriptions.settle_residents()
    await subscriptions.reconcile()
    return subscriptions, Mail(world.mail, world.records, subscriptions, world.revocations)


async def test_an_event_of_a_wanted_streamer_moves_to_its_topic_as_it_is() -> None:
    world = World("11")
    _, mail = await started(world)
    world.mail.waiting = [record(UNROUTED, 0, event())]

    assert await mail.turn() == 1

    (moved,) = world.records.sent
    assert (moved.topic, moved.key, json.loads(moved.value)) == ("gs.streamer.11", b"11", event())
    assert dict(moved.headers)[MESSAGE_ID] == b"m-0"
    assert world.mail.committed == [0]


async def test_without_a_key_the_condition_names_the_streamer() -> None:
    world = World("11")
    _, mail = await started(world)
    world.mail.waiting = [record(UNROUTED, 0, event(), key=None)]

    await mail.turn()

    assert world.records.sent[0].topic == "gs.streamer.11"


async def test_an_orphan_is_ended_at_twitch_once() -> None:
    world = World()
    _, mail = await started(world)
    world.twitch.add("s", "stream.online", "12")
    world.mail.waiting = [record(UNROUTED, number, event(streamer_id="12"), key=b"12") for number in range(3)]

    assert await mail.turn() == 3

    assert "s" not in world.twitch.held
    assert world.twitch.calls.count("unsubscribe") == 1
    assert world.records.sent == []
    assert world.mail.committed == [0, 1, 2]


async def test_nothing_is_judged_before_favourites_are_known() -> None:
    world = World("11")
    world.mail.waiting = [record(UNROUTED, 0, event())]
    subscriptions = Subscriptions(CONFIG, world.ports(), world.time.clock())
    mail = Mail(world.mail, world.records, subscriptions, world.revocations)
    with pytest.raises(UnavailableError, match="favourites have not been read yet"):
        await mail.turn()

    await subscriptions.read_favourites()
    await mail.turn()

    assert world.records.sent[0].topic == "gs.streamer.11"
    assert world.mail.committed == [0]


async def test_what_fails_comes_again_and_what_is_done_stays_done() -> None:
    world = World("11")
    _, mail = await started(world)
    world.mail.waiting = [record(UNROUTED, 0, event()), record(UNROUTED, 1, event(), key=b"12")]
    world.twitch.error = down("twitch")
    with pytest.raises(UnavailableError):
        await mail.turn()
    assert world.mail.committed == [0]
    world.twitch.error = None

    assert await mail.turn() == 1

    assert len(world.records.sent) == 1
    assert world.mail.committed == [0, 1]


async def test_a_revocation_is_acted_on() -> None:
    world = World("11")
    subscriptions, mail = await started(world)
    revoked = {"subscription": {"id": "made-3", "status": "authorization_revoked"}}
    world.mail.waiting = [record(CONTROL, 0, revoked, key=None)]

    await mail.turn()

    assert (await subscriptions.observe())["subscriptions"] == {"authorization_revoked": 1, "enabled": 3}


async def test_a_revocation_of_what_we_do_not_have_changes_nothing() -> None:
    world = World("11")
    subscriptions, mail = await started(world)
    world.mail.waiting = [record(CONTROL, 0, {"subscription": {"id": "unknown", "status": "user_removed"}})]

    await mail.turn()

    assert (await subscriptions.observe())["subscriptions"] == {"enabled": 4}


async def test_an_event_without_a_streamer_is_passed_over() -> None:
    world = World()
    _, mail = await started(world)
    world.mail.waiting = [record(CONTROL, 0, {"subscription": {"id": "s"}, "event": {"user_id": "1"}})]

    await mail.turn()

    assert world.mail.committed == [0]
    assert world.records.sent == []


def taken_back(user_id: object = "1000007") -> dict[str, Any]:
    return {"subscription": {"id": "s", "condition": {"client_id": "c"}}, "event": {"user_id": user_id}}


def grant_record(offset: int, body: object, at: str = "2026-11-24T20:00:00.123456789Z") -> Record:
    headers = {"type": "user.authorization.revoke", TWITCH_TIMESTAMP: at}
    return record(CONTROL, offset, body, key=None)._replace(headers=headers, time_ms=1_700_000_000_000)


async def test_a_grant_that_was_taken_back_is_ended_as_of_twitchs_time() -> None:
    world = World()
    _, mail = await started(world)
    world.mail.waiting = [grant_record(0, taken_back())]

    await mail.turn()

    assert world.revocations.over == [("1000007", datetime(2026, 11, 24, 20, 0, 0, 123456, tzinfo=UTC))]
    assert world.mail.committed == [0]


@pytest.mark.parametrize("at", ["", "yesterday"])
async def test_without_twitchs_time_the_logs_counts(at: str) -> None:
    world = World()
    _, mail = await started(world)
    world.mail.waiting = [grant_record(0, taken_back(), at)]

    await mail.turn()

    assert world.revocations.over == [("1000007", datetime.fromtimestamp(1_700_000_000, UTC))]


async def test_an_end_that_could_not_be_acted_on_comes_again() -> None:
    world = World()
    _, mail = await started(world)
    world.mail.waiting = [grant_record(0, taken_back())]
    world.revocations.error = down("postgres")
    with pytest.raises(UnavailableError):
        await mail.turn()
    assert world.mail.committed == []
    world.revocations.error = None

    await mail.turn()

    assert [user_id for user_id, _ in world.revocations.over] == ["1000007"]
    assert world.mail.committed == [0]


@pytest.mark.parametrize("user_id", [None, 7, "", "a/b"])
async def test_an_end_of_nobodys_grant_is_passed_over(user_id: object) -> None:
    world = World()
    _, mail = await started(world)
    world.mail.waiting = [grant_record(0, taken_back(user_id))]

    await mail.turn()

    assert (world.revocations.over, world.mail.committed) == ([], [0])


async def test_the_people_of_a_subscription_that_lost_its_authorization_are_doubted() -> None:
    world = World("11")
    _, mail = await started(world)
    condition = {"broadcaster_user_id": "11", "user_id": "11", "moderator_user_id": "12"}
    subscription = {"id": "made-1", "status": "authorization_revoked", "condition": condition}
    other = {"id": "made-2", "status": "user_removed", "condition": {"broadcaster_user_id": "13"}}
    world.mail.waiting = [record(CONTROL, at, {"subscription": one}) for at, one in enumerate((subscription, other))]

    await mail.turn()

    assert world.revocations.doubts == ["11", "12"]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"7", b"[" * 100_000])
@pytest.mark.parametrize("topic", [CONTROL, UNROUTED])
async def test_what_is_no_letter_goes_to_the_dead(topic: str, body: bytes) -> None:
    world = World()
    _, mail = await started(world)
    world.mail.waiting = [record(topic, 4, body)]

    await mail.turn()

    (dead,) = world.records.sent
    assert (dead.topic, dead.key, dead.value) == (DEAD_LETTERS, f"{topic}/0/4".encode(), body)
    assert world.mail.committed == [4]


@pytest.mark.parametrize("subscription", [None, [], {"condition": []}, {"condition": {"user_id": 7}}, {"id": 5}])
async def test_an_event_of_nobody_goes_to_the_dead(subscription: object) -> None:
    world = World()
    _, mail = await started(world)
    world.mail.waiting = [record(UNROUTED, 0, {"subscription": subscription, "event": {}}, key=b"not an id")]

    await mail.turn()

    assert world.records.sent[0].topic == DEAD_LETTERS
