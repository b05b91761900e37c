"""Whatever a message comes to, its writer is told the right thing, and its row says whether it may go again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from gstreamer.core.errors import (
    GrantEndedError,
    MissingScopeError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)
from gstreamer.core.problems import ProblemError
from gstreamer.deployments.api.sending import Draft, Sending
from gstreamer.twitch.chat import SentMessage

T = TypeVar("T")
DRAFT = Draft("1", "2", "hello", None)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Rows:
    """The table, which may be away once the message is under way."""

    def __init__(self) -> None:
        self.written: list[object] = []
        self.away = False

    async def begin(self, message: object, now: datetime) -> None:
        return None

    async def answered(self, message: object, answer: dict[str, Any]) -> None:
        self._write(answer)

    async def unsent(self, message: object) -> None:
        self._write("unsent")

    def _write(self, what: object) -> None:
        if self.away:
            raise UnavailableError("postgres does not answer")
        self.written.append(what)


class Twitch:
    def __init__(self, outcome: Exception | SentMessage) -> None:
        self.outcome = outcome

    async def use(self, user_id: str, call: Callable[[str], Awaitable[T]]) -> T:
        return await call("a token")

    async def send(self, *message: object) -> SentMessage:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Slow(Twitch):
    def __init__(self, outcome: SentMessage) -> None:
        super().__init__(outcome)
        self.called, self.may_answer = asyncio.Event(), asyncio.Event()

    async def send(self, *message: object) -> SentMessage:
        self.called.set()
        await self.may_answer.wait()
        return await super().send(*message)


def sending(outcome: Exception | SentMessage, rows: Rows) -> Sending:
    twitch = Twitch(outcome)
    return Sending(rows, twitch, twitch, lambda: NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status", "members"),
    [
        (RateLimitedError(7), 429, {}),
        (MissingScopeError(401, "Missing scope: user:write:chat"), 403, {"scope": "chat"}),
        (MissingScopeError(403, "you are banned"), 403, {}),
        (RefusedError(422, "too large"), 422, {}),
    ],
)
async def test_a_refusal_is_told_and_the_message_may_go_again(
    error: Exception, status: int, members: dict[str, str]
) -> None:
    rows = Rows()

    with pytest.raises(ProblemError) as refused:
        await sending(error, rows).send(DRAFT, "k")

    assert (refused.value.status, refused.value.members) == (status, members)
    assert rows.written == ["unsent"]


@pytest.mark.parametrize("error", [UnavailableError("twitch is down"), GrantEndedError(401, "the grant is dead")])
async def test_an_outage_before_it_was_sent_and_a_dead_grant_come_through(error: Exception) -> None:
    rows = Rows()

    with pytest.raises(type(error)) as caught:
        await sending(error, rows).send(DRAFT, "k")

    assert caught.value is error
    assert rows.written == ["unsent"]


async def test_an_unknown_outcome_is_never_written_as_unsent() -> None:
    rows = Rows()

    with pytest.raises(ProblemError) as refused:
        await sending(OutcomeUnknownError("twitch does not answer"), rows).send(DRAFT, "k")

    assert (refused.value.status, refused.value.members) == (409, {"code": "outcome_unknown"})
    assert rows.written == []


async def test_a_refresh_of_unknown_outcome_is_no_message_of_unknown_outcome() -> None:
    class Keeper(Twitch):
        async def use(self, user_id: str, call: Callable[[str], Awaitable[T]]) -> T:
            raise OutcomeUnknownError("twitch answers 503")

    rows, keeper = Rows(), Keeper(SentMessage(is_sent=True))

    with pytest.raises(UnavailableError, match="twitch answers 503"):
        await Sending(rows, keeper, keeper, lambda: NOW).send(DRAFT, "k")  # type: ignore[arg-type]

    assert rows.written == ["unsent"]


async def test_what_twitch_took_is_told_even_if_it_cannot_be_written_down() -> None:
    rows = Rows()
    rows.away = True

    assert await sending(SentMessage(message_id="m", is_sent=True), rows).send(DRAFT, "k") == "m"


async def test_a_drop_without_a_reason_is_a_drop() -> None:
    with pytest.raises(ProblemError, match="twitch did not show the message: it gave no reason"):
        await sending(SentMessage(is_sent=False), Rows()).send(DRAFT, "k")


async def test_who_goes_away_meanwhile_finds_the_answer_written_down() -> None:
    rows, twitch = Rows(), Slow(SentMessage(message_id="m", is_sent=True))
    sending = Sending(rows, twitch, twitch, lambda: NOW)  # type: ignore[arg-type]
    asking = asyncio.create_task(sending.send(DRAFT, "k"))
    await twitch.called.wait()

    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    twitch.may_answer.set()
    async with asyncio.timeout(10):
        while not rows.written:
            await asyncio.sleep(0)

    assert rows.written == [{"message_id": "m"}]
