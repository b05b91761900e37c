"""`gstreamer chaos`, as operators run it: a short seeded round, and its refusals."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.install import Install


async def command(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of `gstreamer` with these arguments."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("gstreamer"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 400)
    return process.returncode or 0, output.decode()


async def test_a_short_round_loses_doubles_and_reorders_nothing(install: Install) -> None:
    kinds = ("connection", "store_writer", "postgres")
    only = [word for kind in kinds for word in ("--only", kind)]

    code, output = await command("chaos", "--yes", "--faults", "3", *only, "--data-dir", install.data_dir)

    lines = output.splitlines()
    assert code == 0, output
    assert {line.split(" ", 1)[0] for line in lines[:3]} == set(kinds)
    assert "0 lost, 0 doubled, 0 reordered, 0 invented, 0 gaps told (seed 1)" in lines[-1]


async def test_what_cannot_be_broken_is_one_sentence(install: Install, tmp_path: Path) -> None:
    unknown, nowhere = await asyncio.gather(
        command("chaos", "--yes", "--only", "moon", "--data-dir", install.data_dir),
        command("chaos", "--yes", "--data-dir", tmp_path),
    )

    assert unknown[0] == nowhere[0] == 1
    assert unknown[1].startswith("error: there is no kind moon; there are streamer_host, ")
    assert nowhere[1].startswith("error: no simulation runs here")
