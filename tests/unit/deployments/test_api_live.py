"""Actors of the ws side are asked all at once; one that does not answer holds nobody up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import ConnectionView, Snapshot
from gstreamer.deployments.api.live import Connections, Polled


@dataclass
class Socketed:
    """A connection actor with these sessions."""

    held: frozenset[str]
    fails: bool = False

    async def sessions(self) -> frozenset[str]:
        if self.fails:
            raise UnavailableError("gone")
        return self.held


async def test_sessions_are_gathered_from_the_connection_actors_that_answer() -> None:
    actors = {"a": Socketed(frozenset({"1", "2"})), "b": Socketed(frozenset({"2"})), "c": Socketed(frozenset(), True)}

    class Actors:
        snapshot = Snapshot(1, 0, tuple(ConnectionView(name, "n", "", 1, "i", 0, 1, True) for name in actors), ())

        def connection(self, name: str) -> Socketed:
            return actors[name]

    cluster: Any = Actors()

    assert await Connections(cluster, cluster).sessions() == {"1", "2"}


async def test_who_is_polled_is_known_as_the_subscriptions_actor_said_last() -> None:
    class Subscriptions:
        answers: ClassVar[list[frozenset[str]]] = [frozenset({"1"}), frozenset({"2"})]

        async def polled(self) -> frozenset[str]:
            if len(self.answers) == 1:
                raise UnavailableError("gone")
            return self.answers.pop(0)

    heard: list[frozenset[str]] = []
    enough = asyncio.Event()

    async def sleep(delay_s: float) -> None:
        heard.append(polled.streamers)
        if len(heard) == 2:
            enough.set()
            await asyncio.Event().wait()

    actor: Any = Subscriptions()
    polled = Polled(actor, sleep)
    assert polled.streamers == frozenset()
    task = asyncio.create_task(polled.run())
    await enough.wait()
    task.cancel()

    assert heard == [{"1"}, {"1"}]
