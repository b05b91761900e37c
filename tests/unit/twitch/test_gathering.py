"""Lookups of one moment share calls; a failing call fails those who asked in it, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gstreamer.core.errors import UnavailableError
from gstreamer.twitch.gathering import AT_ONCE, Gathering
from tests.twitch import Uncounted


class Directory:
    """Knows even numbers; ``down`` numbers make a call fail."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.down: set[int] = set()
        self.held: asyncio.Event | None = None

    async def ask(self, keys: Sequence[int]) -> dict[int, str]:
        self.asked.append(list(keys))
        if self.held is not None:
            await self.held.wait()
        if self.down & set(keys):
            raise UnavailableError("twitch answers 503")
        return {key: str(key) for key in keys if key % 2 == 0}

    def gathering(self) -> Gathering[int, str]:
        return Gathering(self.ask, Uncounted())


async def test_nothing_is_asked_for_nothing() -> None:
    directory = Directory()

    assert await directory.gathering().get(()) == {}
    assert directory.asked == []


async def test_each_asker_gets_its_own_and_not_what_does_not_exist() -> None:
    directory = Directory()
    gathering = directory.gathering()

    answers = await asyncio.gather(gathering.get((2, 4, 2)), gathering.get((4, 5)), gathering.get((7,)))

    assert answers == [{2: "2", 4: "4"}, {4: "4"}, {}]
    assert directory.asked == [[2, 4, 5, 7]]


async def test_a_call_takes_a_hundred() -> None:
    directory = Directory()

    found = await directory.gathering().get(range(250))

    assert len(found) == 125
    assert sorted(map(len, directory.asked)) == [50, AT_ONCE, AT_ONCE]


async def test_who_asks_while_a_call_is_under_way_shares_it() -> None:
    directory = Directory()
    gathering = directory.gathering()
    directory.held = asyncio.Event()
    first = asyncio.create_task(gathering.get((2,)))
    while not directory.asked:
        await asyncio.sleep(0)
    second = asyncio.create_task(gathering.get((2,)))
    await asyncio.sleep(0)
    directory.held.set()

    assert await asyncio.gather(first, second) == [{2: "2"}, {2: "2"}]
    assert directory.asked == [[2]]


async def test_a_failing_call_fails_only_those_who_asked_in_it() -> None:
    directory = Directory()
    gathering = directory.gathering()
    directory.down = {0}

    answers = await asyncio.gather(
        gathering.get(range(AT_ONCE)), gathering.get((1_000,)), gathering.get((1_002, 1_003)), return_exceptions=True
    )

    assert isinstance(answers[0], UnavailableError)
    assert answers[1:] == [{1_000: "1000"}, {1_002: "1002"}]
    assert await gathering.get((2,)) == {2: "2"}


async def test_what_nobody_expects_reaches_those_who_asked() -> None:
    async def ask(keys: Sequence[int]) -> dict[int, str]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Gathering(ask, Uncounted()).get((1,))


async def test_one_who_goes_away_takes_no_answer_from_the_others() -> None:
    gathering = Directory().gathering()
    leaving, staying = (asyncio.create_task(gathering.get((2,))) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()

    assert await staying == {2: "2"}
