"""In Twitch's double a grant sets prices, is told of, and ends what lives by it; orphans stay, sockets do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.helix import Helix, app, person, welcomed
from tests.twitch import QUIET, SECRET, Callback, Place, callback, double

TESTER, OTHER = "1000001", "1000002"
READER = "2000001"
CHAT = ("channel.chat.message", {"broadcaster_user_id": TESTER, "user_id": READER})


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with double() as running:
        yield running


@pytest.fixture
async def to() -> AsyncIterator[Callback]:
    async with callback() as kept:
        yield kept


async def costs(helix: Helix) -> list[int]:
    return [one["cost"] for one in (await helix("GET", "subscriptions"))[1]["data"]]


async def test_a_grant_that_comes_and_goes_changes_what_is_there(place: Place, to: Callback) -> None:
    helix = await app(place)
    where = {"method": "webhook", "callback": to.url, "secret": SECRET}
    await place.subscribe(to, "stream.online", TESTER)
    for what in ("grant", "revoke"):
        await helix.subscribe(f"user.authorization.{what}", {"client_id": "test-client"}, **where)
    async with asyncio.timeout(10):
        while any(one["status"] != "enabled" for one in (await place.state())["subscriptions"]):
            await asyncio.sleep(0.01)
    before = await costs(helix)

    await person(place, "tester_001", "bits:read")
    await to.until(lambda: len(to.notifications) == 1)
    granted = await costs(helix)
    await place.order("disconnect", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 2)

    assert (before[0], granted[0], (await costs(helix))[0]) == (1, 0, 1)
    told = [(body["subscription"]["type"], body["event"]["user_login"]) for _, body in to.notifications]
    assert told == [("user.authorization.grant", "tester_001"), ("user.authorization.revoke", "tester_001")]


async def test_nobody_moderates_the_channel_of_somebody_else(place: Place, to: Callback) -> None:
    helix = await app(place)
    for login in ("tester_001", "tester_002"):
        await person(place, login, "moderator:read:followers")
    where: dict[str, Any] = {"method": "webhook", "callback": to.url, "secret": SECRET}

    async def follow(moderator: str) -> int:
        condition = {"broadcaster_user_id": TESTER, "moderator_user_id": moderator}
        body = {"type": "channel.follow", "version": "2", "condition": condition, "transport": where}
        return (await helix("POST", "subscriptions", body))[0]

    assert (await follow(OTHER), await follow(TESTER)) == (403, 202)


async def test_an_orphan_is_counted_but_not_listed(place: Place, to: Callback) -> None:
    helix = await app(place)
    made = await place.subscribe(to, "stream.online", TESTER)

    await place.order("leak", subscription_id=made, hidden=True)
    await place.order("happen", act="start", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 2)

    _, listed = await helix("GET", "subscriptions")
    assert [one["id"] for one in listed["data"]] == [made]
    assert listed["total_cost"] == 2


async def test_a_session_carries_the_subscriptions_of_one_person_and_only_they_see_them(place: Place) -> None:
    mine = await person(place, "viewer_0001", "user:read:chat")
    others = await person(place, "viewer_0002", "user:read:chat")
    socket, session = await welcomed(place)
    online = {"broadcaster_user_id": TESTER}

    status, body = await mine.subscribe("stream.online", online, method="websocket", session_id=session)
    refused, _ = await others.subscribe("stream.offline", online, method="websocket", session_id=session)

    assert (status, refused) == (202, 400)
    assert set(body["data"][0]["transport"]) == {"method", "session_id", "connected_at"}
    assert (await mine("GET", "subscriptions"))[1]["total_cost"] == 1
    assert (await others("GET", "subscriptions"))[1] == {
        "data": [],
        "total": 0,
        "total_cost": 0,
        "max_total_cost": 10,
        "pagination": {},
    }
    await socket.close()


async def test_what_came_over_sockets_has_ended_after_a_restart(tmp_path: Path) -> None:
    options = QUIET._replace(file=tmp_path / "simulator.db")
    async with double(options) as place:
        reader = await person(place, "viewer_0001", "user:read:chat")
        socket, session = await welcomed(place)
        await reader.subscribe(*CHAT, method="websocket", session_id=session)
        await place.order("leak", subscription_id=(await place.state())["subscriptions"][0]["id"])
        await socket.close()

    async with double(options) as place:
        found = (await place.state())["subscriptions"]

    assert len(found) == 2
    assert all(one["status"].startswith("websocket_") for one in found)
    assert all(one["transport"]["disconnected_at"] for one in found)


async def get(place: Place, helix: Helix, path: str) -> tuple[int, dict[str, Any]]:
    async with place.session.get(f"{place.url}/helix/{path}", headers=helix.headers) as answer:
        return answer.status, await answer.json()


async def test_small_questions_have_their_answers(place: Place) -> None:
    helix, nora = await app(place), await person(place, "noranightowl", "user:read:emotes")

    _, grants = await get(place, helix, f"authorization/users?user_id=710001&user_id={TESTER}")
    _, colours = await get(place, helix, f"chat/color?user_id={TESTER}")
    _, settings = await get(place, helix, f"chat/settings?broadcaster_id={TESTER}")
    _, emotes = await get(place, nora, "chat/emotes/user?user_id=710001")
    _, of_set = await get(place, helix, "chat/emotes/set?emote_set_id=0")

    assert [(one["user_login"], one["scopes"]) for one in grants["data"]] == [("noranightowl", ["user:read:emotes"])]
    assert colours["data"][0]["user_id"] == TESTER
    assert settings["data"][0]["slow_mode"] is False
    assert "Kappa" in {one["name"] for one in emotes["data"]}
    assert of_set["data"] == emotes["data"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("authorization/users", 400),
        ("chat/color", 400),
        ("chat/settings?broadcaster_id=5", 400),
        ("chat/emotes/set", 400),
        ("chat/emotes/user?user_id=710001", 401),
    ],
)
async def test_small_questions_can_be_wrong(place: Place, path: str, status: int) -> None:
    assert (await get(place, await app(place), path))[0] == status


async def send(place: Place, helix: Helix, sender: str, **more: Any) -> int:
    body = {"broadcaster_id": TESTER, "sender_id": sender, "message": "hello", **more}
    async with place.session.post(f"{place.url}/helix/chat/messages", json=body, headers=helix.headers) as answer:
        return answer.status


async def test_the_application_writes_for_whoever_let_it_in_where_it_was_let_in(place: Place) -> None:
    helix = await app(place)
    found = [await send(place, helix, READER)]
    await person(place, "viewer_0001", "user:write:chat", "user:bot")
    found.append(await send(place, helix, READER))
    await person(place, "tester_001", "channel:bot")
    found.append(await send(place, helix, READER, for_source_only=True))

    assert found == [401, 403, 200]


async def test_a_person_writes_for_themselves_to_all_who_read(place: Place) -> None:
    reader = await person(place, "viewer_0001", "user:write:chat")

    assert await send(place, reader, READER) == 200
    assert await send(place, reader, OTHER) == 401
    assert await send(place, reader, READER, for_source_only=True) == 400


async def test_what_subscriptions_may_cost_can_be_ordered(place: Place, to: Callback) -> None:
    helix = await app(place)
    await place.subscribe(to, "stream.online", TESTER)
    where = {"method": "webhook", "callback": to.url, "secret": SECRET}

    await place.order("budget", max_total_cost=1)
    full, body = await helix.subscribe("stream.offline", {"broadcaster_user_id": TESTER}, **where)
    await place.order("budget", max_total_cost=2)
    roomy, _ = await helix.subscribe("stream.offline", {"broadcaster_user_id": TESTER}, **where)

    assert (full, "total cost" in body["message"], roomy) == (429, True, 202)
