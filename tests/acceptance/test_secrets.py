"""No token that Twitch issued and no secret of the install is anywhere but where it is kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from psycopg.conninfo import conninfo_to_dict

from gstreamer.embedded import processes
from tests.client import Viewer
from tests.doubles import Double
from tests.install import Install
from tests.journey import Person

PEOPLE = {"viewer_0921": "chat,follows", "viewer_0922": "follows", "viewer_0923": "", "tester_924": "streamer"}
STREAMER = "1000925"
LISTS = ("actors", "jobs", "nodes", "objects", "placement_groups", "runtime_envs", "tasks", "workers")
PAGES = (*(f"/api/v0/{name}?detail=1&limit=10000" for name in LISTS), "/logical/actors", "/api/jobs/",
         "/api/serve/applications/", "/nodes?view=summary", "/api/cluster_status")  # fmt: skip
EMPTY = (".index", ".timeindex", ".snapshot")
"""Kafka's own files of numbers: ten megabytes each, of nothing."""

CONTROL = "a person's id"
"""Not secret, and logged: that it is found shows that the search reads what it should."""

_CHARS = 30
_TOKENS = re.compile(rb"[0-9a-f]{30,}")


class Wanted:
    """
    What must be found nowhere, by what it is.

    Args:
        issued: Codes and tokens of the double.
        secrets: The install's own secrets by the names of their files.
    """

    def __init__(self, issued: list[dict[str, str]], secrets: dict[str, str]) -> None:
        self._issued = {one["secret"].encode(): f"{one['kind']} by {one['by']}" for one in issued}
        self._secrets = {text.encode(): name for name, text in secrets.items()}
        assert all(len(secret) == _CHARS and _TOKENS.fullmatch(secret) for secret in self._issued)

    def found_in(self, where: str, data: bytes) -> Iterator[str]:
        """What of it is in there; never the secret itself."""
        runs = set(_TOKENS.findall(data))
        parts = {run[start : start + _CHARS] for run in runs for start in range(len(run) - _CHARS + 1)}
        for token in parts & set(self._issued):
            yield f"{self._issued[token]} in {where}"
        for secret, name in self._secrets.items():
            if secret in data:
                yield f"{name} in {where}"


def secrets_of(install: Install) -> dict[str, str]:
    """Every secret that the install has made, whole and by its parts."""
    found: dict[str, str] = {}
    for file in install.data_dir.rglob("secrets/*"):
        text = file.read_text(encoding="utf-8").strip()
        found[file.name] = text
        if file.name == "store-keys":
            found |= {f"{file.name} {one[:3]}": one.partition(":")[2] for one in text.split(",")}
        if file.name == "postgres-dsn":
            found["postgres's password"] = str(conninfo_to_dict(text)["password"])
    return found


def files(*folders: Path) -> Iterator[Path]:
    """Every file below these folders that is not where secrets are kept, nor the double's own memory."""
    for folder in folders:
        for path in folder.rglob("*"):
            kept = {"secrets", "simulator"} & set(path.relative_to(folder).parts[:-1])
            if path.is_file() and not path.is_symlink() and not kept and path.suffix not in EMPTY:
                yield path


def in_files(wanted: Wanted, install: Install) -> Iterator[str]:
    """What is in the data directory, logs and databases and all, and in Ray's session."""
    for path in files(install.data_dir, install.run_dir()):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        yield from wanted.found_in(str(path), data)


def in_processes(wanted: Wanted, install: Install) -> Iterator[str]:
    """What is in the environment or the command line of any process of the install."""
    for pid in [install.process.pid, *install.tree()]:
        for name in ("environ", "cmdline"):
            try:
                data = Path(f"/proc/{pid}/{name}").read_bytes()
            except OSError:
                continue
            yield from wanted.found_in(f"{name} of {processes.command(pid)[:80]}", data)


async def in_dashboard(wanted: Wanted, install: Install, http: aiohttp.ClientSession) -> list[str]:
    """What Ray's dashboard tells those who have its token."""
    found: list[str] = []
    for page in PAGES:
        headers = {"Authorization": f"Bearer {install.secret('ray-token')}"}
        async with http.get(install.dashboard_url + page, headers=headers) as answer:
            data = await answer.read()
            assert answer.status == 200, (page, data[:200])
            found += wanted.found_in(page, data)
    return found


async def live(install: Install, double: Double, stack: AsyncExitStack, heard: list[str]) -> str:
    """People come, grant, favour, watch, have their tokens refreshed, look around; one goes. Gives that one's id."""
    for login, scope in PEOPLE.items():
        person = await stack.enter_async_context(Person(install.url, heard.append))
        await person.sign_in(login, scope)
        _, me = await person.call("GET", "/api/me")
        await person.favour([STREAMER])
        viewer = await stack.enter_async_context(Viewer(person.ticket, resume=False))
        assert (await viewer.subscribe(STREAMER))["type"] == "subscribed"
        await double.expire(me["id"])
        status, _ = await person.call("POST", "/api/favourites/import")
        assert status == (200 if "follows" in scope else 403)
        for path in ("/api/auth/sessions", "/api/favourites", f"/api/streamers/{STREAMER}", "/api/health", "/", "/x"):
            await person.call("GET", path)
        await person.call("GET", "/api/auth/callback?code=made-up&state=made-up")
        await person.call("POST", f"/api/streamers/{STREAMER}/chat", {"text": "hello"})
        heard += [repr(one) for one in (viewer.welcomes, viewer.states, viewer.subscribed, viewer.events)]
    assert (await person.call("DELETE", "/api/me"))[0] == 204
    return str(me["id"])


async def test_no_token_and_no_secret_is_anywhere_it_is_not_kept(install: Install) -> None:
    heard: list[str] = []
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        double = Double(install, http)
        user_id = await live(install, double, stack, heard)

        wanted = Wanted(await double.issued(), {**secrets_of(install), CONTROL: user_id})
        found = [one for text in heard for one in wanted.found_in(text.splitlines()[0], text.encode())]
        found += await in_dashboard(wanted, install, http)
        found += await asyncio.to_thread(lambda: [*in_files(wanted, install), *in_processes(wanted, install)])

    control = {one for one in found if one.startswith(CONTROL)}
    assert sorted(set(found) - control) == []
    assert any("/session_" in one and "/logs/" in one for one in control)
    assert any("/kafka/" in one or "/postgres/" in one for one in control)
    assert f"{CONTROL} in /api/me 200" in control


async def test_the_search_would_find_a_token_that_was_logged(install: Install) -> None:
    async with aiohttp.ClientSession() as http:
        issued = await Double(install, http).issued()
    token = issued[-1]["secret"]

    found = Wanted(issued, {}).found_in("a log", f'{{"reason": "token {token}"}}'.encode())

    assert list(found) == [f"{issued[-1]['kind']} by {issued[-1]['by']} in a log"]
