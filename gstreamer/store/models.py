"""The tables of accounts. ``migrations/`` makes them; a test keeps both equal.

A person is a Twitch user id. What belongs to a person goes with the row in ``users`` (on delete cascade).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

TWITCH: Final = "twitch"
"""The one provider of grants."""

OK: Final = "ok"
REVOKED: Final = "revoked"


def _text(**more: Any) -> Any:
    return Column(Text, nullable=False, **more)


def _time(**more: Any) -> Any:
    return Column(DateTime(timezone=True), nullable=False, **more)


def _of_user(**more: Any) -> Any:
    return Column(Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, **more)


class User(SQLModel, table=True):
    """A person who has signed in; the id is Twitch's, the rest as Twitch told it last."""

    __tablename__ = "users"

    id: str = Field(sa_column=_text(primary_key=True))
    login: str = Field(sa_column=_text())
    display_name: str = Field(sa_column=_text())
    avatar_url: str = Field(sa_column=_text())
    created_at: datetime = Field(sa_column=_time())
    updated_at: datetime = Field(sa_column=_time())


class Session(SQLModel, table=True):
    """A signed-in browser: a public id, and the hash of what its cookie holds."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_by_user", "user_id"), Index("sessions_by_use", "last_seen_at"))

    id: str = Field(sa_column=_text(primary_key=True))
    value_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    user_id: str = Field(sa_column=_of_user())
    created_at: datetime = Field(sa_column=_time())
    last_seen_at: datetime = Field(sa_column=_time())
    user_agent: str = Field(sa_column=_text())


class Grant(SQLModel, table=True):
    """A person's tokens, encrypted (``store.secrets``), and what they are good for."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("status in ('ok', 'revoked')", name="grants_status"),
        Index("grants_by_check", "check_at"),
    )

    user_id: str = Field(sa_column=_of_user(primary_key=True))
    provider: str = Field(sa_column=_text(primary_key=True))
    key_id: str = Field(sa_column=_text())
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ciphertext: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: str = Field(sa_column=_text())
    check_at: datetime = Field(sa_column=_time())
    updated_at: datetime = Field(sa_column=_time())


class Streamer(SQLModel, table=True):
    """A streamer that somebody favours or favoured, as Twitch told it last: shown while Twitch is away."""

    __tablename__ = "streamers"

    id: str = Field(sa_column=_text(primary_key=True))
    login: str = Field(sa_column=_text())
    display_name: str = Field(sa_column=_text())
    avatar_url: str = Field(sa_column=_text())
    updated_at: datetime = Field(sa_column=_time())


class Favourite(SQLModel, table=True):
    """A person's favourite; ``place`` orders them."""

    __tablename__ = "favourites"
    __table_args__ = (Index("favourites_by_streamer", "streamer_id"),)

    user_id: str = Field(sa_column=_of_user(primary_key=True))
    streamer_id: str = Field(sa_column=Column(Text, ForeignKey("streamers.id"), primary_key=True, nullable=False))
    place: int = Field(nullable=False)
    added_at: datetime = Field(sa_column=_time())


class Preferences(SQLModel, table=True):
    """What the page keeps for a person: its own JSON object."""

    __tablename__ = "preferences"

    user_id: str = Field(sa_column=_of_user(primary_key=True))
    value: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    updated_at: datetime = Field(sa_column=_time())


class UsedState(SQLModel, table=True):
    """The id of a sign-in's state that came back: it is not taken again while it could still be good."""

    __tablename__ = "used_states"
    __table_args__ = (Index("used_states_by_end", "expires_at"),)

    id: str = Field(sa_column=_text(primary_key=True))
    expires_at: datetime = Field(sa_column=_time())


class ChatSend(SQLModel, table=True):
    """
    A message that a person sent to a chat, without its text: written before Twitch is called.

    It is the key that makes a retry safe, and one of the messages that Twitch's limits count. ``sending`` without
    an answer means that what became of it is not known.
    """

    __tablename__ = "chat_sends"
    __table_args__ = (
        CheckConstraint("state in ('sending', 'answered', 'unsent')", name="chat_sends_state"),
        Index("chat_sends_by_time", "sent_at"),
    )

    user_id: str = Field(sa_column=_of_user(primary_key=True))
    key: str = Field(sa_column=_text(primary_key=True))
    streamer_id: str = Field(sa_column=_text())
    body_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sent_at: datetime = Field(sa_column=_time())
    state: str = Field(sa_column=_text())
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
