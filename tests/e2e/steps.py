"""What a person does with the page, by what they see: roles and names, never the page's own class names."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Locator, Page, expect

PATIENCE_MS = 20_000


async def sign_in(page: Page, url: str) -> None:
    """Come in as the simulation's first made-up viewer, press by press."""
    await page.goto(url)
    await page.get_by_role("link", name="Sign in with Twitch").click()
    await page.locator("a.viewer").first.click()
    await signed_in(page)


async def sign_in_as(page: Page, url: str, login: str) -> str:
    """Come in as somebody whose favourites no other test touches; gives the origin of Twitch's double."""
    await page.goto(f"{url}/api/auth/login?next=/")
    double = await grant_as(page, login)
    await signed_in(page)
    return double


async def grant_as(page: Page, login: str) -> str:
    """Give Twitch's double, which is asking, what it asks for, as this person; gives the double's origin."""
    await page.wait_for_url("**/authorize?**", timeout=PATIENCE_MS)
    authorize = urlsplit(page.url)
    await page.goto(page.url.replace(authorize.path, f"{authorize.path}/as", 1) + f"&login={login}")
    return f"{authorize.scheme}://{authorize.netloc}"


async def signed_in(page: Page) -> None:
    """Wait until the page is a signed-in viewer's."""
    await expect(page.locator("main h1").first).to_have_text("Live now", timeout=PATIENCE_MS)


async def favour(page: Page, url: str, name: str) -> None:
    """Search a channel and have its star pressed."""
    await page.goto(f"{url}/search")
    await page.get_by_role("searchbox", name="Name of a channel").fill(name)
    star = page.get_by_role("button", name=re.compile(rf"^(Add|Remove) {name} "))
    await expect(star).to_be_enabled(timeout=PATIENCE_MS)
    # It may be a favourite from an earlier run against the same install.
    if await star.get_attribute("aria-pressed") == "false":
        await press_star(page, star)
    await expect(star).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)


async def press_star(page: Page, star: Locator) -> None:
    """Press a star and wait for the server's answer: the page shows what it expects of it before."""
    async with page.expect_response(re.compile(r"/api/favourites/\d+$"), timeout=PATIENCE_MS) as answering:
        await star.click()
    answer = await answering.value
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status}"


async def connected(page: Page) -> None:
    """Wait until the connection line says that all of it is live."""
    await expect(page.locator("[data-state=live]").first).to_be_attached(timeout=PATIENCE_MS)


async def told(page: Page, double: str, kind: str, streamer_id: str) -> None:
    """Wait until Twitch's double would tell of such events of this streamer."""
    async with asyncio.timeout(90):
        while True:
            state = await (await page.request.get(f"{double}/simulator/state")).json()
            if any(
                one["type"] == kind
                and one["condition"].get("broadcaster_user_id") == streamer_id
                and one["status"] == "enabled"
                for one in state["subscriptions"]
            ):
                return
            await asyncio.sleep(0.3)


async def let_happen(page: Page, double: str, act: str, user_id: str, **more: str) -> None:
    """Let somebody of the simulation do something."""
    answer = await page.request.post(f"{double}/simulator/happen", data={"act": act, "user_id": user_id, **more})
    assert answer.ok, await answer.text()


async def wider_than_its_window(page: Page) -> Any:
    """What can be scrolled sideways, or is cut off at the side, in the page."""
    return await page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll("main, main section, main ul, main div")]
            .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
            .filter((each) => each === document.documentElement || getComputedStyle(each).overflowX !== "visible")
            .map((each) => `${each.tagName} ${each.className} ${each.scrollWidth} > ${each.clientWidth}`)"""
    )


async def violations(page: Page) -> Any:
    """What the content security policy refused since the page was loaded."""
    return await page.evaluate("() => window.violations")
