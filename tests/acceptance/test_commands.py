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


PARTS = ("kafka", "postgres", "store", "twitch", "secrets", "public_url", "ws", "data_dir", "subscriptions")


async def run(install: Install, *arguments: str, data_dir: bool = True) -> tuple[int, str]:
    """Exit code and output of a command, told which install is meant."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("gstreamer"),
        *arguments,
        *(("--data-dir", install.data_dir) if data_dir else ()),
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
    async with asyncio.timeout(120):
        # What other tests have done with this install may still be on its way at Twitch.
        while (found := await run(install, "doctor"))[0] != 0:
            await asyncio.sleep(1)

    _, output = found
    assert [line.split()[:2] for line in output.splitlines()] == [["ok", part] for part in PARTS]


async def test_placement_is_explained_as_json(install: Install) -> None:
    code, output = await run(install, "placement")

    assert code == 0, output
    assert {each["name"].split(":")[0] for each in json.loads(output)["connections"]} == {"connection"}


async def test_placement_tells_its_reasons_and_what_it_would_do(install: Install) -> None:
    node = json.loads((await run(install, "placement"))[1])["nodes"][0]["name"]

    why, foreseen, refused = await asyncio.gather(
        run(install, "placement", "--why"),
        run(install, "placement", "--what-if", "add another"),
        run(install, "placement", "--what-if", "lose nothing"),
    )

    assert f"make connection:{node}:0: node {node} carries 1, and this one is not there" in why[1]
    assert "make streamers:another:0 on another" in foreseen[1]
    assert refused == (1, f"error: there is no node nothing; there are {node}\n")
    assert "another" not in (await run(install, "placement"))[1]


async def test_the_key_of_grants_is_changed_while_everything_runs(install: Install) -> None:
    keys = install.data_dir / "secrets" / "store-keys"
    old = keys.read_text(encoding="utf-8").strip()
    async with Person(install.url) as person:
        await person.sign_in("viewer_0941", "follows")
        _, new = await run(install, "grants", "new-key", "k2", data_dir=False)
        try:
            keys.write_text(f"{new.strip()},{old}", encoding="utf-8")
            there = await run(install, "grants", "rotate")
            used, _ = await person.call("POST", "/api/favourites/import")
            keys.write_text(f"{old},{new.strip()}", encoding="utf-8")
            back = await run(install, "grants", "rotate")
        finally:
            keys.write_text(old, encoding="utf-8")
        after, _ = await person.call("POST", "/api/favourites/import")

    assert re.fullmatch(
        r"all \d+ grants are under key k2: other keys may leave store\.keys", there[1].splitlines()[-1]
    )
    assert re.fullmatch(
        r"all \d+ grants are under key k1: other keys may leave store\.keys", back[1].splitlines()[-1]
    )
    assert (there[0], back[0], used, after) == (0, 0, 200, 200)
