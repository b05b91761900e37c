"""The actor `twitch`: one token and one bucket for all, rebuilt from what processes tell after a restart."""

from __future__ import annotations

import asyncio

import pytest

from gstreamer.actors.access import LEASE_S, TwitchAccess
from gstreamer.core.access import AppToken, Lease, Spent
from gstreamer.core.errors import UnavailableError
from gstreamer.core.limiter import BLIND, UNKNOWN, Allowance
from gstreamer.twitch.app_token import fingerprint
from tests.twitch import Uncounted

NOTHING = Spent(0, 0, UNKNOWN, False)


class World:
    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.tokens = 0
        self.down = False

    async def new_token(self) -> AppToken:
        await asyncio.sleep(0)
        if self.down:
            raise UnavailableError("twitch answers 503")
        self.tokens += 1
        return AppToken(f"secret {self.tokens}", self.now_s + 100)

    def access(self) -> TwitchAccess:
        return TwitchAccess(self.new_token, Uncounted(), lambda: self.now_s)


def answered(points: int, remaining: int, limit: int = 60) -> Spent:
    return Spent(points, 0, Allowance(limit, remaining, None), False)


async def test_many_who_need_the_token_at_once_cause_one_request() -> None:
    world = World()
    access = world.access()

    tokens = await asyncio.gather(*(access.app_token("") for _ in range(100)))

    assert {token.token for token in tokens} == {"secret 1"}


async def test_a_refused_token_is_replaced_once_however_many_say_so() -> None:
    world = World()
    access = world.access()
    old = await access.app_token("")

    renewed = await asyncio.gather(*(access.app_token(fingerprint(old.token)) for _ in range(100)))

    assert {token.token for token in renewed} == {"secret 2"}


async def test_a_token_is_renewed_at_its_end() -> None:
    world = World()
    access = world.access()
    await access.app_token("")
    world.now_s += 100

    assert (await access.app_token("")).token == "secret 2"


async def test_an_outage_is_told_and_not_remembered() -> None:
    world = World()
    access = world.access()
    world.down = True
    with pytest.raises(UnavailableError):
        await access.app_token("")

    world.down = False

    assert (await access.app_token("")).token == "secret 1"


async def test_no_token_is_in_a_repr() -> None:
    world = World()
    access = world.access()

    assert "secret" not in repr(await access.app_token("")) + repr(access) + str(access)


async def test_before_any_answer_a_few_points_are_given_out() -> None:
    access = World().access()

    leases = [await access.admit(str(n), 32, NOTHING) for n in range(50)]

    assert sum(lease.points for lease in leases) == BLIND
    assert leases[0] == Lease(BLIND // 4, LEASE_S, 0.0)
    assert leases[-1].points == 0
    assert leases[-1].wait_s > 0


async def test_what_one_process_tells_counts_for_all() -> None:
    access = World().access()
    await access.admit("a", 1, NOTHING)
    await access.told("a", answered(1, 2))

    first, second, third = [await access.admit(one, 1, NOTHING) for one in "abc"]

    assert (first.points, second.points, third.points) == (1, 1, 0)
    assert third.wait_s == pytest.approx(1.0)


async def test_a_refusal_closes_the_bucket_for_all_until_its_reset() -> None:
    world = World()
    access = world.access()
    await access.told("a", answered(0, 60))

    await access.told("a", Spent(0, 0, Allowance(60, 0, 1_030.0), True))

    assert (await access.admit("b", 1, NOTHING)) == Lease(0, 0.0, 30.0)
    world.now_s += 30
    assert (await access.admit("b", 1, NOTHING)).points == 1


async def test_points_that_were_not_used_come_back() -> None:
    access = World().access()
    await access.told("a", answered(0, 60))
    lease = await access.admit("a", 8, NOTHING)

    await access.told("a", Spent(0, lease.points, UNKNOWN, False))

    assert (await access.observe())["left"] == 60


async def test_it_says_what_is_left_and_who_waits() -> None:
    world = World()
    access = world.access()
    await access.told("a", answered(0, 1))
    assert repr(access) == "twitch app=1 waiting=0"
    await access.admit("a", 1, NOTHING)
    await access.admit("b", 7, NOTHING)

    assert repr(access) == "twitch app=0 waiting=7"
    assert await access.observe() == {"limit": 60, "left": 0, "outstanding": 1, "wait_s": 1.0, "waiting": 7}
    world.now_s += 60
    assert repr(access) == "twitch app=60 waiting=0"
