"""How many deliveries a connection actor makes, what an idle socket costs, how fast a crowd is welcomed.

One connection actor in a process of its own (uvloop, as in a Ray worker), viewers in another, a fake host beside
the actor. ``python -m tests.benchmarks.sockets [viewers ...]`` prints a JSON line for each size.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import sys
import time
from typing import Any

import uvloop

from tests.socket_rig import Rig

STREAMER = "1001"
SIZES = (1_000, 5_000, 10_000)
SECONDS = 5.0
OPENING = 500
EVENT_PAD = 300
EVENT = b'"class":"critical"'
MASK = b"\x00\x00\x00\x00"


def raise_limits() -> int:
    """As many open files as may be; how many that are."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def memory_bytes() -> int:
    """Memory of this process that is resident."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - not a file of ours
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Client(asyncio.Protocol):
    """A viewer that counts frames and reads nothing of them."""

    welcomed = 0
    frames = 0
    done: asyncio.Event

    def __init__(self, hello: bytes, crowd: Crowd) -> None:
        self._hello, self._crowd = hello, crowd
        self._head = True
        self._rest = b""
        self._seen = 0

    def connection_made(self, transport: Any) -> None:
        key = base64.b64encode(os.urandom(16))
        transport.write(
            b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
            + key
            + b"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: gstreamer.v1\r\n\r\n"
        )
        size = len(self._hello)
        transport.write(b"\x81\xfe" + size.to_bytes(2, "big") + MASK + self._hello)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0
        if self._head:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            self._head, at = False, end + 4
        size, start = len(data), at
        while at + 2 <= size:
            length, head = data[at + 1], 2
            if length == 126:
                if at + 4 > size:
                    break
                length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            if at + head + length > size:
                break
            at += head + length
            self._seen += 1
            self._crowd.count(self._seen)
        # Events that wait for a slow socket share a frame; a pause of the crowd makes every socket slow.
        self._crowd.events += data.count(EVENT, start, at)
        self._rest = data[at:]


class Crowd:
    """All viewers together: the first frame of each is its welcome, the second its subscription."""

    def __init__(self, viewers: int) -> None:
        self.viewers = viewers
        self.welcomed = self.subscribed = self.frames = self.events = 0
        self.changed = asyncio.Event()

    def count(self, number: int) -> None:
        if number == 1:
            self.welcomed += 1
        elif number == 2:
            self.subscribed += 1
        else:
            self.frames += 1
        self.changed.set()

    async def until(self, attribute: str, value: int, timeout_s: float) -> float:
        """When so many were counted, on the monotonic clock."""
        async with asyncio.timeout(timeout_s):
            while getattr(self, attribute) < value:
                self.changed.clear()
                await self.changed.wait()
        return time.monotonic()


async def serve() -> None:
    """The process of the connection actor: obeys lines on its standard input."""
    raise_limits()
    world = Rig((STREAMER,))
    await world.start()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    answer({"url": world.url, "rss": memory_bytes()})
    while line := (await reader.readline()).strip():
        if line == b"rss":
            answer({"rss": memory_bytes(), "sockets": world.connection._desk.admission.sockets})
        elif line == b"go":
            began, cpu, frames = time.monotonic(), time.process_time(), world.connection._desk.fanout
            before = world.metrics.counts["gstreamer_deliveries",] + frames.deliveries
            events = 0
            while time.monotonic() - began < SECONDS:
                await world.host.say(STREAMER, pad=EVENT_PAD)
                await asyncio.sleep(0)  # as calls from a host come: each in a turn of the loop of its own
                events += 1
            while world.connection._desk.fanout._runs:
                await asyncio.sleep(0)
            took = time.monotonic() - began
            deliveries = world.metrics.counts["gstreamer_deliveries",] + frames.deliveries - before
            answer({"events": events, "deliveries": deliveries, "took_s": took, "cpu_s": time.process_time() - cpu})
    await world.connection.stop()


def answer(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


async def measure(viewers: int) -> dict[str, Any]:
    """One run with so many viewers of one streamer."""
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.sockets",
        "serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert server.stdin is not None
    assert server.stdout is not None

    async def ask(line: bytes = b"") -> dict[str, Any]:
        if line:
            server.stdin.write(line + b"\n")  # type: ignore[union-attr]
        while True:
            text = await server.stdout.readline()  # type: ignore[union-attr]
            if text.startswith(b"{"):
                return json.loads(text)  # type: ignore[no-any-return]
            assert text, "the server has ended"

    try:
        started = await ask()
        host, port = started["url"][5:-1].split(":")
        world = Rig((STREAMER,))
        crowd = Crowd(viewers)
        loop = asyncio.get_running_loop()
        began = time.monotonic()
        for start in range(0, viewers, OPENING):
            hellos = (
                json.dumps({"type": "hello", "ticket": world.ticket(), "resume": {STREAMER: None}}).encode()
                for _ in range(min(OPENING, viewers - start))
            )
            await asyncio.gather(
                *(
                    loop.create_connection(lambda hello=hello: Client(hello, crowd), host, int(port))
                    for hello in hellos
                )  # type: ignore[misc]
            )
        welcomed = await crowd.until("welcomed", viewers, 60) - began
        await crowd.until("subscribed", viewers, 60)
        idle = await ask(b"rss")
        sent = await ask(b"go")
        await crowd.until("events", sent["deliveries"], 120)
        left = await ask(b"rss")
        return {
            "viewers": viewers,
            "welcomed_s": round(welcomed, 2),
            "bytes_per_idle_socket": round((idle["rss"] - started["rss"]) / viewers),
            "deliveries_per_s": round(sent["deliveries"] / sent["took_s"]),
            "frames_per_s": round(crowd.frames / sent["took_s"]),
            "cpu_s_per_s": round(sent["cpu_s"] / sent["took_s"], 2),
            "events": sent["events"],
            "lost": sent["events"] * viewers - crowd.events,
            "sockets_left": left["sockets"],
        }
    finally:
        server.stdin.close()
        try:
            await asyncio.wait_for(server.wait(), 10)
        except TimeoutError:
            server.kill()


def main() -> None:
    """Measure each size, or serve for one."""
    if sys.argv[1:] == ["serve"]:
        uvloop.run(serve())
        return
    files = raise_limits()
    for viewers in map(int, sys.argv[1:] or SIZES):
        if viewers + 100 > files:
            print(json.dumps({"viewers": viewers, "skipped": f"only {files} open files are allowed"}), flush=True)
            continue
        print(json.dumps({"benchmark": "sockets", **uvloop.run(measure(viewers))}), flush=True)


if __name__ == "__main__":
    main()
