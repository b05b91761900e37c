"""A subscriber gets all that lies after the position it was told, in order, once; a gap is told before."""

from __future__ import annotations

import pytest

from gstreamer.core.channel import Answer
from gstreamer.core.events import Batch, Event, EventClass, Joined, Role, Terms
from gstreamer.core.filters import ALL, TypeFilter, filter_of
from gstreamer.core.hub import Hub, Take
from gstreamer.core.ids import Position
from gstreamer.core.protocol import Gap, Want

ONE = "1001"
CHEERS = filter_of(["channel.cheer"])
NOW = Want(None, ALL)


def event(offset: int, event_type: str = "stream.online", size: int = 10) -> Event:
    return Event(offset, EventClass.CRITICAL, event_type, "", f"m{offset}", b"x" * size, 0)


def batch(after: int, to: int, *events: Event, generation: int = 1, epoch: str = "e") -> Batch:
    return Batch(ONE, generation, epoch, after, to, events or tuple(event(at) for at in range(after + 1, to + 1)))


def at(offset: int, epoch: str = "e") -> Position:
    return Position(epoch, offset)


def after(offset: int, epoch: str = "e") -> Want:
    return Want(at(offset, epoch), ALL)


def served(head: int = 9, floor: int = 4, *subscribers: str, ring_bytes: int = 100_000) -> Hub[str]:
    """A hub that has joined at ``head`` and holds what lies after ``floor``, with live subscribers."""
    hub: Hub[str] = Hub(ring_bytes)
    hub.subscribe("first", ONE, after(floor))
    hub.begin_join(ONE)
    hub.joined(ONE, Joined(batch(floor, head), complete=True))
    hub.forget("first")
    for subscriber in subscribers:
        hub.subscribe(subscriber, ONE, NOW)
    return hub


def flushed(hub: Hub[str]) -> list[tuple[list[int], int, list[str]]]:
    return [
        ([one.offset for one in flush.events], flush.position.offset, sorted(flush.members))
        for flush in hub.flush(ONE)
    ]


def test_the_first_subscriber_waits_for_the_join_and_starts_at_the_head() -> None:
    hub: Hub[str] = Hub()

    assert hub.subscribe("ann", ONE, NOW) is None
    assert hub.begin_join(ONE) is None
    assert not hub.is_ready(ONE)
    assert hub.joined(ONE, Joined(batch(9, 9), complete=True)) == [Answer("ann", at(9), None)]
    assert hub.is_ready(ONE)
    assert hub.streamers() == (ONE,)


def test_the_join_asks_for_the_oldest_position_somebody_resumes_from() -> None:
    hub: Hub[str] = Hub()
    hub.subscribe("ann", ONE, after(7))
    hub.subscribe("bob", ONE, after(5))
    hub.subscribe("cyd", ONE, after(2, "old"))

    assert hub.begin_join(ONE) == at(5)
    answers = hub.joined(ONE, Joined(batch(5, 9), complete=True))

    assert answers == [Answer("ann", at(7), None), Answer("bob", at(5), None)]
    assert hub.wanted(ONE) == at(2, "old")


def test_live_subscribers_share_a_flush_per_filter() -> None:
    hub = served(9, 4, "ann", "bob")
    hub.subscribe("cyd", ONE, Want(None, CHEERS))

    assert hub.take(batch(9, 11, event(10), event(11, "channel.cheer"))) is Take.TAKEN

    assert flushed(hub) == [([10, 11], 11, ["ann", "bob"]), ([11], 11, ["cyd"])]
    assert flushed(hub) == []


def test_a_hole_between_batches_is_asked_for_again() -> None:
    hub = served(9, 4, "ann")

    assert hub.take(batch(10, 11)) is Take.HOLE
    assert not hub.is_ready(ONE)
    assert hub.begin_join(ONE) == at(9)
    assert hub.joined(ONE, Joined(batch(9, 12), complete=True)) == []
    assert flushed(hub) == [([10, 11, 12], 12, ["ann"])]


def test_what_is_known_already_is_not_given_twice() -> None:
    hub = served(9, 4, "ann")

    assert hub.take(batch(7, 9)) is Take.KNOWN
    assert hub.take(batch(7, 11)) is Take.TAKEN
    assert flushed(hub) == [([10, 11], 11, ["ann"])]


def test_a_host_of_an_older_generation_is_not_heard() -> None:
    hub = served(9, 4, "ann")
    hub.take(batch(9, 10, generation=5))

    assert hub.take(batch(10, 11, generation=4)) is Take.STALE
    assert hub.joined(ONE, Joined(batch(10, 12, generation=4), complete=True)) is None
    assert hub.take(batch(10, 11, generation=5)) is Take.TAKEN


def test_batches_that_overtake_the_answer_to_a_join_are_kept() -> None:
    hub = served(9, 4, "ann")
    hub.lose(ONE)
    hub.begin_join(ONE)

    assert hub.take(batch(11, 12, generation=2)) is Take.EARLY
    hub.joined(ONE, Joined(batch(9, 11, generation=2), complete=True))

    assert flushed(hub) == [([10, 11, 12], 12, ["ann"])]


def test_early_batches_that_leave_a_hole_ask_again() -> None:
    hub = served(9, 4, "ann")
    hub.begin_join(ONE)
    hub.take(batch(12, 13, generation=2))
    hub.take(batch(13, 14, generation=2))
    hub.joined(ONE, Joined(batch(9, 11, generation=2), complete=True))

    assert not hub.is_ready(ONE)
    assert flushed(hub) == [([10, 11], 11, ["ann"])]


def test_early_batches_are_bounded_by_the_ring() -> None:
    hub = served(9, 4, "ann", ring_bytes=5_000)
    hub.lose(ONE)
    hub.begin_join(ONE)
    for offset in range(10, 40):
        assert hub.take(batch(offset - 1, offset)) is Take.EARLY
    hub.joined(ONE, Joined(batch(9, 9), complete=True))

    assert flushed(hub)[0][1] < 39


def test_an_early_batch_of_an_older_generation_is_dropped() -> None:
    hub = served(9, 4, "ann")
    hub.lose(ONE)
    hub.begin_join(ONE)
    hub.take(batch(9, 10, event(10, "wrong"), generation=1))
    hub.joined(ONE, Joined(batch(9, 9, generation=2), complete=True))

    assert flushed(hub) == []


def test_the_owner_that_is_left_is_heard_until_the_new_one_answers() -> None:
    hub = served(9, 4, "ann")
    assert hub.begin_join(ONE) == at(9)

    assert hub.take(batch(9, 10)) is Take.TAKEN
    assert hub.take(batch(11, 12, generation=2)) is Take.EARLY
    assert flushed(hub) == [([10], 10, ["ann"])]
    assert hub.joined(ONE, Joined(batch(9, 11, generation=2), complete=True)) == []

    assert flushed(hub) == [([11, 12], 12, ["ann"])]
    assert hub.take(batch(10, 13)) is Take.STALE


def test_nobody_is_served_what_nobody_asked_for() -> None:
    hub: Hub[str] = Hub()

    assert hub.take(batch(9, 10)) is Take.UNKNOWN
    assert hub.unsubscribe("ann", ONE) is None
    assert hub.step("ann", ONE) is None
    assert hub.subscribers(ONE) == []
    assert hub.catching_up(ONE) == []
    assert hub.is_idle(ONE)
    assert not hub.is_ready(ONE)
    hub.lose(ONE)
    hub.drop(ONE)
    hub.forget("ann")


def test_a_resume_within_the_ring_gets_the_ring_first() -> None:
    hub = served(9, 4, "ann")

    assert hub.subscribe("bob", ONE, after(6)) == Answer("bob", at(6), None)
    hub.take(batch(9, 10))
    assert flushed(hub) == [([10], 10, ["ann"])]

    step = hub.step("bob", ONE)
    assert step is not None
    assert ([one.offset for one in step.events], step.position, step.live) == ([7, 8, 9, 10], at(10), True)
    hub.take(batch(10, 11))
    assert flushed(hub) == [([11], 11, ["ann", "bob"])]


def test_a_resume_takes_the_ring_in_pieces() -> None:
    hub = served(9, 4)
    hub.subscribe("bob", ONE, Want(at(4), ALL))

    steps = [hub.step("bob", ONE, 20) for _ in range(4)]

    assert [None if step is None else (len(step.events), step.position.offset, step.live) for step in steps] == [
        (2, 6, False),
        (2, 8, False),
        (1, 9, True),
        None,
    ]


def test_a_resume_ahead_of_us_waits_until_we_are_there() -> None:
    hub = served(9, 4)

    assert hub.subscribe("bob", ONE, after(10)) == Answer("bob", at(10), None)
    assert hub.step("bob", ONE) is None
    hub.take(batch(9, 11))
    hub.flush(ONE)
    step = hub.step("bob", ONE)

    assert step is not None
    assert [one.offset for one in step.events] == [11]


def test_a_resume_below_the_ring_is_answered_with_the_hosts_events() -> None:
    hub = served(9, 4)

    assert hub.subscribe("bob", ONE, after(2)) is None
    assert hub.wanted(ONE) == at(2)
    assert hub.since(ONE, at(2), Joined(batch(2, 9), complete=True), final=False) == [Answer("bob", at(2), None)]
    step = hub.step("bob", ONE)

    assert step is not None
    assert [one.offset for one in step.events] == list(range(3, 10))


def test_a_resume_below_the_host_gets_the_exact_gap() -> None:
    hub = served(9, 4)
    hub.subscribe("bob", ONE, after(0))
    hub.subscribe("cyd", ONE, after(1))

    answers = hub.since(ONE, at(0), Joined(batch(3, 9), complete=False), final=False)

    assert answers == [Answer("bob", at(3), Gap(at(1), at(3))), Answer("cyd", at(3), Gap(at(2), at(3)))]


def test_a_resume_that_came_during_the_question_is_asked_for_itself() -> None:
    hub = served(9, 4)
    hub.subscribe("bob", ONE, after(3))
    asked = hub.wanted(ONE)
    hub.subscribe("cyd", ONE, after(1))
    assert asked == at(3)

    assert hub.since(ONE, asked, Joined(batch(3, 9), complete=True), final=False) == [Answer("bob", at(3), None)]
    assert hub.wanted(ONE) == at(1)


def test_a_host_that_is_behind_the_ring_is_asked_again_and_then_a_gap_is_told() -> None:
    hub = served(9, 4)
    hub.subscribe("bob", ONE, after(0))
    behind = Joined(batch(0, 3), complete=True)

    assert hub.since(ONE, at(0), behind, final=False) == []
    assert hub.since(ONE, at(0), behind, final=True) == [Answer("bob", at(4), Gap(at(1), at(4)))]


def test_a_host_of_another_epoch_is_to_be_joined_again() -> None:
    hub = served(9, 4)
    hub.subscribe("bob", ONE, after(0))

    assert hub.since(ONE, at(0), Joined(batch(-1, 3, epoch="f"), complete=False), final=False) is None


def test_a_resume_from_an_older_epoch_goes_on_where_the_host_says() -> None:
    hub = served(9, 4)
    hub.subscribe("bob", ONE, after(70, "old"))

    answers = hub.since(ONE, at(70, "old"), Joined(batch(7, 9), complete=False), final=False)

    assert answers == [Answer("bob", at(7), Gap(at(71, "old"), at(7)))]


def test_a_lost_tail_is_told_to_everybody_live() -> None:
    hub = served(9, 4, "ann")
    hub.begin_join(ONE)

    answers = hub.joined(ONE, Joined(batch(19, 21, generation=2), complete=False))

    assert answers == [Answer("ann", at(19), Gap(at(10), at(19)))]
    assert flushed(hub) == [([20, 21], 21, ["ann"])]


def test_a_new_epoch_is_told_with_a_gap_and_goes_on_there() -> None:
    hub = served(9, 4, "ann")
    hub.subscribe("bob", ONE, after(5))
    hub.begin_join(ONE)

    answers = hub.joined(ONE, Joined(batch(-1, 1, generation=2, epoch="f"), complete=False))

    assert answers == [Answer("ann", at(-1, "f"), Gap(at(10), at(-1, "f")))]
    assert flushed(hub) == [([0, 1], 1, ["ann"])]
    assert hub.step("bob", ONE) is None  # its place is in the old log: the host is asked
    assert hub.wanted(ONE) == at(5)
    assert hub.unsubscribe("ann", ONE) == at(1, "f")


def test_a_batch_of_another_epoch_is_a_hole() -> None:
    hub = served(9, 4, "ann")

    assert hub.take(batch(9, 10, epoch="f")) is Take.HOLE


def test_a_second_subscribe_without_position_goes_on_after_the_last_one_told() -> None:
    hub = served(9, 4, "ann")
    hub.subscribe("bob", ONE, Want(None, CHEERS))
    hub.take(batch(9, 12))
    hub.flush(ONE)

    assert hub.subscribe("ann", ONE, Want(None, CHEERS)) == Answer("ann", at(12), None)
    assert hub.subscribe("bob", ONE, NOW) == Answer("bob", at(9), None)  # it was told of nothing after 9
    step = hub.step("bob", ONE)
    assert step is not None
    assert [one.offset for one in step.events] == [10, 11, 12]


def test_a_second_subscribe_while_waiting_or_catching_up_keeps_the_position() -> None:
    hub = served(9, 4)
    hub.subscribe("bob", ONE, after(1))
    assert hub.subscribe("bob", ONE, Want(None, CHEERS)) is None
    assert hub.wanted(ONE) == at(1)

    hub.subscribe("cyd", ONE, after(6))
    assert hub.subscribe("cyd", ONE, NOW) == Answer("cyd", at(6), None)


def test_a_filtered_cursor_moves_once() -> None:
    hub = served(9, 4, "ann")
    hub.subscribe("bob", ONE, Want(None, CHEERS))
    assert hub.cursors(ONE) == []
    hub.take(batch(9, 12))
    hub.flush(ONE)

    (moved,) = hub.cursors(ONE)

    assert (moved.position, list(moved.events), list(moved.members)) == (at(12), [], ["bob"])
    assert hub.cursors(ONE) == []
    assert hub.unsubscribe("bob", ONE) == at(12)


def test_the_end_of_the_last_subscription_leaves_the_streamer_idle() -> None:
    hub = served(9, 4, "ann")
    hub.subscribe("ann", "2", NOW)
    hub.subscribe("bob", ONE, after(5))
    hub.subscribe("cyd", ONE, after(1))
    assert set(hub.subscribers(ONE)) == {"ann", "bob", "cyd"}
    assert dict(hub.subscriptions("ann")) == {ONE: ALL, "2": ALL}
    hub.drop(ONE)
    assert not hub.is_idle(ONE)

    for subscriber in ("ann", "bob", "cyd"):
        hub.forget(subscriber)

    assert hub.is_idle(ONE)
    hub.drop(ONE)
    assert hub.streamers() == ("2",)
    assert hub.subscriptions("ann") == {}


def test_unsubscribing_from_something_else_changes_nothing() -> None:
    hub = served(9, 4, "ann")

    assert hub.unsubscribe("bob", ONE) is None
    assert hub.unsubscribe("ann", "2") is None
    assert dict(hub.subscriptions("ann")) == {ONE: ALL}


def test_the_ring_outgrows_its_limit_only_for_readers() -> None:
    hub = served(4, 4, "ann", ring_bytes=3 * 410)
    hub.subscribe("bob", ONE, after(4))
    hub.take(batch(4, 12))
    hub.flush(ONE)
    assert hub.subscribe("cyd", ONE, after(4)) == Answer("cyd", at(4), None)

    hub.forget("bob")
    hub.forget("cyd")
    hub.flush(ONE)

    assert hub.subscribe("cyd", ONE, after(4)) is None


@pytest.mark.parametrize("types", [ALL, CHEERS])
def test_two_with_one_wish_are_one_group(types: TypeFilter) -> None:
    hub = served(9, 4)
    hub.subscribe("ann", ONE, Want(None, types))
    hub.subscribe("bob", ONE, Want(None, types))
    hub.take(batch(9, 10, event(10, "channel.cheer")))

    assert [sorted(flush.members) for flush in hub.flush(ONE)] == [["ann", "bob"]]


def test_all_of_a_role_share_what_the_role_sees() -> None:
    hub = served(9, 4, "ann", "bob")
    for subscriber in ("cyd", "dan"):
        hub.subscribe(subscriber, ONE, Want(None, ALL._replace(role=Role.BROADCASTER)))
    cut = event(10)._replace(terms=Terms(Role.VIEWER, Role.BROADCASTER, b"cut"))
    held_back = event(11)._replace(terms=Terms(Role.BROADCASTER, Role.BROADCASTER))
    hub.take(batch(9, 11, cut, held_back))

    flushes = [([one.encoded for one in flush.events], list(flush.members)) for flush in hub.flush(ONE)]

    assert flushes == [([b"cut"], ["ann", "bob"]), ([b"x" * 10, b"x" * 10], ["cyd", "dan"])]


def test_the_cursor_of_whoever_sees_nothing_of_an_event_moves_over_it() -> None:
    hub = served(9, 4, "ann")
    hub.take(batch(9, 10, event(10)._replace(terms=Terms(Role.MODERATOR, Role.MODERATOR))))

    assert hub.flush(ONE) == []
    assert [(one.position, one.events, list(one.members)) for one in hub.cursors(ONE)] == [(at(10), (), ["ann"])]


def test_who_takes_pieces_of_the_ring_is_known() -> None:
    hub = served(9, 4, "live")
    hub.subscribe("late", ONE, after(6))

    assert hub.is_catching_up("late", ONE)
    assert not hub.is_catching_up("live", ONE)
    assert not hub.is_catching_up("late", "another streamer")
