"""Conduits of the simulation: shards, which of them a channel's events go to, and what becomes of one that fails.

Source: TWITCH.md 3.5.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, Field

from gstreamer.simulator.state import State

MOST_CONDUITS = 5
MOST_SHARDS = 20_000
ABANDONED_S = 72 * 3_600.0
"""A conduit of which no shard has been enabled for so long is deleted."""
ENABLED = "enabled"
PENDING = "webhook_callback_verification_pending"
_NOTE = "conduits"


class Shard(BaseModel):
    """A place that a conduit delivers to."""

    id: str
    status: str = "websocket_disconnected"
    method: Literal["webhook", "websocket", ""] = ""
    callback: str = ""
    secret: str = Field("", repr=False)
    session_id: str = ""
    failures: int = 0

    def shown(self) -> dict[str, Any]:
        """As Twitch shows it."""
        transport: dict[str, Any] = {"method": self.method}
        if self.method == "webhook":
            transport["callback"] = self.callback
        elif self.method == "websocket":
            transport["session_id"] = self.session_id
        return {"id": self.id, "status": self.status, "transport": transport if self.method else None}


class Conduit(BaseModel):
    """
    A conduit.

    Attributes:
        shards: Those that were ever assigned, by their id.
        dark_since_s: Since when none is enabled; 0 while one is.
    """

    id: str
    shard_count: int
    dark_since_s: float = 0.0
    shards: dict[str, Shard] = {}

    def shown(self) -> dict[str, Any]:
        """As Twitch shows it."""
        return {"id": self.id, "shard_count": self.shard_count}

    def enabled(self) -> list[Shard]:
        """The shards that deliver, by number."""
        return [self.shards[key] for key in sorted(self.shards, key=int) if self.shards[key].status == ENABLED]

    def shard_for(self, channel: str) -> Shard | None:
        """
        The shard of a channel: always the same one, or one other where that is disabled; None if both are.

        Twitch reroutes once; what meets two disabled shards is dropped.
        """
        first = int.from_bytes(hashlib.blake2b(channel.encode(), digest_size=4).digest(), "big") % self.shard_count
        for number in (first, (first + 1) % self.shard_count):
            shard = self.shards.get(str(number))
            if shard is not None and shard.status == ENABLED:
                return shard
        return None


class Conduits:
    """
    Every conduit of the application.

    Args:
        state: Where they are kept.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        note = state.note(_NOTE) or {}
        self._held = {key: Conduit.model_validate(body) for key, body in note.items()}

    def __iter__(self) -> Iterator[Conduit]:
        return iter(self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def get(self, conduit_id: str) -> Conduit | None:
        """A conduit, or None."""
        return self._held.get(conduit_id)

    def make(self, shard_count: int) -> Conduit:
        """A new conduit."""
        conduit = Conduit(id=str(uuid.uuid4()), shard_count=shard_count)
        self._held[conduit.id] = conduit
        self.write()
        return conduit

    def resize(self, conduit: Conduit, shard_count: int) -> None:
        """More shards or fewer: the highest go."""
        conduit.shard_count = shard_count
        conduit.shards = {key: shard for key, shard in conduit.shards.items() if int(key) < shard_count}
        self.write()

    def end(self, conduit_id: str) -> bool:
        """Forget a conduit, and end what went through it; whether there was one."""
        if self._held.pop(conduit_id, None) is None:
            return False
        self.write()
        for held in self._state.subscriptions():
            if held.body["transport"].get("conduit_id") == conduit_id:
                self._state.set_status(held.id, "conduit_deleted")
        return True

    def end_abandoned(self, now_s: float) -> None:
        """End the conduits that nobody has served for three days."""
        for conduit in list(self):
            if conduit.dark_since_s and now_s - conduit.dark_since_s > ABANDONED_S:
                self.end(conduit.id)

    def shards_of_session(self, session_id: str) -> list[tuple[Conduit, Shard]]:
        """The shards that a WebSocket session serves."""
        return [
            (conduit, shard)
            for conduit in self
            for shard in conduit.shards.values()
            if shard.session_id == session_id and shard.status == ENABLED
        ]

    def write(self) -> None:
        """Write down what has changed."""
        for conduit in self:
            conduit.dark_since_s = 0.0 if conduit.enabled() else conduit.dark_since_s or time.time()
        self._state.write_note(_NOTE, {key: conduit.model_dump() for key, conduit in self._held.items()})
