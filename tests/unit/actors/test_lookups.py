"""An answer of Twitch serves everybody who asks for it, and is not asked for again too soon."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from gstreamer.actors.lookups import KNOWN_S, UNKNOWN_S, Lookups
from gstreamer.core.errors import RefusedError, UnavailableError


class Directory:
    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.asked: list[list[str]] = []
        self.error: Exception | None = None

    async def ask(self, ids: Collection[str]) -> Collection[str]:
        self.asked.append(sorted(ids))
        if self.error is not None:
            raise self.error
        return [one for one in ids if one.startswith("1")]

    def lookups(self) -> Lookups:
        return Lookups(self.ask, lambda: self.now_s)


async def test_questions_of_one_moment_go_out_together_and_once() -> None:
    directory = Directory()
    lookups = directory.lookups()

    answers = await asyncio.gather(*map(lookups.exists, ["1", "2", "1", "12"]))

    assert answers == [True, False, True, True]
    assert directory.asked == [["1", "12", "2"]]


@pytest.mark.parametrize(("user_id", "lasts_s"), [("1", KNOWN_S), ("2", UNKNOWN_S)])
async def test_an_answer_is_remembered_for_its_time(user_id: str, lasts_s: float) -> None:
    directory = Directory()
    lookups = directory.lookups()
    await lookups.exists(user_id)
    directory.now_s += lasts_s - 1
    await lookups.exists(user_id)
    assert len(directory.asked) == 1

    directory.now_s += 1
    await lookups.exists(user_id)

    assert len(directory.asked) == 2


@pytest.mark.parametrize("error", [UnavailableError("twitch is down"), RefusedError(400, "invalid client")])
async def test_a_failure_is_everybodys_and_is_not_remembered(error: Exception) -> None:
    directory = Directory()
    lookups = directory.lookups()
    directory.error = error
    answers = await asyncio.gather(*map(lookups.exists, ["1", "1"]), return_exceptions=True)
    assert [str(answer) for answer in answers] == [str(error)] * 2
    assert all(isinstance(answer, UnavailableError) for answer in answers)
    directory.error = None

    assert await lookups.exists("1") is True


async def test_one_who_goes_away_takes_no_answer_from_the_others() -> None:
    lookups = Directory().lookups()
    leaving, staying = (asyncio.create_task(lookups.exists("1")) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()

    assert await staying is True
