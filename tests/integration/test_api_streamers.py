"""Streamers are shown as their logs tell, else as Twitch does; favourites are a person's own."""

from __future__ import annotations

import asyncio

import pytest

from gstreamer.core.fold import UNKNOWN, StreamerState
from tests.api import Install
from tests.asgi import Browser

TESTER, OTHER, THIRD = "1000001", "1000002", "1000003"
ALICE = "viewer_0001"


async def favourites(browser: Browser) -> list[str]:
    return [one["id"] for one in (await browser.get("/api/favourites")).json()["favourites"]]


async def test_a_streamer_nobody_runs_is_as_twitch_tells(api: Install) -> None:
    browser = await api.signed_in()
    await api.place.order("happen", act="start", user_id=TESTER)

    shown = (await browser.get(f"/api/streamers/{TESTER}")).json()

    assert set(shown) == {
        "id", "login", "display_name", "avatar_url", "live", "started_at", "title", "category", "viewers", "chat",
        "position", "delivery",
    }  # fmt: skip
    assert (shown["id"], shown["login"], shown["live"], shown["position"]) == (TESTER, "tester_001", True, None)
    assert shown["started_at"].endswith("Z") and isinstance(shown["viewers"], int)
    assert shown["chat"]["mode"] == "embed" and shown["chat"]["reason"]


async def test_a_streamer_that_is_polled_says_so_wherever_it_is_shown(api: Install) -> None:
    browser = await api.signed_in()
    await browser.send("PUT", f"/api/favourites/{TESTER}")
    paths = (f"/api/streamers/{TESTER}", "/api/favourites", "/api/streamers?query=tester_001")
    answers = [await browser.get(path) for path in paths]
    assert all('"delivery":"events"' in answer.text for answer in answers)

    api.polled.streamers = frozenset({TESTER})

    answers = [await browser.get(path) for path in paths]
    assert all('"delivery":"polled"' in answer.text for answer in answers)


async def test_what_its_log_tells_comes_first_with_its_position(api: Install) -> None:
    browser = await api.signed_in()
    api.logs.known[TESTER] = StreamerState(True, "2026-11-24T19:00:00Z", "logged", None, 5, "epoch123:41")

    shown = (await browser.get(f"/api/streamers/{TESTER}")).json()

    assert (shown["live"], shown["title"], shown["viewers"]) == (True, "logged", 5)
    assert (shown["started_at"], shown["position"]) == ("2026-11-24T19:00:00Z", "epoch123:41")
    assert isinstance(shown["category"], str)


@pytest.mark.parametrize("streamer_id", ["99999999999999999999", "abc", "-1", "1%2F2", "x" * 500, "1000001.5"])
async def test_an_unknown_streamer_is_not_found(api: Install, streamer_id: str) -> None:
    browser = await api.signed_in()

    answer = await browser.get(f"/api/streamers/{streamer_id}")

    assert (answer.status, answer.header("content-type")) == (404, "application/problem+json")


async def test_search_finds_by_the_beginning_of_the_name_with_live_state(api: Install) -> None:
    browser = await api.signed_in()
    await api.place.order("happen", act="start", user_id=TESTER)
    api.logs.known[OTHER] = UNKNOWN._replace(live=True, title="logged", position="epoch123:1")

    found = (await browser.get("/api/streamers?query=tester_00")).json()["streamers"]

    by_id = {one["id"]: one for one in found}
    assert by_id[TESTER]["live"] is True
    assert (by_id[OTHER]["live"], by_id[OTHER]["title"]) == (True, "logged")
    assert by_id[THIRD]["live"] is False
    assert all(one["login"].startswith("tester_00") for one in found)


async def test_a_login_is_looked_up_exactly(api: Install) -> None:
    browser = await api.signed_in()

    found = (await browser.get("/api/streamers?login=TESTER_001")).json()["streamers"]

    assert [one["id"] for one in found] == [TESTER]


@pytest.mark.parametrize("login", ["tester_00", "no%20login", "", "%00", "a" * 100])
async def test_a_login_that_nobody_has_is_an_empty_list(api: Install, login: str) -> None:
    browser = await api.signed_in()

    answer = await browser.get(f"/api/streamers?login={login}")

    assert (answer.status, answer.json()) == (200, {"streamers": []})


@pytest.mark.parametrize("query", ["", "?query=", "?query=%20", "?query=a&login=b", "?query=" + "a" * 101])
async def test_a_search_for_nothing_or_too_much_is_refused(api: Install, query: str) -> None:
    browser = await api.signed_in()

    answer = await browser.get(f"/api/streamers{query}")

    assert (answer.status, answer.header("content-type")) == (422, "application/problem+json")
    assert answer.json()["detail"]


async def test_while_twitch_is_away_a_search_says_so(api: Install) -> None:
    browser = await api.signed_in()
    await api.place.order("faults", outage_s=60)

    answer = await browser.get("/api/streamers?query=tester")

    assert (answer.status, answer.header("retry-after")) == (503, "2")


async def test_a_streamer_whose_log_speaks_is_shown_while_twitch_is_away(api: Install) -> None:
    browser = await api.signed_in()
    await browser.get(f"/api/streamers/{TESTER}")
    api.clock.pass_s(60)
    await api.place.order("faults", outage_s=60)
    silent = await browser.get(f"/api/streamers/{TESTER}")
    api.logs.known[TESTER] = UNKNOWN._replace(live=True, position="epoch123:1")

    spoken = await browser.get(f"/api/streamers/{TESTER}")

    assert (silent.status, spoken.status, spoken.json()["live"]) == (503, 200, True)


async def test_a_favourite_is_kept_in_order_and_told_once(api: Install) -> None:
    browser = await api.signed_in()

    for one in (OTHER, TESTER, OTHER):
        assert (await browser.send("PUT", f"/api/favourites/{one}")).status == 204

    assert await favourites(browser) == [OTHER, TESTER]
    assert api.subscriptions.told == 2


async def test_a_favourite_is_shown_with_its_live_state_and_position(api: Install) -> None:
    browser = await api.signed_in()
    await browser.send("PUT", f"/api/favourites/{TESTER}")
    api.logs.known[TESTER] = UNKNOWN._replace(live=True, viewers=3, position="epoch123:9")

    shown = (await browser.get("/api/favourites")).json()["favourites"][0]

    assert (shown["login"], shown["live"], shown["viewers"], shown["position"]) == (
        "tester_001",
        True,
        3,
        "epoch123:9",
    )
    assert shown["added_at"] == "2026-11-24T20:00:00.000Z"


@pytest.mark.parametrize("streamer_id", ["99999999999999999999", "abc", "import"])
async def test_an_unknown_streamer_is_no_favourite(api: Install, streamer_id: str) -> None:
    browser = await api.signed_in()

    assert (await browser.send("PUT", f"/api/favourites/{streamer_id}")).status == 404
    assert (await browser.send("DELETE", f"/api/favourites/{streamer_id}")).status == 204
    assert (await favourites(browser), api.subscriptions.told) == ([], 0)


async def test_a_favourite_is_removed_and_removed_again(api: Install) -> None:
    browser = await api.signed_in()
    await browser.send("PUT", f"/api/favourites/{TESTER}")

    removed = [(await browser.send("DELETE", f"/api/favourites/{TESTER}")).status for _ in range(2)]

    assert (removed, await favourites(browser), api.subscriptions.told) == ([204, 204], [], 2)


async def test_one_favourite_too_many_is_refused(api: Install) -> None:
    browser = await api.signed_in()
    for number in range(5):
        await browser.send("PUT", f"/api/favourites/{1_000_000 + number}")

    answer = await browser.send("PUT", "/api/favourites/1000005")

    assert (answer.status, answer.json()["detail"]) == (409, "at most 5 favourites; remove some first")
    assert (await browser.send("PUT", "/api/favourites/1000000")).status == 204


async def test_the_same_favourite_in_two_tabs_is_one(api: Install) -> None:
    browser = await api.signed_in()

    answers = await asyncio.gather(*(browser.send("PUT", f"/api/favourites/{TESTER}") for _ in range(5)))

    assert {answer.status for answer in answers} == {204}
    assert await favourites(browser) == [TESTER]


async def test_a_favourite_counts_though_the_subscriptions_actor_is_away(api: Install) -> None:
    browser = await api.signed_in()
    api.subscriptions.away = True

    answer = await browser.send("PUT", f"/api/favourites/{TESTER}")

    assert (answer.status, await favourites(browser)) == (204, [TESTER])
    assert await api.parts.favourites.favoured() == {TESTER}


async def test_favourites_are_ordered(api: Install) -> None:
    browser = await api.signed_in()
    for one in (TESTER, OTHER, THIRD):
        await browser.send("PUT", f"/api/favourites/{one}")

    answer = await browser.send("PUT", "/api/favourites", {"order": [THIRD, TESTER]})

    assert (answer.status, await favourites(browser)) == (204, [THIRD, TESTER, OTHER])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"order": [OTHER]}, 409),
        ({"order": [TESTER, TESTER]}, 422),
        ({"order": ["x" * 21]}, 422),
        ({"order": ["1"] * 1_001}, 422),
        ({"order": "1"}, 422),
        ({"order": [1]}, 422),
        ({"order": None}, 422),
        ({"order": [TESTER], "more": 1}, 422),
        ({}, 422),
        ([], 422),
        (None, 422),
    ],
)
async def test_an_order_that_makes_no_sense_changes_nothing(api: Install, body: object, status: int) -> None:
    browser = await api.signed_in()
    await browser.send("PUT", f"/api/favourites/{TESTER}")

    answer = await browser.send("PUT", "/api/favourites", body)

    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json")
    assert await favourites(browser) == [TESTER]


async def test_favourites_are_shown_as_they_were_known_while_twitch_is_away(api: Install) -> None:
    browser = await api.signed_in()
    await browser.send("PUT", f"/api/favourites/{TESTER}")
    await api.place.order("faults", outage_s=60)
    api.clock.pass_s(3_000)

    shown = (await browser.get("/api/favourites")).json()["favourites"]

    assert [(one["login"], one["live"], one["position"]) for one in shown] == [("tester_001", False, None)]


async def test_each_person_has_favourites_of_their_own(api: Install) -> None:
    mine, theirs = await api.signed_in("viewer_0001"), await api.signed_in("viewer_0002")

    await mine.send("PUT", f"/api/favourites/{TESTER}")

    assert (await favourites(mine), await favourites(theirs)) == ([TESTER], [])


async def test_followed_channels_are_imported_as_far_as_there_is_room(api: Install) -> None:
    browser = await api.signed_in(query="scope=follows")
    await browser.send("PUT", f"/api/favourites/{TESTER}")

    answer = (await browser.send("POST", "/api/favourites/import")).json()

    assert answer["added"] == len(answer["favourites"]) - 1
    assert 0 < answer["added"] <= 4
    assert answer["favourites"][0]["id"] == TESTER
    assert all(one["avatar_url"] for one in answer["favourites"])
    again = (await browser.send("POST", "/api/favourites/import")).json()
    assert (again["added"], again["favourites"]) == (0, answer["favourites"])


async def test_an_import_without_the_scope_names_it(api: Install) -> None:
    browser = await api.signed_in()

    answer = await browser.send("POST", "/api/favourites/import")

    assert (answer.status, answer.json()["scope"]) == (403, "follows")
    assert "user:read:follows" in answer.json()["detail"]
    assert answer.json()["type"] == "urn:gstreamer:problem:missing-scope"


async def test_preferences_are_the_page_s_own_object(api: Install) -> None:
    browser = await api.signed_in()
    assert (await browser.get("/api/me/preferences")).json() == {}

    put = await browser.send("PUT", "/api/me/preferences", {"theme": "dark", "seen": {TESTER: "e:1"}})

    assert put.json() == (await browser.get("/api/me/preferences")).json()
    assert put.json() == {"theme": "dark", "seen": {TESTER: "e:1"}}


@pytest.mark.parametrize(
    ("body", "status"), [([], 422), ("x", 422), (None, 422), ({"a": "\x00"}, 422), ({"a": "x" * 16_384}, 413)]
)
async def test_preferences_that_cannot_be_kept_are_refused(api: Install, body: object, status: int) -> None:
    browser = await api.signed_in()

    answer = await browser.send("PUT", "/api/me/preferences", body)

    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json")
    assert (await browser.get("/api/me/preferences")).json() == {}
