"""What draws chats is asked for seldom, kept within bounds, and shown as it was while Twitch is away."""

from __future__ import annotations

import asyncio

import pytest

from gstreamer.core.errors import RefusedError, UnavailableError
from gstreamer.deployments.api.assets import GLOBAL_S, KEPT, OWN_S, RETRY_S, Assets, Kept
from gstreamer.twitch.chat import BadgeSet, Emotes


class Twitch:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.asked: list[str] = []
        self.error: Exception | None = None

    async def ask(self, streamer_id: str) -> int:
        self.asked.append(streamer_id)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return len(self.asked)

    def kept(self) -> Kept[int]:
        return Kept(self.ask, lambda: self.now_s)


async def test_many_who_ask_at_once_cause_one_call() -> None:
    twitch = Twitch()
    kept = twitch.kept()

    assert await asyncio.gather(*(kept.get("1") for _ in range(20))) == [1] * 20


@pytest.mark.parametrize(("streamer_id", "lasts_s"), [("1", OWN_S), ("", GLOBAL_S)])
async def test_an_answer_lasts_its_time(streamer_id: str, lasts_s: float) -> None:
    twitch = Twitch()
    kept = twitch.kept()
    await kept.get(streamer_id)

    twitch.now_s += lasts_s - 1
    assert await kept.get(streamer_id) == 1
    twitch.now_s += 1
    assert await kept.get(streamer_id) == 2


@pytest.mark.parametrize("error", [UnavailableError("twitch is down"), RefusedError(400, "no such user")])
async def test_what_is_old_is_shown_while_twitch_is_away_which_is_not_asked_all_the_time(error: Exception) -> None:
    twitch = Twitch()
    kept = twitch.kept()
    await kept.get("1")
    twitch.now_s += OWN_S
    twitch.error = error

    assert [await kept.get("1") for _ in range(3)] == [1, 1, 1]
    assert len(twitch.asked) == 2
    twitch.now_s += RETRY_S
    twitch.error = None

    assert await kept.get("1") == 3


async def test_without_anything_old_the_outage_is_told_and_not_remembered() -> None:
    twitch = Twitch()
    kept = twitch.kept()
    twitch.error = UnavailableError("twitch is down")
    with pytest.raises(UnavailableError):
        await kept.get("1")

    twitch.error = None

    assert await kept.get("1") == 2


async def test_those_that_were_not_asked_for_the_longest_are_forgotten() -> None:
    twitch = Twitch()
    kept = twitch.kept()
    for number in range(KEPT):
        await kept.get(str(number))
    await kept.get("0")
    await kept.get("one more")
    twitch.asked.clear()

    await kept.get("0")
    await kept.get("1")

    assert twitch.asked == ["1"]


async def test_who_goes_away_takes_no_answer_from_the_others() -> None:
    kept = Twitch().kept()
    leaving, staying = (asyncio.create_task(kept.get("1")) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()

    assert await staying == 1


async def test_without_a_template_of_the_streamers_everybodys_is_used() -> None:
    class Chat:
        async def emotes(self, streamer_id: str) -> Emotes:
            return Emotes("" if streamer_id else "https://a/{{id}}", ())

        async def badges(self, streamer_id: str) -> tuple[BadgeSet, ...]:
            return ()

    assert (await Assets(Chat()).emotes("1")).template == "https://a/{{id}}"
    assert (await Assets(Chat()).badges("1")).badges == []
