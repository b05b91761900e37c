"""The product's sockets pass the Autobahn test suite, where that (a program of Python 2.7) can be run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.autobahn import NotHereError, suite
from tests.echo import echoing

CASES = 247 + 54
"""Framing, and sizes and speed (9.*); 12.* and 13.* are about permessage-deflate, and we negotiate no extension."""


async def test_no_case_fails(tmp_path: Path) -> None:
    try:
        command = suite(tmp_path / "autobahn")
    except NotHereError as reason:
        pytest.skip(f"autobahn's suite: {reason}")
    async with echoing() as (port, _):
        spec = tmp_path / "spec.json"
        spec.write_text(
            json.dumps(
                {
                    "outdir": str(tmp_path / "reports"),
                    "servers": [{"agent": "gstreamer", "url": f"ws://127.0.0.1:{port}"}],
                    "cases": ["*"],
                    "exclude-cases": ["12.*", "13.*"],
                }
            )
        )

        running = await asyncio.create_subprocess_exec(
            *command, "-m", "fuzzingclient", "-s", str(spec), cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(600):
                assert await running.wait() == 0
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()

    results = json.loads((tmp_path / "reports" / "index.json").read_text())["gstreamer"]
    failed = {
        case: (result["behavior"], result["behaviorClose"])
        for case, result in results.items()
        if "FAILED" in (result["behavior"], result["behaviorClose"])
        or result["behavior"] in {"WRONG CODE", "UNCLEAN"}
        or result["behaviorClose"] in {"WRONG CODE", "UNCLEAN", "FAILED BY CLIENT"}
    }
    assert failed == {}
    assert len(results) == CASES
