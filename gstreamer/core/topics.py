"""Which Kafka topic holds what, and how each is made. ``streamer_topic`` is the only mapping of a streamer."""

from __future__ import annotations

from typing import NamedTuple

UNROUTED = "gs.unrouted"
"""Signed events for a streamer that has no topic; it always exists (an orphaned subscription)."""

CONTROL = "gs.control"
"""Events without a streamer, and revocations; read by the subscriptions actor."""

DEAD_LETTERS = "gs.dead-letters"
"""Records that could not be used, each with its reason; compacted, key topic/partition/offset."""

PLACEMENT_LOG = "gs.placement"
"""Placement's decisions, compacted by streamer; a decision's offset is the owner's generation."""

SESSIONS = "gs.sessions"
"""Ended sessions: key is the session's public id, value why (``ended`` or ``grant_revoked``); compacted, 30 days."""

_DAY_MS = 86_400_000


class TopicSpec(NamedTuple):
    """A topic with its Kafka configuration; one partition each, so that a log has one order."""

    name: str
    config: dict[str, str]


class Place(NamedTuple):
    """Where a streamer's log is."""

    topic: str
    partition: int


def streamer_topic(prefix: str, streamer_id: str) -> Place:
    """The topic and partition that hold this streamer's log."""
    return Place(prefix + streamer_id, 0)


def streamer_of_topic(prefix: str, topic: str) -> str | None:
    """The streamer whose log this topic is, or None for any other topic."""
    rest = topic[len(prefix) :]
    return rest if topic.startswith(prefix) and rest.isascii() and rest.isdigit() else None


def streamer_topic_config() -> dict[str, str]:
    """
    Configuration of a streamer's topic.

    Record time is the broker's (LogAppendTime): the dedupe window is counted in it, so no replica's clock
    matters. Segments of a day at most, since retention works on closed segments only.
    """
    return {
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(7 * _DAY_MS),
        "segment.ms": str(_DAY_MS),
        "segment.bytes": str(64 * 2**20),
        "max.message.bytes": str(1_000_000),
    }


def own_topics() -> tuple[TopicSpec, ...]:
    """The topics that gstreamer itself needs, made at every start (one that exists is left alone)."""
    appended = {"message.timestamp.type": "LogAppendTime"}
    compacted = {**appended, "cleanup.policy": "compact"}
    return (
        TopicSpec(UNROUTED, {**appended, "retention.ms": str(7 * _DAY_MS)}),
        TopicSpec(CONTROL, {**appended, "retention.ms": str(7 * _DAY_MS)}),
        TopicSpec(DEAD_LETTERS, compacted),
        TopicSpec(PLACEMENT_LOG, compacted),
        TopicSpec(SESSIONS, {**appended, "cleanup.policy": "compact,delete", "retention.ms": str(30 * _DAY_MS)}),
    )
