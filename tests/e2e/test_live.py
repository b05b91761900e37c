"""What happens at Twitch is painted at once, once, in order; and a reader is never disturbed."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page, expect

from tests.e2e import steps

ID, NAME = "1000010", "tester_010"


async def watch(page: Page, url: str, login: str) -> str:
    """A signed-in viewer on the tester's page, connected; gives the double's origin."""
    double = await steps.sign_in_as(page, url, login)
    await page.goto(f"{url}/s/{NAME}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(NAME, timeout=steps.PATIENCE_MS)
    await steps.favour(page, url, NAME)
    await page.goto(f"{url}/s/{NAME}")
    await steps.connected(page)
    await steps.told(page, double, "channel.update", ID)
    return double


async def positions(page: Page) -> list[str]:
    """Positions of the rows that are painted."""
    rows: list[str] = await page.locator("[data-position]").evaluate_all(
        "rows => rows.map((row) => row.dataset.position)"
    )
    return rows


async def test_an_event_arrives_and_is_painted_without_a_reload(page: Page, url: str) -> None:
    double = await watch(page, url, "viewer_0110")

    await steps.let_happen(page, double, "update", ID, title="a title of this test")

    feed = page.get_by_role("feed", name="Events")
    await expect(feed.get_by_text("a title of this test")).to_be_visible(timeout=steps.PATIENCE_MS)
    # The same event changes what is said of the stream.
    await expect(page.locator("main section").first).to_contain_text("a title of this test")


async def test_a_reload_keeps_what_was_there_and_brings_what_was_missed(page: Page, url: str) -> None:
    double = await watch(page, url, "viewer_0111")
    await steps.let_happen(page, double, "update", ID, title="before the reload")
    await expect(page.get_by_role("feed").get_by_text("before the reload")).to_be_visible(timeout=steps.PATIENCE_MS)

    await page.goto("about:blank")
    await steps.let_happen(page, double, "update", ID, title="while away")
    await page.goto(f"{url}/s/{NAME}")

    feed = page.get_by_role("feed", name="Events")
    await expect(feed.get_by_text("while away")).to_have_count(1, timeout=steps.PATIENCE_MS)
    await expect(feed.get_by_text("before the reload").first).to_be_visible()
    painted = await positions(page)
    offsets = [int(position.rpartition(":")[2]) for position in painted]
    assert offsets == sorted(set(offsets))


async def test_two_tabs_share_one_socket(page: Page, context: BrowserContext, url: str) -> None:
    double = await watch(page, url, "viewer_0112")
    tickets: list[str] = []
    context.on("request", lambda request: tickets.append(request.url) if "ws-ticket" in request.url else None)

    other = await context.new_page()
    await other.goto(f"{url}/s/{NAME}")
    await steps.connected(other)
    await steps.let_happen(page, double, "update", ID, title="for both tabs")

    for tab in (page, other):
        await expect(tab.get_by_role("feed").get_by_text("for both tabs")).to_be_visible(timeout=steps.PATIENCE_MS)
    assert tickets == []


async def test_the_feed_pauses_while_it_is_read_and_goes_on_by_one_press(page: Page, url: str) -> None:
    double = await watch(page, url, "viewer_0113")
    feed = page.get_by_role("feed", name="Events")
    for number in range(16):
        await steps.let_happen(page, double, "update", ID, title=f"row {number}")
        await expect(feed.get_by_text(f"row {number}", exact=True).last).to_be_visible(timeout=steps.PATIENCE_MS)

    await feed.hover()
    await page.mouse.wheel(0, -2_000)
    await expect(page.get_by_text("Paused while you read")).to_be_visible()
    before = await feed.evaluate("(list) => list.scrollTop")
    await steps.let_happen(page, double, "update", ID, title="the newest of all")

    jump = page.get_by_role("button", name="1 new event, jump to latest")
    await expect(jump).to_be_visible(timeout=steps.PATIENCE_MS)
    assert await feed.evaluate("(list) => list.scrollTop") == before
    await jump.click()
    await expect(feed.get_by_text("the newest of all")).to_be_visible()
    await expect(page.get_by_text("Paused while you read")).to_have_count(0)


async def test_a_broken_network_is_told_and_what_was_missed_is_fetched(
    page: Page, context: BrowserContext, url: str
) -> None:
    double = await watch(page, url, "viewer_0114")

    await context.set_offline(True)
    await expect(page.locator("[data-state=offline]").first).to_be_visible(timeout=steps.PATIENCE_MS)
    # The double is asked by the test, not through the browser's network.
    await steps.let_happen(page, double, "update", ID, title="nobody saw it live")
    await context.set_offline(False)

    await steps.connected(page)
    feed = page.get_by_role("feed", name="Events")
    await expect(feed.get_by_text("nobody saw it live")).to_be_visible(timeout=steps.PATIENCE_MS)
