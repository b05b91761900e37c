"""Messages that people sent to chats: their keys, and when."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table chat_sends (
        user_id text not null references users on delete cascade,
        key text not null,
        streamer_id text not null,
        body_hash bytea not null,
        sent_at timestamptz not null,
        state text not null constraint chat_sends_state check (state in ('sending', 'answered', 'unsent')),
        answer jsonb,
        primary key (user_id, key)
    )
    """,
    "create index chat_sends_by_time on chat_sends (sent_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
