"""A message goes to a chat once, whatever is repeated, and its writer is told what became of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gstreamer.core.errors import UnavailableError
from tests.api import Install, install
from tests.asgi import Answer, Browser

CHAT = "/api/streamers/700001/chat"
HELIX = "/helix/chat/messages"


async def writer(api: Install, login: str = "viewer_0001") -> Browser:
    return await api.signed_in(login, "scope=chat")


async def say(browser: Browser, text: str = "hello", key: str = "", path: str = CHAT, **more: Any) -> Answer:
    headers = {"idempotency-key": key} if key else {}
    return await browser.send("POST", path, {"text": text, **more}, **headers)


async def posted(api: Install, user_id: str = "2000001") -> int:
    """How many messages came to Twitch."""
    return (await api.place.calls()).get((f"chat:{user_id}", HELIX), (0, 0))[0]


async def test_a_message_is_taken(api: Install) -> None:
    answer = await say(await writer(api), reply_to="another")

    assert answer.status == 202
    assert answer.json()["message_id"]
    assert await posted(api) == 1


async def test_the_same_key_sends_once_and_answers_the_same(api: Install) -> None:
    browser = await writer(api)

    first = await say(browser, key="k1")
    api.clock.pass_s(2)
    again = await say(browser, key="k1")

    assert (again.status, again.json()) == (202, first.json())
    assert await posted(api) == 1


async def test_repeats_at_once_over_two_replicas_send_once(api: Install, accounts_dsn: str, tmp_path: Path) -> None:
    browser = await writer(api)
    async with install(accounts_dsn, api.place, tmp_path) as other:
        elsewhere = other.browser()
        elsewhere.cookies.update(browser.cookies)

        answers = await asyncio.gather(*(say((browser, elsewhere)[n % 2], key="k1") for n in range(6)))

    assert await posted(api) == 1
    taken = [answer for answer in answers if answer.status == 202]
    assert len(taken) >= 1
    assert all(answer.status in (202, 409) for answer in answers)
    assert (await say(browser, key="k1")).json() == taken[0].json()


async def test_a_key_is_for_one_message(api: Install) -> None:
    browser = await writer(api)
    await say(browser, key="k1")

    for answer in (await say(browser, "other", "k1"), await say(browser, key="k1", reply_to="another")):
        assert answer.status == 422
        assert answer.json()["detail"].startswith("this Idempotency-Key was used for another message")
    assert await posted(api) == 1


async def test_a_key_of_another_person_is_another_key(api: Install) -> None:
    one, other = await writer(api), await writer(api, "viewer_0002")

    ids = {(await say(browser, key="k1")).json()["message_id"] for browser in (one, other)}

    assert len(ids) == 2


async def test_without_the_scope_it_is_refused_with_what_to_ask_for(api: Install) -> None:
    answer = await say(await api.signed_in())

    assert answer.status == 403
    assert (answer.json()["type"], answer.json()["scope"]) == ("urn:gstreamer:problem:missing-scope", "chat")
    assert await posted(api) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "the message is empty"), (" \t", "the message is empty"), ("x" * 501, "the message has 501 characters")],
)
async def test_what_is_no_message_is_refused(api: Install, text: str, words: str) -> None:
    answer = await say(await writer(api), text)

    assert answer.status == 422
    assert answer.json()["detail"].startswith(words)
    assert await posted(api) == 0


async def test_500_characters_of_any_kind_are_a_message(api: Install) -> None:
    assert (await say(await writer(api), "😀" * 500)).status == 202


@pytest.mark.parametrize("key", ["two words", "ä", "x" * 201])
async def test_a_key_is_plain_text(api: Install, key: str) -> None:
    assert (await say(await writer(api), key=key)).status == 422


async def test_an_unknown_streamer_is_refused(api: Install) -> None:
    browser = await writer(api)

    assert (await say(browser, path="/api/streamers/999/chat")).status == 422
    assert (await say(browser, path="/api/streamers/nobody/chat")).status == 404
    for what in ("emotes", "badges"):
        assert (await browser.get(f"/api/streamers/999/{what}")).status == 404
        assert (await browser.get(f"/api/streamers/nobody/{what}")).status == 404


async def test_a_message_that_twitch_drops_is_told_with_its_reason_each_time(api: Install) -> None:
    browser = await writer(api)
    await api.place.order("faults", drop_chat="automod_held")

    for _ in range(2):
        answer = await say(browser, key="k1")
        assert answer.status == 409
        assert answer.json()["code"] == "automod_held"
        assert "Your message is held back (automod_held)" in answer.json()["detail"]
    assert await posted(api) == 1


async def test_who_may_not_write_there_is_told_so_and_may_try_again(api: Install) -> None:
    browser = await writer(api)
    await api.place.order("faults", forbid_chat=True)

    answer = await say(browser, key="k1")
    await api.place.order("faults")
    api.clock.pass_s(1)

    assert answer.status == 403
    assert "twitch does not let you write to this chat" in answer.json()["detail"]
    assert (await say(browser, key="k1")).status == 202


async def test_an_answer_that_is_lost_is_unknown_for_good_and_nothing_is_sent_again(api: Install) -> None:
    browser = await writer(api)
    await api.place.order("faults", mute_chat=True)
    first = await say(browser, key="k1")
    await api.place.order("faults")
    api.clock.pass_s(60)

    again = await say(browser, key="k1")

    for answer in (first, again):
        assert answer.status == 409
        assert answer.json()["code"] == "outcome_unknown"
    assert await posted(api) == 1


async def test_a_5xx_is_unknown_too(api: Install) -> None:
    browser = await writer(api)
    await api.place.order("faults", outage_s=60)

    assert (await say(browser, key="k1")).json()["code"] == "outcome_unknown"
    assert (await api.place.calls())[("outage", HELIX)] == (1, 0)


async def test_what_was_certainly_not_sent_may_be_sent_again(api: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await writer(api)

    async def away(*args: object) -> str:
        raise UnavailableError("postgres does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(api.parts.keeper, "use", away)
        answer = await say(browser, key="k1")
    api.clock.pass_s(1)

    assert answer.status == 503
    assert (await say(browser, key="k1")).status == 202
    assert await posted(api) == 1


async def test_an_ended_access_token_is_refreshed_and_the_message_sent_once(api: Install) -> None:
    browser = await writer(api)
    await api.parts.keeper.use("2000001", api.parts.sign_in.revoke)

    assert (await say(browser)).status == 202
    assert await posted(api) == 1


async def test_one_message_a_second_goes_to_one_chat(api: Install) -> None:
    browser = await writer(api)
    await say(browser)

    answer = await say(browser)

    assert answer.status == 429
    assert answer.header("retry-after") == "1"
    assert (await say(browser, path="/api/streamers/700002/chat")).status == 202
    api.clock.pass_s(1)
    assert (await say(browser)).status == 202


async def test_twenty_messages_go_in_half_a_minute(api: Install) -> None:
    browser = await writer(api)
    for _ in range(20):
        assert (await say(browser)).status == 202
        api.clock.pass_s(1)

    answer = await say(browser)

    assert answer.status == 429
    assert answer.header("retry-after") == "10"
    api.clock.pass_s(10)
    assert (await say(browser)).status == 202


async def test_twitchs_own_limit_is_told_and_not_waited_for(api: Install) -> None:
    browser = await writer(api)
    await api.place.order("rates", chat=1)
    await say(browser, key="k1")
    api.clock.pass_s(1)

    answer = await say(browser, key="k2")

    assert answer.status == 429
    assert int(answer.header("retry-after") or 0) >= 1
    assert (await api.place.calls())[("chat:2000001", HELIX)] == (1, 0)


async def test_a_message_needs_a_session(api: Install) -> None:
    assert (await say(api.browser())).status == 401


async def test_old_keys_are_forgotten(api: Install) -> None:
    browser = await writer(api)
    first = await say(browser, key="k1")

    await api.parts.sending.forget(api.clock())
    api.clock.pass_s(1)
    await api.parts.sending.forget(api.clock())

    assert (await say(browser, key="k1")).json() != first.json()


# Emotes and badges


async def test_emotes_are_the_streamers_and_everybodys(api: Install) -> None:
    found = (await (await api.signed_in()).get("/api/streamers/700001/emotes")).json()

    assert "{{id}}" in found["template"]
    assert [one["name"] for one in found["emotes"]][:2] == [found["emotes"][0]["name"], "Kappa"]
    assert set(found["emotes"][0]) == {"id", "name", "formats", "scales", "themes"}


async def test_the_streamers_badges_stand_in_place_of_everybodys(api: Install) -> None:
    found = (await (await api.signed_in()).get("/api/streamers/700001/badges")).json()["badges"]

    titles = {(one["set_id"], one["id"]): one["title"] for one in found}
    assert titles[("subscriber", "0")] == "Friend of the house"
    assert titles[("moderator", "1")] == "Moderator"
    assert set(found[0]) == {"set_id", "id", "title", "url_1x", "url_2x", "url_4x"}


async def test_many_who_look_cause_two_calls_and_an_outage_is_not_noticed(api: Install) -> None:
    browser = await api.signed_in()
    await asyncio.gather(*(browser.get("/api/streamers/700001/emotes") for _ in range(20)))
    calls = await api.place.calls()
    assert calls[("app", "/helix/chat/emotes")] == calls[("app", "/helix/chat/emotes/global")] == (1, 0)
    await api.place.order("faults", outage_s=60)
    api.clock.pass_s(4_000)

    assert (await browser.get("/api/streamers/700001/emotes")).status == 200
    assert (await browser.get("/api/streamers/700002/emotes")).status == 503


async def test_pictures_need_a_session(api: Install) -> None:
    for what in ("emotes", "badges"):
        assert (await api.browser().get(f"/api/streamers/700001/{what}")).status == 401
