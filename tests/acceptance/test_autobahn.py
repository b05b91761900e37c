"""The product's sockets pass the Autobahn test suite, where that (a program of Python 2.7) can be run."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.echo import echoing

CASES = 247 + 54
"""Framing, and sizes and speed (9.*); 12.* and 13.* are about permessage-deflate, and we negotiate no extension."""


def wstest() -> str | None:
    """The suite's program: on PATH, or of a Python 2.7 that pyenv has."""
    found = shutil.which("wstest")
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob("2.7*/bin/wstest"))
    return found or (str(pyenv[-1]) if pyenv else None)


async def test_no_case_fails(tmp_path: Path) -> None:
    program = wstest()
    if program is None:
        pytest.skip("autobahn's suite needs python 2.7: pip install autobahntestsuite there puts wstest on PATH")
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

        suite = await asyncio.create_subprocess_exec(
            program, "-m", "fuzzingclient", "-s", str(spec), cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(600):
                assert await suite.wait() == 0
        finally:
            if suite.returncode is None:
                suite.kill()
                await suite.wait()

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
