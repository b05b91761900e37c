"""What streamers' logs say, compared with what Twitch says now, and made right by events through Kafka.

Invariant: a correction goes the way of every event, so each viewer sees it once and in order, and an event of
Twitch's that says the same later is dropped (core.dedup). A streamer whose log nobody runs is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gstreamer import log
from gstreamer.actors.wiring import Clock, Config, Ports
from gstreamer.core.fold import OFFLINE, ONLINE, UNKNOWN, UPDATE, StreamerState
from gstreamer.core.healing import (
    VERSIONS,
    About,
    Finding,
    Healing,
    Running,
    is_told,
    offline_event,
    online_event,
    update_event,
)
from gstreamer.core.records import (
    EVENT_TYPE,
    EVENT_VERSION,
    MESSAGE_ID,
    RECEIVED_MS,
    SUBSCRIPTION_ID,
    TWITCH_TIMESTAMP,
    Outgoing,
)
from gstreamer.core.topics import streamer_topic
from gstreamer.twitch.models import Channel, Stream

_FAMILIES = {"online": ONLINE, "offline": OFFLINE, "update": UPDATE}

_log = log.get("healing")


class Healer:
    """
    Heals logs.

    Args:
        config: What is set.
        ports: Whom it works with.
        clock: Its time.
    """

    def __init__(self, config: Config, ports: Ports, clock: Clock) -> None:
        self._config = config
        self._ports = ports
        self._clock = clock
        self._healing = Healing({_FAMILIES[one] for one in config.families if one in _FAMILIES})

    def keep(self, streamer_ids: Collection[str]) -> None:
        """Forget all others."""
        self._healing.keep(frozenset(streamer_ids))

    async def heal(
        self,
        streamer_ids: Collection[str],
        streams: Iterable[Stream],
        polled: Collection[str],
        doubted: Collection[str],
    ) -> None:
        """
        Publish what these streamers' logs lack.

        Args:
            streamer_ids: Whom Twitch was asked about.
            streams: Its answer: the streams that run.
            polled: Those of them that no events come for.
            doubted: Those of them whose title may have been missed, whether they are live or not.

        Raises:
            UnavailableError: Twitch or Kafka do not answer; what was not published is found again.
        """
        running: dict[str, Running] = {}
        asked = dict.fromkeys(streamer_ids)
        for stream in streams:
            if stream.started_at is None:
                asked.pop(stream.user_id, None)  # half an answer
            else:
                running[stream.user_id] = _running(stream, stream.started_at)
        states = await self._ports.states.states(asked)
        now_s = self._clock.unix()
        found: list[Finding] = []
        for one in asked:
            state, truth = states.get(one), running.get(one)
            seen = self._healing.look(one, truth, state or UNKNOWN, now_s, polled=one in polled)
            if state is None:
                continue  # what runs is remembered, and nothing can be corrected
            found += seen
            if one in doubted:
                found += self._healing.doubt(one, "" if truth is None else truth.stream_id, state, now_s)
        if found:
            await self._publish(dict.fromkeys(found), running, states)

    async def _publish(
        self, found: Iterable[Finding], running: Mapping[str, Running], states: Mapping[str, StreamerState]
    ) -> None:
        updates = [one.streamer_id for one in found if one.type == UPDATE]
        channels = {one.broadcaster_id: _channel(one) for one in await self._channels(updates)}
        names = await self._names([one.streamer_id for one in found if one.type == OFFLINE], running)
        for one in found:
            name = one.streamer_id
            if one.type == ONLINE:
                await self._send(one, online_event(name, running[name]))
            elif one.type == OFFLINE:
                await self._send(one, offline_event(name, one.stream_id, names.get(name, About("", ""))))
            elif name in channels and not is_told(channels[name], states[name]):
                await self._send(one, update_event(name, channels[name]))

    async def _channels(self, streamer_ids: Collection[str]) -> Iterable[Channel]:
        return await self._ports.twitch.channels(streamer_ids) if streamer_ids else ()

    async def _names(self, streamer_ids: Collection[str], running: Mapping[str, Running]) -> dict[str, About]:
        found = {one: About(running[one].login, running[one].name) for one in streamer_ids if one in running}
        missing = [one for one in streamer_ids if one not in found]
        users = await self._ports.twitch.users(missing) if missing else ()
        return found | {user.id: About(user.login, user.display_name) for user in users}

    async def _send(self, found: Finding, event: dict[str, Any]) -> None:
        now_s = self._clock.unix()
        headers = {
            MESSAGE_ID: found.message_id,
            SUBSCRIPTION_ID: "",
            EVENT_TYPE: found.type,
            EVENT_VERSION: VERSIONS[found.type],
            TWITCH_TIMESTAMP: _rfc3339(datetime.fromtimestamp(now_s, UTC)),
            RECEIVED_MS: str(int(now_s * 1_000)),
        }
        topic, partition = streamer_topic(self._config.topic_prefix, found.streamer_id)
        value = json.dumps({"event": event}, separators=(",", ":")).encode()
        encoded = tuple((name, text.encode()) for name, text in headers.items())
        await self._ports.records.send(Outgoing(topic, partition, found.streamer_id.encode(), value, encoded))
        self._ports.metrics.count("gstreamer_reconciled_events", 1, found.type.partition(".")[2])
        _log.info("log corrected", streamer_id=found.streamer_id, message_id=found.message_id)


def _running(stream: Stream, started_at: datetime) -> Running:
    return Running(
        stream.id,
        stream.user_login,
        stream.user_name,
        stream.type or "live",
        _rfc3339(started_at),
        started_at.timestamp(),
        stream.title,
        stream.game_name,
    )


def _channel(channel: Channel) -> About:
    return About(
        channel.broadcaster_login,
        channel.broadcaster_name,
        channel.title,
        channel.broadcaster_language,
        channel.game_id,
        channel.game_name,
        channel.content_classification_labels,
    )


def _rfc3339(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
