"""On a phone nothing is cut off or scrolls sideways; the policy refuses nothing; the keyboard leads everywhere."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e import steps

ROUTES = (
    "/",
    "/search?q=tester_0",
    "/s/tester_010",
    "/s/tester_010?show=chat",
    "/s/tester_010,tester_011",
    "/settings",
    "/nowhere",
)


@pytest.mark.parametrize("size", [(390, 844), (320, 640)])
async def test_a_phone_shows_everything_in_its_width(page: Page, url: str, size: tuple[int, int]) -> None:
    await steps.sign_in_as(page, url, f"viewer_{size[0]:04d}")
    await steps.favour(page, url, "tester_010")

    for route in ROUTES:
        await page.goto(url + route)
        await expect(page.locator("main :is(h1, h2)").first).to_be_visible(timeout=steps.PATIENCE_MS)
        assert await steps.wider_than_its_window(page) == [], route


@pytest.mark.parametrize("size", [(390, 844)])
async def test_the_favourites_of_a_phone_are_in_a_drawer(page: Page, url: str, size: tuple[int, int]) -> None:
    await steps.sign_in_as(page, url, "viewer_0121")
    await steps.favour(page, url, "tester_010")

    await page.get_by_role("button", name="Open favourites").click()
    drawer = page.get_by_role("dialog", name="Favourites")
    await drawer.get_by_role("link", name="tester_010").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("tester_010", timeout=steps.PATIENCE_MS)
    await expect(drawer).to_be_hidden()


async def test_no_route_breaks_the_policy(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0122")
    await steps.favour(page, url, "tester_010")

    for route in ROUTES:
        sent = await page.request.get(url + route)
        assert "default-src 'none'" in sent.headers["content-security-policy"]
        await page.goto(url + route)
        await expect(page.locator("main :is(h1, h2)").first).to_be_visible(timeout=steps.PATIENCE_MS)
        await steps.connected(page)
        assert await steps.violations(page) == [], route


async def test_the_listener_of_violations_hears_one(page: Page, url: str) -> None:
    await page.goto(url)

    await page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://example.com/x.png'}))")
    await page.wait_for_function("() => window.violations.length > 0")

    assert "img-src" in (await steps.violations(page))[0]


async def test_the_keyboard_leads_to_search_and_past_the_rail(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0123")
    await page.goto(url)
    await steps.signed_in(page)

    await page.keyboard.press("/")
    box = page.get_by_role("searchbox", name="Name of a channel")
    await expect(box).to_be_focused()
    await page.keyboard.type("tester_01")

    await expect(page.get_by_role("link", name="tester_010")).to_be_visible(timeout=steps.PATIENCE_MS)
    skip = page.get_by_role("link", name="Skip to the content")
    await skip.focus()
    await expect(skip).to_be_in_viewport()


async def test_keys_are_listed_and_can_be_turned_off(page: Page, url: str) -> None:
    await steps.sign_in_as(page, url, "viewer_0124")
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    await expect(keys).to_be_visible()

    await keys.get_by_role("checkbox", name="Single keys do something").uncheck()
    await keys.get_by_role("button", name="Close").click()
    await page.keyboard.press("/")

    await expect(page.locator("main h1").first).to_have_text("Live now")


async def test_one_row_of_the_feed_is_in_the_tab_order_and_keys_move_through_the_rest(page: Page, url: str) -> None:
    double = await steps.sign_in_as(page, url, "viewer_0125")
    await steps.favour(page, url, "tester_012")
    await page.goto(f"{url}/s/tester_012")
    await steps.connected(page)
    feed = page.get_by_role("feed", name="Events")
    for number in range(3):
        await steps.let_happen(page, double, "update", "1000012", title=f"step {number}")
        await expect(feed.get_by_text(f"step {number}", exact=True).last).to_be_visible(timeout=steps.PATIENCE_MS)
    await expect(feed.locator("[aria-posinset][tabindex='0']")).to_have_count(1)

    await page.keyboard.press("f")
    await page.keyboard.press("k")
    await page.keyboard.press("ArrowUp")

    focused = feed.locator("[aria-posinset]:focus")
    await expect(focused).to_contain_text("step 0")
    await page.keyboard.press("End")
    await expect(focused).to_contain_text("step 2")
