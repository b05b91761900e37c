"""An event's class decides how it may be thinned; one that nobody knows is never dropped."""

from __future__ import annotations

import pickle

import pytest

from gstreamer.core.events import Batch, Event, EventClass, Joined, Role, Terms

EVENT = Event(7, EventClass.STATE, "gs.viewers", "gs.viewers:", "m7", b"whole", 7)


def test_labels_are_the_protocols_words() -> None:
    assert [one.label for one in EventClass] == ["critical", "state", "chat"]


def test_a_batch_survives_the_way_between_actors() -> None:
    event = EVENT._replace(terms=Terms(Role.VIEWER, Role.MODERATOR, b"cut", bits=5))
    joined = Joined(Batch("42", 3, "epoch", 6, 7, (EVENT, event)), True)

    assert pickle.loads(pickle.dumps(joined)) == joined


@pytest.mark.parametrize(
    ("terms", "shown"),
    [
        (None, [b"whole", b"whole", b"whole"]),
        (Terms(bits=100), [b"whole", b"whole", b"whole"]),
        (Terms(Role.VIEWER, Role.MODERATOR, b"cut"), [b"cut", b"whole", b"whole"]),
        (Terms(Role.VIEWER, Role.BROADCASTER, b"cut"), [b"cut", b"cut", b"whole"]),
        (Terms(Role.MODERATOR, Role.MODERATOR), [None, b"whole", b"whole"]),
        (Terms(Role.MODERATOR, Role.BROADCASTER, b"cut"), [None, b"cut", b"whole"]),
    ],
)
def test_each_role_sees_what_the_terms_leave_it(terms: Terms | None, shown: list[bytes | None]) -> None:
    event = EVENT._replace(terms=terms)

    seen = [event.seen_by(role) for role in Role]

    assert [one and one.encoded for one in seen] == shown
    assert all(one is None or one is event or one.terms is None for one in seen)


def test_all_its_forms_count() -> None:
    assert (EVENT.size, EVENT._replace(terms=Terms(cut=b"cut")).size) == (5, 8)
