"""A database of its own for a test, on the server that all share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo


@contextmanager
def fresh_database(dsn: str) -> Iterator[str]:
    """The DSN of an empty database beside the one of ``dsn``; it is dropped at the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    try:
        yield make_conninfo(**{**conninfo_to_dict(dsn), "dbname": name})
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f'drop database "{name}" with (force)')
