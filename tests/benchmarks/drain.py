"""A connection actor is left by thousands of viewers while events go on: how long it takes, what they saw of it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

import aiohttp

from tests.checker import check
from tests.client import Viewer
from tests.install import Install, running
from tests.journey import Notification, Person, post_until_acknowledged, poster

STREAMER = "1000971"
VIEWERS = 5_000
RATE = 2.0
AT_ONCE = 50
ENVIRONMENT = {"GSTREAMER_WS__PER_NODE": "2", "GSTREAMER_LIMITS__SOCKETS_PER_USER": "20000"}


async def measured(install: Install) -> dict[str, object]:
    """Figures of one drain."""
    async with aiohttp.ClientSession() as http, Person(install.url) as person:
        await person.sign_in()
        viewers = [person.viewer() for _ in range(VIEWERS)]
        slots = asyncio.Semaphore(AT_ONCE)

        async def enter(viewer: Viewer) -> None:
            async with slots:
                viewer.start()
                await viewer.until(lambda: bool(viewer.welcomes), 120)
                await viewer.subscribe(STREAMER)

        await asyncio.gather(*map(enter, viewers))
        names = Counter(viewer.welcomes[0]["connection_id"].partition("/")[0] for viewer in viewers)
        name, there = names.most_common(1)[0]
        post, acknowledged, over = poster(http, install.url, install.webhook_secret), [], asyncio.Event()

        async def publish() -> None:
            while not over.is_set():
                notification = Notification(STREAMER, title="while it is left")
                await post_until_acknowledged(post, notification)
                acknowledged.append(notification.message_id)
                await asyncio.sleep(1 / RATE)

        publishing = asyncio.create_task(publish())
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("gstreamer"), "drain", name, "--data-dir", install.data_dir
        )
        code = await process.wait()
        took_s = time.monotonic() - begun
        over.set()
        await publishing
        for viewer in viewers:
            await viewer.until(lambda one=viewer: len(one.events[STREAMER]) >= len(acknowledged), 60)  # type: ignore[misc]
        found = check({STREAMER: acknowledged}, {str(n): viewer.seen() for n, viewer in enumerate(viewers)})
        figures = {
            "viewers": VIEWERS,
            "left_by": there,
            "exit_code": code,
            "left_s": round(took_s, 1),
            "moved": sum(bool(viewer.moves) for viewer in viewers),
            "cut": sum(bool(viewer.closes) for viewer in viewers),
            "events": len(acknowledged),
            "violations": len(found),
        }
        await asyncio.gather(*(viewer.close() for viewer in viewers))
        return figures


def main() -> None:
    """Print the figures."""
    with running(environment=ENVIRONMENT) as install:
        print(json.dumps(asyncio.run(measured(install))))


if __name__ == "__main__":
    main()
