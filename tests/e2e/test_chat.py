"""Chat beside the stream: Twitch's frame with the reason, or read and written here, each word once."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e import steps

NAME = "tester_014"


async def open_chat(page: Page, url: str, login: str) -> str:
    """A signed-in viewer on the tester's page; gives the double's origin."""
    double = await steps.sign_in_as(page, url, login)
    await page.goto(f"{url}/s/{NAME}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(NAME, timeout=steps.PATIENCE_MS)
    return double


async def test_without_leave_to_read_it_twitch_shows_it_and_the_reason_is_said(page: Page, url: str) -> None:
    await open_chat(page, url, "viewer_0140")

    chat = page.get_by_role("region", name=f"Chat of {NAME}")
    await expect(chat.get_by_role("img", name="Stand-in for Twitch’s chat")).to_be_visible(timeout=steps.PATIENCE_MS)
    shape = (await (await page.request.get(f"{url}/api/streamers?login={NAME}")).json())["streamers"][0]["chat"]
    assert shape["mode"] == "embed"
    await expect(chat.get_by_text(shape["reason"])).to_be_visible()
    offer = chat.get_by_role("link", name="Read chat here")
    await expect(offer).to_have_attribute("href", re.compile(rf"scope=chat&next=%2Fs%2F{NAME}$"))
    assert await steps.violations(page) == []


@pytest.mark.parametrize("size", [(390, 844)])
async def test_a_phone_shows_chat_in_place_of_the_events(page: Page, url: str, size: tuple[int, int]) -> None:
    await open_chat(page, url, "viewer_0141")
    await expect(page.get_by_role("region", name="Events")).to_be_visible()

    await page.get_by_role("button", name="Chat", exact=True).click()

    await expect(page.get_by_role("region", name=f"Chat of {NAME}")).to_be_visible(timeout=steps.PATIENCE_MS)
    await expect(page.get_by_role("region", name="Events")).to_have_count(0)
    assert await steps.wider_than_its_window(page) == []
