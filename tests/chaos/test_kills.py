"""Whatever dies by SIGKILL under load, a viewer that resumes gets each acknowledged event once and in order."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance import test_main_job as main_job
from tests.chaos import load
from tests.install import Install, running

STREAMERS = [str(1_000_500 + number) for number in range(5)]
RATE, EVENTS, KILL_AT = 100.0, 1_000, 300
PEOPLE = 10


@pytest.mark.parametrize(
    ("title", "on_serve"),
    [
        ("ray::StreamerHost", False),
        ("ray::Connection", False),
        ("ray::Connection", True),
        ("ray::ServeReplica:webhooks", False),
        ("ray::Placement", False),
    ],
    ids=["streamer_host", "connection", "connection_through_serve", "webhooks_replica", "placement"],
)
async def test_a_killed_process_loses_doubles_and_reorders_nothing(
    install: Install, title: str, on_serve: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    await kill_under_load(install, title, on_serve, capsys)


@pytest.fixture(scope="module")
def one_each() -> Iterator[Install]:
    """An install with an actor for each streamer and two connection actors."""
    with running(environment={"GSTREAMER_STREAMERS__PER_HOST": "1", "GSTREAMER_WS__PER_NODE": "2"}) as install:
        yield install


async def test_an_actor_for_each_streamer_tells_each_event_once_and_in_order(one_each: Install) -> None:
    dice = random.Random(5)
    await main_job.done(one_each, [STREAMERS] * 3, main_job.notifications(STREAMERS, 200, dice), on_serve=False)

    hosts = load.processes(psutil.Process(one_each.process.pid), "ray::StreamerHost")
    assert len(hosts) == len(STREAMERS)


async def test_a_killed_actor_of_one_streamer_loses_doubles_and_reorders_nothing(
    one_each: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    await kill_under_load(one_each, "ray::StreamerHost", False, capsys)


async def test_a_connection_actor_that_is_left_loses_doubles_and_reorders_nothing(
    one_each: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    drain: list[asyncio.Task[tuple[int, str]]] = []
    async with load.audience(
        one_each.url, one_each.secret("webhook-secret"), STREAMERS, people=PEOPLE, on_serve=False, rate=RATE
    ) as (steady, viewers):
        name = next(iter(viewers.values())).welcomes[0]["connection_id"].partition("/")[0]
        there = {one for one, seen in viewers.items() if seen.welcomes[0]["connection_id"].startswith(f"{name}/")}
        begin = lambda: drain.append(asyncio.create_task(command(one_each, "drain", name)))  # noqa: E731
        await steady.run(EVENTS, {KILL_AT: begin})
        code, output = await drain[0]
        found = await load.violations(steady, viewers)
        pause_s = max(map(load.longest_pause_s, viewers.values()))
        cut = {one for one, seen in viewers.items() if seen.gaps or seen.closes}

    assert (code, output.splitlines()[-1]) == (0, f"{name} has been left"), output
    assert found == []
    assert cut == set()
    assert {one for one, seen in viewers.items() if seen.moves} == there
    assert (await command(one_each, "drain", "nowhere"))[0] == 1
    with capsys.disabled():
        print(
            f"\n{name} left by {len(there)} viewers: 0 lost, 0 doubled, 0 reordered; "
            f"longest pause {pause_s * 1000:.0f} ms"
        )


async def command(install: Install, *arguments: str) -> tuple[int, str]:
    """Exit code and output of `gstreamer` with these arguments, about this install."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("gstreamer"),
        *arguments,
        "--data-dir",
        install.data_dir,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, output.decode()


async def kill_under_load(install: Install, title: str, on_serve: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill the first process of that title in the middle of a steady load, and judge what viewers saw."""
    root = psutil.Process(install.process.pid)
    killed: list[int] = []

    def kill() -> None:
        victim = load.processes(root, title)[0]
        killed.append(victim.pid)
        victim.kill()

    async with load.audience(
        install.url, install.secret("webhook-secret"), STREAMERS, people=5, on_serve=on_serve, rate=RATE
    ) as (steady, viewers):
        await steady.run(EVENTS, {KILL_AT: kill})
        found = await load.violations(steady, viewers)
        pause_s = max(map(load.longest_pause_s, viewers.values()))

    assert killed, f"no process is titled {title}"
    assert steady.total == EVENTS
    assert found == []
    assert [gap for viewer in viewers.values() for gap in viewer.gaps] == []
    with capsys.disabled():
        print(
            f"\n{title} killed: 0 lost, 0 doubled, 0 reordered; "
            f"longest pause {pause_s * 1000:.0f} ms, {steady.refusals} refusals"
        )
