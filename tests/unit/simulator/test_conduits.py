"""A channel's events stay with one shard of a conduit, or one other; a conduit that nobody serves ends."""

from __future__ import annotations

import time

from gstreamer.simulator.conduits import ABANDONED_S, ENABLED, Conduit, Conduits, Shard
from gstreamer.simulator.state import State

CHANNELS = [str(number) for number in range(1_000, 1_200)]


def served(count: int) -> Conduit:
    shards = {str(number): Shard(id=str(number), status=ENABLED, method="webhook") for number in range(count)}
    return Conduit(id="one", shard_count=count, shards=shards)


def test_a_channel_has_a_shard_of_its_own_and_channels_are_spread() -> None:
    conduit = served(5)

    first = [conduit.shard_for(channel) for channel in CHANNELS]

    assert first == [conduit.shard_for(channel) for channel in CHANNELS]
    assert {shard.id for shard in first if shard is not None} == set("01234")


def test_of_a_disabled_shard_one_other_takes_over() -> None:
    conduit = served(3)
    conduit.shards["1"].status = "notification_failures_exceeded"

    shards = [conduit.shard_for(channel) for channel in CHANNELS]

    assert {shard.id for shard in shards if shard is not None} == {"0", "2"}
    assert None not in shards


def test_what_meets_two_disabled_shards_is_dropped() -> None:
    conduit = served(3)
    for number in "12":
        conduit.shards[number].status = "notification_failures_exceeded"

    shards = [conduit.shard_for(channel) for channel in CHANNELS]

    assert None in shards
    assert any(shard is not None for shard in shards)


def test_a_conduit_that_nobody_serves_ends_after_three_days_with_what_went_through_it() -> None:
    state = State(None)
    conduits = Conduits(state)
    left, kept = conduits.make(1), conduits.make(1)
    kept.shards["0"] = Shard(id="0", status=ENABLED, method="webhook")
    conduits.write()
    body: dict[str, object] = {"id": "a subscription", "status": "enabled", "cost": 1}
    body["transport"] = {"method": "conduit", "conduit_id": left.id}
    state.add_subscription(body, "")
    now_s = time.time()

    conduits.end_abandoned(now_s + ABANDONED_S - 60)
    before = len(conduits)
    conduits.end_abandoned(now_s + ABANDONED_S + 60)

    found = state.subscription("a subscription")
    assert (before, [one.id for one in conduits]) == (2, [kept.id])
    assert found is not None
    assert (found.body["status"], found.body["cost"]) == ("conduit_deleted", 0)
    state.close()
