"""The schema brought forward, by whoever comes first; a database of a newer gstreamer is refused.

Everything happens in one transaction under an advisory lock, so starts at the same time make one migration, and
one that fails leaves the schema as it was. Alembic is loaded only where there is something to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from gstreamer.core.errors import ConfigurationError, GStreamerError, UnavailableError
from gstreamer.store.engine import CONNECT_S, DRIVER, check_dsn, place_of

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_ID = 0x67737472
"""Any number, as long as every gstreamer locks the same one."""


def migrate(dsn: str) -> str:
    """
    Bring the schema to this version and return its revision.

    Raises:
        ConfigurationError: The database is of a newer gstreamer, or its user may not change the schema.
        UnavailableError: Postgres does not answer.
    """
    with _connected(dsn) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:id)"), {"id": LOCK_ID})
        return _forward(connection, place_of(dsn))


def standing(dsn: str) -> tuple[str, str]:
    """
    The schema's revision (empty if it has none), and the newest that this gstreamer knows; nothing is changed.

    Raises:
        ConfigurationError: The database is of a newer gstreamer.
        UnavailableError: Postgres does not answer.
    """
    with _connected(dsn) as connection:
        found = _found(connection)
        _refuse_newer(found, place_of(dsn))
        return found[0] if found else "", revisions()[-1]


@contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    """One transaction, with errors in our words."""
    check_dsn(dsn)
    engine = create_engine(
        DRIVER,
        creator=lambda: psycopg.connect(dsn, connect_timeout=CONNECT_S),
        poolclass=NullPool,
        hide_parameters=True,
    )
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise UnavailableError(f"postgres at {place_of(dsn)} does not answer: {_first_line(error)}") from None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "42501":
            raise ConfigurationError(
                f"the user of postgres at {place_of(dsn)} may not change the schema: grant it create on schema public"
            ) from None
        raise GStreamerError(f"the schema at {place_of(dsn)} cannot be migrated: {_first_line(error)}") from None


def revisions() -> tuple[str, ...]:
    """Every revision of the schema, the oldest first: a migration's file begins with its own, and they sort."""
    return tuple(sorted(file.stem.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def _forward(connection: Connection, place: str) -> str:
    known = revisions()
    found = _found(connection)
    _refuse_newer(found, place)
    if found != (known[-1],):
        _upgrade(connection)
    return known[-1]


def _refuse_newer(found: tuple[str, ...], place: str) -> None:
    known = revisions()
    for revision in found:
        if revision not in known:
            raise ConfigurationError(
                f"the database at {place} has schema {revision}, which is newer than this gstreamer's {known[-1]}: "
                "run the gstreamer that made it, or a newer one"
            )


def _found(connection: Connection) -> tuple[str, ...]:
    if connection.scalar(text("select to_regclass('alembic_version')")) is None:
        return ()
    return tuple(connection.scalars(text("select version_num from alembic_version")))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]
