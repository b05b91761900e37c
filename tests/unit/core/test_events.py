"""An event's class decides how it may be thinned; one that nobody knows is never dropped."""

from __future__ import annotations

import pickle

import pytest

from gstreamer.core.events import Batch, Event, EventClass, Joined, class_of


@pytest.mark.parametrize(
    ("event_type", "event_class"),
    [
        ("stream.online", EventClass.CRITICAL),
        ("channel.raid", EventClass.CRITICAL),
        ("channel.brand_new.thing", EventClass.CRITICAL),
        ("", EventClass.CRITICAL),
        ("gs.viewers", EventClass.STATE),
        ("channel.poll.progress", EventClass.STATE),
        ("channel.poll.end", EventClass.CRITICAL),
        ("channel.chat.message", EventClass.CHAT),
        ("channel.chat.message_delete", EventClass.CRITICAL),
    ],
)
def test_the_class_of_a_type(event_type: str, event_class: EventClass) -> None:
    assert class_of(event_type) is event_class


def test_labels_are_the_protocols_words() -> None:
    assert [one.label for one in EventClass] == ["critical", "state", "chat"]


def test_a_batch_survives_the_way_between_actors() -> None:
    event = Event(7, EventClass.STATE, "gs.viewers", "gs.viewers:", "m7", b"{}", 7)
    joined = Joined(Batch("42", 3, "epoch", 6, 7, (event,)), True)

    assert pickle.loads(pickle.dumps(joined)) == joined
