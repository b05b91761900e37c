"""A host gives every connection actor each event of a streamer once and in order, or makes it join again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from gstreamer.actors.backlog import Logs
from gstreamer.actors.dead_letters import MAX_WAITING
from gstreamer.actors.streamer_host import HostOptions, StreamerHost
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Joined
from gstreamer.core.fold import Mark
from gstreamer.core.ids import Position
from gstreamer.core.ports import HostStatus, NotOwnerError, Owner
from tests.fake_log import Counts, FakeLog, FakeReader
from tests.followers import Follower, until
from tests.records import STREAMER, TOPIC, record

WINDOW = 10_000
EPOCH = "epoch-01"
HISTORY = 65_536


class Stage:
    """Kafka in memory, hosts on it, and followers of the host that is current."""

    def __init__(self) -> None:
        self.log = FakeLog()
        self.log.make(TOPIC)
        self.counts = Counts()
        self.hosts: list[StreamerHost] = []
        self.followers: dict[str, Follower] = {}
        self.readers: list[FakeReader] = []
        self.now_ms = 0
        self._offset = itertools.count()
        self._number = itertools.count()

    @property
    def host(self) -> StreamerHost:
        return self.hosts[-1]

    def start(
        self, *, history_bytes: int = HISTORY, outbox_bytes: int = 8 * 2**20, watch_s: float = 60
    ) -> StreamerHost:
        self.readers.append(self.log.reader())
        number = next(self._number)
        host = StreamerHost(
            f"streamers:n:{number}",
            "n",
            f"h{number}",
            Logs(self.readers[-1], self.log, self.log, self.log.reader),
            self.followers.__getitem__,
            self.counts,
            HostOptions("gs.streamer.", history_bytes, WINDOW, outbox_bytes, watch_s, lambda: self.now_ms),
        )
        self.hosts.append(host)
        return host

    async def run(self, generation: int = 1, **sizes: int) -> StreamerHost:
        host = self.start(**sizes)
        await self.assign(generation)
        return host

    async def assign(self, generation: int = 1) -> None:
        await self.host.assign((Owner(STREAMER, self.host.name, generation),))

    def follower(self, name: str = "connection:n:0", incarnation: str = "c1") -> Follower:
        self.followers[name] = Follower(lambda: self.host, name, incarnation)
        return self.followers[name]

    def append(self, count: int, step_ms: int = 100, size: int = 0) -> None:
        for _ in range(count):
            offset = len(self.log.logs[TOPIC])
            self.now_ms += step_ms
            body = {"n": offset, "pad": "x" * size}
            self.log.append(record(offset, event=body, time_ms=self.now_ms))

    def make_anew(self, count: int) -> None:
        """Replace the topic by one of that name with so many records, before the reader looks again."""
        self.readers[-1].stuck.add(TOPIC)
        self.log.make(TOPIC, "epoch-02-and-more")
        self.append(count)
        self.readers[-1].stuck.clear()
        self.readers[-1].pump()

    def repeat(self, offset: int) -> None:
        self.now_ms += 100
        again = self.log.logs[TOPIC][offset]._replace(offset=len(self.log.logs[TOPIC]), time_ms=self.now_ms)
        self.log.append(again)

    async def close(self) -> None:
        for follower in self.followers.values():
            follower.gate.set()
            await follower.stop()
        for host in self.hosts:
            await host.stop()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    one = Stage()
    yield one
    await one.close()


def covers(follower: Follower, offset: int) -> Callable[[], bool]:
    return lambda: follower.covered[STREAMER].offset == offset


async def test_events_come_in_order_each_once_with_one_call_in_flight(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)

    stage.append(20)
    stage.repeat(3)
    stage.append(5)
    follower.gate.clear()
    stage.append(50)
    await until(lambda: follower.in_flight == 1)
    follower.gate.set()
    await until(covers(follower, 75))

    assert follower.numbers(STREAMER) == [*range(20), *range(21, 76)]
    assert follower.most_in_flight == 1
    assert len(follower.calls) < 30, "what waits for a call is one call"
    assert follower.joins == [STREAMER]


async def test_a_slow_connection_actor_does_not_hold_up_another(stage: Stage) -> None:
    await stage.run()
    slow, quick = stage.follower("connection:n:0"), stage.follower("connection:n:1")
    await slow.join(STREAMER)
    await quick.join(STREAMER)
    slow.gate.clear()

    stage.append(10)

    await until(covers(quick, 9))
    assert slow.covered[STREAMER].offset == -1


async def test_join_from_a_position_answers_what_lies_after_it(stage: Stage) -> None:
    await stage.run()
    stage.append(10)

    joined = await stage.follower().join(STREAMER, Position(EPOCH, 6))

    assert joined.complete
    assert joined.batch[:5] == (STREAMER, 1, EPOCH, 6, 9)
    assert [event.offset for event in joined.batch.events] == [7, 8, 9]


async def test_join_without_a_position_begins_at_the_head(stage: Stage) -> None:
    await stage.run()
    stage.append(10)

    joined = await stage.follower().join(STREAMER)

    assert joined == Joined(joined.batch._replace(after=9, to=9, events=()), True)


async def test_a_new_owner_fills_two_windows_and_holds_the_third(stage: Stage) -> None:
    stage.append(600)  # six windows

    await stage.run()
    joined = await stage.host.since(STREAMER, Position(EPOCH, 498))

    assert joined.complete
    assert [event.offset for event in joined.batch.events] == list(range(499, 600))
    assert stage.counts.counts[("gstreamer_records_consumed", "streamers")] == 301
    assert stage.host._streamers[STREAMER].observe()["complete_from"] == 499


async def test_two_owners_drop_the_same_records(stage: Stage) -> None:
    await stage.run()
    first = stage.follower()
    await first.join(STREAMER)
    for n in range(0, 500, 5):
        stage.append(4)
        stage.repeat(max(0, n - 90))
    await until(covers(first, 499))

    await stage.run(2)
    second = await stage.host.since(STREAMER, Position(EPOCH, 449))

    assert second.complete
    assert [event.offset for event in second.batch.events] == [one for one in first.offsets(STREAMER) if one > 449]


async def test_what_the_ring_does_not_hold_is_read_from_kafka(stage: Stage) -> None:
    await stage.run()
    first = stage.follower()
    await first.join(STREAMER)
    for n in range(0, 500, 5):
        stage.append(4)
        stage.repeat(max(0, n - 90))
    await until(covers(first, 499))

    await stage.run(2)
    for after in (-1, 0, 37, 250, 397):
        joined = await stage.host.since(STREAMER, Position(EPOCH, after))

        assert joined.complete
        assert (joined.batch.after, joined.batch.to) == (after, 499)
        assert list(joined.batch.events) == [one for one in first.events[STREAMER] if one.offset > after]
    assert [reader.closed for reader in stage.log.readers] == [False, False] + [True] * 5


async def test_more_than_may_be_read_back_is_the_exact_gap(stage: Stage) -> None:
    stage.append(40, size=200_000)
    await stage.run(history_bytes=500_000)

    joined = await stage.host.since(STREAMER, Position(EPOCH, 3))

    assert not joined.complete
    assert (joined.batch.after, joined.batch.to) == (37, 39)
    assert [event.offset for event in joined.batch.events] == [38, 39]


async def test_what_retention_took_is_a_gap_and_the_rest_comes(stage: Stage) -> None:
    stage.append(600)
    stage.log.low[TOPIC] = 100
    await stage.run()

    joined = await stage.host.since(STREAMER, Position(EPOCH, 50))

    assert not joined.complete
    assert (joined.batch.after, len(joined.batch.events)) == (99, 500)


async def test_a_position_of_another_epoch_is_answered_from_where_this_one_is_held(stage: Stage) -> None:
    await stage.run()
    stage.append(4)

    joined = await stage.follower().join(STREAMER, Position("older", 700))

    assert not joined.complete
    assert joined.batch[2:5] == (EPOCH, -1, 3)
    assert len(joined.batch.events) == 4


async def test_a_position_beyond_the_logs_end_is_not_waited_for(stage: Stage) -> None:
    await stage.run()
    stage.append(4)

    joined = await stage.host.since(STREAMER, Position(EPOCH, 10**18))

    assert (joined.complete, joined.batch.after, joined.batch.to) == (False, -1, 3)


async def test_a_position_that_another_owner_has_reached_is_waited_for(stage: Stage) -> None:
    await stage.run()
    stage.append(4)
    await until(lambda: stage.host._streamers[STREAMER].covered == 3)
    stage.readers[0].stuck.add(TOPIC)
    stage.append(4)

    asked = asyncio.create_task(stage.host.since(STREAMER, Position(EPOCH, 6)))
    await asyncio.sleep(0)
    stage.readers[0].stuck.clear()
    stage.readers[0].pump()
    joined = await asked

    assert joined.complete
    assert [event.offset for event in joined.batch.events] == [7]


async def test_a_join_waits_for_the_replay(stage: Stage) -> None:
    stage.append(30)
    await stage.run()

    joined = await stage.follower().join(STREAMER, Position(EPOCH, 20))

    assert joined.complete
    assert joined.batch.to == 29


async def test_a_streamer_without_a_topic_is_run_as_soon_as_there_is_one(stage: Stage) -> None:
    del stage.log.logs[TOPIC], stage.log.ids[TOPIC]
    await stage.run()
    asked = asyncio.create_task(stage.host.since(STREAMER, Position(EPOCH, -1)))
    await asyncio.sleep(0)

    stage.log.make(TOPIC)

    assert (await asked).complete


async def test_who_does_not_run_a_streamer_says_so(stage: Stage) -> None:
    host = stage.start()

    with pytest.raises(NotOwnerError, match="streamers:n:0 does not run streamer 1001"):
        await stage.follower().join(STREAMER)
    with pytest.raises(NotOwnerError):
        await host.since(STREAMER, Position(EPOCH, 0))


async def test_a_released_streamer_makes_its_followers_join_again(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(3)
    old = stage.host

    await stage.run(2)
    await old.release((Owner(STREAMER, old.name, 1),))
    stage.append(3)
    await until(covers(follower, 5))

    assert follower.numbers(STREAMER) == list(range(6))
    assert follower.generation[STREAMER] == 2
    assert follower.joins == [STREAMER] * 2
    assert (await old.observe()).owners == ()
    assert TOPIC not in stage.readers[0].places


async def test_a_late_release_does_not_stop_a_newer_generation(stage: Stage) -> None:
    await stage.run(5)

    await stage.host.release((Owner(STREAMER, stage.host.name, 4), Owner("77", stage.host.name, 4)))

    assert (await stage.host.observe()).owners == (Owner(STREAMER, "streamers:n:0", 5),)


async def test_a_higher_generation_replaces_a_lower_one_and_never_the_reverse(stage: Stage) -> None:
    await stage.run(5)
    follower = stage.follower()
    await follower.join(STREAMER)

    await stage.assign(4)
    await stage.assign(5)
    assert (await stage.host.observe()).owners[0].generation == 5
    stage.append(1)
    await until(covers(follower, 0))
    assert follower.joins == [STREAMER], "nothing has changed"
    await stage.assign(6)
    stage.append(2)
    await until(covers(follower, 2))

    assert follower.generation[STREAMER] == 6
    assert follower.numbers(STREAMER) == [0, 1, 2]
    assert stage.readers[0].assigned == [(TOPIC, 0)]


async def test_a_call_that_fails_makes_an_attending_actor_join_again(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    follower.begin()
    await follower.join(STREAMER)
    follower.failing = UnavailableError("no answer")
    stage.append(2)
    await until(lambda: not stage.host._links or follower.joins == [STREAMER] * 2)

    follower.failing = None
    await until(covers(follower, 1))
    stage.append(2)
    await until(covers(follower, 3))

    assert follower.numbers(STREAMER) == [0, 1, 2, 3]


async def test_an_actor_that_did_not_attend_learns_of_the_loss_when_it_does(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    follower.failing = ValueError("a bug over there")
    stage.append(1)
    await until(lambda: not stage.host._links)

    with pytest.raises(UnavailableError, match="batches to connection:n:0 were lost: a bug over there"):
        await stage.host.attend(follower.name, follower.incarnation)


async def test_attending_again_ends_the_earlier_call(stage: Stage) -> None:
    host = stage.start()
    first = asyncio.create_task(host.attend("placement", "p1"))
    await asyncio.sleep(0)

    second = asyncio.create_task(host.attend("placement", "p1"))

    await asyncio.wait_for(first, 5)
    assert not second.done()
    second.cancel()


async def test_a_new_incarnation_replaces_the_old_which_is_refused_from_then_on(stage: Stage) -> None:
    await stage.run()
    old = stage.follower(incarnation="c1")
    await old.join(STREAMER)
    attending = asyncio.create_task(stage.host.attend(old.name, "c1"))
    await asyncio.sleep(0)

    new = stage.follower(incarnation="c2")
    await new.join(STREAMER)
    stage.append(2)
    await until(covers(new, 1))

    assert old.events[STREAMER] == []
    with pytest.raises(UnavailableError, match="a newer incarnation of connection:n:0 is here"):
        await attending
    with pytest.raises(UnavailableError, match="incarnation c1 of connection:n:0 is over"):
        await old.join(STREAMER)
    await stage.host.leave(old.name, "c1", STREAMER)
    stage.append(1)
    await until(covers(new, 2))


async def test_nothing_is_sent_after_leaving(stage: Stage) -> None:
    await stage.run()
    leaver, stayer = stage.follower("connection:n:0"), stage.follower("connection:n:1")
    await leaver.join(STREAMER)
    await stayer.join(STREAMER)

    await stage.host.leave(leaver.name, leaver.incarnation, STREAMER)
    stage.append(2)
    await until(covers(stayer, 1))

    assert leaver.calls == []


async def test_what_a_connection_actor_does_not_want_is_sent_no_more(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    follower.unwanted = (STREAMER,)
    stage.append(1)
    await until(lambda: STREAMER not in stage.host._audience)

    stage.append(1)

    assert len(follower.calls) == 1
    assert (await stage.host.describe())["streamers"][STREAMER]["subscribers"] == 0


async def test_too_much_waiting_is_dropped_and_asked_for_again(stage: Stage) -> None:
    await stage.run(outbox_bytes=20_000)
    follower = stage.follower()
    await follower.join(STREAMER)
    follower.gate.clear()
    stage.append(1)
    await until(lambda: follower.in_flight == 1)
    stage.append(100, size=300)

    follower.gate.set()
    await until(covers(follower, 100))

    assert follower.numbers(STREAMER) == list(range(101))
    assert follower.joins == [STREAMER] * 2
    assert follower.gaps == []


async def test_a_corrupt_record_goes_to_the_dead_letters_and_stops_nothing(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)

    stage.append(1)
    stage.log.append(record(1, value=b"\x00{", time_ms=stage.now_ms))
    stage.log.append(record(2, headers={}, time_ms=stage.now_ms))
    stage.append(1)
    await until(covers(follower, 3))
    await until(lambda: len(stage.log.sent) == 2)

    assert follower.offsets(STREAMER) == [0, 3]
    assert [(one.key, one.headers[0]) for one in stage.log.sent] == [
        (b"gs.streamer.1001/0/1", ("reason", b"not_json")),
        (b"gs.streamer.1001/0/2", ("reason", b"no_message_id")),
    ]
    assert stage.counts.counts[("gstreamer_records_dead", "streamers", "not_json")] == 1


async def test_dead_letters_are_bounded_while_kafka_is_away(stage: Stage) -> None:
    await stage.run()
    await until(lambda: stage.readers[0].places)
    stage.log.down = True

    for offset in range(MAX_WAITING + 5):
        stage.log.append(record(offset, value=b"?"))

    assert stage.counts.counts[("gstreamer_records_dead", "streamers", "overflow")] == 5


@pytest.mark.parametrize("count", [2, 5])
async def test_a_log_made_anew_is_a_new_epoch(stage: Stage, count: int) -> None:
    await stage.run(watch_s=0.01)
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(3)
    await until(covers(follower, 2))

    stage.make_anew(count)
    await until(lambda: follower.covered[STREAMER] == Position("epoch-02", count - 1))

    assert follower.numbers(STREAMER) == list(range(count))
    assert follower.gaps == [STREAMER]


async def test_nothing_counts_of_a_reading_that_is_over(stage: Stage) -> None:
    await stage.run(watch_s=0.01)
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(3)
    await until(covers(follower, 2))
    stage.make_anew(5)
    await until(lambda: not stage.host._streamers[STREAMER].is_ready)

    stage.append(1)

    assert not stage.host._streamers[STREAMER].is_ready
    await until(lambda: follower.covered[STREAMER] == Position("epoch-02", 5))
    assert follower.numbers(STREAMER) == list(range(6))


async def test_a_record_that_is_given_twice_is_taken_once(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(100, step_ms=1_000)
    await until(covers(follower, 99))

    stage.readers[0].places[TOPIC][1](stage.log.logs[TOPIC][:3])
    stage.append(1)
    await until(covers(follower, 100))

    assert follower.offsets(STREAMER) == list(range(101))
    assert len((await stage.host.since(STREAMER, Position(EPOCH, 97))).batch.events) == 3


async def _join_held_up(stage: Stage) -> asyncio.Task[Joined]:
    """A join that is reading Kafka back while other things happen."""
    stage.append(600)
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.log.answers.clear()
    follower.covered.clear()
    joining = asyncio.create_task(follower.join(STREAMER, Position(EPOCH, 20)))
    await asyncio.sleep(0)
    return joining


async def test_a_join_of_a_streamer_that_was_released_meanwhile_is_refused(stage: Stage) -> None:
    joining = await _join_held_up(stage)

    await stage.host.release((Owner(STREAMER, stage.host.name, 1),))
    stage.log.answers.set()

    with pytest.raises(NotOwnerError, match="streamers:n:0 runs streamer 1001 no more"):
        await joining


async def test_a_join_of_an_incarnation_that_ended_meanwhile_is_refused(stage: Stage) -> None:
    joining = await _join_held_up(stage)

    attending = asyncio.create_task(stage.host.attend("connection:n:0", "c2"))
    await asyncio.sleep(0)
    stage.log.answers.set()

    with pytest.raises(UnavailableError, match="incarnation c1 of connection:n:0 is over"):
        await joining
    attending.cancel()


async def test_a_join_of_a_log_that_was_begun_anew_meanwhile_is_refused(stage: Stage) -> None:
    joining = await _join_held_up(stage)

    failed = stage.readers[0].places[TOPIC][2]
    assert failed is not None
    failed(UnavailableError("its topic is gone"))
    stage.log.answers.set()

    with pytest.raises(UnavailableError, match="streamer 1001 reads its log anew"):
        await joining


async def test_only_some_logs_are_read_back_at_a_time(stage: Stage) -> None:
    first = await _join_held_up(stage)
    more = [asyncio.create_task(stage.host.since(STREAMER, Position(EPOCH, 20))) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(UnavailableError, match="4 logs are already being read back"):
        await stage.host.since(STREAMER, Position(EPOCH, 20))

    stage.log.answers.set()
    assert all(joined.complete for joined in await asyncio.gather(first, *more))


async def test_an_offset_that_is_gone_begins_the_reading_anew(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(3)
    await until(covers(follower, 2))

    stage.readers[0].stuck.add(TOPIC)
    stage.append(4)
    stage.log.low[TOPIC] = 5
    stage.readers[0].stuck.clear()
    stage.readers[0].pump()
    stage.append(1)
    await until(covers(follower, 7))

    assert follower.gaps == [STREAMER]
    assert follower.offsets(STREAMER) == [5, 6, 7]


async def test_reading_that_stands_still_is_assigned_again(stage: Stage) -> None:
    await stage.run(watch_s=0.01)
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(3)
    stage.readers[0].stuck.add(TOPIC)

    stage.append(4)
    await until(covers(follower, 6))

    assert follower.numbers(STREAMER) == list(range(7))
    assert stage.readers[0].assigned == [(TOPIC, 0), (TOPIC, 3)]


async def test_a_clock_far_ahead_of_the_brokers_costs_nothing(stage: Stage) -> None:
    stage.append(600)
    stage.now_ms += 50 * WINDOW
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)

    stage.now_ms -= 50 * WINDOW
    stage.repeat(599)
    stage.append(2)
    await until(covers(follower, 602))

    assert follower.offsets(STREAMER) == [601, 602]


async def test_kafka_away_at_the_start_is_tried_again(stage: Stage) -> None:
    stage.append(2)
    stage.log.down = True
    await stage.run()
    asked = asyncio.create_task(stage.host.since(STREAMER, Position(EPOCH, -1)))
    await asyncio.sleep(0.01)

    stage.log.down = False

    assert len((await asked).batch.events) == 2


async def test_an_operator_sees_what_runs(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(2)
    await until(covers(follower, 1))

    seen = await stage.host.describe()

    assert repr(stage.host) == "streamers:n:0 n=1"
    assert repr(stage.host._streamers[STREAMER]) == "streamer:1001"
    assert await stage.host.observe() == HostStatus(
        "streamers:n:0", "n", "h0", (Owner(STREAMER, "streamers:n:0", 1),)
    )
    assert seen["streamers"][STREAMER]["offset"] == 1
    assert seen["streamers"][STREAMER]["lag"] == 0
    assert seen["connections"]["connection:n:0"]["joins"] == 1
    assert seen["memory"]["history_bytes"] > 0


async def test_an_event_can_be_traced(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    stage.append(1)
    await until(covers(follower, 0))

    assert await stage.host.trace("m0") == {"consumed": stage.now_ms, "batched": stage.now_ms}
    assert await stage.host.trace("unknown") == {}
    assert stage.counts.observed["gstreamer_host_lag_seconds"] == [0]


async def test_the_state_of_a_streamer_is_told_with_its_position(stage: Stage) -> None:
    await stage.run()
    stage.append(1)
    stage.log.append(record(1, "stream.online", {"id": "1", "started_at": "2026-01-01T00:00:00Z"}, time_ms=200))
    stage.log.append(record(2, "channel.update", {"title": "t", "category_name": "c"}, time_ms=300))
    await stage.host.since(STREAMER, Position(EPOCH, 2))

    state = (await stage.host.state((STREAMER, "77")))[STREAMER]

    assert state[:6] == (True, "2026-01-01T00:00:00Z", "t", "c", None, f"{EPOCH}:2")
    assert (state.switched, state.updated) == (Mark(f"{EPOCH}:1", 200), Mark(f"{EPOCH}:2", 300))


async def test_a_host_that_stops_lets_everybody_know(stage: Stage) -> None:
    await stage.run()
    follower = stage.follower()
    await follower.join(STREAMER)
    attending = asyncio.create_task(stage.host.attend(follower.name, follower.incarnation))
    await asyncio.sleep(0)

    await stage.host.stop()
    await stage.assign(9)

    with pytest.raises(UnavailableError, match="streamers:n:0 stops"):
        await attending
    with pytest.raises(UnavailableError):
        await stage.host.attend(follower.name, follower.incarnation)
    assert (await stage.host.observe()).owners == ()
    assert stage.readers[0].closed
