"""How the double misbehaves on order; by default it does not."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3_600)]


class Faults(BaseModel):
    """An order. What it does not name is not wrong; a new order replaces the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outage_s: Seconds = Field(0, description="Helix and OAuth answer 503 for so long.")
    throttle_s: Seconds = Field(0, description="Helix answers 429 (rate limit) for so long.")
    silence_s: Seconds = Field(0, description="Notifications are lost for so long.")
    no_challenge_s: Seconds = Field(0, description="Challenges are not sent for so long: subscriptions fail.")
    drop_chat: str = Field("", description="Messages to chats are taken and shown to nobody, for this reason.")
    mute_chat: bool = Field(False, description="Messages to chats are taken, and the answers are lost.")
    forbid_chat: bool = Field(False, description="Nobody may write to chats.")
    duplicate: Share = Field(0, description="Share of notifications sent twice.")
    forged: Share = Field(0, description="Share of notifications followed by a copy with a wrong signature.")
    late_s: Seconds = Field(0, description="Notifications leave so late, with the time of the event.")
    reorder: int = Field(0, ge=0, le=1_000, description="So many notifications are held back and shuffled.")


class Trouble:
    """The order in force, and since when."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._since_s = time.monotonic()

    def order(self, faults: Faults) -> None:
        """Misbehave like this from now on."""
        self.faults = faults
        self._since_s = time.monotonic()

    def left_s(self, span_s: float) -> float:
        """What is left of a span of the order in force; 0 when it is over."""
        return max(0.0, self._since_s + span_s - time.monotonic())


def timestamp(ahead_s: float = 0) -> str:
    """The time now (or ``ahead_s`` from now) as Twitch writes it: RFC 3339 with nanoseconds."""
    at_ns = time.time_ns() + int(ahead_s * 1e9)
    whole = datetime.fromtimestamp(at_ns // 10**9, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{at_ns % 10**9:09d}Z"
