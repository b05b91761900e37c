"""The tables of the event store, for alembic and for whoever asks by SQLModel; ``migrations/`` makes them.

The hot ways (``store.events``, ``store.history``) speak SQL to psycopg: a model for each row costs more than the row.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _text(**more: Any) -> Any:
    return Column(Text, nullable=False, **more)


def _time(**more: Any) -> Any:
    return Column(DateTime(timezone=True), nullable=False, **more)


def _offset(**more: Any) -> Any:
    return Column(BigInteger, nullable=False, **more)


class StoredEvent(SQLModel, table=True):
    """An event, in the partition of its time; ``event`` is the client's JSON of it."""

    __tablename__ = "events"
    __table_args__ = {"postgresql_partition_by": "RANGE (time)"}

    streamer_id: str = Field(sa_column=_text(primary_key=True))
    time: datetime = Field(sa_column=_time(primary_key=True))
    epoch: str = Field(sa_column=_text(primary_key=True))
    off: int = Field(sa_column=_offset(primary_key=True))
    id: str = Field(sa_column=_text())
    type: str = Field(sa_column=_text())
    event: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    cut: dict[str, Any] | None = Field(sa_column=Column(JSONB, nullable=True))
    audience: int = Field(sa_column=Column(SmallInteger, nullable=False))
    whole: int = Field(sa_column=Column(SmallInteger, nullable=False))


class LateEvent(SQLModel, table=True):
    """An event that no partition took."""

    __tablename__ = "event_late"

    streamer_id: str = Field(sa_column=_text(primary_key=True))
    time: datetime = Field(sa_column=_time(primary_key=True))
    epoch: str = Field(sa_column=_text(primary_key=True))
    off: int = Field(sa_column=_offset(primary_key=True))
    id: str = Field(sa_column=_text())
    type: str = Field(sa_column=_text())
    event: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    cut: dict[str, Any] | None = Field(sa_column=Column(JSONB, nullable=True))
    audience: int = Field(sa_column=Column(SmallInteger, nullable=False))
    whole: int = Field(sa_column=Column(SmallInteger, nullable=False))


class LogEpoch(SQLModel, table=True):
    """One log of a streamer, its place among them, and how far it is stored."""

    __tablename__ = "epochs"
    __table_args__ = (UniqueConstraint("streamer_id", "place"),)

    streamer_id: str = Field(sa_column=_text(primary_key=True))
    epoch: str = Field(sa_column=_text(primary_key=True))
    place: int = Field(sa_column=Column(Integer, nullable=False))
    next_offset: int = Field(sa_column=_offset())
    last_time: datetime = Field(sa_column=_time())


class Mark(SQLModel, table=True):
    """Where in time a position of a log lies; one for every few hundred rows."""

    __tablename__ = "marks"

    streamer_id: str = Field(sa_column=_text(primary_key=True))
    epoch: str = Field(sa_column=_text(primary_key=True))
    off: int = Field(sa_column=_offset(primary_key=True))
    time: datetime = Field(sa_column=_time())


class Writer(SQLModel, table=True):
    """The generation of whoever may write."""

    __tablename__ = "writers"

    slot: int = Field(sa_column=Column(Integer, primary_key=True, nullable=False, autoincrement=False))
    generation: int = Field(sa_column=_offset())


class DailyEvents(SQLModel, table=True):
    """How many events of a type a streamer's UTC day had."""

    __tablename__ = "daily_events"

    streamer_id: str = Field(sa_column=_text(primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True, nullable=False))
    type: str = Field(sa_column=_text(primary_key=True))
    n: int = Field(sa_column=_offset())


class DailyLive(SQLModel, table=True):
    """The most viewers of a streamer's UTC day, and for how long streams ran that have ended."""

    __tablename__ = "daily_live"

    streamer_id: str = Field(sa_column=_text(primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True, nullable=False))
    peak_viewers: int = Field(sa_column=Column(Integer, nullable=False))
    live_s: int = Field(sa_column=Column(Integer, nullable=False))


class RunningStream(SQLModel, table=True):
    """The stream that runs, as far as its log is stored."""

    __tablename__ = "streams"

    streamer_id: str = Field(sa_column=_text(primary_key=True))
    stream_id: str = Field(sa_column=_text())
    since: datetime = Field(sa_column=_time())
    seen: datetime = Field(sa_column=_time())
