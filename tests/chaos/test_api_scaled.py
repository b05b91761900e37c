"""Scaling the REST side reloads Serve's proxy; five hundred sockets through it lose, double and reorder nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.chaos.load import Load, violations
from tests.client import Viewer
from tests.install import Install
from tests.journey import Person, poster

SOCKETS, SOCKETS_EACH = 500, 20
STREAMER = "1000600"
RATE, EVENTS, SCALE_AT = 5.0, 150, 25
ROOT = Path(__file__).parents[2]


async def serve(install: Install, *arguments: str) -> str:
    """Run Ray Serve's command against an install, as an operator does, and give what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("serve"), *arguments, "-a", install.dashboard_url),
        env={
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(install.data_dir / "secrets" / "ray-token"),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def scale_api(install: Install, replicas: int, config_file: Path) -> None:
    """Deploy the project's own configuration with so many replicas of ``api``; return once they run."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "serve_config.yaml").read_text(encoding="utf-8"))
    config["http_options"] |= {"host": "127.0.0.1", "port": install.port}
    next(each for each in config["applications"] if each["name"] == "api")["args"]["replicas"] = replicas
    config_file.write_text(yaml.safe_dump(config), encoding="utf-8")
    await serve(install, "deploy", str(config_file))
    async with asyncio.timeout(120):
        while True:
            status = yaml.safe_load(await serve(install, "status"))
            # While an application is built anew, Serve lists it without its deployments.
            deployments = status["applications"]["api"]["deployments"]
            if deployments.get("api", {}).get("replica_states") == {"RUNNING": replicas}:
                return


async def seats(stack: AsyncExitStack, install: Install) -> dict[str, Viewer]:
    """Viewers on Serve's /ws, as many for each person as one may have sockets."""
    viewers: dict[str, Viewer] = {}

    async def seat(person: Person, name: str) -> None:
        viewers[name] = await stack.enter_async_context(person.viewer_on_serve())
        assert (await viewers[name].subscribe(STREAMER))["type"] == "subscribed"

    for number in range(SOCKETS // SOCKETS_EACH):
        person = await stack.enter_async_context(Person(install.url))
        await person.sign_in(f"viewer_{1000 + number:04}")
        await asyncio.gather(*(seat(person, f"{number}/{each}") for each in range(SOCKETS_EACH)))
    return viewers


async def test_scaling_the_api_costs_sockets_on_serve_nothing(install: Install, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        viewers = await seats(stack, install)
        load = Load(poster(http, install.url, install.secret("webhook-secret")), [STREAMER], RATE)
        scaling: list[asyncio.Task[None]] = []
        await load.run(
            EVENTS,
            {SCALE_AT: lambda: scaling.append(asyncio.create_task(scale_api(install, 2, tmp_path / "serve.yaml")))},
        )
        await scaling[0]
        found = await violations(load, viewers)
        resumed = [len(viewer.welcomes) > len(viewer.closes) for viewer in viewers.values()]
        cuts = [code for viewer in viewers.values() for code, _ in viewer.closes]

    assert load.total == EVENTS
    assert found == []
    assert [gap for viewer in viewers.values() for gap in viewer.gaps] == []
    assert len(viewers) == SOCKETS
    assert all(resumed)
    assert [code for code in cuts if code >= 4500] == []
