"""A streamer lets gstreamer into their channel, and whoever watches sees what Twitch tells only with that leave."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.e2e import steps

ID, NAME = "1000016", "tester_016"
CHEER = {
    "is_anonymous": False,
    "user_id": "710001",
    "user_login": "generous",
    "user_name": "Generous",
    "broadcaster_user_id": ID,
    "broadcaster_user_login": NAME,
    "broadcaster_user_name": NAME,
    "message": "cheer321 well played",
    "bits": 321,
}


async def test_a_streamer_turns_on_the_events_of_their_channel_and_a_viewer_sees_one(
    page: Page, browser: Browser, url: str
) -> None:
    double = await steps.sign_in_as(page, url, NAME)
    await page.goto(f"{url}/settings")
    offer = page.get_by_role("listitem").filter(has_text="Events of your own channel")
    await offer.get_by_role("link", name="Turn on events").click()
    await steps.grant_as(page, NAME)
    await expect(offer.get_by_text("On", exact=True)).to_be_visible()

    viewer = await (await browser.new_context()).new_page()
    await steps.sign_in_as(viewer, url, "viewer_0141")
    await viewer.goto(f"{url}/s/{NAME}")
    await steps.connected(viewer)
    await steps.told(viewer, double, "channel.cheer", ID)
    order = {"events": [{"type": "channel.cheer", "event": CHEER}]}
    answer = await viewer.request.post(f"{double}/simulator/emit", data=order)
    assert answer.ok, await answer.text()

    row = viewer.get_by_role("feed", name="Events").get_by_role("article").filter(has_text="Generous")
    await expect(row).to_contain_text("321")
