"""What the simulation remembers over a restart, as Twitch would: subscriptions, tokens, and the world itself.

One SQLite file (or memory). Each change is on its way to disk when the call returns, so a killed double has
forgotten nothing.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

_SCHEMA = """
create table if not exists subscriptions (
    seq integer primary key autoincrement, id text not null unique, secret text not null,
    failures integer not null default 0, body text not null
);
create table if not exists tokens (
    token text primary key, kind text not null, user_id text not null, scopes text not null, expires_s real not null
);
create table if not exists issued (
    seq integer primary key autoincrement, secret text not null, kind text not null, user_id text not null,
    by text not null
);
create table if not exists owners (id text primary key, user_id text not null);
create table if not exists hidden (id text primary key);
create table if not exists notes (name text primary key, body text not null);
"""


class Held(NamedTuple):
    """
    A subscription as the double holds it.

    Attributes:
        seq: Its place in the order of creation.
        secret: What webhooks are signed with.
        failures: Notifications given up in a row.
        body: The subscription object, as Twitch shows it.
        owner: Whose token made it; empty for the application's.
        hidden: Whether it is left out of lists, as orphans at Twitch are.
    """

    seq: int
    secret: str
    failures: int
    body: dict[str, Any]
    owner: str = ""
    hidden: bool = False

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.body["id"])

    @property
    def active(self) -> bool:
        """Whether it delivers, or is about to."""
        return self.body["status"] in ("enabled", "webhook_callback_verification_pending")


class Granted(NamedTuple):
    """A token: ``app``, ``access`` or ``refresh``, whose, for what, until when."""

    token: str
    kind: str
    user_id: str
    scopes: tuple[str, ...]
    expires_s: float


class State:
    """
    The memory of the double.

    Args:
        file: Where it is kept; None keeps it in memory.
    """

    def __init__(self, file: Path | None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(":memory:" if file is None else file, isolation_level=None)
        if file is not None:
            file.chmod(0o600)
        # Surviving a kill needs no fsync; surviving a power cut is not asked of a simulation.
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = off")
        self._db.executescript(_SCHEMA)
        rows = self._db.execute(
            "select seq, secret, failures, body, coalesce(user_id, ''), hidden.id is not null from subscriptions s"
            " left join owners on owners.id = s.id left join hidden on hidden.id = s.id order by seq"
        )
        # All in memory too: each event looks through them.
        self._subscriptions = {held.id: held for held in map(_held, rows)}

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add_subscription(self, body: dict[str, Any], secret: str, owner: str = "", *, hidden: bool = False) -> Held:
        """Remember a new subscription."""
        added = self._db.execute(
            "insert into subscriptions (id, secret, body) values (?, ?, ?)", (body["id"], secret, json.dumps(body))
        )
        if owner:
            self._db.execute("insert into owners values (?, ?)", (body["id"], owner))
        if hidden:
            self._db.execute("insert into hidden values (?)", (body["id"],))
        held = self._subscriptions[body["id"]] = Held(added.lastrowid or 0, secret, 0, body, owner, hidden)
        return held

    def subscription(self, subscription_id: str) -> Held | None:
        """The subscription of this id, or None."""
        return self._subscriptions.get(subscription_id)

    def subscriptions(self) -> list[Held]:
        """Every subscription, oldest first."""
        return list(self._subscriptions.values())

    def set_status(self, subscription_id: str, status: str, **transport: str) -> Held | None:
        """Give a subscription another status, and its transport more fields; a dead one costs nothing."""
        held = self._subscriptions.get(subscription_id)
        if held is None:
            return None
        more = {**held.body["transport"], **transport}
        changed = held._replace(body={**held.body, "status": status, "transport": more})
        if not changed.active:
            changed.body["cost"] = 0
        return self._write(changed)

    def set_cost(self, subscription_id: str, cost: int) -> None:
        """Give a subscription another cost."""
        held = self._subscriptions.get(subscription_id)
        if held is not None and held.body["cost"] != cost:
            self._write(held._replace(body={**held.body, "cost": cost}))

    def forget_sockets(self, before: str) -> None:
        """Forget the subscriptions of WebSockets that ended before a time."""
        for held in self.subscriptions():
            if held.body["transport"].get("disconnected_at", before) < before:
                self.remove_subscription(held.id)

    def count_failure(self, subscription_id: str, *, failed: bool) -> int:
        """Count notifications given up in a row; one that got through begins anew."""
        held = self._subscriptions.get(subscription_id)
        if held is None:
            return 0
        failures = held.failures + 1 if failed else 0
        if failures != held.failures:
            self._write(held._replace(failures=failures))
        return failures

    def remove_subscription(self, subscription_id: str) -> bool:
        """Forget a subscription; whether there was one."""
        for table in ("subscriptions", "owners", "hidden"):
            self._db.execute(f"delete from {table} where id = ?", (subscription_id,))  # noqa: S608 - names of ours
        return self._subscriptions.pop(subscription_id, None) is not None

    def add_token(self, granted: Granted) -> None:
        """Remember a token."""
        self._db.execute(
            "insert into tokens values (?, ?, ?, ?, ?)",
            (granted.token, granted.kind, granted.user_id, " ".join(granted.scopes), granted.expires_s),
        )

    def note_issued(self, entry: tuple[str, str, str, str]) -> None:
        """Remember for good that a secret was issued: itself, its kind, whose, and for what."""
        self._db.execute("insert into issued (secret, kind, user_id, by) values (?, ?, ?, ?)", entry)

    def issued(self) -> list[tuple[str, str, str, str]]:
        """Every secret that was issued, the first first."""
        return list(self._db.execute("select secret, kind, user_id, by from issued order by seq"))

    def token(self, token: str, now_s: float) -> Granted | None:
        """A token that is good now, or None."""
        row = self._db.execute(
            "select token, kind, user_id, scopes, expires_s from tokens where token = ? and expires_s > ?",
            (token, now_s),
        ).fetchone()
        return Granted(row[0], row[1], row[2], tuple(row[3].split()), row[4]) if row else None

    def remove_token(self, token: str) -> bool:
        """Forget a token; whether there was one."""
        return self._db.execute("delete from tokens where token = ?", (token,)).rowcount > 0

    def remove_tokens_of(self, user_id: str) -> int:
        """Forget every token of a person; how many there were."""
        return self._db.execute("delete from tokens where user_id = ?", (user_id,)).rowcount

    def scopes_of(self, user_id: str, now_s: float) -> frozenset[str]:
        """What a person has granted to the application, by all tokens that are good now."""
        rows = self._db.execute(
            "select scopes from tokens where user_id = ? and expires_s > ?", (user_id, now_s)
        ).fetchall()
        return frozenset(scope for (scopes,) in rows for scope in scopes.split())

    def expire_tokens(self, user_id: str, kind: str) -> int:
        """End a person's tokens of a kind (``access`` or ``refresh``) now; how many there were."""
        return self._db.execute("delete from tokens where user_id = ? and kind = ?", (user_id, kind)).rowcount

    def forget_expired(self, now_s: float) -> None:
        """Forget tokens that have ended."""
        self._db.execute("delete from tokens where expires_s <= ?", (now_s,))

    def note(self, name: str) -> dict[str, Any] | None:
        """A note, or None."""
        row = self._db.execute("select body from notes where name = ?", (name,)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def write_note(self, name: str, body: dict[str, Any]) -> None:
        """Write a note, in place of the last of its name."""
        self._db.execute("insert or replace into notes values (?, ?)", (name, json.dumps(body)))

    def _write(self, held: Held) -> Held:
        self._db.execute(
            "update subscriptions set failures = ?, body = ? where id = ?",
            (held.failures, json.dumps(held.body), held.id),
        )
        self._subscriptions[held.id] = held
        return held


def _held(row: tuple[int, str, int, str, str, int]) -> Held:
    return Held(row[0], row[1], row[2], json.loads(row[3]), row[4], bool(row[5]))
