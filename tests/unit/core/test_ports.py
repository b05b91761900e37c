"""The parts keep to their ports: each adapter has every method, with the arguments that callers give it."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest

from gstreamer.actors.access import TwitchAccess
from gstreamer.actors.connection import Connection
from gstreamer.actors.placement import Placement
from gstreamer.actors.streamer_host import StreamerHost
from gstreamer.actors.subscriptions import Subscriptions
from gstreamer.core import access, ports
from gstreamer.core.ports import ConnectionView, HostView, NotOwnerError, Owner, Snapshot
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.consumer import Reader
from gstreamer.kafka.producer import Producer
from gstreamer.metrics import Metrics

KEPT = [
    (ports.HostPeer, StreamerHost),
    (ports.ConnectionPeer, Connection),
    (ports.PlacementPeer, Placement),
    (ports.SubscriptionsPeer, Subscriptions),
    (access.AccessPeer, TwitchAccess),
    (ports.Log, Producer),
    (ports.LogReader, Reader),
    (ports.LogAdmin, Admin),
    (ports.Counting, Metrics),
]


def methods(port: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize(("port", "part"), KEPT, ids=lambda one: one.__name__)
def test_a_part_has_the_methods_of_its_port(port: type, part: type) -> None:
    for name in methods(port):
        wanted: Any = getattr(port, name)
        found: Any = getattr(part, name)
        arguments = list(inspect.signature(wanted).parameters.values())[1:]

        bound = inspect.signature(found).bind(None, *(object() for _ in arguments))

        assert len(bound.args) == len(arguments) + 1
        assert inspect.iscoroutinefunction(found) == inspect.iscoroutinefunction(wanted), name


def test_a_snapshot_survives_the_way_between_actors() -> None:
    connection = ConnectionView("connection:a:0", "a", "10.0.0.1", 8001, "i", 3, 100, True)
    snapshot = Snapshot(7, 1_000, (connection,), (HostView("streamers:a:0", "a", "j", 2),))

    assert pickle.loads(pickle.dumps(snapshot)) == snapshot
    assert pickle.loads(pickle.dumps(Owner("42", "streamers:a:0", 9))).generation == 9


def test_not_owning_is_a_kind_of_being_unavailable() -> None:
    assert issubclass(NotOwnerError, ports.UnavailableError)
