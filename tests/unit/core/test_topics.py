"""One mapping says where a streamer's log is, and own topics are made as the rules of the log need them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.topics import (
    CONTROL,
    DEAD_LETTERS,
    PLACEMENT_LOG,
    SESSIONS,
    UNROUTED,
    Place,
    own_topics,
    streamer_of_topic,
    streamer_topic,
    streamer_topic_config,
)

prefixes = st.from_regex(r"[A-Za-z0-9._-]{0,100}", fullmatch=True)
streamers = st.from_regex(r"[0-9]{1,20}", fullmatch=True)


@given(prefixes, streamers)
def test_a_topic_tells_its_streamer(prefix: str, streamer_id: str) -> None:
    place = streamer_topic(prefix, streamer_id)

    assert streamer_of_topic(prefix, place.topic) == streamer_id
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,249}", place.topic)
    assert place.partition == 0


def test_with_an_empty_prefix_the_topic_is_the_streamer() -> None:
    assert streamer_topic("", "42") == Place("42", 0)


@pytest.mark.parametrize(
    "topic", ["gs.streamer.", "gs.streamer.x", "gs.streamer.1a", "gs.streamer.\u0661", "other.1", "1"]
)
def test_another_topic_has_no_streamer(topic: str) -> None:
    assert streamer_of_topic("gs.streamer.", topic) is None


@pytest.mark.parametrize("prefix", ["", "gs.streamer."])
def test_an_own_topic_is_nobodys_log(prefix: str) -> None:
    assert [streamer_of_topic(prefix, spec.name) for spec in own_topics()] == [None] * len(own_topics())


def test_record_time_is_the_brokers_everywhere() -> None:
    configs = [streamer_topic_config(), *(spec.config for spec in own_topics())]

    assert {config["message.timestamp.type"] for config in configs} == {"LogAppendTime"}


def test_only_what_may_be_replaced_is_compacted() -> None:
    policies = {spec.name: spec.config.get("cleanup.policy", "delete") for spec in own_topics()}

    assert policies == {
        UNROUTED: "delete",
        CONTROL: "delete",
        DEAD_LETTERS: "compact",
        PLACEMENT_LOG: "compact",
        SESSIONS: "compact,delete",
    }


def test_a_streamers_log_keeps_a_week_in_segments_of_a_day() -> None:
    config = streamer_topic_config()

    assert int(config["retention.ms"]) == 7 * 24 * 3_600_000
    assert int(config["segment.ms"]) * 7 == int(config["retention.ms"])
    assert "cleanup.policy" not in config
