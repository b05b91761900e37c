"""A peer that cannot answer is unavailable, whatever Ray calls that; what our own code raises arrives as itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError, WorkerCrashedError

from gstreamer.actors.handles import Actor, Handles
from gstreamer.actors.snapshots import SnapshotFollower
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch, Joined
from gstreamer.core.ports import NotOwnerError, Owner, Snapshot

Answer = Callable[..., Awaitable[Any]]


class Method:
    def __init__(self, answer: Answer) -> None:
        self.remote = answer


class FakeRay:
    """Ray's handles by name: an actor is its methods' names and answers."""

    def __init__(self) -> None:
        self.actors: dict[str, dict[str, Answer]] = {}
        self.lookups: list[str] = []

    def find(self, name: str) -> Any:
        self.lookups.append(name)
        if name not in self.actors:
            raise ValueError(f"no actor {name}")
        return type("Remote", (), {key: Method(answer) for key, answer in self.actors[name].items()})()


def answering(value: object) -> Answer:
    async def answer(*args: object) -> object:
        return value

    return answer


def raising(*errors: BaseException, then: object = None) -> Answer:
    left = list(errors)

    async def answer(*args: object) -> object:
        if left:
            raise left.pop(0)
        return then

    return answer


def task_error(cause: Exception) -> BaseException:
    return RayTaskError("observe", "traceback", cause).as_instanceof_cause()


async def ask(actor: Actor, timeout_s: float | None = 5.0) -> Any:
    return await actor.call(lambda handle: handle.observe.remote(), timeout_s)


async def test_a_handle_is_looked_up_once() -> None:
    ray = FakeRay()
    ray.actors["h"] = {"observe": answering("fine")}
    actor = Actor("h", ray.find)

    answers = [await ask(actor), await ask(actor)]

    assert answers == ["fine", "fine"]
    assert ray.lookups == ["h"]


async def test_a_name_that_nobody_has_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="there is no actor h"):
        await ask(Actor("h", FakeRay().find))


async def test_an_actor_that_died_is_looked_up_anew() -> None:
    ray = FakeRay()
    ray.actors["h"] = {"observe": raising(ActorDiedError(), then="new")}
    actor = Actor("h", ray.find)

    with pytest.raises(UnavailableError, match="h is gone: ActorDiedError"):
        await ask(actor)
    answer = await ask(actor)

    assert answer == "new"
    assert ray.lookups == ["h", "h"]


async def test_an_actor_that_restarts_keeps_its_handle() -> None:
    ray = FakeRay()
    ray.actors["h"] = {"observe": raising(ActorUnavailableError("restarting", None), then="back")}
    actor = Actor("h", ray.find)

    with pytest.raises(UnavailableError, match="may be restarting"):
        await ask(actor)

    assert await ask(actor) == "back"
    assert ray.lookups == ["h"]


async def test_any_other_error_of_ray_is_unavailable() -> None:
    ray = FakeRay()
    ray.actors["h"] = {"observe": raising(WorkerCrashedError())}

    with pytest.raises(UnavailableError, match="WorkerCrashedError"):
        await ask(Actor("h", ray.find))


async def test_our_own_errors_come_through_as_themselves() -> None:
    ray = FakeRay()
    ray.actors["h"] = {"observe": raising(task_error(NotOwnerError("not here")))}

    with pytest.raises(NotOwnerError, match="not here") as caught:
        await ask(Actor("h", ray.find))

    assert type(caught.value) is NotOwnerError


async def test_a_timeout_inside_the_peer_is_not_ours() -> None:
    ray = FakeRay()
    ray.actors["h"] = {"observe": raising(task_error(TimeoutError("inner")))}

    with pytest.raises(TimeoutError, match="inner"):
        await ask(Actor("h", ray.find))


async def test_a_cause_that_could_not_be_sent_is_unavailable() -> None:
    ray = FakeRay()
    unsent = RayTaskError("observe", "traceback", ValueError(threading.Lock()))
    ray.actors["h"] = {"observe": raising(unsent)}

    with pytest.raises(UnavailableError, match="h failed"):
        await ask(Actor("h", ray.find))


async def test_a_call_has_a_deadline() -> None:
    ray = FakeRay()
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ray.actors["h"] = {"observe": lambda: never}

    with pytest.raises(UnavailableError, match="h did not answer within 0 s"):
        await ask(Actor("h", ray.find), 0)


async def test_attend_has_none() -> None:
    ray = FakeRay()
    living: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asked: list[object] = []

    def attend(*args: object) -> Awaitable[None]:
        asked.append(args)
        return living

    ray.actors["h"] = {"attend": attend}
    attending = asyncio.create_task(Handles(ray.find).host("h").attend("me", "1"))
    while not asked:
        await asyncio.sleep(0)

    living.set_exception(ActorUnavailableError("killed", None))

    with pytest.raises(UnavailableError):
        await attending
    assert asked == [("me", "1")]


JOINED = Joined(Batch("7", 3, "e", -1, 4, ()), True)


async def test_a_streamer_is_asked_at_its_owner() -> None:
    ray = FakeRay()
    ray.actors["placement"] = {"locate": answering(Owner("7", "h", 3))}
    ray.actors["h"] = {"join": answering(JOINED)}

    joined = await Handles(ray.find).streamer("7").join("c", "1", None)

    assert joined == JOINED


async def test_a_streamer_that_moved_is_asked_once_more_where_it_is_now() -> None:
    owners = [Owner("7", "new", 4), Owner("7", "old", 3)]
    ray = FakeRay()

    async def locate(streamer_id: str) -> Owner:
        return owners.pop()

    ray.actors["placement"] = {"locate": locate}
    ray.actors["old"] = {"join": raising(task_error(NotOwnerError("moved")))}
    ray.actors["new"] = {"join": answering(JOINED)}

    joined = await Handles(ray.find).streamer("7").join("c", "1", None)

    assert joined == JOINED
    assert owners == []


async def test_a_streamer_that_is_nowhere_raises_and_its_owner_is_asked_for_anew() -> None:
    ray = FakeRay()
    ray.actors["placement"] = {"locate": answering(Owner("7", "h", 3))}
    refusal = NotOwnerError("not yet")
    ray.actors["h"] = {"join": raising(task_error(refusal), task_error(refusal), then=JOINED)}
    streamer = Handles(ray.find).streamer("7")

    with pytest.raises(NotOwnerError):
        await streamer.join("c", "1", None)

    assert await streamer.join("c", "1", None) == JOINED


def snapshot(version: int) -> Snapshot:
    return Snapshot(version, 0, (), ())


class FakePlacement:
    def __init__(self, *answers: Snapshot | UnavailableError) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []
        self.idle = asyncio.Event()

    async def snapshot(self, after_version: int) -> Snapshot:
        self.asked.append(after_version)
        if not self.answers:
            self.idle.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, UnavailableError):
            raise answer
        return answer

    async def locate(self, streamer_id: str) -> Owner:
        raise AssertionError

    async def keep(self, streamer_ids: frozenset[str]) -> None:
        raise AssertionError


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


async def test_a_follower_keeps_the_last_snapshot_while_placement_is_away() -> None:
    placement = FakePlacement(snapshot(5), UnavailableError("away"), UnavailableError("away"), snapshot(9))
    follower = SnapshotFollower(placement, clock=lambda: 0.0, sleep=no_wait)
    running = asyncio.create_task(follower.run())

    await placement.idle.wait()
    running.cancel()

    assert placement.asked == [-1, 5, 5, 5, 9]
    assert follower.snapshot == snapshot(9)


async def test_a_follower_knows_how_old_its_snapshot_is() -> None:
    now = [100.0]
    placement = FakePlacement(snapshot(5))
    follower = SnapshotFollower(placement, clock=lambda: now[0], sleep=no_wait)
    before = follower.age_s()
    running = asyncio.create_task(follower.run())
    first = await follower.first(5)
    now[0] = 107.0

    assert before is None
    assert first == snapshot(5)
    assert follower.age_s() == 7.0
    running.cancel()


async def test_a_follower_that_never_heard_says_so() -> None:
    follower = SnapshotFollower(FakePlacement(), clock=lambda: 0.0, sleep=no_wait)

    with pytest.raises(UnavailableError, match="placement has not answered yet"):
        await follower.first(0)
