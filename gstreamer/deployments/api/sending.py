"""A message on its way to a chat: written down, sent once, and what became of it written down.

Rule: Twitch is never called twice for one message. What is not known to have failed counts as sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from gstreamer import log
from gstreamer.core.errors import (
    GrantEndedError,
    MissingScopeError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)
from gstreamer.core.problems import MESSAGE_DROPPED, MISSING_SCOPE, OUTCOME_UNKNOWN, ProblemError
from gstreamer.core.signin import SCOPES
from gstreamer.store.chat_sends import ChatSends, Earlier, Message, Wait
from gstreamer.twitch.chat import SentMessage

UNKNOWN = "outcome_unknown"

_T = TypeVar("_T")


class Draft(NamedTuple):
    """A message: whose, to whose chat, its text, and the id of the one that it answers."""

    sender_id: str
    streamer_id: str
    text: str
    reply_to: str | None

    def hash(self) -> bytes:
        """What tells it from another message under the same key."""
        return hashlib.sha256(json.dumps(self).encode()).digest()


class Keeper(Protocol):
    """People's grants (``grants.keeper``)."""

    async def use(self, user_id: str, call: Callable[[str], Awaitable[_T]]) -> _T:
        """What ``call`` gives with the person's access token."""


class Chat(Protocol):
    """Twitch's chats (``twitch.chat``)."""

    async def send(
        self, sender_id: str, streamer_id: str, text: str, reply_to: str | None, access_token: str
    ) -> SentMessage:
        """What became of a message."""


class Sending:
    """
    Sends messages to chats.

    Args:
        sends: Where they are written down.
        chat: Twitch.
        keeper: People's grants.
        now: The time.
    """

    def __init__(self, sends: ChatSends, chat: Chat, keeper: Keeper, now: Callable[[], datetime]) -> None:
        self._sends = sends
        self._chat = chat
        self._keeper = keeper
        self._now = now
        self._log = log.get("chat")
        self._tasks: set[asyncio.Task[str]] = set()

    async def send(self, draft: Draft, key: str) -> str:
        """
        Send a message under a key, and return its id; the same message under the same key is not sent again.

        Raises:
            ProblemError: It was refused, or it cannot be known whether it was sent.
            GrantEndedError: The person's grant is dead.
            UnavailableError: It was not sent.
        """
        task = asyncio.create_task(self._send(draft, key))
        self._tasks.add(task)
        task.add_done_callback(self._landed)
        # Whoever asked may go away and come back with the key: what became of it is written down all the same.
        return await asyncio.shield(task)

    async def forget(self, before: datetime) -> None:
        """
        Forget the keys of messages that were sent before that time.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        await self._sends.forget(before)

    def _landed(self, task: asyncio.Task[str]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # An error that nobody takes any more is no news to the event loop.
            task.exception()

    async def _send(self, draft: Draft, key: str) -> str:
        message = Message(draft.sender_id, key, draft.streamer_id, draft.hash())
        found = await self._sends.begin(message, self._now())
        if isinstance(found, Wait):
            raise too_fast(found.seconds)
        answer = await self._go(message, draft) if found is None else _earlier(found)
        if "message_id" in answer:
            return str(answer["message_id"])
        raise _dropped(answer)

    async def _go(self, message: Message, draft: Draft) -> dict[str, Any]:
        async def once(token: str) -> SentMessage:
            try:
                return await self._chat.send(*draft, token)
            except OutcomeUnknownError as error:
                self._log.warning("outcome of a message unknown", user_id=draft.sender_id, reason=str(error))
                raise _unknown() from None

        try:
            sent = await self._keeper.use(draft.sender_id, once)
        except (RefusedError, UnavailableError) as error:
            await self._noted(self._sends.unsent(message))
            raise _refusal(error) from None
        answer = _answer(sent)
        await self._noted(self._sends.answered(message, answer))
        return answer

    async def _noted(self, writing: Awaitable[None]) -> None:
        try:
            await writing
        except UnavailableError as error:
            # This request knows what became of it; who comes with the same key is told that nobody does.
            self._log.warning("outcome of a message not written", reason=str(error))


def too_fast(wait_s: float) -> ProblemError:
    """The refusal of a message that comes too soon after others."""
    seconds = max(1, math.ceil(wait_s))
    words = f"twitch allows 20 messages in 30 s, and one a second to one chat; wait {seconds} s before the next"
    return ProblemError(429, words, headers={"Retry-After": str(seconds)})


def missing_scope() -> ProblemError:
    """The refusal of a person whose grant does not cover writing."""
    words = f"your grant lacks {' '.join(SCOPES['chat'])}; give it at /api/auth/login?scope=chat"
    return ProblemError(403, words, MISSING_SCOPE, {"scope": "chat"})


def _answer(sent: SentMessage) -> dict[str, Any]:
    if sent.is_sent:
        return {"message_id": sent.message_id}
    reason = sent.drop_reason
    return {"code": "" if reason is None else reason.code, "message": "" if reason is None else reason.message}


def _earlier(found: Earlier) -> dict[str, Any]:
    if not found.same:
        raise ProblemError(422, "this Idempotency-Key was used for another message; use a new one for each")
    if found.answer is None:
        raise _unknown()
    return found.answer


def _unknown() -> ProblemError:
    words = (
        "twitch did not answer, so the message may have been sent; look for it in the chat before you send it again"
    )
    return ProblemError(409, words, OUTCOME_UNKNOWN, {"code": UNKNOWN})


def _dropped(answer: dict[str, Any]) -> ProblemError:
    words = f"twitch did not show the message: {answer['message'] or 'it gave no reason'}"
    return ProblemError(409, words, MESSAGE_DROPPED, {"code": answer["code"]})


def _refusal(error: RefusedError | UnavailableError) -> Exception:
    """What a person is told of a message that was certainly not sent."""
    if isinstance(error, RateLimitedError):
        return too_fast(error.wait_s)
    if isinstance(error, UnavailableError | GrantEndedError):
        return error
    if isinstance(error, MissingScopeError):
        return missing_scope() if "scope" in error.message.lower() else _forbidden(error)
    return ProblemError(422, f"twitch refuses the message: {error.message}")


def _forbidden(error: RefusedError) -> ProblemError:
    return ProblemError(403, f"twitch does not let you write to this chat: {error.message}")
