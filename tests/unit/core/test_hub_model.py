"""Whatever hosts, networks and viewers do, the hub gives each viewer its streamer's log, or names what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gstreamer.core.channel import Answer
from gstreamer.core.events import Batch, Event, EventClass, Joined, Role, Terms
from gstreamer.core.filters import ALL, TypeFilter, filter_of
from gstreamer.core.hub import Hub, Take
from gstreamer.core.ids import Position
from gstreamer.core.protocol import Want

ONE = "1001"
CHEERS = filter_of(["channel.cheer"])
KINDS = ["stream.online", "channel.cheer", "channel.chat.message", "channel.ban", "user.update"]
FILTERS = [
    ALL,
    CHEERS,
    filter_of(["channel.*"]),
    filter_of(["channel.*"], 100),
    ALL._replace(role=Role.MODERATOR),
    ALL._replace(role=Role.BROADCASTER),
]
SECRET = b"0123456789"
"""What a whole event holds."""
TERMS = {
    "channel.ban": Terms(Role.MODERATOR, Role.MODERATOR),
    "user.update": Terms(Role.VIEWER, Role.BROADCASTER, b"cut"),
}


@dataclass
class Viewer:
    """What one subscriber has been told: the model that the hub is held against."""

    types: TypeFilter
    position: Position
    waits: bool = True
    started: bool = False
    skipped: set[int] = field(default_factory=set)


class HubAgainstItsLog(RuleBasedStateMachine):
    """A log, a host with a short history, a network that loses batches; each viewer against the log itself."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Event] = []
        self.head = -1
        self.sent = -1
        self.generation = 1
        self.hub: Hub[int] = Hub(6 * 410)
        self.viewers: dict[int, Viewer] = {}
        self.following = False

    def between(self, after: int, to: int) -> tuple[Event, ...]:
        return tuple(one for one in self.log if after < one.offset <= to)

    def answered(self, answers: list[Answer[int]]) -> None:
        for answer in answers:
            viewer = self.viewers[answer.subscriber]
            if answer.gap is not None:
                assert viewer.started or viewer.waits
                # Records that its filter left out lie between its cursor and the gap: they are not missing.
                first = answer.gap.first.offset
                assert first > viewer.position.offset
                assert not shown(viewer.types, self.between(viewer.position.offset, first - 1))
                assert answer.gap.last == answer.position
                assert answer.gap.first.offset <= answer.gap.last.offset
            elif viewer.position.offset >= -1:
                assert answer.position == viewer.position
            viewer.position, viewer.waits, viewer.started = answer.position, False, True

    def given(self, who: int, events: list[Event], position: Position) -> None:
        viewer = self.viewers[who]
        assert viewer.started
        assert [(one.offset, one.encoded) for one in events] == shown(
            viewer.types, self.between(viewer.position.offset, position.offset)
        )
        viewer.position = position

    @rule(kinds=st.lists(st.sampled_from([*KINDS, None]), min_size=1, max_size=5))
    def write(self, kinds: list[str | None]) -> None:
        for kind in kinds:
            self.head += 1
            if kind is not None:
                self.log.append(event_of(self.head, kind))

    @precondition(lambda self: self.following)
    @rule(lost=st.booleans())
    def deliver(self, lost: bool) -> None:
        sent, self.sent = self.sent, self.head
        if not lost and self.head > sent:
            taken = self.hub.take(batch_of(self.generation, sent, self.head, self.between(sent, self.head)))
            assert taken in {Take.TAKEN, Take.KNOWN, Take.HOLE, Take.EARLY, Take.UNKNOWN}

    @precondition(lambda self: self.following)
    @rule()
    def deliver_from_the_past(self) -> None:
        self.hub.take(batch_of(self.generation - 1, -1, self.head, (event_of(self.head, "forged"),)))

    @precondition(lambda self: self.hub.streamers())
    @rule(history=st.integers(0, 12), overtaken=st.booleans(), goes_on=st.booleans())
    def join(self, history: int, overtaken: bool, goes_on: bool) -> None:
        self.flush()
        self.generation += 1
        asked = self.hub.begin_join(ONE)
        head = self.head
        if goes_on:
            self.hub.take(batch_of(self.generation - 1, self.sent, head, self.between(self.sent, head)))
            self.flush()
        start = head if asked is None else max(min(asked.offset, head), head - history)
        if overtaken:
            self.write(["channel.cheer"])
            self.hub.take(batch_of(self.generation, head, self.head, self.between(head, self.head)))
        joined = Joined(batch_of(self.generation, start, head, self.between(start, head)), True)
        answers = self.hub.joined(ONE, joined)
        assert answers is not None
        self.answered(answers)
        self.sent, self.following = self.head if overtaken else head, True

    @precondition(lambda self: self.following and self.hub.streamers() and self.hub.wanted(ONE))
    @rule(history=st.integers(0, 12), final=st.booleans())
    def ask(self, history: int, final: bool) -> None:
        asked = self.hub.wanted(ONE)
        assert asked is not None
        start = max(min(asked.offset, self.head), self.head - history)
        answers = self.hub.since(
            ONE,
            asked,
            Joined(batch_of(self.generation, start, self.head, self.between(start, self.head)), True),
            final=final,
        )
        assert answers is not None
        self.answered(answers)

    @precondition(lambda self: self.following and self.hub.streamers())
    @rule()
    def flush(self) -> None:
        for flush in self.hub.flush(ONE):
            for who in flush.members:
                self.given(who, list(flush.events), flush.position)

    @precondition(lambda self: self.following and self.hub.streamers())
    @rule()
    def move_cursors(self) -> None:
        for flush in self.hub.cursors(ONE):
            for who in flush.members:
                if self.viewers[who].position.offset <= flush.position.offset:
                    self.given(who, [], flush.position)

    @precondition(lambda self: self.following)
    @rule(who=st.integers(0, 4), max_bytes=st.integers(1, 60))
    def step(self, who: int, max_bytes: int) -> None:
        step = self.hub.step(who, ONE, max_bytes)
        if step is not None:
            self.given(who, list(step.events), step.position)

    @rule(who=st.integers(0, 4), types=st.sampled_from(FILTERS), back=st.none() | st.integers(-2, 14))
    def subscribe(self, who: int, types: TypeFilter, back: int | None) -> None:
        known = self.viewers.get(who)
        position = None if back is None else Position("e", max(-1, self.head - back))
        start = position or Position("e", -2)  # -2: it begins wherever it is told
        if position is None and known is not None:
            start = known.position
        self.viewers[who] = Viewer(types, start)
        answer = self.hub.subscribe(who, ONE, Want(position, types))
        if answer is not None:
            self.answered([answer])

    @rule(who=st.integers(0, 4))
    def unsubscribe(self, who: int) -> None:
        position = self.hub.unsubscribe(who, ONE)
        viewer = self.viewers.pop(who, None)
        if viewer is not None and viewer.started:
            assert position == viewer.position

    @invariant()
    def nobody_is_forgotten(self) -> None:
        assert set(self.hub.subscribers(ONE)) == set(self.viewers)


def event_of(offset: int, event_type: str) -> Event:
    terms = Terms(bits=offset % 3 * 100) if event_type == "channel.cheer" else TERMS.get(event_type)
    return Event(offset, EventClass.CRITICAL, event_type, "", f"m{offset}", SECRET, 0, terms)


def shown(types: TypeFilter, events: tuple[Event, ...]) -> list[tuple[int, bytes]]:
    """What a viewer with this filter has to get, said without the code under test."""
    found = []
    for one in events:
        if not types.wants(one.type) or (one.type == "channel.cheer" and one.offset % 3 * 100 < types.min_bits):
            continue
        if one.type == "channel.ban" and types.role is Role.VIEWER:
            continue
        cut = one.type == "user.update" and types.role is not Role.BROADCASTER
        found.append((one.offset, b"cut" if cut else SECRET))
    return found


def batch_of(generation: int, after_offset: int, to: int, events: tuple[Event, ...]) -> Batch:
    return Batch(ONE, generation, "e", after_offset, to, events)


TestHubAgainstItsLog = HubAgainstItsLog.TestCase
TestHubAgainstItsLog.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
