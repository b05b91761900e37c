"""The board tells of Twitch what this replica's calls tell, and finds out by itself where there are none."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gstreamer.core.errors import RateLimitedError, UnavailableError
from gstreamer.core.health import Finding
from gstreamer.deployments.api.board import TWITCH_S, twitch_probe
from gstreamer.twitch.helix import Standing


@dataclass
class Platform:
    down: dict[str, float] = field(default_factory=dict)
    alone: bool = False
    error: Exception | None = None
    asked: int = 0
    now_s: float = 0.0

    def standing(self) -> Standing:
        return Standing(self.down, self.alone)

    async def look(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error
        self.down = {}


async def test_twitch_is_asked_once_a_minute_while_it_is_well() -> None:
    twitch = Platform()
    probe = twitch_probe(twitch, lambda: twitch.now_s)

    for _ in range(3):
        assert await probe.ask() == {"twitch": Finding("ok", "it answers")}
    assert twitch.asked == 1
    twitch.now_s += TWITCH_S
    await probe.ask()

    assert twitch.asked == 2


async def test_what_other_calls_found_is_told_at_once_and_asked_about() -> None:
    twitch = Platform()
    probe = twitch_probe(twitch, lambda: twitch.now_s)
    await probe.ask()
    twitch.down, twitch.error = {"https://api.twitch.tv/helix": 3.0}, UnavailableError("twitch has not answered")

    for _ in range(2):
        with pytest.raises(UnavailableError, match="twitch has not answered"):
            await probe.ask()
    twitch.error = None

    assert await probe.ask() == {"twitch": Finding("ok", "it answers")}
    assert twitch.asked == 4


async def test_a_call_that_failed_is_made_again_before_twitch_is_called_well() -> None:
    twitch = Platform(error=UnavailableError("twitch answers 503"))
    probe = twitch_probe(twitch, lambda: twitch.now_s)

    for _ in range(2):
        with pytest.raises(UnavailableError):
            await probe.ask()

    assert twitch.asked == 2


async def test_a_used_up_rate_limit_is_degraded() -> None:
    twitch = Platform(error=RateLimitedError(30))

    found = await twitch_probe(twitch, lambda: twitch.now_s).ask()

    assert found == {"twitch": Finding("degraded", "twitch's rate limit is used up for 30 s")}


async def test_a_process_that_counts_by_itself_says_so_and_looks_whether_it_still_has_to() -> None:
    twitch = Platform(alone=True)
    probe = twitch_probe(twitch, lambda: twitch.now_s)

    assert [(await probe.ask())["twitch"].state for _ in range(2)] == ["degraded", "degraded"]
    assert twitch.asked == 2
