"""Where tokens of Twitch and secrets of an install must not be, and a search there.

A session's shared install is searched at its end (tests/conftest.py), after whatever tests have done with it.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from gstreamer.embedded import processes
from tests.install import Install
from tests.processes import eventually

LISTS = ("actors", "jobs", "nodes", "objects", "placement_groups", "runtime_envs", "tasks", "workers")
PAGES = (
    *(f"/api/v0/{name}?detail=1&limit=10000" for name in LISTS),
    *("/logical/actors", "/api/jobs/", "/api/serve/applications/", "/nodes?view=summary", "/api/cluster_status"),
)
EMPTY = (".index", ".timeindex", ".snapshot")
"""Kafka's own files of numbers: ten megabytes each, of nothing."""

ASK_S = 60.0

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


def in_dashboard(wanted: Wanted, install: Install) -> Iterator[str]:
    """What Ray's dashboard tells those who have its token: actors, tasks, their arguments and environments."""
    for page in PAGES:
        yield from wanted.found_in(page, fetched(install.dashboard_url + page, install.secret("ray-token")))


def issued_by(install: Install) -> list[dict[str, str]]:
    """Every code and token that the install's double has ever issued."""
    return list(json.loads(fetched(f"{install.double_url}/simulator/issued"))["issued"])


def leaks(install: Install) -> list[str]:
    """Every secret that is where it must not be, by what it is and where."""
    wanted = Wanted(issued_by(install), secrets_of(install))
    found = {*in_files(wanted, install), *in_processes(wanted, install), *in_dashboard(wanted, install)}
    return sorted(found)


def fetched(url: str, token: str = "") -> bytes:
    """What a page answers; a part that has just been killed by a test is waited for."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    said: list[bytes] = []

    def answers() -> bool:
        try:
            with urllib.request.urlopen(request, timeout=ASK_S) as answer:
                said.append(answer.read())
        except OSError:
            return False
        return True

    assert eventually(answers, ASK_S), url
    return said[0]
