"""Messages to chats, each written down before Twitch is called: the key of a retry, and what the limits count.

A person's row is locked while the next message is let through, so that replicas count as one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gstreamer.core.chat_limits import WINDOW_S, Sent, wait_s
from gstreamer.store.engine import Database
from gstreamer.store.models import ChatSend, User

SENDING: Final = "sending"
ANSWERED: Final = "answered"
UNSENT: Final = "unsent"

KEPT = timedelta(days=1)
"""So long a key is remembered."""


class Message(NamedTuple):
    """A message to be sent: whose, under which key, to whose chat, and the hash of all that it says."""

    user_id: str
    key: str
    streamer_id: str
    body_hash: bytes


class Earlier(NamedTuple):
    """
    The key was used before.

    Attributes:
        same: Whether for the same message.
        answer: What was answered then; None if that is not known (yet, or for good).
    """

    same: bool
    answer: dict[str, Any] | None


class Wait(NamedTuple):
    """The person has to wait so long."""

    seconds: float


class ChatSends:
    """
    The table chat_sends.

    Args:
        database: Where it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, message: Message, now: datetime) -> Earlier | Wait | None:
        """
        Write down that a message is about to be sent; None lets it go, anything else means that nothing was written.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        async with self._database.transaction() as connection:
            await connection.execute(select(col(User.id)).where(col(User.id) == message.user_id).with_for_update())
            query = select(col(ChatSend.body_hash), col(ChatSend.state), col(ChatSend.answer)).where(_of(message))
            row = (await connection.execute(query)).one_or_none()
            if row is not None and (row.body_hash != message.body_hash or row.state != UNSENT):
                return Earlier(row.body_hash == message.body_hash, row.answer)
            waits_s = wait_s(await _recent(connection, message, now), message.streamer_id, now.timestamp())
            if waits_s > 0:
                return Wait(waits_s)
            begun = {"sent_at": now, "state": SENDING}
            statement = insert(ChatSend).values(**message._asdict(), **begun)
            await connection.execute(statement.on_conflict_do_update(index_elements=["user_id", "key"], set_=begun))
            return None

    async def answered(self, message: Message, answer: dict[str, Any]) -> None:
        """
        Keep what was answered, for whoever uses the key again.

        Raises:
            UnavailableError: Postgres does not answer; what became of the message stays unknown.
        """
        await self._set(message, state=ANSWERED, answer=answer)

    async def unsent(self, message: Message) -> None:
        """
        Write down that the message certainly was not sent: the key may be used again for it.

        Raises:
            UnavailableError: Postgres does not answer; what became of the message stays unknown.
        """
        await self._set(message, state=UNSENT)

    async def forget(self, before: datetime) -> None:
        """
        Forget messages that were sent before that time.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        async with self._database.once() as connection:
            await connection.execute(delete(ChatSend).where(col(ChatSend.sent_at) < before))

    async def _set(self, message: Message, **values: Any) -> None:
        async with self._database.once() as connection:
            await connection.execute(update(ChatSend).where(_of(message)).values(**values))


def _of(message: Message) -> Any:
    return (col(ChatSend.user_id) == message.user_id) & (col(ChatSend.key) == message.key)


async def _recent(connection: AsyncConnection, message: Message, now: datetime) -> list[Sent]:
    recent = (col(ChatSend.user_id) == message.user_id) & (col(ChatSend.sent_at) > now - timedelta(seconds=WINDOW_S))
    rows = await connection.execute(select(col(ChatSend.streamer_id), col(ChatSend.sent_at)).where(recent))
    return [Sent(row.streamer_id, row.sent_at.timestamp()) for row in rows]
