"""Past events come page by page both ways, cut for who asks, and a wrong question is told what to do."""

from __future__ import annotations

import datetime as dt

import pytest

from gstreamer.core.events import Role
from gstreamer.core.stored import Batch, Log, Row
from gstreamer.store import partitions
from gstreamer.store.events import EventStore
from gstreamer.store.shard import Shard
from tests.api import Install

STREAMER = "2000001"
"""Whose own sign-in is viewer_0001."""
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


def row(off: int, event_type: str = "channel.update", audience: Role = Role.VIEWER) -> Row:
    event = f'{{"position": "E:{off}", "type": "{event_type}"}}'.encode()
    at = NOW + dt.timedelta(seconds=off)
    return Row(STREAMER, at, "E", off, f"m{off}", event_type, event, None, audience, audience)


@pytest.fixture
async def stored(api: Install) -> Install:
    shard: Shard = api.parts.history._shard
    store = EventStore(shard)
    await store.take_over()
    rows = [row(off, "channel.raid" if off % 3 == 0 else "channel.update") for off in range(9)]
    rows.append(row(9, "channel.ban", Role.MODERATOR))
    log = Log("E", 0, 10, rows[-1].time)
    await store.write(Batch(rows, {STREAMER: log}, rows[:1]), await partitions.ensure(shard, "month", NOW))
    return api


async def page(api: Install, query: str, login: str = "viewer_0002") -> tuple[list[int], str | None]:
    browser = await api.signed_in(login)
    answer = await browser.get(f"/api/streamers/{STREAMER}/events?{query}")
    assert answer.status == 200, answer.text
    body = answer.json()
    return [int(event["position"].removeprefix("E:")) for event in body["events"]], body["next"]


async def test_the_newest_come_first_and_next_goes_on(stored: Install) -> None:
    assert await page(stored, "limit=4") == ([8, 7, 6, 5], "E:5")
    assert await page(stored, "limit=4&before=E:5") == ([4, 3, 2, 1], "E:1")
    assert await page(stored, "limit=4&before=E:1") == ([0], None)


async def test_after_goes_forward(stored: Install) -> None:
    assert await page(stored, "limit=4&after=E:-1") == ([0, 1, 2, 3], "E:3")
    assert await page(stored, "after=E:6") == ([7, 8], None)


async def test_types_are_chosen(stored: Install) -> None:
    assert await page(stored, "type=channel.raid") == ([6, 3, 0], None)
    assert await page(stored, "type=stream.online&type=channel.*") == ([8, 7, 6, 5, 4, 3, 2, 1, 0], None)


async def test_the_broadcaster_sees_what_is_for_moderators(stored: Install) -> None:
    assert await page(stored, "limit=1", "viewer_0001") == ([9], "E:9")
    assert await page(stored, "limit=1") == ([8], "E:8")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 422),
        ("limit=-1", 422),
        ("limit=1000000000", 422),
        ("before=E:1&after=E:0", 422),
        ("before=garbage", 422),
        ("before=F:1", 422),
        ("after=E:99999999999999999999", 422),
        (f"type={'x' * 101}", 422),
    ],
)
async def test_a_wrong_question_is_a_problem(stored: Install, query: str, status: int) -> None:
    browser = await stored.signed_in()

    answer = await browser.get(f"/api/streamers/{STREAMER}/events?{query}")

    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json")


async def test_a_future_position_and_a_streamer_without_events_are_empty_ends(stored: Install) -> None:
    assert await page(stored, "after=E:5000") == ([], None)
    browser = await stored.signed_in()
    assert (await browser.get("/api/streamers/1000001/events")).json() == {"events": [], "next": None}
    assert (await browser.get("/api/streamers/nobody/events")).status == 404


async def test_history_needs_a_session(stored: Install) -> None:
    assert (await stored.browser().get(f"/api/streamers/{STREAMER}/events")).status == 401
