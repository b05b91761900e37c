"""What a person has granted, where they are signed in, and the way out, each with its button."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.e2e import steps


async def another_browser(browser: Browser) -> Page:
    """A page in a browser that shares nothing with the first."""
    return await (await browser.new_context()).new_page()


async def test_another_browser_is_signed_out_from_here(page: Page, browser: Browser, url: str) -> None:
    other = await another_browser(browser)
    await steps.sign_in_as(other, url, "viewer_0130")
    await steps.connected(other)
    await steps.sign_in_as(page, url, "viewer_0130")
    await page.goto(f"{url}/settings")
    elsewhere = page.locator("[data-session]:not([data-current])")
    await expect(elsewhere).to_have_count(1, timeout=steps.PATIENCE_MS)
    await expect(page.locator("[data-session][data-current]")).to_contain_text("This browser")

    await elsewhere.get_by_role("button", name="Sign out").click()

    await expect(elsewhere).to_have_count(0, timeout=steps.PATIENCE_MS)
    # Its socket is closed, and it says so without a reload.
    await expect(other.get_by_text("You were signed out")).to_be_visible(timeout=steps.PATIENCE_MS)
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()


async def test_all_others_are_signed_out_at_once(page: Page, browser: Browser, url: str) -> None:
    others = [await another_browser(browser) for _ in range(2)]
    for other in others:
        await steps.sign_in_as(other, url, "viewer_0131")
    await steps.sign_in_as(page, url, "viewer_0131")
    await page.goto(f"{url}/settings")

    await page.get_by_role("button", name="Sign out everywhere else").click()

    await expect(page.locator("[data-session]")).to_have_count(1, timeout=steps.PATIENCE_MS)
    for other in others:
        assert (await other.request.get(f"{url}/api/me")).status == 401


async def test_followed_channels_are_imported_once_that_is_allowed(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0132")
    await page.goto(f"{url}/settings")
    followed = page.get_by_role("listitem").filter(has_text="Channels you follow")

    await followed.get_by_role("link", name="Allow it").click()
    await steps.grant_as(page, "viewer_0132")

    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible(timeout=steps.PATIENCE_MS)
    await expect(followed.get_by_text("On", exact=True)).to_be_visible()
    await followed.get_by_role("button", name="Import channels you follow").click()
    await expect(followed.get_by_role("status")).to_contain_text("added", timeout=steps.PATIENCE_MS)
    rail = page.get_by_role("navigation", name="Favourites")
    await expect(rail.get_by_role("listitem").first).to_be_visible(timeout=steps.PATIENCE_MS)


async def test_deleting_everything_is_asked_twice_and_done(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0133")
    await steps.favour(page, url, "tester_010")
    await page.goto(f"{url}/settings")

    await page.get_by_role("button", name="Delete my account here").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("alertdialog")).to_have_count(0)
    await page.get_by_role("button", name="Delete my account here").click()
    await page.get_by_role("button", name="Yes, delete it").click()

    await expect(page.get_by_role("link", name="Sign in with Twitch")).to_be_visible(timeout=steps.PATIENCE_MS)
    await steps.sign_in_as(page, url, "viewer_0133")
    await expect(page.get_by_role("heading", name="Pick your first streamer")).to_be_visible(
        timeout=steps.PATIENCE_MS
    )
