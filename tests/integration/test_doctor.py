"""The doctor asks the real services and says what to do about each that is wrong."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from gstreamer.cli.doctor import examine
from gstreamer.cli.migrate import migrated
from gstreamer.cli.topics import listed
from gstreamer.cli.trace import find
from gstreamer.core.errors import ConfigurationError
from gstreamer.core.records import MESSAGE_ID, Outgoing
from gstreamer.core.store_advice import Busiest
from gstreamer.core.stored import Batch, Log, Row
from gstreamer.core.topics import TopicSpec, own_topics, streamer_topic_config
from gstreamer.embedded import ports
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.producer import Producer
from gstreamer.settings import Settings, load
from gstreamer.store import partitions
from gstreamer.store.engine import place_of
from gstreamer.store.events import EventStore
from gstreamer.store.migrate import migrate, revisions
from gstreamer.store.shard import Shard
from gstreamer.store.survey import Survey, survey
from tests.databases import fresh_database


def tree(tmp_path: Path, **env: str) -> Settings:
    given = {"DATA_DIR": str(tmp_path), "PUBLIC_URL": f"http://localhost:{ports.free_port()}", **env}
    return load({f"GSTREAMER_{key}": value for key, value in given.items()}, Path("none.toml"))


async def found(settings: Settings, part: str) -> tuple[bool, str]:
    return next((one.ok, one.what) for one in await examine(settings) if one.part == part)


async def test_nothing_set_is_nothing_wrong(tmp_path: Path) -> None:
    findings = await examine(tree(tmp_path))

    assert [one for one in findings if not one.ok] == []


async def test_services_that_answer_are_told(tmp_path: Path, kafka_servers: str, postgres_dsn: str) -> None:
    settings = tree(tmp_path, KAFKA__BOOTSTRAP_SERVERS=kafka_servers, STORE__URLS=postgres_dsn)

    kafka, postgres = await found(settings, "kafka"), await found(settings, "postgres")

    assert kafka[0]
    assert postgres[0]
    assert kafka_servers in kafka[1]
    assert "PostgreSQL" in postgres[1]


async def test_a_kafka_that_does_not_answer_is_told(tmp_path: Path) -> None:
    ok, what = await found(tree(tmp_path, KAFKA__BOOTSTRAP_SERVERS=f"127.0.0.1:{ports.free_port()}"), "kafka")

    assert (ok, what.startswith("kafka does not answer")) == (False, True)


async def test_a_wrong_database_password_is_told_without_it(tmp_path: Path, postgres_dsn: str) -> None:
    wrong = make_conninfo(postgres_dsn, password="mistaken")

    ok, what = await found(tree(tmp_path, STORE__URLS=wrong), "postgres")

    assert not ok
    assert "password authentication failed" in what
    assert "GSTREAMER_STORE__URLS" in what
    assert "mistaken" not in what


async def test_a_short_session_secret_is_told(tmp_path: Path) -> None:
    ok, what = await found(tree(tmp_path, SESSION__SECRET="short"), "secrets")

    assert (ok, what) == (False, "session.secret is shorter than 32 characters: choose a longer one")


async def test_a_client_id_without_its_secret_is_told(tmp_path: Path) -> None:
    ok, what = await found(tree(tmp_path, TWITCH__CLIENT_ID="id"), "twitch")

    assert (ok, what) == (False, "a client id but no secret: set GSTREAMER_TWITCH__CLIENT_SECRET too")


async def test_a_twitch_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{ports.free_port()}/oauth2"

    ok, what = await found(
        tree(tmp_path, TWITCH__CLIENT_ID="id", TWITCH__CLIENT_SECRET="secret", TWITCH__ID_URL=url), "twitch"
    )

    assert not ok
    assert what == f"{url} does not answer (ClientConnectorError): check the network"


async def test_topics_are_listed_and_an_event_is_found_by_its_id(tmp_path: Path, kafka_servers: str) -> None:
    settings = tree(tmp_path, KAFKA__BOOTSTRAP_SERVERS=kafka_servers, KAFKA__TOPIC_PREFIX="doctor.")
    admin, producer = Admin(kafka_servers), Producer(kafka_servers, {})
    await admin.ensure([*own_topics(), TopicSpec("doctor.7", streamer_topic_config())], 1)
    await producer.start()
    for message_id in ("a", "b", "a"):
        await producer.send(Outgoing("doctor.7", 0, b"7", b"{}", ((MESSAGE_ID, message_id.encode()),)), 20.0)
    await producer.close()
    await admin.close()

    lines = await listed(settings)
    anywhere = await find(settings, "a", None)
    in_log = await find(settings, "b", "7")
    nowhere = await find(settings, "c", None)

    assert any(line.split()[:3] == ["doctor.7", "0", "3"] for line in lines)
    assert [(each.topic, each.offset) for each in anywhere] == [("doctor.7", 0), ("doctor.7", 2)]
    assert [(each.topic, each.offset) for each in in_log] == [("doctor.7", 1)]
    assert nowhere == []


async def test_without_a_gstreamer_that_runs_nothing_is_known_of_subscriptions(tmp_path: Path) -> None:
    ok, what = await found(tree(tmp_path), "subscriptions")

    assert (ok, what) == (True, "nothing runs here at the moment; by webhook once it does")


async def test_a_store_is_surveyed(tmp_path: Path, postgres_dsn: str) -> None:
    now = dt.datetime.now(dt.UTC)
    yesterday = now - dt.timedelta(days=1)
    with fresh_database(postgres_dsn) as dsn:
        settings = tree(tmp_path, STORE__URLS=dsn, STORE__INTERVAL="day")
        unmigrated = await found(settings, "store")
        assert list(migrated(settings, dry_run=True)) == [f"{place_of(dsn)}: empty, would become {revisions()[-1]}"]
        assert list(migrated(settings, dry_run=False)) == [f"{place_of(dsn)}: empty -> {revisions()[-1]}"]
        assert list(migrated(settings, dry_run=False)) == [f"{place_of(dsn)}: {revisions()[-1]}, as it shall be"]
        bare = await found(settings, "store")
        shard = Shard(dsn)
        try:
            store = EventStore(shard)
            await store.take_over()
            rows = [Row("7", yesterday, "E", off, f"m{off}", "channel.raid", b"{}") for off in range(3)]
            batch = Batch(rows, {"7": Log("E", 0, 3, yesterday)}, ())
            await store.write(batch, await partitions.ensure(shard, "day", now))
            surveyed = await survey(shard, "day", now)
        finally:
            await shard.close()
        whole = await found(settings, "store")

    assert unmigrated == (False, f"{place_of(dsn)} has schema none: `gstreamer migrate` makes it {revisions()[-1]}")
    assert bare == (False, "partitions are there 0 intervals ahead: is the store writer running? its log says why")
    assert surveyed == Survey(2, 0, 3, Busiest("7", 1.0))
    assert whole == (True, "3 events yesterday")


def test_a_schema_of_a_newer_gstreamer_is_not_touched(tmp_path: Path, postgres_dsn: str) -> None:
    with fresh_database(postgres_dsn) as dsn:
        migrate(dsn)
        with psycopg.connect(dsn) as connection:
            connection.execute("update alembic_version set version_num = '9999'")

        with pytest.raises(ConfigurationError, match="has schema 9999, which is newer"):
            list(migrated(tree(tmp_path, STORE__URLS=dsn), dry_run=False))


def test_without_a_shard_there_is_nothing_to_migrate(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no shard is set"):
        list(migrated(tree(tmp_path), dry_run=True))
