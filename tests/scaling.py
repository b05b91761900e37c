"""More or fewer replicas of the api, ordered as an operator does: by Ray Serve's own command."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.install import Install

ROOT = Path(__file__).parents[1]


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
