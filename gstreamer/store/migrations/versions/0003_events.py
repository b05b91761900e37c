"""Events by partitions of time, where each log is written up to, and who may write."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Partitions live here, so that alembic and a person's \\d see the parents alone.
    "create schema parts",
    """
    create table events (
        streamer_id text not null,
        time timestamptz not null,
        epoch text not null,
        off bigint not null,
        id text not null,
        type text not null,
        event jsonb not null,
        cut jsonb,
        audience smallint not null,
        whole smallint not null,
        primary key (streamer_id, time, epoch, off)
    ) partition by range (time)
    """,
    # Rows whose partition has gone: folded in by whoever reads.
    """
    create table event_late (
        streamer_id text not null,
        time timestamptz not null,
        epoch text not null,
        off bigint not null,
        id text not null,
        type text not null,
        event jsonb not null,
        cut jsonb,
        audience smallint not null,
        whole smallint not null,
        primary key (streamer_id, time, epoch, off)
    )
    """,
    """
    create table epochs (
        streamer_id text not null,
        epoch text not null,
        place integer not null,
        next_offset bigint not null,
        last_time timestamptz not null,
        primary key (streamer_id, epoch),
        unique (streamer_id, place)
    )
    """,
    """
    create table marks (
        streamer_id text not null,
        epoch text not null,
        off bigint not null,
        time timestamptz not null,
        primary key (streamer_id, epoch, off)
    )
    """,
    "create table writers (slot integer primary key, generation bigint not null)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
