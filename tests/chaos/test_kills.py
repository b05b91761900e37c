"""Whatever dies by SIGKILL under load, a viewer that resumes gets each acknowledged event once and in order."""

from __future__ import annotations

import psutil
import pytest

from tests.chaos import load
from tests.install import Install, running

STREAMERS = [str(1_000_500 + number) for number in range(5)]
RATE, EVENTS, KILL_AT = 100.0, 1_000, 300


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


async def test_a_killed_actor_of_one_streamer_loses_doubles_and_reorders_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running(environment={"GSTREAMER_STREAMERS__PER_HOST": "1"}) as one_each:
        await kill_under_load(one_each, "ray::StreamerHost", False, capsys)


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
