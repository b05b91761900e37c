"""An event's class decides how it may be thinned; one that nobody knows is never dropped."""

from __future__ import annotations

import pickle

from gstreamer.core.events import Batch, Event, EventClass, Joined


def test_labels_are_the_protocols_words() -> None:
    assert [one.label for one in EventClass] == ["critical", "state", "chat"]


def test_a_batch_survives_the_way_between_actors() -> None:
    event = Event(7, EventClass.STATE, "gs.viewers", "gs.viewers:", "m7", b"{}", 7)
    joined = Joined(Batch("42", 3, "epoch", 6, 7, (event,)), True)

    assert pickle.loads(pickle.dumps(joined)) == joined
