"""A local Ray with the product's own actors on it, for integration tests: import the fixture ``ray_local``.

The actors read their settings from the environment of this process, as they do in production.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import ray

from gstreamer import app
from gstreamer.actors.handles import NAMESPACE
from gstreamer.core.topics import own_topics
from gstreamer.embedded import ports
from gstreamer.kafka.admin import Admin
from gstreamer.settings import load
from tests import services


class LocalRay(NamedTuple):
    """Where the parts of this Ray are."""

    bootstrap: str
    ws_port: int


@pytest.fixture(scope="module")
def ray_local(kafka_servers: str) -> Iterator[LocalRay]:
    """
    A Ray of one node with both resources, on a real Kafka; its actors are made by the tests.

    It lives as long as one module's tests: it is set up by this process's environment, which others inherit.
    """
    before = dict(os.environ)
    ws_port = ports.free_port()
    with services.data_dir() as path:
        os.environ.update(
            GSTREAMER_DATA_DIR=str(path / "data"),
            GSTREAMER_KAFKA__BOOTSTRAP_SERVERS=kafka_servers,
            GSTREAMER_SESSION__SECRET=secrets.token_hex(32),
            GSTREAMER_WS__PORT=str(ws_port),
            RAY_TMPDIR=str(path / "ray"),
            # Ray has been imported by now, and reads this when it is.
            RAY_AUTH_MODE="disabled",
        )
        os.environ.update(app.ray_environment(load(), os.environ))
        try:
            asyncio.run(_make_topics(kafka_servers))
            ray.init(
                "local",
                namespace=NAMESPACE,
                resources={"ws": 1000, "rest": 1000, "socket_slot": 1},
                object_store_memory=app.OBJECT_STORE_BYTES,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=os.environ["RAY_TMPDIR"],
            )
            yield LocalRay(kafka_servers, ws_port)
        finally:
            ray.shutdown()
            os.environ.clear()
            os.environ.update(before)


async def _make_topics(bootstrap: str) -> None:
    admin = Admin(bootstrap)
    try:
        await admin.ensure(own_topics(), 1)
    finally:
        await admin.close()


def pids(actor_class: str) -> set[int]:
    """Processes of this test run's Ray that run an actor of that class."""
    found = set()
    for pid in _descendants(os.getpid()):
        try:
            title = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
        except OSError:
            continue
        if title.startswith(f"ray::{actor_class}"):
            found.add(pid)
    return found


def kill(actor_class: str) -> None:
    """SIGKILL the one process that runs an actor of that class."""
    (pid,) = pids(actor_class)
    os.kill(pid, signal.SIGKILL)


async def until(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come about in time")
        await asyncio.sleep(0.05)


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, ahead = [], [root]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += below
    return found
