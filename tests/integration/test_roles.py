"""What only some may see of a streamer's events reaches nobody else, live or by a resume; they get all of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gstreamer.actors.backlog import Logs
from gstreamer.actors.connection import wall_ms
from gstreamer.actors.streamer_host import HostOptions, StreamerHost
from gstreamer.core.ports import Owner
from gstreamer.core.records import Outgoing, Record
from gstreamer.deployments.eventsub import Rules, Webhooks
from tests import eventsub
from tests.client import Viewer
from tests.fake_log import Counts, FakeLog
from tests.socket_rig import Rig, rig

ONE = "1001"
TOPIC = f"gs.streamer.{ONE}"
HOST = "streamers:here:0"
REDEMPTION = "channel.channel_points_custom_reward_redemption.add"
SECRET = "between us two"


class Kafka(FakeLog):
    """Topics that webhooks write to and hosts read from."""

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        offset = len(self.logs[record.topic])
        headers = {name: value.decode() for name, value in record.headers}
        self.append(
            Record(record.topic, record.partition, offset, wall_ms(), record.key, record.value, headers),
        )
        return offset


class Install:
    """Webhooks, a host and a connection actor, as they are; Kafka in memory."""

    def __init__(self, world: Rig) -> None:
        self.world = world
        self.kafka = Kafka()
        self.kafka.make(TOPIC)
        self.webhooks = Webhooks(Rules((eventsub.SECRET.encode(),), "gs.streamer."), self.kafka, self.kafka, Counts())
        self.host = StreamerHost(
            HOST,
            "here",
            "h1",
            Logs(self.kafka.reader(), self.kafka, self.kafka, self.kafka.reader),
            lambda name: world.connection,
            Counts(),
            HostOptions("gs.streamer.", 2**20),
        )
        world.hosts[HOST] = self.host  # type: ignore[assignment]  # the real one

    async def post(self, message_id: str, event_type: str, event: dict[str, Any]) -> None:
        """A webhook as Twitch sends it."""
        body = eventsub.notification(ONE, event_type, event=event)
        headers = eventsub.headers(body, eventsub.timestamp(wall_ms()), message_id=message_id)
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/eventsub",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        await self.webhooks(scope, receive, send)
        assert statuses == [204]

    def viewer(self, user: str) -> Viewer:
        async def dial() -> tuple[str, str]:
            return self.world.url, self.world.ticket(user=user)

        return Viewer(dial)


@asynccontextmanager
async def install() -> AsyncIterator[Install]:
    async with rig(ONE) as world:
        made = Install(world)
        await made.host.assign((Owner(ONE, HOST, 1),))
        try:
            yield made
        finally:
            await made.host.stop()


async def say_all(made: Install) -> None:
    await made.post("m0", REDEMPTION, {"id": "r", "user_input": SECRET, "status": "unfulfilled"})
    await made.post("m1", "channel.ban", {"user_id": "9", "reason": SECRET})
    await made.post("m2", "stream.online", {"id": "9001"})


async def grown(viewer: Viewer, count: int) -> None:
    await viewer.until(lambda: len(viewer.events.get(ONE, ())) >= count)


def told(viewer: Viewer) -> dict[str, Any]:
    """What a viewer got of each event, by its id."""
    return {event["id"]: event["data"] for event in viewer.events[ONE]}


FOR_ALL = {"m0": {"id": "r", "status": "unfulfilled"}, "m2": {"id": "9001"}}
FOR_THE_STREAMER = {
    "m0": {"id": "r", "user_input": SECRET, "status": "unfulfilled"},
    "m1": {"user_id": "9", "reason": SECRET},
    "m2": {"id": "9001"},
}


async def test_a_restricted_field_is_in_the_broadcasters_frame_and_in_nobody_elses() -> None:
    async with install() as made, made.viewer("4242") as viewer, made.viewer(ONE) as broadcaster:
        await viewer.subscribe(ONE)
        await broadcaster.subscribe(ONE)

        await say_all(made)
        await grown(viewer, 2)
        await grown(broadcaster, 3)

        assert told(viewer) == FOR_ALL
        assert told(broadcaster) == FOR_THE_STREAMER
        assert SECRET not in json.dumps(viewer.events)


async def test_a_resume_is_cut_like_the_live_feed() -> None:
    async with install() as made:
        await say_all(made)
        async with made.viewer("4242") as first:
            await first.subscribe(ONE)  # joined at the head: what was said before, only the host knows
            for user, expected in (("4243", FOR_ALL), (ONE, FOR_THE_STREAMER)):
                async with made.viewer(user) as late:
                    answer = await late.subscribe(ONE, "epoch-01:-1")
                    await grown(late, len(expected))

                    assert answer["recovery"] == "complete"
                    assert told(late) == expected


async def test_an_event_that_is_not_for_a_viewer_leaves_no_gap() -> None:
    async with install() as made, made.viewer("4242") as viewer:
        await viewer.subscribe(ONE)
        await made.post("m0", "stream.online", {"id": "9001"})
        await grown(viewer, 1)
        await made.post("m1", "channel.ban", {"user_id": "9", "reason": SECRET})

        await viewer.cut()
        await made.post("m2", "stream.offline", {"id": "9001"})
        await grown(viewer, 2)

        assert [event["position"] for event in viewer.events[ONE]] == ["epoch-01:0", "epoch-01:2"]
        assert viewer.gaps == []


async def test_minima_hold_over_a_resume_and_leave_no_gap() -> None:
    async with install() as made, made.viewer("4242") as viewer:
        for number, bits in enumerate((1, 500)):
            await made.post(f"m{number}", "channel.cheer", {"bits": bits})
        await made.post("m2", "channel.subscribe", {"tier": "1000"})
        await viewer.send(
            {"type": "subscribe", "streamer_id": ONE, "position": "epoch-01:-1", "min_bits": 100, "min_tier": "2000"}
        )
        for number, bits in enumerate((99, 100), 3):
            await made.post(f"m{number}", "channel.cheer", {"bits": bits})
        await made.post("m5", "channel.subscribe", {"tier": "2000"})
        await grown(viewer, 3)

        assert [event["id"] for event in viewer.events[ONE]] == ["m1", "m4", "m5"]
        assert viewer.gaps == []


async def test_a_minimum_that_is_none_is_refused() -> None:
    async with install() as made, made.viewer("4242") as viewer:
        await viewer.send({"type": "subscribe", "streamer_id": ONE, "min_bits": "many"})
        await viewer.until(lambda: bool(viewer.errors))

        assert viewer.errors[0]["code"] == "bad_request"
        assert viewer.errors[0]["message"] == "min_bits is a whole number from 0 to 1000000000"
