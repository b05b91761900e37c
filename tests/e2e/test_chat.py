"""Chat beside the stream: Twitch's frame with the reason, or read and written here, each word once."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.e2e import steps

ID, NAME = "1000014", "tester_014"
QUIET = "tester_015"
"""Somebody whose chat nobody reads."""
PICTURE = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")


async def open_chat(page: Page, url: str, login: str, name: str = NAME) -> str:
    """A signed-in viewer on the tester's page; gives the double's origin."""
    double = await steps.sign_in_as(page, url, login)
    await page.goto(f"{url}/s/{name}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(name, timeout=steps.PATIENCE_MS)
    return double


async def read_chat(page: Page, url: str, login: str, streamer_id: str = ID, name: str = NAME) -> str:
    """A viewer who has let gstreamer read and write chats, on the tester's page, when the chat is being read."""
    double = await open_chat(page, url, login, name)
    # Where somebody else's grant reads it already, the way to write is offered.
    await page.get_by_role("link", name=re.compile(r"^(Read chat here|Write in chat)$")).click()
    await steps.grant_as(page, login)
    await expect(box(page, name)).to_be_visible(timeout=steps.PATIENCE_MS)
    await steps.connected(page)
    await steps.told(page, double, "channel.chat.message", streamer_id)
    return double


def box(page: Page, name: str = NAME) -> Locator:
    """Where a message is written."""
    return page.get_by_role("textbox", name=f"Message to {name}’s chat")


def log(page: Page, name: str = NAME) -> Locator:
    """What has been said."""
    return page.get_by_role("log", name=f"Chat of {name}")


async def in_chat(page: Page, double: str, act: str, **more: object) -> Any:
    """Let something happen in the tester's chat."""
    order = {"act": act, "broadcaster_id": ID, **more}
    answer = await page.request.post(f"{double}/simulator/chat", data=order)
    assert answer.ok, await answer.text()
    return await answer.json()


async def test_without_leave_to_read_it_twitch_shows_it_and_the_reason_is_said(page: Page, url: str) -> None:
    await open_chat(page, url, "viewer_0140", QUIET)

    chat = page.get_by_role("region", name=f"Chat of {QUIET}")
    await expect(chat.get_by_role("img", name="Stand-in for Twitch’s chat")).to_be_visible(timeout=steps.PATIENCE_MS)
    shape = (await (await page.request.get(f"{url}/api/streamers?login={QUIET}")).json())["streamers"][0]["chat"]
    assert shape["mode"] == "embed"
    await expect(chat.get_by_text(shape["reason"], exact=False)).to_be_visible()
    offer = chat.get_by_role("link", name="Read chat here")
    await expect(offer).to_have_attribute("href", re.compile(rf"scope=chat&next=%2Fs%2F{QUIET}$"))
    assert await steps.violations(page) == []


@pytest.mark.parametrize("size", [(390, 844)])
async def test_a_phone_shows_chat_in_place_of_the_events(page: Page, url: str, size: tuple[int, int]) -> None:
    await open_chat(page, url, "viewer_0141", QUIET)
    await expect(page.get_by_role("region", name="Events")).to_be_visible()

    await page.get_by_role("button", name="Chat", exact=True).click()

    await expect(page.get_by_role("region", name=f"Chat of {QUIET}")).to_be_visible(timeout=steps.PATIENCE_MS)
    await expect(page.get_by_role("region", name="Events")).to_have_count(0)
    assert await steps.wider_than_its_window(page) == []


async def test_what_is_written_is_shown_once_to_all_and_what_is_removed_to_nobody(
    page: Page, browser: Browser, url: str
) -> None:
    double = await read_chat(page, url, "viewer_0142")
    # Nobody else's grant is needed to read along.
    other = await (await browser.new_context()).new_page()
    await open_chat(other, url, "viewer_0143")
    await expect(other.get_by_role("link", name="Write in chat")).to_be_visible(timeout=steps.PATIENCE_MS)
    await steps.connected(other)

    await page.keyboard.press("c")
    await expect(box(page)).to_be_focused()
    await page.keyboard.type("a word of mine")
    await page.keyboard.press("Enter")

    for each in (page, other):
        await expect(log(each).get_by_text("a word of mine")).to_have_count(1, timeout=steps.PATIENCE_MS)
    await expect(page.locator("[data-outgoing]")).to_have_count(0)
    await expect(box(page)).to_have_value("")
    row = log(page).locator("[data-message]").filter(has_text="a word of mine")
    message_id = await row.get_attribute("data-message")

    await in_chat(page, double, "delete", message_id=message_id)

    for each in (page, other):
        await expect(log(each).get_by_text("a word of mine")).to_have_count(0, timeout=steps.PATIENCE_MS)
        await expect(log(each).locator("[data-removed]")).to_have_count(1)
        await expect(log(each).get_by_text("message removed")).to_be_visible()
    assert await steps.violations(page) == []


async def test_a_message_that_twitch_drops_says_why_and_its_words_come_back(page: Page, url: str) -> None:
    double = await read_chat(page, url, "viewer_0147")
    faults = f"{double}/simulator/faults"
    await page.request.post(faults, data={"drop_chat": "held for a moderator of this channel"})
    try:
        await box(page).fill("a daring word")
        await box(page).press("Enter")

        failed = page.locator("[data-outgoing=failed]")
        await expect(failed).to_contain_text("held for a moderator of this channel", timeout=steps.PATIENCE_MS)
    finally:
        await page.request.post(faults, data={})
    await expect(box(page)).to_have_value("a daring word")
    await expect(log(page).get_by_text("a daring word")).to_have_count(0)

    # The same words go at another try.
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled(timeout=steps.PATIENCE_MS)
    await box(page).press("Enter")

    await expect(log(page).get_by_text("a daring word")).to_have_count(1, timeout=steps.PATIENCE_MS)
    await expect(failed).to_have_count(0)


async def test_who_writes_too_fast_is_told_how_long_to_wait(page: Page, url: str) -> None:
    await read_chat(page, url, "viewer_0144")
    # Elsewhere, so that the page itself knows nothing of it: Twitch takes twenty messages in half a minute.
    for number in range(20):
        sent = await page.request.post(
            f"{url}/api/streamers/{1000100 + number}/chat",
            data={"text": "quickly"},
            headers={"Origin": url, "Idempotency-Key": str(uuid.uuid4())},
        )
        assert sent.status == 202, await sent.text()

    await box(page).fill("one more")
    await box(page).press("Enter")

    await expect(page.locator("[data-outgoing=failed]")).to_be_visible(timeout=steps.PATIENCE_MS)
    await expect(page.get_by_role("button", name=re.compile(r"^Wait \d+ s$"))).to_be_disabled()
    await expect(box(page)).to_have_value("one more")
    send = page.get_by_role("button", name="Send", exact=True)
    await expect(send).to_be_enabled(timeout=60_000)
    await box(page).press("Enter")
    await expect(log(page).get_by_text("one more")).to_have_count(1, timeout=steps.PATIENCE_MS)


async def test_an_emote_is_a_picture_where_it_can_be_had_and_its_word_elsewhere(page: Page, url: str) -> None:
    async def picture(route: Route) -> None:
        if "/v2/25/" in route.request.url:
            await route.fulfill(body=PICTURE, content_type="image/gif")
        else:
            await route.abort()

    await page.route("https://static-cdn.jtvnw.net/**", picture)
    double = await read_chat(page, url, "viewer_0148")

    await in_chat(page, double, "say", user_id="1000020", text="a picture: Kappa a word: LUL")

    row = log(page).locator("[data-message]").filter(has_text="a picture:").last
    await expect(row.get_by_role("img", name="Kappa")).to_be_visible(timeout=steps.PATIENCE_MS)
    await expect(row.get_by_text("LUL")).to_be_visible()
    assert await steps.violations(page) == []


async def test_a_reader_further_up_is_not_disturbed_but_sees_what_is_removed(page: Page, url: str) -> None:
    double = await read_chat(page, url, "viewer_0149")
    for number in range(40):
        await in_chat(page, double, "say", user_id="1000021", text=f"line {number} {uuid.uuid4().hex}")
    await expect(log(page).get_by_text("line 39 ")).to_be_visible(timeout=steps.PATIENCE_MS)

    await log(page).hover()
    await page.mouse.wheel(0, -600)
    await expect(page.get_by_role("button", name="Jump to latest")).to_be_visible()
    before = await log(page).evaluate("(list) => list.scrollTop")
    await in_chat(page, double, "say", user_id="1000021", text="the newest of all")
    jump = page.get_by_role("button", name="1 new message, jump to latest")
    await expect(jump).to_be_visible(timeout=steps.PATIENCE_MS)
    assert await log(page).evaluate("(list) => list.scrollTop") == before

    top = log(page).locator("[data-message]").filter(has_text=re.compile(r"line \d+ ")).first
    message_id = await top.get_attribute("data-message")
    await in_chat(page, double, "delete", message_id=message_id)

    await expect(log(page).locator(f"[data-message='{message_id}']")).to_contain_text(
        "message removed", timeout=steps.PATIENCE_MS
    )
    await jump.click()
    await expect(log(page).get_by_text("the newest of all")).to_be_visible()
    await expect(page.get_by_role("button", name="jump to latest")).to_have_count(0)


@pytest.mark.parametrize("size", [(390, 844), (320, 640)])
async def test_a_phone_writes_too_and_nothing_scrolls_sideways(page: Page, url: str, size: tuple[int, int]) -> None:
    login = f"viewer_{size[0] + 1000}"
    double = await steps.sign_in_as(page, url, login)
    await page.goto(f"{url}/api/auth/login?scope=chat&next=/s/{NAME}%3Fshow%3Dchat")
    await steps.grant_as(page, login)
    await expect(box(page)).to_be_visible(timeout=steps.PATIENCE_MS)
    await steps.connected(page)
    await steps.told(page, double, "channel.chat.message", ID)
    word = "w" * 90

    await box(page).fill(word)
    await page.get_by_role("button", name="Send", exact=True).click()

    await expect(log(page).get_by_text(word)).to_be_visible(timeout=steps.PATIENCE_MS)
    assert await steps.wider_than_its_window(page) == []
    assert await steps.violations(page) == []
