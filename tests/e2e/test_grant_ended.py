"""Who takes the grant back at Twitch is signed out here at once, told why, and can come back."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.e2e import steps

ASK = "async () => (await fetch('/api/favourites/import', {method: 'POST'})).status"


async def test_a_grant_that_was_taken_back_leads_to_signing_in_again(page: Page, url: str) -> None:
    await page.goto(f"{url}/api/auth/login?next=/&scope=follows")
    authorize = urlsplit(page.url)
    await page.goto(page.url.replace(authorize.path, f"{authorize.path}/as", 1) + "&login=viewer_0931")
    await steps.signed_in(page)
    await steps.connected(page)
    user_id = await page.evaluate("async () => (await (await fetch('/api/me')).json()).id")
    double = f"{authorize.scheme}://{authorize.netloc}"
    answer = await page.request.post(f"{double}/simulator/disconnect", data={"user_id": user_id})
    assert answer.ok, await answer.text()

    # Whatever uses the grant finds it dead; the page itself learns of it by its socket.
    assert await page.evaluate(ASK) == 401
    await expect(page.get_by_role("alert")).to_have_text(
        "Twitch sign-in has ended. Sign in again to go on.", timeout=steps.PATIENCE_MS
    )
    await page.get_by_role("link", name="Sign in with Twitch").click()
    await page.locator("a.viewer").first.click()

    await steps.signed_in(page)
    await steps.connected(page)
