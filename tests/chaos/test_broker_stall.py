"""A broker that stands still costs senders a 503 in time and us no work; all that was acknowledged is in its log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import aiohttp
import psutil
import pytest

from gstreamer.core.topics import own_topics
from tests import eventsub, services
from tests.serving import Serving, serving
from tests.stored import log_of, make, stored

STREAMERS = [str(2_000_500 + number) for number in range(20)]
RATE = 200
BEFORE_S, STALL_S = 5, 10
ROUNDS = 60
"""Seconds of posts in which all must be taken again; the first of them may be refused."""
ANSWER_S = 2.0
CORE_SHARE = 0.2


class Answer(NamedTuple):
    message_id: str
    streamer_id: str
    status: int
    took_s: float
    stalled: bool


class Post:
    """200 signed notifications a second, each sent once, and what became of them."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self.answers: list[Answer] = []
        self.stalled = False

    async def run(self, seconds: float) -> None:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(RATE * seconds)):
                tasks.create_task(self._one(STREAMERS[number % len(STREAMERS)]))
                await asyncio.sleep(max(0.0, begun + (number + 1) / RATE - time.monotonic()))

    async def _one(self, streamer_id: str) -> None:
        message_id, stalled, body = str(uuid.uuid4()), self.stalled, eventsub.notification(streamer_id)
        headers = eventsub.headers(body, eventsub.timestamp(time.time_ns() // 1_000_000), message_id=message_id)
        begun = time.monotonic()
        async with self._http.post(self._url, data=body, headers=headers) as answer:
            await answer.read()
        self.answers.append(Answer(message_id, streamer_id, answer.status, time.monotonic() - begun, stalled))


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process does not run for so long, and whatever happens runs again."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def cpu_s(pids: list[int]) -> dict[int, float]:
    """Processor time of each process so far."""
    times = {pid: psutil.Process(pid).cpu_times() for pid in pids}
    return {pid: spent.user + spent.system for pid, spent in times.items()}


def serves(served: Serving) -> list[int]:
    """All processes of Ray and Serve."""
    root = psutil.Process(served.process.pid)
    return [root.pid, *(child.pid for child in root.children(recursive=True))]


async def taken_again(post: Post) -> bool:
    """Post until a whole second of posts has been taken; whether that came."""
    for _ in range(ROUNDS):
        known = len(post.answers)
        await post.run(1)
        if {one.status for one in post.answers[known:]} == {204}:
            return True
    return False


async def test_a_broker_that_stands_still_for_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with services.kafka() as broker:
        assert broker.process is not None
        await make(broker.bootstrap_servers, *own_topics(), *map(log_of, STREAMERS))
        with serving(broker.bootstrap_servers, replicas=2) as served:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
                post = Post(http, served.url)
                await post.run(BEFORE_S)
                pids = serves(served)
                post.stalled = True
                with stopped(broker.process.pid):
                    begun, before = time.monotonic(), cpu_s(pids)
                    await post.run(STALL_S)
                    after, stalled_s = cpu_s(pids), time.monotonic() - begun
                post.stalled = False
                goes_on = await taken_again(post)
        logs = {one: await stored(broker.bootstrap_servers, log_of(one).name) for one in STREAMERS}

    shares = {pid: (after[pid] - before[pid]) / stalled_s for pid in pids}
    stalled = [one for one in post.answers if one.stalled]
    refused = [one for one in stalled if one.status == 503]
    late = [round(one.took_s, 2) for one in refused if one.took_s > ANSWER_S]
    written = [(one, record.headers["message-id"]) for one, log in logs.items() for record in log]
    held = set(written)
    acknowledged = {(one.streamer_id, one.message_id) for one in post.answers if one.status == 204}
    slowest_s, busiest = max(one.took_s for one in refused), max(shares.values())
    with capsys.disabled():
        print(
            f"\nbroker stopped {stalled_s:.0f} s at {RATE} posts/s: {len(refused)} of {len(stalled)} refused,"
            f" slowest after {slowest_s:.2f} s; busiest process {busiest:.0%} of a core;"
            f" {len(acknowledged)} acknowledged, {len(acknowledged - held)} lost"
        )
    assert {one.status for one in post.answers} <= {204, 503}
    assert len(refused) > RATE * (STALL_S - ANSWER_S) * 0.9
    assert late == []
    assert {pid: share for pid, share in shares.items() if share > CORE_SHARE} == {}
    assert acknowledged - held == set()
    assert len(written) == len(held)
    assert goes_on
