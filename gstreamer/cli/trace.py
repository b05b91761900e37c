"""`gstreamer trace`: one event's way, from the headers of its record and what actors remember of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from gstreamer.cli import attach
from gstreamer.core import records
from gstreamer.core.errors import ConfigurationError, RejectedError, UnavailableError
from gstreamer.core.records import Record
from gstreamer.core.topics import CONTROL, DEAD_LETTERS, UNROUTED, streamer_of_topic, streamer_topic
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.consumer import Reader
from gstreamer.settings import Settings

LOOK_BACK_MS = 30 * 60_000
SCAN_S = 60.0
_AT_ONCE = 20


class Stage(NamedTuple):
    """A moment of an event's way."""

    at_ms: int
    what: str
    where: str = ""


async def told(tree: Settings, message_id: str, streamer_id: str | None) -> list[str]:
    """
    The lines to print about an event.

    Raises:
        ConfigurationError: No Kafka is set.
        RejectedError: No record has that id; the text says where was looked.
        UnavailableError: Kafka does not answer.
    """
    found = await find(tree, message_id, streamer_id)
    if not found:
        where = f"the log of streamer {streamer_id}" if streamer_id else "what was written in the last 30 minutes"
        hint = "" if streamer_id else "; name its --streamer to look further back"
        raise RejectedError(f"no event {message_id} in {where}{hint}")
    stages = record_stages(found[0])
    try:
        attach.join_ray(tree)
        stages += await _actor_stages(message_id)
        note = ""
    except UnavailableError as error:
        note = f"stages in the actors are not known: {error}"
    return [*_headings(found), *lines(stages), *([note] if note else [])]


def record_stages(record: Record) -> list[Stage]:
    """What a record itself tells of its way."""
    stages = []
    sent = record.headers.get(records.TWITCH_TIMESTAMP)
    if sent is not None and (sent_ms := _milliseconds(sent)) is not None:
        stages.append(Stage(sent_ms, "sent", "Twitch"))
    received = record.headers.get(records.RECEIVED_MS, "")
    if received.isdigit():
        stages.append(Stage(int(received), "received", "webhooks"))
    stages.append(Stage(record.time_ms, "appended", f"{record.topic} at {record.offset}"))
    return stages


def lines(stages: Iterable[Stage]) -> list[str]:
    """One line for each stage in order of time, with what has passed since the one before."""
    shown: list[str] = []
    before: int | None = None
    # By time alone: within one millisecond they stay as they were found, which is the way of the event.
    for stage in sorted(stages, key=lambda stage: stage.at_ms):
        at = datetime.fromtimestamp(stage.at_ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds")[:23]
        passed = "" if before is None else f"+{stage.at_ms - before} ms"
        shown.append(f"{at}  {passed:>10}  {stage.what:<10}{stage.where}".rstrip())
        before = stage.at_ms
    return shown


async def find(tree: Settings, message_id: str, streamer_id: str | None) -> list[Record]:
    """
    The records with that message id, in order of their append time.

    Raises:
        ConfigurationError: No Kafka is set.
        UnavailableError: Kafka does not answer.
    """
    if tree.kafka.bootstrap_servers is None:
        raise ConfigurationError("gstreamer does not run here: start it, name its --data-dir, or set a Kafka")
    admin = Admin(tree.kafka.bootstrap_servers, tree.kafka.extra)
    reader = Reader(tree.kafka.bootstrap_servers, tree.kafka.extra)
    found: list[Record] = []
    try:
        if streamer_id is not None:
            names, since_ms = [streamer_topic(tree.kafka.topic_prefix, streamer_id).topic], 0
        else:
            names = [name for name in await admin.names() if _may_hold_events(tree.kafka.topic_prefix, name)]
            since_ms = int(time.time() * 1000) - LOOK_BACK_MS
        async with asyncio.timeout(SCAN_S):
            gate = asyncio.Semaphore(_AT_ONCE)

            async def scanned(name: str) -> list[Record]:
                async with gate:
                    return await _scan(admin, reader, name, since_ms, message_id)

            for part in await asyncio.gather(*map(scanned, names)):
                found += part
    except TimeoutError:
        raise UnavailableError(f"the logs were not read within {SCAN_S:.0f} s; name the --streamer") from None
    finally:
        await reader.close()
        await admin.close()
    return sorted(found, key=lambda record: record.time_ms)


async def _scan(admin: Admin, reader: Reader, topic: str, since_ms: int, message_id: str) -> list[Record]:
    low, high = await admin.watermarks(topic, 0)
    first = max(low, await admin.offset_at(topic, 0, since_ms))
    if first >= high:
        return []
    found: list[Record] = []
    done = asyncio.Event()

    def sink(batch: list[Record]) -> None:
        found.extend(each for each in batch if each.headers.get(records.MESSAGE_ID) == message_id)
        # A compacted log's last offset may hold no record; then the next one that comes is beyond it.
        if batch[-1].offset >= high - 1:
            done.set()

    await reader.assign(topic, 0, first, sink)
    try:
        await asyncio.wait_for(done.wait(), 5.0)
    except TimeoutError:
        # A compacted log that ends in removed records: what there was has come.
        pass
    finally:
        await reader.unassign(topic, 0)
    return found


async def _actor_stages(message_id: str) -> list[Stage]:
    from gstreamer.actors.handles import ConnectionHandle, Handles, HostHandle

    handles = Handles()
    snapshot = await handles.placement().snapshot(-1)
    actors: list[HostHandle | ConnectionHandle] = [handles.host(view.name) for view in snapshot.hosts]
    actors += [handles.connection(view.name) for view in snapshot.connections]
    stages = []
    for actor in actors:
        try:
            times = await actor.trace(message_id)
        except UnavailableError:
            continue
        stages += [Stage(at_ms, what, actor.name) for what, at_ms in times.items()]
    return stages


def _may_hold_events(prefix: str, name: str) -> bool:
    return name in (UNROUTED, CONTROL, DEAD_LETTERS) or streamer_of_topic(prefix, name) is not None


def _headings(found: list[Record]) -> list[str]:
    first = found[0]
    kind = first.headers.get(records.EVENT_TYPE, "unknown type")
    version = first.headers.get(records.EVENT_VERSION, "?")
    headings = [f"{kind} {version}, {len(first.value)} bytes, {first.topic} at {first.offset}"]
    headings += [f"again {each.topic} at {each.offset}, not given out a second time" for each in found[1:]]
    return headings


def _milliseconds(timestamp: str) -> int | None:
    try:
        # Twitch writes nanoseconds; Python reads at most microseconds.
        whole, _, rest = timestamp.rstrip("Z").partition(".")
        moment = datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}+00:00")
    except ValueError:
        return None
    return int(moment.timestamp() * 1000)
