"""Twitch's double in a process of its own, for clients that are not ours."""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

ID, SECRET = "test-client", "test-secret"
NORA, NORA_LOGIN = "710001", "noranightowl"
TESTER, OTHER = "1000001", "1000002"
WAIT_S = 30


class Rig:
    """A double in a process of its own, since twitchAPI blocks the loop while its socket's thread starts."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    @property
    def oauth(self) -> str:
        return f"{self.url}/oauth2/"

    @property
    def helix(self) -> str:
        return f"{self.url}/helix/"

    @property
    def socket(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    async def order(self, what: str, **body: Any) -> dict[str, Any]:
        async with self._session.post(f"{self.url}/simulator/{what}", json=body) as answer:
            assert answer.status in (200, 202), await answer.text()
            return dict(await answer.json())

    async def agree(self, url: str) -> str:
        """Open the page where one picks whom to be, as a browser does, and pick Nora; where that leads."""
        async with self._session.get(url) as page:
            assert page.status == 200, await page.text()
            link = re.search(rf'data-login="{NORA_LOGIN}" href="([^"]+)"', await page.text())
        assert link is not None
        return html.unescape(link[1])

    async def visit(self, url: str) -> None:
        """Agree, and go where that leads."""
        async with self._session.get(await self.agree(url)) as answer:
            assert answer.status == 200


@asynccontextmanager
async def foreign_rig(directory: Path) -> AsyncIterator[Rig]:
    """A running double that knows one application."""
    secrets = {"GSTREAMER_TWITCH__CLIENT_ID": ID, "GSTREAMER_TWITCH__CLIENT_SECRET": SECRET}
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gstreamer.simulator", "--every", "0"),
        stdout=asyncio.subprocess.PIPE,
        cwd=directory,
        env={**os.environ, **secrets},
    )
    try:
        assert program.stdout is not None
        async with asyncio.timeout(60):
            ready = (await program.stdout.readline()).decode().split()
        async with aiohttp.ClientSession() as session:
            yield Rig(ready[1], session)
    finally:
        program.terminate()
        await program.wait()
