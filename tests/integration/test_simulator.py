"""The double's webhooks are Twitch's: signed, retried, revoked; its memory and its dice are dependable."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.twitch import QUIET, Callback, Place, callback, double

TESTER = "1000001"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with double() as running:
        yield running


@pytest.fixture
async def to() -> AsyncIterator[Callback]:
    async with callback() as kept:
        yield kept


def online(streamer_id: str = TESTER) -> dict[str, object]:
    return {"type": "stream.online", "event": {"id": "1", "broadcaster_user_id": streamer_id, "type": "live"}}


async def test_a_stream_that_starts_is_told_signed(place: Place, to: Callback) -> None:
    made = await place.subscribe(to, "stream.online", TESTER)

    await place.order("happen", act="start", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 1)

    _, body = to.notifications[0]
    assert body["subscription"]["id"] == made
    assert body["subscription"]["status"] == "enabled"
    assert "secret" not in body["subscription"]["transport"]
    assert body["event"]["broadcaster_user_login"] == "tester_001"
    assert to.forged == 0


async def test_each_kind_of_happening_reaches_its_subscription(place: Place, to: Callback) -> None:
    for event_type, version in (("stream.offline", "1"), ("channel.update", "2"), ("channel.raid", "1")):
        await place.subscribe(to, event_type, TESTER, version)
    await place.order("happen", act="start", user_id=TESTER)

    await place.order("happen", act="update", user_id=TESTER, title="another title")
    await place.order("happen", act="raid", user_id="1000002", target_id=TESTER)
    await place.order("happen", act="end", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 3)

    told = {body["subscription"]["type"]: body["event"] for _, body in to.notifications}
    assert told["channel.update"]["title"] == "another title"
    assert told["channel.raid"]["from_broadcaster_user_id"] == "1000002"
    assert told["stream.offline"]["broadcaster_user_id"] == TESTER


async def test_a_callback_that_does_not_answer_the_challenge_fails(place: Place, to: Callback) -> None:
    to.answers_challenges = False

    made = await place.subscribe(to, "stream.online", TESTER)

    found = await place.twitch.subscription(made)
    assert found is not None
    assert (found.status, found.cost) == ("webhook_callback_verification_failed", 0)


async def test_what_is_refused_comes_again_with_the_same_id(place: Place, to: Callback) -> None:
    await place.subscribe(to, "stream.online", TESTER)
    to.refuse = 2

    sent = await place.order("happen", act="start", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 1)

    assert to.notifications[0][0] == sent["messages"][0]["id"]
    assert to.retries == ["2"]


async def test_failures_in_a_row_revoke_the_subscription(place: Place, to: Callback) -> None:
    made = await place.subscribe(to, "channel.update", TESTER, "2")
    to.refuse = 15  # five notifications, three tries each

    for number in range(5):
        await place.order("happen", act="update", user_id=TESTER, title=str(number))
    await to.until(lambda: bool(to.revocations))

    assert (to.revocations[0]["id"], to.revocations[0]["status"]) == (made, "notification_failures_exceeded")
    assert not to.notifications


async def test_a_subscription_is_revoked_on_order(place: Place, to: Callback) -> None:
    made = await place.subscribe(to, "stream.online", TESTER)

    await place.order("revoke", user_id=TESTER)

    assert [one["id"] for one in to.revocations] == [made]
    await place.order("happen", act="start", user_id=TESTER)
    assert not to.notifications


async def test_events_are_sent_on_order(place: Place, to: Callback) -> None:
    await place.subscribe(to, "stream.online", TESTER)

    once = await place.order("emit", events=[online()])
    twice = await place.order("emit", events=[online()], mode="duplicate")
    forged = await place.order("emit", events=[online()], mode="forged")

    assert [one["status"] for one in once["messages"]] == [204]
    assert [one["id"] for one in twice["messages"]] == [twice["messages"][0]["id"]] * 2
    assert [one["status"] for one in forged["messages"]] == [403]
    assert (len(to.notifications), to.forged) == (3, 1)


@pytest.mark.parametrize(("mode", "minutes"), [("stale", -11), ("future", 20)])
async def test_times_may_be_wrong_on_order(place: Place, to: Callback, mode: str, minutes: int) -> None:
    await place.subscribe(to, "stream.online", TESTER)

    await place.order("emit", events=[online()], mode=mode)

    signed = datetime.fromisoformat(to.timestamps[-1])
    assert abs(signed - datetime.now(UTC) - timedelta(minutes=minutes)) < timedelta(seconds=30)


async def test_a_shuffle_moves_and_loses_nothing(place: Place, to: Callback) -> None:
    await place.subscribe(to, "stream.online", TESTER)
    events = [online() | {"message_id": f"m-{number:03d}"} for number in range(60)]

    await place.order("emit", events=events, shuffle=20, seed=3)

    got = [message_id for message_id, _ in to.notifications]
    assert sorted(got) == [f"m-{number:03d}" for number in range(60)]
    assert got != sorted(got)
    assert all(abs(place - int(name[2:])) <= 20 for place, name in enumerate(got))


async def test_the_worlds_own_events_suffer_the_faults_on_order(place: Place, to: Callback) -> None:
    await place.subscribe(to, "channel.update", TESTER, "2")
    await place.order("faults", duplicate=1, forged=1, reorder=4)

    for number in range(4):
        await place.order("happen", act="update", user_id=TESTER, title=str(number))
    await to.until(lambda: len(to.notifications) == 8 and to.forged == 4)

    assert len({message_id for message_id, _ in to.notifications}) == 4


async def test_silence_loses_events(place: Place, to: Callback) -> None:
    await place.subscribe(to, "stream.online", TESTER)
    await place.order("faults", silence_s=60)

    sent = await place.order("happen", act="start", user_id=TESTER)

    assert sent["messages"] == []
    assert (await place.state())["lost"] == 1


async def test_testers_do_nothing_by_themselves() -> None:
    async with double(QUIET._replace(every_s=0.002)) as place, callback() as to:
        await place.subscribe(to, "stream.online", TESTER)
        await place.subscribe(to, "channel.update", "700001", "2")

        await to.until(lambda: len(to.notifications) >= 3)

    assert {body["event"]["broadcaster_user_id"] for _, body in to.notifications} == {"700001"}


async def test_subscriptions_tokens_and_the_world_outlive_a_restart(tmp_path: Path, to: Callback) -> None:
    options = QUIET._replace(file=tmp_path / "simulator.db")
    async with double(options) as place:
        made = await place.subscribe(to, "stream.offline", TESTER)
        await place.order("happen", act="start", user_id=TESTER)
        token = await place.twitch.app_token()
        before = (await place.state())["live"]

    async with double(options) as place:
        assert (await place.state())["live"] == before
        assert (await place.twitch.oauth.validate(token)).client_id == "test-client"
        await place.order("happen", act="end", user_id=TESTER)
        await to.until(lambda: len(to.notifications) == 1)

    assert to.notifications[0][1]["subscription"]["id"] == made


async def test_orders_need_json(place: Place) -> None:
    async with place.session.post(f"{place.url}/simulator/faults", data='{"outage_s": 5}') as answer:
        assert answer.status == 415


async def test_orders_come_from_this_machine_by_its_own_name(place: Place) -> None:
    headers = {"Host": "rebound.example"}
    async with place.session.post(f"{place.url}/simulator/faults", json={}, headers=headers) as answer:
        assert answer.status == 403


async def test_an_order_that_is_not_understood_says_why(place: Place) -> None:
    async with place.session.post(f"{place.url}/simulator/faults", json={"outrage_s": 5}) as answer:
        assert answer.status == 422
        assert "outrage_s" in await answer.text()


async def test_it_runs_as_a_program_and_says_when_it_is_ready(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gstreamer.simulator", "--port", "0", "--data-dir", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    assert program.stdout is not None
    async with asyncio.timeout(60):
        line = await program.stdout.readline()
        program.terminate()
        assert await program.wait() == 0

    assert line.startswith(b"ready http://127.0.0.1:")


async def test_times_have_nanoseconds(place: Place, to: Callback) -> None:
    made = await place.subscribe(to, "stream.online", TESTER)

    body = next(one for one in (await place.state())["subscriptions"] if one["id"] == made)

    assert len(body["created_at"]) == len("2026-01-02T03:04:05.123456789Z")
    assert abs(datetime.fromisoformat(body["created_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
