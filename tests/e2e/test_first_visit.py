"""A stranger learns what this is, that the streamers are made up, and comes in."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e import steps


async def test_a_stranger_is_told_what_this_is_and_how_to_come_in(page: Page, url: str) -> None:
    await page.goto(url)

    await expect(page.get_by_role("heading", level=1)).to_contain_text("Your streamers")
    await expect(page.get_by_role("link", name="Sign in with Twitch")).to_be_visible()
    await expect(page.get_by_role("complementary", name="Simulation")).to_contain_text("made up")
    assert await steps.violations(page) == []


async def test_signing_in_by_the_double_and_out_again(page: Page, url: str) -> None:
    await steps.sign_in(page, url)
    await steps.connected(page)
    await expect(page.get_by_role("complementary", name="Simulation")).to_be_visible()

    await page.get_by_role("button", name="Sign out").click()

    await expect(page.get_by_role("link", name="Sign in with Twitch")).to_be_visible()
    kept = await page.evaluate("async () => (await (await fetch('/api/me')).status)")
    assert kept == 401


async def test_a_link_to_a_streamer_survives_the_sign_in(page: Page, url: str) -> None:
    await page.goto(f"{url}/s/tester_001")
    await page.get_by_role("link", name="Sign in with Twitch").click()
    await page.locator("a.viewer").first.click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("tester_001", timeout=steps.PATIENCE_MS)


async def test_an_address_that_leads_nowhere_says_so(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0100")

    await page.goto(f"{url}/nowhere")

    await expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
