"""Calls wait for their bucket in order, seldom ask for points, and go on by themselves while nobody gives any."""

from __future__ import annotations

import asyncio

import pytest

from gstreamer.actors.access import TwitchAccess
from gstreamer.core.access import AppToken, Lease, Spent
from gstreamer.core.errors import RateLimitedError, UnavailableError
from gstreamer.core.leased import MOST
from gstreamer.core.limiter import UNKNOWN, Allowance
from gstreamer.twitch.gate import AWAY_S, OwnGate, SharedGate
from gstreamer.twitch.http import Gate, Time
from tests.twitch import Uncounted

FULL = Allowance(600, 600, None)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    async def sleep(self, delay_s: float) -> None:
        self.now_s += delay_s
        await asyncio.sleep(0)

    def time(self) -> Time:
        return Time(lambda: self.now_s, self.sleep, lambda: 0.5, lambda: self.now_s)


class Access(TwitchAccess):
    """The actor, which can be away, and counts how often it was asked."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(self._no_token, Uncounted(), lambda: clock.now_s)
        self.away = False
        self.asked = 0

    async def admit(self, caller: str, wanted: int, spent: Spent) -> Lease:
        self._heard()
        await asyncio.sleep(0)
        return await super().admit(caller, wanted, spent)

    async def told(self, caller: str, spent: Spent) -> None:
        if self.away:
            raise UnavailableError("twitch is gone")
        await super().told(caller, spent)

    def _heard(self) -> None:
        self.asked += 1
        if self.away:
            raise UnavailableError("twitch is gone")

    @staticmethod
    async def _no_token() -> AppToken:
        raise NotImplementedError


async def go(gate: Gate, calls: int, allowance: Allowance = FULL) -> None:
    """So many calls, one after the other."""
    for _ in range(calls):
        await gate.enter()
        await gate.told(allowance, refused=False)


async def test_calls_wait_until_the_bucket_has_refilled_and_keep_their_order() -> None:
    clock = Clock()
    gate = OwnGate(clock.time(), 10.0, Uncounted())
    await go(gate, 1, Allowance(60, 0, None))
    went: list[int] = []

    async def call(number: int) -> None:
        await gate.enter()
        went.append(number)

    await asyncio.gather(*(call(number) for number in range(5)))

    assert went == [0, 1, 2, 3, 4]
    assert clock.now_s == pytest.approx(1_005.0, abs=0.2)


async def test_who_would_wait_too_long_fails_at_once() -> None:
    clock = Clock()
    gate = OwnGate(clock.time(), 5.0, Uncounted())
    await go(gate, 1, Allowance(60, 0, None))

    answers = await asyncio.gather(*(gate.enter() for _ in range(20)), return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, RateLimitedError)]
    assert len(refused) >= 14
    assert str(refused[0]) == "twitch's rate limit is used up for 6 s"


async def test_a_crowd_that_comes_before_the_first_answer_waits_for_it() -> None:
    clock = Clock()
    gate = OwnGate(clock.time(), 5.0, Uncounted())

    async def call() -> None:
        await gate.enter()
        await asyncio.sleep(0)
        await gate.told(FULL, refused=False)

    await asyncio.gather(*(call() for _ in range(100)))

    assert clock.now_s < 1_005.0


async def test_a_refusal_is_waited_out_or_told() -> None:
    clock = Clock()
    gate = OwnGate(clock.time(), 5.0, Uncounted())
    await gate.told(Allowance(60, 0, 1_004.0), refused=True)
    await gate.enter()
    assert clock.now_s == pytest.approx(1_004.0, abs=0.1)

    await gate.told(Allowance(60, 0, 1_064.0), refused=True)

    with pytest.raises(RateLimitedError):
        await gate.enter()


async def test_a_busy_process_asks_for_points_seldom() -> None:
    clock = Clock()
    access = Access(clock)
    gate = SharedGate(access, clock.time(), 5.0, Uncounted())

    await go(gate, 400)

    assert access.asked < 40
    assert not gate.is_away


async def test_many_calls_of_one_moment_ask_once_for_all() -> None:
    clock = Clock()
    access = Access(clock)
    await access.told("x", Spent(0, 0, FULL, False))
    gate = SharedGate(access, clock.time(), 5.0, Uncounted())

    await asyncio.gather(*(gate.enter() for _ in range(MOST)))

    assert access.asked <= 2


async def test_two_processes_never_use_more_than_the_bucket_has() -> None:
    clock = Clock()
    access = Access(clock)
    gates = [SharedGate(access, clock.time(), 3.0, Uncounted()) for _ in range(2)]
    left, at_s, spent = 60.0, clock.now_s, 0

    async def call(gate: SharedGate) -> None:
        nonlocal left, at_s, spent
        try:
            await gate.enter()
        except RateLimitedError:
            return
        left, at_s = min(60.0, left + clock.now_s - at_s), clock.now_s
        assert left >= 1
        left -= 1
        spent += 1
        await gate.told(Allowance(60, int(left), None), refused=False)

    await asyncio.gather(*(call(gates[number % 2]) for number in range(300)))

    assert 40 <= spent <= 60 + (clock.now_s - 1_000.0)


async def test_while_nobody_counts_a_process_goes_on_by_a_share_and_seldom_asks() -> None:
    clock = Clock()
    access = Access(clock)
    gate = SharedGate(access, clock.time(), 1.0, Uncounted())
    await go(gate, 10)
    access.away, access.asked = True, 0
    clock.now_s += 10

    await go(gate, 100)
    assert access.asked == 1
    assert gate.is_away
    with pytest.raises(RateLimitedError):
        await asyncio.gather(*(gate.enter() for _ in range(100)))

    access.away = False
    clock.now_s += AWAY_S
    await go(gate, 1)
    assert not gate.is_away


async def test_a_refusal_is_told_to_all_at_once() -> None:
    clock = Clock()
    access = Access(clock)
    one, other = (SharedGate(access, clock.time(), 1.0, Uncounted()) for _ in range(2))
    await go(one, 1)

    await one.told(Allowance(600, 0, 1_030.0), refused=True)

    with pytest.raises(RateLimitedError):
        await other.enter()


async def test_a_refusal_that_nobody_hears_is_kept_by_the_process() -> None:
    clock = Clock()
    access = Access(clock)
    gate = SharedGate(access, clock.time(), 1.0, Uncounted())
    await go(gate, 1)
    access.away = True

    await gate.told(Allowance(600, 0, 1_030.0), refused=True)

    assert gate.is_away
    with pytest.raises(RateLimitedError):
        await gate.enter()


async def test_a_call_without_an_answer_is_told_too() -> None:
    clock = Clock()
    gate = SharedGate(Access(clock), clock.time(), 1.0, Uncounted())
    await gate.enter()

    await gate.told(UNKNOWN, refused=False)

    await gate.enter()
