"""The machine's Chromium, in front of a running install: each test has a browser of its own with an empty profile."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright, expect

from tests.install import Install, running

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=20_000)
"""How long a browser may take on a busy machine; no test measures time by it."""
VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.fixture(scope="session")
def install() -> Iterator[Install]:
    """An install for people with browsers, whose budget of calls to Twitch no other test has used up."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; tests fail where there is none, since a page nobody opened is not tested."""
    for name in CHROMIUM:
        if path := shutil.which(name):
            return path
    pytest.fail("browser tests need Chromium: install the Debian package chromium", pytrace=False)


@pytest.fixture
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright, which brings no browser of its own here."""
    async with async_playwright() as started:
        yield started


@pytest.fixture
async def browser(playwright: Playwright, chromium: str) -> AsyncIterator[Browser]:
    """A browser with an empty profile."""
    launched = await playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
    yield launched
    await launched.close()


@pytest.fixture
def size() -> tuple[int, int]:
    """Width and height of the window; a test that wants another parametrizes it."""
    return 1440, 900


@pytest.fixture
async def context(browser: Browser, size: tuple[int, int]) -> AsyncIterator[BrowserContext]:
    """A window that notes what its policy refuses."""
    opened = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    await opened.add_init_script(VIOLATIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A tab; an error that the page's script does not catch fails the test that made it."""
    thrown: list[str] = []
    opened = await context.new_page()
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    yield opened
    assert thrown == [], "the page threw"


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    """Origin of a running install: what ``GSTREAMER_E2E_URL`` names, else one that is started for the tests."""
    named = os.environ.get("GSTREAMER_E2E_URL")
    return named or str(request.getfixturevalue("install").url)


@pytest.fixture
def build() -> Callable[[], Path]:
    """Where the built page is."""

    def folder() -> Path:
        path = Path(__file__).parents[2] / "gstreamer" / "page"
        assert (path / "index.html").is_file(), "the page is not built: run make page"
        return path

    return folder
