"""The operator's commands find the gstreamer that runs on a data directory, and tell what it does."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import aiohttp

from tests.install import Install
from tests.journey import Notification, Person, poster

STREAMER = "1000601"
STAGE = re.compile(r"\S+ \S+ +(?:\+\d+ ms +)?(\w+)")


async def run(install: Install, *arguments: str) -> tuple[int, str]:
    """Exit code and output of a command."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("gstreamer"),
        *arguments,
        *("--data-dir", install.data_dir),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, output.decode()


async def test_a_trace_has_every_stage_of_an_events_way_in_order(install: Install) -> None:
    event = Notification(STREAMER, title="traced", category_id="1", category_name="x")
    async with Person(install.url) as person, aiohttp.ClientSession() as http:
        await person.sign_in()
        async with person.viewer() as viewer:
            answer = await viewer.subscribe(STREAMER)
            assert answer["type"] == "subscribed", answer
            assert await poster(http, install.url, install.webhook_secret)(event) == 204
            await viewer.until(lambda: any(seen.message_id == event.message_id for seen in viewer.seen()[STREAMER]))

            code, output = await run(install, "trace", event.message_id)

    assert code == 0, output
    heading, *stages = output.splitlines()
    assert heading.startswith("channel.update 2, ")
    passed = [found.group(1) for line in stages if (found := STAGE.match(line))]
    assert passed == ["sent", "received", "appended", "consumed", "batched", "received", "written"], output


async def test_a_trace_of_an_unknown_event_says_where_it_looked(install: Install) -> None:
    code, output = await run(install, "trace", "no-such-event")

    assert code == 1
    assert output == (
        "error: no event no-such-event in what was written in the last 30 minutes; "
        "name its --streamer to look further back\n"
    )


async def test_topics_lists_those_of_ours(install: Install) -> None:
    code, output = await run(install, "topics")

    assert code == 0, output
    assert {line.split()[0] for line in output.splitlines()} >= {"topic", "gs.control", "gs.placement", "gs.sessions"}


async def test_the_doctor_finds_a_running_install_in_order(install: Install) -> None:
    code, output = await run(install, "doctor")

    assert code == 0, output
    assert [line.split()[0] for line in output.splitlines()] == ["ok"] * 7


async def test_placement_is_explained_as_json(install: Install) -> None:
    code, output = await run(install, "placement")

    assert code == 0, output
    assert {each["name"].split(":")[0] for each in json.loads(output)["connections"]} == {"connection"}


async def test_rotating_a_running_installs_grants_says_how_far_it_is(install: Install) -> None:
    async with Person(install.url) as person:
        await person.sign_in("viewer_0941")

        code, output = await run(install, "grants", "rotate")

    assert code == 0, output
    assert re.fullmatch(r"all [1-9]\d* grants are under key k1: other keys may leave store\.keys\n", output), output
