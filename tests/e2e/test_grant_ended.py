"""Who takes the grant back at Twitch is signed out here at once, told why, and can come back."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, expect

from tests.e2e import steps


async def told_of_grants(page: Page, double: str) -> None:
    """Wait until Twitch tells the install of grants that end."""
    async with asyncio.timeout(60):
        while True:
            held = (await (await page.request.get(f"{double}/simulator/state")).json())["subscriptions"]
            if ("user.authorization.revoke", "enabled") in {(one["type"], one["status"]) for one in held}:
                return


async def test_a_grant_that_was_taken_back_leads_to_signing_in_again(page: Page, url: str) -> None:
    double = await steps.sign_in_as(page, url, "viewer_0931")
    await steps.connected(page)
    await told_of_grants(page, double)
    user_id = await page.evaluate("async () => (await (await fetch('/api/me')).json()).id")

    answer = await page.request.post(f"{double}/simulator/disconnect", data={"user_id": user_id})
    assert answer.ok, await answer.text()
    await expect(page.get_by_role("alert")).to_have_text(
        "Twitch sign-in has ended. Sign in again to go on.", timeout=steps.PATIENCE_MS
    )
    await page.get_by_role("link", name="Sign in with Twitch").click()
    await page.locator("a.viewer").first.click()

    await steps.signed_in(page)
    await steps.connected(page)
