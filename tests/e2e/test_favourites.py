"""A channel is found, starred, and stays a favourite."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e import steps


async def test_a_channel_is_searched_and_starred_and_stays_so(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0101")

    await steps.favour(page, url, "tester_002")

    await page.goto(url)
    rail = page.get_by_role("navigation", name="Favourites")
    await expect(rail.get_by_role("link", name="tester_002")).to_be_visible(timeout=steps.PATIENCE_MS)


async def test_a_star_that_is_pressed_again_goes_out(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0102")
    await steps.favour(page, url, "tester_003")

    await steps.press_star(page, page.get_by_role("button", name="Remove tester_003 from favourites"))

    await expect(page.get_by_role("button", name="Add tester_003 to favourites")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Add tester_003 to favourites")).to_be_visible(
        timeout=steps.PATIENCE_MS
    )


async def test_a_search_that_finds_nothing_says_so(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0103")

    await page.goto(f"{url}/search?q=nobody_is_called_this")

    await expect(page.get_by_role("heading", name="No channel matches")).to_be_visible(timeout=steps.PATIENCE_MS)
