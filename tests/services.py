"""Real Kafka and PostgreSQL for tests, each with its own directory and ports, gone when the tests are."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gstreamer.embedded.kafka import EmbeddedKafka
from gstreamer.embedded.postgres import EmbeddedPostgres


@contextmanager
def data_dir() -> Iterator[Path]:
    """A short-named directory that another account can pass through, removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="gs-test-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def kafka() -> Iterator[EmbeddedKafka]:
    """A running broker."""
    with data_dir() as path:
        broker = EmbeddedKafka(path, print)
        try:
            broker.start()
            yield broker
        finally:
            broker.stop()


@contextmanager
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running database server."""
    with data_dir() as path:
        server = EmbeddedPostgres(path, print)
        try:
            server.start()
            yield server
        finally:
            server.stop()
