"""An operator sees what runs: the three applications by `serve status`, the actors by readable names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import yaml

from tests.install import Install


@pytest.fixture
def environment(install: Install) -> dict[str, str]:
    """What an operator's shell needs: the token."""
    token = install.data_dir / "secrets" / "ray-token"
    return {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}


def test_serve_status_lists_the_three_applications(install: Install, environment: dict[str, str]) -> None:
    serve = Path(sys.executable).with_name("serve")

    said = subprocess.run(
        [serve, "status", "-a", install.dashboard_url], env=environment, capture_output=True, text=True, timeout=120
    )

    assert said.returncode == 0, said.stderr
    applications = yaml.safe_load(said.stdout)["applications"]
    assert {name: each["status"] for name, each in applications.items()} == {
        "api": "RUNNING",
        "webhooks": "RUNNING",
        "websocket": "RUNNING",
    }


async def test_the_dashboard_tells_actors_apart_and_wants_a_token(install: Install) -> None:
    token = install.secret("ray-token")
    actors = f"{install.dashboard_url}/api/v0/actors?detail=1&limit=1000"
    async with aiohttp.ClientSession() as http:
        async with http.get(actors) as refused:
            status = refused.status
        async with http.get(actors, headers={"Authorization": f"Bearer {token}"}) as answer:
            listed = json.loads(await answer.text())

    ours = {
        each["name"].rpartition(":")[0] or each["name"]: each["state"]
        for each in listed["data"]["result"]["result"]
        if each["ray_namespace"] == "gstreamer"
    }
    assert status in (401, 403)
    node = next(name for name in ours if name.startswith("connection:")).partition(":")[2]
    assert ours == {
        "placement": "ALIVE",
        "subscriptions": "ALIVE",
        "twitch": "ALIVE",
        "chat": "ALIVE",
        "store_writer": "ALIVE",
        f"connection:{node}": "ALIVE",
        f"streamers:{node}": "ALIVE",
    }
