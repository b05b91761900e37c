"""How Postgres answers for history: only partitions that can hold the page, by their index, however often.

The plans are golden files; ``TESTS_WRITE_GOLDEN=1`` writes them anew, and a person looks at what changed.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from gstreamer.core.events import Role
from gstreamer.core.partitioning import missing
from gstreamer.store import history, partitions
from gstreamer.store.migrate import migrate
from gstreamer.store.shard import Shard
from tests.databases import fresh_database

GOLDEN = Path(__file__).parents[1] / "contract" / "plans"
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""A year of months: the older ones have rows, those made ahead have none yet, as in a young system."""
ROWS = """
insert into events
select case when n %% 3 = 0 then 'large' else 'small' || (n %% 500) end,
    %(begin)s::timestamptz + n * interval '8 minutes',
    'E', n, 'm' || n, 'channel.update', jsonb_build_object('n', n, 'pad', repeat('x', 300)), null, 0, 0
from generate_series(0, 59999) as n
"""
ASKED: dict[str, Any] = {
    "streamer": "large",
    "role": int(Role.VIEWER),
    "all": True,
    "exact": [],
    "begins": [],
    "limit": 50,
    "epoch": "E",
    "off": 30_000,
    "earlier": [],
    "later": [],
    "time": BEGIN + dt.timedelta(minutes=8 * 30_000),
}
EXPLAIN = "explain (analyze, costs off, timing off, summary off, buffers off) "
STATEMENTS = {"newest": history._NEWEST, "older": history._OLDER, "newer": history._NEWER}


@pytest.fixture(scope="module")
def dsn(postgres_dsn: str) -> Iterator[str]:
    with fresh_database(postgres_dsn) as made:
        migrate(made)
        yield made


@pytest.fixture
async def shard(dsn: str) -> AsyncIterator[Shard]:
    shard = Shard(dsn)
    async with shard.transaction(60) as connection:
        if not await partitions.existing(connection):
            for one in missing("month", BEGIN, 2, NOW, ()):
                await partitions._make(connection, one)
            await connection.execute(ROWS, {"begin": BEGIN})
            await connection.execute("analyze events")
    yield shard
    await shard.close()


@pytest.mark.parametrize("name", list(STATEMENTS))
async def test_a_page_is_answered_by_the_index_of_the_partitions_that_can_hold_it(name: str, shard: Shard) -> None:
    statement = history.sql.SQL(EXPLAIN + STATEMENTS[name]).format(table=history.TABLES[0])
    async with shard.once() as connection:
        for _ in range(8):  # after five, a prepared statement would get a plan for the average streamer
            rows = await (await connection.execute(statement, ASKED)).fetchall()
    lines = [line for (line,) in rows]
    scans = [line for line in lines if " Scan" in line]

    assert not any("Seq Scan" in line or "Sort" in line for line in lines), lines
    golden = GOLDEN / f"history_{name}.txt"
    shown = "\n".join(_steady(scans)) + "\n"
    if os.environ.get("TESTS_WRITE_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def _steady(scans: list[str]) -> Iterator[str]:
    """A scan's kind, index and table, and whether it was done at all: what does not change with the version."""
    for line in scans:
        done = "never executed" if "never executed" in line else "read"
        yield f"{line.strip().removeprefix('->').strip().partition(' (actual')[0].partition(' (never')[0]}: {done}"
