"""Accounts: users, sessions, grants, streamers, favourites, preferences, used sign-in states."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table users (
        id text primary key,
        login text not null,
        display_name text not null,
        avatar_url text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null
    )
    """,
    """
    create table sessions (
        id text primary key,
        value_hash bytea not null unique,
        user_id text not null references users on delete cascade,
        created_at timestamptz not null,
        last_seen_at timestamptz not null,
        user_agent text not null
    )
    """,
    "create index sessions_by_user on sessions (user_id)",
    "create index sessions_by_use on sessions (last_seen_at)",
    """
    create table grants (
        user_id text not null references users on delete cascade,
        provider text not null,
        key_id text not null,
        nonce bytea not null,
        ciphertext bytea not null,
        scopes text[] not null,
        status text not null constraint grants_status check (status in ('ok', 'revoked')),
        check_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (user_id, provider)
    )
    """,
    "create index grants_by_check on grants (check_at)",
    """
    create table streamers (
        id text primary key,
        login text not null,
        display_name text not null,
        avatar_url text not null,
        updated_at timestamptz not null
    )
    """,
    """
    create table favourites (
        user_id text not null references users on delete cascade,
        streamer_id text not null references streamers,
        place integer not null,
        added_at timestamptz not null,
        primary key (user_id, streamer_id)
    )
    """,
    "create index favourites_by_streamer on favourites (streamer_id)",
    """
    create table preferences (
        user_id text primary key references users on delete cascade,
        value jsonb not null,
        updated_at timestamptz not null
    )
    """,
    "create table used_states (id text primary key, expires_at timestamptz not null)",
    "create index used_states_by_end on used_states (expires_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
