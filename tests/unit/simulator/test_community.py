"""What happens around streams follows from a seed, and nothing goes on that has not begun."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import pytest

from gstreamer.core.catalogue import CATALOGUE
from gstreamer.simulator import cast, rules
from gstreamer.simulator.community import STEPS, Community
from gstreamer.simulator.world import Happening

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIVE = cast.STREAMERS[:3]


def happenings(seed: int, steps: int = 2_000) -> list[Happening]:
    community = Community(seed)
    return [happening for _ in range(steps) for happening in community.step(LIVE, NOW)]


def test_the_same_seed_gives_the_same_happenings() -> None:
    assert happenings(7) == happenings(7)
    assert happenings(7) != happenings(8)


def test_nothing_happens_around_nobody() -> None:
    assert Community(1).step([], NOW) == []


@pytest.mark.parametrize("kind", ["hype_train", "poll", "prediction"])
def test_what_is_under_way_begins_goes_on_and_ends(kind: str) -> None:
    told: dict[str, list[str]] = defaultdict(list)
    for event_type, event in happenings(3):
        if event_type.startswith(f"channel.{kind}."):
            told[event["id"]].append(event_type.rpartition(".")[2])

    whole = [seen for seen in told.values() if seen[-1] == "end"]
    going = {
        "hype_train": ["progress"] * (STEPS - 1),
        "poll": ["progress"] * (STEPS - 1),
        "prediction": ["progress"] * (STEPS - 2) + ["lock"],
    }
    assert len(whole) > 10
    assert all(seen == ["begin", *going[kind], "end"] for seen in whole)


def test_a_streamer_has_one_of_a_kind_at_a_time() -> None:
    open_polls: dict[str, str] = {}
    for event_type, event in happenings(5):
        streamer = event["broadcaster_user_id"]
        if event_type == "channel.poll.begin":
            assert streamer not in open_polls
            open_polls[streamer] = event["id"]
        elif event_type == "channel.poll.end":
            assert open_polls.pop(streamer) == event["id"]


def test_each_happening_is_for_a_subscription_that_needs_the_streamers_grant() -> None:
    for event_type, event in happenings(11):
        kind = CATALOGUE[event_type]
        condition = dict.fromkeys(kind.conditions[0], event["broadcaster_user_id"])
        subscription = {"type": event_type, "version": kind.versions[0], "condition": condition}

        assert kind.scopes
        assert rules.is_for(subscription, event_type, event)
