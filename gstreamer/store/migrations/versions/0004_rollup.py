"""What a streamer's days were like, counted with the rows."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table daily_events (
        streamer_id text not null,
        day date not null,
        type text not null,
        n bigint not null,
        primary key (streamer_id, day, type)
    )
    """,
    """
    create table daily_live (
        streamer_id text not null,
        day date not null,
        peak_viewers integer not null,
        live_s integer not null,
        primary key (streamer_id, day)
    )
    """,
    """
    create table streams (
        streamer_id text primary key,
        stream_id text not null,
        since timestamptz not null,
        seen timestamptz not null
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
