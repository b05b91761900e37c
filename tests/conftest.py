"""What integration tests run against: a real Kafka and a real PostgreSQL, one of each for a whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import services
from tests.install import Install, running
from tests.leaks import leaks


@pytest.fixture(scope="session")
def kafka_servers() -> Iterator[str]:
    """Bootstrap servers of a broker that lives as long as this test run; name your topics uniquely."""
    with services.kafka() as broker:
        yield broker.bootstrap_servers


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """DSN of an empty database that lives as long as this test run; its role may create databases."""
    with services.postgres() as server:
        yield server.dsn


@pytest.fixture(scope="session")
def install() -> Iterator[Install]:
    """A whole gstreamer with Twitch's double, shared by all tests from outside; it must leave nothing behind.

    After all that tests have done with it, no token and no secret may be where it does not belong.
    """
    with running() as started:
        yield started
        if started.process.poll() is None:
            assert leaks(started) == []
