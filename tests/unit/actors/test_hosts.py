"""Hosts are asked once for many streamers, where they are; one that does not answer holds nobody up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from gstreamer.actors import hosts as module
from gstreamer.actors.hosts import Hosts
from gstreamer.core.errors import UnavailableError
from gstreamer.core.fold import UNKNOWN, StreamerState
from gstreamer.core.ports import HostView, Snapshot


@dataclass
class Host:
    """A host that runs these streamers."""

    runs: set[str]
    fails: bool = False
    silent: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def state(self, streamer_ids: tuple[str, ...]) -> dict[str, StreamerState]:
        self.asked.append(streamer_ids)
        if self.fails:
            raise UnavailableError("gone")
        if self.silent:
            await asyncio.Event().wait()
        return {one: UNKNOWN._replace(live=True) for one in streamer_ids if one in self.runs}


class Cluster:
    """Handles and snapshot of some hosts."""

    def __init__(self, **hosts: Host) -> None:
        self.hosts = {name.replace("_", ":"): host for name, host in hosts.items()}

    def host(self, name: str) -> Host:
        return self.hosts[name]

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(1, 0, (), tuple(HostView(name, "n", "i", 1) for name in self.hosts))


def hosts_of(cluster: Any) -> Hosts:
    return Hosts(cluster, cluster)


async def test_each_host_is_asked_once() -> None:
    one, two = Host({"1", "2"}), Host({"3"})
    hosts = hosts_of(Cluster(streamers_n_0=one, streamers_n_1=two))

    found = await hosts.states(["1", "2", "3", "4"])

    assert sorted(found) == ["1", "2", "3"]
    assert one.asked == two.asked == [("1", "2", "3", "4")]


async def test_a_streamer_is_asked_where_it_was_last_time() -> None:
    one, two = Host({"1"}), Host({"2"})
    hosts = hosts_of(Cluster(streamers_n_0=one, streamers_n_1=two))
    await hosts.states(["1", "2"])

    await hosts.states(["1", "2"])

    assert (one.asked[1:], two.asked[1:]) == ([("1",)], [("2",)])


async def test_a_streamer_that_has_moved_is_found() -> None:
    one, two = Host({"1"}), Host(set())
    hosts = hosts_of(Cluster(streamers_n_0=one, streamers_n_1=two))
    await hosts.states(["1"])
    one.runs, two.runs = set(), {"1"}

    assert "1" in await hosts.states(["1"])


async def test_a_host_of_one_streamer_is_asked_for_that_one_only() -> None:
    one, two = Host({"1"}), Host({"2"})
    hosts = hosts_of(Cluster(streamer_1=one, streamer_2=two))

    assert sorted(await hosts.states(["1", "2", "3"])) == ["1", "2"]
    assert (one.asked, two.asked) == ([("1",)], [("2",)])


async def test_hosts_that_do_not_answer_are_left_out(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "ASK_S", 0.01)
    cluster = Cluster(
        streamers_n_0=Host({"1"}, fails=True), streamers_n_1=Host({"2"}, silent=True), streamers_n_2=Host({"3"})
    )

    assert list(await hosts_of(cluster).states(["1", "2", "3"])) == ["3"]


async def test_without_a_snapshot_nobody_is_asked() -> None:
    class Nothing:
        snapshot = None

    assert await hosts_of(Nothing()).states(["1"]) == {}
