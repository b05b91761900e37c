"""Alembic's environment: the connection comes from ``store.migrate``, which holds the lock and the transaction."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from gstreamer.store import models

assert models.User.metadata is SQLModel.metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
context.run_migrations()
